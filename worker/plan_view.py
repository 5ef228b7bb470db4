"""`acende plan ORDER`: the dry run of an order, against the live OLT and under its lease.

It is a job like any other, so that one writer per OLT stays true: the worker that has the OLT answers it on its open session.
Where no worker has the OLT, whoever asks takes the lease and answers the job itself.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from schemas.inventory import Olt
from worker.facts import OrderState
from worker.lease import HeldLease, LeaseRule
from worker.olt_worker import OltWorker, Shared
from worker.preview import PlanView, refusal, unanswerable
from worker.store import Connection, db, leases, orders, views
from worker.store.leases import Lease
from worker.store.views import PlacedOrder

__all__ = ["PlanView", "plan_order"]

_LOOK_S = 0.2
_OWN_AFTER_S = 2.0
"""A worker that has the OLT, or may lease it, answers within this time; afterwards whoever asks does it."""


async def plan_order(
    shared: Shared,
    order_id: str,
    asker: str,
    *,
    rule: LeaseRule | None = None,
    wait_s: float = 90.0,
    before_login: Callable[[Olt], object] = lambda _: None,
) -> PlanView:
    """What would be sent for the order now. `asker` names the lease, where one is taken. Waits `wait_s` at most.

    Where there is no answer, `code` says why: `order_unknown`, `not_at_work`, `not_placed`, `olt_unknown`, `olt_held`,
    `olt_breaker_open`, `olt_busy`. `before_login` raises what keeps us from logging in. Raises StoreUnavailable.
    """
    found = await shared.store.read(orders.find, order_id)
    if found is None or found.state is not OrderState.WORKING:
        return unanswerable(order_id, "not_at_work" if found else "order_unknown")
    order = await shared.store.read(views.placed, order_id)
    if order is None:
        return unanswerable(order_id, "not_placed")
    olt = shared.config.inventory.olt(order.olt)
    if olt is None:
        return refusal(order_id, "olt_unknown", {"olt": order.olt})
    job_id = await shared.store.run(_ask, order)
    asked = _Asked(shared, order, olt, job_id, asker, rule or LeaseRule(), before_login)
    try:
        return await asked.answered(wait_s)
    finally:
        await shared.store.run(views.withdraw, job_id)


def _ask(conn: Connection, order: PlacedOrder) -> int:
    return views.ask(conn, order, db.now(conn))


@dataclass(frozen=True)
class _Asked:
    """A dry run that has been asked for."""

    shared: Shared
    order: PlacedOrder
    olt: Olt
    job_id: int
    asker: str
    rule: LeaseRule
    before_login: Callable[[Olt], object]

    async def answered(self, wait_s: float) -> PlanView:
        """The answer, or why there is none within `wait_s`."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() - began < wait_s:
            if (answer := await self.shared.store.read(views.answer_of, self.job_id)) is not None:
                return PlanView.of(answer)
            if loop.time() - began > _OWN_AFTER_S and (why := await self._alone()):
                return why
            await asyncio.sleep(_LOOK_S)
        place = f"{self.order.olt} {self.order.port}"
        return refusal(self.order.id, "olt_busy", {"olt": self.order.olt}, place=place)

    async def _alone(self) -> PlanView | None:
        """Take the lease, if it is free, and answer; why that is not possible, None where another has it."""
        shared, read_at = self.shared, self.shared.clock()
        taken = await shared.store.run(_lease, self.olt.id, self.asker, self.rule.lease_s)
        if isinstance(taken, Lease):
            held = HeldLease(shared.store, taken, self.rule, read_at, shared.clock)
            await self._answer(held)
            return None
        return refusal(self.order.id, taken, {"olt": self.olt.id}) if taken else None

    async def _answer(self, held: HeldLease) -> None:
        try:
            self.before_login(self.olt)
        except BaseException:
            await held.release()
            raise
        await OltWorker(self.shared, self.olt, held, kinds=("plan",)).run()


def _lease(conn: Connection, olt: str, asker: str, lease_s: float) -> Lease | str | None:
    now = db.now(conn)
    if lease := leases.take(conn, olt, asker, lease_s, now):
        return lease
    for state in leases.overview(conn, [olt]):
        if state.held_by is not None:
            return "olt_held"
        return None if state.breaker.lets_in(now) else state.breaker.code or "olt_breaker_open"
    return "olt_unknown"
