"""From an order to the wish for its ONU, and from wish and observation to what is sent. Pure."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from events.outputs import Skipped
from events.reasons import reason
from schemas.configuration import Configuration
from schemas.onu import DesiredOnu
from schemas.place import Place
from schemas.serial import hex_serial
from schemas.text import MASK
from vendors import quoting
from vendors.contract import Adapter, Command, Observation, Platform, Registration
from worker import resolve
from worker.store.orders import Brief, Failure


@dataclass(frozen=True)
class Wish:
    """What the ONU is to be, and what of it cannot be."""

    desired: DesiredOnu
    resolved: resolve.Resolved
    skipped: tuple[Skipped, ...] = ()
    limits: frozenset[str] = frozenset()
    """Fields of `desired` that the platform, its software or this ONU cannot do."""
    models_differ: dict[str, str] | None = None
    """`model_seen` and `model_stock`, where the catalogue knows both, as two models."""


def wish_for(
    brief: Brief,
    place: Place,
    model_seen: str | None,
    config: Configuration,
    adapter: Adapter,
    firmware: str | None = None,
) -> Wish | Failure:
    """The wish of this order at this place, or why there is none: before anything is sent."""
    unit = resolve.Unit(brief.order.serial or brief.unit.serial, brief.unit.model, model_seen)
    resolved = resolve.resolve(brief.request, unit, place, config, secrets_erased=brief.secret_expired)
    if isinstance(resolved, resolve.Unresolved):
        return Failure(resolved.code, resolved.params)
    limits = adapter.limits(resolved.desired, firmware)
    if required := resolved.refused(limit.field for limit in limits):
        return Failure("wish_required", {"fields": ", ".join(required)})
    skipped = [(skip.field, skip.code) for skip in resolved.skipped]
    skipped += [(limit.field, limit.reason) for limit in limits]
    return Wish(
        resolved.desired,
        resolved,
        tuple(told_skipped(field, code) for field, code in skipped),
        frozenset(limit.field for limit in limits),
        _models_differ(brief.unit.model, model_seen, place, config),
    )


def _models_differ(
    stock: str | None, seen: str | None, place: Place, config: Configuration
) -> dict[str, str] | None:
    olt = config.inventory.olt(place.olt)
    brand = olt.platform.split("_")[0] if olt else "any"
    of_stock, of_olt = config.catalogue.find(stock), config.catalogue.seen(seen, brand)
    if of_stock is None or of_olt is None or of_stock == of_olt:
        return None
    return {"model_seen": str(seen), "model_stock": str(stock)}


def told_skipped(field: str, code: str) -> Skipped:
    """A wish that is not applied, as it is published."""
    texts = reason(code).texts
    return Skipped(field=field, code=code, text_pt=texts.text_pt, text_en=texts.text_en)


# ------------------------------------------------------------------------------------------- what the OLT does not show


def unseen(desired: DesiredOnu, observed: Observation) -> dict[str, str]:
    """Every field of the wish that this OLT does not show, with its value: passwords and what is `unread`."""
    values = desired.secrets()
    found = observed.at(desired.port)
    for name in found.unread if found else ():
        if name not in values and (value := _value(desired, name)) is not None:
            values[name] = value
    return values


def _value(desired: DesiredOnu, name: str) -> str | None:
    """A field by its dotted name (`wan`, `wifi.1`, `lan_ports.2`) as text that is equal for equal wishes."""
    first, *rest = name.split(".")
    value: Any = getattr(desired, first, None)
    for part in rest:
        value = _member(value, part)
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, tuple):
        return "[" + ",".join(str(_plain(item)) for item in value) + "]" if value else None
    return None if value is None else str(value)


def _member(value: Any, part: str) -> Any:
    if isinstance(value, tuple):
        return next((item for item in value if _number(item) == part), None)
    return getattr(value, part, None)


def _number(item: Any) -> str:
    return str(getattr(item, "index", getattr(item, "port", None)))


def _plain(item: Any) -> object:
    return item.model_dump_json() if isinstance(item, BaseModel) else item


def with_current(
    observed: Observation, desired: DesiredOnu, kept: Mapping[str, str], digest: Callable[[str, str], str]
) -> Observation:
    """`observed` with the names of those unseen fields whose digest is the kept one. None where nothing is registered."""
    if observed.at(desired.port) is None:
        return observed.model_copy(update={"secrets_current": frozenset()})
    current = {
        name for name, value in unseen(desired, observed).items() if kept.get(name) == digest(name, value)
    }
    return observed.model_copy(update={"secrets_current": frozenset(current)})


# --------------------------------------------------------------------------------------------------------------- plans


def plan_hash(plan: Iterable[Command]) -> str:
    """SHA-256 over the masked plan: modes and lines."""
    lines = "\n".join(" > ".join((*command.path, command.text)) for command in plan)
    return hashlib.sha256(lines.encode()).hexdigest()


def masked(plan: Iterable[Command]) -> list[dict[str, Any]]:
    """The plan as the person who asks for it sees it: secrets masked, what the order itself says of its customer shown."""
    return [{"mode": list(command.path), "line": command.text} for command in plan]


def kept(plan: Iterable[Command], platform: Platform, people: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The plan as a timeline keeps it."""
    names = tuple(people)
    lines = masked(plan)
    return [{**one, "line": quoting.line(platform, one["line"], names)} for one in lines]


def shown(registrations: Iterable[Registration], known: Collection[str] = ()) -> list[dict[str, Any]]:
    """What the OLT has, as it is kept: descriptions, logins and networks other than those that are `known` are masked."""
    rows = [found.model_dump(mode="json") for found in registrations]
    for row in rows:
        named = [
            (row, "description"),
            (row["wan"] or {}, "login"),
            *((one, "name") for one in row["wifi"] or ()),
        ]
        for where, name in named:
            if where.get(name) is not None and where[name] not in known:
                where[name] = MASK
    return rows


def authorising(plan: tuple[Command, ...], serial: str) -> int:
    """How many commands of the plan authorise the ONU: up to the last one that names its serial."""
    names = (serial, f"{serial[:4]}-{serial[4:]}", hex_serial(serial))
    named = [at for at, command in enumerate(plan) if any(name in command.text.upper() for name in names)]
    return named[-1] + 1 if named else 0
