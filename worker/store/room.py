"""How much room an OLT has left, as it last told: by PON port, in its lease's row."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from schemas.place import PonPort
from worker.store.schema import olt_lease

KEPT = timedelta(days=30)
"""A port that was not looked at for longer says nothing any more."""

_THIS = olt_lease.c.olt == bindparam("this")
_ROOM = select(olt_lease.c.room).where(_THIS)
_TOLD = update(olt_lease).where(_THIS)


def tell(conn: Connection, olt: str, onus_free: Mapping[PonPort, int], now: datetime) -> None:
    """Keep how many more ONUs fit on these ports; the least of all ports is `onus_free_least`. Its holder calls it."""
    if not onus_free:
        return
    before = conn.execute(_ROOM, {"this": olt}).scalar()
    after = told(before or {}, onus_free, now)
    conn.execute(_TOLD, {"this": olt, "room": after, "room_at": now})


def told(room: Mapping[str, Any], onus_free: Mapping[PonPort, int], now: datetime) -> dict[str, Any]:
    """The document with what was learnt now, without what is too old."""
    ports = {
        port: told
        for port, told in room.get("ports", {}).items()
        if now - datetime.fromisoformat(told["at"]) <= KEPT
    }
    at = now.isoformat(timespec="seconds")
    ports |= {str(port): {"onus_free": free, "at": at} for port, free in onus_free.items()}
    return {"onus_free_least": min(told["onus_free"] for told in ports.values()), "ports": ports}
