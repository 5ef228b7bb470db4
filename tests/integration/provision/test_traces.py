"""What a run leaves besides its outcome: spans, verdicts, phases, exemplars, optical levels, headroom."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from sqlalchemy import Connection, select

from events.inputs import InputData
from events.record import Event
from tests.stories.plant import OTHER_PORT, PORT, Plant, at, bound, cancelled, plant, received, started
from tests.support.secrets import leaked
from tests.support.until import until
from vendors.simulator.faults import Fault
from worker import tracing
from worker.metrics import REGISTRY, exposition
from worker.store import apply
from worker.store.schema import olt_lease

ONU = "HWTC1A2B3C4D"
SPARE = "HWTC5E6F7081"
ENTERED, LENT = f"{1:032x}", f"{2:032x}"
ASKED, ALSO_ASKED = f"{3:032x}", f"{4:032x}"
SENDER = f"{9:016x}"


class Traces:
    """Every span that was recorded."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._exporter.get_finished_spans()

    def named(self, *names: str, trace: str = ASKED) -> list[ReadableSpan]:
        return [span for span in self.spans if span.name in names and _trace(span) == trace]

    def inside(self, outer: ReadableSpan) -> list[ReadableSpan]:
        return [span for span in self.spans if span.parent and span.parent.span_id == outer.context.span_id]


def _trace(span: ReadableSpan) -> str:
    return f"{span.context.trace_id:032x}"


def _told(span: ReadableSpan, name: str) -> object:
    return (span.attributes or {}).get(f"acende.{name}")


@pytest.fixture
def traces() -> Iterator[Traces]:
    made = Traces()
    tracing.use(made.provider)
    yield made
    tracing.use(None)
    made.provider.shutdown()


@pytest.fixture
async def one(database_url: str) -> AsyncIterator[Plant]:
    async with plant(database_url) as made:
        yield made


async def tell(
    made: Plant, trace: str, fact: InputData, *, ago: timedelta = timedelta(), flags: str = "01"
) -> None:
    """Apply a fact whose sender traces."""
    when = datetime.now(UTC) - ago
    event = Event("erp", f"{trace}-{fact.TYPE}", fact.TYPE, when, fact, f"00-{trace}-{SENDER}-{flags}")
    await made.store.run(apply.apply_batch, [event])


async def carried(made: Plant, order: str) -> list[str]:
    """The trace context of each record about an order."""
    return [row["traceparent"] for row in await made.results(order)]


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_an_installation_is_one_tree_linked_to_its_units_stock_events_of_months_before(
    one: Plant, traces: Traces
) -> None:
    await tell(one, ENTERED, received(ONU), ago=timedelta(days=90))
    await tell(one, LENT, bound(ONU, "OS-1"), ago=timedelta(days=2))
    one.plug(ONU)
    await tell(one, ASKED, started("OS-1", **at()))
    one.work()
    await one.final("OS-1")
    await one.rest()

    runs = traces.named("provision")
    for run in runs:
        assert run.parent
        assert f"{run.parent.span_id:016x}" == SENDER
        assert [f"{link.context.trace_id:032x}" for link in run.links] == [ENTERED, LENT]
        assert (_told(run, "olt.id"), _told(run, "order.id"), _told(run, "onu.serial")) == (
            "olt-1",
            "OS-1",
            ONU,
        )
    first, last = runs[0], runs[-1]
    assert [span.name for span in traces.inside(first)] == ["connect", "observe", "apply", "verify"]
    assert (_told(first, "job.attempt"), _told(last, "job.outcome")) == (1, "completed")

    for phase in traces.named("observe", "apply", "verify"):
        commands = traces.inside(phase)
        assert commands, phase.name
        assert {_told(span, "command.verdict") for span in commands} == {"done"}
        for span in commands:
            assert phase.start_time is not None
            assert phase.end_time is not None
            assert (
                phase.start_time - 5_000_000
                <= (span.start_time or 0)
                <= (span.end_time or 0)
                <= phase.end_time
            )

    contexts = {f"00-{ASKED}-{span.context.span_id:016x}-01" for span in traces.spans}
    *before, final = await carried(one, "OS-1")
    assert final == f"00-{ASKED}-{last.context.span_id:016x}-01"
    assert set(before) <= contexts | {f"00-{ASKED}-{SENDER}-01"}


async def test_nothing_secret_and_nobodys_name_is_in_any_span(one: Plant, traces: Traces) -> None:
    one.plug(ONU)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    one.work()
    await one.final("OS-1")
    await one.rest()
    text = "\n".join(span.to_json() for span in traces.spans)
    assert any("user-account username" in str(_told(span, "command.text")) for span in traces.spans)
    assert not leaked(text)
    for personal in ("ana@isp", "Ana Sousa", "C-OS-1", "CT-OS-1", "T-7"):
        assert personal not in text, personal


async def test_orders_drained_on_one_session_each_continue_their_own_trace(
    one: Plant, traces: Traces
) -> None:
    one.plug(ONU)
    one.plug(SPARE, port=OTHER_PORT)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    await tell(one, ALSO_ASKED, started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    one.work()
    await one.final("OS-1")
    await one.final("OS-2")
    assert {context.split("-")[1] for context in await carried(one, "OS-1")} == {ASKED}
    assert {context.split("-")[1] for context in await carried(one, "OS-2")} == {ALSO_ASKED}


async def test_what_the_erp_does_not_sample_is_handed_on_as_it_came(one: Plant, traces: Traces) -> None:
    one.plug(ONU)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()), flags="00")
    one.work()
    await one.final("OS-1")
    assert set(await carried(one, "OS-1")) == {f"00-{ASKED}-{SENDER}-00"}
    assert not traces.named("provision", "observe", "command")


