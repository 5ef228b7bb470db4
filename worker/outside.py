"""Events from a file, as an ERP would send them: read, judged by the worker's own reader, sent."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from events.envelope import Event, RawRecord, Rejected, parse_record
from events.outgoing import CONTENT_TYPE
from events.topics import Topics
from schemas import yaml
from worker import bus
from worker.settings import Settings

_AT_ONCE = 500


class Unreadable(Exception):
    """The file holds no events: one sentence, with the line where there is one."""


@dataclass(frozen=True)
class Written:
    """One event of a file. `fault` is a reason code, with `where`, or None for one that is right."""

    number: int
    value: bytes
    id: str
    type: str
    key: str
    fault: str | None = None
    where: tuple[str, ...] = ()

    def topic(self, topics: Topics) -> str:
        """Where it is sent."""
        return topics.of_input(self.type)


def read(file: Path, source: str, zone: tzinfo | None) -> list[Written]:
    """The events of a file; members of the envelope that are missing are filled in. Raises Unreadable."""
    documents = list(_documents(file))
    now = datetime.now(UTC)
    return [_judged(number, document, source, zone, now) for number, document in enumerate(documents, 1)]


def _judged(number: int, document: Any, source: str, zone: tzinfo | None, now: datetime) -> Written:
    if not isinstance(document, dict):
        return Written(number, b"", "", "", "", "bad_envelope", ("expected an object",))
    filled = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": source,
        "time": now.isoformat().replace("+00:00", "Z"),
        **document,
    }
    value = json.dumps(filled, ensure_ascii=False).encode(errors="surrogatepass")
    outcome = parse_record(RawRecord("-", 0, 0, None, None, value), source_timezone=zone, now=now)
    if isinstance(outcome, Event):
        return Written(number, value, outcome.id, outcome.type, _key(outcome))
    fault = (
        outcome
        if isinstance(outcome, Rejected)
        else Rejected("invalid_data", ("data.serial: no PON serial",))
    )
    return Written(number, value, "", fault.type or "", "", fault.code, fault.where)


def _key(event: Event) -> str:
    order: str | None = getattr(event.data, "service_order_id", None)
    serial: str | None = getattr(event.data, "serial", None)
    return order or serial or event.id


# ---------------------------------------------------------------------------------------------------------- the file


def _documents(file: Path) -> Iterator[Any]:
    content, name = _content(file), "standard input" if str(file) == "-" else str(file)
    if file.suffix in {".jsonl", ".ndjson"}:
        yield from _lines(content, name)
        return
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if found is None:
        yield from _other(content, name, file.suffix)
    else:
        yield from found if isinstance(found, list) else [found]


def _other(content: bytes, name: str, suffix: str) -> Iterator[Any]:
    """Lines of JSON, or YAML."""
    if suffix == ".json" or (suffix not in {".yaml", ".yml"} and content.lstrip().startswith(b"{")):
        yield from _lines(content, name)
        return
    try:
        found = yaml.parse(content, name).data
    except yaml.ConfigError as error:
        raise Unreadable(str(error.problems[0])) from None
    yield from found if isinstance(found, list) else [found]


def _lines(content: bytes, name: str) -> Iterator[Any]:
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError:
            raise Unreadable(f"{name}:{number}: expected JSON") from None


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise Unreadable(f"{file}: cannot be read: {error.strerror}") from None


# ----------------------------------------------------------------------------------------------------------- sending


async def send(settings: Settings, written: Sequence[Written], sent: Callable[[], None]) -> None:
    """Send them, in order for each key; `sent` is called for each that the broker has. Raises KafkaError."""
    producer = AIOKafkaProducer(
        **bus.connection(settings, client_id="acende-publish"), enable_idempotence=True
    )
    await producer.start()
    try:
        for start in range(0, len(written), _AT_ONCE):
            futures = [
                await _queue(producer, settings.topics, one) for one in written[start : start + _AT_ONCE]
            ]
            for future in futures:
                await future
                sent()
    finally:
        await producer.stop()


async def _queue(producer: AIOKafkaProducer, topics: Topics, one: Written) -> Any:
    headers = [("content-type", CONTENT_TYPE.encode())]
    return await producer.send(one.topic(topics), one.value, one.key.encode(), headers=headers)
