"""`acende clock accept`."""

import typer

from worker.cli import output
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import doubt

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The database's clock.")


@app.callback()
def clock() -> None:
    """The database's clock."""


@app.command()
def accept(why: Why = None, who: Who = None, as_json: Json = False) -> None:
    """Say that the database's clock is right after it jumped ahead: deadlines and erasures go on."""
    signed = output.signed(who, why)
    with opened() as (_, store, _):
        at = store.run_sync(doubt.accept, *signed)
    if as_json:
        output.print_json({"action": doubt.ACCEPT, "who": signed[0], "why": signed[1], "clock": at})
    else:
        shown = f"{at:%Y-%m-%d %H:%M:%S} UTC"
        output.console().print(f"the database's clock is accepted as it is: {shown}.", markup=False)
