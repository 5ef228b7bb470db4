"""The adapter against the simulated CLI: what is wanted is reached, and then nothing is left to do."""

from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu, LanPort, Management, ServicePort, Wan
from schemas.place import PonPort
from tests.unit.huawei_smartax.simulated import PORT, SERIAL, Spoken, an_olt
from vendors.contract import Command, write
from vendors.errors import NotConverged, OltBusy, OrderRejected
from vendors.huawei_smartax import adapter
from vendors.huawei_smartax.parse import parse
from vendors.simulator.rows import Board, PluggedOnu

INTERNET = ServicePort(gem_port=1, vlan=100, user_vlan=100, upstream_profile="8", downstream_profile="9")
QINQ = ServicePort(gem_port=2, vlan=2000, user_vlan=41, inner_vlan=1001, transform="translate-and-add")
WAN = Wan(
    mode="pppoe", vlan=100, login="ana@isp", password=SecretStr("s3cret!x"), lan_ports=(1, 2), wan_profile="0"
)
KNOWN = {"secrets_current": frozenset({"wan.password"})}


def wish(**fields: Any) -> DesiredOnu:
    given = {
        "line_profile": "10",
        "service_profile": "20",
        "service_ports": (INTERNET,),
        "description": "OS-1",
    }
    return DesiredOnu(serial=SERIAL, port=PORT, **(given | fields))


WISHES = {
    "bridge": wish(lan_ports=(LanPort(port=1, vlan=100), LanPort(port=2, vlan=100, priority=5))),
    "QinQ": wish(service_ports=(INTERNET, QINQ)),
    "untagged": wish(service_ports=(ServicePort(gem_port=1, vlan=100),)),
    "transparent": wish(service_ports=(INTERNET.model_copy(update={"transform": "transparent"}),)),
    "named": wish(
        line_profile="line_10",
        service_profile="srv_20",
        service_ports=(
            INTERNET.model_copy(update={"upstream_profile": "1G-UP", "downstream_profile": "1G-DOWN"}),
        ),
    ),
    "router": wish(
        wan=WAN,
        management=Management(vlan=1000, priority=2, tr069_profile="1"),
        service_ports=(INTERNET, QINQ),
    ),
    "router dhcp": wish(
        wan=Wan(mode="dhcp", vlan=100, lan_ports=(1,)), management=Management(vlan=1000, tr069_profile="ACS")
    ),
    "management elsewhere": wish(
        wan=WAN.model_copy(update={"index": 0}), management=Management(vlan=1000, index=1)
    ),
    "other profiles": wish(line_profile="11", service_profile="21", service_ports=(QINQ,)),
    "long description": wish(description="a" * 32),
    "gone": None,
}


@pytest.mark.parametrize("version", ["MA5800V100R019C12", "MA5600V800R018C10"])
@pytest.mark.parametrize("name", WISHES)
def test_a_wish_is_reached_and_then_nothing_is_left(name: str, version: str) -> None:
    olt = Spoken(an_olt(version=version))
    after = olt.reconcile(WISHES[name], **KNOWN)
    assert adapter.plan(WISHES[name], after) == ()


@pytest.mark.parametrize("before", WISHES)
@pytest.mark.parametrize("after", WISHES)
def test_any_wish_becomes_any_other(before: str, after: str) -> None:
    olt = Spoken(an_olt())
    olt.reconcile(WISHES[before], **KNOWN)
    assert adapter.plan(WISHES[after], olt.reconcile(WISHES[after], **KNOWN)) == ()
    if WISHES[before] and WISHES[after]:
        assert len(olt.olt.registered) == 1


@pytest.mark.parametrize("name", ["router", "QinQ", "router dhcp"])
def test_cut_after_any_command_the_next_run_finishes(name: str) -> None:
    desired = WISHES[name]
    count = len(adapter.plan(desired, Spoken(an_olt()).observe()))
    for cut in range(count):
        olt = Spoken(an_olt())
        for command in adapter.plan(desired, olt.observe())[:cut]:
            olt.send(command)
        assert adapter.plan(desired, olt.reconcile(desired, **KNOWN)) == ()


