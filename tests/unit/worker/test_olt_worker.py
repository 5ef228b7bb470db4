"""The life of a lease: which jobs are taken, when the session is kept or closed, what an ending of each kind leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from events.outputs import Optical
from schemas.inventory import Olt
from schemas.place import PonPort
from tests.support.until import until
from vendors.contract import Platform
from vendors.errors import OltUnreachable, UnknownReply
from vendors.registry import vendor
from worker import fault, ledger, olt_worker, provision_metrics
from worker.breaker import Breaker
from worker.ledger import Learnt, Taken
from worker.olt_line import Interrupted, Record
from worker.olt_worker import BURST_S, OltWorker, Shared
from worker.outcome import Completed, Ended, Failed, Later, Outcome, Recorded
from worker.reconcile import Rules
from worker.store.db import DataRefused, StoreUnavailable
from worker.store.leases import StaleLease
from worker.store.orders import Achieved, Failure
from worker.store.work import KINDS, Job, Step

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLT = Olt(id="olt-1", site="centro", platform="huawei_smartax", address="192.0.2.1", transport="telnet")
PLATFORM: Platform = vendor(OLT.platform).adapter.PLATFORM
UNREACHABLE = Later(5.0, {}, code="olt_unreachable")


BRIEF = cast(
    "Any",
    SimpleNamespace(order=SimpleNamespace(traceparent=None, request=None), unit=SimpleNamespace(traces=())),
)


def taken(number: int, kind: str = "provision", *, fault: bool = False) -> Taken:
    job = Job(number, kind, OLT.id, NOW, NOW)
    if kind != "provision":
        return Taken(job, NOW)
    return Taken(replace(job, order_id=f"OS-{number}", revision=1), NOW, brief=BRIEF, fault=fault)


class Session:
    def __init__(self) -> None:
        self.dead = False
        self.idle_s = 0.0
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1


class Held:
    """A lease that stands until it is told that it does not."""

    def __init__(self) -> None:
        self.lease = SimpleNamespace(olt=OLT.id, fence=7)
        self.wanted_back = False
        self.left_s = 60.0
        self.released = 0
        self.lost = asyncio.Event()
        self.kept = False

    async def keep(self) -> None:
        self.kept = True
        await self.lost.wait()
        raise StaleLease(OLT.id)

    async def release(self) -> None:
        self.released += 1

    def may_send(self, timeout_s: float) -> None:
        """It always may."""


class Ground:
    """What an OLT's worker stands on: the ledger gives `jobs` out and notes what is done; `runs` say how each run ends."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *jobs: Taken | BaseException) -> None:
        self.jobs = list(jobs)
        self.runs: dict[int, Outcome | BaseException | Callable[[], Outcome]] = {}
        self.did: list[tuple[Any, ...]] = []
        self.raises: dict[str, list[BaseException]] = {}
        self.sessions: list[Session] = []
        self.now = 100.0
        self.held = Held()
        self.before: Breaker | None = None
        self.asked_for: list[Sequence[str]] = []
        for kind in KINDS:
            monkeypatch.setitem(olt_worker.HANDLERS, kind, self._run)
        monkeypatch.setattr(olt_worker, "patiently", self._patiently)
        self.shared = Shared(
            store=cast("Any", SimpleNamespace(run=self._store)),
            config=cast("Any", None),
            rules=Rules(digest_key=b"k"),
            connect=cast("Any", Connecting(self)),
            adapter=lambda platform: vendor(platform).adapter,
            parallel=asyncio.Semaphore(1),
            clock=lambda: self.now,
        )
        self.worker = OltWorker(self.shared, OLT, cast("Any", self.held), _began=self.now)

    async def _run(self, run: Any) -> Outcome:
        assert self.worker.state == "working"
        self.did.append(("run", run.job.id))
        end = self.runs.get(run.job.id, Ended())
        if isinstance(end, BaseException):
            raise end
        return end() if callable(end) else end

    async def _store(self, work: Any, *arguments: Any) -> Any:
        return await self._patiently(self.held, work, *arguments)

    async def _patiently(self, held: Any, work: Any, *arguments: Any) -> Any:
        assert held is self.held
        name = f"{work.__module__.rpartition('.')[2]}.{work.__name__}"
        if self.raises.get(name):
            raise self.raises[name].pop(0)
        lease, *rest = arguments
        assert lease is self.held.lease
        if noted := self._noted(work, rest):
            self.did.append(noted)
        if work in {ledger.take, ledger.record_and_take}:
            return self._next(rest[-1])
        if work in {fault.record, fault.shelve}:
            return Later(1.0, {}, code=fault.CODE)
        return self.before if work is ledger.connected else None

    @staticmethod
    def _noted(work: Any, rest: Sequence[Any]) -> tuple[Any, ...] | None:
        job: Any = rest[0] if rest else None
        noted: dict[Any, Callable[[], tuple[Any, ...] | None]] = {
            ledger.take: lambda: None,
            ledger.record_and_take: lambda: ("recorded", job.id, rest[1]),
            ledger.record: lambda: ("recorded", job.id, rest[1]),
            ledger.put_back: lambda: ("put back", job.id, list(rest[1])),
            ledger.connected: lambda: ("connected", *rest),
            ledger.not_connected: lambda: ("not connected", rest[0].reason),
            fault.record: lambda: ("fault", job.id, rest[3]),
            fault.shelve: lambda: ("shelved", job.id),
            fault.tell: lambda: ("told", job.id),
            ledger.faulted: lambda: ("breaker", rest[0]),
        }
        return noted.get(work, lambda: (work.__name__, *rest))()

    def _next(self, kinds: Sequence[str]) -> Taken | None:
        self.asked_for.append(kinds)
        for job in self.jobs:
            if isinstance(job, BaseException):
                self.jobs.remove(job)
                raise job
            if job.job.kind in kinds:
                self.jobs.remove(job)
                return job
        return None

    async def live(self) -> list[str]:
        """The whole life, without waiting for more work; which jobs ran, were recorded, put back."""
        self.shared.idle_s = 0.0
        await asyncio.wait_for(self.worker.run(), 10)
        return self.told()

    def told(self) -> list[str]:
        """What was done, in words."""
        return [f"{what} {rest[0]}" if rest else what for what, *rest in self.did if what != "connected"]


