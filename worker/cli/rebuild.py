"""`acende rebuild`."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from worker import rebuild as work
from worker.batch import Reading
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.rebuild import Read, Refused
from worker.store.rebuild import Rebuilt

app = typer.Typer(add_completion=False)
_LISTED = 50


@app.command()
def rebuild(
    onto_backup: Annotated[
        bool,
        typer.Option(
            "--onto-backup", help="The database was restored from a backup: add what came after it."
        ),
    ] = False,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Make a database that was lost good, from stock, installations and our own results as Kafka keeps them.

    While no worker runs. Nothing is published, nothing is sent to an OLT. In one transaction: run it again if it ends early.
    """
    name, said = output.signed(who, why)
    with opened(configured=True) as (known, store, config):
        known.digest_secret()
        reading = Reading.of(known, config)
        wish = work.Wish(name, said, onto_backup)
        try:
            with output.live(output.console(), "reading Kafka", quiet=as_json):
                rebuilt, read = asyncio.run(work.rebuild(known, store, reading, wish))
        except Refused as refused:
            raise Failure(str(refused), Status.UNAVAILABLE) from None
    if as_json:
        output.print_json({**asdict(rebuilt), **asdict(read)})
    else:
        _print(rebuilt, read)


def _print(rebuilt: Rebuilt, read: Read) -> None:
    console = output.console()
    for topic, records in read.records.items():
        console.print(f"read {topic}: {records} records", markup=False)
    if read.unread:
        console.print(f"passed over: {read.unread} records that are no events of ours")
    console.print(f"known now: {rebuilt.units} units, {rebuilt.orders} orders")
    _list("a worker takes up", rebuilt.goes_on)
    _list("left until somebody asks again", rebuilt.too_old)
    if not read.offsets_set:
        console.print(
            "the group's offsets could not be set: workers may read the topics from their start, which changes nothing"
        )
    console.print("nothing was published, no OLT was connected to")


def _list(what: str, orders: list[str]) -> None:
    more = f" and {len(orders) - _LISTED} more (--json lists all)" if len(orders) > _LISTED else ""
    named = f": {', '.join(orders[:_LISTED])}{more}" if orders else ""
    output.console().print(f"{what}: {len(orders)} orders{named}", markup=False)
