"""Service level indicators of orders: what their final results say of how well they were served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from events.reasons import Reason, reason
from events.stages import Stage
from worker import metrics
from worker.facts import Order, OrderState

RightFirstTime = Literal["yes", "no", "excluded"]
NOT_OURS = (Stage.WAITING_FOR_EQUIPMENT, Stage.WAITING_FOR_LIGHT)
"""Stages in which the order waits for people at the customer's."""


@dataclass(frozen=True)
class Finals:
    """Counts final results. `platforms`: platform by OLT."""

    platforms: Mapping[str, str]

    def count(self, orders: Sequence[Order]) -> None:
        """Count orders as they finished. To be called once for each, after the commit."""
        for order in orders:
            metrics.ORDERS_FINISHED.labels(order.state.value, _code(order), right_first_time(order)).inc()
            seconds = online_seconds(order)
            if seconds is not None:
                platform = self.platforms.get(order.place_olt or "", metrics.OTHER)
                metrics.ORDER_ONLINE.labels(platform).observe(seconds, metrics.exemplar(order.traceparent))


def right_first_time(order: Order) -> RightFirstTime:
    """Whether one attempt was enough; `excluded` where neither Acende nor an OLT could have made it so."""
    match order.state:
        case OrderState.COMPLETED:
            return "yes" if order.attempts <= 1 else "no"
        case OrderState.FAILED:
            return of_failure(reason(_code(order)))
    return "excluded"


def of_failure(why: Reason) -> RightFirstTime:
    """What a failure for this reason counts as."""
    return "excluded" if why.outside else "no"


def online_seconds(order: Order) -> float | None:
    """From the arrival of its request to its completion, without its waits for people; None where it did not complete."""
    if order.state is not OrderState.COMPLETED or order.began_at is None or order.finished_at is None:
        return None
    waited = sum(order.durations.get(stage.value, 0.0) for stage in NOT_OURS)
    return max(0.0, (order.finished_at - order.began_at).total_seconds() - waited)


def _code(order: Order) -> str:
    """The reason code of a final result; empty for `completed`."""
    return reason(order.last_code).code if order.last_code else ""
