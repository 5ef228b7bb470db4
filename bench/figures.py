"""Figures: several runs of one measurement, each with its floor, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Any, Literal

from rich.table import Table


@dataclass(frozen=True)
class Runs:
    """One quantity in every run."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    def shown(self, digits: int) -> str:
        """Median, and in brackets the least and the most."""
        low, high = min(self.values), max(self.values)
        return f"{self.middle:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


@dataclass(frozen=True)
class Figure:
    """What was measured: product and floor in `unit`, run by run; `aim` is for the ratio, or where there is none, the product."""

    benchmark: str
    case: str
    unit: str
    product: Runs
    floor: Runs
    aim: float | None = None
    better: Literal["more", "less"] = "less"
    of_ratio: bool = True
    """Whether the aim is one of the ratio; else of the product."""

    @property
    def ratio(self) -> Runs:
        """Product to floor, each run by itself."""
        pairs = zip(self.product.values, self.floor.values, strict=True)
        return Runs(tuple(product / floor for product, floor in pairs))

    @property
    def judged(self) -> float:
        """What the aim is compared with."""
        return (self.ratio if self.of_ratio else self.product).middle

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the aim; None without one."""
        if self.aim is None:
            return None
        return self.judged >= self.aim if self.better == "more" else self.judged <= self.aim

    def as_json(self) -> dict[str, Any]:
        """Every run, and what follows."""
        return {
            "benchmark": self.benchmark,
            "case": self.case,
            "unit": self.unit,
            "product": self.product.values,
            "floor": self.floor.values,
            "ratio": self.ratio.values,
            "aim": self.aim,
            "aim_of": None if self.aim is None else "ratio" if self.of_ratio else "product",
            "reached": self.reached,
        }


def percentile(values: Iterable[float], part: float) -> float:
    """The least value that `part` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> Table:
    """Medians with least and most of all runs."""
    made = Table("benchmark", "case", "unit", title="median (least–most) of the runs")
    for name in ("product", "floor", "ratio", "aim"):
        made.add_column(name, justify="right", no_wrap=True)
    for figure in figures:
        digits = 0 if figure.product.middle >= 1000 else 1
        made.add_row(
            figure.benchmark,
            figure.case,
            figure.unit,
            figure.product.shown(digits),
            figure.floor.shown(digits),
            figure.ratio.shown(2),
            _aim(figure),
        )
    return made


def _aim(figure: Figure) -> str:
    if figure.aim is None:
        return ""
    sign = "≥" if figure.better == "more" else "≤"
    return f"{sign} {figure.aim:g}{'' if figure.of_ratio else ' ' + figure.unit} {'✓' if figure.reached else '✗'}"
