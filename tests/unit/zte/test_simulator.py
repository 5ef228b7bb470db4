"""Adapter and simulator together: what is wanted is reached, from anywhere, and the simulator talks as the captures do."""

from typing import Any

import pytest

from schemas.onu import LanPort, ServicePort, Tcont
from tests.unit.zte.builders import PORT, SERIAL, TITAN, ZXAN
from tests.unit.zte.simulated import ELSEWHERE, PASSWORDS, Bench, Cut, bench, router
from vendors.errors import OrderRejected
from vendors.simulator.rows import Flow, PluggedOnu
from vendors.zte_common.parse.registry import parse

KINDS = [("zte_zxan", "V1.2.5"), ("zte_zxan", "V2.1.0"), ("zte_titan", "V1.2.2"), ("zte_titan", "V2.0.1")]
CURRENT = tuple(PASSWORDS)


@pytest.fixture(params=KINDS, ids="-".join)
def olt(request: pytest.FixtureRequest) -> Bench:
    return bench(*request.param)


def test_a_router_is_provisioned_and_then_nothing_is_left_to_do(olt: Bench) -> None:
    wish = router(olt.adapter)
    assert olt.adapter.limits(wish) == ()
    assert olt.reconcile(wish)
    assert olt.reconcile(wish, *CURRENT) == []
    [found] = olt.observe().registrations
    assert (found.onu_id, found.online, olt.adapter.serving(found)) == (1, True, "online")
    assert found.optics is not None
    assert found.optics.onu_rx_dbm == -20.13


def test_what_was_provisioned_is_what_was_wanted(olt: Bench) -> None:
    olt.reconcile(router(olt.adapter))
    onu = olt.olt.snapshot()["1/2/3:1"]
    titan = olt.adapter is TITAN
    flows = [
        (row["gem_port"], row["user_vlan"], row["vlan"], row["inner_vlan"], row["upstream_profile"])
        for row in onu["flows"]
    ]
    assert (onu["serial"], onu["onu_type"], onu["description"]) == (SERIAL, "ZTE-F660", "os-4711")
    assert {index: row["profile"] for index, row in onu["tconts"].items()} == {1: "1G", 2: "100M"}
    assert onu["gems"][1]["downstream_profile"] == "DOWN"
    assert sorted(flows) == [(1, 600, 1402, 600, "UP" if titan else None), (2, 88, 88, None, None)]
    assert {name: (row["gem_port"], row["vlan"]) for name, row in onu["services"].items()} == {
        "HSI": (1, 600),
        "MGMT": (2, 88),
    }
    assert {port: (row["mode"], row["vlan"]) for port, row in onu["lans"].items()} == {
        1: ("tag", 600),
        2: ("hybrid", 600),
        3: ("trunk", None),
    }
    wan = onu["wans"][1]
    assert (wan["login"], wan["password"], wan["vlan"], wan["lan_ports"], wan["wifi"]) == (
        "joao@isp",
        "segredo1",
        600,
        (1, 2),
        (1,),
    )
    assert (onu["ssids"][1]["name"], onu["ssids"][1]["key"]) == ("Casa", "chave-wifi-1")
    assert (onu["hosts"][0]["vlan"], onu["hosts"][0]["tr069_profile"]) == (88, "http://192.0.2.1:7547")


def test_the_neighbour_is_left_alone(olt: Bench) -> None:
    before = olt.olt.snapshot()["1/2/3:2"]
    olt.reconcile(router(olt.adapter))
    olt.reconcile(None)
    assert olt.olt.snapshot() == {"1/2/3:2": before}


def test_removing_twice_is_harmless(olt: Bench) -> None:
    olt.reconcile(router(olt.adapter))
    assert olt.reconcile(None)
    assert olt.reconcile(None) == []


@pytest.mark.parametrize("kind", KINDS, ids="-".join)
def test_cut_after_any_command_the_next_run_finishes_the_work(kind: tuple[str, str]) -> None:
    wish = router(bench(*kind).adapter)
    whole = bench(*kind)
    length = len(whole.reconcile(wish))
    for cut in range(1, length + 1):
        olt = bench(*kind)
        olt.cut_after = cut
        with pytest.raises(Cut):
            olt.reconcile(wish)
        olt.cut_after = None
        olt.reconcile(wish)
        assert olt.reconcile(wish, *CURRENT) == []
        assert _plain(olt) == _plain(whole), cut