def test_the_old_generation_is_provisioned_without_the_wan_commands_it_lacks() -> None:
    olt = Spoken(an_olt(version="MA5600V800R015C00"))
    desired = wish(wan=Wan(mode="pppoe", vlan=100, login="ana", password=SecretStr("x1")))
    assert adapter.plan(desired, olt.reconcile(desired, **KNOWN)) == ()
    assert not any("internet-config" in line for line in olt.said)


@pytest.mark.parametrize(
    ("version", "board", "word"),
    [
        ("MA5600V800R017C00", Board(0, 1, "H802XGBD", "xg-pon"), "xgpon"),
        ("MA5600V800R017C00", Board(0, 1, "H805GPFD"), "gpon"),
        ("MA5800V100R019C12", Board(0, 1, "H901XSHF", "xgs-pon"), "gpon"),
    ],
)
def test_a_board_is_entered_by_its_own_word(version: str, board: Board, word: str) -> None:
    olt = Spoken(an_olt(version=version, boards=(board,)))
    observed = olt.observe()
    [entered] = {command.path[1] for command in adapter.plan(WISHES["router"], observed) if command.path[1:]}
    assert entered == f"interface {word} 0/1"
    assert adapter.plan(WISHES["router"], olt.reconcile(WISHES["router"], **KNOWN)) == ()


def test_the_model_holds_what_was_wanted() -> None:
    olt = Spoken(an_olt())
    olt.reconcile(WISHES["router"])
    [found] = olt.olt.snapshot().values()
    assert (found["serial"], found["line_profile"], found["description"]) == (SERIAL, "10", "OS-1")
    assert found["wans"][1]["login"] == "ana@isp"
    assert found["wans"][1]["password"] == "s3cret!x"
    assert (found["wans"][1]["lan_ports"], found["wans"][1]["internet"], found["wans"][1]["wan_profile"]) == (
        (1, 2),
        True,
        "0",
    )
    assert (found["hosts"][0]["vlan"], found["hosts"][0]["tr069_profile"]) == (1000, "1")
    assert [(flow["index"], flow["vlan"], flow["upstream_profile"]) for flow in found["flows"]] == [
        (0, 100, "8"),
        (1, 2000, None),
    ]


def test_what_is_observed_of_a_router() -> None:
    olt = Spoken(an_olt())
    observed = olt.reconcile(WISHES["router"])
    [found] = observed.registrations
    assert (found.port, found.onu_id, found.online, found.model) == (PORT, 0, True, "EG8145V5")
    assert (found.line_profile, found.line_profile_name, found.service_profile_name) == (
        "10",
        "line_10",
        "srv_20",
    )
    assert found.wan == WAN.model_copy(update={"password": None})
    assert found.management == Management(vlan=1000, priority=2, tr069_profile="1")
    assert found.optics is not None
    assert (found.optics.onu_rx_dbm, found.optics.olt_rx_dbm, found.optics.distance_m) == (
        -20.13,
        -21.87,
        1033,
    )
    assert found.flows is not None
    assert [(flow.index, flow.up, flow.service) for flow in found.flows] == [
        (0, True, INTERNET),
        (1, True, QINQ),
    ]
    assert observed.used_onu_ids == {0}
    assert observed.sighting is None
    assert observed.firmware == "MA5800V100R019C12"
    assert adapter.serving(found) == "online"


def test_what_is_observed_of_a_box_that_is_lit_and_unknown() -> None:
    observed = Spoken(an_olt()).observe()
    assert observed.registrations == ()
    assert observed.sighting is not None
    assert (observed.sighting.port, observed.sighting.serial, observed.sighting.model) == (
        PORT,
        SERIAL,
        "EG8145V5",
    )


def test_a_dark_box_is_pre_provisioned_and_comes_up_in_steps() -> None:
    now = [0.0]
    olt = Spoken(an_olt(clock=lambda: now[0], time_to_online_s=30.0))
    olt.olt.light(SERIAL, lit=False)
    [found] = olt.reconcile(wish()).registrations
    assert (adapter.serving(found), found.optics) == ("dark", None)
    olt.olt.light(SERIAL)
    verdicts = []
    for now[0] in (1.0, 20.0, 40.0):
        [found] = olt.observe().registrations
        verdicts.append(adapter.serving(found))
    assert verdicts == ["dark", "configuring", "online"]


