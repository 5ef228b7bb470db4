"""Traces: the one home of OpenTelemetry. Without an endpoint there is no SDK, and a span costs next to nothing.

What is recorded is what a timeline keeps, without what is personal: ids of orders, serials, OLTs and masked commands; never a
secret, a customer, a login or an SSID, never a reply, never an exception's text.
"""

import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status
from opentelemetry.trace.status import StatusCode

from worker.metrics import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

__all__ = ["Attributes", "Span", "SpanKind"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
FLUSH_S = 5.0
"""Longest wait for the last spans when stopping."""
Attributes = Mapping[str, str | int | float | bool]
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


@dataclass
class _Home:
    provider: "TracerProvider | None" = None
    tracer: trace.Tracer = field(default_factory=trace.NoOpTracer)


_home = _Home()
_order: ContextVar[str | None] = ContextVar("acende_order", default=None)
"""The order for which the current span works."""


# ------------------------------------------------------------------------------------------------------------- the SDK


def set_up(instance: str) -> None:
    """Export this worker's spans where the standard variables name an endpoint; `instance` is the worker's name."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    # A tenth of a second of the start: for those who export.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = os.environ.get("OTEL_SERVICE_NAME") or "acende"
    told = {"service.name": named, "service.instance.id": instance, "service.version": VERSION}
    provider = TracerProvider(resource=Resource.create(told), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider)


def use(provider: "TracerProvider | None") -> None:
    """Have spans made by `provider`, or none at all."""
    _home.provider = provider
    _home.tracer = provider.get_tracer("acende", VERSION) if provider else trace.NoOpTracer()


def shut_down(within_s: float = FLUSH_S) -> None:
    """Send what is left and stop, within `within_s` whatever the collector does."""
    provider = _home.provider
    use(None)
    if provider is not None:
        flushing = threading.Thread(target=provider.shutdown, name="traces-flush", daemon=True)
        flushing.start()
        flushing.join(within_s)


def on() -> bool:
    """Whether spans may be recorded: what costs more than a call is asked for this first."""
    return _home.provider is not None


# --------------------------------------------------------------------------------------------------------------- spans


@contextmanager
def span(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    links: Iterable[str | None] = (),
    order: str | None = None,
) -> Iterator[Span]:
    """A span around what is done inside, below `parent` (a traceparent) or the current one.

    An error marks it by its reason code or type. `links` are traceparents; `order` is the order that it works for, whose
    records then continue it.
    """
    if not on():
        yield INVALID_SPAN
        return
    found = start(name, attributes, kind=kind, parent=parent, links=links)
    token = _order.set(order) if order is not None else None
    try:
        with trace.use_span(found, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield found
            except Exception as error:
                fail(found, getattr(error, "reason", type(error).__name__))
                raise
    finally:
        if token is not None:
            _order.reset(token)


def start(
    name: str,
    attributes: Attributes | None = None,
    *,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    links: Iterable[str | None] = (),
    at_ns: int | None = None,
) -> Span:
    """A span that its caller ends, begun now or at `at_ns` (Unix time)."""
    return _home.tracer.start_span(
        name,
        context=_context(parent),
        kind=kind,
        attributes=dict(attributes) if attributes else None,
        links=[Link(linked) for one in links if (linked := _parsed(one))],
        start_time=at_ns,
    )


def current() -> Span:
    """The span in which this is called; one that records nothing where there is none."""
    return trace.get_current_span()


def note(name: str, value: str | float) -> None:
    """An attribute of the current span."""
    current().set_attribute(name, value)


def fail(span: Span, code: str) -> None:
    """Mark a span as failed, by a reason code or the name of an error."""
    span.set_attribute("error.type", code)
    span.set_status(Status(StatusCode.ERROR, code))


def published(topic: str, key: str, traceparent: str | None, seconds: float) -> None:
    """The span of a record that the broker took within `seconds`, below the record's own trace."""
    told = {"messaging.kafka.message.key": key, "messaging.operation.type": "send"}
    _messaged("publish", SpanKind.PRODUCER, topic, told, traceparent, seconds)


def ingested(topic: str, traceparent: str | None, seconds: float, told: Attributes) -> None:
    """The span of an event that was in the database `seconds` after its record was in hand, below its sender's trace."""
    _messaged(
        "ingest",
        SpanKind.CONSUMER,
        topic,
        {**told, "messaging.operation.type": "process"},
        traceparent,
        seconds,
    )


def _messaged(
    name: str, kind: SpanKind, topic: str, told: Attributes, traceparent: str | None, seconds: float
) -> None:
    """A span that has just ended, as OpenTelemetry's conventions for messaging name its attributes."""
    if not on() or traceparent is None:
        return
    ended_ns = time.time_ns()
    known = {
        "messaging.system": "kafka",
        "messaging.operation.name": name,
        "messaging.destination.name": topic,
        **told,
    }
    start(name, known, kind=kind, parent=traceparent, at_ns=ended_ns - int(seconds * 1e9)).end(ended_ns)


# ------------------------------------------------------------------------------------------------------------- context


def traceparent(span: Span | None = None) -> str | None:
    """A span, else the current one, as W3C traceparent; None where it is not recorded."""
    found = span or current()
    if not found.is_recording():
        return None
    context = found.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def continued(order: str, traceparent_of_order: str | None) -> str | None:
    """What a record about `order` carries: the current span if it works for that order, else the order's own."""
    if _order.get() != order:
        return traceparent_of_order
    return traceparent() or traceparent_of_order


def exemplar() -> dict[str, str] | None:
    """Labels that link a measurement to the trace of the current span; None where it is not sampled."""
    if not on():
        return None
    context = current().get_span_context()
    return {"trace_id": f"{context.trace_id:032x}"} if context.trace_flags.sampled else None


def _context(parent: str | None) -> Context | None:
    found = _parsed(parent)
    return trace.set_span_in_context(NonRecordingSpan(found)) if found else None


def _parsed(text: str | None) -> SpanContext | None:
    found = _TRACEPARENT.fullmatch(text) if text else None
    if found is None:
        return None
    flags = trace.TraceFlags(int(found[3], 16))
    return SpanContext(int(found[1], 16), int(found[2], 16), is_remote=True, trace_flags=flags)
