"""One deprovision job: takes away what a cancelled order made, or what is left at a place from which a unit has moved.

What may go is `worker.policy`'s to say; the OLT is observed just before, under the lease.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from events.outputs import Left, Where
from events.reasons import reason
from schemas.place import Place, PonPort
from vendors.contract import Command, Observation
from vendors.errors import NotConverged, ProvisioningError
from worker import ledger, tracing
from worker.facts import OrderState
from worker.ledger import registrations
from worker.notes import Notes
from worker.outcome import Failed, Later, Outcome, Removed, Superseded
from worker.policy import Remaining, Removal, may_cancel, may_clear
from worker.reconcile import Run
from worker.store.work import Job, Step
from worker.wish import kept, plan_hash, shown


async def deprovision(run: Run) -> Outcome:
    """Remove what may be removed; how the run ended."""
    work = _Deprovision(run, int(run.job.notes.get("attempts", 0)))
    try:
        return await work.go()
    except ProvisioningError as error:
        return _after(error, run, work.attempts)


def _after(error: ProvisioningError, run: Run, attempts: int) -> Outcome:
    """Tried again until the attempts run out; then what is there is left."""
    outcome = run.failed(error, Notes.of(run.job.notes))
    if isinstance(outcome, Later):
        counted = {name: outcome.notes[name] for name in ("faults", "waits", "unread")}
        return replace(outcome, notes={**run.job.notes, **counted, "attempts": attempts})
    assert isinstance(outcome, Failed)
    return abandoned(run.job, "left_refused", {"detail": run.detail(error)})


def abandoned(job: Job, code: str, params: Mapping[str, object] | None = None) -> Removed:
    """The end of a removal that could not be done: everything stays."""
    return Removed(
        left=tuple(left_of(job.olt, serial, port, code, params) for serial, port in registrations(job))
    )


def left_of(
    olt: str,
    serial: str,
    port: PonPort,
    code: str,
    params: Mapping[str, object] | None = None,
    onu_id: int | None = None,
) -> Left:
    """A registration that stays, with its reason."""
    said = reason(code).say(
        {"serial": serial, "place": Place(olt=olt, port=port), "olt": olt, **(params or {})}
    )
    return Left(
        olt_id=olt,
        pon_port=port,
        onu_id=onu_id,
        serial=serial,
        code=code,
        text_pt=said.text_pt,
        text_en=said.text_en,
    )


@dataclass
class _Deprovision:
    run: Run
    attempts: int
    """Attempts of this job that were opened."""
    removed: list[Where] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)

    async def go(self) -> Outcome:
        """One serial after another: usually there is one."""
        ports: dict[str, set[PonPort]] = {}
        for serial, port in registrations(self.run.job):
            ports.setdefault(serial, set()).add(port)
        for serial, listed in ports.items():
            if not await self._remove(serial, self._former(serial, listed)):
                return Superseded()
        return Removed(tuple(self.removed), tuple(self.left), tuple(self.gone))

    def _former(self, serial: str, listed: set[PonPort]) -> frozenset[PonPort]:
        """Without the place where the order's unit is by now."""
        order = self.run.taken.order
        assert order is not None
        if order.state is OrderState.CANCELLING or (order.place_olt, order.serial) != (
            self.run.job.olt,
            serial,
        ):
            return frozenset(listed)
        return frozenset(listed - {order.place_port})

    async def _remove(self, serial: str, listed: frozenset[PonPort]) -> bool:
        if not listed:
            return True
        with self.run.phase("observe"):
            seen = await self._observe(serial, min(listed, key=str))
        removal = self._may_go(seen, serial, listed)
        plan = self.run.line.adapter.plan(None, removal.observed)
        if plan and not await self._apply(serial, removal.observed, plan):
            return False
        if plan:
            with self.run.phase("verify"):
                await self._verify(serial, listed)
        self._tell(serial, listed, seen, removal, changed=bool(plan))
        return True

    async def _observe(self, serial: str, port: PonPort) -> Observation:
        return await self.run.line.observe(serial, port)

    def _may_go(self, seen: Observation, serial: str, listed: frozenset[PonPort]) -> Removal:
        order, standing = self.run.taken.order, self.run.taken.standings[serial]
        assert order is not None
        if order.state is OrderState.CANCELLING:
            return may_cancel(seen, standing)
        return may_clear(_only(seen, listed), standing)

    async def _apply(self, serial: str, seen: Observation, plan: tuple[Command, ...]) -> bool:
        if not await self._open(serial, seen, plan):
            return False
        with self.run.phase("apply"):
            for at, command in enumerate(plan):
                if at and not await self.run.goes_on():
                    return False
                await self.run.line.run(command)
        return True

    async def _open(self, serial: str, seen: Observation, plan: tuple[Command, ...]) -> bool:
        told: dict[str, Any] = {
            "serial": serial,
            "observed": shown(seen.registrations),
            "plan": kept(plan, self.run.line.adapter.PLATFORM, self.run.taken.people),
            "hash": plan_hash(plan),
        }
        self.attempts += 1
        tracing.note("acende.job.attempt", self.attempts)
        step = Step("removal_started", f"Remoção em {self.run.job.olt}.", told)
        lease = self.run.line.lease.lease
        return await self.run.store.run(
            ledger.open_removal, lease, self.run.job, (step,), self.run.rules.save
        )

    async def _verify(self, serial: str, listed: frozenset[PonPort]) -> None:
        seen = await self._observe(serial, min(listed, key=str))
        removal = self._may_go(seen, serial, listed)
        if left := self.run.line.adapter.plan(None, removal.observed):
            raise NotConverged(f"{len(left)} commands left", command=left[0].text)

    def _tell(
        self, serial: str, listed: frozenset[PonPort], seen: Observation, removal: Removal, *, changed: bool
    ) -> None:
        olt = self.run.job.olt
        if changed:
            self.removed += [
                Where(olt_id=olt, pon_port=found.port, onu_id=found.onu_id, serial=serial)
                for found in removal.observed.registrations
            ]
        self.removed += _removed_before(self.run.job, serial, listed, seen)
        self.left += [_left(olt, serial, remaining) for remaining in removal.left]
        stays = {remaining.found.port for remaining in removal.left}
        self.gone += [(serial, str(port)) for port in sorted(listed - stays, key=str)]


def _only(seen: Observation, ports: frozenset[PonPort | None]) -> Observation:
    kept = tuple(found for found in seen.registrations if found.port in ports)
    return seen.model_copy(update={"registrations": kept})


def _removed_before(job: Job, serial: str, listed: frozenset[PonPort], seen: Observation) -> list[Where]:
    """What an earlier run of this job has removed: it was ours, an attempt was opened, and it is there no more."""
    if not job.notes.get("attempts"):
        return []
    shown = {found.port for found in seen.registrations}
    return [Where(olt_id=job.olt, pon_port=port, serial=serial) for port in sorted(listed - shown, key=str)]


def _left(olt: str, serial: str, remaining: Remaining) -> Left:
    found = remaining.found
    return left_of(olt, serial, found.port, remaining.code, remaining.params, found.onu_id)
