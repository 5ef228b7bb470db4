"""Whatever lies on a topic becomes an event, is passed over, or is refused with a reason; nothing raises."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.envelope import RECORD_BYTES_MAX, Event, Passed, RawRecord, Rejected, parse_record
from events.inputs import INPUTS, EquipmentBound, EquipmentReceived, InstallStarted, is_undecided
from events.reasons import REASONS
from events.record import About
from tests.unit.events.samples import (
    ARRIVED,
    NOW,
    STRUCTURED,
    accepted,
    binary,
    event,
    parsed,
    received,
    record,
    refused,
    started,
)

SENT = datetime(2026, 3, 2, 12, 31, 8, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(record(event(), STRUCTURED), id="structured"),
        pytest.param(record(event()), id="structured-without-content-type"),
        pytest.param(
            record(event(), (("Content-Type", b"APPLICATION/CloudEvents+JSON"),)), id="header-in-other-case"
        ),
        pytest.param(binary(started()), id="binary"),
        pytest.param(
            record({**started(), **event(data=...), "specversion": "1.0"}), id="members-beside-type"
        ),
        pytest.param(
            record(b"\xef\xbb\xbf" + json.dumps(event()).encode(), STRUCTURED), id="byte-order-mark"
        ),
        pytest.param(
            record(event(data=..., data_base64=base64.b64encode(json.dumps(started()).encode()).decode())),
            id="base64",
        ),
        pytest.param(
            record(event(), (("content-type", None), ("x", b"\xff"), ("y", None))), id="odd-headers"
        ),
    ],
)
def test_each_way_of_writing_an_event_is_the_same_event(found: RawRecord) -> None:
    got = accepted(found)
    assert (got.source, got.id, got.type, got.time) == ("/erp/ordens", "7f3a-1", InstallStarted.TYPE, SENT)
    assert isinstance(got.data, InstallStarted)
    assert got.data == accepted(event()).data


def test_plain_json_takes_what_it_lacks_from_its_record() -> None:
    got = accepted(record({"type": InstallStarted.TYPE, **started()}))
    assert (got.source, got.id, got.time) == ("erp.install", "erp.install/3/88121", ARRIVED)


def test_any_type_may_arrive_on_any_topic() -> None:
    assert accepted(record(event(received()), topic="erp.install")).type == EquipmentReceived.TYPE


@pytest.mark.parametrize("timestamp_ms", [None, -1, 0, 10**18])
def test_without_a_timestamp_of_the_record_the_time_is_now(timestamp_ms: int | None) -> None:
    found = record({"type": InstallStarted.TYPE, **started()}, timestamp_ms=timestamp_ms)
    assert accepted(found).time == NOW


def test_a_time_ten_minutes_ahead_is_believed() -> None:
    got = accepted(event(time=(NOW + timedelta(minutes=10)).isoformat()))
    assert (got.time, got.arrival_overrode_time) == (NOW + timedelta(minutes=10), False)


@pytest.mark.parametrize(
    "time", [(NOW + timedelta(minutes=10, seconds=1)).isoformat(), "9998-01-01T00:00:00Z"]
)
def test_a_time_further_ahead_is_the_arrival_and_told(time: str) -> None:
    got = accepted(event(time=time))
    assert (got.time, got.arrival_overrode_time) == (ARRIVED, True)


def test_how_far_ahead_a_time_may_be_is_a_setting() -> None:
    found = record(event(time=(NOW + timedelta(seconds=61)).isoformat()))
    believed = [
        parse_record(found, source_timezone=None, now=NOW, ahead_max=timedelta(seconds=seconds))
        for seconds in (60, 61)
    ]
    assert [one.time for one in believed if isinstance(one, Event)] == [ARRIVED, NOW + timedelta(seconds=61)]


def test_a_request_without_a_time_is_as_old_as_it_says_that_the_technician_started() -> None:
    data = started(started_at="2026-03-01T09:31:07-03:00")
    plain = accepted(record({"type": InstallStarted.TYPE, **data}))
    assert (plain.time, plain.dated) == (ARRIVED, datetime(2026, 3, 1, 12, 31, 7, tzinfo=UTC))
    assert accepted(event(data)).dated is None
    assert accepted(record({"type": EquipmentReceived.TYPE, **received()})).dated is None


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(record(event(traceparent=TRACE)), id="extension"),
        pytest.param(record(event(), (*STRUCTURED, ("traceparent", TRACE.encode()))), id="header"),
        pytest.param(binary(started(), ce_traceparent=TRACE.encode()), id="binary-extension"),
    ],
)
def test_the_trace_context_passes_through(found: RawRecord) -> None:
    assert accepted(found).traceparent == TRACE


@pytest.mark.parametrize("trace", ["x", 7, None, ["a"], TRACE.upper(), TRACE + "\n"])
def test_a_damaged_trace_context_is_dropped_and_harms_nothing(trace: object) -> None:
    assert accepted(event(traceparent=trace)).traceparent is None


REFUSED: list[tuple[str, RawRecord | Any, str]] = [
    ("tombstone", record(None), "empty_value"),
    ("empty", record(b""), "empty_value"),
    ("ten-megabytes", record(b"x" * 10_000_000), "too_large"),
    ("just-too-large", record(b" " * (RECORD_BYTES_MAX + 1)), "too_large"),
    ("text", record(b"oi"), "not_json"),
    ("blanks", record(b"   "), "not_json"),
    ("cut", record(json.dumps(event()).encode()[:-5]), "not_json"),
    ("two-documents", record(json.dumps(event()).encode() * 2), "not_json"),
    ("latin-1", record(json.dumps(event(), ensure_ascii=False).encode("latin-1")), "not_utf8"),
    ("utf-16", record(json.dumps(event()).encode("utf-16")), "not_utf8"),
    ("utf-16-without-mark", record(json.dumps(event()).encode("utf-16-le")), "not_json"),
    ("lone-surrogate", record(json.dumps(event(id="\ud800")).encode()), "not_json"),
    ("deep", record(b"[" * 100_000), "not_json"),
    ("deep-in-data", record(b'{"type":"acende.install.started.v1","data":' + b'{"a":' * 5000), "not_json"),
    ("huge-number", record(b'{"type":' + b"9" * 5000 + b"}"), "not_json"),
    ("avro", record(b"\x00\x01\x02", (("content-type", b"application/avro"),)), "unsupported_content_type"),
    ("batch", record([event()], (("content-type", b"application/cloudevents-batch+json"),)), "bad_envelope"),
    ("array", [event()], "bad_envelope"),
    ("number", 7, "bad_envelope"),
    ("null", record(b"null"), "bad_envelope"),
    ("string", "acende.install.started.v1", "bad_envelope"),
    ("no-type", started(), "bad_envelope"),
    ("null-type", event(type=None), "bad_envelope"),
    ("number-as-type", event(type=7), "bad_envelope"),
    ("list-as-type", event(type=["acende.install.started.v1"]), "bad_envelope"),
    ("foreign-type", event(type="com.example.thing"), "unknown_type"),
    ("own-output", event(type="acende.provisioning.completed.v1"), "unknown_type"),
    ("next-version", event(type="acende.install.started.v2"), "unsupported_version"),
    ("no-version", event(type="acende.install.started"), "unknown_type"),
    ("type-in-other-case", event(type="Acende.Install.Started.V1"), "unknown_type"),
    ("version-with-more", event(type="acende.install.started.v1.x"), "unknown_type"),
    ("old-specversion", event(specversion="0.3"), "bad_envelope"),
    ("empty-id", event(id=""), "bad_envelope"),
    ("null-character-in-id", event(id="a\x00b"), "bad_envelope"),
    ("long-source", event(source="x" * 256), "bad_envelope"),
    ("list-as-source", event(source=["a"]), "bad_envelope"),
    ("number-as-time", event(time=1772454667), "bad_envelope"),
    ("number-in-text-as-time", event(time="12.5e-3"), "bad_envelope"),
    ("naive-time", event(time="2026-03-02T09:31:08"), "naive_time"),
    ("naive-and-wrong", event(started(mode="x"), time="2026-03-02T09:31:08"), "bad_envelope"),
    ("null-data", event(data=None), "invalid_data"),
    ("data-in-a-string", event(data=json.dumps(started())), "invalid_data"),
    ("list-as-data", event(data=[started()]), "invalid_data"),
    ("no-data", {"type": InstallStarted.TYPE}, "invalid_data"),
    ("nan", record(json.dumps(event(started(expected_rx_dbm=float("nan")))).encode()), "invalid_data"),
    ("infinity", record(json.dumps(event(started(expected_rx_dbm=float("inf")))).encode()), "invalid_data"),
    ("wrong-base64", event(data=..., data_base64="?"), "bad_envelope"),
    ("number-as-base64", event(data=..., data_base64=7), "bad_envelope"),
    ("base64-of-text", event(data=..., data_base64="b2k="), "not_json"),
    ("binary-without-type", binary(started(), ce_type=None), "bad_envelope"),
    ("binary-undecodable-id", binary(started(), ce_id=b"\xff"), "bad_envelope"),
    ("binary-empty-id", binary(started(), ce_id=b""), "bad_envelope"),
    ("binary-undecodable-type", binary(started(), ce_type=b"\xff"), "bad_envelope"),
    ("binary-unknown-type", binary(started(), ce_type=b"x.y"), "unknown_type"),
    ("binary-text", binary(b"oi"), "not_json"),
    ("binary-latin-1", binary("é".encode("latin-1")), "not_utf8"),
    ("binary-wrong-data", binary(started(mode="x")), "invalid_data"),
    ("binary-list", binary([1]), "invalid_data"),
]


@pytest.mark.parametrize(
    ("found", "code"), [pytest.param(found, code, id=name) for name, found, code in REFUSED]
)
def test_a_bad_record_is_refused_with_its_reason(found: RawRecord | Any, code: str) -> None:
    outcome = refused(found)
    assert outcome.code == code
    assert code in REASONS


def test_what_is_duplicated_in_a_document_counts_once() -> None:
    text = json.dumps(event()).replace('"id": "7f3a-1"', '"id": "first", "id": "last"')
    assert accepted(record(text.encode())).id == "last"


def test_members_nested_beside_ours_harm_nothing() -> None:
    deep: Any = "x"
    for _ in range(150):
        deep = [deep]
    assert accepted(event(started(more=deep))).id == "7f3a-1"


@pytest.mark.parametrize("serial", ["ABC123", "54:22:F8:1A:2B:3C", "", None, 7])
def test_a_unit_that_is_no_onu_is_passed_over(serial: object) -> None:
    assert parsed(event(received(serial=serial, model="ARCHER C6"))) == Passed(EquipmentReceived.TYPE)


@pytest.mark.parametrize("serial", ["ESCADA-7", "54A51B2C3D4E"])
def test_a_unit_that_is_no_onu_is_passed_over_whatever_else_it_lacks(serial: str) -> None:
    data = received(serial=serial, model="Escada 7 m", product_id=None)
    assert parsed(event(data)) == Passed(EquipmentReceived.TYPE)
    assert parsed(record({"type": EquipmentReceived.TYPE, **data})) == Passed(EquipmentReceived.TYPE)
    assert parsed(binary(data, ce_type=EquipmentReceived.TYPE.encode())) == Passed(EquipmentReceived.TYPE)


def test_a_known_onu_with_a_serial_that_is_none_is_refused() -> None:
    outcome = refused(event(received(serial="54A5.1B2C.3D4E", model="EG8145V5")))
    assert (outcome.code, outcome.type) == ("invalid_data", EquipmentReceived.TYPE)
    assert outcome.where == (
        "data.serial: looks like a MAC address, not a PON serial (vendor id and 8 hex digits)",
    )


@pytest.mark.parametrize("model", [None, "", 7, ["x"]])
def test_a_unit_without_serial_and_model_is_refused(model: object) -> None:
    assert refused(event(received(serial="x", model=model))).code == "invalid_data"


def test_a_router_with_a_fault_elsewhere_is_refused() -> None:
    assert refused(event(received(model="ARCHER C6", received_at="ontem"))).code == "invalid_data"


@pytest.mark.parametrize("written", ["54a51b2c3d4e", " 54A51B2C3D4E "])
def test_twelve_bare_hex_digits_are_taken_of_an_onu_in_stock_and_passed_over_of_anything_else(
    written: str,
) -> None:
    data = accepted(event(received(serial=written, model="EG8145V5"), type=EquipmentReceived.TYPE)).data
    assert isinstance(data, EquipmentReceived)
    assert data.serial == "54A51B2C3D4E"
    other = event(received(serial=written, model="ARCHER C6"), type=EquipmentReceived.TYPE)
    assert parsed(other) == Passed(EquipmentReceived.TYPE)


@pytest.mark.parametrize(
    ("written", "undecided"),
    [("dd18b0d0b70c", True), ("44443138B0D0B70C", False), ("DD18-B0D0B70C", False), ("DD18 B0D0B70C", False)],
)
def test_a_request_may_name_a_serial_of_hex_digits_alone(written: str, undecided: bool) -> None:
    data = accepted(event(started(serial=written))).data
    assert isinstance(data, InstallStarted)
    assert (data.serial, is_undecided(data)) == ("DD18B0D0B70C", undecided)


def test_the_request_of_case_28b_names_the_onu_of_a_vendor_whose_id_is_hex() -> None:
    """The case file events/28b-event-hex-vendor.json: names and ids in it are invented."""
    data = accepted(
        record((Path(__file__).parent / "28b-event-hex-vendor.json").read_bytes(), STRUCTURED)
    ).data
    assert isinstance(data, InstallStarted)
    assert (data.serial, is_undecided(data)) == ("DD18B0D0B70C", False)


def test_a_binding_of_something_else_is_refused_since_it_has_no_model() -> None:
    data = {"serial": "x", "service_order_id": "1", "customer_id": "1", "contract_id": "1"}
    assert refused(event(data, type=EquipmentBound.TYPE)).where[0].startswith("data.serial: not a PON serial")


VALUES: tuple[Any, ...] = (None, True, 0, 1.5, "", "x", [], ["x"], {}, {"x": []}, [[]], 10**400, "\u0000")
"""One of each kind of JSON value, empty and not."""


@pytest.mark.parametrize("kind", INPUTS)
def test_each_kind_of_json_value_at_each_member_raises_nothing(kind: str) -> None:
    """In every way of writing an event: a number as it should be may become a list, an object, a text."""
    fields = INPUTS[kind].model_fields
    data = {name: (field.examples or [None])[0] for name, field in fields.items()}
    whole = event(data, type=kind)
    for value in VALUES:
        for name in fields:
            odd = data | {name: value}
            _becomes_something(record(whole | {"data": odd}))
            _becomes_something(record({"type": kind, **odd}))
            _becomes_something(binary(odd, ce_type=kind.encode()))
        for name in (
            "specversion",
            "id",
            "source",
            "type",
            "time",
            "traceparent",
            "data",
            "data_base64",
            "x",
        ):
            _becomes_something(record(whole | {name: value}))
            _becomes_something(record({"type": kind, **data, name: value}))


WRONG = started(mode="ponte", serial="hwtc1a2b3c4d")


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(record(event(WRONG)), id="structured"),
        pytest.param(binary(WRONG), id="binary"),
        pytest.param(record({**WRONG, **event(data=...)}), id="plain"),
        pytest.param(
            record(event(data=..., data_base64=base64.b64encode(json.dumps(WRONG).encode()).decode())),
            id="base64",
        ),
        pytest.param(record(event(started(serial="hwtc1a2b3c4d"), specversion="0.3")), id="wrong-envelope"),
    ],
)
def test_of_a_request_that_is_refused_it_is_known_whose_it_is(found: RawRecord) -> None:
    about = refused(found).about
    assert about == About("OS-48211", "HWTC1A2B3C4D", "10233", SENT)


def test_of_a_request_that_is_refused_each_member_is_read_by_itself() -> None:
    wrong = started(serial=[], customer_id={}, started_at="2026-03-01T09:31:07-03:00", service_order_id=7)
    at = datetime(2026, 3, 1, 12, 31, 7, tzinfo=UTC)
    assert refused(record(event(wrong, time=[]))).about == About("7", None, None, at)
    assert refused(record(event(wrong | {"started_at": 5}, time=[]))).about == About("7", None, None, None)


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(record(event(started(service_order_id="?"))), id="no-order"),
        pytest.param(record(event(data=[])), id="no-object"),
        pytest.param(record(event(data=..., data_base64="?")), id="no-base64"),
        pytest.param(record(event(type="acende.install.started.v2")), id="other-version"),
        pytest.param(
            record(event(received(serial=1, model="EG8145V5", service_order_id="OS-1"))), id="stock"
        ),
        pytest.param(record(json.dumps(event()).encode()[:-5]), id="cut"),
        pytest.param(binary(b"[1]"), id="binary-list"),
    ],
)
def test_of_other_records_nothing_is_known(found: RawRecord) -> None:
    assert refused(found).about is None


def _becomes_something(found: RawRecord) -> None:
    assert isinstance(parsed(found), Event | Passed | Rejected)


def test_a_priority_that_is_a_list_is_wrong_data() -> None:
    outcome = refused(event(started(priority=[])))
    assert (outcome.code, outcome.where) == (
        "invalid_data",
        ("data.priority: Input should be a valid integer",),
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
headers = st.lists(
    st.tuples(
        st.sampled_from(
            ["content-type", "ce_type", "ce_id", "ce_time", "ce_specversion", "traceparent", "x"]
        ),
        st.none()
        | st.binary(max_size=30)
        | st.sampled_from(
            [InstallStarted.TYPE.encode(), b"application/json", b"application/cloudevents+json"]
        ),
    ),
    max_size=5,
)


def _is_total(
    value: bytes | None, given_headers: list[tuple[str, bytes | None]], timestamp_ms: int | None
) -> None:
    found = RawRecord("t", 0, 0, timestamp_ms, None, value, given_headers)
    outcome = parse_record(found, source_timezone=None, now=NOW, is_onu_model=lambda _: False)
    assert isinstance(outcome, Event | Passed | Rejected)
    assert not isinstance(outcome, Rejected) or outcome.code in REASONS


@given(st.binary(max_size=200) | st.none(), headers, st.none() | st.integers())
def test_any_bytes_and_any_headers_raise_nothing(
    value: bytes | None, given_headers: list[tuple[str, bytes | None]], timestamp_ms: int | None
) -> None:
    _is_total(value, given_headers, timestamp_ms)


@settings(max_examples=400)
@given(st.data(), headers)
def test_any_value_in_any_member_raises_nothing(
    data: st.DataObject, given_headers: list[tuple[str, bytes | None]]
) -> None:
    plain = started(pppoe_password="1", wifi_key="12345678")
    document: Any = event(data.draw(st.sampled_from([plain, received()])))
    for _ in range(data.draw(st.integers(1, 3))):
        place = (
            document
            if data.draw(st.booleans()) or not isinstance(document["data"], dict)
            else document["data"]
        )
        place[data.draw(st.sampled_from([*sorted(place), "x"]) | st.text(max_size=8))] = data.draw(
            json_values
        )
        document.setdefault("data", {})
    _is_total(json.dumps(document).encode(), given_headers, 1)


@given(st.data())
def test_a_damaged_event_raises_nothing(data: st.DataObject) -> None:
    raw = bytearray(json.dumps(event()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _is_total(bytes(raw[: data.draw(st.integers(0, len(raw)))]), [], 1)