async def test_a_cancellation_is_a_run_of_its_own_in_the_orders_trace(one: Plant, traces: Traces) -> None:
    one.plug(ONU)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    one.work()
    await one.final("OS-1")
    await one.tell(cancelled("OS-1"))
    await one.final("OS-1", 2)
    await one.rest()
    *_, run = traces.named("deprovision")
    assert {span.name for span in traces.inside(run)} >= {"observe", "apply", "verify"}
    assert _told(run, "job.outcome") == "removed"
    assert (await carried(one, "OS-1"))[-1] == f"00-{ASKED}-{run.context.span_id:016x}-01"


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Fault(kind="refuse", pattern="^ont add"), "refused"),
        (Fault(kind="unknown", pattern="^ont add", when="before"), "unknown_reply"),
        (Fault(kind="unknown", pattern="^display ont info by-sn"), "unknown_reply"),
        (Fault(kind="drop", pattern="^ont add", when="after"), "unknown"),
    ],
    ids=["refused", "unknown-reply", "unknown-display", "dropped"],
)
async def test_a_command_that_goes_wrong_is_counted_and_traced_by_its_verdict(
    one: Plant, traces: Traces, fault: Fault, verdict: str
) -> None:
    labels = {"platform": "huawei_smartax", "verdict": verdict}
    of_olt = {"platform": "huawei_smartax", "olt": "olt-1"}
    before = counted("acende_commands_total", **labels), counted("acende_unknown_replies_total", **of_olt)
    one.plug(ONU)
    one.sims["olt-1"].faults.add(fault)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    one.work()
    await one.final("OS-1")
    await one.rest()
    assert counted("acende_commands_total", **labels) == before[0] + 1
    assert counted("acende_unknown_replies_total", **of_olt) == before[1] + (verdict == "unknown_reply")
    [command] = [span for span in traces.named("command") if _told(span, "command.verdict") == verdict]
    assert str(_told(command, "command.text")).startswith(fault.pattern[1:])
    assert not command.status.is_ok
    [phase] = [
        span for span in traces.spans if command.parent and span.context.span_id == command.parent.span_id
    ]
    assert phase.attributes
    assert phase.attributes["error.type"], phase.name


async def test_an_olt_that_does_not_answer_is_seen_in_the_phase_and_in_the_run(
    one: Plant, traces: Traces
) -> None:
    labels = {"olt": "olt-1", "platform": "huawei_smartax", "outcome": "olt_unreachable"}
    before = counted("acende_olt_connects_total", **labels)
    await one.sims["olt-1"].stop()
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    one.work()
    await one.reaches("OS-1", "queued")

    async def tried() -> bool:
        return bool(traces.named("provision"))

    await until(tried, 20)
    await one.rest()
    assert counted("acende_olt_connects_total", **labels) > before
    connect, run = traces.named("connect")[0], traces.named("provision")[0]
    assert connect.attributes
    assert connect.attributes["error.type"] == "olt_unreachable"
    assert connect.attributes["server.address"] == "127.0.0.1"
    assert (_told(run, "job.outcome"), _told(run, "job.reason")) == ("not_connected", "olt_unreachable")
    assert not run.status.is_ok


async def test_slow_phases_lead_to_their_traces(one: Plant, traces: Traces) -> None:
    kind = {"platform": "huawei_smartax", "kind": "provision"}
    phases = ("queue", "connect", "observe", "apply", "verify")
    before = Counter(
        {phase: counted("acende_job_phase_seconds_count", **kind, phase=phase) for phase in phases}
    )
    one.plug(ONU)
    await tell(one, ASKED, started("OS-1", serial=ONU, **at()))
    one.work()
    await one.final("OS-1")
    for phase in phases:
        assert counted("acende_job_phase_seconds_count", **kind, phase=phase) > before[phase], phase
    page = exposition("application/openmetrics-text")[0].decode()
    families = {family.name for family in text_string_to_metric_families(page)}  # type: ignore[no-untyped-call]
    assert "acende_onu_receive_power_dbm" in families, "negative bounds and all, it is OpenMetrics"
    linked = {line.split("{")[0] for line in page.splitlines() if f'trace_id="{ASKED}"' in line}
    assert linked >= {
        "acende_job_phase_seconds_bucket",
        "acende_job_seconds_bucket",
        "acende_command_seconds_bucket",
        "acende_onu_receive_power_dbm_bucket",
        "acende_olt_receive_power_dbm_bucket",
    }


def _room(conn: Connection) -> tuple[dict[str, Any], object]:
    row = conn.execute(select(olt_lease.c.room, olt_lease.c.room_at)).one()
    return row.room, row.room_at


async def test_the_room_on_the_ports_is_kept_with_the_outcome(one: Plant) -> None:
    one.plug(ONU)
    one.plug(SPARE, port=OTHER_PORT)
    one.work()
    await one.tell(started("OS-1", serial=ONU, **at()))
    await one.final("OS-1")
    room, told_at = await one.store.read(_room)
    assert told_at is not None
    assert room["onus_free_least"] == 127
    await one.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
    await one.final("OS-2")
    room, _ = await one.store.read(_room)
    assert {port: told["onus_free"] for port, told in room["ports"].items()} == {
        str(PORT): 127,
        str(OTHER_PORT): 127,
    }
    await one.tell(cancelled("OS-1"))
    await one.final("OS-1", 2)
    room, _ = await one.store.read(_room)
    assert {port: told["onus_free"] for port, told in room["ports"].items()} == {
        str(PORT): 128,
        str(OTHER_PORT): 127,
    }
    assert room["onus_free_least"] == 127
