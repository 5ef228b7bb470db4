"""`acende status`."""

import time
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.markup import escape

from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json
from worker.store import Connection, timelines
from worker.store.db import Store

app = typer.Typer()
_LOOK_S = 0.5


@app.command()
def status(
    subject: Annotated[
        str, typer.Argument(metavar="ORDER|SERIAL", help="An order's id, or a serial in any form.")
    ],
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on showing it until its final result.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Where an order stands and how it came there: its timeline."""
    with opened() as (_, store, _):
        found = store.read_sync(look, subject)
        if not found["orders"] and not found["unit"]:
            raise Failure(f"no order and no unit is known as {subject!r}")
        if as_json:
            output.print_json(found)
        elif follow:
            _follow(store, subject)
        else:
            output.console().print(_page(found))


def look(conn: Connection, subject: str) -> dict[str, Any]:
    """All that is known of an order or a serial."""
    orders = timelines.find(conn, subject)
    return {
        "unit": timelines.unit(conn, orders[0].serial if orders and orders[0].serial else subject),
        "orders": [
            {
                "order": order,
                "jobs": timelines.jobs(conn, order.id),
                "timeline": timelines.steps(conn, order.id),
            }
            for order in orders
        ],
    }


def _follow(store: Store, subject: str) -> None:
    with Live(console=output.console(), refresh_per_second=4) as live:
        while True:
            found = store.read_sync(look, subject)
            live.update(_page(found))
            if not any(one["order"].live for one in found["orders"]):
                return
            time.sleep(_LOOK_S)


def _page(found: dict[str, Any]) -> Group:
    parts: list[Any] = [part for one in found["orders"] for part in _order(one)]
    if found["unit"]:
        unit = found["unit"]
        received = unit["received"] or {}
        rows = [[unit["serial"], received.get("model"), received.get("warehouse"), unit["lent_to"]]]
        parts.append(output.table("Stock", ("serial", "model", "warehouse", "lent to"), rows))
    return Group(*parts)


def _order(one: dict[str, Any]) -> list[Any]:
    order = one["order"]
    place = f"{order.olt or '–'} {order.port or ''}".strip()
    lines = [
        f"[bold]{escape(order.id)}[/bold]  {'parked' if order.parked else order.state}  revision {order.revision}",
        f"  stage {order.stage or '–'} for {output.ago(order.since)}, serial {order.serial or '–'}, at {escape(place)}",
    ]
    lines += [f"  {escape(text)}" for text in (order.text_pt, order.action_pt) if text]
    steps = [
        [step.at, step.revision, step.kind, step.text or _short(step.detail)] for step in one["timeline"]
    ]
    parts: list[Any] = [*lines, output.table("Timeline", ("at", "rev", "what", "text"), steps)]
    if one["jobs"]:
        jobs = [
            [job.kind, job.olt, job.state, job.due_at, job.attempts, job.text or job.code]
            for job in one["jobs"]
        ]
        parts.append(output.table("Work under way", ("job", "OLT", "state", "due", "try", "last"), jobs))
    return parts


def _short(detail: Any) -> str:
    shown = output.text(detail)
    return shown if len(shown) <= 300 else shown[:299] + "…"
