"""`acende olt hold|release|reset-breaker`."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import typer

from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, db, leases

app = typer.Typer(no_args_is_help=True, help="Maintenance of one OLT.")
Olt = Annotated[str, typer.Argument(metavar="OLT", help="Its id in the inventory.")]
Change = Callable[[Connection, str, str, str, datetime], bool]


@app.command()
def hold(olt: Olt, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Have an OLT left alone: its worker finishes, saves and logs out; orders wait."""
    _change(leases.hold, "hold", olt, output.signed(who, why), as_json=as_json)


@app.command()
def release(olt: Olt, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Let a held OLT be worked on again."""
    _change(leases.end_hold, "release", olt, output.signed(who, why), as_json=as_json)


@app.command()
def reset_breaker(olt: Olt, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Close an OLT's breaker: the cause (login refused, host key changed, not reached) is removed."""
    _change(leases.reset_breaker, "reset-breaker", olt, output.signed(who, why), as_json=as_json)


def _change(change: Change, what: str, olt: str, signed: tuple[str, str], *, as_json: bool) -> None:
    who, why = signed
    with opened() as (_, store, _):
        known = store.run_sync(lambda conn: change(conn, olt, who, why, db.now(conn)))
    if not known:
        raise Failure(
            f"no OLT {olt!r} is known: OLTs are those of the inventory that a worker was started with"
        )
    done = {"olt": olt, "action": what, "who": who, "why": why}
    output.print_json(done) if as_json else output.console().print(f"{what}: {olt}", markup=False)
