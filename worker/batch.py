"""A batch of records, as read and as kept: pure, but for the one transaction that keeps it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from events.dead_letters import bare_dead_letter_event, dead_letter_event, dead_letter_key
from events.envelope import AHEAD_MAX, Event, Passed, RawRecord, Rejected, parse_record, to_record
from events.inputs import InstallStarted
from events.outgoing import dead_letter_id
from events.record import About
from schemas.configuration import Configuration
from worker.settings import Settings
from worker.store import Connection, db, dead_letters, rejected
from worker.store.apply import Applied, apply_batch, lock
from worker.store.dead_letters import Letter
from worker.store.outbox import Record
from worker.store.rejected import RETENTION, Request
from worker.survive import ENDS, tell

_MS_MAX = 32_503_680_000_000
"""The year 3000."""
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
            return replace(self, outcome=Rejected(code, (), self.outcome.type, _about(self.outcome)))
        return None if self.bare else replace(self, bare=True)


@dataclass(frozen=True)
class Reading:
    """How records are read and kept."""

    apply: Apply
    source_timezone: tzinfo | None = None
    is_onu_model: Callable[[str], bool] = lambda _model: False
    future_tolerance: timedelta = AHEAD_MAX
    retention: dict[str, timedelta] = field(default_factory=dict)
    """How long an input topic keeps its records, where that is known."""

    @classmethod
    def of(cls, settings: Settings, config: Configuration | None, apply: Apply = apply_batch) -> "Reading":
        """As the settings say. `config` tells which models are ONUs."""
        is_onu = config.is_onu if config else lambda _model: False
        return cls(apply, settings.zone, is_onu, timedelta(seconds=settings.future_tolerance_s))

    def learn(self, retention: Mapping[str, timedelta]) -> None:
        """How long topics keep their records is this from now on."""
        self.retention.clear()
        self.retention.update(retention)

    def read(self, record: RawRecord, now: datetime) -> Item:
        """What the record is. Whatever escapes the reader is an `internal_error` of this record alone."""
        try:
            outcome = parse_record(
                record,
                source_timezone=self.source_timezone,
                now=now,
                is_onu_model=self.is_onu_model,
                ahead_max=self.future_tolerance,
            )
        except ENDS:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, one record must not stop the others
            tell("ingest", "record_not_read", error, **where(record))
            outcome = Rejected("internal_error")
        return Item(record, outcome)

    def keep(self, conn: Connection, items: Sequence[Item]) -> Mapping[str, int]:
        """Apply the events and write the dead letters, in one transaction; how many events were new, by type.

        Requests that were set aside are told of after the events: what the batch makes known is known to them.
        """
        set_aside = [item for item in items if isinstance(item.outcome, Rejected)]
        requests = [request for item in set_aside if (request := self._request(item))]
        if requests:
            lock(conn)
        events = [item.outcome for item in items if isinstance(item.outcome, Event)]
        new = self.apply(conn, events).types if events else {}
        if set_aside:
            now = db.now(conn)
            new_letters = dead_letters.put(
                conn, [letter for item in set_aside for letter in _letters(conn, item, now)], now
            )
            rejected.tell(conn, [request for request in requests if request.at in new_letters], now)
        return new

    def _request(self, item: Item) -> Request | None:
        """The request in a record that is set aside; none in one of which only its position is to be kept."""
        record, outcome = item.record, item.outcome
        if not isinstance(outcome, Rejected) or outcome.about is None or item.bare:
            return None
        place = dead_letter_id(record.topic, record.partition, record.offset)
        written = record.timestamp_ms if record.timestamp_ms and record.timestamp_ms > 0 else None
        return Request(
            place,
            _at(record),
            outcome,
            outcome.about,
            datetime.fromtimestamp(written / 1000, UTC) if written and written < _MS_MAX else None,
            self.retention.get(record.topic, RETENTION),
        )


def _letters(conn: Connection, item: Item, now: datetime) -> Iterator[Letter]:
    """The dead letter of a record that is to be set aside."""
    if not isinstance(item.outcome, Rejected):
        return
    known, record = db.context(conn), item.record
    write = bare_dead_letter_event if item.bare else dead_letter_event
    out = to_record(write(record, item.outcome, now, known.source), dead_letter_key(record))
    yield Letter(_at(record), Record(known.topics.dead_letters, out.key, out.value, out.headers))


def _at(record: RawRecord) -> str:
    """What tells the record apart, also from one at its place in a topic that was made anew."""
    return f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp_ms}"


def _about(outcome: Event | Passed) -> About | None:
    if not isinstance(outcome, Event) or not isinstance(outcome.data, InstallStarted):
        return None
    data = outcome.data
    return About(data.service_order_id, data.serial, data.customer_id, outcome.dated or outcome.time)


def where(record: RawRecord) -> dict[str, Any]:
    """Where the record lies, for a line of the log."""
    return {"topic": record.topic, "partition": record.partition, "offset": record.offset}


def halves(items: Sequence[Item]) -> tuple[Sequence[Item], Sequence[Item]]:
    """Two parts, in order."""
    middle = len(items) // 2
    return items[:middle], items[middle:]
