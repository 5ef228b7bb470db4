"""`acende plan`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.text import Text

from schemas.configuration import Configuration
from worker import wiring
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.plan_view import PlanView, plan_order
from worker.settings import Settings
from worker.store import leases
from worker.store.db import Store

app = typer.Typer(add_completion=False)
_UNAVAILABLE = {
    "olt_held",
    "olt_breaker_open",
    "olt_busy",
    "olt_unreachable",
    "olt_login_refused",
    "olt_host_key_changed",
}


@app.command()
def plan(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    wait_s: Annotated[float, typer.Option("--wait", min=1, help="Seconds to wait for the OLT.")] = 90.0,
    as_json: Json = False,
) -> None:
    """What would be sent to the live OLT now, and why: the diff and the exact lines. Nothing is sent but questions."""
    with opened(configured=True) as (known, store, config):
        assert config is not None
        console = output.console()
        with output.live(console, "perguntando à OLT", quiet=as_json):
            found = asyncio.run(_ask(known, config, store, order, wait_s))
    if as_json:
        output.print_json(found)
    elif found.place:
        console.print(_page(found))
    if found.code:
        status = Status.UNAVAILABLE if found.code in _UNAVAILABLE else Status.NO
        raise Failure(f"{order}: {found.text_pt or found.code}", status)


async def _ask(known: Settings, config: Configuration, store: Store, order: str, wait_s: float) -> PlanView:
    return await plan_order(
        wiring.shared(known, config, store),
        order,
        f"{leases.COMMAND}{known.name}",
        rule=wiring.lease_rule(known),
        wait_s=wait_s,
        before_login=partial(wiring.target, known, config),
    )


def _page(found: PlanView) -> Group:
    rule = f", modelo {found.rule}" if found.rule else ""
    parts: list[Any] = [
        Text.assemble((found.order, "bold"), f"  {found.serial or '–'} em {found.place}{rule}")
    ]
    if found.diff:
        rows = [[one["field"], one["wanted"], one["found"]] for one in found.diff]
        columns = ("campo", "desejado", "na OLT")
        parts.append(output.table("O que difere", columns, rows, folds=columns[1:]))
    if found.not_applied:
        rows = [[one["field"], one["text_pt"]] for one in found.not_applied]
        parts.append(output.table("Não aplicado", ("campo", "por quê"), rows))
    if found.lines:
        parts += [Text("Linhas que seriam enviadas", "bold"), *_typed(found.lines)]
    elif not found.code:
        parts.append("Nada a fazer: a OLT já tem o que se deseja.")
    return Group(*parts)


def _typed(lines: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """The lines under the modes in which they are typed."""
    inside: list[str] = []
    for row in lines:
        path = list(row["mode"])
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(inside, path, strict=False)))
        yield from (Text("  " * at + f"  {mode}", "dim") for at, mode in enumerate(path) if at >= same)
        yield Text("  " * len(path) + f"  {row['line']}")
        inside = path
