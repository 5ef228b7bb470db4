"""Saving an OLT's configuration, and the room that its ports have: no database, no socket."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.place import PonPort
from tests.unit.provision.test_runs import NOW, PLATFORM, Books, Line
from vendors.contract import write
from vendors.errors import OltUnreachable, OrderRejected, ProvisioningError
from worker.ledger import Taken
from worker.outcome import Ended, Later
from worker.reconcile import Rules, Run
from worker.saving import save
from worker.store.room import KEPT, told
from worker.store.work import Job

LINES = tuple(write(text, path=()) for text in ("save", "yes"))


def run(refusal: ProvisioningError | None = None, **notes: Any) -> tuple[Run, Line]:
    adapter = SimpleNamespace(PLATFORM=PLATFORM, save=lambda: LINES)
    line, books = Line([], refusal, adapter=adapter), Books()
    job = Job(1, "save", "olt-1", NOW, NOW, notes=notes)
    made: Any = (books, line, None, Rules(b"k"), Taken(job, NOW), lambda: 0.0)
    return Run(*made), line


async def test_every_line_that_saves_is_sent_in_order() -> None:
    job, line = run()
    assert await save(job) == Ended()
    assert line.sent == ["save", "yes"]


async def test_an_olt_that_is_away_is_saved_later_and_that_is_noted() -> None:
    job, line = run(OltUnreachable("away"))
    outcome = await save(job)
    assert isinstance(outcome, Later)
    assert outcome.seconds > 0
    [step] = line.record.take()
    assert (step.kind, step.detail and step.detail["code"]) == ("save_failed", "olt_unreachable")
    assert line.sent == ["save"]


@pytest.mark.parametrize("error", [OrderRejected("no", command="save", reply="no")])
async def test_a_refused_save_is_not_tried_over_and_over(error: ProvisioningError) -> None:
    job, line = run(error)
    assert await save(job) == Ended()
    assert [step.kind for step in line.record.take()] == ["save_failed"]


ONE, TWO, THREE = (PonPort.model_validate(f"0/1/{number}") for number in range(3))


def test_the_room_of_a_port_is_kept_for_a_month_and_the_least_is_told() -> None:
    first = told({}, {ONE: 5, TWO: 9}, NOW)
    assert first["onus_free_least"] == 5
    assert first["ports"].keys() == {"0/1/0", "0/1/1"}
    second = told(first, {ONE: 12}, NOW + timedelta(days=1))
    assert (second["onus_free_least"], second["ports"]["0/1/0"]["onus_free"]) == (9, 12)
    assert second["ports"]["0/1/1"]["at"] == NOW.isoformat(timespec="seconds")
    still = told(first, {THREE: 100}, NOW + KEPT)
    assert still["onus_free_least"] == 5
    late = told(first, {THREE: 100}, NOW + KEPT + timedelta(seconds=1))
    assert (late["onus_free_least"], late["ports"].keys()) == (100, {"0/1/2"})
