"""What may be told as applied: what the OLT shows, or what a line brought that it has accepted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import DesiredOnu, GemPort, LanPort, ServicePort, Tcont, Wan, Wifi
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.provision.builders import HERE, SERIAL, desired, registered, seen
from tests.unit.provision.builders import wish as wished
from tests.unit.provision.test_verify import PATIENCE, WINDOW, look
from vendors.contract import Observation, Registration, brought, write
from worker.applied import unconfirmed, within
from worker.outcome import Completed
from worker.verify import judge
from worker.wish import told_skipped

ROUTER = desired(
    wan=Wan(mode="pppoe", vlan=100, login="ana", password=SecretStr(PPPOE_PASSWORD)),
    wifi=(Wifi(index=1, name="casa", key=SecretStr(WIFI_KEY)),),
)
PASSWORDS = ("wan.password", "wifi.*.key")


def told(wish: DesiredOnu, observed: Observation, *limits: str) -> dict[str, str]:
    return {one.field: one.reason for one in unconfirmed(wish, limits, observed, PASSWORDS)}


def shown(*current: str, **found: Any) -> Observation:
    return seen(registered(**found)).model_copy(update={"secrets_current": frozenset(current)})


@pytest.mark.parametrize(
    ("current", "fields"),
    [
        (("wan.password", "wifi.1.key"), []),
        (("wan.password",), ["wifi.1.key"]),
        ((), ["wan.password", "wifi.1.key"]),
    ],
)
def test_a_password_is_applied_only_where_it_was_accepted(
    current: tuple[str, ...], fields: list[str]
) -> None:
    assert told(ROUTER, shown(*current)) == dict.fromkeys(fields, "not_verifiable")


def test_what_is_told_already_is_told_once() -> None:
    assert told(ROUTER, shown(), "wan", "wifi.1") == {}


def test_a_part_that_is_not_shown_is_applied_only_where_it_was_accepted() -> None:
    flow = ServicePort(gem_port=1, vlan=2000, user_vlan=41, inner_vlan=1001)
    wish = desired(service_ports=(flow,))
    blind = frozenset({"service_ports", "wan"})
    assert told(wish, shown(unread=blind)) == {"service_ports": "not_verifiable"}
    assert told(wish, shown("service_ports", unread=blind)) == {}


def test_a_label_that_the_olt_keeps_is_told() -> None:
    wish = desired(
        tconts=(Tcont(index=1, profile="UP", name="HSI"),),
        gem_ports=(GemPort(index=1, tcont=1, name="HSI"), GemPort(index=2, tcont=1)),
    )
    kept = {"tconts": (Tcont(index=1, profile="UP", name="old"),), "gem_ports": (GemPort(index=1, tcont=1),)}
    assert told(wish, shown(**kept)) == {"tconts.1.name": "kept_on_olt", "gem_ports.1.name": "kept_on_olt"}


def test_labels_that_are_as_wished_that_nobody_wished_or_of_rows_that_are_not_there_are_not_told() -> None:
    wish = desired(
        tconts=(
            Tcont(index=1, profile="UP", name="HSI"),
            Tcont(index=2, profile="UP"),
            Tcont(index=3, profile="UP", name="X"),
        ),
        gem_ports=(GemPort(index=1, tcont=1, name="HSI"),),
    )
    kept = {
        "tconts": (Tcont(index=1, profile="UP", name="HSI"), Tcont(index=2, profile="UP", name="old")),
        "gem_ports": (GemPort(index=1, tcont=1, name="old"),),
    }
    assert told(wish, shown(**kept)) == {"gem_ports.1.name": "kept_on_olt"}
    assert told(wish, shown(**kept), "gem_ports") == {}
    assert told(wish, shown(**kept), "gem_ports.1.name") == {}
    assert told(wish, shown(**kept), "gem_port") == {"gem_ports.1.name": "kept_on_olt"}
    blind = {"tconts": None, "gem_ports": None, "unread": frozenset({"gem_ports"})}
    assert told(wish, shown(**blind)) == {"gem_ports": "not_verifiable"}


def test_nothing_is_told_of_an_onu_that_is_not_registered() -> None:
    assert told(ROUTER, seen()) == {}


@pytest.mark.parametrize(
    ("field", "inside"),
    [("wifi.1", True), ("wifi.1.key", True), ("wifi.10", False), ("wifi", False), ("wan", False)],
)
def test_a_field_lies_in_what_it_begins_with(field: str, *, inside: bool) -> None:
    assert within(field, ["wifi.1", "lan_ports"]) is inside


def test_what_is_not_applied_is_not_in_what_is_applied() -> None:
    flows = (
        ServicePort(gem_port=1, vlan=100),
        ServicePort(gem_port=2, vlan=2000, user_vlan=41, inner_vlan=300),
    )
    wish = desired(service_ports=flows, wan=Wan(mode="dhcp", vlan=50), wifi=ROUTER.wifi)
    applied = _completed(wish, registered(), skipped=("wifi.1", "service_ports.2.inner_vlan", "wan.vlan"))
    assert applied.vlans == (100, 2000)
    assert (applied.wan_mode, applied.wan_vlan, applied.wifi) == ("dhcp", None, ())
    assert [flow.inner_vlan for flow in applied.service_ports] == [None, None]


def _completed(wish: DesiredOnu, found: Registration, skipped: tuple[str, ...]) -> Any:
    skips = tuple(told_skipped(field, "no_command_on_platform") for field in skipped)
    at = replace(
        look("online", WINDOW, found=found), wish=wished(wish, skipped=skips, limits=frozenset(skipped))
    )
    verdict = judge(replace(at, seen=shown("wifi.1.key")), PATIENCE)
    assert isinstance(verdict, Completed)
    assert {skip.field for skip in verdict.achieved.not_applied} == set(skipped)
    return verdict.achieved.applied


def test_a_plan_brings_what_its_lines_carry() -> None:
    plan = (
        write("a", path=(), secret="wan.password"),
        write("b", path=(), carries=frozenset({"lan_ports"})),
        write("c", path=()),
    )
    assert brought(plan) == {"wan.password", "lan_ports"}


def test_every_field_of_a_wish_has_its_name() -> None:
    assert set(ROUTER.fields()) == {
        "service_ports.1.vlan",
        "wan.mode",
        "wan.vlan",
        "wan.login",
        "wan.password",
        "wifi.1.name",
        "wifi.1.key",
    }


@pytest.mark.parametrize("name", ["tconts", "gem_ports", "wifi"])
def test_a_row_that_is_given_twice_is_refused(name: str) -> None:
    rows: dict[str, Any] = {
        "tconts": (Tcont(index=1, profile="UP"), Tcont(index=1, profile="DOWN")),
        "gem_ports": (GemPort(index=1, tcont=1), GemPort(index=1, tcont=2)),
        "wifi": (Wifi(index=1, name="a"), Wifi(index=1, name="b")),
    }
    with pytest.raises(ValueError, match="given twice"):
        DesiredOnu.model_validate({"serial": SERIAL, "port": HERE, name: rows[name]})


def test_ports_that_are_not_known_take_nothing_from_those_that_are_set() -> None:
    wish = desired(lan_ports=(LanPort(port=1, vlan=100),))
    known = wished(wish, skipped=(told_skipped("lan_ports", "lan_ports_unknown"),))
    verdict = judge(replace(look("online", WINDOW), wish=known, seen=shown()), PATIENCE)
    assert isinstance(verdict, Completed)
    assert [lan.port for lan in verdict.achieved.applied.lan_ports] == [1]
