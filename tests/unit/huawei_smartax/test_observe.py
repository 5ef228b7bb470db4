"""What the dialogues make of an OLT that answers as the captures and their variants do."""

import re
from pathlib import Path
from typing import Any

import pytest

from schemas.onu import DesiredOnu, GemPort, Management, ServicePort, Tcont
from schemas.place import PonPort
from tests.unit.huawei_smartax.captures import text
from tests.unit.huawei_smartax.test_variants import VARIANTS
from vendors.contract import Dialogue, Flow, write
from vendors.errors import OltBusy, OrderRejected, UnknownReply
from vendors.huawei_smartax import adapter

SERIAL, PORT = "HWHW51175244", PonPort(frame=0, slot=3, port=0)
NOT_THERE = "  Failure: The ONT does not exist\n"
NOBODY_LIT = "  Failure: The automatically found ONTs do not exist\n"
UNKNOWN_COMMAND = "         ^\n  % Unknown command, the error locates at '^'\n"
BUSY = "  Failure: System is busy, please retry after a while\n"


def variant(name: str) -> str:
    """What a session would hand on of a variant: no echo, no hint, no prompt, no pager."""
    raw = (VARIANTS / f"{name}.txt").read_text().replace("\r\n", "\n")
    lines = raw.split("\n")
    first = next((n + 2 for n, line in enumerate(lines) if line.strip() == "Command:"), 0)
    return "\n".join(line for line in lines[first:] if not line.rstrip().endswith("#"))


def moved(name: str) -> str:
    """A variant of ONT 17 on 0/6/9, as if it were ONT 1 on 0/3/0."""
    return (
        variant(name).replace("0/6/9 ont 17", "0/3/0 ont 1").replace("0/6", "0/3").replace(" 9 17 ", " 0 1 ")
    )


FLOWS = text("smartax-display-service-port-all").replace("0/1 /0  0    1", "0/3 /0  1    1")
OLT = {
    "display ont info by-sn 4857485751175244": variant("ont-info-by-sn-xgspon"),
    "display ont autofind all": NOBODY_LIT,
    "display version": variant("version-ma5800"),
    "display ont info 0 3 0 all": text("smartax-display-ont-info-port-all").replace("0/ 1/0", "0/ 3/0"),
    "display current-configuration ont 0/3/0 1": moved("configuration-ont"),
    "display service-port port 0/3/0 ont 1": FLOWS.replace("5827 2    ", "  17 300  ")
    .replace("vlan  2   ", "vlan  300 ")
    .replace("-    -    up", "10   11   up"),
    "display traffic table ip index 10": variant("traffic-table-one").replace(": 8\n", ": 10\n"),
    "display traffic table ip index 11": "  Failure: The traffic table does not exist\n",
    "display ont version 0 1": variant("ont-version-third-party"),
    "display ont optical-info 0 1": variant("ont-optical-info-one-no-more"),
}


def play(dialogue: Dialogue[Any], olt: dict[str, str]) -> Any:
    """Carry a dialogue with an OLT that answers from a table."""
    try:
        batch = next(dialogue)
        while True:
            batch = dialogue.send(tuple(olt[command.text] for command in batch))
    except StopIteration as finished:
        return finished.value


def test_a_registered_ont_is_observed_in_full() -> None:
    seen = play(adapter.observe(SERIAL, PORT), OLT)
    [found] = seen.registrations
    assert (found.port, found.onu_id, found.online, found.model) == (PORT, 1, True, "ZK9004WT")
    assert found.states == {"run": "online", "config": "normal", "match": "match", "control": "active"}
    assert (found.line_profile, found.line_profile_name, found.service_profile) == ("4", "ftth", "4")
    assert (found.description, found.down_cause) == (None, "LOS")
    assert found.tconts == (Tcont(index=0, profile="1"), Tcont(index=1, profile="3"))
    assert found.gem_ports == (GemPort(index=0, tcont=1),)
    service = ServicePort(gem_port=1, vlan=300, user_vlan=300, upstream_profile="10", downstream_profile="11")
    assert found.flows == (Flow(index=17, service=service, up=True),)
    assert found.wan.mode == "pppoe"
    assert (found.wan.vlan, found.wan.priority, found.wan.login, found.wan.index) == (203, 5, "u", 1)
    assert found.management is None
    assert found.more == {
        "host.1": "pppoe 203 5 u",
        "tr069": "2",
        "tr069_name": "tr069-server-profile_1",
        "word": "gpon",
        "table.10": "SMART-100M-UP",
    }
    assert (found.optics.onu_rx_dbm, found.optics.olt_rx_dbm, found.optics.distance_m) == (
        -18.18,
        -22.22,
        17,
    )
    assert seen.used_onu_ids == frozenset(range(31))
    assert seen.firmware == "MA5800V100R018C00"
    assert adapter.serving(found) == "online"


