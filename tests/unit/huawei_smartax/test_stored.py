"""The stored configuration of one ONT, read back from its own commands, and the table of service-ports."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.onu import LanPort, ServicePort
from vendors.huawei_smartax.stored import OTHER, Host, Stored, from_table, stored

FLOW = "service-port 17 vlan 300 gpon 0/3/0 ont 1 gemport 2"
QINQ = {"user_vlan": 41, "inner_vlan": 9, "transform": "translate-and-add"}


def flow(**fields: Any) -> Stored:
    return Stored(flows={17: ServicePort(**{"gem_port": 2, "vlan": 300} | fields)})


def other(**fields: Any) -> Stored:
    """One of a kind that no wish can express."""
    return flow(**{"upstream_profile": OTHER, "downstream_profile": OTHER} | fields)


@pytest.mark.parametrize(
    ("command", "read"),
    [
        (FLOW, flow()),
        (f"{FLOW} multi-service user-vlan untagged tag-transform translate", flow()),
        (f"{FLOW.replace('gpon', 'xgpon')} multi-service user-vlan 41", flow(user_vlan=41)),
        (f"{FLOW} multi-service user-vlan 41 tag-transform transparent", flow(user_vlan=41, transform="transparent")),
        (f"{FLOW} multi-service user-vlan 41 tag-transform translate-and-add inner-vlan 9 inner-priority 3", flow(**QINQ)),
        (f"{FLOW} multi-service user-vlan 41 tag-transform default", other(user_vlan=41)),
        (f"{FLOW} multi-service user-8021p 3 tag-transform translate", other()),
        (f"{FLOW} multi-service user-vlan 41 user-encap pppoe", other(user_vlan=41)),
        (f"{FLOW} multi-service user-vlan 41 rx-cttr 8 tx-cttr 9", flow(user_vlan=41, upstream_profile="8", downstream_profile="9")),
        (f"{FLOW} multi-service user-vlan 41 inbound traffic-table index 8", flow(user_vlan=41, upstream_profile="8")),
        (f'{FLOW} multi-service user-vlan 41 outbound traffic-table name "D"', flow(user_vlan=41, downstream_profile="D")),
        ("interface xgpon 0/3", Stored(word="xgpon")),
        ("interface gpon 0/3", Stored()),
        ("ont ipconfig 0 1 dhcp", Stored(hosts={0: Host("dhcp", 0)})),
        ("ont ipconfig 0 1 ip-index 2 dhcp vlan 88 priority 3", Stored(hosts={2: Host("dhcp", 88, 3)})),
        (
            'ont ipconfig 0 1 ip-index 1 pppoe vlan 88 user-account username "ana" password "x"',
            Stored(hosts={1: Host("pppoe", 88, 0, "ana")}),
        ),
        ("ont port native-vlan 0 1 eth 3 vlan 30", Stored(lans={3: LanPort(port=3, mode="tag", vlan=30)})),
        ("ont port native-vlan 0 1 eth 3 vlan 30 priority 5", Stored(lans={3: LanPort(port=3, mode="tag", vlan=30, priority=5)})),
        ("ont port native-vlan 0 1 eth 3 vlan 1 priority 5", Stored()),
        ("ont port route 0 1 eth 4 enable", Stored(routes={4})),
        ("ont internet-config 0 1 ip-index 2", Stored(internet=2)),
        ("ont wan-config 0 1 ip-index 2 profile-id 7", Stored(wan_profiles={2: "7"})),
        ('ont wan-config 0 1 ip-index 2 profile-name "W"', Stored(wan_profiles={2: "W"})),
        ("ont tr069-server-config 0 1 profile-id 2", Stored(tr069="2")),
        ('ont description 0 1 "ana"', Stored()),
    ],
)  # fmt: skip
def test_what_a_command_stores(command: str, read: Stored) -> None:
    assert stored([command]) == read


def test_every_command_counts() -> None:
    commands = [
        "interface xgpon 0/3",
        "ont port route 0 1 eth 1 enable",
        "ont port route 0 1 eth 2 enable",
        FLOW,
    ]
    assert stored(commands) == Stored(
        word="xgpon", routes={1, 2}, flows={17: ServicePort(gem_port=2, vlan=300)}
    )


@pytest.mark.parametrize(
    ("host", "text"),
    [
        (Host("dhcp", 88), "dhcp 88 0 -"),
        (Host("pppoe", 88, 3, "ana b c"), "pppoe 88 3 ana b c"),
    ],
)
def test_a_host_is_its_own_text(host: Host, text: str) -> None:
    assert (str(host), Host.of(text)) == (text, host)


ROW = {"index": 17, "vlan_id": 300, "gem_port": 2, "rx": 10, "tx": 11}
TABLES = {"upstream_profile": "10", "downstream_profile": "11"}
UNNAMED = {"upstream_profile": OTHER, "downstream_profile": OTHER}


@pytest.mark.parametrize(
    ("row", "service"),
    [
        ({"flow_type": "vlan", "flow_para": 41}, {"user_vlan": 41} | TABLES),
        ({"flow_type": "vlan", "flow_para": "untag"}, TABLES),
        ({"flow_type": "vlan", "flow_para": "pri"}, UNNAMED),
        ({"flow_type": "pri", "flow_para": 3}, UNNAMED),
        ({"flow_type": "encap", "flow_para": "untag"}, UNNAMED),
        ({}, UNNAMED),
        ({"flow_type": "vlan", "flow_para": 41, "rx": None, "gem_port": None}, {"user_vlan": 41, "gem_port": 0, "downstream_profile": "11"}),
    ],
)  # fmt: skip
def test_a_row_of_the_table_of_service_ports(row: dict[str, Any], service: dict[str, Any]) -> None:
    assert from_table(ROW | row) == ServicePort(**{"gem_port": 2, "vlan": 300} | service)
