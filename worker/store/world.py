"""Reading what hangs together with some units and orders: few queries, whatever their number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, CompoundSelect, Connection, RowMapping, Select, Table, bindparam, select, union

from worker.correlate import Registered
from worker.facts import Order, Unit
from worker.store import many
from worker.store.rows import order_of, unit_of
from worker.store.schema import equipment, own_registration, secret, service_order


class Reader:
    """Collects units, orders and registrations of one transaction, each read once."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.units: dict[str, Unit] = {}
        self.registered: tuple[Registered, ...] = ()
        self._rows: dict[str, Any] = {}

    def units_of(self, serials: Iterable[str], orders: Iterable[str]) -> None:
        """Read these units, and those that stock binds to these orders."""
        for row in self._all(
            equipment,
            (equipment.c.serial, set(serials) - self.units.keys()),
            (equipment.c.bound_order, set(orders)),
        ):
            self.units.setdefault(row["serial"], unit_of(row))

    def orders_of(self, ids: Iterable[str], named: Iterable[str], serials: Iterable[str]) -> None:
        """Read these orders, those that name one of `named`, and those that work or worked with one of `serials`.

        On PostgreSQL their rows are locked, in the order of their ids.
        """
        for row in self._all(
            service_order,
            (service_order.c.id, set(ids) - self._rows.keys()),
            (service_order.c.named_serial, set(named)),
            (service_order.c.serial, set(serials)),
        ):
            self._rows[row["id"]] = row

    def registrations_of(self, serials: Iterable[str]) -> None:
        """Read the registrations of these units, and those that the orders read so far own."""
        wanted = {"serial": set(serials), "service_order_id": set(self._rows)}
        given = {name: many.argument(self._conn, values) for name, values in wanted.items()}
        found = [
            Registered(row.olt, row.port, row.serial, row.service_order_id)
            for row in self._conn.execute(_registrations(self._conn.dialect.name), given)
        ]
        self.registered = tuple(sorted(found, key=lambda one: (one.olt, one.port, one.serial)))

    def owners(self) -> set[str]:
        """Orders that own a registration and have not been read."""
        return {one.order for one in self.registered} - self._rows.keys()

    def serials(self) -> set[str]:
        """Serials that the orders read so far name, work with or completed."""
        rows = self._rows.values()
        columns = ("named_serial", "serial", "completed_serial")
        return {row[column] for row in rows for column in columns if row[column]}

    def ids(self) -> set[str]:
        """Orders read so far."""
        return set(self._rows)

    def matching(self, serials: set[str]) -> set[str]:
        """Orders read so far that name, work with or completed one of `serials`."""
        columns = ("named_serial", "serial", "completed_serial")
        return {row["id"] for row in self._rows.values() if any(row[column] in serials for column in columns)}

    def orders(self) -> dict[str, Order]:
        """The orders read, with what they own."""
        owned: defaultdict[str, set[str]] = defaultdict(set)
        for one in self.registered:
            owned[one.order].add(one.serial)
        without = self._without_secrets()
        return {
            order_id: order_of(row, frozenset(owned[order_id]), secrets_kept=order_id not in without)
            for order_id, row in self._rows.items()
        }

    def _without_secrets(self) -> set[str]:
        had = {row["id"] for row in self._rows.values() if row["has_secrets"]}
        kept = {row["service_order_id"] for row in self._all(secret, (secret.c.service_order_id, had))}
        return had - kept

    def _all(self, table: Table, *wanted: tuple[Column[Any], set[str]]) -> Sequence[RowMapping]:
        """Rows that have in one of these columns one of its values."""
        given = {
            column.name: many.argument(self._conn, sorted(values)) for column, values in wanted if values
        }
        if not given:
            return ()
        query = _rows_with(self._conn.dialect.name, table, tuple(given))
        return self._conn.execute(query, given).mappings().all()


@cache
def _rows_with(dialect: str, table: Table, columns: tuple[str, ...]) -> Select[Any]:
    """Each column is looked up by its own index, and orders are locked in one order. Built once."""
    [key, *_] = table.primary_key
    found = [select(key).where(table.c[name].in_(_given(dialect, table.c[name]))) for name in columns]
    query = select(table).where(key.in_(union(*found)))
    return query.order_by(key).with_for_update() if table is service_order else query


@cache
def _registrations(dialect: str) -> CompoundSelect[Any]:
    columns = (own_registration.c.serial, own_registration.c.service_order_id)
    return union(*(select(own_registration).where(column.in_(_given(dialect, column))) for column in columns))


def _given(dialect: str, column: Column[Any]) -> Select[Any]:
    return many.rows_of(dialect, column, lambda kind: bindparam(column.name, type_=kind))


def gather(conn: Connection, serials: set[str], named: set[str], ids: set[str]) -> tuple[Reader, set[str]]:
    """All that decides about these orders (`ids`) and units (`serials`); the orders that are to be judged anew.

    `named` are serials that requests at hand name. Orders that are read merely because they may claim the same unit are
    not judged anew.
    """
    reader = Reader(conn)
    reader.units_of(serials | named, ids)
    touched = [reader.units[serial] for serial in serials if serial in reader.units]
    affected = ids | {
        order for unit in touched for order in (unit.bound_order, unit.lent and unit.lent.order) if order
    }
    known = serials | named | reader.units.keys()
    reader.orders_of(affected, serials, known)
    affected |= reader.matching(serials)
    _widen(reader, affected - ids, known)
    reader.registrations_of(reader.serials() | known)
    if owners := reader.owners():
        reader.orders_of(owners, (), ())
    return reader, affected


def _widen(reader: Reader, affected: set[str], known: set[str]) -> None:
    """Read what the orders found on the way need: their units, and who else may claim these."""
    more = reader.serials() - known
    if not affected and not more:
        return
    reader.units_of(more, affected & reader.ids())
    more |= reader.units.keys() - known
    if more:
        reader.orders_of((), (), more)
