"""`acende plan`."""

import asyncio
from contextlib import nullcontext
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape

from schemas.configuration import Configuration
from worker import wiring
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.plan_view import PlanView, plan_order
from worker.settings import Settings
from worker.store.db import Store

app = typer.Typer()
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
        waiting = nullcontext() if as_json or not console.is_terminal else console.status("asking the OLT")
        with waiting:
            found = asyncio.run(_ask(known, config, store, order, wait_s))
    if as_json:
        output.print_json(found)
    else:
        console.print(_page(found))
    if found.code in _UNAVAILABLE:
        raise Failure(found.text_pt or found.code, Status.UNAVAILABLE)
    if found.code:
        raise Failure(found.text_pt or found.code)


async def _ask(known: Settings, config: Configuration, store: Store, order: str, wait_s: float) -> PlanView:
    shared = wiring.shared(known, config, store)
    return await plan_order(shared, order, f"plan-{known.name}", rule=wiring.lease_rule(known), wait_s=wait_s)


def _page(found: PlanView) -> Group:
    head = f"[bold]{escape(found.order)}[/bold]  {found.serial or '–'} at {escape(found.place or '–')}"
    parts: list[Any] = [head + (f", rule {escape(found.rule)}" if found.rule else "")]
    if found.diff:
        rows = [[one["field"], one["wanted"], one["found"]] for one in found.diff]
        parts.append(output.table("What differs", ("field", "wanted", "on the OLT"), rows))
    if found.not_applied:
        rows = [list(one.values()) for one in found.not_applied]
        parts.append(output.table("Not applied", list(found.not_applied[0]), rows))
    parts += _lines(found)
    return Group(*parts)


def _lines(found: PlanView) -> list[Any]:
    if found.lines:
        columns = list(found.lines[0])
        return [
            output.table("Lines that would be sent", columns, [list(line.values()) for line in found.lines])
        ]
    return [] if found.code else ["Nothing to do: the OLT has what is wanted."]
