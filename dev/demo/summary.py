"""The end of the demo: every order as expected and as it was, what was measured, and where to look further."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dev.demo.folder import RunFolder
from dev.demo.follow import Fleet, News, Results, faults
from dev.demo.morning import Installation, Morning
from dev.demo.show import levels


@dataclass(frozen=True)
class Judged:
    """Every order with what is wrong of it, and what else is wrong on the topics."""

    orders: Mapping[str, Sequence[str]]
    rest: Sequence[str]

    @property
    def right(self) -> bool:
        """Whether everything is as expected."""
        return not self.rest and not any(self.orders.values())


def judge(morning: Morning, results: Results, fleet: Fleet) -> Judged:
    """What was expected, against what the topics and the OLTs say."""
    orders = {one.order: faults(one, results.orders[one.order], fleet) for one in morning.installations}
    strangers = sorted(results.orders.keys() - orders.keys())
    expected = sorted(stray.code for stray in morning.strays if stray.code)
    found = sorted(letter.data["code"] for letter in results.letters.values())
    rest = [] if found == expected else [f"dead letters: {found} instead of {expected}"]
    return Judged(orders, rest + [f"results of {order}, which nobody asked for" for order in strangers])


def tell(console: Console, morning: Morning, results: Results, judged: Judged) -> None:
    """The tables."""
    table = Table(
        title="Results", title_justify="left", box=None, header_style="bold underline", padding=(0, 1)
    )
    for name in ("", "order", "story", "expected", "actual", "place", "RX ONU / OLT", "s"):
        justify: Literal["left", "right"] = "right" if name in {"s", "RX ONU / OLT"} else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name not in {"story", "actual"})
    for one in morning.installations:
        table.add_row(*_row(one, results.orders[one.order].final, judged.orders[one.order]))
    console.print()
    console.print(table)
    _tell_letters(console, results)
    _tell_figures(console, morning, results, judged)


def _row(one: Installation, final: News | None, wrong: Sequence[str]) -> list[str]:
    expected = one.expect
    said = expected.code or expected.outcome
    seconds = f"{final.seconds:.1f}" if final and final.outcome == "completed" else ""
    return [
        "[red]✗[/red]" if wrong else "[green]✓[/green]",
        escape(one.order),
        escape(one.story),
        said if expected.least_revision == 1 else f"{said}, revision {expected.revision}",
        f"[red]{escape('; '.join(wrong))}[/red]" if wrong else "as expected",
        escape((final.place if final else None) or "–"),
        levels(final) if final else "",
        seconds,
    ]


def _tell_letters(console: Console, results: Results) -> None:
    console.print()
    for letter in results.letters.values():
        where = "; ".join(letter.data["where"])
        console.print(f"Dead letter {letter.id}: {letter.data['code']} {escape(where)}", soft_wrap=True)


def _tell_figures(console: Console, morning: Morning, results: Results, judged: Judged) -> None:
    finals = [final for one in morning.installations if (final := results.orders[one.order].final)]
    completed = [final for final in finals if final.outcome == "completed"]
    right = sum(not wrong for wrong in judged.orders.values())
    counts = ", ".join(
        f"{sum(final.outcome == outcome for final in finals)} {outcome}"
        for outcome in ("completed", "failed", "cancelled")
    )
    console.print(f"\n[bold]{right} of {len(judged.orders)} orders ended as expected[/bold] ({counts}).")
    for fault in judged.rest:
        console.print(f"[red]Not as expected: {escape(fault)}[/red]", soft_wrap=True)
    _tell_spread(
        console,
        "Time per ONU, from request to online, without waiting for units and light",
        [one.seconds for one in completed],
        "s",
    )
    rx = [level for one in completed if (level := one.data["optical"]["onu_rx_dbm"]) is not None]
    _tell_spread(console, "Received by the ONUs", rx, "dBm")


def _tell_spread(console: Console, what: str, values: Sequence[float], unit: str) -> None:
    if values:
        p50 = statistics.median(values)
        console.print(f"{what}: p50 {p50:.1f} {unit}, from {min(values):.1f} to {max(values):.1f} {unit}.")


def tell_more(console: Console, folder: RunFolder | None, morning: Morning, results: Results) -> None:
    """Commands that look further into this run; they need nothing but its folder. None: the worker is elsewhere."""
    failed = [one.order for one in morning.installations if _outcome(results, one) == "failed"]
    again = [one.order for one in morning.installations if one.expect.least_revision > 1]
    commands = [f"source {folder.environment}"] if folder else []
    commands += ["acende orders", "acende orders --failed"]
    commands += [f"acende status {order}" for order in failed[:1]]
    commands += [f"acende status {order} --commands" for order in again[:1]]
    stays = "database, configuration and log of this run stay" if folder else "where the worker runs"
    console.print(f"\nLook further ({stays}):")
    for command in commands:
        console.print(f"  {escape(command)}", soft_wrap=True)
    if folder:
        console.print(f"Log: {escape(str(folder.log))}", soft_wrap=True)
        console.print(f"When you are done: rm -r {escape(str(folder.path))}", soft_wrap=True)


def _outcome(results: Results, one: Installation) -> str | None:
    final = results.orders[one.order].final
    return final.outcome if final else None
