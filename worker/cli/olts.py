"""`acende olts`."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

import typer
from rich.table import Table

from events.reasons import reason
from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import leases, logins, timelines
from worker.store.leases import OltState

app = typer.Typer(add_completion=False)
_COLUMNS = ("OLT", "platform", "queue", "last login", "state")
_DEEDS = ("at", "who", "what", "why")


@app.command()
def olts(
    olt: Annotated[
        str | None, typer.Argument(metavar="[OLT]", help="Only this one, and what people did with it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Every OLT: who works on it, whether it is held, its breaker and why, and what is queued."""
    with opened() as (known, store, _):
        retries = store.read_sync(logins.next_tries, known.login_retries)
        seen = store.read_sync(leases.overview, None if olt is None else [olt])
        found = [replace(one, retry_at=retries.get(one.olt)) for one in seen]
        deeds = store.read_sync(timelines.deeds, olt) if olt else []
    if olt and not found:
        raise Failure(unknown(olt))
    if as_json:
        output.print_json(found if olt is None else {"olt": found[0], "actions": deeds})
        return
    output.console().print(_table(found) if found else "No OLTs: no worker has been started yet.")
    if deeds:
        rows = [[deed.at, deed.who, deed.what, deed.why] for deed in deeds]
        output.console().print(output.table("What people did", _DEEDS, rows))


def unknown(olt: str) -> str:
    """That no such OLT is known."""
    return f"no OLT {olt!r} is known: a worker makes those of its inventory known when it starts"


def _table(found: list[OltState]) -> Table:
    rows = [[olt.olt, olt.platform, olt.queue, olt.last_ok_at, "\n".join(_state(olt))] for olt in found]
    return output.table("OLTs", _COLUMNS, rows)


def _state(olt: OltState) -> Iterator[str]:
    if olt.platform is None:
        yield "not in the inventory"
    if olt.holder:
        session = "session open" if olt.session_open else "no session"
        yield f"leased by {olt.holder} until {output.text(olt.expires_at)}, {session}"
    if olt.held_by:
        yield f"held by {olt.held_by}: {olt.held_reason}"
    if olt.breaker.state != "closed" or olt.breaker.until:
        yield from _breaker(olt)
    if olt.left_out:
        yield f"{olt.left_out['count']} rows of its lists could not be read, last at {olt.left_out['at']}:"
        yield from olt.left_out["rows"]
    if not (olt.holder or olt.held_by or olt.breaker.state != "closed"):
        yield "free"


def _breaker(olt: OltState) -> Iterator[str]:
    breaker = olt.breaker
    until = f"until {output.text(breaker.until)}" if breaker.until else "until a person acts (reset-breaker)"
    state = "pause" if breaker.state == "closed" else f"breaker {breaker.state.replace('_', ' ')}"
    yield f"{state} {until}, after {breaker.failures} failures"
    if olt.retry_at:
        yield f"the login is tried once more by itself while orders wait, not before {output.text(olt.retry_at)}"
    if breaker.code:
        yield f"{breaker.code}: {reason(breaker.code).say({'olt': olt.olt}).text_en} {breaker.text or ''}".strip()
