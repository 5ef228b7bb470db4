"""One leased OLT: a session, its jobs one after another, and the way out. One task per OLT."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from events.outputs import Optical
from schemas.configuration import Configuration
from schemas.inventory import Olt
from vendors.contract import Adapter
from vendors.errors import ProvisioningError, UnknownReply
from worker import fault, ledger, phases, provision_metrics, tracing
from worker.breaker import Breaker, BreakerPolicy
from worker.clock import boottime
from worker.connect import Connect, Gate
from worker.lease import HeldLease, patiently
from worker.ledger import Learnt, Taken
from worker.olt_line import Interrupted, OltLine, OpenSession, Record
from worker.outcome import Completed, Failed, Later, Outcome, Recorded, detail
from worker.preview import view
from worker.reconcile import Rules, Run, provision
from worker.removal import deprovision
from worker.saving import save
from worker.scan import scan
from worker.store.db import DataRefused, Store, StoreFaulty, StoreUnavailable
from worker.store.leases import StaleLease
from worker.store.work import KINDS, Job, Step

log = structlog.get_logger(__name__)
BURST_S = 60.0
"""An OLT is worked on for this long at most while others wait for a worker."""
_AFTER_A_BUG_S = 5.0
"""The lease is kept for so long, so that a bug does not turn into a busy loop over all workers."""


@dataclass
class Shared:
    """What all OLTs of one worker have in common."""

    store: Store
    config: Configuration
    rules: Rules
    connect: Connect
    adapter: Callable[[str], Adapter]
    parallel: asyncio.Semaphore
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    gate: Gate = field(default_factory=Gate)
    login_retries: int = 2
    """Of a refused credential, over all OLTs and workers, in 24 h."""
    idle_s: float = 60.0
    clock: Callable[[], float] = boottime
    crowded: bool = False
    """OLTs with due jobs wait for this worker to have room."""

    def spread(self) -> float:
        """A number in -1 … 1."""
        return random.uniform(-1.0, 1.0)


@dataclass
class OltWorker:
    """Works on one OLT until there is nothing to do, the lease is lost, or it is told to stop."""

    shared: Shared
    olt: Olt
    held: HeldLease
    kinds: Sequence[str] = KINDS
    """Which jobs; with fewer than all it leaves as soon as none of them is due."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False
    session: OpenSession | None = None
    record: Record = field(init=False)
    state: str = "starting"
    """connecting, working or idle: for who counts."""
    _began: float = field(default_factory=boottime)
    _before: Breaker | None = None
    """The breaker before a session was opened on which no job has ended yet."""
    _next: Taken | None = None
    """The job that was taken together with the outcome before it."""

    def __post_init__(self) -> None:
        """Nothing was said yet."""
        self.record = Record(self._adapter().PLATFORM)

    async def run(self) -> None:
        """The whole life of the lease. Never raises but CancelledError."""
        keeper = asyncio.create_task(self._keep(), name=f"lease-{self.olt.id}")
        provision_metrics.LEASES.inc()
        try:
            await self._drain()
        except StaleLease:
            provision_metrics.LEASES_LOST.inc()
            log.warning("lease_lost", olt=self.olt.id, fence=self.held.lease.fence)
        except StoreUnavailable as error:
            log.warning("store_unavailable", olt=self.olt.id, error=str(error))
        except Exception:
            provision_metrics.ERRORS.labels("olt").inc()
            log.exception("olt_worker_failed", olt=self.olt.id)
            await self._stand_back()
        finally:
            await self._leave(keeper)

    def stop(self) -> None:
        """Finish the command in hand, log out, release."""
        self.stopping = True
        self.wake.set()

    def hand_back(self) -> None:
        """Finish the job in hand, save, log out, release: a person wants the OLT."""
        self.held.wanted_back = True
        self.wake.set()

    async def _keep(self) -> None:
        try:
            await self.held.keep()
        except StaleLease:
            self.wake.set()

    async def _stand_back(self) -> None:
        """Have the OLT's breaker learn of a bug outside any job."""
        before = self._before if self._before and self._before.code == fault.CODE else None
        shared, lease = self.shared, self.held.lease
        try:
            await patiently(self.held, ledger.faulted, lease, before, shared.breaker, shared.spread())
        except StaleLease:
            return
        except Exception:
            log.exception("breaker_not_told", olt=self.olt.id)
            await asyncio.sleep(_AFTER_A_BUG_S)

    async def _leave(self, keeper: "asyncio.Task[None]") -> None:
        await self._hang_up()
        with contextlib.suppress(StaleLease, StoreUnavailable, StoreFaulty):
            await self._put_next_back()
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
        await self.held.release()
        provision_metrics.LEASES.dec()

    # -------------------------------------------------------------------------------------------------------- the loop

    async def _drain(self) -> None:
        while not self.stopping:
            self.wake.clear()
            if self.held.wanted_back:
                await self._save_and_leave()
                return
            taken = await self._take(self.kinds)
            if taken is None:
                if not await self._idle():
                    return
            elif (not taken.void and not await self._work(taken)) or self._others_wait():
                return

    def _others_wait(self) -> bool:
        """Whether this OLT has had the worker for long while others wait for it."""
        return self.shared.crowded and self.shared.clock() - self._began > BURST_S

    def _goes_on(self) -> bool:
        return not (self.stopping or self.held.wanted_back or self._others_wait())

    async def _take(self, kinds: Sequence[str]) -> Taken | None:
        taken, self._next = self._next, None
        return taken or await patiently(self.held, ledger.take, self.held.lease, kinds)

    async def _record(self, job: Job, outcome: Outcome, learnt: Learnt) -> None:
        """Make the outcome durable, and take the next job with it where there is to be one."""
        lease = self.held.lease
        if self._goes_on():
            try:
                self._next = await patiently(
                    self.held, ledger.record_and_take, lease, job, outcome, learnt, self.kinds
                )
            except (
                DataRefused
            ):  # of which of the two? It is no fault of this job if its outcome alone is taken
                await patiently(self.held, ledger.record, lease, job, outcome, learnt)
        else:
            await patiently(self.held, ledger.record, lease, job, outcome, learnt)

    async def _put_next_back(self) -> None:
        taken, self._next = self._next, None
        if taken is not None:
            await self.shared.store.run(ledger.put_back, self.held.lease, taken.job, ())

    async def _idle(self) -> bool:
        """Wait for work with the session kept warm; False when it is time to leave."""
        self.state = "idle"
        if self.kinds is not KINDS:
            return False
        while self.session is not None and not self.session.dead:
            left_s = self.shared.idle_s - self.session.idle_s
            if left_s <= 0 or self.held.left_s <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self.wake.wait()
            if self.wake.is_set():
                return True
        return False

    async def _save_and_leave(self) -> None:
        await self._put_next_back()
        await self.shared.store.run(ledger.save_now, self.held.lease)
        while not self.stopping and (taken := await self._take(("save",))):
            if not await self._work(taken):
                return

    # --------------------------------------------------------------------------------------------------------- one job

    async def _work(self, taken: Taken) -> bool:
        """Run a job; False where the OLT cannot be worked on now."""
        with phases.run_of(taken, self.olt):
            return await self._work_on(taken)

    async def _work_on(self, taken: Taken) -> bool:
        if self.session is not None and self.session.dead:
            await self._hang_up()
        reused = self.session is not None
        if taken.fault:
            await self._faulted(taken.job, self.record.learn())
            return True
        try:
            session = self.session or await self._connect(taken.job)
        except ProvisioningError as error:
            await self._not_connected(taken.job, error)
            return False
        async with self.shared.parallel:
            self.state = "working"
            with provision_metrics.WORKING.track_inprogress():
                await self._run(taken, session, reused=reused)
        return True

    async def _run(self, taken: Taken, session: OpenSession, *, reused: bool) -> None:
        job, began = taken.job, self.shared.clock()
        self.record.people = taken.people
        try:
            outcome = await self._outcome(taken, session)
        except (Interrupted, StoreUnavailable):
            await self._put_back(job, self.record.take())
            return
        except StaleLease:
            raise
        except Exception:
            log.exception("run_failed", olt=job.olt, job=job.id, kind=job.kind, order=job.order_id)
            await self._faulted(job, self.record.learn())
            return
        if reused and session.dead and _nothing_happened(job, outcome):
            await self._put_back(job, ())
            return
        learnt = self.record.learn()
        try:
            if not isinstance(outcome, Recorded):
                await self._record(job, outcome, learnt)
        except (StaleLease, StoreUnavailable):
            raise
        except Exception:
            log.exception("outcome_not_recorded", olt=job.olt, job=job.id, kind=job.kind, order=job.order_id)
            await self._faulted(job, learnt)
            return
        self._before = None
        if isinstance(outcome, Completed):
            self._measure(outcome.achieved.optical)
        self._tell(job, outcome, self.shared.clock() - began)

    async def _put_back(self, job: Job, steps: Sequence[Step]) -> None:
        phases.ended("put_back", None)
        await patiently(self.held, ledger.put_back, self.held.lease, job, steps)

    async def _outcome(self, taken: Taken, session: OpenSession) -> Outcome:
        line = OltLine(self.olt, self._adapter(), session, self.held, self.record, lambda: self.stopping)
        shared = self.shared
        run = Run(shared.store, line, shared.config, shared.rules, taken, shared.spread, shared.clock)
        return await HANDLERS[taken.job.kind](run)

    async def _faulted(self, job: Job, learnt: Learnt) -> None:
        """A bug of ours showed in a run, or while its outcome was recorded: that uses up an attempt of this job alone."""
        began = self.shared.clock()
        provision_metrics.ERRORS.labels(job.kind).inc()
        self._tell(job, await self._counted(job, learnt), self.shared.clock() - began)

    async def _counted(self, job: Job, learnt: Learnt) -> Outcome:
        """Record as much of it as can be recorded."""
        lease, policy, spread = self.held.lease, self.shared.rules.retry, self.shared.spread()
        for kept in (learnt, Learnt()):
            try:
                return await patiently(self.held, fault.record, lease, job, policy, spread, kept)
            except (StaleLease, StoreUnavailable):
                raise
            except Exception:
                log.exception("fault_not_recorded", olt=job.olt, job=job.id, kind=job.kind)
        outcome = await patiently(self.held, fault.shelve, lease, job, policy, spread)
        if job.kind == "provision":
            await self._say_shelved(job)
        return outcome

    async def _say_shelved(self, job: Job) -> None:
        try:
            await patiently(self.held, fault.tell, self.held.lease, job)
        except (StaleLease, StoreUnavailable):
            raise
        except Exception:
            log.exception("shelved_not_told", olt=job.olt, job=job.id, order=job.order_id)

    def _adapter(self) -> Adapter:
        return self.shared.adapter(self.olt.platform)

    def _tell(self, job: Job, outcome: Outcome, seconds: float) -> None:
        kind = type(outcome).__name__.lower()
        reason = outcome.code if isinstance(outcome, Later) else None
        reason = outcome.failure.code if isinstance(outcome, Failed) else reason
        platform = self.olt.platform
        provision_metrics.JOB_RUNS.labels(platform, job.kind, kind, reason or "").inc()
        provision_metrics.JOB_SECONDS.labels(platform, job.kind, kind).observe(seconds, tracing.exemplar())
        phases.ended(kind, reason)
        if isinstance(outcome, Later | Recorded) and reason is None:
            return
        log.info(
            "job",
            olt=job.olt,
            kind=job.kind,
            job=job.id,
            order=job.order_id,
            revision=job.revision,
            outcome=kind,
            reason=reason,
            seconds=round(seconds, 3),
        )

    def _measure(self, optical: Optical) -> None:
        for level, histogram in (
            (optical.onu_rx_dbm, provision_metrics.ONU_RECEIVE_POWER),
            (optical.olt_rx_dbm, provision_metrics.OLT_RECEIVE_POWER),
        ):
            if level is not None:
                histogram.labels(self.olt.id).observe(level, tracing.exemplar())

    # --------------------------------------------------------------------------------------------------------- session

    async def _connect(self, job: Job) -> OpenSession:
        self.state = "connecting"
        shared = self.shared
        where: tracing.Attributes = {
            "server.address": self.olt.address,
            "server.port": self.olt.tcp_port,
            "network.protocol.name": self.olt.transport,
        }
        try:
            with phases.phase("connect", self.olt, job.kind, where):
                self.session = await shared.gate.through(
                    lambda: shared.connect(self.olt, self.record.hear, self.held.may_send)
                )
        except ProvisioningError as error:
            provision_metrics.CONNECTS.labels(self.olt.id, self.olt.platform, error.reason).inc()
            if isinstance(error, UnknownReply):
                provision_metrics.UNKNOWN_REPLIES.labels(self.olt.id, self.olt.platform).inc()
            raise
        provision_metrics.CONNECTS.labels(self.olt.id, self.olt.platform, "ok").inc()
        provision_metrics.SESSIONS.inc()
        self._before = await patiently(self.held, ledger.connected, self.held.lease, self._credential())
        return self.session

    async def _not_connected(self, job: Job, error: ProvisioningError) -> None:
        told = detail(error, self.record.platform)
        log.warning("olt_not_connected", olt=self.olt.id, code=error.reason, detail=told)
        phases.ended("not_connected", error.reason)
        lease, steps = self.held.lease, self.record.take()
        await patiently(self.held, ledger.put_back, lease, job, steps)
        policy, spread, credential = self.shared.breaker, self.shared.spread(), self._credential()
        await patiently(self.held, ledger.not_connected, lease, error, told, policy, spread, credential)

    def _credential(self) -> str | None:
        return self.shared.connect.credential(self.olt, self.shared.rules.digest_key)

    async def _hang_up(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            await session.close()
            provision_metrics.SESSIONS.dec()


def _nothing_happened(job: Job, outcome: Outcome) -> bool:
    """The OLT had closed an idle session, and that was noticed before anything was sent: a new one is opened at once."""
    if not isinstance(outcome, Later) or outcome.code != "olt_unreachable":
        return False
    return bool(outcome.notes.get("attempts", 0) == job.notes.get("attempts", 0))


HANDLERS: dict[str, Callable[[Run], Awaitable[Outcome]]] = {
    "provision": provision,
    "deprovision": deprovision,
    "scan": scan,
    "save": save,
    "plan": view,
}
"""What runs a job, by its kind."""