class Connecting:
    """Opens sessions, or raises."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.raises: BaseException | None = None

    async def __call__(self, olt: Olt, audit: Any, may_send: Any) -> Session:
        assert (olt, may_send) == (OLT, self.ground.held.may_send)
        assert self.ground.worker.state == "connecting"
        if self.raises:
            raise self.raises
        self.ground.sessions.append(Session())
        return self.ground.sessions[-1]

    def credential(self, olt: Olt, key: bytes) -> str:
        return f"{olt.id} {key.decode()}"


Make = Callable[..., Ground]


def ends(first: Callable[[], object], outcome: Outcome | None = None) -> Callable[[], Outcome]:
    """A run that does something before it ends."""

    def end() -> Outcome:
        first()
        return outcome or Ended()

    return end


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    return lambda *jobs: Ground(monkeypatch, *jobs)


def count(metric: Any, *labels: str) -> float:
    return float((metric.labels(*labels) if labels else metric)._value.get())


async def test_jobs_run_one_after_another_on_one_session_that_is_closed_at_the_end(make: Make) -> None:
    ground = make(taken(1), taken(2, "scan"), taken(3, "save"))
    sessions, leases = count(provision_metrics.SESSIONS), count(provision_metrics.LEASES)
    assert await ground.live() == ["run 1", "recorded 1", "run 2", "recorded 2", "run 3", "recorded 3"]
    assert [session.closed for session in ground.sessions] == [1]
    assert ground.did[0] == ("connected", "olt-1 k")
    assert (ground.held.released, ground.held.kept) == (1, True)
    assert (count(provision_metrics.SESSIONS), count(provision_metrics.LEASES)) == (sessions, leases)


async def test_a_lease_without_work_opens_no_session(make: Make) -> None:
    ground = make()
    assert await ground.live() == []
    assert (ground.sessions, ground.held.released) == ([], 1)


async def test_a_void_job_is_passed_over(make: Make) -> None:
    ground = make(replace(taken(1), brief=None), taken(2))
    assert await ground.live() == ["run 2", "recorded 2"]


async def test_an_idle_session_is_kept_for_new_work_and_then_closed(make: Make) -> None:
    ground = make(taken(1))
    ground.shared.idle_s = 0.5
    task = asyncio.create_task(ground.worker.run())

    async def idle() -> bool:
        return not ground.jobs and ground.worker.state == "idle"

    await until(idle, every_s=0)
    ground.jobs.append(taken(2))
    ground.worker.wake.set()
    await until(idle, every_s=0)
    assert ground.told() == ["run 1", "recorded 1", "run 2", "recorded 2"]
    ground.sessions[0].idle_s = 1.0
    await asyncio.wait_for(task, 5)
    assert [session.closed for session in ground.sessions] == [1]


@pytest.mark.parametrize(
    "end",
    [
        lambda ground: setattr(ground.sessions[0], "idle_s", 60.0),
        lambda ground: setattr(ground.sessions[0], "dead", True),
        lambda ground: setattr(ground.held, "left_s", 0.0),
        lambda ground: setattr(ground.worker, "kinds", ("scan",)),
    ],
    ids=["idle-for-long", "dead", "lease-over", "only-some-kinds"],
)
async def test_there_is_nothing_to_wait_for(make: Make, end: Callable[[Ground], None]) -> None:
    ground = make()
    ground.worker.session = cast("Any", Session())
    ground.sessions.append(cast("Session", ground.worker.session))
    end(ground)
    assert not await asyncio.wait_for(ground.worker._idle(), 1)
    assert ground.worker.state == "idle"


async def test_without_a_session_nothing_is_waited_for(make: Make) -> None:
    assert not await asyncio.wait_for(make().worker._idle(), 1)


async def test_a_session_with_time_left_waits_until_it_is_woken(make: Make) -> None:
    ground = make()
    ground.worker.session = cast("Any", Session())
    waiting = asyncio.create_task(ground.worker._idle())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    ground.worker.wake.set()
    assert await asyncio.wait_for(waiting, 1)


async def test_who_is_told_to_stop_takes_no_other_job(make: Make) -> None:
    ground = make(taken(1), taken(2))
    ground.runs[1] = ends(ground.worker.stop)
    assert await ground.live() == ["run 1", "recorded 1"]
    assert [job.job.id for job in ground.jobs if isinstance(job, Taken)] == [2]
    assert ground.held.released == 1


async def test_a_job_that_was_taken_and_not_begun_is_given_back(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = make(taken(1), taken(2))
    tell = ground.worker._tell

    def stop_after(*arguments: Any) -> None:
        tell(*arguments)
        ground.worker.stop()

    monkeypatch.setattr(ground.worker, "_tell", stop_after)
    assert await ground.live() == ["run 1", "recorded 1", "put back 2"]
    assert ground.did[-1] == ("put back", 2, [])


async def test_a_person_who_wants_the_olt_has_it_saved_and_left(make: Make) -> None:
    ground = make(taken(1), taken(2), taken(3, "save"))
    ground.runs[1] = ends(ground.worker.hand_back)
    assert await ground.live() == ["run 1", "recorded 1", "save_now", "run 3", "recorded 3"]
    assert [job.job.id for job in ground.jobs if isinstance(job, Taken)] == [2]
    assert ground.sessions[0].closed == 1


async def test_an_olt_is_worked_on_for_a_minute_while_others_wait(make: Make) -> None:
    ground = make(taken(1), taken(2), taken(3))
    ground.shared.crowded = True

    def pass_by(seconds: float) -> None:
        ground.now += seconds

    ground.runs = {1: ends(lambda: pass_by(BURST_S)), 2: ends(lambda: pass_by(0.1))}
    assert await ground.live() == ["run 1", "recorded 1", "run 2", "recorded 2"]


async def test_and_for_longer_while_nobody_waits(make: Make) -> None:
    ground = make(taken(1), taken(2))
    ground.now += 10 * BURST_S
    assert await ground.live() == ["run 1", "recorded 1", "run 2", "recorded 2"]


async def test_a_lost_lease_is_said_and_ends_the_work(make: Make) -> None:
    ground = make(taken(1), StaleLease(OLT.id))
    lost = count(provision_metrics.LEASES_LOST)
    with capture_logs() as logged:
        await ground.live()
    assert ("lease_lost", 7) in [(line["event"], line.get("fence")) for line in logged]
    assert (count(provision_metrics.LEASES_LOST), ground.held.released) == (lost + 1, 1)
    assert ground.sessions[0].closed == 1


async def test_who_waits_learns_that_the_lease_is_lost(make: Make) -> None:
    ground = make()
    keeping = asyncio.create_task(ground.worker._keep())
    await asyncio.sleep(0)
    assert not ground.worker.wake.is_set()
    ground.held.lost.set()
    await keeping
    assert ground.worker.wake.is_set()


async def test_a_database_that_is_away_ends_the_work_without_blame(make: Make) -> None:
    ground = make(StoreUnavailable("away"))
    with capture_logs() as logged:
        assert await ground.live() == []
    assert [line["event"] for line in logged] == ["store_unavailable"]
    assert ground.held.released == 1


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, None),
        (Breaker(failures=2, code="internal_error"), Breaker(failures=2, code="internal_error")),
        (Breaker(failures=2, code="olt_unreachable"), None),
    ],
    ids=["no-breaker", "bugs-before", "another-reason"],
)
async def test_a_bug_outside_any_job_counts_for_the_breaker_of_bugs(
    make: Make, before: Breaker | None, told: Breaker | None
) -> None:
    ground = make(RuntimeError())
    ground.worker._before = before
    errors = count(provision_metrics.ERRORS, "olt")
    with capture_logs() as logged:
        await ground.live()
    assert ground.did == [("breaker", told)]
    assert [line["event"] for line in logged] == ["olt_worker_failed"]
    assert (count(provision_metrics.ERRORS, "olt"), ground.held.released) == (errors + 1, 1)


@pytest.mark.parametrize(("error", "waited"), [(RuntimeError(), [5.0]), (StaleLease("olt-1"), [])])
async def test_where_the_breaker_cannot_be_told_the_lease_is_kept_for_a_moment(
    make: Make, monkeypatch: pytest.MonkeyPatch, error: BaseException, waited: list[float]
) -> None:
    ground = make()
    ground.raises["ledger.faulted"] = [error]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with capture_logs() as logged:
        await ground.worker._stand_back()
    assert slept == waited
    assert len(logged) == len(waited)


async def test_an_olt_that_cannot_be_reached_costs_the_job_nothing_and_ends_the_work(make: Make) -> None:
    ground = make(taken(1), taken(2))
    cast("Connecting", ground.shared.connect).raises = OltUnreachable("no route")
    failed = count(provision_metrics.CONNECTS, "olt-1", OLT.platform, "olt_unreachable")
    unknown = count(provision_metrics.UNKNOWN_REPLIES, "olt-1", OLT.platform)
    with capture_logs() as logged:
        assert await ground.live() == ["put back 1", "not connected olt_unreachable"]
    assert [(line["event"], line["code"]) for line in logged] == [("olt_not_connected", "olt_unreachable")]
    assert count(provision_metrics.CONNECTS, "olt-1", OLT.platform, "olt_unreachable") == failed + 1
    assert count(provision_metrics.UNKNOWN_REPLIES, "olt-1", OLT.platform) == unknown


async def test_a_login_that_is_not_understood_is_counted_as_such(make: Make) -> None:
    ground = make(taken(1))
    cast("Connecting", ground.shared.connect).raises = UnknownReply("no prompt")
    unknown = count(provision_metrics.UNKNOWN_REPLIES, "olt-1", OLT.platform)
    with capture_logs():
        assert await ground.live() == ["put back 1", "not connected unknown_reply"]
    assert count(provision_metrics.UNKNOWN_REPLIES, "olt-1", OLT.platform) == unknown + 1


async def test_a_session_that_has_died_is_replaced_before_the_next_job(make: Make) -> None:
    ground = make(taken(1), taken(2))

    def die() -> Outcome:
        ground.sessions[0].dead = True
        return Ended()

    ground.runs[1] = die
    assert await ground.live() == ["run 1", "recorded 1", "run 2", "recorded 2"]
    assert [session.closed for session in ground.sessions] == [1, 1]


async def test_a_session_that_the_olt_had_closed_meanwhile_costs_no_attempt(make: Make) -> None:
    ground = make(taken(1), taken(2))

    def closed() -> Outcome:
        ground.sessions[0].dead = True
        return UNREACHABLE

    ground.runs[2] = closed
    assert await ground.live() == ["run 1", "recorded 1", "run 2", "put back 2"]


@pytest.mark.parametrize("first", [True, False], ids=["fresh-session", "session-lives"])
async def test_it_costs_one_where_the_session_was_new_or_lives(make: Make, *, first: bool) -> None:
    ground = make(*([taken(2)] if first else [taken(1), taken(2)]))

    def cut() -> Outcome:
        ground.sessions[0].dead = first
        return UNREACHABLE

    ground.runs[2] = cut
    assert (await ground.live())[-2:] == ["run 2", "recorded 2"]


@pytest.mark.parametrize(
    ("notes", "outcome", "nothing"),
    [
        ({}, UNREACHABLE, True),
        ({"attempts": 2}, Later(5.0, {"attempts": 2}, code="olt_unreachable"), True),
        ({"attempts": 2}, Later(5.0, {"attempts": 3}, code="olt_unreachable"), False),
        ({}, Later(5.0, {"attempts": 1}, code="olt_unreachable"), False),
        ({}, Later(5.0, {}, code="olt_busy"), False),
        ({}, Failed(Failure("olt_unreachable", {})), False),
    ],
)
def test_nothing_happened_where_no_attempt_began(
    notes: dict[str, Any], outcome: Outcome, *, nothing: bool
) -> None:
    job = Job(1, "provision", "olt-1", NOW, NOW, notes=notes)
    assert olt_worker._nothing_happened(job, outcome) is nothing


@pytest.mark.parametrize("error", [Interrupted(), StoreUnavailable("away")])
async def test_an_interrupted_run_is_put_back_with_what_it_said(make: Make, error: BaseException) -> None:
    ground = make(taken(1))
    ground.worker.record.steps.append(step := Step("sent", "display version", {}))
    ground.runs[1] = error
    assert await ground.live() == ["run 1", "put back 1"]
    assert ground.did[-1] == ("put back", 1, [step])


async def test_a_bug_in_a_run_uses_up_an_attempt_of_its_job_alone(make: Make) -> None:
    ground = make(taken(1), taken(2))
    ground.runs[1] = RuntimeError()
    errors = count(provision_metrics.ERRORS, "provision")
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "fault 1", "run 2", "recorded 2"]
    assert [line["event"] for line in logged] == ["run_failed", "job", "job"]
    assert (logged[1]["outcome"], logged[1]["reason"]) == ("later", "internal_error")
    assert count(provision_metrics.ERRORS, "provision") == errors + 1


async def test_a_bug_that_showed_while_the_job_was_taken_is_counted_without_a_session(make: Make) -> None:
    ground = make(taken(1, fault=True), taken(2))
    with capture_logs():
        assert await ground.live() == ["fault 1", "run 2", "recorded 2"]


async def test_a_bug_while_the_outcome_is_recorded_is_counted_too(make: Make) -> None:
    ground = make(taken(1))
    ground.raises["ledger.record_and_take"] = [RuntimeError()]
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "fault 1"]
    assert [line["event"] for line in logged] == ["outcome_not_recorded", "job"]


async def test_an_outcome_that_can_be_recorded_without_the_next_job_is_no_fault(make: Make) -> None:
    ground = make(taken(1), taken(2))
    ground.raises["ledger.record_and_take"] = [DataRefused("of which job?")]
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "recorded 1", "run 2", "recorded 2"]
    assert {line["event"] for line in logged} == {"job"}


@pytest.mark.parametrize("error", [StaleLease("olt-1"), StoreUnavailable("away")])
@pytest.mark.parametrize("where", ["ledger.record_and_take", "fault.record", "fault.shelve", "fault.tell"])
async def test_a_lost_lease_or_database_is_no_bug(make: Make, where: str, error: BaseException) -> None:
    ground = make(taken(1))
    if where != "ledger.record_and_take":
        ground.runs[1] = RuntimeError()
    if where in {"fault.shelve", "fault.tell"}:
        ground.raises["fault.record"] = [RuntimeError(), RuntimeError()]
    ground.raises[where] = [error]
    with capture_logs() as logged:
        await ground.live()
    assert logged[-1]["event"] in {"lease_lost", "store_unavailable"}
    assert not [what for what, *_ in ground.did if what == "breaker"]


async def test_a_fault_is_recorded_without_what_was_learnt_where_that_is_what_cannot_be_recorded(
    make: Make,
) -> None:
    ground = make(taken(1))
    ground.worker.record.left_out = ("a row",)
    ground.runs[1] = RuntimeError()
    ground.raises["fault.record"] = [RuntimeError()]
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "fault 1"]
    assert ground.did[-1] == ("fault", 1, Learnt())
    assert [line["event"] for line in logged] == ["run_failed", "fault_not_recorded", "job"]


async def test_a_fault_is_recorded_with_what_was_learnt(make: Make) -> None:
    ground = make(taken(1))
    ground.worker.record.left_out = ("a row",)
    ground.runs[1] = RuntimeError()
    with capture_logs():
        await ground.live()
    assert ground.did[-1] == ("fault", 1, Learnt(steps=[], left_out=("a row",)))


@pytest.mark.parametrize(("kind", "did"), [("provision", ["shelved 1", "told 1"]), ("scan", ["shelved 1"])])
async def test_what_cannot_be_recorded_at_all_waits_and_an_order_is_told(
    make: Make, kind: str, did: list[str]
) -> None:
    ground = make(taken(1, kind), taken(2))
    ground.runs[1] = RuntimeError()
    ground.raises["fault.record"] = [RuntimeError(), RuntimeError()]
    with capture_logs():
        assert await ground.live() == ["run 1", *did, "run 2", "recorded 2"]


async def test_where_the_order_cannot_be_told_the_work_goes_on(make: Make) -> None:
    ground = make(taken(1), taken(2))
    ground.runs[1] = RuntimeError()
    ground.raises["fault.record"] = [RuntimeError(), RuntimeError()]
    ground.raises["fault.tell"] = [RuntimeError()]
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "shelved 1", "run 2", "recorded 2"]
    assert "shelved_not_told" in [line["event"] for line in logged]


async def test_a_run_that_recorded_its_outcome_itself_is_not_recorded_again(make: Make) -> None:
    ground = make(taken(1, "save"), taken(2))
    ground.runs[1] = Recorded()
    with capture_logs() as logged:
        assert await ground.live() == ["run 1", "run 2", "recorded 2"]
    assert [line["job"] for line in logged] == [2], "what has no news is not said"


async def test_the_breaker_before_a_session_is_remembered_until_a_job_has_ended_on_it(make: Make) -> None:
    ground = make(taken(1))
    ground.before = Breaker(failures=2, code="internal_error")
    seen: list[Breaker | None] = []
    ground.runs[1] = ends(lambda: seen.append(ground.worker._before))
    with capture_logs():
        await ground.live()
    assert (seen, ground.worker._before) == ([ground.before], None)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Ended(), ("ended", None)),
        (Later(1.0, {}, code="olt_busy"), ("later", "olt_busy")),
        (Failed(Failure("onu_model_unknown", {})), ("failed", "onu_model_unknown")),
        (Later(1.0, {}), None),
        (Recorded(), None),
    ],
)
async def test_an_outcome_is_counted_and_said_once_where_it_is_news(
    make: Make, outcome: Outcome, said: tuple[str, str | None] | None
) -> None:
    ground = make()
    kind = type(outcome).__name__.lower()
    reason = said[1] if said else None
    runs = provision_metrics.JOB_RUNS.labels(OLT.platform, "provision", kind, reason or "")
    counted = runs._value.get()
    with capture_logs() as logged:
        ground.worker._tell(taken(1).job, outcome, 1.23456)
    assert runs._value.get() == counted + 1
    assert [(line["outcome"], line["reason"]) for line in logged] == ([said] if said else [])
    assert all(
        (line["seconds"], line["order"], line["revision"], line["kind"]) == (1.235, "OS-1", 1, "provision")
        for line in logged
    )


async def test_a_run_is_told_with_the_seconds_that_it_took(make: Make) -> None:
    ground = make(taken(1))

    def pass_by() -> None:
        ground.now += 7.0

    ground.runs[1] = ends(pass_by)
    with capture_logs() as logged:
        await ground.live()
    assert [line["seconds"] for line in logged if line["event"] == "job"] == [7.0]


@pytest.mark.parametrize(("onu", "olt"), [(-19.5, None), (None, -21.5), (None, None), (-19.5, -21.5)])
async def test_levels_that_were_measured_are_counted_each_for_itself(
    make: Make, onu: float | None, olt: float | None
) -> None:
    ground = make(taken(1))
    ground.runs[1] = Completed(
        Achieved(
            "olt-1",
            PonPort(frame=0, slot=1, port=0),
            3,
            cast("Any", None),
            Optical(onu_rx_dbm=onu, olt_rx_dbm=olt),
            changed=True,
        )
    )
    histograms = (
        provision_metrics.ONU_RECEIVE_POWER.labels("olt-1"),
        provision_metrics.OLT_RECEIVE_POWER.labels("olt-1"),
    )
    before = [histogram._sum.get() for histogram in histograms]
    with capture_logs():
        await ground.live()
    after = [histogram._sum.get() for histogram in histograms]
    assert [round(b - a, 3) for a, b in zip(before, after, strict=True)] == [onu or 0.0, olt or 0.0]


async def test_runs_of_different_olts_share_the_places_of_a_worker(make: Make) -> None:
    ground = make(taken(1))
    await ground.shared.parallel.acquire()
    task = asyncio.create_task(ground.live())
    await asyncio.sleep(0.01)
    assert ground.told() == []
    ground.shared.parallel.release()
    assert await task == ["run 1", "recorded 1"]


async def test_people_of_the_order_in_hand_are_known_to_what_is_kept(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = make(taken(1))
    seen: list[Sequence[str]] = []
    ground.runs[1] = ends(lambda: seen.append(ground.worker.record.people))
    monkeypatch.setattr(Taken, "people", ("Maria",))
    with capture_logs():
        await ground.live()
    assert seen == [("Maria",)]
    assert ground.worker.record.platform == Record(PLATFORM).platform


def test_spread_is_never_more_than_the_jitter_allows(make: Make) -> None:
    spreads = [Shared.spread(cast("Any", None)) for _ in range(200)]
    assert min(spreads) < -0.5 < 0.5 < max(spreads)
    assert all(-1 <= one <= 1 for one in spreads)
