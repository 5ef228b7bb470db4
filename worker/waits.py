"""Who waits for an OLT that cannot be worked on now is told so, and told when that is over. Transactions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from events.reasons import reason
from events.stages import Stage
from worker.store import Connection, away, db, inventories, orders, work
from worker.store.away import Waiting
from worker.store.inventories import Sited
from worker.store.jobs import UNPLACED


def tell(conn: Connection) -> int:
    """Tell the orders that wait for OLTs which are held, busy, refused or away, and do not know it; how many."""
    shut = away.away(conn, db.now(conn))
    if not shut:
        return 0
    known = inventories.in_use(conn)
    codes = sorted(set(shut.values()))
    waiting = [one for code in codes for one in away.placed(conn, [o for o in shut if shut[o] == code], code)]
    sites = {site for olt, site in known if olt in shut}
    everywhere = {olt for olt, _ in known} <= shut.keys()
    waiting += away.unplaced(conn, shut, sites, anywhere=everywhere, told=False)
    return _say_all(conn, waiting, shut, known)


def back(conn: Connection, olt: str) -> None:
    """This OLT can be worked on: who was told otherwise is told what is so now."""
    known = inventories.in_use(conn)
    sites = {site for name, site in known if name == olt}
    waiting = away.placed(conn, [olt], None) + away.unplaced(conn, [olt], sites, anywhere=True, told=True)
    if waiting:
        shut = {name: code for name, code in away.away(conn, db.now(conn)).items() if name != olt}
        _say_all(conn, waiting, shut, known)


def _say_all(
    conn: Connection, waiting: Iterable[Waiting], shut: Mapping[str, str], known: Iterable[Sited]
) -> int:
    """In the order of their ids, so that two workers do not wait for each other."""
    told = 0
    for one in sorted(waiting, key=attrgetter("order_id")):
        if one.olt == UNPLACED:
            told += _say_unplaced(conn, one, shut, known)
        else:
            told += _say(conn, one, Stage.QUEUED, (one.olt, shut[one.olt]) if one.olt in shut else None)
    return told


def why(
    waiting: Waiting, shut: Mapping[str, str], known: Iterable[Sited]
) -> tuple[tuple[str, str] | None, bool]:
    """The OLT and the code that an order without a place is told, and whether none is left where it may be seen.

    One of several OLTs of its site is worth telling; of an order that names no site, only all of them.
    """
    olts = sorted(places(waiting.named, waiting.site, known))
    found = [(olt, shut[olt]) for olt in olts if olt in shut]
    everywhere = len(found) == len(olts)
    if not found or not (everywhere or waiting.site):
        return None, False
    return found[0], everywhere


def places(named: str | None, site: str | None, known: Iterable[Sited]) -> frozenset[str]:
    """The OLTs where a unit without a place may be seen."""
    if named is not None:
        return frozenset({named})
    return frozenset(olt for olt, at in known if site in {None, at})


def _say_unplaced(conn: Connection, one: Waiting, shut: Mapping[str, str], known: Iterable[Sited]) -> bool:
    told, everywhere = why(one, shut, known)
    order = orders.find(conn, one.order_id)
    stage = order.stage if order else None
    if everywhere:
        stage = Stage.QUEUED
    elif stage is None or stage is Stage.QUEUED:
        stage = Stage.DISCOVERING
    return _say(conn, one, stage, told)


def _say(conn: Connection, one: Waiting, stage: Stage, told: tuple[str, str] | None) -> bool:
    olt, code = told or (None, None)
    text = reason(code).say({"olt": olt}).text_pt if code else None
    work.lock_order(conn, one.order_id)
    if not away.note(conn, one, code, text):
        return False
    params = {"olt": olt} if code else None
    return orders.set_stage(conn, one.order_id, one.revision, stage, code=code, params=params)


def late(conn: Connection, named: str | None, site: str | None, now: datetime) -> tuple[str, str | None]:
    """The OLTs for which an order without a place has waited in vain, as text, and the code of the first that is away."""
    olts, shut = sorted(places(named, site, inventories.in_use(conn))), away.away(conn, now)
    found = [olt for olt in olts if olt in shut] or olts
    return ", ".join(found[:5]) or "-", shut.get(found[0]) if found else None
