"""`acende olts`."""

import typer

from events.reasons import reason
from worker.cli import output
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import leases
from worker.store.leases import OltState

app = typer.Typer()
_COLUMNS = ("OLT", "platform", "worker", "session", "held", "breaker", "why", "last login", "queue")


@app.command()
def olts(as_json: Json = False) -> None:
    """Every OLT: who works on it, whether it is held, its breaker and why, and what is queued."""
    with opened() as (_, store, _):
        found = store.read_sync(leases.overview)
    if as_json:
        output.print_json(found)
        return
    output.console().print(output.table("OLTs", _COLUMNS, [_row(olt) for olt in found]))


def _row(olt: OltState) -> list[object]:
    held = f"{olt.held_by}: {olt.held_reason}" if olt.held_by else None
    breaker = olt.breaker
    state = breaker.state if breaker.until is None else f"{breaker.state} until {output.text(breaker.until)}"
    why = (
        f"{reason(breaker.code).say({'olt': olt.olt}).text_pt} {breaker.text or ''}" if breaker.code else None
    )
    return [
        olt.olt,
        olt.platform or "not in the inventory",
        olt.holder,
        "open" if olt.session_open else None,
        held,
        None if state == "closed" else state,
        why,
        olt.last_ok_at,
        olt.queue,
    ]
