"""Where what is read and told ends: the largest, the last, the first, and which of two counts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from events.base import SOURCE_TIMEZONE, EventTime
from events.dead_letters import bare_dead_letter_event, dead_letter, dead_letter_event, masked
from events.envelope import RECORD_BYTES_MAX, Passed, RawRecord, Rejected, parse_record
from events.inputs import EquipmentReceived, InstallStarted
from events.outgoing import CloudEvent, dead_letter_id, final_id, input_record, progress_id, to_record
from events.outputs import Applied, DeadLetter
from events.reasons import REASONS, clean, reason
from events.topics import Topics
from schemas.onu import DesiredOnu, LanPort, Management, OnuService, ServicePort, Wan, Wifi
from schemas.place import PonPort
from schemas.serial import (
    Undecided,
    canonical_serial,
    hex_serial,
    is_in_doubt,
    looks_like_mac,
    mac_digits,
    readable_serial,
    serial_or_none,
    typed_serial,
)
from tests.support.secrets import PPPOE_PASSWORD
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

TRACE, OTHER_TRACE, THIRD_TRACE = (f"00-{'0' * 31}{number}-00f067aa0ba902b7-01" for number in (1, 2, 3))


# --------------------------------------------------------------------------------------------------------- the envelope


def test_a_value_of_just_256_kb_is_read() -> None:
    raw = json.dumps(event()).encode()
    assert accepted(record(raw + b" " * (RECORD_BYTES_MAX - len(raw)))).id == "7f3a-1"


@pytest.mark.parametrize(
    ("given", "found"), [(7, "7"), ("7", "7"), ("x" * 255, "x" * 255), (None, "erp.install/3/88121")]
)
def test_an_id_may_be_a_number_and_is_made_where_it_is_absent(given: Any, found: str) -> None:
    assert accepted(event(id=given)).id == found


@pytest.mark.parametrize("given", [True, False, 1.5, "x" * 256, ["x"]])
def test_what_is_no_id_is_refused(given: Any) -> None:
    assert refused(event(id=given)).code == "bad_envelope"


def test_a_source_may_have_255_characters() -> None:
    assert accepted(event(source="x" * 255)).source == "x" * 255


def _at(timestamp: datetime) -> datetime:
    found = record(
        {"type": InstallStarted.TYPE, **started()}, timestamp_ms=round(timestamp.timestamp() * 1000)
    )
    return accepted(found).time


def test_a_record_that_arrived_at_this_very_moment_is_of_then_and_one_that_lies_ahead_of_now() -> None:
    assert _at(NOW) == NOW
    assert _at(NOW + timedelta(milliseconds=1)) == NOW
    assert _at(NOW - timedelta(milliseconds=1)) == NOW - timedelta(milliseconds=1)
    assert _at(datetime.fromtimestamp(0.001, UTC)) == datetime.fromtimestamp(0.001, UTC)
    plain = record({"type": InstallStarted.TYPE, **started()}, timestamp_ms=None)
    local = parse_record(plain, source_timezone=None, now=NOW.astimezone(timezone(timedelta(hours=-3))))
    assert local.time.tzinfo is UTC  # type: ignore[union-attr]


def test_of_several_trace_contexts_the_headers_counts_first() -> None:
    both = (("traceparent", TRACE.encode()), ("ce_traceparent", OTHER_TRACE.encode()))
    assert accepted(record(event(traceparent=THIRD_TRACE), both)).traceparent == TRACE
    assert accepted(record(event(traceparent=THIRD_TRACE), both[1:])).traceparent == OTHER_TRACE
    assert accepted(record(event(traceparent=THIRD_TRACE))).traceparent == THIRD_TRACE


@pytest.mark.parametrize("name", ["ce_type", "ce_specversion"])
def test_either_header_tells_binary_mode_unless_the_content_is_a_whole_event(name: str) -> None:
    headers = {"ce_type": InstallStarted.TYPE.encode(), "ce_specversion": b"1.0"}
    alone = ((name, headers[name]),)
    outcome = parsed(record(started(), alone))
    if name == "ce_type":
        assert not isinstance(outcome, Rejected)
    else:
        assert outcome == Rejected("bad_envelope", ("type: expected the name of an event type",))
    whole = (*alone, ("content-type", b" Application/CloudEvents+json ; charset=utf-8"))
    assert accepted(record(event(), whole)).id == "7f3a-1"


def test_headers_that_cannot_be_read_are_named() -> None:
    found = refused(binary(started(), ce_id=b"\xff", ce_source=None))
    assert (found.code, found.type) == ("bad_envelope", InstallStarted.TYPE)
    assert found.where == ("ce_id: expected UTF-8 text", "ce_source: expected UTF-8 text")


def test_the_last_header_of_a_name_counts() -> None:
    twice = (("Traceparent", TRACE.encode()), ("traceparent", OTHER_TRACE.encode()))
    assert accepted(record(event(), twice)).traceparent == OTHER_TRACE


@pytest.mark.parametrize(
    ("media", "code"),
    [
        (b"application/json", "not_json"),
        (b"text/json; charset=utf-8", "not_json"),
        (b"application/vnd.erp-1.x+json", "not_json"),
        (b"", "not_json"),
        (b"text/plain", "unsupported_content_type"),
        (b"application/jsonx", "unsupported_content_type"),
    ],
)
def test_what_is_no_json_is_blamed_on_its_content_type_where_that_says_so(media: bytes, code: str) -> None:
    outcome = refused(record(b"oi", (("content-type", media),)))
    assert outcome.code == code
    assert outcome.where == (("content-type: expected JSON",) if code != "not_json" else ())
    assert outcome.type is None


def test_where_a_document_is_wrong_is_told_twenty_times_at_most() -> None:
    members = {name: {"x": [name]} for name in InstallStarted.model_fields}
    outcome = refused(event(members, type=InstallStarted.TYPE, time=[], id=[]))
    assert len(members) + 2 > 20
    assert len(outcome.where) == 20
    assert all(": " in line for line in outcome.where)


WRONG_TIME = "2026-03-02T09:31:08"


def test_times_without_a_zone_are_told_with_their_place() -> None:
    outcome = refused(event(started(started_at=WRONG_TIME), time=WRONG_TIME))
    expected = "has no zone, and no ACENDE_SOURCE_TIMEZONE is set"
    assert outcome == Rejected(
        "naive_time",
        (f"time: {expected}", f"data.started_at: {expected}"),
        InstallStarted.TYPE,
        outcome.about,
    )
    assert refused(binary(started(started_at=WRONG_TIME))).where == (f"data.started_at: {expected}",)
    assert refused(binary(started(mode="x", started_at=WRONG_TIME))).code == "invalid_data"
    assert refused(binary(started(mode="x"), ce_specversion=b"0.3")).code == "bad_envelope"


def test_what_is_wrong_inside_a_document_of_base64_is_told_as_of_its_data() -> None:
    encoded = base64.b64encode(json.dumps(started(mode="x")).encode()).decode()
    outcome = refused(event(data=..., data_base64=encoded))
    assert (outcome.code, outcome.where) == (
        "invalid_data",
        ("data.mode: Input should be 'bridge' or 'router'",),
    )
    assert refused(event(data=..., data_base64="é")) == Rejected(
        "bad_envelope", ("data_base64: expected base64",), InstallStarted.TYPE
    )
    nested = base64.b64encode(b"\xff").decode()
    assert refused(event(data=..., data_base64=nested)).code == "not_utf8"


@pytest.mark.parametrize(
    ("found", "where"),
    [
        (event(type="acende.install.started.v2"), "type: expected a version that is known"),
        (
            event(type="acende.install.start.v1"),
            (
                "type: expected an event type that is known, not acende.install.start.v1:"
                " acende.install.started.v1 is the nearest"
            ),
        ),
        (event(type="order.created"), "type: expected an event type that is known, not order.created"),
        (event(type="x\x9b2J senha"), "type: expected an event type that is known"),
        (event(type="x" * 101), "type: expected an event type that is known"),
        (event(type=""), "type: expected the name of an event type"),
        ([1], "expected an object"),
    ],
)
def test_what_was_expected_is_told(found: Any, where: str) -> None:
    assert refused(found).where == (where,)


def test_a_unit_without_a_model_or_with_blanks_is_refused_and_of_another_kind_passed_over() -> None:
    other = {"serial": "x", "model": "ARCHER C6"}
    for model in ("   ", None, 7):
        assert isinstance(parsed(event(received(**(other | {"model": model})))), Rejected)
    assert parsed(event(received(**other))) == Passed(EquipmentReceived.TYPE)
    assert isinstance(parsed(event(data=[1], type=EquipmentReceived.TYPE)), Rejected)
    assert isinstance(parsed(binary([1], ce_type=EquipmentReceived.TYPE.encode())), Rejected)
    assert isinstance(parsed(event(started(serial="x"))), Rejected)


def test_of_a_request_in_binary_mode_the_headers_tell_the_time() -> None:
    about = refused(binary(started(mode="x", started_at=7))).about
    assert about
    assert about.time == datetime(2026, 3, 2, 12, 31, 8, tzinfo=UTC)
    nothing = refused(record({"type": InstallStarted.TYPE, "data": 5, "service_order_id": "OS-1"}))
    assert nothing.about is None
    both = event(started(mode="x", service_order_id="OS-1"), data_base64=base64.b64encode(b"{}").decode())
    found = refused(both).about
    assert found
    assert found.order == "OS-1"


# ---------------------------------------------------------------------------------------------------------------- times

_TIME: TypeAdapter[datetime] = TypeAdapter(EventTime)


def _read(value: Any, zone: Any = None) -> datetime:
    return _TIME.validate_python(value, context={SOURCE_TIMEZONE: zone})


def test_a_time_is_read_in_its_own_zone_else_in_the_given_one() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    zone = ZoneInfo("America/Sao_Paulo")
    assert _read("2026-03-02T09:00:00-03:00") == noon
    assert _read("2026-03-02T09:00:00", zone) == noon
    assert _read("2026-03-02T12:00:00Z", zone) == noon
    assert _read(noon) == noon
    assert _TIME.validate_python("2026-03-02T12:00:00Z") == noon


@pytest.mark.parametrize(
    "value",
    [
        "12345-01-01T00:00:00Z",
        "20260302T120000Z",
        "x-y",
        1772454667,
        "1772454667",
        None,
        "0001-01-01T00:00:00+10:00",
    ],
)
def test_what_is_no_time_of_rfc_3339_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        _read(value, UTC)


# --------------------------------------------------------------------------------------------------------- dead letters


def _letter(found: RawRecord, rejected: Rejected | None = None) -> DeadLetter:
    return dead_letter(found, rejected or Rejected("not_json"))


def test_a_dead_letter_tells_fifty_headers_and_of_each_place_three_hundred_characters() -> None:
    headers = tuple((f"h{number}", b"x") for number in range(51))
    made = _letter(record(b"oi", headers), Rejected("invalid_data", (*"abcdef", "y" * 301)))
    assert [one.name for one in made.headers] == [f"h{number}" for number in range(50)]
    assert made.where[-1] == "y" * 300
    assert "a, b, c, d, e" in made.text_pt
    assert "f" not in made.text_pt.partition("a, b, c, d, e")[2]


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (32_503_679_999_500, "2999-12-31T23:59:59.500000+00:00"),
        (32_503_680_000_000, None),
        (-1, None),
    ],
)
def test_a_timestamp_that_can_be_one_is_told(milliseconds: int, told: str | None) -> None:
    found = _letter(record(b"oi", timestamp_ms=milliseconds)).timestamp
    assert (found and found.isoformat()) == told


def test_a_letter_says_all_that_the_catalogue_says_of_its_reason() -> None:
    made = _letter(record(b"oi!"), Rejected("too_large"))
    said = reason("too_large").say({"where": None, "size": 3})
    assert (made.text_pt, made.text_en, made.action_pt, made.action_en) == (
        said.text_pt, said.text_en, said.action_pt, said.action_en
    )  # fmt: skip
    assert (made.size, made.key_size) == (3, 8)
    event_of = dead_letter_event(record(b"oi!"), Rejected("too_large"), NOW, "here")
    assert (event_of.source, event_of.time, dead_letter_event(record(b"x"), Rejected("not_json"), NOW).source) == (
        "here", NOW, "acende"
    )  # fmt: skip


def test_a_bare_letter_has_place_and_code_alone() -> None:
    made = bare_dead_letter_event(record(event()), Rejected("internal_error", ("secret",)), NOW, "here")
    assert isinstance(made.data, DeadLetter)
    said = reason("internal_error").say()
    told = made.data.model_dump(exclude_defaults=True)
    assert told == {
        "topic": "erp.install",
        "partition": 3,
        "offset": 88121,
        "code": "internal_error",
        "text_pt": said.text_pt,
        "text_en": said.text_en,
        "action_pt": said.action_pt,
        "action_en": said.action_en,
    }
    assert (made.id, made.source, made.time) == ("erp.install/3/88121", "here", NOW)


MASK = "********"
SHOWN = [
    ("serial", "HWTC1A2B3C4D", True),
    ("serial", "54A51B2C3D4E", False),
    ("serial", "senha", False),
    ("serial", 7, False),
    ("serial", None, True),
    ("serial", "", True),
    ("priority", 5, True),
    ("priority", True, False),
    ("priority", [5], False),
    ("priority", 10**65, False),
    ("priority", "1234567", False),
    ("expected_rx_dbm", -19.5, True),
    ("mode", "bridge", True),
    ("mode", "ponte", False),
    ("customer_name", "Ana", False),
    ("customer_name", "", True),
    ("service_order_id", "OS-1", True),
    ("service_order_id", "a b", False),
    ("started_at", "2026-03-02T09:31:07-03:00", True),
    ("started_at", "ontem", False),
]


@pytest.mark.parametrize(("name", "value", "shown"), SHOWN)
def test_a_value_is_shown_where_its_member_is_harmless_and_it_looks_as_such(
    name: str, value: Any, *, shown: bool
) -> None:
    document: Any = masked(json.dumps({"data": {name: value}}).encode())
    assert document == {"data": {name: value if shown else MASK}}


def test_what_holds_no_members_is_masked_and_members_beside_the_type_are_read_as_members() -> None:
    assert masked(json.dumps({"data": "x", "senha": 1, "a": 2}).encode()) == {
        "data": MASK,
        MASK: "members that are not known: 2",
    }
    assert masked(
        json.dumps({"type": "acende.install.started.v1", "mode": "router", "time": "x"}).encode()
    ) == {
        "mode": "router",
        "type": "acende.install.started.v1",
        "time": MASK,
    }
    assert masked(b"\xef\xbb\xbf{}") == {}
    assert masked(b"{}" + b" " * (RECORD_BYTES_MAX - 2)) == {}
    assert masked(b"{}" + b" " * (RECORD_BYTES_MAX - 1)) is None
    assert masked(json.dumps({"data": {"data": "x"}}).encode()) == {"data": {"data": MASK}}


# -------------------------------------------------------------------------------------------------------------- outgoing


def test_an_event_is_written_with_what_it_has() -> None:
    data = InstallStarted.model_validate(started())
    made = CloudEvent("1", data, ARRIVED, "/erp", "S", TRACE)
    shown = json.loads(input_record(made, "k").value)
    assert list(shown) == [
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "datacontenttype",
        "subject",
        "traceparent",
        "data",
    ]
    assert [shown[name] for name in ("id", "source", "time", "subject", "traceparent")] == [
        "1", "/erp", "2026-03-02T12:35:00.250Z", "S", TRACE
    ]  # fmt: skip
    assert shown["data"]["pppoe_password"] == PPPOE_PASSWORD
    assert "Conceição".encode() in input_record(made, "k").value
    assert PPPOE_PASSWORD not in to_record(made, "k").value.decode()
    assert to_record(made, "k").headers["traceparent"] == TRACE
    bare = json.loads(to_record(CloudEvent("1", data, ARRIVED), "k").value)
    assert ("subject" in bare, "traceparent" in bare, bare["source"]) == (False, False, "acende")
    assert "traceparent" not in to_record(CloudEvent("1", data, ARRIVED), "k").headers
    assert (final_id("A", 2), progress_id("A", 3), dead_letter_id("t", 1, 2)) == (
        "A/2/final",
        "A/progress/3",
        "t/1/2",
    )


def test_each_type_has_its_topic() -> None:
    topics = Topics(equipment="e", install="i", progress="p", results="r", dead_letters="d")
    kinds = ("progress", "completed", "failed", "cancelled")
    assert [topics.of_output(f"acende.provisioning.{kind}.v1") for kind in kinds] == ["p", "r", "r", "r"]
    assert topics.of_output(DeadLetter.TYPE) == "d"
    inputs = (
        "equipment.received",
        "equipment.bound",
        "equipment.unbound",
        "install.started",
        "install.cancelled",
    )
    assert [topics.of_input(f"acende.{kind}.v1") for kind in inputs] == ["e", "e", "e", "i", "i"]
    assert (topics.inputs, topics.outputs) == (("e", "i"), ("p", "r", "d"))
    one = Topics(equipment="x", install="x", progress="y", results="y", dead_letters="y")
    assert (one.inputs, one.outputs) == (("x",), ("y",))


def test_what_was_applied_is_told_with_every_vlan_once_ascending() -> None:
    wish = DesiredOnu(
        serial="HWTC1A2B3C4D",
        port=PonPort.model_validate("0/1/0"),
        line_profile="10",
        service_profile="20",
        onu_type="F670L",
        service_ports=(ServicePort(gem_port=1, vlan=300, user_vlan=300, inner_vlan=7),),
        lan_ports=(LanPort(port=1, mode="tag", vlan=200), LanPort(port=2, mode="transparent")),
        onu_services=(OnuService(name="x", gem_port=1, vlan=150),),
        wan=Wan(mode="dhcp", vlan=100),
        management=Management(vlan=99, tr069_profile="acs"),
        wifi=(Wifi(index=5, name="x", key=None),),
    )
    told = Applied.of(wish)
    assert told.vlans == (7, 99, 100, 150, 200, 300)
    assert (told.line_profile, told.service_profile, told.onu_type) == ("10", "20", "F670L")
    assert (told.wan_mode, told.wan_vlan, told.management_vlan, told.tr069_profile, told.wifi) == (
        "dhcp", 100, 99, "acs", (5,)
    )  # fmt: skip
    assert (told.service_ports, told.lan_ports) == (wish.service_ports, wish.lan_ports)
    bare = Applied.of(wish.model_copy(update={"wan": None, "management": None}))
    assert (bare.wan_mode, bare.wan_vlan, bare.management_vlan, bare.tr069_profile) == (None,) * 4
    assert bare.vlans == (7, 150, 200, 300)


# --------------------------------------------------------------------------------------------------------------- reasons


def test_texts_are_filled_with_one_short_line_each() -> None:
    assert clean("  a\n\tb\x00 ") == "a b"
    assert clean("x" * 200) == "x" * 200
    assert clean("x" * 201) == "x" * 199 + "…"
    busy = reason("left_claimed")
    said = busy.say({"serial": "S", "place": "P", "other_order": None})
    assert "?" in said.text_pt
    assert "?" in busy.say({"other_order": "\x00"}).text_pt
    assert busy.say().text_en != busy.say().text_pt
    filled = busy.say(dict.fromkeys(busy.placeholders, "Q7Q"))
    assert "{" not in f"{filled}"
    assert "?" not in filled.text_pt
    assert busy.kept({"a": 1, "b": None, "c": ""}) == {"a": "1", "c": ""}
    assert busy.kept(None) == {}
    assert reason("no such code") is REASONS["internal_error"]
    assert {one.fault for one in REASONS.values() if one.outside} == {"erp", "field"}
    for one in REASONS.values():
        assert one.texts.text_pt != one.texts.text_en


# ---------------------------------------------------------------------------------------------------------------- serials

READ = [
    ("HWTC1A2B3C4D", "HWTC1A2B3C4D"),
    (" hwtc1a2b3c4d\n", "HWTC1A2B3C4D"),
    ("HWTC-1A2B3C4D", "HWTC1A2B3C4D"),
    ("HWTC 1A2B3C4D", "HWTC1A2B3C4D"),
    ("485754431a2b3c4d", "HWTC1A2B3C4D"),
    ("485754431A2B3C4D (HWTC-1A2B3C4D)", "HWTC1A2B3C4D"),
    ("687774631A2B3C4D", "HWTC1A2B3C4D"),
    ("DD18B0D0B70C", "DD18B0D0B70C"),
    ("44443138B0D0B70C", "DD18B0D0B70C"),
    ("2D2D2D2D1A2B3C4D", None),
    ("FFFFFFFF1A2B3C4D", None),
    ("54:22:F8:1A:2B:3C", None),
    ("5422.F81A.2B3C", None),
    ("5422-F81A-2B3C", None),
    ("HWTC1A2B3C4", None),
    ("HWTC1A2B3C4DE", None),
    ("HWTC1A2B3C4G", None),
    ("ＨWTC1A2B3C4D", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "serial"), READ)
def test_a_serial_is_read_in_any_of_its_forms(text: str, serial: str | None) -> None:
    assert serial_or_none(text) == serial
    if serial is None:
        with pytest.raises(ValueError, match="serial") as told:
            canonical_serial(text)
        assert ("MAC address" in str(told.value)) is (":" in text or "." in text or text.count("-") == 2)
        assert ("vendor id" in str(told.value)) is True
    else:
        assert canonical_serial(serial) == serial


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("DD18B0D0B70C", True),
        (" dd18b0d0b70c ", True),
        ("DD18-B0D0B70C", False),
        ("44443138B0D0B70C", False),
        ("HWTC1A2B3C4D", False),
        ("DACM1A2B3C4D", False),
        ("BEST1A2B3C4D", False),
        ("x", False),
        (7, False),
        (None, False),
    ],
)
def test_twelve_bare_hex_digits_of_no_known_vendor_are_in_doubt(text: Any, *, doubt: bool) -> None:
    assert is_in_doubt(text) is doubt
    if isinstance(text, str) and text != "x":
        assert isinstance(typed_serial(text), Undecided) is doubt


def test_a_vendor_that_is_known_is_in_no_doubt_although_its_id_is_hex(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert looks_like_mac("DD18B0D0B70C")
    monkeypatch.setattr("schemas.serial.KNOWN_VENDOR_IDS", frozenset({"DD18"}))
    assert not looks_like_mac("DD18B0D0B70C")
    assert not is_in_doubt("DD18B0D0B70C")


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("54:22:f8:1a:2b:3c", "5422F81A2B3C"),
        ("54-22-F8-1A-2B-3C", "5422F81A2B3C"),
        (" 5422.F81A.2B3C ", "5422F81A2B3C"),
        ("5422F81A2B3C", "5422F81A2B3C"),
        ("HWTC1A2B3C4D", None),
        ("5422F81A2B3", None),
        ("５422F81A2B3C", None),
    ],
)
def test_a_mac_address_is_twelve_hex_digits(text: str, digits: str | None) -> None:
    assert mac_digits(text) == digits


def test_a_serial_is_named_as_the_device_printed_it() -> None:
    serial = "HWTC1A2B3C4D"
    assert hex_serial(serial) == "485754431A2B3C4D"
    assert hex_serial(serial, "687774631a2b3c4d") == "687774631A2B3C4D"
    assert hex_serial(serial, "485754431A2B3C4D (HWTC-1A2B3C4D)") == "485754431A2B3C4D"
    assert hex_serial(serial, "485754431A2B3C4E") == "485754431A2B3C4D"
    assert hex_serial(serial, "HWTC-1A2B3C4D") == hex_serial(serial, "") == "485754431A2B3C4D"
    assert readable_serial(serial, "hwtc1a2b3c4d") == "hwtc1a2b3c4d"
    assert readable_serial(serial, "HWTC-1A2B3C4D") == readable_serial(serial) == serial
    assert readable_serial(serial, "HWTC1A2B3C4E") == readable_serial(serial, "") == serial


def test_structured_mode_is_the_usual_one() -> None:
    assert accepted(record(event(), STRUCTURED)).source == "/erp/ordens"


def test_what_is_wrong_is_told_in_sentences_without_expressions_or_names_of_rules() -> None:
    told = refused(
        event({"service_order_id": "\x00", "customer_id": "a b", "serial": "?", "mode": "x"})
    ).where
    assert "data.plan_code: this member is required" in told
    for said in told:
        assert not any(raw in said for raw in ("Field required", "pattern", "^", "[A-Z", "\\")), said
