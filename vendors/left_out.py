"""Rows of a list that could not be read.

Such a row is left out where something is looked for. It stands in the way of whoever would conclude from the list that
something is not there, or that a number is free.
"""

import re
from collections.abc import Iterable
from typing import Self

from schemas.base import Frozen
from schemas.serial import hex_serial, serial_or_none
from vendors.contract import Sighting
from vendors.errors import UnknownReply

_TOKEN = re.compile(r"[A-Za-z0-9]{4}-?[A-Fa-f0-9]{8}|[A-Fa-f0-9]{16}")
_WORD = re.compile(r"[A-Za-z0-9-]{12,40}")
_MIXED = re.compile(r"[^0-9A-Z]")


class LeftOut(Frozen):
    """One row as printed. `number`: the ONU's, `serial`: its serial, where they can be read all the same."""

    text: str
    number: int | None = None
    serial: str | None = None

    @classmethod
    def of(cls, text: str, number: int | None = None) -> "LeftOut":
        """The row, with the serial in it if there is exactly one."""
        found = {
            serial
            for word in _WORD.findall(text)
            if _TOKEN.fullmatch(word) and (serial := serial_or_none(word)) is not None
        }
        return cls(text=text, number=number, serial=found.pop() if len(found) == 1 else None)

    def names(self, serial: str) -> bool:
        """Whether the serial stands in it, in any of the forms in which devices print one."""
        squeezed = _MIXED.sub("", self.text.upper())
        return self.serial == serial or serial in squeezed or hex_serial(serial) in squeezed


class Sightings(tuple[Sighting, ...]):  # noqa: SLOT001 - a tuple takes no slots
    """ONUs that are lit and not registered, and the rows that could not be read."""

    left_out: tuple[LeftOut, ...]

    def __new__(cls, found: Iterable[Sighting] = (), left_out: Iterable[LeftOut] = ()) -> Self:
        """A tuple that remembers what is missing in it."""
        made = super().__new__(cls, found)
        made.left_out = tuple(left_out)
        return made


def refuse_about(rows: Iterable[LeftOut], serial: str, place: re.Pattern[str] | None = None) -> None:
    """Raise UnknownReply for a row that is about what was asked: it is never left out."""
    for row in rows:
        if row.names(serial) or (place is not None and place.search(row.text)):
            raise UnknownReply("a row about what was asked that no rule explains", reading=True)


def refuse_unsure(rows: Iterable[LeftOut], *, serials: bool = True) -> None:
    """Raise UnknownReply where a row hides whose it is, or which number it takes: nothing is registered then.

    `serials`: the list has them.
    """
    for row in rows:
        if row.number is None or (serials and row.serial is None):
            raise UnknownReply("a row hides a serial or a number: nothing is known to be free", reading=True)
