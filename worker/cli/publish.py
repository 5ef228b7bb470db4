"""`acende publish`."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from events.reasons import reason
from worker import outside, settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.outside import Unreadable, Written

app = typer.Typer()


@app.command()
def publish(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON, JSONL or YAML: one event or many; - reads standard input."
        ),
    ],
    source: Annotated[str | None, typer.Option(help="`source` of events that name none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Validate only.")] = False,
    as_json: Json = False,
) -> None:
    """Validate events and send them to the input topics. Nothing is sent where one of them is wrong."""
    known = settings.load()
    try:
        written = outside.read(file, source or f"acende-cli/{getpass.getuser()}", known.zone)
    except Unreadable as error:
        raise Failure(str(error), Status.CONFIGURATION) from None
    if faults := [one for one in written if one.fault]:
        _refuse(faults, as_json=as_json)
    if not dry_run:
        _send(known, written, quiet=as_json)
    rows = [
        {"id": one.id, "type": one.type, "topic": one.topic(known.topics), "key": one.key} for one in written
    ]
    if as_json:
        output.print_json({"sent": not dry_run, "events": rows})
    else:
        output.console().print(f"{len(rows)} events {'are valid' if dry_run else 'sent'}.")


def _refuse(faults: list[Written], *, as_json: bool) -> None:
    if as_json:
        output.print_json([{"event": one.number, "code": one.fault, "where": one.where} for one in faults])
    lines = [
        f"event {one.number}: {one.fault}: {'; '.join(one.where) or reason(str(one.fault)).say().text_pt}"
        for one in faults
    ]
    raise Failure("nothing was sent.\n" + "\n".join(lines[:50]))


def _send(known: settings.Settings, written: list[Written], *, quiet: bool) -> None:
    console = output.console()
    with Progress(console=console, disable=quiet or not console.is_terminal) as progress:
        task = progress.add_task("sending", total=len(written))
        asyncio.run(outside.send(known, written, lambda: progress.advance(task)))
