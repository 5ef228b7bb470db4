"""One provision job: observe, plan, apply, verify. Safe to run again after any failure, by any worker.

Nothing here decides by itself: `wish`, `policy`, the adapter's `plan`, `verify` and `retry` do. Nothing is sent before
`attempt n started` is durable, and nothing is ever replayed: the next run observes and plans afresh.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from events.stages import Stage
from schemas.configuration import Configuration
from schemas.place import Place, PonPort
from vendors.contract import Command, Observation, brought
from vendors.errors import NotConverged, ProvisioningError
from worker import ledger, phases, tracing
from worker.clock import boottime
from worker.ledger import Attempt, SaveRule, Taken
from worker.notes import Notes
from worker.olt_line import OltLine
from worker.outcome import Completed, Failed, Later, Outcome, Superseded, after_code, after_error, detail
from worker.policy import NotYet, Refused, Standing, may_provision
from worker.retry import RetryPolicy
from worker.store.db import Store
from worker.store.digests import digest
from worker.store.jobs import Owned
from worker.store.orders import Brief, Failure
from worker.store.work import Job, Step
from worker.verify import Look, Patience, judge, wait_for_light
from worker.wish import Wish, authorising, kept, plan_hash, shown, unseen, wish_for, with_current

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Rules:
    """All that an operator may set of how jobs are run."""

    digest_key: bytes = field(repr=False)
    patience: Patience = field(default_factory=Patience)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    save: SaveRule = field(default_factory=SaveRule)


@dataclass(frozen=True)
class Run:
    """One run of a job on an open line. `spread` draws a number in -1 … 1."""

    store: Store
    line: OltLine
    config: Configuration
    rules: Rules
    taken: Taken
    spread: Callable[[], float]
    clock: Callable[[], float] = boottime
    began: float = field(default_factory=boottime)

    @property
    def job(self) -> Job:
        """The job in hand."""
        return self.taken.job

    def phase(self, name: str) -> AbstractContextManager[None]:
        """One phase of it: `observe`, `apply` or `verify`."""
        return phases.phase(name, self.line.olt, self.job.kind)

    def now(self) -> datetime:
        """The database's clock, as far as it can be told without asking it again."""
        return self.taken.now + timedelta(seconds=self.clock() - self.began)

    @property
    def patience(self) -> Patience:
        """How long is waited for what."""
        return self.rules.patience.endless if self.taken.in_doubt else self.rules.patience

    @property
    def deadline_at(self) -> datetime | None:
        """Until when the order is worked on; None where nobody knows how late it is."""
        return None if self.taken.in_doubt else self.job.deadline_at

    @property
    def params(self) -> dict[str, object]:
        """What fills the texts of most reason codes."""
        return params_of(self.job)

    async def open_attempt(self, attempt: Attempt) -> bool:
        """Make durable that an attempt begins; False where the job is no longer wanted."""
        tracing.note("acende.job.attempt", attempt.notes.attempts)
        lease = self.line.lease.lease
        return await self.store.run(ledger.open_attempt, lease, self.job, attempt, self.rules.save)

    async def goes_on(self) -> bool:
        """Whether the job is still wanted. Raises StaleLease."""
        return await self.store.read(ledger.goes_on, self.line.lease.lease, self.job.id)

    async def move_on(self, stage: Stage, *, open_attempt: bool = True) -> bool:
        """Record the stage and what was sent so far; whether the job is still wanted. Raises StaleLease."""
        lease, steps = self.line.lease.lease, self.line.record.take()
        return await self.store.run(ledger.move_on, lease, self.job, stage, steps, open_attempt=open_attempt)

    def failed(self, error: ProvisioningError, notes: Notes) -> Later | Failed:
        """What follows an error."""
        told = {**self.params, "detail": self.detail(error)}
        return after_error(error, notes, self.rules.retry, self.spread(), told)

    def detail(self, error: ProvisioningError) -> str:
        """What may be told of an error."""
        return detail(error, self.line.adapter.PLATFORM, self.taken.people)


