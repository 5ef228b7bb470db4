"""A batch of records, as read and as kept: pure, but for the one transaction that keeps it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from events.dead_letters import dead_letter_event, dead_letter_key
from events.envelope import Event, Passed, RawRecord, Rejected, parse_record, to_record
from worker.store import Connection, db, dead_letters
from worker.store.apply import Applied
from worker.store.dead_letters import Letter
from worker.store.outbox import Record

Apply = Callable[[Connection, Sequence[Event]], Applied]
"""Applies events in the transaction of the connection; applying one twice changes nothing."""


@dataclass(frozen=True)
class Item:
    """One record and what it was read as."""

    record: RawRecord
    outcome: Event | Passed | Rejected

    def refused(self, code: str) -> "Item":
        """The same record as one that cannot be kept."""
        return replace(self, outcome=Rejected(code, (), self.outcome.type))


@dataclass(frozen=True)
class Reading:
    """How records are read and kept."""

    apply: Apply
    source_timezone: tzinfo | None = None
    is_onu_model: Callable[[str], bool] = lambda _model: False

    def read(self, record: RawRecord, now: datetime) -> Item:
        """What the record is. Never raises."""
        outcome = parse_record(
            record, source_timezone=self.source_timezone, now=now, is_onu_model=self.is_onu_model
        )
        return Item(record, outcome)

    def keep(self, conn: Connection, items: Sequence[Item]) -> Mapping[str, int]:
        """Apply the events and write the dead letters, in one transaction; how many events were new, by type."""
        events = [item.outcome for item in items if isinstance(item.outcome, Event)]
        new = self.apply(conn, events).types if events else {}
        rejected = [(item.record, item.outcome) for item in items if isinstance(item.outcome, Rejected)]
        if rejected:
            now = db.now(conn)
            dead_letters.put(conn, [_letter(conn, *one, now) for one in rejected], now)
        return new


def _letter(conn: Connection, record: RawRecord, rejected: Rejected, now: datetime) -> Letter:
    known = db.context(conn)
    out = to_record(dead_letter_event(record, rejected, now, known.source), dead_letter_key(record))
    at = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp_ms}"
    return Letter(at, Record(known.topics.dead_letters, out.key, out.value, out.headers))


def halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """Two parts, in order."""
    middle = len(items) // 2
    return items[:middle], items[middle:]
