"""Series that are there from the start, at zero.

To Prometheus a counter that appears with 1 has not increased: without these a worker's first failed order, and the first
unknown reply of an OLT, would raise no alert. Only series that alerts and objectives are made of.
"""

from collections.abc import Collection

from events.reasons import REASONS
from events.topics import Topics
from schemas.configuration import Configuration
from worker import metrics, provision_metrics, slis
from worker.store.work import KINDS


def begin(topics: Topics, config: Configuration | None, loops: Collection[str]) -> None:
    """Export them. `config`: what the worker has read of OLTs, None where it needs none; `loops`: those that it runs."""
    for loop in loops:
        metrics.STORE_WAITS.labels(loop)
        metrics.LOOP_ERRORS.labels(loop)
    _records(topics)
    _finals()
    for kind in (*KINDS, "olt"):
        provision_metrics.ERRORS.labels(kind)
    for olt in config.inventory.olts if config else ():
        metrics.ORDER_ONLINE.labels(olt.platform)
        provision_metrics.UNKNOWN_REPLIES.labels(olt.id, olt.platform)


def _records(topics: Topics) -> None:
    codes = [reason.code for reason in REASONS.values() if reason.kind == "dead_letter"]
    codes += ["invalid_data", "internal_error"]  # of which orders fail, too
    for topic in topics.inputs:
        for code in codes:
            metrics.DEAD_LETTERS.labels(topic, code)
    for topic in topics.outputs:
        metrics.PUBLISH_DELAY.labels(topic)
        for outcome in ("retried", "refused"):
            metrics.PUBLISH_FAILURES.labels(topic, outcome)


def _finals() -> None:
    for right in ("yes", "no"):
        metrics.ORDERS_FINISHED.labels("completed", "", right)
    for reason in REASONS.values():
        if reason.fault:
            metrics.ORDERS_FINISHED.labels("failed", reason.code, slis.of_failure(reason))
