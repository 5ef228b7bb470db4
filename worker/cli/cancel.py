"""`acende cancel`."""

from typing import Annotated

import typer

from events.reasons import reason
from worker.cli import output, words
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, timelines
from worker.store.apply import request_cancel
from worker.store.timelines import OrderView

app = typer.Typer(add_completion=False)


@app.command()
def cancel(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Cancel an order; what it made on OLTs is removed, and nothing else."""
    name, said = output.signed(who, why, question="Por quê")
    with opened(configured=True) as (_, store, _):
        refused, found = store.run_sync(_cancel, order, name, said)
    if found is None:
        raise Failure(words.unknown(order))
    if refused == "unknown":
        raise Failure(
            f"{order} não pode ser cancelada: seu pedido de instalação não é conhecido, ou já foi apagado"
        )
    if refused == "cancelled":
        raise Failure(f"{order} já está {words.state(found)}")
    if refused:
        texts = reason(refused).say()
        raise Failure(f"{order}: {texts.text_pt} {texts.action_pt}")
    if as_json:
        output.print_json({"order": order, "action": "cancel", "who": name, "why": said, "now": found})
    else:
        output.console().print(f"{order} {words.state(found)}: {words.summary(found)}", markup=False)


def _cancel(conn: Connection, order: str, who: str, why: str) -> tuple[str | None, OrderView | None]:
    refused = request_cancel(conn, order, who, why)
    if refused is None:
        timelines.note(conn, who, "cancel", order, why)
    return refused, timelines.one(conn, order)
