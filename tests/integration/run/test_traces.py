"""The trace of one order, from the ERP's event to the result, as a collector gets it from a worker."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from tests.integration.run.conftest import Collector
from tests.support.installation import SERIAL, Installation, received, started
from tests.support.secrets import leaked
from tests.support.until import until

STOCK = "0af7651916cd43dd8448eb211c80319c"
ERP = "4bf92f3577b34da6a3ce929d0e0e4736"
ERP_SPAN = "00f067aa0ba902b7"


async def traceparents(here: Installation, topic: str) -> list[str]:
    """The trace contexts of all records of a topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=here.env["ACENDE_KAFKA_SERVERS"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(2)])
        found = await consumer.getmany(timeout_ms=1000)
    finally:
        await consumer.stop()
    return [dict(record.headers)["traceparent"].decode() for some in found.values() for record in some]


async def installed(here: Installation, endpoint: str) -> tuple[int, list[str]]:
    """Stock says one trace, the installation another; the worker's status, and the trace contexts of the results."""
    stock = received() | {"traceparent": f"00-{STOCK}-b7ad6b7169203331-01"}
    asked = started() | {"traceparent": f"00-{ERP}-{ERP_SPAN}-01"}
    async with here.worker(OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="200") as worker:
        await worker.ready()
        for event in (stock, asked):
            status, _, err = await here.acende("publish", here.write(event))
            assert status == 0, err

        async def results() -> list[str]:
            return await traceparents(here, here.env["ACENDE_TOPIC_RESULTS"])

        found = await until(results, 60, 0.3)
        status = await worker.end()
        log = worker.log.read_text()
        assert not leaked(log)
        assert f'"trace_id": "{ERP}"' in log
        return status, found


def attributes(span: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in span.attributes}


async def test_a_trace_leads_from_the_erp_through_every_command_to_the_result(
    lit: Installation, collector: Collector
) -> None:
    status, results = await installed(lit, collector.url)
    assert status == 0

    [job, *more] = sorted(collector.named("provision", ERP), key=lambda span: span.start_time_unix_nano)
    assert job.parent_span_id.hex() == ERP_SPAN
    assert (
        attributes(job).items()
        >= {
            "acende.olt.id": "olt-centro-1",
            "acende.order.id": "OS-1",
            "acende.onu.serial": SERIAL,
        }.items()
    )
    assert {link.trace_id.hex() for link in job.links} == {STOCK}, "the unit's own history is one step away"

    jobs = {span.span_id for span in (job, *more)}
    for phase in ("observe", "apply", "verify"):
        assert {span.parent_span_id for span in collector.named(phase, ERP)} <= jobs, phase
        assert collector.named(phase, ERP), phase
    commands = [span for span in collector.named("command", ERP) if collector.parent_of(span).name == "apply"]
    texts = [attributes(span)["acende.command.text"] for span in commands]
    assert any(text.startswith("ont add") for text in texts), texts
    assert {attributes(span)["acende.command.verdict"] for span in commands} == {"done"}

    [first_ingest] = collector.named("ingest", STOCK)
    assert attributes(first_ingest)["cloudevents.event_type"] == "acende.equipment.received.v1"
    assert [span.parent_span_id.hex() for span in collector.named("ingest", ERP)] == [ERP_SPAN]

    [result] = results
    _, trace, span, _ = result.split("-")
    assert trace == ERP
    assert bytes.fromhex(span) in jobs, "the result continues the run that made it"
    published = [one for one in collector.named("publish", ERP) if one.parent_span_id.hex() == span]
    assert lit.env["ACENDE_TOPIC_RESULTS"] in {
        attributes(one)["messaging.destination.name"] for one in published
    }

    assert collector.resources[0]["service.name"] == "acende"
    assert collector.resources[0]["service.instance.id"] == "w1"


async def test_no_secret_and_no_customer_is_in_a_trace(lit: Installation, collector: Collector) -> None:
    await installed(lit, collector.url)
    assert collector.named("command", ERP)
    assert not leaked(collector.text)
    for personal in ("Maria", "maria@", "10233", "77120"):
        assert personal not in collector.text, personal


async def test_a_collector_that_is_away_holds_nothing_up(lit: Installation) -> None:
    status, results = await installed(lit, "http://127.0.0.1:9")
    assert status == 0
    assert results
