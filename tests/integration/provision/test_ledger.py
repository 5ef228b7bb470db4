"""What a run may write, on both databases: briefs, attempts, outcomes, the breaker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from events.outputs import Applied, Left, Optical, Where
from events.reasons import reason
from events.stages import Stage
from schemas.place import PonPort
from tests.integration.provision.support import add_job, job_row, migrated, with_olts
from tests.unit.correlate.town import NOON, RULES, S, T, bound, cancelled, fact, received, started
from vendors.errors import OltBusy, OltUnreachable
from worker import fault, ledger, lifecycle
from worker.breaker import CLOSED, Breaker, BreakerPolicy
from worker.facts import Order
from worker.ledger import Attempt, Learnt, SaveRule, Taken
from worker.notes import Notes
from worker.outcome import Answered, Completed, Ended, Failed, Later, Recorded, Removed, Superseded
from worker.policy import Standing
from worker.retry import RetryPolicy
from worker.store import apply, digests, leases, orders, work
from worker.store.db import Clock, Context, Store
from worker.store.leases import Lease, StaleLease
from worker.store.orders import Achieved, Failure
from worker.store.schema import job, job_step, olt_lease
from worker.store.standing import standing
from worker.store.work import Step

HERE, THERE = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")
SAVE = SaveRule(debounce_s=60, latest_s=600)
STEP = Step("line", "uma linha", {"line": "x"})
POLICY = BreakerPolicy(failures=3)
RETRY = RetryPolicy(jitter=0)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(stopped=NOON), rules=RULES)) as made:
        await with_olts(made, "olt-1", "olt-2")
        yield made


def _lease(conn: Connection, olt: str = "olt-1") -> Lease:
    found = leases.take(conn, olt, "w1", 60.0, NOON)
    assert found
    return found


async def begun(store: Store, *names: str, serial: str = S) -> Lease:
    """Orders whose jobs are due on olt-1 at 0/1/0, and its lease."""
    for name in names:
        await store.run(apply.apply_batch, [fact(started(name, serial), 0)])
        await store.run(_placed, name)
    return await store.run(_lease)


def _placed(conn: Connection, order: str) -> None:
    mine = job.c.service_order_id == order
    conn.execute(update(job).where(mine, job.c.live).values(olt="olt-1", port="0/1/0", payload={}))


async def taken(store: Store, lease: Lease) -> Taken:
    found = await store.run(ledger.take, lease)
    assert found
    return found


async def order(store: Store, name: str = "A") -> Order:
    found = await store.read(orders.find, name)
    assert found
    return found


def _steps(conn: Connection) -> list[str]:
    return list(conn.execute(select(job_step.c.kind).order_by(job_step.c.id)).scalars())


def _saves(conn: Connection) -> list[tuple[str, Any, Any]]:
    rows = conn.execute(select(job).where(job.c.live, job.c.kind == "save").order_by(job.c.olt))
    return [(row.olt, row.due_at - NOON, row.deadline_at - NOON) for row in rows]


async def record(
    store: Store, lease: Lease, one: work.Job, outcome: Any, learnt: Learnt | None = None
) -> Any:
    """The job after its outcome was written."""
    await store.run(ledger.record, lease, one, outcome, learnt or Learnt())
    return await store.read(job_row, one.id)


# --------------------------------------------------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([started("A", S)], ("nobody", None)),
        ([received(S), bound(S, "A"), started("A", S)], ("here", None)),
        ([received(S), bound(S, "B"), started("A", S)], ("elsewhere", None)),
        ([started("B", S), started("A", T)], ("nobody", "B")),
        ([started("C", S), started("B", S, "L"), started("A", T)], ("nobody", "C")),
    ],
)
async def test_a_standing_says_who_is_bound_who_claims_and_what_is_its_own_on_this_olt_alone(
    store: Store, facts: list[Any], expected: tuple[str, str | None]
) -> None:
    await store.run(apply.apply_batch, [fact(data, minute) for minute, data in enumerate(facts)])
    await store.run(orders.own, "A", "olt-1", HERE, S)
    await store.run(orders.own, "A", "olt-2", THERE, S)
    await store.run(orders.own, "A", "olt-1", THERE, T)
    for lit in (False, True):
        found = await store.read(_standing, lit)
        assert found == Standing(expected[0], frozenset({HERE}), expected[1], lit)  # type: ignore[arg-type]


def _standing(conn: Connection, lit: bool) -> Standing:
    return standing(conn, "A", "olt-1", S, lit=lit)


async def test_digests_are_kept_by_olt_serial_and_field_until_the_registration_is_gone(store: Store) -> None:
    await store.run(digests.keep, "olt-1", S, {"wan": "1", "wifi.1": "2"})
    await store.run(digests.keep, "olt-1", S, {"wan": "3"})
    await store.run(digests.keep, "olt-1", S, {})
    await store.run(digests.keep, "olt-1", T, {"wan": "4"})
    await store.run(digests.keep, "olt-2", S, {"wan": "5"})
    assert await store.read(digests.find, "olt-1", S) == {"wan": "3", "wifi.1": "2"}
    await store.run(digests.forget, "olt-1", S)
    assert await store.read(digests.find, "olt-1", S) == {}
    assert await store.read(digests.find, "olt-1", T) == {"wan": "4"}
    assert await store.read(digests.find, "olt-2", S) == {"wan": "5"}


async def test_a_job_comes_with_its_order_its_place_its_rights_and_its_digests(store: Store) -> None:
    lease = await begun(store, "A")
    await store.run(orders.own, "A", "olt-1", HERE, S)
    await store.run(digests.keep, "olt-1", S, {"wan": "1"})
    found = await taken(store, lease)
    assert found.brief is not None
    assert (found.brief.order.id, found.brief.unit.serial, found.now) == ("A", S, NOON)
    assert dict(found.standings) == {S: Standing("nobody", frozenset({HERE}))}
    assert dict(found.digests) == {"wan": "1"}
    assert (found.void, found.fault, found.in_doubt) == (False, False, False)
    assert found.people == ("Ana Sousa",)
    assert (await store.read(job_row, found.job.id)).state == "running"
    after = await order(store)
    assert (after.stage, after.place_olt, after.place_port) == (Stage.DISCOVERING, "olt-1", HERE)


async def test_a_stage_that_was_reached_is_not_begun_again_and_light_is_remembered(store: Store) -> None:
    lease = await begun(store, "A")
    await store.run(orders.set_stage, "A", 1, Stage.VERIFYING)
    await store.run(_noted, Notes(lit=True).kept())
    found = await taken(store, lease)
    assert (await order(store)).stage == Stage.VERIFYING
    assert found.standings[S].lit_at_new_place


def _noted(conn: Connection, notes: dict[str, Any]) -> None:
    conn.execute(update(job).where(job.c.service_order_id == "A", job.c.live).values(payload=notes))


@pytest.mark.parametrize("values", [{"port": None}, {"serial": None}, {"revision": 7}])
async def test_a_job_that_belongs_to_no_order_at_work_ends_at_once(
    store: Store, values: dict[str, Any]
) -> None:
    lease = await begun(store, "A")
    await store.run(_changed, values)
    found = await taken(store, lease)
    assert found.void
    row = await store.read(job_row, found.job.id)
    assert (row.live, row.state) == (False, "done")
    assert (await order(store)).place_olt is None


def _changed(conn: Connection, values: dict[str, Any]) -> None:
    conn.execute(update(job).where(job.c.service_order_id == "A", job.c.live).values(values))


# -------------------------------------------------------------------------------------------------------------- attempts


@pytest.mark.parametrize("adds", [HERE, None])
async def test_an_attempt_is_written_down_before_its_first_byte(store: Store, adds: PonPort | None) -> None:
    """What it registers becomes its own, and what was known of a registration before is forgotten."""
    lease = await begun(store, "A")
    await store.run(digests.keep, "olt-1", S, {"wan": "1"})
    one = (await taken(store, lease)).job
    attempt = Attempt(Notes(attempts=1, changed=True), Stage.AUTHORISING, (STEP,), adds)
    assert await store.run(ledger.open_attempt, lease, one, attempt, SAVE)
    after, row = await order(store), await store.read(job_row, one.id)
    assert (after.stage, after.attempts) == (Stage.AUTHORISING, 1)
    assert (row.open_attempt, row.attempts, Notes.of(row.payload).changed) == (True, 1, True)
    assert await store.read(_saves) == [("olt-1", timedelta(seconds=60), timedelta(seconds=600))]
    assert "line" in await store.read(_steps)
    owned = await store.read(orders.owned_by, "A")
    assert [(one.olt, one.port, one.serial) for one in owned] == ([("olt-1", HERE, S)] if adds else [])
    assert await store.read(digests.find, "olt-1", S) == ({} if adds else {"wan": "1"})


async def test_an_attempt_of_an_order_that_is_wanted_no_more_does_not_begin(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    attempt = Attempt(Notes(attempts=1), Stage.AUTHORISING, (STEP,), HERE)
    assert not await store.run(ledger.open_attempt, lease, one, attempt, SAVE)
    assert not await store.run(ledger.open_removal, lease, one, (STEP,), SAVE)
    assert not await store.run(ledger.goes_on, lease, one.id)
    assert await store.read(orders.owned_by, "A") == ()
    assert await store.read(_saves) == []


async def test_an_attempt_of_a_job_that_lives_on_after_its_order_does_not_begin(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(_at_an_end)
    attempt = Attempt(Notes(attempts=1), Stage.AUTHORISING, (STEP,), HERE)
    assert not await store.run(ledger.open_attempt, lease, one, attempt, SAVE)
    assert await store.read(orders.owned_by, "A") == ()


def _at_an_end(conn: Connection) -> None:
    found = orders.find(conn, "A")
    assert found
    orders.write(conn, lifecycle.complete(found, NOON), NOON)


@pytest.mark.parametrize("open_attempt", [True, False])
async def test_moving_on_keeps_what_was_sent_and_closes_an_attempt_that_has_sent_all(
    store: Store, open_attempt: bool
) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    assert await store.run(
        ledger.open_attempt, lease, one, Attempt(Notes(attempts=1), Stage.AUTHORISING, ()), SAVE
    )
    moved = (lease, one, Stage.CONFIGURING, (STEP,))
    assert await store.run(ledger.move_on, *moved, open_attempt=open_attempt)
    assert (await order(store)).stage == Stage.CONFIGURING
    assert (await store.read(job_row, one.id)).open_attempt is open_attempt
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    assert not await store.run(ledger.move_on, *moved, open_attempt=open_attempt)
    assert (await store.read(_steps)).count("line") == 2


async def test_nobody_writes_under_a_lease_that_is_lost(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(leases.release, lease)
    await store.run(_lease)
    attempt = Attempt(Notes(), Stage.AUTHORISING, ())
    for work_, more in (
        (ledger.take, ()),
        (ledger.goes_on, (one.id,)),
        (ledger.open_attempt, (one, attempt, SAVE)),
        (ledger.open_removal, (one, (), SAVE)),
        (ledger.move_on, (one, Stage.CONFIGURING, ())),
        (ledger.record, (one, Ended(), Learnt())),
        (ledger.put_back, (one, ())),
        (ledger.not_connected, (OltUnreachable("x"), "x", POLICY, 0.0)),
        (ledger.connected, ()),
        (ledger.faulted, (None, POLICY, 0.0)),
        (ledger.save_now, ()),
    ):
        with pytest.raises(StaleLease):
            await store.run(work_, lease, *more)  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------------------- outcomes


def achieved(port: PonPort = HERE) -> Achieved:
    return Achieved("olt-1", port, 3, Applied(), Optical(), changed=True)


@pytest.mark.parametrize("own", [True, False])
async def test_an_order_that_is_done_owns_what_it_made_and_nothing_that_is_gone(
    store: Store, own: bool
) -> None:
    lease = await begun(store, "A")
    await store.run(orders.own, "A", "olt-1", THERE, S)
    one = (await taken(store, lease)).job
    row = await record(store, lease, one, Completed(achieved(), applied={"wan": "1"}, own=own, gone=(THERE,)))
    assert (row.live, row.state) == (False, "done")
    assert (await order(store)).state.value == "completed"
    owned = await store.read(orders.owned_by, "A")
    assert [(one.olt, one.port) for one in owned] == ([("olt-1", HERE)] if own else [])
    assert await store.read(digests.find, "olt-1", S) == {"wan": "1"}


async def test_a_failed_run_fails_its_order_and_a_job_without_one_just_ends(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    failed = Failed(Failure("profile_missing", {"detail": "x"}))
    assert not (await record(store, lease, one, failed)).live
    after = await order(store)
    assert (after.state.value, after.last_code) == ("failed", "profile_missing")
    await store.run(add_job, "olt-1", kind="save", due_at=NOON)
    save = (await taken(store, lease)).job
    assert not (await record(store, lease, save, failed)).live


@pytest.mark.parametrize("outcome", [Ended(), Superseded(), Recorded(), Answered({"answer": 1})])
async def test_a_job_that_has_nothing_left_to_do_ends_and_its_order_hears_nothing(
    store: Store, outcome: Any
) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    before = await order(store)
    row = await record(store, lease, one, outcome)
    assert (row.live, row.state) == (False, "done")
    assert row.payload == ({"answer": 1} if isinstance(outcome, Answered) else {})
    assert await order(store) == before


@pytest.mark.parametrize(
    ("stage", "window", "first"),
    [
        (Stage.VERIFYING, "2026-03-02T12:00:00+00:00", "first"),
        (Stage.VERIFYING, None, None),
        (Stage.WAITING_FOR_LIGHT, "2026-03-02T12:00:00+00:00", "first"),
        (Stage.WAITING_FOR_LIGHT, None, None),
        (Stage.QUEUED, "2026-03-02T12:00:00+00:00", None),
        (Stage.QUEUED, None, None),
    ],
)
async def test_a_job_for_later_is_due_after_its_pause_and_its_first_verification_goes_before(
    store: Store, stage: Stage, window: str | None, first: str | None
) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    outcome = Later(
        7.0, Notes(window=window).kept(), stage, "olt_busy", {"olt": "olt-1"}, applied={"wan": "1"}
    )
    row = await record(store, lease, one, outcome)
    assert (row.live, row.state, row.due_at) == (True, "due", NOON + timedelta(seconds=7))
    assert (row.stage is not None) is (first is not None)
    assert row.last_code == "olt_busy"
    assert "olt-1" in row.last_text
    assert row.payload["window"] == window
    after = await order(store)
    assert (after.stage, after.last_code) == (stage, "olt_busy")
    assert await store.read(digests.find, "olt-1", S) == {"wan": "1"}


async def test_a_look_for_later_tells_no_order(store: Store) -> None:
    lease = await begun(store)
    await store.run(add_job, "olt-1", due_at=NOON)
    one = (await taken(store, lease)).job
    row = await record(store, lease, one, Later(5.0, {"unread": 1}, Stage.QUEUED, "unknown_reply"))
    assert (row.state, row.payload, row.last_code) == ("due", {"unread": 1}, "unknown_reply")


async def test_what_a_run_has_learnt_is_kept_even_if_its_order_wants_something_else_by_now(
    store: Store,
) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    row = await record(
        store, lease, one, Completed(achieved(), own=True), Learnt((STEP,), {HERE: 5}, ("odd row",))
    )
    assert row.state == "dropped"
    assert (await order(store)).state.value == "cancelled"
    assert await store.read(orders.owned_by, "A") == ()
    assert "line" in await store.read(_steps)
    olt = await store.read(_olt)
    assert olt.room["onus_free_least"] == 5
    assert olt.left_out["rows"] == ["odd row"]


def _olt(conn: Connection) -> Any:
    return conn.execute(select(olt_lease).where(olt_lease.c.olt == "olt-1")).one()


async def test_the_outcome_of_one_job_and_the_next_one_are_one_transaction(store: Store) -> None:
    lease = await begun(store, "A")
    await store.run(add_job, "olt-1", kind="scan", due_at=NOON)
    one = (await taken(store, lease)).job
    following = await store.run(ledger.record_and_take, lease, one, Ended(), Learnt(), work.KINDS)
    assert following is not None
    assert following.job.id != one.id
    assert not (await store.read(job_row, one.id)).live
    last = await store.run(ledger.record_and_take, lease, following.job, Ended(), Learnt(), work.KINDS)
    assert last is None


# -------------------------------------------------------------------------------------------------------------- removals


def where(olt: str, port: PonPort = HERE) -> Where:
    return Where(olt_id=olt, pon_port=port, serial=S)


def stays(olt: str, port: PonPort) -> Left:
    told = {"code": "left_online", "text_pt": "Fica.", "text_en": "Stays."}
    return Left.model_validate({"olt_id": olt, "pon_port": str(port), "serial": S} | told)


async def test_the_last_removal_of_a_cancelled_order_ends_it_and_tells_what_all_have_done(
    store: Store,
) -> None:
    lease = await begun(store, "A")
    for olt in ("olt-1", "olt-2"):
        await store.run(orders.own, "A", olt, HERE, S)
        await store.run(digests.keep, olt, S, {"wan": "1"})
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    first = await taken(store, lease)
    assert (first.order and first.order.id, first.void) == ("A", False)
    assert dict(first.standings) == {S: Standing("nobody", frozenset({HERE}), lit_at_new_place=True)}
    assert await store.run(ledger.open_removal, lease, first.job, (STEP,), SAVE)
    opened = await store.read(job_row, first.job.id)
    assert (opened.open_attempt, opened.payload["attempts"]) == (True, 1)
    assert await store.read(_saves) == [("olt-1", timedelta(seconds=60), timedelta(seconds=600))]

    row = await record(store, lease, first.job, Removed((where("olt-1"),), (), ((S, "0/1/0"),)))
    assert (row.live, row.open_attempt) == (False, False)
    assert row.payload["registrations"] == [[S, "0/1/0"]]
    assert (await order(store)).state.value == "cancelling"
    assert [one.olt for one in await store.read(orders.owned_by, "A")] == ["olt-2"]
    assert await store.read(digests.find, "olt-1", S) == {}
    assert await store.read(digests.find, "olt-2", S) == {"wan": "1"}

    other = await store.run(_lease, "olt-2")
    second = (await taken(store, other)).job
    await record(store, other, second, Removed((), (stays("olt-2", HERE),)))
    done = await order(store)
    assert done.state.value == "cancelled"
    assert done.final is not None
    assert [row["olt_id"] for row in done.final["removed"]] == ["olt-1"]
    assert [row["olt_id"] for row in done.final["left"]] == ["olt-2"]


async def test_removing_a_former_place_of_a_completed_order_says_nothing_more_of_it(store: Store) -> None:
    lease = await begun(store, "A")
    await store.run(orders.own, "A", "olt-1", THERE, S)
    one = (await taken(store, lease)).job
    await record(store, lease, one, Completed(achieved(), own=True))
    before = await order(store)
    former = (await taken(store, lease)).job
    assert (former.kind, ledger.registrations(former)) == ("deprovision", [(S, THERE)])
    await record(store, lease, former, Removed((where("olt-1", THERE),), (), ((S, "0/1/7"),)))
    assert await order(store) == before
    assert [one.port for one in await store.read(orders.owned_by, "A")] == [HERE]


# ------------------------------------------------------------------------------------------------------------ connections


async def test_a_job_that_is_put_back_is_due_as_it_was(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(ledger.put_back, lease, one, (STEP,))
    row = await store.read(job_row, one.id)
    assert (row.state, row.due_at, row.live) == ("due", one.due_at, True)
    assert "line" in await store.read(_steps)
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    await store.run(ledger.put_back, lease, one, (STEP,))
    assert (await store.read(job_row, one.id)).state == "dropped"


async def test_those_who_wait_are_told_when_the_code_is_new_and_when_the_breaker_opens(store: Store) -> None:
    lease = await begun(store, "A")

    async def failed(error: Any) -> tuple[str, int, str | None, int]:
        await store.run(ledger.not_connected, lease, error, "told", POLICY, 0.0)
        breaker = await store.read(leases.breaker_of, "olt-1")
        told = (await store.read(_steps)).count("stage")
        return breaker.state, breaker.failures, (await order(store)).last_code, told

    before = (await store.read(_steps)).count("stage")
    assert await failed(OltBusy("x")) == ("closed", 0, "olt_busy", before + 1)
    assert await failed(OltBusy("x")) == ("closed", 0, "olt_busy", before + 1)
    assert await failed(OltUnreachable("x")) == ("closed", 1, "olt_unreachable", before + 2)
    assert await failed(OltUnreachable("x")) == ("closed", 2, "olt_unreachable", before + 2)
    assert (await failed(OltUnreachable("x")))[:2] == ("open", 3)
    opened = await store.run(ledger.connected, lease)
    assert (opened.state, opened.failures, opened.text) == ("open", 3, "told")
    assert await store.read(leases.breaker_of, "olt-1") == CLOSED
    assert (await store.read(_olt)).session_open


@pytest.mark.parametrize(
    ("before", "failures"), [(None, 1), (Breaker("closed", 1), 2), (Breaker("open", 4), 5)]
)
async def test_a_bug_outside_any_job_counts_for_the_breaker_as_it_was_before_the_session(
    store: Store, before: Breaker | None, failures: int
) -> None:
    lease = await begun(store)
    await store.run(ledger.faulted, lease, before, POLICY, 0.0)
    after = await store.read(leases.breaker_of, "olt-1")
    assert (after.state, after.failures) == ("open" if failures >= 3 else "closed", failures)
    assert after.code == "internal_error"


async def test_what_is_unsaved_is_due_at_once_before_an_olt_is_left_alone(store: Store) -> None:
    lease = await begun(store)
    for olt in ("olt-1", "olt-2"):
        await store.run(work.save_soon, olt, NOON, 60.0, 600.0)
    await store.run(ledger.save_now, lease)
    assert await store.read(_saves) == [
        ("olt-1", timedelta(), timedelta()),
        ("olt-2", timedelta(seconds=60), timedelta(seconds=600)),
    ]


# ------------------------------------------------------------------------------------------------------------ bugs of ours


async def test_a_try_that_a_bug_has_ended_is_counted_by_what_the_job_has_noted_by_now(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(_noted, Notes(attempts=3, faults=1).kept())
    outcome = await store.run(fault.record, lease, one, RETRY, 0.0, Learnt((STEP,)))
    assert isinstance(outcome, Later)
    row = await store.read(job_row, one.id)
    kept = Notes.of(row.payload)
    assert (kept.attempts, kept.faults) == (3, 2)
    assert (row.state, row.due_at) == ("due", NOON + timedelta(seconds=10))
    assert (await store.read(_steps))[-1] == "stage"
    assert {"line", "run_failed"} <= set(await store.read(_steps))


async def test_a_job_of_which_nothing_else_can_be_recorded_waits(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    for faults, pause_s in ((1, 5), (2, 10)):
        await store.run(fault.shelve, lease, one, RETRY, 0.0)
        row = await store.read(job_row, one.id)
        assert (row.state, row.last_code, row.payload["faults"]) == ("due", "internal_error", faults)
        assert row.due_at == NOON + timedelta(seconds=pause_s)
        assert row.last_text == reason("result_not_recorded").say().text_pt


async def test_an_order_whose_end_cannot_be_written_is_told_so_once_and_keeps_its_stage(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    before = await order(store)
    for _ in range(2):
        await store.run(fault.shelve, lease, one, RETRY, 0.0)
        await store.run(fault.tell, lease, one)
    after = await order(store)
    assert (after.last_code, after.stage) == ("result_not_recorded", before.stage)
    assert (after.stage_since, after.sequence) == (before.stage_since, before.sequence + 1)


async def test_a_bug_in_the_run_of_an_order_that_is_wanted_no_more_costs_nothing(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(apply.apply_batch, [fact(cancelled("A"), 90)])
    assert isinstance(await store.run(fault.record, lease, one, RETRY, 0.0, Learnt((STEP,))), Superseded)
    assert isinstance(await store.run(fault.shelve, lease, one, RETRY, 0.0), Superseded)
    assert (await store.read(job_row, one.id)).state == "dropped"
    assert "run_failed" in await store.read(_steps)


async def test_what_a_step_says_is_kept_with_its_job_and_its_order(store: Store) -> None:
    lease = await begun(store, "A")
    one = (await taken(store, lease)).job
    await store.run(work.add_steps, one, [STEP, Step("bare")], NOON)
    rows = await store.read(_rows)
    assert [(row.kind, row.text, row.detail) for row in rows] == [
        ("line", "uma linha", {"line": "x"}),
        ("bare", None, None),
    ]
    assert {(row.job_id, row.service_order_id, row.revision, row.at) for row in rows} == {
        (one.id, "A", 1, NOON)
    }


def _rows(conn: Connection) -> list[Any]:
    kinds = job_step.c.kind.in_(("line", "bare"))
    return list(conn.execute(select(job_step).where(kinds).order_by(job_step.c.id)))
