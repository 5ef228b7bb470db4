"""Our own results, read back from their topics: what they tell of an order. Pure.

A database that was lost, or is older than what was published, is made good by them: see `worker.store.rebuild`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import itemgetter
from typing import Any

from pydantic import AwareDatetime, ValidationError

from events.base import EventData
from events.outgoing import final_id, progress_id
from events.outputs import Cancelled, Completed, Failed, Progress
from events.stages import Stage
from schemas.place import PonPort, PonPortText
from worker import lifecycle
from worker.correlate import merge
from worker.correlate.world import unanswered, withdrawn
from worker.facts import Ask, Order, OrderState, Rules, Stamp
from worker.redaction import impersonal
from worker.replacing import replace

BY_RESULT = "acende"
"""The source of facts that only a result tells of: what a person asked for, or what Kafka no longer kept."""
LEAP = 1000
"""By how much an order's `sequence` is moved on: above the records that Kafka no longer keeps."""

Registration = tuple[str, str, str]
"""OLT, port, serial."""


class _Registered(EventData):
    olt_id: str
    pon_port: PonPortText
    serial: str | None = None


class Told(EventData):
    """What is read of the data of a result; members that other versions have are passed over."""

    service_order_id: str
    revision: int
    sequence: int
    serial: str | None = None
    customer_id: str | None = None
    contract_id: str | None = None
    olt_id: str | None = None
    pon_port: PonPortText | None = None
    attempts: int = 0
    durations_s: dict[Stage, float] = {}
    code: str | None = None
    parked: bool = False
    last_stage: Stage | None = None
    own: tuple[_Registered, ...] = ()
    asked_at: AwareDatetime | None = None


class _Envelope(EventData):
    id: str
    type: str
    time: AwareDatetime
    data: Told


@dataclass(frozen=True)
class Result:
    """One record of ours: a final result, or progress. `data` is the event's own, as published."""

    id: str
    type: str
    at: datetime
    told: Told
    data: dict[str, Any]

    @property
    def order(self) -> str:
        """The order's id."""
        return self.told.service_order_id

    @property
    def final(self) -> bool:
        """Whether it ends a revision."""
        return self.type != Progress.TYPE

    @property
    def of_rejected(self) -> bool:
        """Whether it tells of a request that could not be read, of an order of which none was known: it is no fact."""
        told = self.told
        usual = {final_id(self.order, told.revision), progress_id(self.order, told.sequence)}
        return self.id not in usual and told.code in _OF_REJECTED

    @property
    def own(self) -> frozenset[Registration]:
        """Registrations that were the order's own when it was made."""
        return frozenset((one.olt_id, str(one.pon_port), one.serial) for one in self.told.own if one.serial)


_OF_REJECTED = frozenset({"invalid_data", "internal_error", "request_rejected"})
_OURS = frozenset(model.TYPE for model in (Completed, Failed, Cancelled, Progress))


def read(value: bytes | None) -> Result | None:
    """The result that a record holds, without what it quotes of people; None for what is none of ours."""
    try:
        event = _Envelope.model_validate_json(value or b"")
    except ValidationError:
        return None
    if event.type not in _OURS:
        return None
    return Result(event.id, event.type, event.time, event.data, impersonal(json.loads(value or b"")["data"]))


# ---------------------------------------------------------------------------------------------------- a final result


def with_final(order: Order, result: Result) -> Order:
    """The order as this final result left it. Facts that came later stay; who claims the unit is judged afterwards."""
    told = result.told
    asked = _answered(order, result)
    then = replace(
        order,
        request=order.request or _what_is_told(told),
        asks=_until(order, asked) if asked else order.asks,
        revision=told.revision,
        serial=told.serial,
        claims=False,
        stage=None,
        durations={stage.value: seconds for stage, seconds in told.durations_s.items()},
        attempts=told.attempts,
        place_olt=told.olt_id,
        place_port=told.pon_port and PonPort.model_validate(told.pon_port),
    )
    ended = _ended(then, result)
    return replace(
        ended,
        asks=merge.asked(order, asked.stamp, asked.serial, fresh=asked.fresh).asks if asked else order.asks,
        sequence=told.sequence,
        stage=told.last_stage,
        final=result.data,
        final_revision=told.revision,
    )


def _what_is_told(told: Told) -> dict[str, Any]:
    """All that is known of a request that Kafka no longer keeps."""
    known = {
        "service_order_id": told.service_order_id,
        "customer_id": told.customer_id,
        "contract_id": told.contract_id,
    }
    return {name: value for name, value in known.items() if value is not None}


