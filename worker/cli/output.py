"""What commands print: tables on a terminal, JSON where it was asked for. Errors go to standard error."""

import getpass
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from worker.cli.failure import Failure, Status

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Why = Annotated[
    str | None, typer.Option("--why", help="Why: is written down with who. Asked for on a terminal.")
]
Who = Annotated[str | None, typer.Option("--who", help="Who: the user of this machine unless given.")]


def console() -> Console:
    """Standard output for people. Colours and live display on a terminal only."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def print_json(data: Any) -> None:
    """`data` as one JSON document; dataclasses, times and paths included."""
    sys.stdout.write(json.dumps(to_jsonable_python(data), ensure_ascii=False, indent=2) + "\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of plain texts: nothing in a cell is taken for markup."""
    made = Table(title=title, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(escape(text(cell)) for cell in row))
    return made


def text(value: Any) -> str:
    """A cell."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return (
        " ".join(f"{name}={member}" for name, member in value.items())
        if isinstance(value, Mapping)
        else str(value)
    )


def ago(at: datetime | None) -> str:
    """How long ago, shortly."""
    if at is None:
        return "–"
    seconds = int((datetime.now(UTC) - at).total_seconds())
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def signed(who: str | None, why: str | None) -> tuple[str, str]:
    """Who changes something and why. Raises Failure where nobody says why and there is nobody to ask."""
    if not why and sys.stdin.isatty():
        why = typer.prompt("Why", err=True)
    if not why or not why.strip():
        raise Failure("say why with --why: it is written down with who", Status.USAGE)
    return _plain(who or _user(), "--who"), _plain(why, "--why")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _plain(said: str, option: str) -> str:
    words = " ".join(said.split())
    if not words.isprintable() or len(words) > 500:
        raise Failure(f"{option}: expected printable text of at most 500 characters", Status.USAGE)
    return words
