"""What is published of an order: records for the outbox, made in the transaction that made them true.

Each takes an order and gives it back with the next `sequence`, together with the record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.outgoing import CloudEvent, final_id, progress_id, to_record
from events.outputs import Cancelled, Completed, Failed, Left, Output, Progress, Where
from events.reasons import reason
from schemas.place import Place, PonPort
from worker import tracing
from worker.facts import Order, OrderState, Unit
from worker.replacing import replace
from worker.store.db import Context
from worker.store.outbox import Record

LISTED_MAX = 200
"""Most entries of a list in a final: a record stays far below its largest size."""


@dataclass(frozen=True)
class Say:
    """A reason code and what fills its texts."""

    code: str
    params: Mapping[str, object]


def progress(
    known: Context,
    order: Order,
    at: datetime,
    say: Say | None = None,
    *,
    news: bool = False,
    event_id: str | None = None,
) -> tuple[Order, Record]:
    """That the order reached its stage, or with `say`, why it stands there; `news`: of no stage of its way."""
    order = replace(order, sequence=order.sequence + 1)
    stage = None if news else order.stage
    texts = reason(say.code).say(say.params) if say else None
    data = Progress(
        **_identity(order),
        stage=stage,
        since=at if news or order.stage_since is None else order.stage_since,
        attempt=order.attempts,
        code=say.code if say else None,
        params=reason(say.code).kept(say.params) if say else {},
        text_pt=texts.text_pt if texts else stage.text_pt if stage else "",
        text_en=texts.text_en if texts else stage.text_en if stage else "",
    )
    return order, _record(known, order, event_id or progress_id(order.id, order.sequence), data, at)


def completed(
    known: Context, order: Order, unit: Unit | None, more: Mapping[str, Any], at: datetime
) -> tuple[Order, Record]:
    """The final event of an order that completed. `more`: the fields of `Completed` that the order's row lacks."""
    order = replace(order, sequence=order.sequence + 1)
    data = Completed(**{**_identity(order), **_work(order, unit), **_short(more)})
    return _final(known, order, data, at)


def failed(
    known: Context,
    order: Order,
    unit: Unit | None,
    say: Say,
    more: Mapping[str, Any],
    at: datetime,
    *,
    event_id: str | None = None,
) -> tuple[Order, Record]:
    """The final event of an order that failed."""
    order = replace(order, sequence=order.sequence + 1)
    fields = {**_identity(order), **_work(order, unit), **_explained(order, say), **_short(more)}
    return _final(known, order, Failed(**fields, parked=order.parked), at, event_id)


def cancelled(
    known: Context, order: Order, unit: Unit | None, more: Mapping[str, Any], at: datetime
) -> tuple[Order, Record]:
    """The final event of an order that was cancelled."""
    order = replace(order, sequence=order.sequence + 1)
    say = Say(order.cancel_code or "cancelled_by_erp", {})
    return _final(
        known,
        order,
        Cancelled(**{**_identity(order), **_work(order, unit), **_explained(order, say), **_short(more)}),
        at,
    )


def left(where: Where, code: str, params: Mapping[str, object] | None = None) -> Left:
    """A registration that stays, and why."""
    place = str(Place(olt=where.olt_id, port=PonPort.model_validate(where.pon_port)))
    texts = reason(code).say({"serial": where.serial, "place": place, **(params or {})})
    return Left(**dict(where), code=code, text_pt=texts.text_pt, text_en=texts.text_en)


def _identity(order: Order) -> dict[str, Any]:
    return {
        "service_order_id": order.id,
        "revision": max(order.revision, 1),
        "sequence": order.sequence,
        "serial": order.serial,
        "customer_id": order.customer,
        "contract_id": order.contract,
    }


def _work(order: Order, unit: Unit | None) -> dict[str, Any]:
    received = (unit.received if unit else None) or {}
    return {
        "stock_item_id": received.get("stock_item_id"),
        "model_stock": received.get("model"),
        "olt_id": order.place_olt,
        "pon_port": order.place_port,
        "attempts": order.attempts,
        "durations_s": order.durations,
        "asked_at": _asked_at(order),
    }


def _asked_at(order: Order) -> datetime | None:
    if order.state is OrderState.CANCELLED and order.cancelled:
        return order.cancelled.time
    return order.asks[-1].stamp.time if order.asks else None


def _explained(order: Order, say: Say) -> dict[str, Any]:
    why = reason(say.code)
    texts = why.say(say.params)
    return {
        "code": why.code,
        "params": why.kept(say.params),
        "retryable": why.retryable,
        "text_pt": texts.text_pt,
        "text_en": texts.text_en,
        "action_pt": texts.action_pt,
        "action_en": texts.action_en,
        "last_stage": order.stage,
    }


def _short(more: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[:LISTED_MAX] if isinstance(value, tuple) else value for name, value in more.items()}


def _final(
    known: Context,
    order: Order,
    data: Completed | Failed | Cancelled,
    at: datetime,
    event_id: str | None = None,
) -> tuple[Order, Record]:
    record = _record(known, order, event_id or final_id(order.id, order.revision), data, at)
    return replace(order, final=data.model_dump(mode="json"), final_revision=order.revision), record


def _record(known: Context, order: Order, event_id: str, data: Output, at: datetime) -> Record:
    event = CloudEvent(
        event_id,
        data,
        at,
        source=known.source,
        subject=order.serial or order.id,
        traceparent=tracing.continued(order.id, order.traceparent),
    )
    out = to_record(event, order.id)
    return Record(known.topics.of_output(event.type), out.key, out.value, out.headers)


def places(wheres: Iterable[Where]) -> set[tuple[str, str, str | None]]:
    """OLT, port and serial of each, to compare."""
    return {(where.olt_id, str(where.pon_port), where.serial) for where in wheres}
