"""What would be sent to the live OLT now, and why: one dry run on an open line. Only reads are sent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from events.outputs import Skipped
from events.reasons import reason
from schemas.onu import DesiredOnu
from schemas.place import Place
from vendors.contract import Command, Observation, Registration
from vendors.errors import ProvisioningError
from worker.notes import Notes
from worker.outcome import Answered, Later, Outcome
from worker.policy import NotYet, Refused, may_provision
from worker.reconcile import Run, noticed
from worker.store.digests import digest
from worker.store.orders import Failure
from worker.wish import masked, plan_hash, shown, wish_for, with_current


@dataclass(frozen=True)
class PlanView:
    """What a dry run found. Nothing in it is secret.

    `code` says why nothing may or need be sent, with `text_pt`; `diff` is what differs between wish and OLT; `lines` are
    the exact lines with their modes, secrets masked.
    """

    order: str
    place: str | None = None
    serial: str | None = None
    rule: str | None = None
    code: str | None = None
    text_pt: str | None = None
    observed: tuple[Mapping[str, Any], ...] = ()
    diff: tuple[Mapping[str, Any], ...] = ()
    not_applied: tuple[Mapping[str, Any], ...] = ()
    lines: tuple[Mapping[str, Any], ...] = ()
    hash: str | None = None

    def answer(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> "PlanView":
        """From JSON."""
        known: dict[str, Any] = {}
        for name in cls.__dataclass_fields__.keys() & answer.keys():
            found = answer[name]
            known[name] = tuple(found) if isinstance(found, list) else found
        return cls(**known)


def refusal(order: str, code: str, params: Mapping[str, object] | None = None, **more: Any) -> PlanView:
    """A view that ends with a reason."""
    return PlanView(order, code=code, text_pt=reason(code).say(params).text_pt, **more)


_UNANSWERABLE = {
    "order_unknown": "Nenhuma ordem com esse número é conhecida.",
    "not_at_work": "A ordem não está em andamento com uma ONU: não há o que planejar.",
    "not_placed": "A ONU ainda não foi vista em nenhuma OLT, e a ordem não diz a OLT e a porta.",
}
"""Why there is nothing to be planned: no reasons that are ever published."""


def unanswerable(order: str, code: str) -> PlanView:
    """A view of an order for which nothing can be planned."""
    return PlanView(order, code=code, text_pt=_UNANSWERABLE[code])


async def view(run: Run) -> Outcome:
    """Answer a dry run on an open line: observe, and plan without sending."""
    try:
        return Answered((await _view(run)).answer())
    except ProvisioningError as error:
        again = run.failed(error, Notes.of(run.job.notes))
        if isinstance(again, Later) and error.reason == "unknown_reply":
            return Later(again.seconds, {**run.job.notes, "unread": again.notes["unread"]}, code=error.reason)
        told = {**run.params, "detail": run.detail(error)}
        return Answered(
            refusal(run.job.order[0], error.reason, told, place=str(run.params["place"])).answer()
        )


async def _view(run: Run) -> PlanView:
    job, brief = run.job, run.taken.brief
    assert job.serial is not None
    assert job.port is not None
    place = Place(olt=job.olt, port=job.port)
    base = PlanView(job.order[0], str(place), job.serial)
    if brief is None:
        return replace(base, code="not_at_work", text_pt=_UNANSWERABLE["not_at_work"])
    with run.phase("observe"):
        seen = await run.line.observe(job.serial, place.port)
    base = replace(base, observed=tuple(shown(seen.registrations, run.taken.people)))
    notes = noticed(Notes.of(job.notes), seen, place)
    wish = wish_for(brief, place, notes.model_seen, run.config, run.line.adapter, seen.firmware)
    if not isinstance(wish, Failure):
        base = replace(base, rule=wish.resolved.rule, not_applied=_skipped(wish.skipped))
    standing = replace(run.taken.standings[job.serial], lit_at_new_place=notes.lit)
    verdict = may_provision(place, seen, standing)
    if isinstance(verdict, Refused):
        return _stopped(base, verdict.code, {**run.params, **verdict.params})
    if isinstance(wish, Failure):
        return _stopped(base, wish.code, {**run.params, **wish.params})
    if isinstance(verdict, NotYet):
        return _stopped(base, "left_online", {**run.params, "place": Place(olt=job.olt, port=verdict.port)})
    return _planned(run, base, wish.desired, seen)


def _planned(run: Run, base: PlanView, desired: DesiredOnu, seen: Observation) -> PlanView:
    def keyed(name: str, value: str) -> str:
        return digest(run.rules.digest_key, run.job.olt, desired.serial, name, value)

    current = with_current(seen, desired, run.taken.digests, keyed)
    plan: tuple[Command, ...] = run.line.adapter.plan(desired, current)
    return replace(
        base,
        diff=difference(desired, current.at(desired.port)),
        lines=tuple(masked(plan)),
        hash=plan_hash(plan) if plan else None,
    )


def _stopped(base: PlanView, code: str, params: Mapping[str, object]) -> PlanView:
    return replace(base, code=code, text_pt=reason(code).say(params).text_pt)


def _skipped(skipped: tuple[Skipped, ...]) -> tuple[Mapping[str, Any], ...]:
    return tuple(one.model_dump(mode="json") for one in skipped)


def difference(desired: DesiredOnu, found: Registration | None) -> tuple[Mapping[str, Any], ...]:
    """Field by field, what is wanted and what the OLT shows; what it does not show is left out."""
    wanted = desired.model_dump(mode="json", exclude={"serial", "port", "description"}, exclude_defaults=True)
    if found is None:
        return tuple({"field": name, "wanted": value, "found": None} for name, value in wanted.items())
    [here] = shown((found,), _named(desired))
    if found.flows is not None:
        here["service_ports"] = [flow.service.model_dump(mode="json") for flow in found.flows]
    full = desired.model_dump(mode="json")
    return tuple(
        {"field": name, "wanted": full[name], "found": here[name]}
        for name in wanted
        if name not in found.unread and not _agrees(full[name], here.get(name))
    )


def _named(desired: DesiredOnu) -> set[str]:
    """What of the wish tells of a person: what the OLT has that is equal to it may be shown."""
    login = [desired.wan.login] if desired.wan else []
    return {name for name in (desired.description, *login, *(wifi.name for wifi in desired.wifi)) if name}


def _agrees(wanted: Any, shown: Any) -> bool:
    """Whether nothing that is shown contradicts what is wanted. Passwords are never shown."""
    if shown is None or wanted == shown:
        return True
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return all(_agrees(wanted[name], shown.get(name)) for name in wanted.keys() - {"password", "key"})
    if isinstance(wanted, list) and isinstance(shown, list):
        return len(wanted) == len(shown) and all(
            any(_agrees(one, other) for other in shown) for one in wanted
        )
    return False