def test_discover_sees_every_port() -> None:
    olt = Spoken(an_olt())
    olt.olt.plug(PluggedOnu("ZTEG00000001", PonPort(frame=0, slot=3, port=0), model="F670L"))
    seen = olt.hold(adapter.discover())
    assert {(str(one.port), one.serial, one.model) for one in seen} == {
        ("0/1/3", SERIAL, "EG8145V5"),
        ("0/3/0", "ZTEG00000001", "F670L"),
    }
    olt.olt.plugged.clear()
    assert olt.hold(adapter.discover()) == ()


def test_an_xgs_pon_box_is_provisioned_like_any_other() -> None:
    olt = Spoken(an_olt())
    port = PonPort(frame=0, slot=3, port=0)
    olt.olt.plug(PluggedOnu(SERIAL, port))
    desired = wish().model_copy(update={"port": port})
    for command in adapter.plan(desired, olt.observe(port=port)):
        olt.send(command)
    after = olt.observe(port=port)
    assert adapter.plan(desired, after) == ()
    assert after.registrations[0].optics is not None


def test_a_move_within_the_olt_removes_first() -> None:
    olt = Spoken(an_olt())
    olt.reconcile(wish())
    there = PonPort(frame=0, slot=1, port=7)
    olt.olt.plug(PluggedOnu(SERIAL, there))
    desired = wish().model_copy(update={"port": there})
    olt.said.clear()
    for command in adapter.plan(desired, olt.observe(port=there)):
        olt.send(command)
    assert olt.said[:2] == ["undo service-port 0", "ont delete 3 0"]
    assert adapter.plan(desired, olt.observe(port=there)) == ()


def test_removing_twice_is_harmless() -> None:
    olt = Spoken(an_olt())
    olt.reconcile(wish())
    removal = adapter.plan(None, olt.observe())
    for command in (*removal, *removal):
        olt.send(command)
    assert olt.olt.registered == {}


def test_numbers_that_others_use_are_left_alone() -> None:
    olt = Spoken(an_olt())
    olt.olt.register(PORT, 0, "HWTC00000001", line_profile="10", service_profile="20")
    olt.olt.register(PORT, 2, "HWTC00000002", line_profile="10", service_profile="20")
    for index, onu_id in ((0, 0), (1, 2)):
        olt.send(_flow(index, onu_id))
    olt.reconcile(wish())
    assert olt.olt.by_serial(SERIAL)[0].onu_id == 1
    assert [flow.index for flow in olt.olt.flows_of(PORT, 1)] == [2]


def _flow(index: int, onu_id: int) -> Command:
    line = f"service-port {index} vlan 100 gpon {PORT} ont {onu_id} gemport 1 multi-service user-vlan 100 tag-transform translate"
    return write(line, path=("config",))


@pytest.mark.parametrize(
    ("spoil", "error", "code"),
    [
        (
            lambda olt: olt.register(PORT, 9, SERIAL, line_profile="10", service_profile="20"),
            NotConverged,
            "serial_already_registered",
        ),
        (
            lambda olt: olt.register(PORT, 0, "HWTC00000001", line_profile="10", service_profile="20"),
            NotConverged,
            "not_converged",
        ),
        (lambda olt: olt.profiles.remove(olt.profile("line", "10")), OrderRejected, "profile_missing"),
        (lambda olt: olt.profiles.remove(olt.profile("traffic", "8")), OrderRejected, "profile_missing"),
        (lambda olt: setattr(olt, "vlans", {1}), OrderRejected, "olt_refused"),
        (lambda olt: setattr(olt, "busy_until", 1e9), OltBusy, "olt_busy"),
    ],
)
def test_refusals_of_the_device_map_to_the_tree(spoil: Any, error: type[Exception], code: str) -> None:
    olt = Spoken(an_olt())
    plan = adapter.plan(wish(), olt.observe())
    spoil(olt.olt)
    with pytest.raises(error) as refused:
        olt.send_all(plan)
    assert refused.value.reason == code  # type: ignore[attr-defined]


def test_a_line_profile_is_not_taken_from_under_a_service_port() -> None:
    olt = Spoken(an_olt())
    olt.reconcile(wish())
    for line in ("config", "interface gpon 0/1"):
        olt.line(line)
    assert "GEM port cannot be deleted" in " ".join(olt.line("ont modify 3 0 ont-lineprofile-id 11").split())


