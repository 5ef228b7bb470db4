"""`acende purge`."""

from typing import Annotated

import typer

from worker.cli import output, words
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, privacy, rejected, timelines
from worker.store.apply import lock
from worker.store.db import now

app = typer.Typer(add_completion=False)


@app.command()
def purge(
    orders: Annotated[list[str] | None, typer.Argument(metavar="[ORDER]…")] = None,
    customer: Annotated[
        str | None, typer.Option(help="Every order of this customer, by the ERP's key.")
    ] = None,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Erase now what tells who the customer is: names, logins, passwords, timelines (LGPD). It cannot be undone."""
    if bool(orders) == bool(customer):
        raise Failure("name orders, or --customer", Status.USAGE)
    name, said = output.signed(who, why, question="Por quê (sem dados do cliente)")
    with opened() as (_, store, _):
        gone = store.run_sync(_purge, list(dict.fromkeys(orders or ())), customer, name, said)
    if as_json:
        output.print_json({"purged": gone, "who": name, "why": said})
        return
    for order in gone:
        output.console().print(f"{order}: dados pessoais apagados", markup=False)


def _purge(conn: Connection, orders: list[str], customer: str | None, who: str, why: str) -> list[str]:
    """The orders that were purged: all that were meant, or none. Raises Failure."""
    lock(conn)
    wanted = privacy.of_customer(conn, customer) if customer else orders
    found = {order: timelines.one(conn, order) for order in wanted}
    if not found:
        raise Failure(f"nenhuma ordem do cliente {customer!r} é conhecida")
    for order, known in found.items():
        if known is None and not rejected.is_there(conn, order):
            raise Failure(words.unknown(order))
        if known is not None and known.live:
            raise Failure(
                f"{order} está em andamento: cancele antes com `acende cancel {order}`; nada foi apagado"
            )
    privacy.forget_elsewhere(conn, wanted)
    privacy.forget(conn, wanted, now(conn))
    for order in wanted:
        timelines.note(conn, who, "purge", order, why)
    return wanted
