"""The inventories that workers run with, side by side while a changed one is rolled out.

Each worker says again and again that its own is in use. An OLT has left only when no inventory in use has it any more.
"""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from pydantic_core import to_json
from sqlalchemy import Connection, delete, select, update

from schemas.inventory import Inventory
from worker.store import many
from worker.store.schema import inventory, inventory_olt, olt_lease

Sited = tuple[str, str]
"""An OLT and its site."""


def sited(of: Inventory) -> frozenset[Sited]:
    """The OLTs of an inventory."""
    return frozenset((olt.id, olt.site) for olt in of.olts)


def use(conn: Connection, olts: Iterable[Sited], now: datetime) -> bool:
    """Say that an inventory with these OLTs is in use; whether nobody had said so before, or not for long."""
    rows = sorted(olts)
    digest = sha256(to_json(rows)).hexdigest()
    used = update(inventory).where(inventory.c.digest == digest).values(seen_at=now)
    if conn.execute(used).rowcount:
        return False
    begun = many.upserting(conn, inventory).values(digest=digest, seen_at=now).on_conflict_do_nothing()
    if not conn.execute(begun).rowcount:  # another worker was first
        return False
    many.insert(conn, inventory_olt, [{"digest": digest, "olt": olt, "site": site} for olt, site in rows])
    return True


def in_use(conn: Connection) -> frozenset[Sited]:
    """The OLTs of all inventories in use, each with its site."""
    return frozenset(
        (row.olt, row.site) for row in conn.execute(select(inventory_olt.c.olt, inventory_olt.c.site))
    )


def forget(conn: Connection, since: datetime) -> bool:
    """Inventories that nobody has used since then are used no more; whether an OLT has left with them.

    Its row stays, for a fencing number never falls.
    """
    unused = select(inventory.c.digest).where(inventory.c.seen_at < since)
    conn.execute(delete(inventory_olt).where(inventory_olt.c.digest.in_(unused)))
    conn.execute(delete(inventory).where(inventory.c.seen_at < since))
    gone = (
        update(olt_lease)
        .where(olt_lease.c.platform.is_not(None), olt_lease.c.olt.not_in(select(inventory_olt.c.olt)))
        .values(platform=None)
    )
    return bool(conn.execute(gone).rowcount)
