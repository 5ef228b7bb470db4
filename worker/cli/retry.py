"""`acende retry`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from events.reasons import reason
from worker.cli import codes, output, words
from worker.cli.failure import Failure, Status
from worker.cli.opened import opened
from worker.cli.output import Json, Who, Why
from worker.store import Connection, timelines
from worker.store import orders as rows
from worker.store.apply import request_retry
from worker.store.timelines import OrderView

app = typer.Typer(add_completion=False)
_EXPIRED = reason("secret_expired").texts
_REFUSED = {
    "live": "{order} está em andamento: acompanhe com `acende status {order} --follow`",
    "unknown": "{order} não pode ser retomada: seu pedido de instalação não é conhecido, ou já foi apagado",
    "secret_expired": f"{{order}} não foi retomada: {_EXPIRED.text_pt} {_EXPIRED.action_pt}",
}


_MOST = 10_000


@app.command()
def retry(
    orders: Annotated[list[str] | None, typer.Argument(metavar="[ORDER]…")] = None,
    parked: Annotated[bool, typer.Option("--parked", help="All whose attempts ran out.")] = False,
    code: Annotated[
        str | None, typer.Option(help="All that failed, or with --parked are parked, with this reason code.")
    ] = None,
    why: Why = None,
    who: Who = None,
    as_json: Json = False,
) -> None:
    """Have orders that failed, were cancelled or completed worked on once more."""
    chosen = parked or codes.known(code) is not None
    if bool(orders) == chosen:
        raise Failure("name orders, or choose them by --parked, --code", Status.USAGE)
    name, said = output.signed(who, why, question="Por quê")
    with opened(configured=True) as (_, store, _):
        wanted = store.read_sync(_chosen, parked, code) if chosen else list(dict.fromkeys(orders or ()))
        done = [_tried(order, *store.run_sync(_retry, order, name, said)) for order in wanted]
    signed = {"action": "retry", "who": name, "why": said}
    if as_json:
        told = [{"order": one.order, **signed, "now": one.now, "fault": one.fault} for one in done]
        output.print_json(told if chosen or len(done) > 1 else told[0])
    _tell(done, quiet=as_json, many=chosen or len(done) > 1)


@dataclass(frozen=True)
class _Tried:
    """What came of one order: where it stands now, and why it is not under way where it is not."""

    order: str
    now: OrderView | None
    fault: str | None


def _tried(order: str, refused: str | None, found: OrderView | None) -> _Tried:
    if found is None:
        return _Tried(order, None, words.unknown(order))
    if refused:
        return _Tried(order, found, _REFUSED[refused].format(order=order))
    if not found.live:
        again = f"{order} {words.state(found)} de novo: {found.text_pt} {found.action_pt}"
        return _Tried(order, found, again)
    return _Tried(order, found, None)


def _tell(done: Sequence[_Tried], *, quiet: bool, many: bool) -> None:
    """Where each order stands. Raises Failure where one of them is not under way."""
    faults = [one.fault for one in done if one.fault]
    if faults and not many:
        raise Failure(faults[0])
    if not quiet:
        for one in done:
            stands = f"{one.order} {words.state(one.now)}: {words.summary(one.now)}" if one.now else ""
            output.console().print(one.fault or stands, markup=False)
        if not done:
            output.console().print("Nenhuma ordem.")
    if faults:
        raise Failure(f"{len(faults)} de {len(done)} ordens não foram retomadas")


def _chosen(conn: Connection, parked: bool, code: str | None) -> list[str]:
    found = timelines.orders(conn, "parked" if parked else "failed", _MOST)
    return sorted(order.id for order in found if code in {None, order.code})


def _retry(conn: Connection, order: str, who: str, why: str) -> tuple[str | None, OrderView | None]:
    refused = _expired(conn, order) or request_retry(conn, order, who, why)
    if refused is None:
        timelines.note(conn, who, "retry", order, why)
    return refused, timelines.one(conn, order)


def _expired(conn: Connection, order: str) -> str | None:
    """Without its passwords a retry could only fail, and a completed order would count as failed."""
    known = rows.find(conn, order)
    lost = known is not None and not known.live and known.has_secrets and not known.secrets_kept
    return "secret_expired" if lost else None
