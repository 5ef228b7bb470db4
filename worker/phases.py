"""A run of a job and its phases, as spans and as measurements: one context manager gives both."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.inventory import Olt
from worker import tracing
from worker.clock import boottime
from worker.ledger import Taken
from worker.provision_metrics import PHASE_SECONDS
from worker.tracing import Attributes


@contextmanager
def run_of(taken: Taken, olt: Olt) -> Iterator[None]:
    """One run of a job, below the trace of its order, linked to the traces of the stock events that brought the unit."""
    job = taken.job
    queued_s = max(0.0, (taken.now - job.due_at).total_seconds())
    told: dict[str, str | int | float | None] = {
        "acende.olt.id": olt.id,
        "acende.olt.platform": olt.platform,
        "acende.job.id": job.id,
        "acende.job.queue_seconds": queued_s,
        "acende.order.id": job.order_id,
        "acende.order.revision": job.revision,
        "acende.onu.serial": job.serial,
        "acende.pon_port": str(job.port) if job.port else None,
    }
    known: Attributes = {name: value for name, value in told.items() if value is not None}
    with tracing.span(job.kind, known, parent=taken.trace, links=taken.stock_traces, order=job.order_id):
        PHASE_SECONDS.labels(olt.platform, job.kind, "queue").observe(queued_s, tracing.exemplar())
        yield


def ended(outcome: str, reason: str | None) -> None:
    """How the run in hand ended."""
    tracing.note("acende.job.outcome", outcome)
    if reason is not None:
        tracing.note("acende.job.reason", reason)
    if outcome in {"failed", "not_connected"}:
        tracing.fail(tracing.current(), reason or outcome)


@contextmanager
def phase(name: str, olt: Olt, kind: str, attributes: Attributes | None = None) -> Iterator[None]:
    """One phase of a run, however it ends: `connect`, `observe`, `apply` or `verify`."""
    began = boottime()
    with tracing.span(name, attributes):
        try:
            yield
        finally:
            taken_s = boottime() - began
            PHASE_SECONDS.labels(olt.platform, kind, name).observe(taken_s, tracing.exemplar())
