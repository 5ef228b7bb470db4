"""What is known of units and orders: merged facts, and what Acende has made of them. Values only.

Facts are merged, never counted: of each kind the latest is kept, by the order of facts (time, source, id). Merging is
commutative, associative and idempotent, so the order of arrival does not matter.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from events.stages import Stage
from schemas.place import PonPort
from worker.replacing import replace


class Stamp(NamedTuple):
    """Where a fact stands in the order of facts."""

    time: datetime
    source: str
    id: str


EPOCH = Stamp(datetime(1, 1, 1, tzinfo=UTC), "", "")
"""Before every fact."""


class OrderState(StrEnum):
    """Where an order stands."""

    UNKNOWN = "unknown"
    """Only a cancellation of it is known; or it was found in the topics by `acende rebuild`, with no result."""
    WAITING = "waiting"
    """Live: no unit yet."""
    STOPPED = "stopped"
    """Live: correlation reached a verdict that becomes `failed` unless a fact changes it."""
    WORKING = "working"
    """Live: it has a unit, and jobs."""
    CANCELLING = "cancelling"
    """Live: what it owns is being removed."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def live(self) -> bool:
        """Whether a final result is still to come."""
        return self in _LIVE


_LIVE = frozenset({OrderState.WAITING, OrderState.STOPPED, OrderState.WORKING, OrderState.CANCELLING})


class Ask(NamedTuple):
    """One time an order was asked for: by the ERP, or by a person who had it tried again."""

    stamp: Stamp
    serial: str | None
    """The unit that was named."""
    fresh: bool
    """Whether it was recent enough on arrival to start work."""


@dataclass(frozen=True, slots=True)
class Lending:
    """Stock lent a unit to an order."""

    order: str
    contract: str | None
    customer: str | None
    stamp: Stamp
    trace: str | None = None
    """Trace context of the event, as traceparent."""


