"""Dead letters on their way out: each record that is set aside has one, however often it is read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from worker.store import outbox
from worker.store.many import upserting
from worker.store.outbox import Record
from worker.store.schema import inbox

_SOURCE = "acende/dead-letters"
_TYPE = "acende.dead-letter.v1"


@dataclass(frozen=True)
class Letter:
    """A dead letter and the record it is about: `at` tells records apart, also in a topic that was made anew."""

    at: str
    record: Record


def put(conn: Connection, letters: Sequence[Letter], now: datetime) -> set[str]:
    """Write those letters that were not written before; where these records lie. Raises RecordTooLarge."""
    places = list(dict.fromkeys(letter.at for letter in letters))
    if not places:
        return set()
    known = set(
        conn.execute(select(inbox.c.id).where(inbox.c.source == _SOURCE, inbox.c.id.in_(places))).scalars()
    )
    new = {letter.at: letter for letter in letters if letter.at not in known}
    if new:
        rows = [{"source": _SOURCE, "id": at, "type": _TYPE, "arrived_at": now} for at in new]
        conn.execute(upserting(conn, inbox).on_conflict_do_nothing(), rows)
        outbox.put_all(conn, [letter.record for letter in new.values()], now)
    return set(new)
