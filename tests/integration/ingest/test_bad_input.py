"""Whatever lies on an input topic: a dead letter with its reason, the rest unharmed, offsets to the end."""

import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from events.envelope import Event, RawRecord, Rejected, parse_record
from tests.integration.ingest.conftest import (
    PLACEHOLDER,
    Send,
    applied,
    cancelled,
    ingesting,
    letters,
    settled,
)
from tests.support.installation import SERIAL, received, started
from tests.support.kafka import Topics
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY, leaked
from worker.settings import Settings
from worker.store.apply import apply_batch
from worker.store.db import Store

JSON_HEADER = ("content-type", b"application/cloudevents+json")
BAD: list[tuple[str, bytes | None, list[tuple[str, bytes | None]], str]] = [
    ("null value", None, [], "empty_value"),
    ("empty value", b"", [], "empty_value"),
    ("random bytes", bytes(range(256)) * 4, [], "not_utf8"),
    ("latin-1", cancelled(0, reason="ligação").decode().encode("latin-1"), [], "not_utf8"),
    ("utf-16", cancelled(0).decode().encode("utf-16"), [], "not_utf8"),
    ("no JSON", b"<xml/>", [], "not_json"),
    ("half a document", cancelled(0)[:-20], [JSON_HEADER], "not_json"),
    ("a number", b"7", [], "bad_envelope"),
    ("a list", b"[]", [], "bad_envelope"),
    ("deep", b"[" * 50_000, [], "not_json"),
    ("no type", b'{"id": "1"}', [], "bad_envelope"),
    ("unknown type", cancelled(0).replace(b"acende.install", b"other.install"), [], "unknown_type"),
    ("unknown version", cancelled(0).replace(b".v1", b".v9"), [], "unsupported_version"),
    ("missing member", cancelled(0).replace(b"reason", b"motivo"), [], "invalid_data"),
    ("naive time", cancelled(0).replace(b"12:00:00Z", b"12:00:00"), [], "naive_time"),
    ("binary without type", b"{}", [("ce_specversion", b"1.0")], "bad_envelope"),
    (
        "binary with a null attribute",
        b"{}",
        [("ce_type", b"acende.install.cancelled.v1"), ("ce_id", None)],
        "bad_envelope",
    ),
    ("header name no UTF-8", b"?", [(PLACEHOLDER, b"1")], "not_json"),
]
HARMLESS_HEADERS: list[list[tuple[str, bytes | None]]] = [
    [("x", None)],
    [("x", b"\xff\xfe")],
    [("a", b"1"), (PLACEHOLDER, b"2"), ("b", None)],
    [("content-type", b"\xff")],
    [("content-type", b"application/json")],
    [("reply_to", b"erp.install"), ("correlation_id", b"\x00")],
    [("", b"")],
    [("a" * 5000, b"b" * 5000)] * 20,
    [("traceparent", b"not a trace")],
]


@pytest.mark.parametrize("topic", ["topic_equipment", "topic_install"])
async def test_any_bytes_and_headers_become_dead_letters_among_events_that_are_applied(
    store: Store, settings: Settings, send: Send, topic: str
) -> None:
    name = getattr(settings, topic)
    for number, (_, value, headers, _) in enumerate(BAD):
        await send(name, cancelled(1000 + number), partition=number % 2)
        await send(name, value, headers=headers, partition=number % 2)
    for number, headers in enumerate(HARMLESS_HEADERS):
        await send(name, cancelled(2000 + number), headers=headers, partition=0)
    async with ingesting(store, settings):
        await settled(settings)
    good = {f"e{1000 + n}" for n in range(len(BAD))} | {f"e{2000 + n}" for n in range(len(HARMLESS_HEADERS))}
    assert await applied(store) == good
    found = await letters(store)
    assert Counter(letter["code"] for letter in found) == Counter(code for *_, code in BAD)
    assert {(letter["topic"], letter["partition"]) for letter in found} == {(name, 0), (name, 1)}


async def test_records_of_ten_megabytes_are_set_aside_and_others_pass_by(
    store: Store, settings: Settings, send: Send, kafka_topics: Topics
) -> None:
    wide = kafka_topics("wide", partitions=2, config={"max.message.bytes": "12000000"})
    settings = settings.model_copy(update={"topic_install": wide})
    for number in range(3):
        await send(wide, cancelled(number), partition=0)
        await send(wide, b"{" + b" " * 10_000_000 + b"}", partition=0)
        await send(wide, b"\xff" * 10_000_000, partition=1)
    await send(wide, cancelled(3), key=b"k" * 10_000_000, partition=1)
    await send(wide, cancelled(4), headers=[("x", b"\x00" * 10_000_000)], partition=1)
    async with ingesting(store, settings):
        await settled(settings, 60)
    assert await applied(store) == {f"e{number}" for number in range(5)}
    assert [letter["code"] for letter in await letters(store)] == ["too_large"] * 6


