"""`acende publish`."""

import asyncio
import getpass
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.progress import Progress

from worker import outside, settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.kafka_said import kafka_says
from worker.outside import Unreadable, Written

app = typer.Typer(add_completion=False)
_TOLD_MAX = 50


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
        raise Failure(f"nothing was sent. {error}") from None
    if wrong := [one for one in written if one.code]:
        _refuse(file, wrong, len(written), as_json=as_json)
    if not dry_run:
        _send(known, written, quiet=as_json)
    if as_json:
        rows = [
            {"id": one.id, "type": one.type, "topic": one.topic(known.topics), "key": one.key}
            for one in written
        ]
        output.print_json({"sent": not dry_run, "events": rows})
    else:
        count = "1 event" if len(written) == 1 else f"{len(written)} events"
        done = "sent" if not dry_run else "is valid" if len(written) == 1 else "are valid"
        output.console().print(f"{count} {done}.")


def _refuse(file: Path, wrong: list[Written], count: int, *, as_json: bool) -> None:
    found = [(one, fault) for one in wrong for fault in one.faults]
    if as_json:
        faults = [
            {"line": fault.line, "member": fault.member, "expected": fault.expected, "code": one.code}
            for one, fault in found
        ]
        output.print_json({"sent": False, "faults": faults})
    name = "standard input" if str(file) == "-" else file
    lines = [
        f"{name}:{fault.line}: {fault.member + ': ' if fault.member else ''}{fault.expected} ({one.code})"
        for one, fault in found[:_TOLD_MAX]
    ]
    more = [f"and {len(found) - _TOLD_MAX} more"] if len(found) > _TOLD_MAX else []
    raise Failure("\n".join([f"nothing was sent: {len(wrong)} of {count} events are wrong.", *lines, *more]))


def _send(known: settings.Settings, written: list[Written], *, quiet: bool) -> None:
    console, sent = output.console(), 0
    with Progress(console=console, disable=quiet or not console.is_terminal, transient=True) as progress:
        task = progress.add_task("sending", total=len(written))

        def one_sent() -> None:
            nonlocal sent
            sent += 1
            progress.advance(task)

        try:
            asyncio.run(outside.send(known, written, one_sent))
        except KafkaError as error:
            raise Failure(
                f"{sent} of {len(written)} events were sent: {kafka_says(error)}", Status.UNAVAILABLE
            ) from None