def params_of(job: Job) -> dict[str, object]:
    """What fills the texts of most reason codes."""
    where = f"{job.olt} {job.port}" if job.port else job.olt
    return {"serial": job.serial, "olt": job.olt, "place": where}


async def provision(run: Run) -> Outcome:
    """Bring the order's ONU to what is wanted of it; how the run ended."""
    work = _Provision.of(run)
    try:
        return await work.go()
    except ProvisioningError as error:
        return run.failed(error, work.notes)


@dataclass
class _Provision:
    run: Run
    brief: Brief
    place: Place
    serial: str
    standing: Standing
    notes: Notes

    @classmethod
    def of(cls, run: Run) -> "_Provision":
        job, brief = run.job, run.taken.brief
        assert brief is not None
        assert job.port is not None
        assert job.serial is not None
        place = Place(olt=job.olt, port=job.port)
        return cls(run, brief, place, job.serial, run.taken.standings[job.serial], Notes.of(job.notes))

    async def go(self) -> Outcome:
        """Observe, decide, and act if anything is to be done."""
        with self.run.phase("observe"):
            seen = await self._observe()
        self.notes = noticed(self.notes, seen, self.place)
        verdict = may_provision(self.place, seen, replace(self.standing, lit_at_new_place=self.notes.lit))
        if isinstance(verdict, Refused):
            told = {**self.run.params, **verdict.params}
            return after_code(verdict.code, self.notes, self.run.rules.retry, 0.0, told)
        wish = self._wish(seen)
        if isinstance(wish, Failure):
            return Failed(replace(wish, params={**self.run.params, **wish.params}))
        return self._wait_for_light() if isinstance(verdict, NotYet) else await self._bring_about(wish, seen)

    def _wish(self, seen: Observation) -> Wish | Failure:
        return wish_for(
            self.brief,
            self.place,
            self.notes.model_seen,
            self.run.config,
            self.run.line.adapter,
            seen.firmware,
        )

    async def _observe(self) -> Observation:
        return await self.run.line.observe(self.serial, self.place.port)

    async def _bring_about(self, wish: Wish, seen: Observation) -> Outcome:
        current = with_current(seen, wish.desired, self.run.taken.digests, self._digest)
        plan = self.run.line.adapter.plan(wish.desired, current)
        if not plan:
            return self._judge(wish, current, {})
        self.notes = opened(self.notes, plan)
        if not await self.run.open_attempt(self._attempt(current, plan)):
            return Superseded()
        with self.run.phase("apply"):
            if not await self._apply(plan):
                return Superseded()
        with self.run.phase("verify"):
            noting = self.run.move_on(Stage.VERIFYING, open_attempt=False)
            seen, wanted = await meanwhile(self._observe(), noting)
            sure = current.secrets_current | brought(plan)
            return self._verified(wish, seen, sure) if wanted else Superseded()

    def _attempt(self, seen: Observation, plan: tuple[Command, ...]) -> Attempt:
        names = authorising(plan, self.serial)
        detail = {
            "attempt": self.notes.attempts,
            "place": str(self.place),
            "observed": shown(seen.registrations),
            "plan": kept(plan, self.run.line.adapter.PLATFORM, self.run.taken.people),
            "hash": self.notes.plan_hash,
        }
        return Attempt(
            self.notes,
            Stage.AUTHORISING if names else Stage.CONFIGURING,
            (Step("attempt_started", f"Tentativa {self.notes.attempts} em {self.place}.", detail),),
            adds=self.place.port if seen.at(self.place.port) is None else None,
        )

    async def _apply(self, plan: tuple[Command, ...]) -> bool:
        """Send the plan, one command at a time; False where the job was no longer wanted in between."""
        configuring_from = authorising(plan, self.serial)
        for at, command in enumerate(plan):
            if at and not await self.run.goes_on():
                return False
            if at and at == configuring_from:
                await meanwhile(self.run.line.run(command), self.run.move_on(Stage.CONFIGURING))
            else:
                await self.run.line.run(command)
        return True

    def _verified(self, wish: Wish, seen: Observation, sure: frozenset[str]) -> Outcome:
        """`sure`: fields that are not shown and were applied before, or were brought by lines that were accepted now."""
        self.notes = noticed(self.notes, seen, self.place, after=True)
        blind = unseen(wish.desired, seen).items()
        accepted = {name: self._digest(name, value) for name, value in blind if name in sure}
        current = with_current(seen, wish.desired, accepted, self._digest)
        if left := self.run.line.adapter.plan(wish.desired, current):
            raise NotConverged(f"{len(left)} commands left", command=left[0].text)
        again = self._wish(seen)
        if isinstance(again, Wish) and again.desired != wish.desired:
            # The ONU has told its model only now: there is more to do.
            return Later(0.0, self.notes.kept(), Stage.CONFIGURING, applied=accepted)
        if self.notes.lit:
            self.notes = replace(self.notes, window=self.run.now().isoformat())
        return self._judge(wish, current, accepted)

    def _judge(self, wish: Wish, seen: Observation, accepted: Mapping[str, str]) -> Outcome:
        found = seen.at(self.place.port)
        if found is None:
            raise NotConverged("the registration is not shown")
        look = Look(
            olt=self.run.line.olt,
            wish=wish,
            seen=seen,
            never_shown=self.run.line.adapter.PLATFORM.never_shown,
            found=found,
            serving=self.run.line.adapter.serving(found),
            notes=self.notes,
            now=self.run.now(),
            began_at=self.run.job.created_at,
            deadline_at=self.run.deadline_at,
            expected_rx_dbm=self.brief.request.expected_rx_dbm,
            params=self.run.params,
        )
        verdict = judge(look, self.run.patience)
        if isinstance(verdict, Completed):
            return self._completed(verdict, seen, accepted)
        return replace(verdict, applied=accepted) if isinstance(verdict, Later) else verdict

    def _completed(self, verdict: Completed, seen: Observation, accepted: Mapping[str, str]) -> Completed:
        shown = {found.port for found in seen.registrations}
        own = self.standing.own
        return replace(
            verdict,
            achieved=replace(verdict.achieved, clear=self._former()),
            applied=accepted,
            own=self.place.port in own,
            gone=tuple(port for port in own if port not in shown),
        )

    def _former(self) -> tuple[Owned, ...]:
        """Former registrations on other OLTs that this order may clear away."""
        if not (self.standing.binding == "here" or (self.standing.binding == "nobody" and self.notes.lit)):
            return ()
        return tuple(
            Owned(olt, PonPort.model_validate(port), self.serial)
            for olt, port in self.notes.former
            if olt != self.place.olt
        )

    def _wait_for_light(self) -> Outcome:
        job = self.run.job
        return wait_for_light(
            self.notes,
            self.run.now(),
            job.created_at,
            self.run.deadline_at,
            self.run.patience,
            self.run.params,
        )

    def _digest(self, name: str, value: str) -> str:
        return digest(self.run.rules.digest_key, self.place.olt, self.serial, name, value)


async def meanwhile(work: Awaitable[T], note: Coroutine[Any, Any, U]) -> tuple[T, U]:
    """What `work` on the OLT and what a transaction that it need not wait for come to. Both have ended afterwards."""
    noting = asyncio.create_task(note)
    try:
        done = await work
    finally:
        noted = await noting
    return done, noted


def noticed(notes: Notes, seen: Observation, place: Place, *, after: bool = False) -> Notes:
    """What an observation adds to the notes: the model as seen, and that the unit is lit at the place, unregistered."""
    found, sighting = seen.at(place.port), seen.sighting
    here = sighting if sighting is not None and sighting.port == place.port else None
    model = notes.model_seen or (found.model if found else None) or (here.model if here else None)
    return replace(notes, model_seen=model, lit=notes.lit or (here is not None and not after))


def opened(notes: Notes, plan: tuple[Command, ...]) -> Notes:
    """The notes of an attempt that is about to send `plan`."""
    first = notes.plan_hash or plan_hash(plan)
    return replace(notes, attempts=notes.attempts + 1, changed=True, plan_hash=first, window=None)
