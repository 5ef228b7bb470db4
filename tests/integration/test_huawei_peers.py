"""The simulated SmartAX OLT against clients that others wrote: netmiko's driver speaks to it, ntc-templates read it."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import ntc_templates
import pytest
from netmiko import ConnectHandler, NetmikoAuthenticationException
from ntc_templates.parse import parse_output

from tests.unit.huawei_smartax.simulated import PORT, SERIAL, Spoken, an_olt
from tests.unit.huawei_smartax.test_simulator import KNOWN, WISHES
from vendors.huawei_smartax.parse import parse
from vendors.huawei_smartax.simulator import DEVICE
from vendors.simulator.model import Olt
from vendors.simulator.rows import PluggedOnu
from vendors.simulator.servers import SimulatedOlt

USER, PASSWORD = "acende", "olt-secret"
BOARD = ("config", "interface gpon 0/1")
SECOND = "HWTC00000009"


# ------------------------------------------------------------------------------------------------------------ netmiko


@contextmanager
def netmiko(port: int, transport: str, password: str = PASSWORD) -> Iterator[Any]:
    """A connection of netmiko's."""
    kind = {"ssh": "huawei_smartax", "telnet": "huawei_olt_telnet"}[transport]
    connection = ConnectHandler(
        device_type=kind,
        host="127.0.0.1",
        port=port,
        username=USER,
        password=password,
        fast_cli=True,
        default_enter="\n",  # for the device takes CR LF, telnet's usual end, as two lines
    )
    try:
        yield connection
    finally:
        connection.disconnect()


@asynccontextmanager
async def served(olt: Olt, transport: str) -> AsyncIterator[int]:
    """An OLT on a socket; its port."""
    sim = SimulatedOlt(olt, DEVICE, users={USER: PASSWORD})
    try:
        yield (await sim.serve_ssh())[0] if transport == "ssh" else await sim.serve_telnet()
    finally:
        await sim.stop()


async def with_netmiko(olt: Olt, work: Callable[[Any], Any], transport: str = "ssh") -> Any:
    """What `work` returns, run in a thread on a connection."""

    def worked(port: int) -> Any:
        with netmiko(port, transport) as connection:
            return work(connection)

    async with served(olt, transport) as port:
        return await asyncio.to_thread(worked, port)


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
async def test_netmiko_logs_in_asks_and_leaves(transport: str) -> None:
    olt = an_olt()
    for number in range(60):
        olt.plug(PluggedOnu(f"HWTC000000{number:02X}", PORT))

    def work(connection: Any) -> tuple[str, str, str]:
        connection.enable()
        return (
            connection.find_prompt(),
            connection.send_command("display version"),
            connection.send_command("display ont autofind all"),
        )

    prompt, version, found = await with_netmiko(olt, work, transport)
    assert prompt == "OLT-A#"
    assert parse("display version", version)["version"] == olt.version
    assert len(parse("display ont autofind all", found)["onts"]) == 61
    assert "More" not in found
    said = [line.replace("\0", "") for line in olt.journal.commands()]
    assert [line for line in said if line in {"undo smart", "infoswitch cli OFF", "scroll"}] == [
        "undo smart",
        "infoswitch cli OFF",
        "scroll",
    ]
    assert said[-2:] == ["quit", "y"]


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
async def test_netmiko_configures_and_saves(transport: str) -> None:
    olt = an_olt()

    def work(connection: Any) -> str:
        connection.enable()
        out = connection.send_config_set(
            [
                "interface gpon 0/1",
                f'ont add 3 sn-auth "{SERIAL}" omci ont-lineprofile-id 10 ont-srvprofile-id 20 desc "OS-1"',
                "ont port native-vlan 3 0 eth 1 vlan 100 priority 0",
                "quit",
                "service-port 7 vlan 100 gpon 0/1/3 ont 0 gemport 1 multi-service user-vlan 100 tag-transform translate",
            ]
        )
        assert not connection.check_config_mode()
        return str(out) + str(connection.save_config())

    said = await with_netmiko(olt, work, transport)
    assert "success: 1" in said
    assert "Failure" not in said
    assert "Unknown command" not in said
    [found] = olt.snapshot().values()
    assert (found["serial"], found["description"], found["lans"][1]["vlan"]) == (SERIAL, "OS-1", 100)
    assert [flow["index"] for flow in found["flows"]] == [7]
    assert not olt.unsaved


async def test_netmiko_is_told_of_a_wrong_password() -> None:
    def work(port: int) -> None:
        with pytest.raises(NetmikoAuthenticationException), netmiko(port, "ssh", "wrong"):
            pass

    async with served(an_olt(), "ssh") as port:
        await asyncio.to_thread(work, port)


# ------------------------------------------------------------------------------------------------------ ntc-templates


@pytest.fixture
def olt() -> Spoken:
    """One router registered, one more box lit."""
    olt = Spoken(an_olt())
    olt.reconcile(WISHES["router"], **KNOWN)
    olt.olt.plug(PluggedOnu(SECOND, PORT))
    return olt


