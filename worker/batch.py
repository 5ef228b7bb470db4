"""A batch of records, as read and as kept: pure, but for the one transaction that keeps it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from events.dead_letters import bare_dead_letter_event, dead_letter_event, dead_letter_key
from events.envelope import AHEAD_MAX, Event, Passed, RawRecord, Rejected, parse_record, to_record
from schemas.configuration import Configuration
from worker.settings import Settings
from worker.store import Connection, db, dead_letters
from worker.store.apply import Applied, apply_batch
from worker.store.dead_letters import Letter
from worker.store.outbox import Record
from worker.survive import survived

Apply = Callable[[Connection, Sequence[Event]], Applied]
"""Applies events in the transaction of the connection; applying one twice changes nothing."""


@dataclass(frozen=True)
class Item:
    """One record and what it was read as."""

    record: RawRecord
    outcome: Event | Passed | Rejected
    bare: bool = False
    """Of its dead letter only position and code are kept."""

    def refused(self, code: str) -> "Item | None":
        """The same record as one that cannot be kept so: as a dead letter, then as a bare one; None where that failed."""
        if not isinstance(self.outcome, Rejected):
            return replace(self, outcome=Rejected(code, (), self.outcome.type))
        return None if self.bare else replace(self, bare=True)


@dataclass(frozen=True)
class Reading:
    """How records are read and kept."""

    apply: Apply
    source_timezone: tzinfo | None = None
    is_onu_model: Callable[[str], bool] = lambda _model: False
    future_tolerance: timedelta = AHEAD_MAX

    @classmethod
    def of(cls, settings: Settings, config: Configuration | None, apply: Apply = apply_batch) -> "Reading":
        """As the settings say. `config` tells which models are ONUs."""
        is_onu = config.is_onu if config else lambda _model: False
        return cls(apply, settings.zone, is_onu, timedelta(seconds=settings.future_tolerance_s))

    def read(self, record: RawRecord, now: datetime) -> Item:
        """What the record is. Whatever escapes the reader is an `internal_error` of this record alone."""
        outcome: Event | Passed | Rejected = Rejected("internal_error")
        with survived("ingest", "record_not_read", **where(record)):
            outcome = parse_record(
                record,
                source_timezone=self.source_timezone,
                now=now,
                is_onu_model=self.is_onu_model,
                ahead_max=self.future_tolerance,
            )
        return Item(record, outcome)

    def keep(self, conn: Connection, items: Sequence[Item]) -> Mapping[str, int]:
        """Apply the events and write the dead letters, in one transaction; how many events were new, by type."""
        events = [item.outcome for item in items if isinstance(item.outcome, Event)]
        new = self.apply(conn, events).types if events else {}
        if any(isinstance(item.outcome, Rejected) for item in items):
            now = db.now(conn)
            dead_letters.put(conn, [letter for item in items for letter in _letters(conn, item, now)], now)
        return new


def _letters(conn: Connection, item: Item, now: datetime) -> Iterator[Letter]:
    """The dead letter of a record that is to be set aside."""
    if not isinstance(item.outcome, Rejected):
        return
    known, record = db.context(conn), item.record
    write = bare_dead_letter_event if item.bare else dead_letter_event
    out = to_record(write(record, item.outcome, now, known.source), dead_letter_key(record))
    at = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp_ms}"
    yield Letter(at, Record(known.topics.dead_letters, out.key, out.value, out.headers))


def where(record: RawRecord) -> dict[str, Any]:
    """Where the record lies, for a line of the log."""
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """Two parts, in order."""
    middle = len(items) // 2
    return items[:middle], items[middle:]
