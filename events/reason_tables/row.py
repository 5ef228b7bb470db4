"""What a row of the catalogue is."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["progress", "failed", "cancelled", "left", "not_applied", "warning", "dead_letter"]
"""What the code is said of: a live order, a final, a registration that stays, a wish, a measurement, a record."""

Fault = Literal["erp", "field", "olt", "acende"]
"""Where the cause of a failure lies: in what the ERP or stock said; at the customer's (power, fibre, the unit); in an OLT, the line
to it or what it lacks; in Acende or its configuration."""


@dataclass(frozen=True)
class Row:
    """One code. `{placeholders}` in the texts are filled from the params of the event.

    Every code with which an order may fail has its `fault`, no other has one.
    """

    code: str
    kind: Kind
    retryable: bool
    pt: str
    en: str
    do_pt: str
    do_en: str
    fault: Fault | None = None
