"""A dry run on an OLT that says what the test wants: what it answers, and that nothing is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from events.reasons import reason
from schemas.onu import Wan
from tests.support.secrets import PPPOE_PASSWORD
from tests.unit.provision.builders import HERE, SERIAL, THERE, desired, registered, seen, wish
from tests.unit.provision.test_provisioning import LINES, PLACE, Books, Line, run_of
from vendors.errors import NotConverged, OltUnreachable, UnknownReply
from worker import preview
from worker.outcome import Answered, Later
from worker.policy import Standing
from worker.preview import PlanView, view
from worker.store.digests import digest
from worker.store.orders import Failure
from worker.wish import plan_hash, told_skipped


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is wished; then what `wish_for` was asked with."""
    answers: list[Any] = [wish()]

    def wish_for(*asked: Any) -> Any:
        answers.append(asked)
        return answers[0]

    monkeypatch.setattr(preview, "wish_for", wish_for)
    return answers


async def answered(line: Line, **more: Any) -> PlanView:
    books = Books()
    outcome = await view(run_of(line, books, **more))
    assert isinstance(outcome, Answered)
    assert (line.sent, books.asked) == ([], [])
    return PlanView.of(outcome.answer)


async def test_a_new_onu_shows_the_lines_that_would_be_sent(wished: list[Any]) -> None:
    wished[0] = wish(skipped=(told_skipped("wifi", "not_in_order"),))
    line = Line([seen(lit=HERE, model="M")], [LINES])
    told = await answered(line)
    assert (told.order, told.place, told.serial, told.rule, told.code) == (
        "A",
        "olt-1 0/1/0",
        SERIAL,
        "regra",
        None,
    )
    assert [one["line"] for one in told.lines] == [one.text for one in LINES]
    assert (told.hash, told.observed) == (plan_hash(LINES), ())
    assert [(one["field"], one["found"]) for one in told.diff] == [("service_ports", None)]
    assert [one["field"] for one in told.not_applied] == ["wifi"]
    assert line.asked == [("observe", SERIAL, HERE), ("plan", SERIAL, frozenset())]
    _, place, model, config, adapter, firmware = wished[1]
    assert (place, model, config, adapter.PLATFORM.name, firmware) == (
        PLACE,
        "M",
        "config",
        "huawei_smartax",
        seen().firmware,
    )


async def test_an_onu_that_is_as_wanted_shows_no_line(wished: list[Any]) -> None:
    told = await answered(Line([seen(registered())], []), standing=Standing("here"))
    assert (told.lines, told.hash, told.code) == ((), None, None)
    assert len(told.observed) == 1
    assert wished


ROUTER = desired(wan=Wan(mode="pppoe", vlan=100, login="ana", password=SecretStr(PPPOE_PASSWORD)))


async def test_what_was_accepted_before_is_current(wished: list[Any]) -> None:
    wished[0] = wish(ROUTER)
    kept = {"wan.password": digest(b"k", "olt-1", SERIAL, "wan.password", PPPOE_PASSWORD)}
    line = Line([seen(registered())], [])
    await answered(line, standing=Standing("here"), digests=kept)
    assert line.asked[-1] == ("plan", SERIAL, frozenset({"wan.password"}))


async def test_what_is_in_the_way_is_told_before_what_cannot_be_wished(wished: list[Any]) -> None:
    wished[0] = Failure("unknown_model", {"model": "M", "nearest": "N"})
    foreign = await answered(Line([seen(registered())], []), standing=Standing("elsewhere"))
    assert (foreign.code, foreign.rule) == ("serial_registered_elsewhere", None)
    assert foreign.text_pt
    assert "olt-1 0/1/0" in foreign.text_pt
    unknown = await answered(Line([seen()], []))
    params = {"serial": SERIAL, "olt": "olt-1", "place": "olt-1 0/1/0", "model": "M", "nearest": "N"}
    assert (unknown.code, unknown.text_pt) == ("unknown_model", reason("unknown_model").say(params).text_pt)


async def test_an_own_registration_that_is_online_elsewhere_is_told_with_its_place(wished: list[Any]) -> None:
    told = await answered(Line([seen(registered(THERE))], []), standing=Standing(own=frozenset({THERE})))
    said = reason("left_online").say({"serial": SERIAL, "olt": "olt-1", "place": "olt-1 0/1/7"})
    assert (told.code, told.text_pt, told.rule) == ("left_online", said.text_pt, "regra")
    assert wished


async def test_light_that_was_seen_before_counts(wished: list[Any]) -> None:
    away = registered(THERE, online=False)
    dark = await answered(Line([seen(away)], [LINES]))
    assert dark.code == "serial_registered_elsewhere"
    lit = await answered(Line([seen(away)], [LINES]), notes={"lit": True})
    assert (lit.code, lit.hash) == (None, plan_hash(LINES))
    assert wished


async def test_an_order_that_is_not_at_work_is_answered_without_a_look(wished: list[Any]) -> None:
    line = Line([], [])
    run = run_of(line, Books())
    outcome = await view(replace(run, taken=replace(run.taken, brief=None)))
    assert isinstance(outcome, Answered)
    told = PlanView.of(outcome.answer)
    assert (told.code, told.place, told.serial, line.asked) == ("not_at_work", "olt-1 0/1/0", SERIAL, [])
    assert told.text_pt == preview._UNANSWERABLE["not_at_work"]
    assert len(wished) == 1


@pytest.mark.parametrize("error", [OltUnreachable("gone"), NotConverged("?")])
async def test_what_went_wrong_is_the_answer(error: Any) -> None:
    told = await answered(Line([error], []))
    assert (told.order, told.code, told.place) == ("A", error.reason, "olt-1 0/1/0")
    assert told.text_pt


async def test_an_odd_reply_is_asked_again_before_it_is_the_answer() -> None:
    def odd() -> UnknownReply:
        return UnknownReply("?", command="cmd", reply="x", reading=True)

    first = await view(run_of(Line([odd()], []), Books(), notes={"x": "y"}))
    assert isinstance(first, Later)
    assert (first.seconds, first.notes, first.code) == (5.0, {"x": "y", "unread": 1}, "unknown_reply")
    last = await answered(Line([odd()], []), notes={"unread": 2})
    assert last.code == "unknown_reply"
    change = UnknownReply("?", command="cmd", reply="x")
    assert (await answered(Line([change], []))).code == "unknown_reply"
