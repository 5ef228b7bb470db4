"""What a row of the catalogue is."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["progress", "failed", "cancelled", "left", "not_applied", "warning", "dead_letter"]
"""What the code is said of: a live order, a final, a registration that stays, a wish, a measurement, a record."""


@dataclass(frozen=True)
class Row:
    """One code. `{placeholders}` in the texts are filled from the params of the event."""

    code: str
    kind: Kind
    retryable: bool
    pt: str
    en: str
    do_pt: str
    do_en: str
