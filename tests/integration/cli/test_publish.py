"""`acende publish`: events from a file, all of them or none, each fault with its line and member."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from tests.integration.cli.conftest import acende
from tests.support.installation import cancelled, received, started
from tests.support.secrets import PPPOE_PASSWORD
from worker.cli.failure import Status

Topics = dict[str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def lie_in(topic: str, bootstrap: str) -> list[Any]:
    """The records of a topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found = await consumer.getmany(timeout_ms=1000)
        return [record for records in found.values() for record in records]
    finally:
        await consumer.stop()


def file(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return name


def as_yaml(*events: dict[str, Any]) -> str:
    """YAML without its own writer: JSON one event an item."""
    return "".join(f"- {json.dumps(event)}\n" for event in events)


WRITTEN: dict[str, Callable[..., str]] = {
    "list.json": lambda *events: json.dumps(events, indent=2),
    "lines.jsonl": lambda *events: "\n".join(map(json.dumps, events)),
    "items.yaml": as_yaml,
    "after-another.json": lambda *events: "".join(json.dumps(event, indent=1) for event in events),
}


@pytest.mark.parametrize("name", WRITTEN)
async def test_every_form_of_file_arrives_on_the_topics_as_whole_events(
    folder: Path, topics: Topics, kafka: str, name: str
) -> None:
    named = file(folder, name, WRITTEN[name](received(), started(), cancelled()))
    ran = await asyncio.to_thread(acende, "publish", named, "--source", "/erp/teste")
    assert (ran.status, ran.out, ran.err) == (0, "3 events sent.\n", "")
    stock, asked = await lie_in(topics["equipment"], kafka), await lie_in(topics["install"], kafka)
    events = [json.loads(record.value) for record in (*stock, *asked)]
    assert [event["type"] for event in events] == [
        "acende.equipment.received.v1", "acende.install.started.v1", "acende.install.cancelled.v1",
    ]  # fmt: skip
    assert {event["source"] for event in events} == {"/erp/teste"}
    assert len({event["id"] for event in events}) == 3
    assert [record.key for record in asked] == [b"OS-1", b"OS-1"]


def test_json_says_what_was_sent_where(folder: Path, topics: Topics) -> None:
    named = file(folder, "one.json", json.dumps(started()))
    told = acende("publish", named, "--json").json()
    assert told["sent"] is True
    [event] = told["events"]
    assert event.keys() == {"id", "type", "topic", "key"}
    assert (event["topic"], event["key"]) == (topics["install"], "OS-1")


def test_a_dry_run_needs_no_kafka(folder: Path) -> None:
    named = file(folder, "one.json", json.dumps(started()))
    assert acende("publish", named, "--dry-run").out == "1 event is valid.\n"
    assert acende("publish", named, "--dry-run", "--json").json()["sent"] is False


WRONG = f"""\
- type: acende.install.cancelled.v1
  data: {{service_order_id: OS-1, reason: desistiu}}
- type: acende.install.started.v1
  data:
    service_order_id: OS-2
    plan_code: "valor com blanks"
    started_at: ontem
    pppoe_password: "{PPPOE_PASSWORD} com espaço"
- type: acende.install.started.v9
- 7
- type: acende.equipment.received.v1
  data:
    serial: 123
    model: ROTEADOR X
"""


def test_one_wrong_event_and_nothing_is_sent_and_every_fault_has_its_line_and_member(
    folder: Path, topics: Topics
) -> None:
    said = acende("publish", file(folder, "wrong.yaml", WRONG)).failed(1).splitlines()
    assert said[0] == "nothing was sent: 4 of 5 events are wrong."
    assert said[1:] == sorted(said[1:], key=lambda line: int(line.split(":")[1]))
    assert "wrong.yaml:4: data.customer_id: this member is required (invalid_data)" in said
    assert any(line.startswith("wrong.yaml:6: data.plan_code: ") for line in said)
    assert any(line.startswith("wrong.yaml:7: data.started_at: expected a time of RFC 3339") for line in said)
    assert any(line.startswith("wrong.yaml:8: data.pppoe_password: holds a blank") for line in said)
    assert "wrong.yaml:9: type: expected a version that is known (unsupported_version)" in said
    assert "wrong.yaml:10: expected an object with the members of an event (bad_envelope)" in said
    assert any(line.startswith("wrong.yaml:13: data.serial: ") for line in said)
    assert not any(value in line for value in ("valor", "ontem", "ROTEADOR") for line in said)


async def test_nothing_of_a_wrong_file_lies_on_the_topics(folder: Path, topics: Topics, kafka: str) -> None:
    await asyncio.to_thread(acende, "publish", file(folder, "wrong.yaml", WRONG))
    assert await lie_in(topics["install"], kafka) == []


def test_faults_as_json(folder: Path) -> None:
    pretty = json.dumps([cancelled(), {**started(), "data": {"service_order_id": "OS-1"}}], indent=2)
    ran = acende("publish", file(folder, "wrong.json", pretty), "--dry-run", "--json")
    assert ran.status == Status.NO
    told = json.loads(ran.out)
    assert told["sent"] is False
    assert told["faults"][0].keys() == {"line", "member", "expected", "code"}
    line = pretty.splitlines()[told["faults"][0]["line"] - 1]
    assert '"data"' in line, "a member that is missing is looked for where it should stand"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("half.json", b'[{"type":\n 1},\n {"ty', "half.json:3: expected JSON"),
        ("open.json", b'[{"a": 1}', "open.json:1: expected JSON: a comma, or the end of the list"),
        ("lines.jsonl", b'{"a": 1}\n\n{"b"\n', "lines.jsonl:4: expected JSON"),
        ("tabs.yaml", b"a:\n\t- b\n", "tabs.yaml:2: expected YAML"),
        ("latin.json", '{"a":\n"ligação"}'.encode("latin-1"), "latin.json:2: expected UTF-8 text"),
        ("empty.json", b"", "empty.json: there is no event in it"),
        ("empty.yaml", b"\n", "empty.yaml: the file is empty"),
        ("none.json", b"[]", "none.json: there is no event in it"),
        ("deep.json", b"[" * 5000 + b"{" * 5000, "deep.json:1: expected JSON"),
        ("number.json", b"1" * 10_000, "number.json:1: expected JSON"),
    ],
)
def test_a_file_that_holds_no_events_is_told_with_its_line(
    folder: Path, name: str, content: bytes, says: str
) -> None:
    (folder / name).write_bytes(content)
    assert acende("publish", name).failed(1).startswith(f"nothing was sent. {says}")


def test_a_file_that_is_not_there_and_standard_input(folder: Path, topics: Topics) -> None:
    assert (
        acende("publish", "no.json").failed(1).endswith("no.json: cannot be read: No such file or directory")
    )
    assert acende("publish", "-", stdin=json.dumps(cancelled()).encode()).out == "1 event sent.\n"
    said = acende("publish", "-", stdin=b'{"type":\n"x"}').failed(1)
    assert "standard input:2: type: expected an event type that is known, not x (unknown_type)" in said


def test_a_broker_that_is_away_is_said_with_how_much_was_sent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", "127.0.0.1:1")
    said = acende("publish", file(folder, "one.json", json.dumps(cancelled()))).failed(5)
    assert said == "0 of 1 events were sent: Kafka is not available: see ACENDE_KAFKA_SERVERS"


def test_a_topic_that_does_not_exist_is_said(
    folder: Path, topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACENDE_TOPIC_INSTALL", "no.such.topic")
    monkeypatch.setenv("ACENDE_KAFKA_REQUEST_TIMEOUT_S", "2")
    said = acende("publish", file(folder, "one.json", json.dumps(cancelled()))).failed(5)
    assert said == "0 of 1 events were sent: Kafka has no such topic: see ACENDE_TOPIC_…"
