"""`acende olt hold|release|reset-breaker`."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

import typer

from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.olts import unknown
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, db, leases
from worker.store.db import Store
from worker.store.leases import OltState

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Maintenance of one OLT.")
Olt = Annotated[str, typer.Argument(metavar="OLT", help="Its id in the inventory.")]
Change = Callable[[Connection, str, str, str, datetime], bool]
_LOOK_S = 0.5


@app.command()
def hold(
    olt: Olt,
    wait_s: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait until its worker has logged out.")
    ] = 0.0,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Have an OLT left alone: its worker finishes, saves and logs out; orders wait."""
    signed = output.signed(who, why)
    with opened() as (_, store, _):
        _change(store, leases.hold, olt, signed)
        with output.live(output.console(), f"{olt}: its worker finishes, saves and logs out", quiet=as_json):
            holder = _left(store, olt, wait_s)
    done = f"{olt} is held; nobody is logged in." if holder is None else f"{olt} is held."
    _tell(done, "hold", olt, signed, as_json=as_json, holder=holder)
    if holder and wait_s:
        raise Failure(f"{holder} has not left {olt} within {wait_s:g} s", Status.UNAVAILABLE)
    if holder and not as_json:
        output.console().print(
            f"{holder} finishes, saves and logs out; see `acende olts {olt}`.", markup=False
        )


@app.command()
def release(olt: Olt, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Let a held OLT be worked on again."""
    signed = output.signed(who, why)
    with opened() as (_, store, _):
        _change(store, leases.end_hold, olt, signed)
    _tell(f"{olt} is worked on again.", "release", olt, signed, as_json=as_json)


@app.command()
def reset_breaker(olt: Olt, why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Close an OLT's breaker: the cause (login refused, host key changed, not reached) is removed."""
    signed = output.signed(who, why)
    with opened() as (_, store, _):
        _change(store, leases.reset_breaker, olt, signed)
    _tell(f"the breaker of {olt} is closed.", "reset-breaker", olt, signed, as_json=as_json)


def _change(store: Store, change: Change, olt: str, signed: tuple[str, str]) -> None:
    if not store.run_sync(lambda conn: change(conn, olt, *signed, db.now(conn))):
        raise Failure(unknown(olt))


def _left(store: Store, olt: str, wait_s: float) -> str | None:
    """Who still has the OLT after `wait_s` at most."""
    began = time.monotonic()
    while (holder := store.read_sync(_holder, olt)) and time.monotonic() - began < wait_s:
        time.sleep(_LOOK_S)
    return holder


def _holder(conn: Connection, olt: str) -> str | None:
    state: OltState
    [state] = leases.overview(conn, [olt])
    lapsed = state.expires_at is not None and state.expires_at <= db.now(conn)
    return None if lapsed else state.holder


def _tell(said: str, what: str, olt: str, signed: tuple[str, str], *, as_json: bool, **more: Any) -> None:
    if as_json:
        output.print_json({"olt": olt, "action": what, "who": signed[0], "why": signed[1], **more})
    else:
        output.console().print(said, markup=False)
