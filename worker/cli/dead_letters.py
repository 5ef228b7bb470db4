"""`acende dead-letters list|show|replay`."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
from rich.markup import escape

from worker import dead_letters, settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.dead_letters import Gone, Place
from worker.store import timelines

app = typer.Typer(no_args_is_help=True, help="Records of the input topics that could not be applied.")
At = Annotated[
    str, typer.Argument(metavar="TOPIC/PARTITION/OFFSET", help="Where the record lies: the dead letter's id.")
]
_COLUMNS = ("at", "record", "reason", "type", "bytes", "where")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 50,
    code: Annotated[str | None, typer.Option(help="Only with this reason code.")] = None,
    as_json: Json = False,
) -> None:
    """The newest dead letters, as far as their topic keeps them."""
    found = asyncio.run(dead_letters.letters(settings.load(), limit, code))
    if as_json:
        output.print_json(found)
        return
    output.console().print(output.table("Dead letters", _COLUMNS, [_row(one) for one in found]))


@app.command()
def show(
    record: At,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw", help="Write the record's value as it is, passwords and all, to standard output."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """One dead letter, its document masked; with --raw the record itself, while its topic keeps it."""
    known, place = settings.load(), _place(record)
    if raw:
        sys.stdout.buffer.write(_raw(known, place))
        return
    found = asyncio.run(dead_letters.letter(known, place))
    if found is None:
        raise Failure(f"no dead letter of {record} is kept")
    if as_json:
        output.print_json(found)
        return
    console = output.console()
    console.print(f"[bold]{escape(found['id'])}[/bold]  {found['code']}: {escape(found['text_pt'])}")
    console.print(escape(found["action_pt"]))
    rows = [[name, value] for name, value in found.items() if name not in _APART]
    console.print(output.table("Record", ("", ""), rows))
    console.print(json.dumps(found.get("document"), ensure_ascii=False, indent=2), markup=False)


_APART = {"document", "text_pt", "text_en", "action_pt", "action_en"}


@app.command()
def replay(
    records: Annotated[list[str] | None, typer.Argument(metavar="[TOPIC/PARTITION/OFFSET]…")] = None,
    code: Annotated[str | None, typer.Option(help="All that are kept with this reason code.")] = None,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Send the records to their topics again, as they are: what was wrong with the reader has been mended."""
    if bool(records) == bool(code):
        raise Failure("name records, or --code", Status.USAGE)
    name, reason = output.signed(who, why)
    with opened() as (known, store, _):
        chosen = asyncio.run(_chosen(known, [_place(record) for record in records or ()], code))
        done = asyncio.run(dead_letters.replay(known, chosen))
        sent = [place for place, fault in done if fault is None]
        if sent:
            store.run_sync(timelines.note, name, "dead-letters replay", " ".join(sent)[:2000], reason)
    _tell(done, as_json=as_json)
    if len(sent) < len(done):
        raise Failure(f"{len(done) - len(sent)} of {len(done)} records were not sent")


def _tell(done: list[tuple[str, str | None]], *, as_json: bool) -> None:
    if as_json:
        output.print_json([{"record": place, "sent": fault is None, "fault": fault} for place, fault in done])
        return
    for place, fault in done:
        output.console().print(f"{place}: {fault or 'sent again'}", markup=False)


async def _chosen(known: settings.Settings, places: list[Place], code: str | None) -> list[dict[str, Any]]:
    if code is not None:
        return await dead_letters.letters(known, 10_000, code)
    found = {letter["id"]: letter for letter in await dead_letters.letters(known, 10_000)}
    if unknown := [str(place) for place in places if str(place) not in found]:
        raise Failure(f"no dead letter is kept of: {', '.join(unknown)}")
    return [found[str(place)] for place in places]


def _place(text: str) -> Place:
    try:
        return Place.of(text)
    except ValueError:
        raise Failure("a record is named TOPIC/PARTITION/OFFSET", Status.USAGE) from None


def _raw(known: settings.Settings, place: Place) -> bytes:
    try:
        return asyncio.run(dead_letters.raw(known, place)).value or b""
    except Gone as gone:
        raise Failure(f"{place}: {gone}") from None


def _row(one: dict[str, Any]) -> list[Any]:
    return [
        one["time"],
        one["id"],
        one["code"],
        one.get("event_type"),
        one.get("size"),
        "; ".join(one.get("where") or ()),
    ]
