"""`acende dead-letters list|show|replay`."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from worker import dead_letters, settings
from worker.cli import codes, output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.dead_letters import Gone, Place
from worker.settings import Settings
from worker.store import Connection, timelines
from worker.store.errors import StoreError
from worker.store.timelines import Deed

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Records of the input topics that could not be applied.",
)
At = Annotated[
    str, typer.Argument(metavar="TOPIC/PARTITION/OFFSET", help="Where the record lies: the dead letter's id.")
]
_COLUMNS = ("at", "record", "reason", "type", "bytes", "where")
_APART = {"document", "where", "text_pt", "text_en", "action_pt", "action_en", "id", "code"}
_ALL = 10_000


@app.command("list")
def list_(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="[ORDER|SERIAL]", help="Only requests of this order, or that name this serial."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_ALL, help="How many at most.")] = 50,
    code: Annotated[str | None, typer.Option(help="Only with this reason code.")] = None,
    as_json: Json = False,
) -> None:
    """The newest dead letters, as far as their topic keeps them."""
    codes.known(code)
    places = None if subject is None else _of(subject)
    found = [] if places == set() else asyncio.run(dead_letters.letters(settings.load(), limit, code, places))
    if as_json:
        output.print_json(found)
        return
    shown = output.table("Dead letters", _COLUMNS, [_row(one) for one in found])
    output.console().print(shown if found else "No dead letters.")


def _of(subject: str) -> set[str]:
    """Where the requests of an order lie that were set aside, or those that name a serial."""
    with opened() as (_, store, _):
        return {one.record for one in store.read_sync(timelines.requests_rejected, subject)}


def _row(one: dict[str, Any]) -> list[Any]:
    where = "\n".join(one.get("where") or ())
    return [_local(one["time"]), one["id"], one["code"], one.get("event_type"), one.get("size"), where]


@app.command()
def show(
    record: At,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="The record's value as it is, passwords and all, into a file or a pipe (`… --raw > FILE`).",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """One dead letter, its document masked; with --raw the record itself, while its topic keeps it."""
    known, place = settings.load(), _place(record)
    if raw and (as_json or sys.stdout.isatty()):
        raise Failure("--raw writes any bytes, into a file or a pipe, without --json", Status.USAGE)
    found = asyncio.run(dead_letters.letter(known, place))
    if found is None:
        raise Failure(f"no dead letter of {record} is kept")
    if raw:
        sys.stdout.buffer.write(_raw(known, found))
    elif as_json:
        output.print_json({**found, "replays": _replays(found["id"])})
    else:
        _print(found, _replays(found["id"]))


def _local(time: str | None) -> datetime | None:
    return datetime.fromisoformat(time) if time else None


def _replays(record: str) -> list[Deed]:
    """Who had the record sent again, as far as the database can be asked."""
    with suppress(StoreError, Failure), opened() as (_, store, _):
        return store.read_sync(timelines.deeds, record)
    return []


def _print(found: dict[str, Any], replays: Sequence[Deed]) -> None:
    console = output.console()
    console.print(Text.assemble((found["id"], "bold"), f"  {found['code']}"))
    console.print(Text(f"{found['text_en']} {found['action_en']}"))
    for where in found.get("where") or ():
        console.print(Text(f"  {where}"))
    rows = {name: value for name, value in found.items() if name not in _APART}
    rows |= {name: _local(rows[name]) for name in ("time", "timestamp")}
    console.print(output.pairs(rows.items()))
    for deed in replays:
        console.print(Text(f"  sent again on {output.text(deed.at)} by {deed.who}: {deed.why}"))
    shown = json.dumps(found.get("document"), ensure_ascii=False, indent=2)
    console.print(Text(shown if found.get("document") else "The record is no JSON document."))


def _raw(known: Settings, found: dict[str, Any]) -> bytes:
    try:
        return asyncio.run(dead_letters.raw(known, found)).value or b""
    except Gone as gone:
        raise Failure(f"{found['id']}: {gone}") from None


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
    codes.known(code)
    places = [_place(record) for record in dict.fromkeys(records or ())]
    name, reason = output.signed(who, why)
    with opened() as (known, store, _):
        chosen = asyncio.run(_chosen(known, places, code))
        store.run_sync(_note, [letter["id"] for letter in chosen], name, reason)
        done = asyncio.run(dead_letters.replay(known, chosen)) if chosen else []
    _tell(done, as_json=as_json)
    if kept_back := [place for place, fault in done if fault]:
        raise Failure(f"{len(kept_back)} of {len(done)} records were not sent")


async def _chosen(known: Settings, places: list[Place], code: str | None) -> list[dict[str, Any]]:
    found = {letter["id"]: letter for letter in await dead_letters.letters(known, _ALL, code)}
    if code is not None:
        return list(found.values())
    if unknown := [str(place) for place in places if str(place) not in found]:
        raise Failure(f"no dead letter is kept of: {', '.join(unknown)}")
    return [found[str(place)] for place in places]


def _note(conn: Connection, records: list[str], who: str, why: str) -> None:
    for record in records:
        timelines.note(conn, who, "dead-letters replay", record, why)


def _tell(done: list[tuple[str, str | None]], *, as_json: bool) -> None:
    if as_json:
        output.print_json([{"record": place, "sent": fault is None, "fault": fault} for place, fault in done])
        return
    for place, fault in done:
        output.console().print(f"{place}: {fault or 'sent again'}", markup=False)
    if not done:
        output.console().print("No dead letters to send again.")


def _place(text: str) -> Place:
    try:
        return Place.of(text)
    except ValueError:
        raise Failure("a record is named TOPIC/PARTITION/OFFSET", Status.USAGE) from None
