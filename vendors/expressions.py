"""Regular expressions for what devices say, whose time grows with the text alone, whatever the text.

RE2 runs them. It knows no lookaround: an expression that needs one runs on Python's engine, on lines or pieces of lines of
at most `LONGEST` characters, and a test refuses ambiguous repetition in it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Protocol

import re2

LONGEST = 4_096
"""Characters of a line on which Python's engine runs."""


class Match(Protocol):
    """What was found, as `re.Match` tells it."""

    def __getitem__(self, group: int | str, /) -> Any:
        """The text of a group, None where it took no part."""
        ...

    def start(self, group: int = ..., /) -> int:
        """Where a group begins."""
        ...

    def span(self, group: int = ..., /) -> tuple[int, int]:
        """Where a group begins and ends."""
        ...


class Expression(Protocol):
    """What of `re.Pattern` is used of it."""

    def search(self, text: str, /) -> Match | None:
        """The first match."""
        ...

    def finditer(self, text: str, /) -> Iterator[Match]:
        """Every match, in order."""
        ...


class Bounded:
    """An expression with lookaround. A longer line than `LONGEST` is looked at in pieces that overlap by half."""

    def __init__(self, expression: str) -> None:
        self.pattern = re.compile(expression, re.MULTILINE)

    def search(self, text: str) -> Match | None:
        """A match."""
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Match]:
        """Every match; those of a long line may overlap."""
        begin = 0
        for start, end in _long_lines(text):
            yield from self.pattern.finditer(text, begin, start)
            for piece in range(start, end, LONGEST // 2):
                yield from self.pattern.finditer(text, piece, min(piece + LONGEST, end))
            begin = end
        yield from self.pattern.finditer(text, begin)


def _long_lines(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines of more than `LONGEST` characters begin and end."""
    begin = 0
    while len(text) - begin > LONGEST:
        last = text.rfind("\n", begin, begin + LONGEST + 1)
        if last < 0:
            end = text.find("\n", begin)
            last = len(text) if end < 0 else end
            yield begin, last
        begin = last + 1


@lru_cache(maxsize=1024)
def expression(text: str, *, any_case: bool = False) -> Expression:
    """An expression in which `^` and `$` stand at every line's ends. Raises ValueError for one that cannot be read."""
    text = f"(?i){text}" if any_case else text
    options = re2.Options()
    options.log_errors = False
    try:
        linear: Expression = re2.compile(f"(?m){text}", options)
    except re2.error:
        try:
            return Bounded(text)
        except re.error as error:
            raise ValueError(str(error)) from error
    return linear
