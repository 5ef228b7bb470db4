"""Whose own a registration is (invariant 6): who made it, and who has inherited it with the claim.

Inheritance is not written down until the heir works: an order that is cancelled before it did anything leaves what it
would have inherited where it was.
"""

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from schemas.place import PonPort
from worker.facts import OrderState
from worker.store import many
from worker.store.db import now
from worker.store.jobs import Owned
from worker.store.schema import own_registration, service_order

_heir, _maker = service_order.alias("heir"), service_order.alias("maker")
_WITHDRAWN = (OrderState.CANCELLING.value, OrderState.CANCELLED.value)


def own(conn: Connection, order_id: str, olt: str, port: PonPort, serial: str) -> None:
    """Record that this registration is the order's own. Before the first byte of the attempt that adds it."""
    new = many.upserting(conn, own_registration).values(
        olt=olt, port=str(port), serial=serial, service_order_id=order_id, since=now(conn)
    )
    values = {"service_order_id": order_id, "since": new.excluded.since}
    conn.execute(new.on_conflict_do_update(index_elements=["olt", "port", "serial"], set_=values))


def remove(conn: Connection, olt: str, port: PonPort, serial: str) -> str | None:
    """Record that this registration is no longer on the OLT; whose own it was."""
    owner: str | None = conn.execute(
        delete(own_registration)
        .where(
            own_registration.c.olt == olt,
            own_registration.c.port == str(port),
            own_registration.c.serial == serial,
        )
        .returning(own_registration.c.service_order_id)
    ).scalar()
    return owner


def owned_by(conn: Connection, order_id: str) -> tuple[Owned, ...]:
    """Every registration that is the order's own, what it may yet inherit aside."""
    rows = conn.execute(
        select(own_registration)
        .where(own_registration.c.service_order_id == order_id)
        .order_by(own_registration.c.olt, own_registration.c.port, own_registration.c.serial)
    )
    return tuple(Owned(row.olt, PonPort.model_validate(row.port), row.serial) for row in rows)


def own_ports(conn: Connection, order_id: str, olt: str, serial: str) -> frozenset[PonPort]:
    """Ports of this OLT where a registration of the serial is the order's own, inherited ones included."""
    theirs = own_registration.c.service_order_id == order_id
    ports = conn.execute(
        select(own_registration.c.port).where(
            own_registration.c.olt == olt,
            own_registration.c.serial == serial,
            or_(theirs, _inherited_by(order_id)),
        )
    ).scalars()
    return frozenset(PonPort.model_validate(port) for port in ports)


def inherit(conn: Connection, order_id: str, serial: str) -> None:
    """Make the order's own what it inherits of this serial: it is at work on it."""
    conn.execute(
        update(own_registration)
        .where(own_registration.c.serial == serial, _inherited_by(order_id))
        .values(service_order_id=order_id)
    )


def _inherited_by(order_id: str) -> ColumnElement[bool]:
    """Whether the claim of the registration's serial has passed from its maker to this order.

    It has if this order claims the serial now, and the maker serves the same contract, or is cancelled, or never
    completed. Not from an order of another contract that completed and from which stock merely took the unit: that
    customer may still be served.
    """
    served = and_(_maker.c.completed_serial.is_not(None), _maker.c.state.not_in(_WITHDRAWN))
    return (
        select(_heir.c.id)
        .select_from(_heir.outerjoin(_maker, _maker.c.id == own_registration.c.service_order_id))
        .where(
            _heir.c.id == order_id,
            _heir.c.claims,
            _heir.c.serial == own_registration.c.serial,
            or_(~served, _maker.c.contract == _heir.c.contract),
        )
        .correlate(own_registration)
        .exists()
    )
