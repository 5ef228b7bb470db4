"""`acende plan ORDER`: the dry run of an order, against the live OLT and under its lease.

It is a job like any other, so that one writer per OLT stays true: the worker that has the OLT answers it on its open session.
Where no worker has the OLT, whoever asks takes the lease and answers the job itself.
"""

import asyncio
from dataclasses import replace

from worker.lease import HeldLease, LeaseRule
from worker.olt_worker import OltWorker, Shared
from worker.preview import PlanView, refusal
from worker.store import Connection, db, leases, views
from worker.store.leases import Lease
from worker.store.views import PlacedOrder

__all__ = ["PlanView", "plan_order"]

_LOOK_S = 0.2
_OWN_AFTER_S = 2.0
"""A worker that has the OLT, or may lease it, answers within this time; afterwards whoever asks does it."""


async def plan_order(
    shared: Shared, order_id: str, asker: str, *, rule: LeaseRule | None = None, wait_s: float = 90.0
) -> PlanView:
    """What would be sent for the order now. `asker` names the lease, where one is taken. Waits `wait_s` at most.

    Where there is no answer, `code` says why: `not_placed`, `olt_unknown`, `olt_held`, `olt_breaker_open`, `olt_busy`.
    Raises StoreUnavailable.
    """
    order = await shared.store.read(views.placed, order_id)
    if order is None:
        text = "A ordem não existe, ou ainda não tem lugar em uma OLT."
        return replace(PlanView(order_id), code="not_placed", text_pt=text)
    if shared.config.inventory.olt(order.olt) is None:
        return refusal(order_id, "olt_unknown", {"olt": order.olt})
    job_id = await shared.store.run(_ask, order)
    try:
        return await _answered(shared, order, job_id, asker, rule or LeaseRule(), wait_s)
    finally:
        await shared.store.run(views.withdraw, job_id)


def _ask(conn: Connection, order: PlacedOrder) -> int:
    return views.ask(conn, order, db.now(conn))


async def _answered(
    shared: Shared, order: PlacedOrder, job_id: int, asker: str, rule: LeaseRule, wait_s: float
) -> PlanView:
    loop = asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < wait_s:
        if (answer := await shared.store.read(views.answer_of, job_id)) is not None:
            return PlanView.of(answer)
        if loop.time() - began > _OWN_AFTER_S and (why := await _answer_alone(shared, order, asker, rule)):
            return why
        await asyncio.sleep(_LOOK_S)
    return refusal(order.id, "olt_busy", {"olt": order.olt}, place=f"{order.olt} {order.port}")


async def _answer_alone(shared: Shared, order: PlacedOrder, asker: str, rule: LeaseRule) -> PlanView | None:
    """Take the lease, if it is free, and answer; why that is not possible, None where another has it."""
    read_at = shared.clock()
    taken = await shared.store.run(_lease, order.olt, asker, rule.lease_s)
    if isinstance(taken, Lease):
        held = HeldLease(shared.store, taken, rule, read_at, shared.clock)
        await OltWorker(shared, shared.config.inventory.by_id[order.olt], held, kinds=("plan",)).run()
        return None
    return refusal(order.id, taken, {"olt": order.olt}) if taken else None


def _lease(conn: Connection, olt: str, asker: str, lease_s: float) -> Lease | str | None:
    now = db.now(conn)
    if lease := leases.take(conn, olt, asker, lease_s, now):
        return lease
    for state in leases.overview(conn, [olt]):
        if state.held_by is not None:
            return "olt_held"
        return None if state.breaker.lets_in(now) else state.breaker.code or "olt_breaker_open"
    return "olt_unknown"
