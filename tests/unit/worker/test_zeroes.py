"""What alerts count is exported before it happens for the first time."""

from __future__ import annotations

import pytest

from events.topics import Topics
from tests.unit.config.samples import configuration
from worker import zeroes
from worker.metrics import REGISTRY


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        pytest.param(
            "acende_orders_finished_total",
            {"state": "failed", "reason": "unknown_reply", "right_first_time": "no"},
            id="a-failed-order",
        ),
        pytest.param(
            "acende_orders_finished_total",
            {"state": "failed", "reason": "no_light", "right_first_time": "excluded"},
            id="an-order-that-failed-in-the-field",
        ),
        pytest.param(
            "acende_dead_letters_total", {"topic": "zero.install", "reason": "not_json"}, id="a-dead-letter"
        ),
        pytest.param(
            "acende_publish_failures_total", {"topic": "zero.results", "outcome": "refused"}, id="a-refusal"
        ),
        pytest.param("acende_publish_delay_seconds_count", {"topic": "zero.results"}, id="a-result"),
        pytest.param("acende_loop_errors_total", {"loop": "sweep"}, id="a-bug"),
    ],
)
def test_the_first_of_them_is_an_increase(name: str, labels: dict[str, str]) -> None:
    zeroes.begin(Topics(install="zero.install", results="zero.results"), configuration(), ["sweep"])
    assert REGISTRY.get_sample_value(name, labels) is not None


def test_the_first_unknown_reply_of_each_olt_is_an_increase() -> None:
    config = configuration()
    zeroes.begin(Topics(), config, [])
    for olt in config.inventory.olts:
        labels = {"olt": olt.id, "platform": olt.platform}
        assert REGISTRY.get_sample_value("acende_unknown_replies_total", labels) is not None
        assert (
            REGISTRY.get_sample_value("acende_order_online_seconds_count", {"platform": olt.platform})
            is not None
        )


def test_a_worker_without_olts_has_the_others() -> None:
    zeroes.begin(Topics(results="zero.alone"), None, [])
    assert REGISTRY.get_sample_value("acende_publish_delay_seconds_count", {"topic": "zero.alone"}) == 0
