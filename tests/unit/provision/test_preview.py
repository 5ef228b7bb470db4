"""What a dry run says: what differs, what is not said, and how an answer is kept."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import LanPort, ServicePort, Wan, Wifi
from schemas.text import MASK
from tests.support.secrets import OLT_PASSWORD, WIFI_KEY
from tests.unit.provision.builders import desired, registered
from worker.preview import PlanView, _agrees, difference, refusal, unanswerable

WAN = Wan(mode="pppoe", vlan=100, login="ana", password=SecretStr(OLT_PASSWORD))
CASA = Wifi(index=1, name="casa", key=SecretStr(WIFI_KEY))


def fields(wanted: Any, found: Any) -> dict[str, Any]:
    return {one["field"]: one["found"] for one in difference(wanted, found)}


@pytest.mark.parametrize(
    ("wanted", "shown", "agrees"),
    [
        (1, 1, True),
        (1, 2, False),
        (1, None, True),
        ("a", "b", False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, False),
        ({"a": 1, "password": "x", "key": "y"}, {"a": 1, "password": "z", "key": "w"}, True),
        ([1, 2], [2, 1], True),
        ([1, 2], [1, 2, 3], False),
        ([1, 2], [1, 1], False),
        ([{"a": 1}], [{"a": None}], True),
        ({"a": 1}, [1], False),
        ([1], 1, False),
        ([], [], True),
    ],
)
def test_what_is_not_shown_contradicts_nothing(wanted: Any, shown: Any, agrees: bool) -> None:
    assert _agrees(wanted, shown) is agrees


def test_where_nothing_is_registered_everything_that_is_wanted_differs() -> None:
    found = fields(desired(line_profile="10", description="Ana"), None)
    assert found == {"line_profile": None, "service_ports": None}


def test_fields_that_agree_or_are_not_shown_are_left_out() -> None:
    wanted = desired(line_profile="10", service_profile="20", lan_ports=(LanPort(port=1, vlan=100),))
    assert fields(wanted, registered(line_profile="10", service_profile="21")) == {"service_profile": "21"}
    assert fields(wanted, registered(line_profile="11", unread={"line_profile"})) == {}
    there = registered(lan_ports=(LanPort(port=1, vlan=101),))
    [row] = difference(wanted, there)
    assert (row["field"], row["wanted"][0]["vlan"], row["found"][0]["vlan"]) == ("lan_ports", 100, 101)


def test_service_ports_are_compared_as_the_olt_has_them() -> None:
    flow = {"index": 7, "service": ServicePort(gem_port=1, vlan=100)}
    assert fields(desired(), registered(flows=(flow,))) == {}
    other = {"index": 7, "service": ServicePort(gem_port=1, vlan=200)}
    assert [one["vlan"] for one in fields(desired(), registered(flows=(other,)))["service_ports"]] == [200]
    assert fields(desired(), registered(flows=())) == {"service_ports": []}


def test_the_customers_own_names_are_shown_and_others_are_masked() -> None:
    theirs = registered(
        wan=WAN.model_copy(update={"login": "bia"}), wifi=(CASA.model_copy(update={"name": "bia"}),)
    )
    said = fields(desired(wan=WAN, wifi=(CASA,)), theirs)
    assert said["wan"]["login"] == said["wifi"][0]["name"] == MASK
    same = registered(wan=WAN.model_copy(update={"vlan": 101}), wifi=(CASA,))
    assert fields(desired(wan=WAN, wifi=(CASA,)), same)["wan"]["login"] == "ana"
    assert "wifi" not in fields(desired(wan=WAN, wifi=(CASA,)), same)


def test_an_answer_is_read_as_it_was_written_whatever_a_later_release_adds() -> None:
    view = refusal("OS-1", "olt_busy", {"olt": "olt-1"}, place="olt-1 0/1/0")
    assert PlanView.of(view.answer() | {"new": 1}) == view
    assert (view.code, view.place) == ("olt_busy", "olt-1 0/1/0")
    assert "olt-1" in str(view.text_pt)
    lines = PlanView("OS-1", lines=({"mode": ["config"], "line": "x"},), hash="ab")
    assert PlanView.of({**lines.answer(), "lines": list(lines.lines)}) == lines
    assert PlanView.of({"order": "OS-1"}) == PlanView("OS-1")


@pytest.mark.parametrize("code", ["order_unknown", "not_at_work", "not_placed"])
def test_why_nothing_can_be_planned_is_a_sentence(code: str) -> None:
    view = unanswerable("OS-1", code)
    assert view.code == code
    assert str(view.text_pt).endswith(".")
