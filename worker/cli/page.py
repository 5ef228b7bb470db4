"""An order as technicians and support read it: where it stands, what came of it, its timeline."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text

from events.reasons import reason
from worker.cli import output, words
from worker.store.rejected import RejectedView
from worker.store.timelines import JobView, OrderView, Step

Fact = tuple[str, str]
_LEVELS = {"onu_rx_dbm": "ONU RX", "onu_tx_dbm": "ONU TX", "olt_rx_dbm": "OLT RX"}


def head(order: OrderView) -> Text:
    """Which order, and its state."""
    since = f" há {output.ago(order.since)}" if order.since else ""
    return Text.assemble((order.id, "bold"), f"  {words.state(order)}{since}, revisão {order.revision}")


def facts(order: OrderView, jobs: Sequence[JobView]) -> Table:
    """What is known of it now."""
    return output.pairs((*_standing(order), *_outcome(order.final or {}, order), *_work(jobs)))


def _standing(order: OrderView) -> Iterator[Fact]:
    if said := words.summary(order):
        yield ("situação" if order.live else "resultado"), said
    if order.action_pt:
        yield "o que fazer", order.action_pt
    yield "ONU", order.serial or "ainda não conhecida"
    if order.olt:
        yield "lugar", f"{order.olt} {order.port or ''}".strip()
    yield "cliente", f"{order.customer_id or '–'}, contrato {order.contract_id or '–'}"
    if order.attempts:
        yield "tentativas", str(order.attempts)


def _outcome(final: Mapping[str, Any], order: OrderView) -> Iterator[Fact]:
    """What the final result of this revision tells."""
    if order.live or final.get("revision") != order.revision:
        return
    optical = final.get("optical") or {}
    if levels := [
        f"{name} {optical[field]} dBm" for field, name in _LEVELS.items() if optical.get(field) is not None
    ]:
        yield "sinais", ", ".join(levels)
    if final.get("distance_m") is not None:
        yield "fibra", f"{final['distance_m']} m"
    for warning in final.get("warnings", ()):
        yield "atenção", warning["action_pt"]
    for skipped in final.get("not_applied", ()):
        yield "não aplicado", f"{skipped['field']}: {skipped['text_pt']}"
    for where in final.get("removed", ()):
        yield "removido", f"{where['olt_id']} {where['pon_port']}"
    for where in final.get("left", ()):
        yield "ficou na OLT", where["text_pt"]
    if order.state == "failed":
        yield "nova tentativa", "sim, depois de resolver a causa" if final.get("retryable") else "não adianta"


def _work(jobs: Iterable[JobView]) -> Iterator[Fact]:
    for job in jobs:
        yield "a fazer", words.job(job)


def rejected(requests: Sequence[RejectedView]) -> Table:
    """Requests that could not be read, and where they lie: `acende dead-letters show` tells what is wrong."""
    rows = [(one.at, one.record, one.order, _short(one.code)) for one in requests]
    return output.table("Pedidos recusados", ("quando", "registro", "ordem", "motivo"), rows)


def _short(code: str) -> str:
    return reason(code).say().text_pt.replace(": ?", "")


# -------------------------------------------------------------------------------------------------------- timeline


def timeline(steps: Sequence[Step], *, commands: bool) -> Table:
    """What happened, oldest first."""
    return output.table(
        "Linha do tempo", ("quando", "rev.", "o que aconteceu"), told(steps, commands=commands)
    )


def told(steps: Iterable[Step], *, commands: bool) -> Iterator[tuple[datetime, int | None, str]]:
    """When, in which revision, what. Lines sent to an OLT are counted, or with `commands` shown with their replies."""
    for sent, some in groupby(steps, key=lambda step: step.kind == "command"):
        group = list(some)
        if sent and not commands:
            count = "1 linha enviada" if len(group) == 1 else f"{len(group)} linhas enviadas"
            yield group[0].at, group[0].revision, f"{count} à OLT (--commands mostra)."
            continue
        for step in group:
            yield step.at, step.revision, _line(step.detail) if sent else step.text or step.kind


def _line(exchange: Mapping[str, Any]) -> str:
    """A line and its reply, as on the OLT's own screen."""
    reply = [f"    {line.strip()}" for line in str(exchange.get("reply") or "").splitlines() if line.strip()]
    lost = [] if exchange.get("complete", True) else ["    (sem resposta completa)"]
    return "\n".join([f"> {exchange.get('line', '')}", *reply, *lost])
