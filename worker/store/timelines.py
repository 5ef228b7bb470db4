"""What people look at: orders, their timelines, units; and the book of what people did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, func, insert, or_, select

from events.reasons import reason
from events.stages import Stage
from schemas.serial import mac_digits, serial_or_none
from worker.facts import OrderState
from worker.store import db, rejected
from worker.store.away import AWAY
from worker.store.rejected import RejectedView
from worker.store.schema import action, equipment, job, job_step, rejected_order, service_order

Which = Literal["all", "waiting", "failed", "parked"]
_MAC = func.upper(
    func.replace(
        func.replace(func.replace(equipment.c.received["mac"].as_string(), ":", ""), "-", ""), ".", ""
    )
)
"""Of a unit, the digits of its MAC address. No index: only what a person asks is looked up by it."""
_LIVE = [state.value for state in OrderState if state.live]
_WHICH: dict[Which, ColumnElement[bool] | None] = {
    "all": None,
    "waiting": service_order.c.state.in_(_LIVE),
    "failed": service_order.c.state == OrderState.FAILED.value,
    "parked": service_order.c.parked,
}


@dataclass(frozen=True)
class OrderView:
    """An order as people see it. `text_pt` says why it stands there, for support."""

    id: str
    state: str
    revision: int
    stage: str | None
    since: datetime | None
    serial: str | None
    olt: str | None
    port: str | None
    customer_id: str | None
    contract_id: str | None
    attempts: int
    parked: bool
    code: str | None
    text_pt: str | None
    action_pt: str | None
    updated_at: datetime
    final: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def live(self) -> bool:
        """Whether a final result is still to come."""
        return OrderState(self.state).live


@dataclass(frozen=True)
class Step:
    """One line of a timeline: what happened, when; `detail` is redacted."""

    id: int
    at: datetime
    revision: int | None
    kind: str
    text: str | None
    detail: Any


@dataclass(frozen=True)
class JobView:
    """Work that is under way for an order."""

    kind: str
    olt: str
    state: str
    due_at: datetime
    attempts: int
    code: str | None
    text: str | None


def orders(conn: Connection, which: Which = "all", limit: int = 100) -> list[OrderView]:
    """Orders, those that changed last first; with those of which no request could be read, which have failed."""
    wanted = select(service_order).order_by(service_order.c.updated_at.desc()).limit(limit)
    condition = _WHICH[which]
    if condition is not None:
        wanted = wanted.where(condition)
    found = _views(conn, conn.execute(wanted).mappings().all())
    if which in {"all", "failed"}:
        latest = _REJECTED.order_by(rejected_order.c.at.desc()).limit(limit)
        told = {row["id"]: _rejected_view(row) for row in conn.execute(latest).mappings()}
        found = [view for view in found if view.id not in told] + list(told.values())
    return sorted(found, key=lambda order: order.updated_at, reverse=True)[:limit]


_REJECTED = select(rejected_order).where(
    ~exists().where(service_order.c.id == rejected_order.c.id, service_order.c.request.is_not(None))
)
"""Orders of which no request could be read yet."""


def _rejected_view(row: RowMapping) -> OrderView:
    texts = reason(row["code"]).say()
    return OrderView(
        id=row["id"],
        state=OrderState.FAILED.value,
        revision=row["revision"],
        stage=None,
        since=row["at"],
        serial=None,
        olt=None,
        port=None,
        customer_id=None,
        contract_id=None,
        attempts=0,
        parked=False,
        code=row["code"],
        text_pt=texts.text_pt.replace(": ?", ""),
        action_pt=texts.action_pt,
        updated_at=row["at"],
    )


def one(conn: Connection, order_id: str) -> OrderView | None:
    """The order of this id."""
    rows = conn.execute(select(service_order).where(service_order.c.id == order_id)).mappings().all()
    return next(iter(_views(conn, rows)), None)


def find(conn: Connection, text: str) -> list[OrderView]:
    """The order of this id; else the orders that work with, name, or are lent the unit of this serial.

    Twelve hex digits may be a serial or a MAC address: both are looked for. Orders of which no request could be read count.
    """
    if order := one(conn, text):
        return [order]
    serials = _serials(conn, text)
    lent = select(equipment.c.bound_order).where(equipment.c.serial.in_(serials))
    concerned = or_(
        service_order.c.serial.in_(serials),
        service_order.c.named_serial.in_(serials),
        service_order.c.id.in_(lent),
    )
    known = select(service_order).where(concerned).order_by(service_order.c.updated_at.desc())
    found = _views(conn, conn.execute(known).mappings().all()) if serials else []
    ids = {text, *(one.order for one in rejected.find(conn, text, serials))} - {view.id for view in found}
    unread = conn.execute(_REJECTED.where(rejected_order.c.id.in_(ids))).mappings()
    return found + [_rejected_view(row) for row in unread]


def requests_rejected(conn: Connection, text: str) -> list[RejectedView]:
    """Requests of this order, or that name this serial, that were set aside: as long as their topics keep them."""
    return rejected.find(conn, text, _serials(conn, text))


def unit(conn: Connection, text: str) -> dict[str, Any] | None:
    """What stock says of the unit of this serial or MAC address: `received` and the order that it is lent to."""
    row = conn.execute(
        select(equipment.c.serial, equipment.c.received, equipment.c.bound_order).where(
            equipment.c.serial.in_(_serials(conn, text)),
            or_(equipment.c.received.is_not(None), equipment.c.bound_order.is_not(None)),
        )
    ).first()
    return {"serial": row.serial, "received": row.received, "lent_to": row.bound_order} if row else None


def _serials(conn: Connection, text: str) -> list[str]:
    """The serials that a person may mean: the one that is written, and those of units with this MAC address."""
    serial, digits = serial_or_none(text), mac_digits(text)
    of_mac = conn.execute(select(equipment.c.serial).where(_MAC.in_([digits]))).scalars() if digits else ()
    return [*([serial] if serial else []), *of_mac]


def steps(conn: Connection, order_id: str, after: int = 0) -> list[Step]:
    """The order's timeline, oldest first, from the step after `after` on."""
    wanted = (
        select(job_step)
        .where(job_step.c.service_order_id == order_id, job_step.c.id > after)
        .order_by(job_step.c.id)
    )
    return [
        Step(row.id, row.at, row.revision, row.kind, row.text, row.detail) for row in conn.execute(wanted)
    ]