def test_nothing_registered_and_a_box_lit() -> None:
    lit = variant("ont-autofind-third-party")
    seen = play(
        adapter.observe("SKYWB8005290", PonPort(frame=0, slot=6, port=9)),
        {
            "display ont info by-sn 534B5957B8005290": "  The required ONT does not exist\n",
            "display ont autofind all": lit,
            "display version": variant("version-short"),
            "display ont info 0 6 9 all": NOT_THERE,
            "display board 0": variant("board-frame"),
        },
    )
    assert seen.registrations == ()
    assert (seen.sighting.port, seen.sighting.model) == (PonPort(frame=0, slot=6, port=9), "GN256VH")
    assert seen.used_onu_ids == frozenset()
    assert seen.more == {}


def test_of_an_offline_ont_neither_model_nor_levels_are_asked() -> None:
    port = PonPort(frame=0, slot=0, port=0)
    asked = {
        "display ont info by-sn 4857485751175244": variant("ont-info-one-offline-loid"),
        "display ont autofind all": NOBODY_LIT,
        "display version": variant("version-ma5800"),
        "display current-configuration ont 0/0/0 1": UNKNOWN_COMMAND,
        "display service-port port 0/0/0 ont 1": variant("service-port-none"),
    }
    [found] = play(adapter.observe(SERIAL, None), asked).registrations
    assert (found.port, found.online, found.optics, found.model) == (port, False, None, None)
    assert found.description == "SILVA SOUZA FULANO DE TAL_descr_Bairro Alto Frente ao estadio"
    assert found.unread == {"service_ports", "lan_ports", "wan", "management"}
    assert adapter.serving(found) == "dark"


