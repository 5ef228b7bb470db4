"""The steps in the life of an order that follow from work or from time: pure functions, `Order` to `Order`."""

from datetime import datetime

from events.stages import Stage
from worker.facts import Ask, Attempt, Completion, Order, OrderState
from worker.replacing import replace


def asked_last(order: Order) -> Ask | None:
    """The latest time the order was asked for."""
    return order.asks[-1] if order.asks else None


def begin(order: Order, at: datetime) -> Order:
    """The next revision: what an earlier one reached no longer counts."""
    return replace(
        order,
        revision=order.revision + 1,
        worked_digest=order.request_digest,
        began_at=at,
        stage=None,
        stage_since=None,
        durations={},
        verdict=None,
        verdict_params={},
        verdict_since=None,
        due_at=None,
        attempts=0,
        place_olt=None,
        place_port=None,
        work_deadline_at=None,
        parked=False,
        last_code=None,
    )


def reach(order: Order, stage: Stage, at: datetime) -> Order:
    """The order in `stage`; the time in the former stage is added up."""
    if order.stage == stage:
        return order
    return replace(order, stage=stage, stage_since=at, durations=spent(order, at))


def first_stage(order: Order) -> Stage:
    """Where work on an order begins: in the queue of the OLT if its place is named, else it is looked for."""
    return Stage.QUEUED if order.olt is not None and order.port is not None else Stage.DISCOVERING


def spent(order: Order, at: datetime) -> dict[str, float]:
    """Seconds in each stage of this revision until now."""
    if order.stage is None or order.stage_since is None:
        return order.durations
    here = max(0.0, (at - order.stage_since).total_seconds())
    return {**order.durations, order.stage.value: round(order.durations.get(order.stage, 0.0) + here, 3)}


def open_attempt(order: Order, at: datetime) -> Order:
    """One attempt more, for the unit that the order works with."""
    asked = asked_last(order)
    attempted = order.attempted
    if order.serial and asked:
        attempted = Attempt(order.serial, at, asked.stamp.time)
    return replace(order, attempts=order.attempts + 1, attempted=attempted)


def _finish(order: Order, state: OrderState, at: datetime) -> Order:
    return replace(
        order,
        state=state,
        durations=spent(order, at),
        stage_since=at,
        verdict=None,
        verdict_params={},
        verdict_since=None,
        due_at=None,
        work_deadline_at=None,
        finished_at=at,
        attempted=None,
    )


def _answer(order: Order) -> Order:
    asked = asked_last(order)
    return replace(order, answered_at=asked.stamp.time) if asked else order


def complete(order: Order, at: datetime) -> Order:
    """The order completed: it keeps its claim."""
    asked = asked_last(order)
    assert order.serial
    assert asked
    done = _answer(_finish(order, OrderState.COMPLETED, at))
    return replace(done, last_code=None, parked=False, completion=Completion(order.serial, at, asked.stamp))


def fail(order: Order, code: str, at: datetime, *, parked: bool = False) -> Order:
    """The order failed. It keeps its claim while anything of its own is left, or an earlier completion stands."""
    failed = replace(_answer(_finish(order, OrderState.FAILED, at)), last_code=code, parked=parked)
    return replace(failed, claims=order.claims and keeps_claim(failed))


def cancel(order: Order, at: datetime) -> Order:
    """The order cancelled: it claims nothing any more."""
    done = _finish(order, OrderState.CANCELLED, at)
    return replace(done, last_code=order.cancel_code, parked=False, claims=False)


def held_serial(order: Order) -> str | None:
    """The unit behind which an order stands that is not live: the one it completed with, or one it owns."""
    if order.completion is not None:
        return order.completion.serial
    return order.serial if order.serial in order.owns else min(order.owns, default=None)


def keeps_claim(order: Order) -> bool:
    """Whether an order that is not live has something behind the claim of its serial."""
    return order.serial is not None and held_serial(order) == order.serial