def read(olt: Spoken, command: str, path: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """What ntc-templates make of a reply."""
    for line in path:
        olt.line(line)
    reply = olt.line(command)
    if path:
        olt.line("return")
    rows: list[dict[str, str]] = parse_output(platform="huawei_smartax", command=command, data=reply)
    return rows


ONE_ONT = {
    "fsp": "0/1/3",
    "ont_id": "0",
    "control_flag": "active",
    "run_state": "online",
    "config_state": "normal",
    "match_state": "match",
    "serial_number": "485754431A2B3C4D (HWTC-1A2B3C4D)",
    "description": "OS-1",
    "distance_m": "1033",
    "line_profile_id": "10",
    "line_profile_name": "line_10",
    "service_profile_id": "20",
    "service_profile_name": "srv_20",
    "tr069_server_profile_id": "1",
    "tr069_server_profile_name": "ACS",
}
TWO_WANS: list[dict[str, Any]] = [
    {"index": "1", "service_type": "Tr069", "ipv4_access_type": "DHCP", "manage_vlan": "1000"},
    {"index": "2", "service_type": "Internet", "ipv4_access_type": "PPPoE", "manage_vlan": "100"},
]
TWO_SSIDS: list[dict[str, Any]] = [{"ssid_index": "1", "ssid_name": "WiFi-1"}, {"ssid_index": "2"}]
TWO_MACS: list[dict[str, Any]] = [
    {"service_port_index": "0", "ont_id": "0", "gem_index": "1", "vlan_id": "100", "mac_type": "dynamic"},
    {"service_port_index": "1", "ont_id": "0", "gem_index": "2", "vlan_id": "2000"},
]
PEERS: dict[str, tuple[tuple[str, ...], list[dict[str, Any]]]] = {
    "display version": (
        (),
        [
            {"olt_version": "MA5800V100R019C12", "product": "MA5800-X7", "mainboard_type": "Active"},
            {"mainboard_type": "Standby", "program_area_a_version": "MA5800V100R019C12"},
        ],
    ),
    "display board 0": (
        (),
        [
            {"slot_id": str(slot), "boardname": name, "status": "Normal" if name else ""}
            for slot, name in enumerate(("", "H901GPHF", "", "H901XSHF", "", "", "", ""))
        ]
        + [{"slot_id": "8"}, {"slot_id": "9", "boardname": "H902MPLA"}],
    ),
    "display cpu": ((), [{"cpu_occupancy": "17"}]),
    "display mem": ((), [{"memory_occupancy": "79"}]),
    "display sysuptime": ((), [{"day": "11", "hour": "22"}]),
    "display temperature": (
        (),
        [
            {"slotid": "1", "boardname": "H901GPHF", "temperature_c": "42"},
            {"slotid": "3", "boardname": "H901XSHF"},
            {"slotid": "9", "boardname": "H902MPLA"},
        ],
    ),
    "display sysman service state": (
        (),
        [
            {"network_service": "telnet", "port": "23", "state": "enable"},
            {"network_service": "ssh", "port": "22", "state": "enable"},
            {"network_service": "ftp-client", "port": "", "state": ""},
        ],
    ),
    "display ont autofind all": (
        (),
        [
            {
                "number": "1",
                "fsp": "0/1/3",
                "serial_number": "4857544300000009 (HWTC-00000009)",
                "vendor_id": "HWTC",
                "ont_equipment_id": "EG8145V5",
            }
        ],
    ),
    "display ont autofind 3": (BOARD, [{"number": "1", "fsp": "0/1/3"}]),
    f"display ont info by-sn {SERIAL}": ((), [ONE_ONT]),
    "display ont info 0 1 3 0": ((), [ONE_ONT]),
    "display ont info 3 0": (BOARD, [ONE_ONT]),
    "display ont info 0 1 3 all": (
        (),
        [
            {
                "fsp": "0/ 1/3",
                "ont_id": "0",
                "serial_number": "485754431A2B3C4D",
                "run_state": "online",
                "config_state": "normal",
                "description": "OS-1",
            }
        ],
    ),
    "display ont info 3 all": (BOARD, [{"ont_id": "0", "serial_number": "485754431A2B3C4D"}]),
    "display ont info summary 0/1/3": (
        (),
        [
            {
                "port": "0/1/3",
                "ont_id": "0",
                "run_state": "online",
                "serial_number": "485754431A2B3C4D",
                "ont_model_type": "EG8145V5",
                "distance_m": "1033",
                "rx_power_dbm": "-20.13",
                "tx_power_dbm": "2.31",
                "description": "OS-1",
            }
        ],
    ),
    "display ont optical-info 3 all": (
        BOARD,
        [
            {
                "ont_id": "0",
                "rx_power": "-20.13",
                "tx_power": "2.31",
                "olt_rx_ont": "-21.87",
                "distance": "1033",
            }
        ],
    ),
    "display ont port state 3 0 eth-port all": (
        BOARD,
        [{"ont_port_id": "1", "ont_port_type": "GE", "speed_mbps": "1000", "link_state": "up"}]
        + [{"ont_port_id": str(port), "link_state": "down"} for port in (2, 3, 4)],
    ),
    "display ont gemport 3 ontid 0": (BOARD, [{"gem_port": "1", "t_cont_id": "1"}, {"gem_port": "2"}]),
    "display ont wan-info 0/1 3 0": ((), TWO_WANS),
    "display ont wan-info 0 1 3 0": ((), TWO_WANS),
    "display ont wlan-info 0/1/3 0": ((), TWO_SSIDS),
    "display port info 3": (
        BOARD,
        [{"fsp": "0/1/3", "autofind": "Enable", "admin_state": "On", "channel_type": "GPON"}],
    ),
    "display service-port all": (
        (),
        [
            {
                "index": "0",
                "vlan_id": "100",
                "vlan_attr": "common",
                "fsp": "0/1 /3",
                "ont_id": "0",
                "rx": "8",
            },
            {"index": "1", "vlan_id": "2000", "vlan_attr": "stacking", "vlan_access": "41", "state": "up"},
        ],
    ),
    "display mac-address all": ((), TWO_MACS),
    "display mac-address port 0/1/3 ont 0": ((), TWO_MACS),
    "display ont-lineprofile gpon all": (
        (),
        [
            {"profile_id": "0", "profile_name": "line-profile_default_0", "binding_times": "0"},
            {"profile_id": "10", "profile_name": "line_10", "binding_times": "1"},
            {"profile_id": "11", "binding_times": "0"},
        ],
    ),
    "display ont-srvprofile gpon all": (
        (),
        [{"profile_id": "0"}, {"profile_id": "20", "binding_times": "1"}, {"profile_id": "21"}],
    ),
    f'ont add 3 sn-auth "{SECOND}" omci ont-lineprofile-id 10 ont-srvprofile-id 20 desc "x"': (
        BOARD,
        [{"onts": "1", "success": "1", "port_id": "3", "ont_id": "1"}],
    ),
    "port vlan eth 1 translation 100 user-vlan 100": (
        ("config", "ont-srvprofile gpon profile-id 20"),
        [{"success": "1", "failed": "0"}],
    ),
}
"""Command → where it is given, and what its rows must hold: every command that both know."""


@pytest.mark.parametrize("command", PEERS)
def test_ntc_templates_read_what_the_simulator_prints(olt: Spoken, command: str) -> None:
    path, expected = PEERS[command]
    rows = read(olt, command, path)
    assert [{key: row[key] for key in want} for row, want in zip(rows, expected, strict=True)] == expected


# Where the name of a template is no command with its arguments: a command that it reads.
SAMPLES = {
    "display_location": "display location 0200-0064-0000",
    "display_location_aaaa-aaaa-aaaa_ont": "display location 0200-0064-0000 ont",
    "display_mac-address_ont_0_1_2_0": "display mac-address ont 0/1/3 0",
    "display_ont_port_vlan_0_1_byport_eth_0": "display ont port vlan 3 0 byport eth 1",
    "display_ont_port_vlan_0_1_byvlan_0": "display ont port vlan 3 0 byvlan 100",
    "display_ont_snmp-profile_0_all": "display ont snmp-profile 3 all",
    "display_ont_version_summary_0": "display ont version summary 3",
    "display_ont_wlan-status_0_1": "display ont wlan-status 3 0",
    "display_ont_capability_all": "display ont capability all",
    "display_board_serial-number": "display board serial-number 0",
}


def templates() -> dict[str, str]:
    """The templates of the platform: name and the expression of the commands they are for."""
    rows = (Path(ntc_templates.__file__).parent / "templates" / "index").read_text().splitlines()
    found = [row.split(", ", 3) for row in rows if ", huawei_smartax, " in row]
    return {
        row[0].split(".textfsm")[0].removeprefix("huawei_smartax_"): re.sub(
            r"\[\[(\w.*?)\]\]",
            lambda tail: "".join(f"({letter}" for letter in tail[1]) + ")?" * len(tail[1]),
            row[3],
        )
        for row in found
    }


@pytest.mark.parametrize("name", templates())
def test_no_template_is_left_out_whose_command_the_simulator_knows(olt: Spoken, name: str) -> None:
    expression = re.compile(templates()[name].strip())
    if any(expression.match(command) for command in PEERS):
        return
    command = SAMPLES[name]
    assert expression.match(command)
    for path in ((), ("config",), BOARD):
        for line in path:
            olt.line(line)
        assert "the error locates at '^'" in olt.line(command), path
        olt.line("return")


def test_ntc_templates_read_the_port_without_its_descriptions_too(olt: Spoken) -> None:
    olt.reconcile(WISHES["gone"])
    olt.reconcile(WISHES["bridge"].model_copy(update={"description": None}))  # type: ignore[union-attr]
    [row] = read(olt, "display ont info 0 1 3 all")
    assert (row["ont_id"], row["run_state"]) == ("0", "online")
