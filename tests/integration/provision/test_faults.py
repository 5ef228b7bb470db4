"""A bug of ours in a job's run, or outside any: it costs that job an attempt, and its neighbours nothing. On both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.reasons import reason
from tests.stories.plant import OTHER_PORT, Plant, at, cancelled, plant, started
from tests.support.until import until
from vendors.simulator.faults import Fault
from worker import ledger, olt_worker, provision_metrics, scan
from worker.cli import status, words
from worker.cli.olts import _state
from worker.olt_worker import OltWorker
from worker.reconcile import Run, provision
from worker.store import emit, leases, orders, timelines, work
from worker.store.db import StoreFaulty
from worker.store.leases import OltState

ONU = "HWTC1A2B3C4D"
SPARE = "HWTC5E6F7081"
ATTEMPTS = 8


class Bug(Exception):
    """What nobody expects."""


@pytest.fixture(autouse=True)
def unrendered() -> Iterator[None]:
    """Tracebacks are not drawn: that takes seconds."""
    with capture_logs():
        yield


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    async with plant(database_url) as made:
        yield made


async def two_orders(made: Plant) -> None:
    """OS-1, whose run will stumble, and its neighbour on the same OLT."""
    made.plug(ONU)
    made.plug(SPARE, port=OTHER_PORT)
    await made.tell(
        started("OS-1", serial=ONU, **at()), started("OS-2", serial=SPARE, **at(OTHER_PORT), priority=1)
    )


def stumbling(
    on: str, work: Callable[..., Any], times: int | None = None
) -> tuple[Callable[..., Any], list[int]]:
    """`work`, but where an argument speaks of the order `on` it raises; and how often it did so."""
    struck: list[int] = []

    def spoilt(*args: Any, **kwargs: Any) -> Any:
        if (times is None or len(struck) < times) and any(on in repr(arg) for arg in args):
            struck.append(1)
            raise Bug(on)
        return work(*args, **kwargs)

    return spoilt, struck


def stumble_in_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(run: Run) -> Any:
        if run.job.order_id == "OS-1":
            raise Bug
        return await provision(run)

    monkeypatch.setitem(olt_worker.HANDLERS, "provision", run)


def stumble_over_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is there, and lacks what this run asks for: nobody waits for that."""

    async def run(run: Run) -> Any:
        if run.job.order_id == "OS-1":
            raise StoreFaulty("UndefinedColumn: column job.x does not exist")
        return await provision(run)

    monkeypatch.setitem(olt_worker.HANDLERS, "provision", run)


def stumble_while_it_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emit, "completed", stumbling("OS-1", emit.completed)[0])


def stumble_while_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "brief", stumbling("OS-1", orders.brief)[0])


@pytest.mark.parametrize(
    "stumble",
    [
        stumble_in_the_run,
        stumble_over_the_database,
        stumble_while_it_is_recorded,
        stumble_while_it_is_taken,
    ],
)
async def test_a_bug_uses_up_the_attempts_of_its_job_and_its_neighbour_is_served(
    one: Plant, monkeypatch: pytest.MonkeyPatch, stumble: Callable[[pytest.MonkeyPatch], None]
) -> None:
    stumble(monkeypatch)
    await two_orders(one)
    one.work()
    assert (await one.final("OS-2"))["kind"] == "completed"
    final = await one.final("OS-1")
    assert (final["kind"], final["code"]) == ("failed", "attempts_exhausted")
    faults = [step for step in await one.steps("OS-1") if step.kind == "run_failed"]
    assert len(faults) == ATTEMPTS
    assert faults[0].detail == {"code": "internal_error"}


