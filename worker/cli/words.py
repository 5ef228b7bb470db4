"""The words in which orders are shown to technicians and support."""

from worker.cli import output
from worker.store.timelines import JobView, OrderView

STATES = {
    "unknown": "sem resultado conhecido",
    "waiting": "aguardando",
    "stopped": "com problema",
    "working": "em andamento",
    "cancelling": "em cancelamento",
    "completed": "concluída",
    "failed": "falhou",
    "cancelled": "cancelada",
}
PARKED = "parada"
_JOBS = {"provision": "configurar a ONU", "deprovision": "remover o registro", "plan": "simular o plano"}


def state(order: OrderView) -> str:
    """Where an order stands."""
    return PARKED if order.parked else STATES.get(order.state, order.state)


def summary(order: OrderView) -> str | None:
    """Why it stands there; of a completed order, what there is to look at."""
    if order.state == "cancelling":
        return "Removendo o que a ordem configurou nas OLTs."
    if order.state != "completed":
        return order.text_pt
    warnings = [warning["text_pt"] for warning in (order.final or {}).get("warnings", ())]
    return " ".join(warnings) or "Instalação concluída."


def job(one: JobView) -> str:
    """Work that is under way."""
    where = f" em {one.olt}" if one.olt else ", sem lugar ainda"
    when = "agora" if one.state == "running" else f"a partir de {output.text(one.due_at)}"
    return f"{_JOBS.get(one.kind, one.kind)}{where}, {when}" + (f": {one.text}" if one.text else "")


def unknown(order: str) -> str:
    """That no such order is known."""
    return f"nenhuma ordem {order!r} é conhecida"