def _answered(order: Order, result: Result) -> Ask | None:
    """The time of asking that a `completed` or `failed` answers."""
    if result.type == Cancelled.TYPE:
        return None
    until = result.told.asked_at or result.at
    known = [ask for ask in order.asks if ask.stamp.time <= until][-1:]
    if known and (result.told.asked_at is None or known[0].stamp.time == until):
        return known[0]
    return Ask(Stamp(until, BY_RESULT, result.id), order.named_serial, fresh=True)


def _until(order: Order, asked: Ask) -> tuple[Ask, ...]:
    return (*(ask for ask in order.asks if ask.stamp < asked.stamp), asked)


def _ended(then: Order, result: Result) -> Order:
    told = result.told
    match result.type:
        case Completed.TYPE:
            return lifecycle.complete(then, result.at)
        case Failed.TYPE:
            return lifecycle.fail(then, told.code or "", result.at, parked=told.parked)
    return lifecycle.cancel(_cancelled(then, result), result.at)


def _cancelled(order: Order, result: Result) -> Order:
    """With the cancellation that the result answers, where the topics do not have it: a person's, or an old one."""
    at = result.told.asked_at or result.at
    if order.cancelled and order.cancelled.time >= at:
        return order
    return merge.cancelled(order, Stamp(at, BY_RESULT, result.id), "", result.told.code or "")


def owners(
    known: Mapping[Registration, tuple[str, datetime]],
    told: Iterable[tuple[datetime, str, frozenset[Registration]]],
) -> dict[Registration, tuple[str, datetime]]:
    """Whose own each registration is, and since when: `known` before, and what finals told since (when, whose, which).

    One that passed from one order to another is named by the finals of both, so that their order in time decides.
    """
    owner = dict(known)
    held: defaultdict[str, set[Registration]] = defaultdict(set)
    for place, (order, _) in known.items():
        held[order].add(place)
    for at, order, places in sorted(told, key=itemgetter(0, 1)):
        for place in held[order] - places:
            if place in owner and owner[place][0] == order:
                del owner[place]
        for place in places:
            if place not in owner or owner[place][0] != order:
                owner[place] = (order, at)
        held[order] = set(places)
    return owner


# ----------------------------------------------------------------------------------------------- what is yet to be done


class Standing(StrEnum):
    """What becomes of an order once all is read."""

    ENDED = "ended"
    """Everything that was asked of it has been answered."""
    GOES_ON = "goes_on"
    """A worker takes it up."""
    TOO_OLD = "too_old"
    """What was asked is too old to be begun unasked: nothing is done until the ERP or a person asks again."""


def resumed(order: Order, at: datetime, rules: Rules, *, behind: bool) -> tuple[Order, Standing]:
    """The order as a worker will find it. `behind`: later progress of it was published than is known of it."""
    order = replace(order, sequence=order.sequence + LEAP if order.sequence else 0)
    if order.live and not behind:
        return replace(order, due_at=at), Standing.GOES_ON
    if order.live:
        order = replace(order, state=OrderState.UNKNOWN, claims=False, stage=None, work_deadline_at=None)
    if withdrawn(order, rules) and order.state is not OrderState.CANCELLED:
        return _withdrawn(order, at, rules)
    asks = unanswered(order, rules)
    if any(ask.fresh for ask in asks):
        return replace(order, due_at=at), Standing.GOES_ON
    ended = replace(order, finished_at=order.finished_at or at)
    if asks:
        return replace(ended, answered_at=asks[-1].stamp.time), Standing.TOO_OLD
    return (ended, Standing.TOO_OLD) if behind and order.request is None else (order, Standing.ENDED)


def _withdrawn(order: Order, at: datetime, rules: Rules) -> tuple[Order, Standing]:
    """A cancellation without its result: one within the time that a removal has is taken up."""
    assert order.cancelled
    if order.request is None:
        return order, Standing.ENDED
    if at - order.cancelled.time <= rules.deprovision_deadline:
        return replace(order, due_at=at), Standing.GOES_ON
    if order.state is OrderState.UNKNOWN:
        return replace(order, state=OrderState.CANCELLED, finished_at=at), Standing.TOO_OLD
    return replace(order, cancelled=None, cancel_reason=None, cancel_code=None), Standing.TOO_OLD
