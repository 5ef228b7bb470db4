"""What the demo calls an unexpected outcome."""

from __future__ import annotations

from typing import Any

import pytest

from dev.demo.follow import News, Results, faults
from dev.demo.morning import Installation

SERIAL = "HWTC4A100001"
PLACE = "olt-1 0/1/0"
ORDER = Installation.model_validate(
    {
        "order": "OS-1",
        "story": "Any",
        "box": {"olt": "olt-1", "port": "0/1/0", "serial": SERIAL},
        "at": 0,
        "expect": {
            "outcome": "completed",
            "place": PLACE,
            "changed": True,
            "attempts": 2,
            "warnings": ["onu_rx_low"],
        },
    }
)


def result(event_id: str = "OS-1/1/final", kind: str = "completed", **more: Any) -> News:
    data = {
        "service_order_id": "OS-1",
        "revision": 1,
        "sequence": 5,
        "serial": SERIAL,
        "olt_id": "olt-1",
        "pon_port": "0/1/0",
        "changed": True,
        "attempts": 2,
        "warnings": [{"code": "onu_rx_low"}],
    }
    return News(event_id, f"acende.provisioning.{kind}.v1", data | more)


def read(*news: News) -> Results:
    results = Results()
    for one in news:
        results.take(one)
    return results


def found(*news: News, at: tuple[str, ...] = (PLACE,)) -> list[str]:
    return faults(ORDER, read(*news).orders["OS-1"], {SERIAL: at})


def test_an_order_that_ended_as_expected_has_no_fault() -> None:
    assert found(result()) == []


def test_a_record_that_kafka_holds_twice_counts_once() -> None:
    assert found(result(), result()) == []


@pytest.mark.parametrize(
    ("news", "says"),
    [
        (result(changed=False), "changed: False instead of True"),
        (result(attempts=1), "attempts: 1 instead of 2"),
        (result(warnings=[]), "warnings: [] instead of ['onu_rx_low']"),
        (result(pon_port="0/1/1"), "place: olt-1 0/1/1 instead of olt-1 0/1/0"),
        (result(serial="HWTC4A100002"), "serial: HWTC4A100002 instead of HWTC4A100001"),
        (result(revision=2), "revision: 2 instead of 1"),
        (result(kind="cancelled"), "outcome: cancelled instead of completed"),
    ],
)
def test_each_difference_is_said(news: News, says: str) -> None:
    assert says in found(news)


def test_two_results_of_one_revision_are_a_fault() -> None:
    assert found(result(), result("another", sequence=6)) == ["2 results of revision 1"]


def test_progress_after_the_result_is_no_result() -> None:
    news = News(
        "OS-1/progress/6", "acende.provisioning.progress.v1", {"service_order_id": "OS-1", "sequence": 6}
    )
    assert found(result(), news) == ["no result"]


@pytest.mark.parametrize(
    ("at", "says"), [((), "no place"), ((PLACE, "olt-2 1/1/1"), "olt-1 0/1/0, olt-2 1/1/1")]
)
def test_an_olt_that_shows_something_else_is_a_fault(at: tuple[str, ...], says: str) -> None:
    assert found(result(), at=at) == [f"the OLTs have it at {says}"]


def test_a_cancelled_order_leaves_nothing_on_the_olts() -> None:
    cancelled = ORDER.model_copy(
        update={
            "expect": ORDER.expect.model_copy(
                update={"outcome": "cancelled", "place": None, "changed": None, "attempts": None}
            )
        }
    )
    news = result(kind="cancelled", olt_id=None, pon_port=None)
    followed = read(news).orders["OS-1"]
    assert faults(cancelled, followed, {}) == []
    assert faults(cancelled, followed, {SERIAL: [PLACE]}) == [f"the OLTs have it at {PLACE}"]


def test_an_order_has_ended_with_the_result_of_its_last_revision_only() -> None:
    second = ORDER.model_copy(update={"expect": ORDER.expect.model_copy(update={"revision": 2})})
    assert not read(result()).ended(second)
    assert read(result(), result("OS-1/2/final", revision=2, sequence=9)).ended(second)
