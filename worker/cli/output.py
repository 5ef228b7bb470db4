"""What commands print: tables for people, JSON where it was asked for. Errors go to standard error.

Commands about orders speak Portuguese, since technicians and support read them; the others speak English, as the settings
and logs do.
"""

import getpass
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich import box
from rich.console import Console
from rich.segment import Segment
from rich.status import Status
from rich.table import Table
from rich.text import Text

from worker.cli import failure
from worker.cli.failure import Failure
from worker.terminal import json_text, plain

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Why = Annotated[
    str | None, typer.Option("--why", help="Why: is written down with who. Asked for on a terminal.")
]
Who = Annotated[str | None, typer.Option("--who", help="Who: the user of this machine unless given.")]
_UNFOLDED = 10_000


def console() -> Console:
    """Standard output for people: colours, live display and folded cells on a terminal; elsewhere a row is a line."""
    return _Screen(highlight=False, width=None if sys.stdout.isatty() else _UNFOLDED)


class _Screen(Console):
    """A console on which nothing but its own codes moves the cursor, whatever is printed."""

    def render(self, *arguments: Any, **options: Any) -> Iterator[Segment]:
        """Rich's segments; texts are plain."""
        for segment in super().render(*arguments, **options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def print_json(data: Any) -> None:
    """`data` as one JSON document; dataclasses, times and paths included."""
    sys.stdout.write(json_text(to_jsonable_python(data)) + "\n")
    sys.stdout.flush()


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, folds: Collection[str] = ()
) -> Table:
    """A table of plain texts. Columns `folds`, by default the last, share what room the others leave."""
    made = Table(title=f"\n{title}", title_justify="left", title_style="bold", header_style="bold")
    made.box, made.show_edge, made.pad_edge, made.padding = box.SIMPLE_HEAD, False, False, (0, 1, 0, 0)
    folding = folds or columns[-1:]
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column not in folding)
    for row in rows:
        made.add_row(*(Text(text(cell)) for cell in row))
    return made


def pairs(rows: Iterable[tuple[str, Any]]) -> Table:
    """Names and what belongs to each."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(f"  {name}", Text(text(value)))
    return made


def text(value: Any) -> str:
    """A cell: one line for each item of a list, names before the values of a mapping, nothing that moves the cursor."""
    if value is None or value in ("", (), [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Mapping):
        return " ".join(f"{name}={text(member)}" for name, member in value.items() if member is not None)
    if isinstance(value, list | tuple):
        return (", " if all(isinstance(item, str | int) for item in value) else "\n").join(map(text, value))
    return plain(str(value))


def ago(at: datetime | None) -> str:
    """How long ago, shortly."""
    if at is None:
        return "–"
    seconds = max(0, int((datetime.now(UTC) - at).total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def live(console: Console, said: str, *, quiet: bool = False) -> AbstractContextManager[Status | None]:
    """A spinner with what is waited for: on a terminal, unless `quiet`."""
    return console.status(Text(said)) if console.is_terminal and not quiet else nullcontext()


def signed(who: str | None, why: str | None, *, question: str = "Why") -> tuple[str, str]:
    """Who changes something and why. Raises Failure where nobody says why and there is nobody to ask."""
    if not why and sys.stdin.isatty():
        why = typer.prompt(question, err=True)
    if not why or not why.strip():
        raise Failure("say why with --why: it is written down with who", failure.Status.USAGE)
    return _one_line(who or _user(), "--who"), _one_line(why, "--why")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _one_line(said: str, option: str) -> str:
    words = " ".join(said.split())
    if not words.isprintable() or len(words) > 500:
        raise Failure(f"{option}: expected printable text of at most 500 characters", failure.Status.USAGE)
    return words
