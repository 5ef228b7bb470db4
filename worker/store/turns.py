"""Whose turn it is, in SQL: one rule for the job that a holder takes and for the OLT that a worker leases.

The class is the priority of the order. Within it the first verification of what was configured, or the first look for an
order, goes before the rest, then what has been due for longer. A person's dry run is a class of its own, above all orders.
`worker.turns` counts.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, FromClause, and_, bindparam, case, literal

from worker.store.jobs import FIRST
from worker.store.schema import job
from worker.turns import Turns

_NEXT, _LAST = 1000, -1


def repeated_look(table: FromClause = job) -> ColumnElement[bool]:
    """Whether a job looks again for orders that were looked for before."""
    return and_(table.c.kind == "scan", table.c.stage.is_distinct_from(FIRST))


def late_save(table: FromClause = job) -> ColumnElement[bool]:
    """Whether a job saves what must be saved by now."""
    return and_(table.c.kind == "save", table.c.deadline_at <= bindparam("now"))


def order(table: FromClause = job) -> tuple[ColumnElement[Any], ...]:
    """What due jobs are sorted by; who has the turn comes first. Takes the parameters of `parameters`."""
    rank = case(
        (late_save(table), literal(_NEXT)),
        (and_(repeated_look(table), bindparam("looks_wait", type_=Boolean)), literal(_LAST)),
        (bindparam("to_longest_due", type_=Boolean), literal(0)),
        (table.c.stage == FIRST, 2 * table.c.priority + 1),
        else_=2 * table.c.priority,
    )
    return rank.desc(), table.c.due_at, table.c.id


def parameters(turns: Turns, now: datetime) -> dict[str, Any]:
    """What the rule is asked with."""
    return {"now": now, "looks_wait": turns.looks_wait, "to_longest_due": turns.to_longest_due}
