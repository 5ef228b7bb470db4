"""A record as Kafka delivers it, and what reading it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from events.inputs import InputData


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as Kafka delivers it. `timestamp_ms` is Unix time, negative or None where there is none."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int | None
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One input event that parsed. (`source`, `id`) identifies it; `time` is aware, UTC."""

    source: str
    id: str
    type: str
    time: datetime
    data: InputData
    traceparent: str | None = None
    arrival_overrode_time: bool = False
    """The sender's time lay too far ahead; `time` is the arrival."""
    dated: datetime | None = None
    """Of a request without a time of its own: when it says that the technician started. Its age is judged by that."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A unit of stock that is no ONU (a router, a ladder): counted and passed over."""

    type: str


@dataclass(frozen=True, slots=True)
class About:
    """What can be read of an `install.started` that is set aside: whose it is, and when it was asked, if it says so."""

    order: str
    serial: str | None = None
    customer: str | None = None
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read: its reason code, and where in the document what was expected.

    Nothing of the record's content stands in `where`. `type` is the event's type, if it is one of ours.
    """

    code: str
    where: tuple[str, ...] = ()
    type: str | None = None
    about: About | None = None
    """The order that was asked for, where it can be read."""
