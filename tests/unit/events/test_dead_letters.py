"""A dead letter says where a record lies and what is wrong, and shows nothing that may be a password."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.dead_letters import dead_letter, dead_letter_event, dead_letter_key, masked
from events.envelope import RawRecord, Rejected, to_record
from events.outputs import DeadLetter
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.events.samples import NOW, STRUCTURED, event, parsed, record, refused, started

SECRET = "Zr9K7Qx4 Vt8?"
"""Passwords as people choose them; this one also stands where a word of ours must stand."""


def letter(found: RawRecord) -> DeadLetter:
    return dead_letter(found, refused(found))


def test_a_dead_letter_says_where_the_record_lies() -> None:
    found = record(event(started(mode="roteador")), (*STRUCTURED, ("x", None), ("a b", b"1")))
    got = letter(found)
    assert (got.topic, got.partition, got.offset, got.key) == ("erp.install", 3, 88121, "OS-48211")
    assert got.timestamp is not None
    assert got.timestamp.isoformat() == "2026-03-02T12:35:00.250000+00:00"
    assert found.value is not None
    assert (got.size, got.sha256) == (len(found.value), hashlib.sha256(found.value).hexdigest())
    assert [(header.name, header.size) for header in got.headers] == [
        ("content-type", 43),
        ("x", None),
        ("********", 1),
    ]
    assert (got.code, got.event_type) == ("invalid_data", "acende.install.started.v1")
    assert got.where == ("data.mode: Input should be 'bridge' or 'router'",)


def test_harmless_members_are_shown_and_all_others_masked() -> None:
    document = masked(record(event(started(mode="x", serial="hwtc1a2b3c4d", senha="abc", cto_port=6))).value)
    assert isinstance(document, dict)
    assert document["id"] == "7f3a-1"
    assert document["data"] == {
        "service_order_id": "OS-48211",
        "customer_id": "10233",
        "contract_id": "77120",
        "customer_name": "********",
        "plan_code": "FIBRA-300",
        "mode": "********",
        "technician_id": "412",
        "started_at": "2026-03-02T09:31:07-03:00",
        "serial": "hwtc1a2b3c4d",
        "cto_port": 6,
        "pppoe_login": "********",
        "pppoe_password": "********",
        "wifi_name": "********",
        "wifi_key": "********",
        "********": "members that are not known: 1",
    }


@pytest.mark.parametrize(
    "value",
    [b"senha: abc", b"[1]", b"\xff", b'"abc"', b"7", b"[" * 9999, b"{" * 9999, b"", None, b"x" * 300_000],
)
def test_what_is_no_object_is_not_shown_at_all(value: bytes | None) -> None:
    assert masked(value) is None


@pytest.mark.parametrize(
    "key", [b"senha do cliente", b"\xff\x00", b"", "ç".encode(), b"x" * 65, b"a\nb", None]
)
def test_a_key_that_is_no_plain_identifier_is_told_by_its_size(key: bytes | None) -> None:
    got = letter(record(b"oi", key=key))
    assert (got.key, got.key_size) == (None, None if key is None else len(key))


@pytest.mark.parametrize("timestamp_ms", [None, -1, 10**30])
def test_a_record_without_a_timestamp_has_none(timestamp_ms: int | None) -> None:
    assert letter(record(b"oi", timestamp_ms=timestamp_ms)).timestamp is None


def test_a_tombstone_has_no_size() -> None:
    got = letter(record(None))
    assert (got.code, got.size, got.sha256, got.document) == ("empty_value", None, None, None)


def test_ten_megabytes_are_told_in_a_small_letter() -> None:
    made = dead_letter_event(record(b"{" + b" " * 10_000_000), Rejected("too_large"), NOW)
    assert len(to_record(made, "k").value) < 2000
    assert isinstance(made.data, DeadLetter)
    assert made.data.text_en == "The record is too large (10000001 bytes)."


def test_a_huge_document_makes_a_small_letter() -> None:
    many = {f"m{number}": "x" * 50 for number in range(3000)} | {
        "type": "acende.install.started.v1",
        "data": {},
    }
    found = record(many, tuple((f"h{number}", b"x") for number in range(500)))
    assert len(letter(found).model_dump_json()) < 10_000


def test_a_record_makes_one_letter_with_one_id() -> None:
    made = dead_letter_event(record(b"oi"), Rejected("not_json"), NOW)
    assert (made.id, made.type, dead_letter_key(record(b"oi"))) == (
        "erp.install/3/88121",
        DeadLetter.TYPE,
        "erp.install/3",
    )


@pytest.mark.parametrize("code", ["invalid_data", "bad_envelope", "naive_time"])
def test_the_text_names_the_places_and_not_the_values(code: str) -> None:
    got = dead_letter(record(b"oi"), Rejected(code, ("data.mode: expected x", "data.serial: expected y")))
    assert "data.mode, data.serial" in got.text_pt
    assert "expected" not in got.text_pt


secrets = st.sampled_from([SECRET, PPPOE_PASSWORD + " ", f"{WIFI_KEY}!", f"é{PPPOE_PASSWORD}", f"{SECRET}\n"])
places = st.sampled_from(
    ["pppoe_password", "wifi_key", "customer_name", "pppoe_login", "senha", "reason", "data", "x"]
)


def planted(secret: str) -> st.SearchStrategy[Any]:
    inner: st.SearchStrategy[Any] = st.just(secret)
    return st.recursive(
        inner,
        lambda part: (
            st.lists(part, min_size=1, max_size=2)
            | st.dictionaries(places | st.just(secret), part, min_size=1, max_size=2)
        ),
        max_leaves=4,
    )


@settings(max_examples=300, deadline=None)
@given(st.data(), secrets)
def test_no_planted_password_survives_in_a_dead_letter(data: st.DataObject, secret: str) -> None:
    plain = {name: value for name, value in started().items() if name not in {"pppoe_password", "wifi_key"}}
    document: Any = event(plain)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([document, plain]))
        member = data.draw(st.sampled_from([*sorted(place), "pppoe_password", "wifi_key", "senha", secret]))
        if member not in {"data", "type"}:
            place[member] = data.draw(planted(secret))
    raw = json.dumps(document if data.draw(st.booleans()) else {**plain, **document, "data": secret})
    headers = ((secret, secret.encode()), ("x", secret.encode()))
    found = record(
        raw.encode()[: data.draw(st.integers(len(raw) - 3, len(raw)))], headers, key=secret.encode()
    )
    outcome = parsed(found)
    if isinstance(outcome, Rejected):
        made = to_record(dead_letter_event(found, outcome, NOW), dead_letter_key(found))
        text = f"{made}{outcome}{json.loads(made.value)}"
        for part in (secret.strip(), PPPOE_PASSWORD, WIFI_KEY):
            assert part not in text