PRIVILEGED = [
    "display ont info by-sn 485754431A2B3C4D",
    "display ont info by-sn HWTC00000000",
    "display ont info by-sn xyz",
    "display ont info by-desc OS-1",
    "display ont info 0 1 3 all",
    "display ont info 0 1 3",
    "display ont info 0 1 3 0",
    "display ont info 0 1 4 all",
    "display ont info summary 0/1/3",
    "display ont info summary 0/1/4",
    "display ont autofind all",
    "display ont version 0 1 3 0",
    "display ont wan-info 0/1 3 0",
    "display ont wlan-info 0/1/3 0",
    "display ont register-info 0 1 3 0",
    "display service-port all",
    "display service-port port 0/1/3",
    "display service-port port 0/1/3 ont 0",
    "display service-port port 0/1/3 ont 77",
    "display service-port vlan 100",
    "display service-port 0",
    "display service-port 9999",
    "display service-port next-free-index",
    "display mac-address all",
    "display mac-address port 0/1/3 ont 0",
    "display current-configuration ont 0/1/3 0",
    "display ont-lineprofile gpon all",
    "display ont-srvprofile gpon all",
    "display ont-lineprofile gpon profile-id 10",
    "display ont-srvprofile gpon profile-id 20",
    "display ont-lineprofile gpon profile-id 99",
    "display dba-profile all",
    "display traffic table ip from-index 0",
    "display traffic table ip index 8",
    "display version",
    "display board 0",
    "display cpu 0/1",
    "display mem 0/1",
    "display sysuptime",
    "display temperature 0",
    "display sysman service state",
]
BOARD = [
    "display ont autofind 3",
    "display ont info 3 0",
    "display ont info 3 all",
    "display ont optical-info 3 0",
    "display ont optical-info 3 all",
    "display ont optical-info 3 9",
    "display ont port state 3 0 eth-port all",
    "display ont version 3 0",
    "display ont wan-info 3 0",
    "display ont wlan-info 3 0",
    "display ont ipconfig 3 0",
    "display ont register-info 3 0",
    "display ont gemport 3 ontid 0",
    "display port info 3",
    "ont delete 3 0",
    "ont delete 3 77",
    "ont reset 3 0",
]


@pytest.mark.parametrize("version", ["MA5800V100R019C12", "MA5600V800R015C00"])
@pytest.mark.parametrize("command", PRIVILEGED + BOARD)
def test_whatever_the_simulator_prints_the_parser_reads(command: str, version: str) -> None:
    olt = Spoken(an_olt(version=version))
    olt.reconcile(wish(wan=WAN.model_copy(update={"wan_profile": None}), service_ports=(INTERNET, QINQ)))
    olt.olt.plug(PluggedOnu("VSOL0031C0B6", PORT, model="VSOLVA74"))
    if command in BOARD:
        olt.line("config")
        olt.line("interface gpon 0/1")
    raw = olt.captured(command)
    assert parse(command, raw)
    with_hint = raw.replace(" \n", f" \n{{ <cr>||<K> }}: \n\n  Command:\n          {command} \n", 1)
    assert parse(command, with_hint) == parse(command, raw)


@pytest.mark.parametrize(
    "line", ["show", "exit", "display nonsense", "display ont info", "ont add 1", "service-port 1"]
)
def test_what_nobody_knows_is_a_syntax_error(line: str) -> None:
    olt = Spoken(an_olt())
    answer = parse(line, olt.captured(line))
    assert answer["refused"]["kind"] in {"unknown_command", "incomplete_command", "parameter_error"}


def test_hints_are_on_until_undo_smart() -> None:
    olt = Spoken(an_olt())
    olt.line("smart")
    olt.shell.feed("display version")
    assert olt.shell.prompt().startswith("{ <cr>|backplane")
    shown = olt.shell.feed("").text
    assert shown.startswith("\n  Command:\n          display version \n")
    assert not olt.shell.asking
    olt.shell.feed("display service-port")
    assert "<cr>" not in olt.shell.prompt()


def test_three_bad_answers_end_a_question() -> None:
    olt = Spoken(an_olt())
    olt.olt.changes += 1
    shell = type(olt.shell)(olt.olt, olt.shell.terminal)  # type: ignore[attr-defined,call-arg]
    shell.feed("quit")
    replies = [shell.feed("x") for _ in range(3)]
    assert "Reenter times" in replies[-1].text
    assert not shell.asking