def _plain(olt: Bench) -> Any:
    onu = olt.olt.snapshot()["1/2/3:1"]
    return onu | {"description": None}


@pytest.mark.parametrize(
    "differs",
    [
        {"tconts": (Tcont(index=1, profile="100M"), Tcont(index=2, profile="100M"))},
        {"service_ports": (ServicePort(gem_port=1, vlan=30), ServicePort(gem_port=2, vlan=89, user_vlan=88))},
        {"lan_ports": (LanPort(port=4, vlan=9),)},
        {"wan": None},
        {"onu_services": ()},
        {"gem_ports": (), "service_ports": (), "onu_services": (), "tconts": ()},
        {"onu_type": "ALL"},
    ],
    ids="-".join,
)
def test_another_wish_is_reached_from_the_first_and_back(olt: Bench, differs: dict[str, Any]) -> None:
    first, other = router(olt.adapter), router(olt.adapter, **differs)
    olt.reconcile(first)
    assert olt.reconcile(other, *CURRENT)
    assert olt.reconcile(other, *CURRENT) == []
    assert olt.reconcile(first, *CURRENT)
    assert olt.reconcile(first, *CURRENT) == []


def test_what_somebody_typed_by_hand_is_brought_in_line(olt: Bench) -> None:
    wish = router(olt.adapter)
    olt.reconcile(wish)
    clean = _plain(olt)
    onu = olt.olt.registered[(PORT, 1)]
    olt.olt.add_flow(Flow(7, PORT, 1, 1, 999, 999, vport=1))
    onu.tconts[1].profile = "default"
    del onu.services["HSI"]
    assert len(olt.reconcile(wish, *CURRENT)) == 3
    assert {**_plain(olt), "services": None} == {**clean, "services": None}
    assert olt.reconcile(wish, *CURRENT) == []


def test_a_move_within_the_olt_removes_first(olt: Bench) -> None:
    olt.olt.plug(PluggedOnu(SERIAL, ELSEWHERE))
    olt.olt.register(ELSEWHERE, 5, SERIAL, onu_type="ALL")
    olt.olt.plug(PluggedOnu(SERIAL, PORT))
    wish = router(olt.adapter)
    plan = olt.reconcile(wish)
    assert plan[0].text == "no onu 5"
    assert olt.reconcile(wish, *CURRENT) == []


def test_the_proposed_number_may_be_in_use_and_is_not_taken(olt: Bench) -> None:
    if olt.adapter is ZXAN:
        assert "gpon-onu_1/2/3:2 " in olt.type("end", "show gpon onu uncfg")
    olt.reconcile(router(olt.adapter))
    assert olt.olt.registered[(PORT, 2)].serial == "HWTC12345678"


def test_unregistered_boxes_are_discovered_with_their_model_where_the_software_tells(olt: Bench) -> None:
    [sighting] = olt.hold(olt.adapter.discover())
    knows = olt.adapter is TITAN or olt.olt.version.startswith("V2")
    assert (sighting.serial, sighting.port, sighting.model) == (
        SERIAL,
        PORT,
        "XPON GGC665" if knows else None,
    )
    olt.reconcile(router(olt.adapter))
    assert olt.hold(olt.adapter.discover()) == ()


def test_an_onu_comes_up_in_steps_and_goes_dark(olt: Bench) -> None:
    olt.olt.time_to_online_s = 10.0
    olt.reconcile(router(olt.adapter))
    seen: list[tuple[str, str]] = []
    for olt.now in (1.0, 6.0, 11.0):
        [found] = olt.observe().registrations
        seen.append((found.states["phase"], olt.adapter.serving(found)))
    assert seen == [("logging", "configuring"), ("syncMib", "configuring"), ("working", "online")]
    olt.olt.light(SERIAL, lit=False)
    [found] = olt.observe().registrations
    assert (olt.adapter.serving(found), found.down_cause) == ("dark", "DyingGasp")
    assert found.optics is not None
    assert found.optics.onu_rx_dbm is None


@pytest.mark.parametrize(
    ("differs", "code"),
    [({"onu_type": "NONE"}, "profile_missing"), ({"tconts": (Tcont(index=1, profile="NONE"), Tcont(index=2, profile="1G"))}, "profile_missing")],
)  # fmt: skip
def test_what_the_olt_refuses_is_the_error_it_means(olt: Bench, differs: dict[str, Any], code: str) -> None:
    with pytest.raises(OrderRejected) as refused:
        olt.reconcile(router(olt.adapter, **differs))
    assert refused.value.reason == code


