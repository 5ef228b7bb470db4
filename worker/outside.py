"""Events from a file, as an ERP would send them: read, judged by the worker's own reader, sent."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from events.envelope import Event, Passed, RawRecord, Rejected, parse_record
from events.outgoing import CONTENT_TYPE
from events.reasons import reason
from events.topics import Topics
from schemas import yaml
from worker import bus
from worker.settings import Settings

_AT_ONCE = 500
_JSON = {".json", ".jsonl", ".ndjson"}
_YAML = {".yaml", ".yml"}
_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")


class Unreadable(Exception):
    """The file holds no events: one sentence, with the line where there is one."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with an event: where in the file, the member (or nothing, where all of it is), what was expected."""

    line: int
    member: str
    expected: str


@dataclass(frozen=True)
class Written:
    """One event of a file. `code` is a reason code, with the `faults`, or None for one that is right."""

    line: int
    value: bytes
    id: str
    type: str
    key: str
    code: str | None = None
    faults: tuple[Fault, ...] = ()

    def topic(self, topics: Topics) -> str:
        """Where it is sent."""
        return topics.of_input(self.type)


@dataclass(frozen=True)
class _Part:
    """One document of a file: where it begins, and the lines of its members."""

    line: int
    data: Any
    lines: Callable[[], dict[yaml.Where, int]]

    def line_of(self, path: Sequence[str]) -> int:
        """The line of a member, else of the nearest part around it."""
        lines = self.lines()
        for where in (tuple(path), tuple(path[1:]) if path[:1] == ["data"] else ()):
            for end in range(len(where), 0, -1):
                if where[:end] in lines:
                    return lines[where[:end]]
        return self.line


def read(file: Path, source: str, zone: tzinfo | None) -> list[Written]:
    """The events of a file; members of the envelope that are missing are filled in. Raises Unreadable."""
    now = datetime.now(UTC)
    return [_judged(part, source, zone, now) for part in _parts(file)]


def _judged(part: _Part, source: str, zone: tzinfo | None, now: datetime) -> Written:
    if not isinstance(part.data, dict):
        fault = Fault(part.line, "", "expected an object with the members of an event")
        return Written(part.line, b"", "", "", "", "bad_envelope", (fault,))
    filled = {
        "specversion": "1.0",
        "id": uuid4().hex,
        "source": source,
        "time": now.isoformat().replace("+00:00", "Z"),
        **part.data,
    }
    value = json.dumps(filled, ensure_ascii=False).encode(errors="surrogatepass")
    match parse_record(RawRecord("-", 0, 0, None, None, value), source_timezone=zone, now=now):
        case Event() as event:
            return Written(part.line, value, event.id, event.type, _key(event))
        case Passed(kind):
            where = ("data.serial: expected a PON serial; a unit that has none is passed over",)
            return _refused(part, value, Rejected("invalid_data", where, kind))
        case Rejected() as rejected:
            return _refused(part, value, rejected)


def _refused(part: _Part, value: bytes, rejected: Rejected) -> Written:
    where = rejected.where or (f": {reason(rejected.code).say({'size': len(value)}).text_en}",)
    faults = sorted((_fault(part, finding) for finding in where), key=lambda fault: fault.line)
    return Written(part.line, value, "", rejected.type or "", "", rejected.code, tuple(faults))


def _fault(part: _Part, finding: str) -> Fault:
    member, _, expected = finding.partition(": ")
    return Fault(part.line_of(member.split(".")), member, expected)


def _key(event: Event) -> str:
    order: str | None = getattr(event.data, "service_order_id", None)
    serial: str | None = getattr(event.data, "serial", None)
    return order or serial or event.id


# ---------------------------------------------------------------------------------------------------------- the file


def _parts(file: Path) -> Iterator[_Part]:
    name = "standard input" if str(file) == "-" else str(file)
    text = _text(file, name)
    is_json = file.suffix in _JSON or (file.suffix not in _YAML and text.lstrip().startswith(("{", "[")))
    found = list(_Json(text, name).parts() if is_json else _yaml_parts(text, name))
    if not found:
        raise Unreadable(f"{name}: there is no event in it")
    yield from found


def _text(file: Path, name: str) -> str:
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Unreadable(f"{name}:{line}: expected UTF-8 text") from None


def _yaml_parts(text: str, name: str) -> Iterator[_Part]:
    try:
        document = yaml.parse(text, name)
    except yaml.ConfigError as error:
        raise Unreadable(str(error.problems[0])) from None
    many = isinstance(document.data, list)
    for part in [document.part((at,)) for at in range(len(document.data))] if many else [document]:
        yield _Part(part.lines[()], part.data, partial(dict, part.lines))


@dataclass
class _Json:
    """JSON text, read document by document: one or several after another, those of a list one by one."""

    text: str
    name: str
    at: int = 0
    line: int = 1

    def parts(self) -> Iterator[_Part]:
        """The documents. Raises Unreadable."""
        self._go_to(0)
        while self.at < len(self.text):
            if self._past("["):
                yield from self._items()
            else:
                yield self._value()

    def _items(self) -> Iterator[_Part]:
        while not self._past("]"):
            yield self._value()
            if not self._past(",") and not self.text.startswith("]", self.at):
                raise Unreadable(f"{self.name}:{self.line}: expected JSON: a comma, or the end of the list")

    def _value(self) -> _Part:
        try:
            data, end = _DECODER.raw_decode(self.text, self.at)
        except (ValueError, RecursionError) as error:
            line = self.line + self.text.count("\n", self.at, getattr(error, "pos", self.at))
            raise Unreadable(f"{self.name}:{line}: expected JSON") from None
        part = _Part(self.line, data, partial(_lines, self.text[self.at : end], self.line))
        self._go_to(end)
        return part

    def _past(self, sign: str) -> bool:
        """Go past `sign`, where it stands here."""
        if here := self.text.startswith(sign, self.at):
            self._go_to(self.at + 1)
        return here

    def _go_to(self, end: int) -> None:
        """Go on, past white space too."""
        blank = _BLANK.match(self.text, end)
        end = blank.end() if blank else end
        self.line += self.text.count("\n", self.at, end)
        self.at = end


def _lines(text: str, first: int) -> dict[yaml.Where, int]:
    """The line of each member of a JSON document that begins at line `first`: JSON is YAML too, but for tabs."""
    try:
        return {
            where: line + first - 1 for where, line in yaml.parse(text.replace("\t", " "), "").lines.items()
        }
    except yaml.ConfigError:
        return {}


# ----------------------------------------------------------------------------------------------------------- sending


async def send(settings: Settings, written: Sequence[Written], sent: Callable[[], None]) -> None:
    """Send them, in order for each key; `sent` is called for each that the broker has. Raises KafkaError."""
    producer = AIOKafkaProducer(
        **bus.connection(settings, client_id="acende-publish"), enable_idempotence=True
    )
    try:
        await producer.start()
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