async def test_a_bug_that_passes_costs_one_attempt(one: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    completed, struck = stumbling("OS-1", emit.completed, times=2)
    monkeypatch.setattr(emit, "completed", completed)
    await two_orders(one)
    one.work()
    final = await one.final("OS-1")
    assert (final["kind"], len(struck)) == ("completed", 2)


async def test_what_cannot_be_recorded_at_all_waits_and_its_neighbour_is_served(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble_in_the_run(monkeypatch)
    monkeypatch.setattr(ledger, "conclude", stumbling("order_id='OS-1'", ledger.conclude)[0])
    await two_orders(one)
    one.work()
    assert (await one.final("OS-2"))["kind"] == "completed"

    async def shelved() -> bool:
        [row] = [row for row in await one.jobs() if row.service_order_id == "OS-1"]
        return bool(row.last_code == "internal_error" and row.payload["faults"] >= 2)

    await until(shelved, 10)


async def test_an_order_whose_end_can_never_be_written_says_where_it_waits(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emit, "completed", stumbling("OS-1", emit.completed)[0])
    monkeypatch.setattr(emit, "failed", stumbling("OS-1", emit.failed)[0])
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU, **at()))
    counted = provision_metrics.ERRORS.labels("provision")._value.get()
    one.work()

    async def told() -> dict[str, Any] | None:
        said = [row["data"] for row in await one.results("OS-1")]
        return next((data for data in said if data.get("code") == "result_not_recorded"), None)

    text = reason("result_not_recorded").say().text_pt
    assert (await until(told, 20))["text_pt"] == text
    assert provision_metrics.ERRORS.labels("provision")._value.get() >= counted + ATTEMPTS
    found = await one.store.read(status.look, "OS-1")
    [shown] = found["orders"]
    assert words.summary(shown["order"]) == text
    assert [words.job(job) for job in shown["jobs"] if text in words.job(job)]
    [row] = await one.store.read(timelines.orders, "waiting", 10)
    assert row.text_pt == text


async def test_a_search_that_stumbles_goes_on_later(one: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def look(*args: Any) -> Any:
        asked.append(1)
        if len(asked) < 3:
            raise Bug
        return await looking(*args)

    looking = scan.look
    monkeypatch.setattr(scan, "look", look)
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU))
    one.work()
    assert (await one.final("OS-1"))["kind"] == "completed"


async def test_one_order_that_cannot_be_told_hides_no_other_from_the_search(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "set_place", stumbling("OS-1", orders.set_place)[0])
    one.plug(ONU)
    one.plug(SPARE, port=OTHER_PORT)
    await one.tell(started("OS-1", serial=ONU), started("OS-2", serial=SPARE))
    one.work()
    assert (await one.final("OS-2"))["kind"] == "completed"


@pytest.mark.parametrize("kind", ["deprovision", "save"])
async def test_removals_and_savings_that_stumble_are_tried_again(
    one: Plant, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    whole, asked = olt_worker.HANDLERS[kind], []

    async def run(run: Run) -> Any:
        asked.append(1)
        if len(asked) < 3:
            raise Bug
        return await whole(run)

    monkeypatch.setitem(olt_worker.HANDLERS, kind, run)
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU, **at()))
    one.work()
    await one.final("OS-1")
    await one.tell(cancelled("OS-1"))
    final = await one.final("OS-1", count=2)
    assert (final["kind"], [row["serial"] for row in final["removed"]]) == ("cancelled", [ONU])
    await one.quiet()
    assert len(asked) >= 3
    assert "save" in one.commands()


async def test_one_end_that_cannot_be_written_keeps_no_other_deadline(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emit, "failed", stumbling("OS-1", emit.failed)[0])
    await one.prepared()
    await one.tell(started("OS-1", serial=ONU, **at()), started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    one.store.clock.offset = one.store.clock.offset.__class__(hours=9)
    one.work()
    assert (await one.final("OS-2"))["kind"] == "failed"
    await until(lambda: told_that_its_end_cannot_be_written(one), 10)


async def told_that_its_end_cannot_be_written(made: Plant) -> bool:
    """Whether OS-1 was."""
    return "result_not_recorded" in [row["data"].get("code") for row in await made.results("OS-1")]


# ----------------------------------------------------------------------------------------------------- outside any job


async def state(made: Plant) -> OltState:
    [found] = await until(lambda: made.store.read(leases.overview, ["olt-1"]), 10)
    return found


async def opened(made: Plant) -> None:
    async def look() -> bool:
        return (await state(made)).breaker.state == "open"

    await until(look, 15)
    assert (await state(made)).breaker.code == "internal_error"


async def test_three_bugs_in_a_row_outside_a_job_open_the_breaker_of_that_olt_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "take", stumbling("olt='olt-1'", work.take)[0])
    async with plant(database_url, ["olt-1", "olt-2"]) as made:
        made.plug(ONU)
        made.plug(SPARE, "olt-2")
        await made.tell(started("OS-1", serial=ONU, **at()), started("OS-2", serial=SPARE, **at(olt="olt-2")))
        made.work()
        assert (await made.final("OS-2"))["kind"] == "completed"
        await opened(made)
        monkeypatch.undo()
        assert (await made.final("OS-1"))["kind"] == "completed"
        assert (await state(made)).breaker.state == "closed"