@pytest.mark.parametrize("command", OLT)
def test_an_answer_that_no_rule_explains_ends_the_observation(command: str) -> None:
    for said in ("  Notice 4711: flux capacitor realigned\n", "", OLT[command][: len(OLT[command]) // 3]):
        with pytest.raises(UnknownReply) as unknown:
            play(adapter.observe(SERIAL, PORT), OLT | {command: said})
        assert unknown.value.command == command


@pytest.mark.parametrize("said", ["  Failure: The traffic table", "  Notice 4711: flux capacitor realigned"])
def test_an_answer_to_a_change_that_no_rule_explains_is_named(said: str) -> None:
    command = write("undo service-port 8", path=("config",))
    with pytest.raises(UnknownReply) as unknown:
        adapter.check(command, said)
    assert (unknown.value.command, unknown.value.reply) == (command.text, said)


@pytest.mark.parametrize("command", OLT)
def test_a_busy_olt_is_busy_whatever_was_asked(command: str) -> None:
    with pytest.raises(OltBusy):
        play(adapter.observe(SERIAL, PORT), OLT | {command: BUSY})


@pytest.mark.parametrize(
    "command",
    [
        "display ont autofind all",
        "display ont info 0 3 0 all",
        "display service-port port 0/3/0 ont 1",
    ],
)
def test_what_a_plan_needs_is_not_done_without(command: str) -> None:
    with pytest.raises(OrderRejected):
        play(adapter.observe(SERIAL, PORT), OLT | {command: UNKNOWN_COMMAND})


def test_a_management_host_is_one() -> None:
    config = moved("configuration-ont").replace(
        " ont tr069-server-config",
        " ont ipconfig 0 1 ip-index 0 dhcp vlan 1000 priority 2\n ont tr069-server-config",
    )
    [found] = play(
        adapter.observe(SERIAL, PORT), OLT | {"display current-configuration ont 0/3/0 1": config}
    ).registrations
    assert found.management == Management(vlan=1000, index=0, priority=2, tr069_profile="2")


CASE_28 = (Path(__file__).parent / "28-hw-autofind-hex-vendor.txt").read_text()
"""The case file huawei-smartax/28-hw-autofind-hex-vendor.txt: values are invented."""
HEX_VENDOR = "\n".join(CASE_28.splitlines()[1:-1])
AT_7 = PonPort(frame=0, slot=1, port=7)


def test_an_onu_whose_vendor_id_is_hex_is_found_like_any_other() -> None:
    seen = play(adapter.discover(), {"display ont autofind all": HEX_VENDOR})
    assert [one.serial for one in seen] == ["HWTCA1B2C3D4", "DD18B0D0B70C"]


def _olt_with(autofind: str, **more: str) -> dict[str, str]:
    nobody = "  The required ONT does not exist\n"
    asked = ("44443138B0D0B70C", "48575443A1B2C3D4", "485754430000C3D4")
    return {
        **{f"display ont info by-sn {digits}": nobody for digits in asked},
        "display ont autofind all": autofind,
        "display version": variant("version-ma5800"),
        "display ont info 0 1 7 all": "  Failure: The ONT does not exist\n",
        **more,
    }


@pytest.mark.parametrize("serial", ["DD18B0D0B70C", "HWTCA1B2C3D4", "HWTC0000C3D4"])
def test_an_onu_whose_vendor_id_is_hex_fails_nobodys_order(serial: str) -> None:
    seen = play(adapter.observe(serial, AT_7), _olt_with(HEX_VENDOR))
    assert (seen.serial, seen.registrations) == (serial, ())
    assert (seen.sighting and seen.sighting.serial) == (None if serial == "HWTC0000C3D4" else serial)


def _small(text: str) -> str:
    return text.replace("44443138B0D0B70C (DD18-", "64643138B0D0B70C (dd18-")


def test_a_vendor_id_of_small_letters_is_asked_for_and_registered_as_it_is_printed() -> None:
    again = {"display ont info by-sn 64643138B0D0B70C": "  The required ONT does not exist\n"}
    seen = play(adapter.observe("DD18B0D0B70C", AT_7), _olt_with(_small(HEX_VENDOR)) | again)
    assert (seen.sighting.serial, seen.sighting.raw_serial) == (
        "DD18B0D0B70C",
        "64643138B0D0B70C (dd18-B0D0B70C)",
    )
    wanted = DesiredOnu(serial="DD18B0D0B70C", port=AT_7, line_profile="10", service_profile="20")
    assert 'sn-auth "64643138B0D0B70C"' in adapter.plan(wanted, seen)[0].text
    others = seen.model_copy(update={"sighting": None})
    assert 'sn-auth "44443138B0D0B70C"' in adapter.plan(wanted, others)[0].text


def test_a_vendor_id_of_small_letters_is_found_again_where_it_is_registered() -> None:
    first = re.compile(r"(0/ 3/0 +1 +)[0-9A-F]{16}")
    listed, rows = first.subn(r"\g<1>6877687751175244", OLT["display ont info 0 3 0 all"])
    assert rows == 1
    block = OLT["display ont info by-sn 4857485751175244"]
    small = block.replace("4857485751175244 (HWHW-", "6877687751175244 (hwhw-")
    olt = OLT | {
        "display ont info by-sn 4857485751175244": "  The required ONT does not exist\n",
        "display ont info by-sn 6877687751175244": small,
        "display ont info 0 3 0 all": listed,
    }
    seen = play(adapter.observe(SERIAL, PORT), olt)
    assert [(one.port, one.onu_id) for one in seen.registrations] == [(PORT, 1)]
