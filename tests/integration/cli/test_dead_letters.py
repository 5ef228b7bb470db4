"""`acende dead-letters`: what was set aside, the records themselves while their topic keeps them, and sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from events.dead_letters import dead_letter_event, dead_letter_key
from events.envelope import RawRecord, Rejected, parse_record, to_record
from tests.integration.cli.conftest import WHY, acende
from tests.support.installation import cancelled
from tests.support.secrets import PPPOE_PASSWORD, leaked
from worker.store import timelines
from worker.store.db import Store
from worker.store.migrate import upgrade

Topics = dict[str, str]
INCOMPLETE = json.dumps({"type": "acende.install.cancelled.v1", "data": {}}).encode()
NOTE = f"sem JSON {PPPOE_PASSWORD}".encode()

Spoil = Callable[..., Awaitable[str]]


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(bootstrap_servers=kafka)
    await made.start()
    yield made
    await made.stop()


async def set_aside(producer: AIOKafkaProducer, topics: Topics, record: RawRecord, rejected: Rejected) -> str:
    """Write the dead letter of a record; its id."""
    letter = to_record(dead_letter_event(record, rejected, datetime.now(UTC)), dead_letter_key(record))
    await producer.send_and_wait(topics["dead_letters"], letter.value, key=letter.key.encode())
    return f"{record.topic}/{record.partition}/{record.offset}"


@pytest.fixture
def spoil(topics: Topics, producer: AIOKafkaProducer) -> Spoil:
    """`await spoil(value)`: a record on the topic of installations and its dead letter; the id of that."""

    async def one(value: bytes | None, **more: Any) -> str:
        at = await producer.send_and_wait(topics["install"], value, key=b"OS-1", **more)
        record = RawRecord(at.topic, at.partition, at.offset, at.timestamp, b"OS-1", value)
        rejected = parse_record(record, source_timezone=None, now=datetime.now(UTC))
        assert isinstance(rejected, Rejected)
        return await set_aside(producer, topics, record, rejected)

    return one


@pytest.fixture
def store(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The database in which is written who had what sent again."""
    monkeypatch.setenv("ACENDE_DATABASE_URL", sqlite_url)
    upgrade(sqlite_url)
    made = Store.open(sqlite_url)
    yield made
    made.close()


async def typed(*words: str, **more: Any) -> Any:
    return await asyncio.to_thread(acende, "dead-letters", *words, **more)


async def forget(topic: str, kafka: str) -> None:
    """Have a topic lose its records, as retention does."""
    admin, reader = AIOKafkaAdminClient(bootstrap_servers=kafka), AIOKafkaConsumer(bootstrap_servers=kafka)
    await asyncio.gather(admin.start(), reader.start())
    try:
        at = TopicPartition(topic, 0)
        end = (await reader.end_offsets([at]))[at]
        await admin.delete_records({at: RecordsToDelete(before_offset=end)})
    finally:
        await asyncio.gather(admin.close(), reader.stop())


# ------------------------------------------------------------------------------------------------------------ list


async def test_the_newest_are_listed_first_each_once(spoil: Spoil) -> None:
    ids = [await spoil(value) for value in (None, NOTE, INCOMPLETE)]
    found = (await typed("list", "--json")).json()
    assert [one["id"] for one in found] == ids[::-1]
    assert [one["code"] for one in found] == ["invalid_data", "not_json", "empty_value"]
    assert {"id", "time", "topic", "partition", "offset", "code", "where", "size", "sha256"} <= found[
        0
    ].keys()
    shown = (await typed("list")).out
    assert ids[0] in shown
    assert "data.reason: this member is required" in shown
    assert [one["id"] for one in (await typed("list", "--limit", "1", "--json")).json()] == ids[2:]
    assert [one["id"] for one in (await typed("list", "--code", "not_json", "--json")).json()] == ids[1:2]


async def test_none_is_a_sentence_also_where_the_topic_is_not_there(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await typed("list")).out == "No dead letters.\n"
    monkeypatch.setenv("ACENDE_TOPIC_DEAD_LETTERS", "no.such.topic")
    assert (await typed("list", "--json")).json() == []


EVIL = "\x9b2J\x9d0;t\x9c\x1b]52;c;eA==\x07\x85\u202eOLA\u2028\x7f"


@pytest.mark.parametrize("words", [("list",), ("show",)])
async def test_what_strangers_write_moves_no_cursor(spoil: Spoil, words: tuple[str, ...]) -> None:
    kind = "acende.install.started.v1"
    event = {
        "type": kind,
        "time": f"2026-{EVIL}",
        "data": {"service_order_id": f"OS{EVIL}", f"m{EVIL}": EVIL},
    }
    name = await spoil(json.dumps(event).encode())
    asked = (*words, name) if words == ("show",) else words
    assert name in (await typed(*asked)).out  # what moves a cursor is looked for in all that commands print
    assert (await typed(*asked, terminal=True)).out
    told = (await typed(*asked, "--json")).json()
    assert (told if words == ("show",) else told[0])["id"] == name


# ------------------------------------------------------------------------------------------------------------ show


async def test_one_is_shown_masked(spoil: Spoil) -> None:
    data = {"service_order_id": "OS-7", "pppoe_password": PPPOE_PASSWORD}
    name = await spoil(json.dumps({"type": "acende.install.started.v1", "data": data}).encode())
    page = (await typed("show", name)).out
    for said in (name, "invalid_data", "data.customer_id: this member is required", '"OS-7"', "********"):
        assert said in page
    found = (await typed("show", name, "--json")).json()
    assert (found["id"], found["code"], found["replays"]) == (name, "invalid_data", [])
    assert found["document"]["data"]["pppoe_password"] == "********"


