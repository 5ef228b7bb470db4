"""Orders and units as rows of their tables, and back."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import RowMapping

from events.stages import Stage
from schemas.place import PonPort
from worker.facts import (
    NOTHING_KNOWN,
    Ask,
    Attempt,
    Completion,
    Lending,
    Order,
    OrderState,
    Stamp,
    Unit,
)
from worker.replacing import replace

Row = RowMapping


def _stamp(row: Row, prefix: str) -> Stamp | None:
    at = row[f"{prefix}_at"]
    return None if at is None else Stamp(at, row[f"{prefix}_source"], row[f"{prefix}_id"])


def _columns(prefix: str, stamp: Stamp | None) -> dict[str, Any]:
    at, source, id_ = stamp or (None, None, None)
    return {f"{prefix}_at": at, f"{prefix}_source": source, f"{prefix}_id": id_}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _asks(document: Iterable[Any] | None) -> tuple[Ask, ...]:
    return tuple(
        Ask(Stamp(datetime.fromisoformat(time), source, id_), serial, fresh)
        for time, source, id_, serial, fresh in document or ()
    )


def _asks_document(asks: Iterable[Ask]) -> list[Any]:
    return [[_text(ask.stamp.time), ask.stamp.source, ask.stamp.id, ask.serial, ask.fresh] for ask in asks]


def unit_of(row: Row) -> Unit:
    """A unit from its row."""
    lent = _stamp(row, "lent")
    returns = row["returns"] or {}
    return Unit(
        serial=row["serial"],
        received=row["received"],
        received_stamp=_stamp(row, "received"),
        received_trace=row["received_trace"],
        lent=Lending(row["lent_order"], row["lent_contract"], row["lent_customer"], lent, row["lent_trace"])
        if lent
        else None,
        returns={
            order: Stamp(datetime.fromisoformat(time), source, id_)
            for order, (time, source, id_) in returns.items()
        },
        undecided=bool(row["undecided"]),
    )


def unit_row(unit: Unit) -> dict[str, Any]:
    """The row of a unit."""
    lent = unit.lent
    return {
        "serial": unit.serial,
        "received": unit.received,
        **_columns("received", unit.received_stamp),
        "received_trace": unit.received_trace,
        "lent_order": lent.order if lent else None,
        "lent_contract": lent.contract if lent else None,
        "lent_customer": lent.customer if lent else None,
        **_columns("lent", lent.stamp if lent else None),
        "lent_trace": lent.trace if lent else None,
        "returns": {
            order: [_text(stamp.time), stamp.source, stamp.id] for order, stamp in unit.returns.items()
        }
        or None,
        "bound_order": unit.bound_order,
        "undecided": unit.undecided,
    }


_SAME = (
    "id",
    "request",
    "request_digest",
    "has_secrets",
    "traceparent",
    "cancel_reason",
    "cancel_code",
    "revision",
    "sequence",
    "worked_digest",
    "began_at",
    "stage_since",
    "verdict",
    "verdict_since",
    "due_at",
    "serial",
    "claims",
    "attempts",
    "parked",
    "last_code",
    "final",
    "final_revision",
    "finished_at",
    "answered_at",
    "erased_at",
    "created_at",
)
"""Columns and attributes of the same name and form."""
_same_of = attrgetter(*_SAME)


def order_of(row: Row, owns: frozenset[str] = frozenset(), *, secrets_kept: bool = True) -> Order:
    """An order from its row."""
    attempted = row["attempted_at"] and Attempt(
        row["attempted_serial"], row["attempted_at"], row["attempted_ask_at"]
    )
    asked = _stamp(row, "completed_ask")
    return replace(
        NOTHING_KNOWN,
        **{name: row[name] for name in _SAME},
        requested=_stamp(row, "requested"),
        asks=_asks(row["asks"]),
        cancelled=_stamp(row, "cancelled"),
        state=OrderState(row["state"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        durations=row["durations"] or {},
        verdict_params=row["verdict_params"] or {},
        attempted=attempted,
        place_olt=row["olt"],
        place_port=PonPort.model_validate(row["port"]) if row["port"] else None,
        work_deadline_at=row["deadline_at"],
        completion=Completion(row["completed_serial"], row["completed_at"], asked) if asked else None,
        owns=owns,
        secrets_kept=secrets_kept,
    )


def order_row(order: Order, at: datetime) -> dict[str, Any]:
    """The row of an order, written at `at`."""
    attempted, completion = order.attempted, order.completion
    return {
        **dict(zip(_SAME, _same_of(order), strict=True)),
        **_columns("requested", order.requested),
        "named_serial": order.named_serial,
        "customer": order.customer,
        "contract": order.contract,
        "asks": _asks_document(order.asks),
        **_columns("cancelled", order.cancelled),
        "state": order.state.value,
        "stage": order.stage.value if order.stage else None,
        "durations": order.durations,
        "verdict_params": order.verdict_params,
        "attempted_serial": attempted.serial if attempted else None,
        "attempted_at": attempted.at if attempted else None,
        "attempted_ask_at": attempted.ask_at if attempted else None,
        "olt": order.place_olt,
        "port": str(order.place_port) if order.place_port else None,
        "deadline_at": order.work_deadline_at,
        "completed_at": completion.at if completion else None,
        "completed_serial": completion.serial if completion else None,
        **_columns("completed_ask", completion.ask if completion else None),
        "created_at": order.created_at or at,
        "updated_at": at,
    }


def step_row(
    order: Order, at: datetime, kind: str, text: str, detail: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """A row of the order's timeline."""
    return {
        "job_id": None,
        "service_order_id": order.id,
        "revision": order.revision,
        "at": at,
        "kind": kind,
        "text": text,
        "detail": dict(detail) if detail else None,
    }
