"""What final results say of how well orders were served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from worker.facts import Order, OrderState
from worker.slis import online_seconds, right_first_time

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def finished(state: OrderState = OrderState.COMPLETED, **more: Any) -> Order:
    """An order that ended a minute after it was asked for, at its first attempt."""
    base: dict[str, Any] = {"began_at": NOON, "finished_at": NOON + timedelta(seconds=60), "attempts": 1}
    return Order("OS-1", state=state, **(base | more))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(finished(), "yes", id="completed-at-the-first-attempt"),
        pytest.param(finished(attempts=0), "yes", id="nothing-to-send"),
        pytest.param(finished(attempts=2), "no", id="completed-at-the-second"),
        pytest.param(finished(OrderState.FAILED, last_code="olt_refused"), "no", id="an-olt-s-fault"),
        pytest.param(finished(OrderState.FAILED, last_code="internal_error"), "no", id="our-fault"),
        pytest.param(finished(OrderState.FAILED, last_code="of_tomorrow"), "no", id="a-code-nobody-knows"),
        pytest.param(finished(OrderState.FAILED, last_code="no_light"), "excluded", id="nobody-lit-it"),
        pytest.param(
            finished(OrderState.FAILED, last_code="serial_claimed"), "excluded", id="stock-is-wrong"
        ),
        pytest.param(
            finished(OrderState.CANCELLED, last_code="cancelled_by_erp", attempts=3),
            "excluded",
            id="cancelled",
        ),
    ],
)
def test_right_first_time(order: Order, expected: str) -> None:
    assert right_first_time(order) == expected


def test_the_time_to_online_leaves_out_the_waits_for_people_and_nothing_else() -> None:
    spent = {"waiting_for_equipment": 20.0, "waiting_for_light": 15.0, "queued": 5.0, "verifying": 3.0}
    assert online_seconds(finished(durations=spent)) == 25.0
    assert online_seconds(finished()) == 60.0


def test_the_time_to_online_is_never_negative() -> None:
    assert online_seconds(finished(durations={"waiting_for_light": 60.002})) == 0.0


@pytest.mark.parametrize("state", [OrderState.FAILED, OrderState.CANCELLED])
def test_only_what_completed_has_a_time_to_online(state: OrderState) -> None:
    assert online_seconds(finished(state)) is None