async def test_raw_writes_the_bytes_as_they_lie_there_but_not_on_a_terminal(spoil: Spoil) -> None:
    name = await spoil(b"\x1b[2J\xff" + NOTE)
    ran = await typed("show", name, "--raw")
    assert (ran.status, ran.raw, ran.err) == (0, b"\x1b[2J\xff" + NOTE, "")
    assert "file or a pipe" in (await typed("show", name, "--raw", terminal=True)).failed(2)
    assert "without --json" in (await typed("show", name, "--raw", "--json")).failed(2)


async def test_raw_shows_no_record_that_is_not_set_aside(
    spoil: Spoil, topics: Topics, producer: AIOKafkaProducer
) -> None:
    await spoil(None)
    at = await producer.send_and_wait(topics["install"], NOTE)
    said = (await typed("show", f"{at.topic}/0/{at.offset}", "--raw")).failed(1)
    assert said == f"no dead letter of {at.topic}/0/{at.offset} is kept"


async def test_raw_says_when_the_topic_no_longer_keeps_it(spoil: Spoil, topics: Topics, kafka: str) -> None:
    name = await spoil(NOTE)
    await forget(topics["install"], kafka)
    assert (await typed("show", name, "--raw")).failed(1) == f"{name}: the topic no longer keeps it"
    assert name in (await typed("show", name)).out, "what is known of it stays"


@pytest.mark.parametrize("name", ["x", "erp.install/0", "erp.install/a/b"])
async def test_a_name_that_is_none_is_wrong_usage(topics: Topics, name: str) -> None:
    assert (await typed("show", name)).failed(2) == "a record is named TOPIC/PARTITION/OFFSET"
    assert "TOPIC/PARTITION/OFFSET" in (await typed("replay", name, *WHY)).failed(2)


# ---------------------------------------------------------------------------------------------------------- replay


async def test_a_record_is_sent_again_as_it_is_and_who_and_why_is_kept(
    spoil: Spoil, topics: Topics, kafka: str, store: Store
) -> None:
    name = await spoil(NOTE, headers=[("x", b"\xff")], timestamp_ms=1_750_000_000_000)
    ran = await typed("replay", name, "--why", "leitor corrigido", "--who", "ana")
    assert (ran.status, ran.out, ran.err) == (0, f"{name}: sent again\n", "")
    first, second = await _records(topics["install"], kafka)
    assert (second.value, second.key, second.headers) == (first.value, first.key, first.headers)
    assert second.timestamp == first.timestamp == 1_750_000_000_000
    [deed] = await store.read(timelines.deeds, name)
    assert (deed.who, deed.what, deed.why) == ("ana", "dead-letters replay", "leitor corrigido")
    assert "by ana: leitor corrigido" in (await typed("show", name)).out


async def _records(topic: str, kafka: str) -> list[Any]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found: list[Any] = []
        while not found:
            found = [row for rows in (await consumer.getmany(timeout_ms=500)).values() for row in rows]
        return found
    finally:
        await consumer.stop()


async def test_all_of_one_reason_are_sent_again(spoil: Spoil, store: Store) -> None:
    names = [await spoil(value) for value in (NOTE, INCOMPLETE, b"<xml/>")]
    told = (await typed("replay", "--code", "not_json", *WHY, "--json")).json()
    assert {row["record"]: (row["sent"], row["fault"]) for row in told} == {
        names[0]: (True, None), names[2]: (True, None),
    }  # fmt: skip
    assert (await typed("replay", "--code", "too_large", *WHY)).out == "No dead letters to send again.\n"


async def test_what_is_gone_is_said_and_the_rest_is_sent(
    spoil: Spoil, topics: Topics, kafka: str, store: Store
) -> None:
    gone = await spoil(NOTE)
    await forget(topics["install"], kafka)
    there = await spoil(INCOMPLETE)
    ran = await typed("replay", gone, there, *WHY)
    assert ran.failed(1) == "1 of 2 records were not sent"
    assert ran.out.splitlines() == [f"{gone}: the topic no longer keeps it", f"{there}: sent again"]


async def test_a_topic_that_was_made_anew_is_noticed(
    topics: Topics, producer: AIOKafkaProducer, kafka: str, store: Store
) -> None:
    """Another record lies where the dead letter says, or nothing does."""
    at = await producer.send_and_wait(topics["install"], json.dumps(cancelled()).encode())
    records = [RawRecord(at.topic, 0, offset, at.timestamp, None, NOTE) for offset in (at.offset, 99)]
    names = [await set_aside(producer, topics, record, Rejected("not_json")) for record in records]
    ran = await typed("replay", *names, *WHY, "--json")
    assert ran.failed(1) == "2 of 2 records were not sent"
    assert [row["fault"] for row in json.loads(ran.out)] == [
        "another record lies there now: the topic was made anew",
        "the topic does not reach that far: was it made anew?",
    ]
    assert len(await _records(topics["install"], kafka)) == 1
    assert leaked(ran.out) == []


async def test_what_is_to_be_sent_again_is_named_and_known(spoil: Spoil, store: Store) -> None:
    name = await spoil(None)
    assert (await typed("replay", *WHY)).failed(2) == "name records, or --code"
    assert (await typed("replay", name, "--code", "empty_value", *WHY)).failed(2) == "name records, or --code"
    other = name.rsplit("/", 1)[0] + "/77"
    assert (await typed("replay", name, other, *WHY)).failed(1) == f"no dead letter is kept of: {other}"
    assert "--why" in (await typed("replay", name)).failed(2)


async def test_a_broker_that_is_away_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", "127.0.0.1:1")
    for words in (("list",), ("show", "a/0/1"), ("show", "a/0/1", "--raw")):
        assert (await typed(*words)).failed(5) == "Kafka is not available: see ACENDE_KAFKA_SERVERS"