@dataclass(frozen=True)
class Unit:
    """A unit of stock."""

    serial: str
    received: dict[str, Any] | None = None
    """The latest `equipment.received`."""
    received_stamp: Stamp | None = None
    received_trace: str | None = None
    """Its trace context, as traceparent."""
    lent: Lending | None = None
    """The latest lending, given back or not."""
    returns: dict[str, Stamp] = field(default_factory=dict)
    """By order, when it last gave the unit back."""
    undecided: bool = False
    """Nothing says yet that its serial is one, and not a MAC address: it has only been lent or returned by it."""

    @property
    def bound_order(self) -> str | None:
        """The order to which stock binds the unit: the latest lending, unless that order has given it back since.

        None while its serial is undecided.
        """
        if self.lent is None or self.undecided:
            return None
        returned = self.returns.get(self.lent.order)
        return None if returned and returned > self.lent.stamp else self.lent.order

    @property
    def traces(self) -> tuple[str, ...]:
        """Trace contexts of the stock events that brought the unit and lent it."""
        both = (self.received_trace, self.lent.trace if self.lent else None)
        return tuple(dict.fromkeys(trace for trace in both if trace))

    @property
    def model(self) -> str | None:
        """The model as stock knows it."""
        return self.received.get("model") if self.received else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The latest attempt on an OLT since the last final result: for which unit, when, and for the request of which time."""

    serial: str
    at: datetime
    ask_at: datetime


@dataclass(frozen=True, slots=True)
class Completion:
    """The last completion: of which unit, when, and which request it answered."""

    serial: str
    at: datetime
    ask: Stamp


@dataclass(frozen=True)
class Order:
    """An installation: its facts, and what Acende has made of them."""

    id: str
    # Facts.
    request: dict[str, Any] | None = None
    """The latest `install.started`, without its passwords."""
    request_digest: str | None = None
    requested: Stamp | None = None
    has_secrets: bool = False
    traceparent: str | None = None
    """Trace context of the latest request, which results continue."""
    asks: tuple[Ask, ...] = ()
    """Every time it was asked for, ascending."""
    cancelled: Stamp | None = None
    cancel_reason: str | None = None
    cancel_code: str | None = None
    # What Acende has made of them.
    state: OrderState = OrderState.UNKNOWN
    revision: int = 0
    sequence: int = 0
    worked_digest: str | None = None
    began_at: datetime | None = None
    stage: Stage | None = None
    stage_since: datetime | None = None
    durations: dict[str, float] = field(default_factory=dict)
    verdict: str | None = None
    verdict_params: dict[str, str] = field(default_factory=dict)
    verdict_since: datetime | None = None
    due_at: datetime | None = None
    serial: str | None = None
    claims: bool = False
    attempted: Attempt | None = None
    attempts: int = 0
    place_olt: str | None = None
    """The OLT decided for this revision."""
    place_port: PonPort | None = None
    work_deadline_at: datetime | None = None
    parked: bool = False
    last_code: str | None = None
    final: dict[str, Any] | None = None
    """Data of the last final event."""
    final_revision: int | None = None
    answered_at: datetime | None = None
    """Time of the latest request that a `completed` or `failed` answered."""
    completion: Completion | None = None
    finished_at: datetime | None = None
    erased_at: datetime | None = None
    created_at: datetime | None = None
    # Not columns of the order.
    owns: frozenset[str] = frozenset()
    """Serials of which it owns a registration on some OLT."""
    secrets_kept: bool = True
    """Whether its passwords are there, if it has any."""

    @property
    def request_known(self) -> bool:
        """Whether all of the latest request is known: of one that Kafka no longer kept, a rebuild knows what its result says."""
        return self._asked("plan_code") is not None

    def _asked(self, name: str) -> Any:
        return self.request.get(name) if self.request else None

    @property
    def named_serial(self) -> str | None:
        """The unit that the latest request names, be it undecided."""
        named: str | None = self._asked("serial") or self._asked("undecided_serial")
        return named

    @property
    def undecided_serial(self) -> str | None:
        """What the latest request names where that may as well be a MAC address."""
        named: str | None = self._asked("undecided_serial")
        return named

    @property
    def customer(self) -> str | None:
        """Customer of the latest request."""
        named: str | None = self._asked("customer_id")
        return named

    @property
    def contract(self) -> str | None:
        """Contract of the latest request."""
        named: str | None = self._asked("contract_id")
        return named

    @property
    def site(self) -> str | None:
        """The site that the latest request names."""
        named: str | None = self._asked("site")
        return named

    @property
    def olt(self) -> str | None:
        """The OLT that the latest request names."""
        named: str | None = self._asked("olt_id")
        return named

    @property
    def port(self) -> PonPort | None:
        """The PON port that the latest request names."""
        named = self._asked("pon_port")
        return PonPort.model_validate(named) if named else None

    @property
    def priority(self) -> int:
        """9 is served first."""
        named = self._asked("priority")
        return 5 if named is None else int(named)

    @property
    def live(self) -> bool:
        """Whether a final result is still to come."""
        return self.state.live


NOTHING_KNOWN = Order("")


def unknown(order_id: str) -> Order:
    """An order of which nothing is known."""
    return replace(NOTHING_KNOWN, id=order_id)


@dataclass(frozen=True, slots=True)
class Work:
    """What an order at work asks of the OLTs. `olt`, `port` and `site` are what the order names."""

    id: str
    revision: int
    serial: str
    site: str | None
    olt: str | None
    port: PonPort | None
    priority: int
    deadline_at: datetime

    @classmethod
    def of(cls, order: Order) -> "Work":
        """What this order asks. It is at work."""
        assert order.serial
        assert order.work_deadline_at
        return cls(
            order.id,
            order.revision,
            order.serial,
            order.site,
            order.olt,
            order.port,
            order.priority,
            order.work_deadline_at,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What an order has OLTs looked at for. `olt` and `site` are what the order names."""

    id: str
    revision: int
    serial: str
    site: str | None
    olt: str | None
    priority: int

    @classmethod
    def of(cls, order: Order) -> "Look":
        """What this order may have named."""
        assert order.undecided_serial
        return cls(order.id, order.revision, order.undecided_serial, order.site, order.olt, order.priority)


_ENDLESS = timedelta(days=3650)


@dataclass(frozen=True, slots=True)
class Rules:
    """Durations and the key of digests, from the settings."""

    digest_key: bytes = field(default=b"", repr=False)
    unit_wait: timedelta = timedelta(hours=24)
    verdict_delay: timedelta = timedelta(seconds=30)
    order_max_age: timedelta = timedelta(hours=24)
    cancel_window: timedelta = timedelta(hours=24)
    provision_deadline: timedelta = timedelta(hours=8)
    deprovision_deadline: timedelta = timedelta(hours=72)
    secret_keep: timedelta = timedelta(hours=24)
    inbox_keep: timedelta = timedelta(days=30)
    look_again: timedelta = timedelta(minutes=10)
    """A waiting order is correlated again this often, whatever happened."""
    is_onu: Callable[[str | None], bool | None] = field(default=lambda _model: None, repr=False)
    """Whether the catalogue knows a model as an ONU, or as something else; None: it does not know it."""
    personal_keep: timedelta = timedelta(days=90)
    """Personal data of an order are erased this long after its last final result."""
    jobs_keep: timedelta = timedelta(days=90)
    """Its ended jobs are deleted this long after it."""

    def patient(self, ahead: timedelta) -> "Rules":
        """These rules under a clock that may be `ahead`: no wait ends, and no request is old because of it."""
        return dataclasses.replace(
            self, unit_wait=_ENDLESS, verdict_delay=_ENDLESS, order_max_age=self.order_max_age + ahead
        )
