"""A database that answers late makes orders slower, never stuck. Real PostgreSQL, ten times as fast as what was seen."""

from __future__ import annotations

from sqlalchemy.engine import make_url

from tests.stories.plant import _target, at, opened, plant, started
from tests.support.late import late
from worker import provision_metrics
from worker.connect import Connector
from worker.lease import LeaseRule

PART = 10
RTT_S = 0.4 / PART
RULE = LeaseRule(60.0 / PART, 15.0 / PART, 5.0 / PART, 30.0 / PART)
COMMAND_S, CONNECT_S = 60.0 / PART, 15.0 / PART
OLTS = ("olt-1", "olt-2", "olt-3")
ORDERS = 6


async def test_at_four_tenths_of_a_second_a_round_trip_all_orders_complete_and_no_lease_is_lost(
    postgres_url: str,
) -> None:
    lost = provision_metrics.LEASES_LOST._value.get()
    async with plant(postgres_url, OLTS, command_timeout_s=COMMAND_S, lease=RULE) as made:
        for number in range(ORDERS):
            olt, serial = OLTS[number % len(OLTS)], f"HWTC0000000{number}"
            made.plug(serial, olt)
            await made.tell(started(f"OS-{number}", serial=serial, **at(olt=olt)))
        url, near = make_url(postgres_url), made.store
        async with late(int(url.port or 5432), RTT_S) as port:
            far = url.set(host="127.0.0.1", port=port)
            made.store = opened(far.render_as_string(hide_password=False), finished=near._shared.finished)
            worker = made.work()
            worker.shared.connect = Connector(_target, timeout_s=CONNECT_S)
            slow, made.store = made.store, near
            kinds = [(await made.final(f"OS-{n}", within_s=90.0))["kind"] for n in range(ORDERS)]
            await made.rest()
            await slow.aclose()
    assert kinds == ["completed"] * ORDERS
    assert provision_metrics.LEASES_LOST._value.get() == lost