async def test_sessions_that_come_to_nothing_do_not_close_the_breaker_in_between(
    one: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work_on(self: OltWorker, taken: Any, session: Any, *, reused: bool) -> None:
        raise Bug

    monkeypatch.setattr(OltWorker, "_run", work_on)
    one.plug(ONU)
    await one.tell(started("OS-1", serial=ONU, **at()))
    one.work()
    await opened(one)
    assert len(one.sims["olt-1"].olt.journal.logins) == 3
    monkeypatch.undo()
    assert (await one.final("OS-1"))["kind"] == "completed"


# -------------------------------------------------------------------------------------------------- what devices report


@pytest.mark.parametrize("model", ["M" * 300, "EG8145\x85V5", "EG\x9f" + "8" * 250])
async def test_whatever_model_an_onu_reports_its_order_is_completed(one: Plant, model: str) -> None:
    one.plug(ONU, model=model)
    one.plug(SPARE, port=OTHER_PORT)
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()), started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    final = await one.final("OS-1")
    assert (final["kind"], final["attempts"]) == ("completed", 1)
    assert final["model_seen"][:2] == model[:2]
    assert len(final["model_seen"]) <= 200
    assert (await one.final("OS-2"))["kind"] == "completed"


# -------------------------------------------------------------------------------------------- replies nobody understands


@pytest.mark.parametrize("times", [1, 2])
async def test_an_odd_reply_to_a_question_is_asked_again_on_a_new_session(one: Plant, times: int) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="unknown", pattern="^display ont info by-sn", times=times))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    assert (await one.final("OS-1"))["kind"] == "completed"
    assert len(one.sims["olt-1"].olt.journal.logins) == 1 + times
    kept = [step.detail for step in await one.steps("OS-1") if step.kind == "command"]
    odd = [row for row in kept if "flux capacitor" in row["reply"]]
    assert len(odd) == times
    assert all(row["line"].startswith("display ont info") for row in odd)


async def test_an_odd_reply_after_the_change_leaves_no_half_made_registration(one: Plant) -> None:
    one.plug(ONU)
    one.sims["olt-1"].faults.add(Fault(kind="unknown", pattern="^display service-port port"))
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    assert (await one.final("OS-1"))["kind"] == "completed"
    assert [line.split()[:2] for line in one.changes()].count(["ont", "add"]) == 1


async def test_one_order_that_is_answered_oddly_hides_no_other_from_the_search(one: Plant) -> None:
    one.sims["olt-1"].faults.add(
        Fault(kind="unknown", pattern=f"^display ont info by-sn {'48575443' + ONU[4:]}", times=None)
    )
    one.plug(SPARE, port=OTHER_PORT)
    one.sims["olt-1"].faults.add(Fault(kind="unknown", pattern="^display ont autofind"))
    one.work()
    await one.tell(started("OS-1", serial=ONU))
    await one.tell(started("OS-2", serial=SPARE))
    assert (await one.final("OS-2"))["kind"] == "completed"


async def test_a_stranger_whose_row_cannot_be_read_fails_nobody_and_is_named(one: Plant) -> None:
    one.plug("HWTC0000000F", port=OTHER_PORT, model="EG8145V5\r\n   flux capacitor, password ana-2019")
    one.plug(ONU)
    one.work()
    await one.tell(started("OS-1", serial=ONU))
    assert (await one.final("OS-1"))["kind"] == "completed"
    left_out = (await state(one)).left_out
    assert left_out is not None
    assert left_out["count"] == 1
    assert "flux capacitor" in left_out["rows"][0]
    [page] = [line for line in _state(await state(one)) if "could not be read" in line]
    assert page.startswith("1 rows of its lists")
