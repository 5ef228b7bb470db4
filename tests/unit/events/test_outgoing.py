"""What we write is CloudEvents 1.0, the same bytes each time, and read by others' readers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent as PeerEvent

from events.envelope import CloudEvent, RawRecord, input_record, to_record
from events.inputs import InstallStarted
from events.outgoing import OutRecord, dead_letter_id, final_id, progress_id
from events.outputs import Progress
from events.stages import Stage
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.events.samples import accepted, event, started

AT = datetime(2026, 3, 2, 9, 31, 52, 7000, tzinfo=timezone(timedelta(hours=-3)))
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def progress(**more: Any) -> Progress:
    base = {
        "service_order_id": "OS-48211",
        "revision": 1,
        "sequence": 2,
        "serial": "HWTC1A2B3C4D",
        "stage": "queued",
        "since": datetime(2026, 3, 2, 12, 31, tzinfo=UTC),
        "text_pt": Stage.QUEUED.text_pt,
        "text_en": Stage.QUEUED.text_en,
    }
    return Progress.model_validate(base | more)


def as_peers(record: OutRecord) -> KafkaMessage:
    return KafkaMessage({name: value.encode() for name, value in record.headers.items()}, None, record.value)


def as_ours(message: KafkaMessage) -> RawRecord:
    return RawRecord("erp.install", 0, 0, 1, None, message.value, tuple(message.headers.items()))


def test_an_independent_reader_reads_what_we_write() -> None:
    made = CloudEvent("OS-48211/progress/2", progress(), AT, subject="HWTC1A2B3C4D", traceparent=TRACE)
    message = as_peers(to_record(made, "OS-48211"))
    assert message.headers["content-type"].startswith(b"application/cloudevents+json")
    read = from_kafka(message, JSONFormat(), PeerEvent)
    assert (read.get_id(), read.get_source(), read.get_type()) == (
        "OS-48211/progress/2",
        "acende",
        Progress.TYPE,
    )
    assert (read.get_time(), read.get_subject(), read.get_extension("traceparent")) == (
        AT,
        "HWTC1A2B3C4D",
        TRACE,
    )
    assert read.get_data() == progress().model_dump(mode="json")


@pytest.mark.parametrize("write", [to_structured, to_binary])
def test_we_read_what_an_independent_writer_writes(write: Any) -> None:
    attributes = {
        "specversion": "1.0",
        "id": "7f3a-1",
        "source": "/erp/ordens",
        "type": InstallStarted.TYPE,
        "time": datetime(2026, 3, 2, 12, 31, 8, tzinfo=UTC),
        "datacontenttype": "application/json",
        "traceparent": TRACE,
    }
    read = accepted(as_ours(write(PeerEvent(attributes, started()), JSONFormat())))
    assert (read.id, read.source, read.time) == ("7f3a-1", "/erp/ordens", attributes["time"])
    assert read.traceparent == TRACE
    assert read.data == accepted(event()).data


def test_the_same_event_is_the_same_bytes() -> None:
    made = CloudEvent("x", progress(), AT)
    assert to_record(made, "k") == to_record(CloudEvent("x", progress(), AT.astimezone(UTC)), "k")


def test_times_are_written_in_utc_with_milliseconds() -> None:
    assert (
        json.loads(to_record(CloudEvent("x", progress(), AT), "k").value)["time"]
        == "2026-03-02T12:31:52.007Z"
    )


def test_the_trace_context_goes_on_as_header_and_extension() -> None:
    traced = to_record(CloudEvent("x", progress(), AT, traceparent=TRACE), "k")
    assert traced.headers["traceparent"] == json.loads(traced.value)["traceparent"] == TRACE
    plain = to_record(CloudEvent("x", progress(), AT), "k")
    assert "traceparent" not in plain.headers
    assert b"traceparent" not in plain.value


def test_an_input_written_by_us_keeps_its_passwords_and_is_read_again() -> None:
    read = accepted(event())
    written = input_record(CloudEvent(read.id, read.data, read.time, read.source), "OS-48211")
    assert PPPOE_PASSWORD.encode() in written.value
    assert WIFI_KEY.encode() in written.value
    again = accepted(RawRecord("erp.install", 0, 0, 1, None, written.value, ()))
    assert (again.id, again.source, again.time, again.data) == (read.id, read.source, read.time, read.data)


def test_an_input_written_as_an_output_shows_no_password() -> None:
    written = to_record(CloudEvent("x", accepted(event()).data, AT), "k")
    assert PPPOE_PASSWORD.encode() not in written.value
    assert WIFI_KEY.encode() not in written.value


def test_an_output_has_no_member_that_its_schema_does_not_name() -> None:
    with pytest.raises(ValueError, match="Extra inputs"):
        progress(passwort="x")


def test_ids_are_told_apart() -> None:
    orders = ["1", "1/1", "1/progress", "1/1/final"]
    ids = [final_id(order, number) for order in orders for number in (1, 2)]
    ids += [progress_id(order, number) for order in orders for number in (1, 2)]
    assert len(set(ids)) == len(ids)
    assert dead_letter_id("erp.install", 3, 88121) == "erp.install/3/88121"
