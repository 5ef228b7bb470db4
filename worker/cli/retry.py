"""`acende retry`."""

from typing import Annotated

import typer

from events.reasons import reason
from worker.cli import output, words
from worker.cli.failure import Failure
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, orders, timelines
from worker.store.apply import request_retry
from worker.store.timelines import OrderView

app = typer.Typer(add_completion=False)
_EXPIRED = reason("secret_expired").texts
_REFUSED = {
    "live": "{order} está em andamento: acompanhe com `acende status {order} --follow`",
    "unknown": "{order} não pode ser retomada: seu pedido de instalação não é conhecido, ou já foi apagado",
    "secret_expired": f"{{order}} não foi retomada: {_EXPIRED.text_pt} {_EXPIRED.action_pt}",
}


@app.command()
def retry(
    order: Annotated[str, typer.Argument(metavar="ORDER")],
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Have an order that failed, was cancelled or completed worked on once more."""
    name, said = output.signed(who, why, question="Por quê")
    with opened(configured=True) as (_, store, _):
        refused, found = store.run_sync(_retry, order, name, said)
    if found is None:
        raise Failure(words.unknown(order))
    if refused:
        raise Failure(_REFUSED[refused].format(order=order))
    if as_json:
        output.print_json({"order": order, "action": "retry", "who": name, "why": said, "now": found})
    if not found.live:
        raise Failure(f"{order} {words.state(found)} de novo: {found.text_pt} {found.action_pt}")
    if not as_json:
        output.console().print(f"{order} {words.state(found)}: {words.summary(found)}", markup=False)


def _retry(conn: Connection, order: str, who: str, why: str) -> tuple[str | None, OrderView | None]:
    refused = _expired(conn, order) or request_retry(conn, order, who, why)
    if refused is None:
        timelines.note(conn, who, "retry", order, why)
    return refused, timelines.one(conn, order)


def _expired(conn: Connection, order: str) -> str | None:
    """Without its passwords a retry could only fail, and a completed order would count as failed."""
    known = orders.find(conn, order)
    lost = known is not None and not known.live and known.has_secrets and not known.secrets_kept
    return "secret_expired" if lost else None
