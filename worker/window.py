"""Which records of the outbox may be sent now: what is in flight, what is held back. No I/O."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from worker.store.outbox import Record

Lane = tuple[str, int | None]
"""A topic and its partition; None while the topic's partitions are not known."""

STUCK_S = 10.0
"""A record in flight for longer marks its partition as stuck: it gets no more records, and others go on."""
_PAUSE_FIRST_S = 1.0
_PAUSE_MAX_S = 60.0
_HELD_MAX = 5000


@dataclass(frozen=True)
class Flight:
    """A record that was handed to the producer."""

    record: Record
    lane: Lane
    since: float


@dataclass
class Window:
    """What is in flight and what is held back. Times are those of any one monotonic clock, in seconds.

    Records of a key leave one after another, over all topics; records of `unordered` topics only wait for a held key.
    """

    size: int
    unordered: frozenset[str] = frozenset()
    flights: dict[int, Flight] = field(default_factory=dict)
    _settled: set[int] = field(default_factory=set)
    _busy: Counter[str] = field(default_factory=Counter)
    _held: dict[str, tuple[float, float]] = field(default_factory=dict)

    def room(self, now: float) -> int:
        """How many more records may be in flight; those on stuck partitions do not count."""
        stuck = self.stuck(now)
        if len(self._held) >= _HELD_MAX and len(self.held(now)) >= _HELD_MAX:
            return 0
        return self.size - sum(flight.lane not in stuck for flight in self.flights.values())

    def taken(self) -> list[int]:
        """Rows not to be read again: in flight, or acknowledged and not yet deleted."""
        return [*self.flights, *self._settled]

    def held(self, now: float) -> list[str]:
        """Keys held back."""
        return [key for key, (until, _) in self._held.items() if until > now]

    def stuck(self, now: float) -> set[Lane]:
        """Partitions that have not acknowledged for `STUCK_S`."""
        return {flight.lane for flight in self.flights.values() if now - flight.since > STUCK_S}

    def launch(self, rows: Iterable[tuple[Record, Lane]], now: float) -> list[Flight]:
        """Those of `rows`, oldest first, that may be sent now; they count as in flight from here on."""
        stuck, waiting = self.stuck(now), set(self.held(now))
        launched = []
        for record, lane in rows:
            if lane in stuck and record.key not in waiting:
                self._held[record.key] = (now + STUCK_S, self._held.get(record.key, (0.0, 0.0))[1])
                waiting.add(record.key)
            if record.key in waiting or self._behind(record):
                waiting.add(record.key)
                continue
            launched.append(self._start(record, lane, now))
        return launched

    def _behind(self, record: Record) -> bool:
        return record.topic not in self.unordered and self._busy[record.key] > 0

    def _start(self, record: Record, lane: Lane, now: float) -> Flight:
        flight = Flight(record, lane, now)
        self.flights[record.id] = flight
        self._busy[record.key] += 1
        return flight

    def settle(self, row_id: int) -> None:
        """The broker has the record, or refused it for good: its key goes on; `forget` once its row is dealt with."""
        if flight := self._end(row_id):
            self._held.pop(flight.record.key, None)
            self._settled.add(row_id)

    def fail(self, row_id: int, now: float) -> None:
        """The record will be tried again: its key is held back, each time for twice as long."""
        if flight := self._end(row_id):
            key = flight.record.key
            pause = min(_PAUSE_MAX_S, max(_PAUSE_FIRST_S, 2 * self._held.get(key, (0.0, 0.0))[1]))
            self._held[key] = (now + pause, pause)

    def forget(self, row_ids: Iterable[int]) -> None:
        """Their rows are deleted or set aside."""
        self._settled.difference_update(row_ids)

    def _end(self, row_id: int) -> Flight | None:
        flight = self.flights.pop(row_id, None)
        if flight is not None:
            self._busy[flight.record.key] -= 1
            if not self._busy[flight.record.key]:
                del self._busy[flight.record.key]
        return flight