def jobs(conn: Connection, order_id: str) -> list[JobView]:
    """Its live jobs."""
    wanted = select(job).where(job.c.service_order_id == order_id, job.c.live).order_by(job.c.id)
    return [
        JobView(row.kind, row.olt, row.state, row.due_at, row.attempts, row.last_code, row.last_text)
        for row in conn.execute(wanted)
    ]


def note(conn: Connection, who: str, what: str, target: str, why: str) -> None:
    """Write down what a person changed, in the transaction that changed it."""
    conn.execute(insert(action).values(at=db.now(conn), who=who, what=what, target=target, why=why))


@dataclass(frozen=True)
class Deed:
    """What a person changed, when and why."""

    at: datetime
    who: str
    what: str
    target: str
    why: str


def deeds(conn: Connection, target: str, limit: int = 20) -> list[Deed]:
    """What people did with an OLT, an order or a record, the latest first."""
    wanted = select(action).where(action.c.target == target).order_by(action.c.id.desc()).limit(limit)
    return [Deed(row.at, row.who, row.what, row.target, row.why) for row in conn.execute(wanted)]


def _views(conn: Connection, rows: Sequence[RowMapping]) -> list[OrderView]:
    """Orders as people see them. Of one without a place, the job knows for which OLT it waits."""
    nowhere = [row["id"] for row in rows if row["olt"] is None and row["last_code"] in AWAY]
    waits: dict[str, str] = {}
    if nowhere:
        found = select(job.c.service_order_id, job.c.last_text).where(
            job.c.live, job.c.kind == "provision", job.c.service_order_id.in_(nowhere)
        )
        waits = {row.service_order_id: row.last_text for row in conn.execute(found) if row.last_text}
    return [_view(row, waits.get(row["id"])) for row in rows]


def _view(row: RowMapping, waits: str | None) -> OrderView:
    live, final = OrderState(row["state"]).live, row["final"] or {}
    code = row["verdict"] or row["last_code"] if live else final.get("code") or row["last_code"]
    text, todo = _texts(row, code, final, live=live)
    if live and not row["verdict"]:
        text = waits or text
    return OrderView(
        id=row["id"],
        state=row["state"],
        revision=row["revision"],
        stage=row["stage"],
        since=row["stage_since"] if live else row["finished_at"],
        serial=row["serial"] or row["named_serial"],
        olt=row["olt"],
        port=row["port"],
        customer_id=row["customer"],
        contract_id=row["contract"],
        attempts=row["attempts"],
        parked=row["parked"],
        code=code,
        text_pt=text,
        action_pt=todo,
        updated_at=row["updated_at"],
        final=row["final"],
    )


def _texts(
    row: RowMapping, code: str | None, final: Mapping[str, Any], *, live: bool
) -> tuple[str | None, str | None]:
    """Why it stands where it stands, and what to do next."""
    if not live:
        return final.get("text_pt"), final.get("action_pt")
    if code:
        place = {"olt": row["olt"], "port": row["port"], "serial": row["serial"]}
        texts = reason(code).say(place | (row["verdict_params"] or {}))
        return texts.text_pt, texts.action_pt
    return (Stage(row["stage"]).text_pt, None) if row["stage"] else (None, None)