async def test_no_password_of_a_broken_event_is_in_its_dead_letter(
    store: Store, settings: Settings, send: Send, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = cancelled(1, pppoe_password=PPPOE_PASSWORD, wifi_key=WIFI_KEY, note={"senha": PPPOE_PASSWORD})
    for value in (broken.replace(b"reason", b"motivo"), broken[:-3], broken.replace(b".v1", b".v2")):
        await send(
            settings.topic_install,
            value,
            key=b"OS-1",
            headers=[("x-senha", PPPOE_PASSWORD.encode())],
        )
    async with ingesting(store, settings):
        await settled(settings)
    found: list[Any] = await letters(store)
    assert len(found) == 3
    assert leaked(str(found)) == []
    assert leaked("".join(capfd.readouterr())) == []


async def test_a_record_that_is_read_again_has_one_dead_letter(
    store: Store, settings: Settings, send: Send
) -> None:
    await send(settings.topic_install, b"?")
    async with ingesting(store, settings):
        await settled(settings)
    again = settings.model_copy(update={"kafka_group": settings.kafka_group + "-again"})
    async with ingesting(store, again):
        await settled(again)
    assert len(await letters(store)) == 1


EVENTS = (
    received(),
    started(),
    {"type": "acende.install.cancelled.v1", "data": {"service_order_id": "OS-1", "reason": "desistiu"}},
    {
        "type": "acende.equipment.bound.v1",
        "data": {"serial": SERIAL, "service_order_id": "OS-1", "customer_id": "1", "contract_id": "2"},
    },
)
ODD: tuple[Any, ...] = (
    None, "", " ", "\x00", "a\x00b", "\ud800", "\u202e", "ação 🛰", "?", "a\nno onu 1", "'; DROP TABLE job; --", "${x}",
    "{service_order_id}", "x" * 300, "x" * 70_000, "HWTC1A2B3C4D", "OS-1", "0/1/3", "-27", "NaN", 0, -1, 2**31, 2**63,
    10**40, 1e308, -0.0, True, False, [], {}, [[]], {"a": {"b": None}}, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "2026-03-02T12:00:00", "2026-02-30T12:00:00Z",
)  # fmt: skip


def _anything(chance: random.Random, number: int) -> bytes | None:
    """An event, one of its members replaced, dropped or doubled, or its bytes damaged."""
    event: dict[str, Any] = json.loads(json.dumps(chance.choice(EVENTS))) | {
        "id": f"x{number}",
        "source": "/any",
    }
    part = chance.choice((event, event["data"]))
    name = chance.choice((*part, "time", "specversion", "serial", "service_order_id", "nobody"))
    if chance.random() < 0.8:
        part[name] = chance.choice(ODD)
    else:
        part.pop(name, None)
    value = json.dumps(event, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass")
    return chance.choice(
        (value, value, value, value, value[: chance.randrange(len(value))], _damaged(value, chance))
    )


def _damaged(value: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(value))
    return value[:at] + chance.randbytes(chance.randrange(1, 9)) + value[at + 1 :]


async def test_whatever_is_readable_is_stored_and_the_rest_is_set_aside_record_by_record(
    store: Store, settings: Settings, send: Send
) -> None:
    chance, names, expected = random.Random(20260302), set(), Counter[str]()
    for number in range(400):
        value, headers = _anything(chance, number), chance.choice([[], *HARMLESS_HEADERS[:-2]])
        await send(settings.topic_install, value, headers=headers, partition=number % 2)
        readable = [(name, content) for name, content in headers if name != PLACEHOLDER]
        record = RawRecord(settings.topic_install, 0, 0, None, None, value, readable)
        outcome = parse_record(record, source_timezone=None, now=datetime.now(UTC))
        if isinstance(outcome, Event):
            names.add(outcome.id)
        elif isinstance(outcome, Rejected):
            expected[outcome.code] += 1
    async with ingesting(store, settings, apply_batch):
        await settled(settings, 60)
    assert {name for name in names if name.startswith("x")} <= await applied(store)
    found = [letter for letter in await letters(store) if "sha256" in letter]
    assert Counter(letter["code"] for letter in found) == expected
    assert expected.keys() >= {"invalid_data", "bad_envelope", "not_json", "naive_time"}
    assert len(names) > 50
