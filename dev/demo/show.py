"""The morning as it goes on: a line for each result, and on a terminal a table of the orders under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from dev.demo.follow import DEAD_LETTER, News, Results, differences
from dev.demo.morning import Installation, Morning

WIDE = 150
"""Columns where there is no terminal."""
COLOURS = {"completed": "green", "failed": "yellow", "cancelled": "cyan"}
_AROUND = 8
"""Lines of a terminal that the table of orders leaves to what stands around it."""


def console_for_people() -> Console:
    """Standard output; lines are not broken where it is no terminal."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=WIDE)


def levels(news: News) -> str:
    """ONU RX and OLT RX in dBm."""
    optical = news.data.get("optical") or {}
    pair = [optical.get(name) for name in ("onu_rx_dbm", "olt_rx_dbm")]
    return "" if pair == [None, None] else " / ".join("–" if one is None else f"{one:.1f}" for one in pair)


@dataclass
class Show:
    """Tells on the console what the topics say. `began`: `clock()` when the morning did."""

    console: Console
    morning: Morning
    results: Results
    clock: Callable[[], float] = time.monotonic
    began: float = 0.0
    written: int = 0
    """Records that the ERP has written."""
    _under_way: dict[str, float] = field(default_factory=dict)
    """By order, since when it stands where it does."""
    _begun: set[str] = field(default_factory=set)
    _live: Live | None = None

    def __post_init__(self) -> None:
        """The stories by order."""
        self._stories = {one.order: one for one in self.morning.installations}

    @contextmanager
    def live(self) -> Iterator[None]:
        """Keep the table up while the block runs, on a terminal only."""
        if not self.console.is_terminal:
            yield
            return
        with Live(self.table(), console=self.console, auto_refresh=False, transient=True) as self._live:
            yield
        self._live = None

    def refresh(self) -> None:
        """Draw the table anew."""
        if self._live:
            self._live.update(self.table(), refresh=True)

    # ------------------------------------------------------------------------------------------------------------ lines

    def begins(self, one: Installation) -> None:
        """The ERP says something of an order; told when it is the first time."""
        if one.order in self._begun:
            return
        self._begun.add(one.order)
        self._under_way[one.order] = self.clock()
        if not self._live:
            self._line(one.order, "[dim]>[/dim]", escape(one.story))

    def news(self, news: News) -> None:
        """A record was read."""
        if news.type == DEAD_LETTER:
            self._line(news.id, "[magenta]✉[/magenta]", f"dead letter  {escape(news.data['text_pt'])}")
        elif news.outcome:
            self._under_way.pop(news.order or "", None)
            self._line(news.order or "", self._mark(news), self._result(news))
        else:
            self._stage(news)

    def _stage(self, news: News) -> None:
        order = news.order or ""
        self._under_way[order] = self.clock()
        if not self._live:
            self._line(order, "[dim]·[/dim]", escape(news.data["text_pt"]))

    def _mark(self, news: News) -> str:
        one = self._stories.get(news.order or "")
        if one and news.data["revision"] < one.expect.least_revision:
            return "[dim]✓[/dim]"
        return "[green]✓[/green]" if one and not differences(one, news) else "[red]✗[/red]"

    def _result(self, news: News) -> str:
        outcome, data = news.outcome or "", news.data
        said = f"[{COLOURS[outcome]}]{outcome:<9}[/]  "
        if outcome != "completed":
            return said + escape(data["text_pt"])
        said += f"{news.place}, ONU {data['onu_id']}, {levels(news)} dBm, {news.seconds:.1f} s"
        warned = "".join(f"  [yellow]{escape(one['text_pt'])}[/yellow]" for one in data["warnings"])
        return said + warned

    def _line(self, subject: str, mark: str, text: str) -> None:
        line = f"[dim]{self.clock() - self.began:5.1f} s[/dim]  {mark} {escape(subject):<9} {text}"
        self.console.print(line, soft_wrap=not self.console.is_terminal)

    # ------------------------------------------------------------------------------------------------------------ table

    def table(self) -> Group:
        """Orders under way, those that moved last at the top, and how far the morning is."""
        room = max(3, self.console.height - _AROUND)
        latest_first = sorted(self._under_way.items(), key=lambda one: -one[1])
        table = Table(
            box=None, expand=True, header_style="bold", title="Orders under way", title_justify="left"
        )
        table.add_column("order", no_wrap=True, width=9)
        table.add_column("", no_wrap=True, width=4, justify="right")
        table.add_column("stage", no_wrap=True, ratio=2)
        table.add_column("story", no_wrap=True, ratio=1, style="dim")
        for order, since in latest_first[:room]:
            passed, story = f"{self.clock() - since:.0f} s", self._stories[order].story
            table.add_row(order, passed, escape(self._standing(order)), escape(story))
        rest = len(latest_first) - room
        return Group("", table, f"[dim]… and {rest} more[/dim]" if rest > 0 else "", self._far())

    def _standing(self, order: str) -> str:
        latest = self.results.orders[order].latest
        return str(latest.data["text_pt"]) if latest and not latest.outcome else "–"

    def _far(self) -> Table:
        ended = sum(self.results.ended(one) for one in self.morning.installations)
        total = len(self.morning.installations)
        line = Table.grid(padding=(0, 1))
        passed = self.clock() - self.began
        said = (
            f"{ended} of {total} ended, {self.written} records written, {len(self.results.letters)} set aside"
        )
        line.add_row(ProgressBar(total=total, completed=ended, width=20), f"{said}, {passed:.0f} s")
        return line
