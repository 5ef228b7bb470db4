"""What may be touched on an OLT (invariant 6): pure functions of what is observed and of what the facts say.

A registration is an order's own if its steps made it, or if it was own to an order whose claim has passed to this one.
Any other registration of the serial is adopted or changed only if stock binds the unit to this order; it is removed only
if it is offline in the observation at hand and stock binds the unit to this order, or binds it to nobody while the unit
is seen unregistered and lit at the new place.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from schemas.place import Place, PonPort
from vendors.contract import Observation, Registration

Binding = Literal["here", "nobody", "elsewhere"]
"""Whom stock lent the unit to: this order, no order, another order."""


@dataclass(frozen=True)
class Standing:
    """What an order may rely on for one serial on one OLT, as the facts stand now.

    `own` are the ports where the order's own registrations are; `claimed_by` is another order that claims the serial;
    `lit_at_new_place`: the unit was seen unregistered and lit where it is to be registered.
    """

    binding: Binding = "nobody"
    own: frozenset[PonPort] = frozenset()
    claimed_by: str | None = None
    lit_at_new_place: bool = False


@dataclass(frozen=True)
class Refused:
    """Nothing may be sent: the reason code and what fills its texts."""

    code: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NotYet:
    """The order's own registration is online at `port`, so the unit is not at the new place: it is not cut off there."""

    port: PonPort


@dataclass(frozen=True)
class Remaining:
    """A registration that stays, and why: the reason code."""

    found: Registration
    code: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Removal:
    """What of an observation may be removed, and what stays."""

    observed: Observation
    left: tuple[Remaining, ...] = ()


def may_provision(place: Place, observed: Observation, standing: Standing) -> Refused | NotYet | None:
    """Whether the unit may be registered at `place` and its other registrations on that OLT removed; None: it may."""
    port = place.port
    if standing.claimed_by:
        return Refused("serial_claimed", {"serial": observed.serial, "other_order": standing.claimed_by})
    seen_lit = standing.lit_at_new_place or (observed.sighting is not None and observed.sighting.port == port)
    for found in observed.registrations:
        if found.port in standing.own:
            continue
        allowed = (
            _may_adopt(standing) if found.port == port else _may_remove(found, standing, seen_lit=seen_lit)
        )
        if not allowed:
            return Refused("serial_registered_elsewhere", _whose(found, place.olt, observed.serial))
    return _own_online_elsewhere(port, observed)


def _may_adopt(standing: Standing) -> bool:
    return standing.binding == "here"


def _may_remove(found: Registration, standing: Standing, *, seen_lit: bool) -> bool:
    if found.online:
        return False
    return standing.binding == "here" or (standing.binding == "nobody" and seen_lit)


def _own_online_elsewhere(port: PonPort, observed: Observation) -> NotYet | None:
    return next(
        (NotYet(found.port) for found in observed.registrations if found.online and found.port != port), None
    )


def _whose(found: Registration, olt: str, serial: str) -> dict[str, str]:
    where = str(Place(olt=olt, port=found.port))
    return {"serial": serial, "place": where, "owner": found.description or "-"}


def may_cancel(observed: Observation, standing: Standing) -> Removal:
    """What a cancelled order takes away: what is its own, online or not, and nothing whose serial another order claims."""
    return _sort(observed, (_cancelling(found, standing) for found in observed.registrations))


def may_clear(observed: Observation, standing: Standing) -> Removal:
    """What is taken away at a former place, after the unit was verified at the new one: only what is offline there."""
    return _sort(observed, (_clearing(found, standing) for found in observed.registrations))


_Kept = tuple[str, dict[str, str]] | None


def _cancelling(found: Registration, standing: Standing) -> _Kept:
    if standing.claimed_by:
        return "left_claimed", {"other_order": standing.claimed_by}
    return None if found.port in standing.own else ("left_not_own", {})


def _clearing(found: Registration, standing: Standing) -> _Kept:
    if standing.claimed_by:
        return "left_claimed", {"other_order": standing.claimed_by}
    if found.online:
        return "left_online", {}
    if found.port in standing.own or _may_remove(found, standing, seen_lit=standing.lit_at_new_place):
        return None
    return "left_not_own", {}


def _sort(observed: Observation, verdicts: Iterable[_Kept]) -> Removal:
    pairs = list(zip(observed.registrations, verdicts, strict=True))
    removable = tuple(found for found, kept in pairs if kept is None)
    left = tuple(Remaining(found, *kept) for found, kept in pairs if kept is not None)
    return Removal(observed.model_copy(update={"registrations": removable}), left)
