"""What /metrics answers, and the labels that keep it small."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy import Connection

import worker.survey  # noqa: F401 - registers its families
from worker import metrics, provision_metrics  # noqa: F401
from worker.store import roles
from worker.store.db import operation

TRACE = "0af7651916cd43dd8448eb211c80319c"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def _count(conn: Connection) -> int:
    return 0


class _Reading:
    def keep(self, conn: Connection) -> None: ...


@pytest.mark.parametrize(
    ("work", "name"),
    [
        pytest.param(roles.take, "roles.take", id="function"),
        pytest.param(_count, "test_metrics.count", id="private"),
        pytest.param(_Reading().keep, "test_metrics.keep", id="method"),
        pytest.param(lambda conn: None, "other", id="lambda"),
        pytest.param(partial(roles.take, holder="w1"), "other", id="partial"),
    ],
)
def test_a_transaction_is_named_by_its_function_and_what_has_no_name_is_other(
    work: object, name: str
) -> None:
    assert callable(work)
    assert operation(work) == name


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", {"trace_id": TRACE}),
        (f"00-{TRACE}-b7ad6b7169203331-00", None),
        (None, None),
        ("", None),
        ("00-not-a-trace", None),
        (f"00-{TRACE}-b7ad6b7169203331-01\n", None),
    ],
)
def test_an_exemplar_is_a_trace_or_nothing(traceparent: str | None, expected: dict[str, str] | None) -> None:
    assert metrics.exemplar(traceparent) == expected


def test_who_asks_for_openmetrics_gets_it_with_exemplars() -> None:
    metrics.PUBLISH_DELAY.labels("a.topic").observe(0.3, {"trace_id": TRACE})
    page, content_type = metrics.exposition(OPENMETRICS)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert f'# {{trace_id="{TRACE}"}}' in page.decode()
    families: Iterator[Metric] = text_string_to_metric_families(page.decode())  # type: ignore[no-untyped-call]
    assert "acende_publish_delay_seconds" in {family.name for family in families}


@pytest.mark.parametrize("accept", [None, "", "*/*", "text/plain"])
def test_everybody_else_gets_plain_text(accept: str | None) -> None:
    page, content_type = metrics.exposition(accept)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert b"# EOF" not in page
    assert b"_created" not in page


@pytest.mark.needs("promtool")
def test_promtool_finds_no_fault_with_the_page() -> None:
    page, _ = metrics.exposition()
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
