"""What may be told of a wish once the OLT agrees with it: what is applied, and what is not. Pure."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from schemas.onu import DesiredOnu
from vendors.contract import NotApplied, Observation, Registration

NOT_VERIFIABLE = "not_verifiable"
KEPT_ON_OLT = "kept_on_olt"


def unconfirmed(
    desired: DesiredOnu, limits: Iterable[str], seen: Observation, never_shown: Iterable[str]
) -> tuple[NotApplied, ...]:
    """Fields, beside those that `limits` name, of which nothing tells that the OLT has them as wished.

    The plan is empty, so what the OLT shows is as wished; what it does not show is so where it is current. Labels are no
    reason to cut a service: where the OLT keeps another, that is told.
    """
    found = seen.at(desired.port)
    if found is None:
        return ()
    left = set(limits)
    fields = [field for field in desired.fields() if not within(field, left)]
    dark = list(_dark(fields, found, seen.secrets_current, tuple(never_shown)))
    kept = [field for field in _labels(desired, found) if field in fields]
    told = [NotApplied(field=field, reason=NOT_VERIFIABLE) for field in dict.fromkeys(dark)]
    return (
        *told,
        *(NotApplied(field=field, reason=KEPT_ON_OLT) for field in kept if not within(field, set(dark))),
    )


def within(field: str, names: Iterable[str]) -> bool:
    """Whether a field is one of these, or lies in one: `wifi.1.key` in `wifi.1`."""
    return any(field == name or field.startswith(f"{name}.") for name in names)


def _dark(
    fields: list[str], found: Registration, current: frozenset[str], never_shown: tuple[str, ...]
) -> Iterator[str]:
    for field in fields:
        part = field.partition(".")[0]
        if part in found.unread:
            if part not in current:
                yield part
        elif any(fnmatchcase(field, name) for name in never_shown) and field not in current:
            yield field


def _labels(desired: DesiredOnu, found: Registration) -> Iterator[str]:
    shown = {f"tconts.{tcont.index}": tcont.name for tcont in found.tconts or ()}
    shown |= {f"gem_ports.{gem.index}": gem.name for gem in found.gem_ports or ()}
    wanted = {f"tconts.{tcont.index}": tcont.name for tcont in desired.tconts}
    wanted |= {f"gem_ports.{gem.index}": gem.name for gem in desired.gem_ports}
    for row, name in wanted.items():
        if name is not None and row in shown and shown[row] != name:
            yield f"{row}.name"
