"""What is published of an order, member by member."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from events.outgoing import final_id, progress_id
from events.outputs import Where
from events.stages import Stage
from schemas.place import PonPort
from tests.unit.correlate.town import NOON, S, T
from worker.facts import Ask, Order, OrderState, Stamp, Unit
from worker.store import emit
from worker.store.db import Context
from worker.store.emit import Say

PORT = PonPort.model_validate("0/1/0")
EARLIER = NOON - timedelta(hours=3)
ASKED = tuple(Ask(Stamp(NOON - timedelta(minutes=minutes), "erp", "x"), S, True) for minutes in (9, 5))
ORDER = Order(
    "A",
    request={"customer_id": "C-1", "contract_id": "K-1"},
    asks=ASKED,
    state=OrderState.WORKING,
    revision=3,
    sequence=7,
    stage=Stage.QUEUED,
    stage_since=EARLIER,
    durations={"discovering": 2.5},
    serial=S,
    attempts=2,
    place_olt="olt-1",
    place_port=PORT,
    cancelled=Stamp(NOON - timedelta(minutes=1), "erp", "c"),
)
UNIT = Unit(S, received={"stock_item_id": "PAT-1", "model": "EG8145V5"})
HERE, THERE = Where(olt_id="olt-1", pon_port=PORT, serial=S), Where(olt_id="olt-2", pon_port=PORT, serial=T)
IDENTITY = {
    "service_order_id": "A",
    "revision": 3,
    "sequence": 8,
    "serial": S,
    "customer_id": "C-1",
    "contract_id": "K-1",
}


def _told(made: tuple[Order, Any], names: set[str]) -> dict[str, Any]:
    data = json.loads(made[1].value)["data"]
    return {name: value for name, value in data.items() if name in names}


def test_progress_tells_the_stage_its_attempt_and_since_when() -> None:
    made = emit.progress(Context(), ORDER, NOON)
    assert made[0] == replace(ORDER, sequence=8)
    names = {*IDENTITY, "stage", "since", "attempt", "code", "params", "text_pt", "text_en"}
    assert _told(made, names) == IDENTITY | {
        "stage": "queued",
        "since": "2026-03-02T09:00:00Z",
        "attempt": 2,
        "code": None,
        "params": {},
        "text_pt": Stage.QUEUED.text_pt,
        "text_en": Stage.QUEUED.text_en,
    }


@pytest.mark.parametrize(
    ("news", "stage_since", "since"),
    [(True, EARLIER, "2026-03-02T12:00:00Z"), (False, None, "2026-03-02T12:00:00Z")],
)
def test_news_are_of_no_stage_and_of_now(news: bool, stage_since: Any, since: str) -> None:
    order = replace(ORDER, stage_since=stage_since)
    told = _told(
        emit.progress(Context(), order, NOON, Say("olt_busy", {"olt": "olt-1"}), news=news),
        {"stage", "since", "code"},
    )
    assert told == {"stage": None if news else "queued", "since": since, "code": "olt_busy"}


def test_progress_with_a_reason_says_its_texts_and_keeps_its_parameters() -> None:
    told = _told(
        emit.progress(Context(), ORDER, NOON, Say("left_claimed", {"other_order": "B", "count": 1})),
        {"params", "text_pt", "text_en"},
    )
    assert told["params"] == {"other_order": "B", "count": "1"}
    assert told["text_pt"] != told["text_en"]
    assert "B" in told["text_pt"]
    assert told["text_pt"] != Stage.QUEUED.text_pt


def test_progress_of_no_stage_and_no_reason_has_no_text() -> None:
    told = _told(emit.progress(Context(), replace(ORDER, stage=None), NOON), {"stage", "text_pt", "text_en"})
    assert told == {"stage": None, "text_pt": "", "text_en": ""}


WORK = {
    "stock_item_id": "PAT-1",
    "model_stock": "EG8145V5",
    "olt_id": "olt-1",
    "pon_port": "0/1/0",
    "attempts": 2,
    "durations_s": {"discovering": 2.5},
}


def test_a_failure_tells_the_work_the_reason_and_when_it_was_asked_for_last() -> None:
    order = replace(ORDER, state=OrderState.FAILED, parked=True)
    say = Say("profile_missing", {"detail": "x"})
    left = tuple(replaced(HERE, str(number)) for number in range(emit.LISTED_MAX + 1))
    done, record = emit.failed(Context(), order, UNIT, say, {"own": left}, NOON)
    names = {*IDENTITY, *WORK, "asked_at", "code", "parked", "last_stage", "retryable"}
    told = _told((done, record), names)
    assert told == IDENTITY | {
        **WORK,
        "asked_at": "2026-03-02T11:55:00Z",
        "code": "profile_missing",
        "parked": True,
        "last_stage": "queued",
        "retryable": True,
    }
    texts = _told((done, record), {"text_pt", "text_en", "action_pt", "action_en"})
    assert len(set(texts.values())) == 4
    assert (done.sequence, done.final_revision) == (8, 3)
    assert done.final
    assert [one["serial"] for one in done.final["own"]] == [str(number) for number in range(emit.LISTED_MAX)]


def replaced(where: Where, serial: str) -> Where:
    return where.model_copy(update={"serial": serial})


@pytest.mark.parametrize(
    ("state", "cancelled", "asks", "asked_at"),
    [
        (OrderState.CANCELLED, ORDER.cancelled, ASKED, "2026-03-02T11:59:00Z"),
        (OrderState.CANCELLED, None, ASKED, "2026-03-02T11:55:00Z"),
        (OrderState.FAILED, ORDER.cancelled, ASKED, "2026-03-02T11:55:00Z"),
        (OrderState.FAILED, None, (), None),
    ],
)
def test_a_result_answers_what_was_asked_last_a_cancelled_order_its_cancellation(
    state: OrderState, cancelled: Stamp | None, asks: tuple[Ask, ...], asked_at: str | None
) -> None:
    order = replace(ORDER, state=state, cancelled=cancelled, asks=asks)
    made = emit.cancelled(Context(), order, None, {}, NOON)
    assert _told(made, {"asked_at"}) == {"asked_at": asked_at}


@pytest.mark.parametrize(
    ("code", "told"), [("cancelled_by_person", "cancelled_by_person"), (None, "cancelled_by_erp")]
)
def test_a_cancelled_order_says_who_cancelled_it(code: str | None, told: str) -> None:
    made = emit.cancelled(Context(), replace(ORDER, cancel_code=code), UNIT, {}, NOON)
    assert _told(made, {"code", "stock_item_id"}) == {"code": told, "stock_item_id": "PAT-1"}
    assert made[0].sequence == 8


def test_an_order_that_never_began_is_told_as_its_first_revision() -> None:
    made = emit.progress(Context(), replace(ORDER, revision=0), NOON)
    assert _told(made, {"revision"}) == {"revision": 1}


def test_a_record_is_of_the_unit_else_of_the_order_and_has_the_id_that_is_given() -> None:
    def headers(order: Order, **more: Any) -> Any:
        return emit.progress(Context(source="here"), order, NOON, **more)[1]

    known, without, given = headers(ORDER), headers(replace(ORDER, serial=None)), headers(ORDER, event_id="E")
    assert [_header(one, "subject") for one in (known, without)] == [S, "A"]
    assert [_header(one, "source") for one in (known, without)] == ["here", "here"]
    assert [one.key for one in (known, without)] == ["A", "A"]
    assert _header(given, "id") == "E"
    assert _header(known, "id") == progress_id("A", 8)
    final = emit.failed(Context(), ORDER, None, Say("profile_missing", {}), {}, NOON)[1]
    assert _header(final, "id") == final_id("A", 3)
    given = emit.failed(Context(), ORDER, None, Say("profile_missing", {}), {}, NOON, event_id="F")[1]
    assert _header(given, "id") == "F"


def _header(record: Any, name: str) -> str:
    return str(json.loads(record.value)[name])


def test_what_stays_is_told_with_its_place_and_what_fills_the_text() -> None:
    left = emit.left(THERE, "left_claimed", {"other_order": "B"})
    assert (left.olt_id, left.pon_port, left.serial, left.code) == ("olt-2", PORT, T, "left_claimed")
    assert "B" in left.text_pt
    assert left.text_pt != left.text_en
    assert "olt-2" in emit.left(THERE, "left_pending_removal").text_pt


def test_places_are_compared_by_olt_port_and_serial() -> None:
    assert emit.places([HERE, THERE]) == {("olt-1", "0/1/0", S), ("olt-2", "0/1/0", T)}
