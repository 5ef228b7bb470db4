"""A page of docs/operations as a script: what is typed and what it prints, and what the test has to do in between.

A ```console block is typed: lines after `$ ` (and `> `, which go on with them) are commands, the others what they print. `…`
stands for any text, a line of it alone for any lines. `<!-- test: words -->` is done by tests/operations/stage.py: what an ERP,
a technician or a supervisor does. ```sh blocks are not run here: tests/cluster runs what stands in them, or nothing does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "operations"
_DEED = re.compile(r"<!-- test: (.+?) -->", re.DOTALL)
_ANY = "…"


@dataclass(frozen=True)
class Typed:
    """One command and what it prints."""

    line: int
    command: str
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Deed:
    """What somebody else does, in words that the stage knows."""

    line: int
    words: str


def script(page: Path) -> Iterator[Typed | Deed]:
    """The steps of a page, in order."""
    lines = page.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        if lines[at].strip() == "```console":
            end = lines.index("```", at + 1)
            yield from _block(lines[at + 1 : end], at + 2)
            at = end
        elif found := _DEED.match(lines[at]):
            yield Deed(at + 1, found[1])
        at += 1


def _block(lines: Sequence[str], first: int) -> Iterator[Typed]:
    command: list[str] = []
    expected: list[str] = []
    start = first
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            if command:
                yield Typed(start, "\n".join(command), tuple(expected))
            command, expected, start = [line[2:]], [], number
        elif line.startswith("> ") and command and not expected:
            command.append(line[2:])
        else:
            expected.append(line.rstrip())
    if command:
        yield Typed(start, "\n".join(command), tuple(expected))


def agree(expected: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether what was printed is what the page shows."""
    wanted = [line for line in expected if line]
    shown = [line.rstrip() for line in printed if line.strip()]
    return _agree(wanted, shown)


def _agree(wanted: Sequence[str], shown: Sequence[str]) -> bool:
    if not wanted:
        return not shown
    if wanted[0] == _ANY:
        return any(_agree(wanted[1:], shown[at:]) for at in range(len(shown) + 1))
    return bool(shown) and _alike(wanted[0], shown[0]) and _agree(wanted[1:], shown[1:])


def _alike(wanted: str, shown: str) -> bool:
    pattern = ".*".join(re.escape(" ".join(part.split())) for part in wanted.split(_ANY))
    return re.fullmatch(pattern, " ".join(shown.split())) is not None
