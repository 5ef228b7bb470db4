"""What the facts say now of an order's right to a serial on one OLT: what `worker.policy` judges by."""

from sqlalchemy import Connection, select

from worker.policy import Binding, Standing
from worker.store.own import own_ports
from worker.store.schema import equipment, service_order


def standing(conn: Connection, order_id: str, olt: str, serial: str, *, lit: bool) -> Standing:
    """The order's standing for this serial on this OLT. `lit`: the unit was seen unregistered and lit at its new place."""
    own = own_ports(conn, order_id, olt, serial)
    return Standing(_binding(conn, order_id, serial), own, _claimed_by(conn, order_id, serial), lit)


def _claimed_by(conn: Connection, order_id: str, serial: str) -> str | None:
    found: str | None = conn.execute(
        select(service_order.c.id).where(
            service_order.c.serial == serial, service_order.c.claims, service_order.c.id != order_id
        )
    ).scalar()
    return found


def _binding(conn: Connection, order_id: str, serial: str) -> Binding:
    bound = conn.execute(select(equipment.c.bound_order).where(equipment.c.serial == serial)).scalar()
    if bound is None:
        return "nobody"
    return "here" if bound == order_id else "elsewhere"