def test_a_port_that_is_not_there_is_refused(olt: Bench) -> None:
    with pytest.raises(OrderRejected):
        olt.hold(olt.adapter.observe(SERIAL, PORT.model_copy(update={"port": 17})))


def test_saving_is_confirmed(olt: Bench) -> None:
    olt.reconcile(router(olt.adapter))
    assert olt.olt.unsaved
    [save] = olt.adapter.save()
    olt.adapter.check(save, olt.send(save))
    assert not olt.olt.unsaved


def test_the_cards_are_read(olt: Bench) -> None:
    version = olt.hold(olt.adapter.health()).version
    assert version == (olt.olt.version if olt.adapter is ZXAN else None)


SHOWS = (
    "show gpon onu uncfg",
    "show pon onu uncfg",
    "show gpon onu by sn {serial}",
    "show gpon onu state",
    "show gpon onu state {olt}",
    "show gpon onu state {olt} 1",
    "show gpon onu baseinfo {olt}",
    "show gpon onu detail-info {onu}",
    "show pon power attenuation {onu}",
    "show pon power onu-rx {olt}",
    "show pon power olt-rx {onu}",
    "show gpon remote-onu equip {onu}",
    "show gpon remote-onu interface eth {onu}",
    "show mac gpon onu {onu}",
    "show card",
    "show vlan summary",
    "show gpon profile tcont",
    "show gpon profile traffic",
    "show gpon onu profile vlan",
    "show onu-type gpon",
    "show flux",
)


@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize("provisioned", [False, True])
def test_every_display_of_the_simulator_is_one_that_the_parsers_know(
    olt: Bench, show: str, provisioned: bool
) -> None:
    if provisioned:
        olt.reconcile(router(olt.adapter))
    titan = olt.adapter is TITAN
    names = (
        {"olt": "gpon_olt-1/2/3", "onu": "gpon_onu-1/2/3:1"}
        if titan
        else {"olt": "gpon-olt_1/2/3", "onu": "gpon-onu_1/2/3:1"}
    )
    command = show.format(serial=SERIAL, **names)
    reply = olt.type("end", command)
    value = parse(command, f"ZXAN#{command}\r\n" + reply.replace("\n", "\r\n") + "ZXAN#")
    assert value.keys() - {"display"}


def test_the_families_spell_their_names_apart() -> None:
    assert "140303" in bench("zte_titan").type("show gpon onu detail-info gpon-onu_1/2/3:2")
    assert "20202" in bench("zte_zxan").type("show gpon onu detail-info gpon_onu-1/2/3:2")


def test_c3xx_asks_before_it_forgets() -> None:
    olt = bench("zte_zxan")
    olt.type("exit")
    assert "[yes/no]" in olt.shell.prompt()
    assert olt.shell.feed("maybe").text.startswith("%Error 20205")
    olt.type("exit")
    assert olt.shell.feed("yes").hang_up


def test_an_account_of_low_rank_needs_the_password_of_the_olt() -> None:
    olt = bench("zte_zxan")
    olt.olt.more["enable"] = "zxr10"
    shell = olt.device.shell(olt.olt, olt.shell.terminal)  # type: ignore[attr-defined]
    assert shell.prompt() == "ZXAN>"
    assert shell.feed("terminal length 0").text.endswith("Invalid command\n")
    shell.feed("enable")
    assert (shell.prompt(), shell.hidden) == ("Password:", True)
    assert shell.feed("wrong").text == "%Error 20208: Bad password\n"
    shell.feed("enable")
    shell.feed("zxr10")
    assert shell.prompt() == "ZXAN#"


def test_an_onu_is_rebooted_after_a_question() -> None:
    olt = bench("zte_titan")
    olt.reconcile(router(TITAN))
    olt.type("end", "configure terminal", "pon-onu-mng gpon_onu-1/2/3:1", "reboot")
    assert olt.shell.prompt() == "Confirm to reboot? [yes/no]:"
    assert olt.shell.feed("yes").text == ""


def test_titan_lets_one_into_the_interface_of_an_onu_that_is_not_there() -> None:
    assert bench("zte_titan").type("configure terminal", "interface gpon_onu-1/2/3:77") == ""
    assert bench("zte_zxan").type("configure terminal", "interface gpon-onu_1/2/3:77") != ""
