"""`acende config check`: does every reference resolve, which rule takes what, and which rule never gets its turn. Pure.

Every combination that the rules can tell apart is tried once: plans by the patterns in use, OLTs and ONU models by
which patterns they fit. What a rule gives is then built for an order that lacks nothing, and planned for an empty OLT.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, product
from typing import Literal

from events.inputs import InstallStarted
from schemas.catalog import OnuModel
from schemas.configuration import Configuration
from schemas.inventory import Olt
from schemas.patterns import matches, matches_model
from schemas.place import Place, PonPort
from schemas.services import ProvisioningModel, When
from schemas.yaml import Where
from vendors.contract import Adapter, NotApplied, Observation
from vendors.errors import ProvisioningError
from worker.config_names import names_without_match, references_inside
from worker.resolve import Resolved, resolve
from worker.rules import Asked, Choice, Unit, Unresolved, brand_of, choose, holds

COMBINATIONS_MAX = 100_000
NOT_ON_ONU = "not_on_this_onu"
_NUMBER = "00000001"
_OTHER_VENDOR = "XPON"
"""Stands for the makers of whom the catalogue knows no vendor id."""


@dataclass(frozen=True)
class Remark:
    """Something about `services.yaml`: `where` is the path of the part that is meant."""

    level: Literal["error", "warning", "note"]
    where: Where
    text: str


@dataclass(frozen=True)
class Combination:
    """A plan, a mode, an ONU model (None: none that is known) and an OLT."""

    plan: str
    mode: Literal["bridge", "router"]
    model: str | None
    olt: Olt


@dataclass(frozen=True)
class Report:
    """What was found. `taken`: which rule takes each combination that was tried, None where none does."""

    remarks: tuple[Remark, ...]
    taken: tuple[tuple[Combination, str | None], ...] = ()
    complete: bool = True

    @property
    def errors(self) -> tuple[Remark, ...]:
        """What must be mended before anything runs."""
        return tuple(remark for remark in self.remarks if remark.level == "error")


@dataclass(frozen=True)
class Answer:
    """Which rule takes a combination and what the ONU is then, or why none does. Passwords are placeholders."""

    outcome: Resolved | Unresolved
    passed: tuple[str, ...] = ()
    """Rules that stand before and do not fit."""
    not_applied: tuple[NotApplied, ...] = ()


Choices = list[tuple[Combination, Choice | Unresolved]]


def check(config: Configuration, adapters: Mapping[str, Adapter]) -> Report:
    """Everything that can be said of a configuration without an OLT. `adapters` by platform."""
    combinations = list(islice(_combinations(config), COMBINATIONS_MAX + 1))
    complete = len(combinations) <= COMBINATIONS_MAX
    choices = [(asked, _chosen(asked, config)) for asked in combinations[:COMBINATIONS_MAX]]
    found = [
        *(Remark("error", where, text) for where, text in references_inside(config)),
        *(Remark("warning", where, text) for where, text in names_without_match(config)),
        *_never_taken(choices, config),
        *_outcomes(choices, config, adapters),
    ]
    taken = tuple(
        (asked, choice.rule.name if isinstance(choice, Choice) else None) for asked, choice in choices
    )
    return Report(tuple(dict.fromkeys(found)), taken, complete)


def which(
    combination: Combination, port: PonPort | None, config: Configuration, adapters: Mapping[str, Adapter]
) -> Answer:
    """Which rule takes this combination, and what it gives at `port` (None: the first of the OLT)."""
    place = Place(olt=combination.olt.id, port=port or _first_port(combination.olt))
    outcome = resolve(_order(combination), _unit(combination, config), place, config)
    names = [rule.name for rule in config.services.models]
    if isinstance(outcome, Unresolved):
        return Answer(outcome, tuple(names))
    adapter = adapters.get(combination.olt.platform)
    limits = adapter.limits(outcome.desired) if adapter else ()
    return Answer(outcome, tuple(names[: names.index(outcome.rule)]), limits)


# ---------------------------------------------------------------------------------------------------- combinations


def _combinations(config: Configuration) -> Iterator[Combination]:
    modes: tuple[Literal["bridge", "router"], ...] = ("bridge", "router")
    for plan, mode, model, olt in product(_plans(config), modes, _models(config), _olts(config)):
        yield Combination(plan, mode, model, olt)


def _whens(config: Configuration) -> Iterator[When]:
    yield from (rule.when for rule in config.services.models)
    yield from (entry.when for entry in config.services.variables)


def _plans(config: Configuration) -> list[str]:
    """One plan for each pattern, and one that no pattern means."""
    globs = dict.fromkeys(glob for when in _whens(config) for glob in when.plan or ())
    return [*dict.fromkeys(_sample(glob) for glob in globs), "-"]


def _sample(glob: str) -> str:
    return glob.replace("*", "X").replace("?", "X")


def _olts(config: Configuration) -> list[Olt]:
    """The first OLT of each group that the rules treat alike."""
    ids = {glob for when in _whens(config) for glob in when.olt or ()}
    sites = {glob for when in _whens(config) for glob in when.site or ()}
    groups: dict[object, Olt] = {}
    for olt in config.inventory.olts:
        fits = (
            frozenset(g for g in ids if matches(olt.id, (g,))),
            frozenset(g for g in sites if matches(olt.site, (g,))),
        )
        groups.setdefault((olt.platform, fits), olt)
    return list(groups.values())


def _models(config: Configuration) -> list[str | None]:
    """The first model of each group that the rules treat alike, names in use, and none that is known."""
    globs = sorted({glob for when in _whens(config) for glob in when.onu or ()})
    groups: dict[object, str] = {}
    for model in config.catalogue.models:
        fits = frozenset(glob for glob in globs if _fits(model, glob))
        groups.setdefault((model.onu_class, model.wifi, model.lan_ports is None, fits), model.name)
    own = [_sample(kind.name) for kind in config.services.onus]
    return [*dict.fromkeys([*groups.values(), *own, *map(_sample, globs)]), None]


def _fits(model: OnuModel, glob: str) -> bool:
    return any(matches_model(name, (glob,)) for name in (model.name, *model.aliases))


def _chosen(asked: Combination, config: Configuration) -> Choice | Unresolved:
    return choose(Asked(asked.plan, asked.mode, asked.olt), _unit(asked, config), config)


def _unit(asked: Combination, config: Configuration) -> Unit:
    """An ONU of this model; of the OLT's own make where the catalogue does not know the model."""
    return Unit(f"{_vendor_id(asked, config)}{_NUMBER}", asked.model)


def _vendor_id(asked: Combination, config: Configuration) -> str:
    found = config.catalogue.find(asked.model)
    for brand in config.catalogue.brands:
        if found in brand.models if found else brand.brand.casefold() == brand_of(asked.olt.platform):
            return next(iter(brand.vendor_ids), _OTHER_VENDOR)
    return _OTHER_VENDOR


# ------------------------------------------------------------------------------------------------------------ rules


def _never_taken(choices: Choices, config: Configuration) -> Iterator[Remark]:
    taken = {choice.rule.name for _, choice in choices if isinstance(choice, Choice)}
    for number, rule in enumerate(config.services.models):
        if rule.name not in taken:
            yield Remark("warning", ("models", number), _why_never(rule, choices))


def _why_never(rule: ProvisioningModel, choices: Choices) -> str:
    before = dict.fromkeys(
        choice.rule.name
        for asked, choice in choices
        if isinstance(choice, Choice)
        and holds(rule.when, Asked(asked.plan, asked.mode, asked.olt), choice.kind)
    )
    if before:
        return f"{rule.name} is never taken: {', '.join(before)} come first"
    return f"{rule.name} is never taken: nothing in the inventory and the catalogue fits it"


# --------------------------------------------------------------------------------------------------------- outcomes


def _outcomes(choices: Choices, config: Configuration, adapters: Mapping[str, Adapter]) -> Iterator[Remark]:
    numbers = {rule.name: number for number, rule in enumerate(config.services.models)}
    left: dict[Where, list[_NotTaken]] = defaultdict(list)
    for asked, choice in choices:
        if isinstance(choice, Choice):
            where: Where = ("models", numbers[choice.rule.name])
            for found in _outcome(asked, where, config, adapters.get(asked.olt.platform)):
                if isinstance(found, Remark):
                    yield found
                else:
                    left[where].append(found)
    yield from (Remark("note", where, _not_taken(ones)) for where, ones in left.items())


@dataclass(frozen=True)
class _NotTaken:
    """What ONUs of this model do not take from this platform, although others of the rule do; what of it is required."""

    fields: tuple[str, ...]
    required: tuple[str, ...]
    model: str | None
    platform: str


def _not_taken(ones: Sequence[_NotTaken]) -> str:
    """All that such ONUs of one rule do not take, in one note that names their models."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[_NotTaken]] = defaultdict(list)
    for one in ones:
        alike[one.fields, one.required].append(one)
    return "; ".join(_told_alike(fields, required, some) for (fields, required), some in alike.items())


def _told_alike(fields: tuple[str, ...], required: tuple[str, ...], ones: Sequence[_NotTaken]) -> str:
    models = ", ".join(sorted({one.model or "an unknown model" for one in ones}))
    platforms = ", ".join(sorted({one.platform for one in ones}))
    said = f"{_are(fields, 'not applied')} to {models} on {platforms}"
    if not required:
        return said
    return f"{said} but {'is required' if required == fields and len(fields) == 1 else _are(required, 'required')}"


def _are(names: Sequence[str], what: str) -> str:
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} {what}"


def _outcome(
    asked: Combination, where: Where, config: Configuration, adapter: Adapter | None
) -> Iterator[Remark | _NotTaken]:
    built = {port: _resolved(asked, port, config) for port in _ports(asked.olt, config)}
    good = [outcome for outcome in built.values() if isinstance(outcome, Resolved)]
    for port, outcome in built.items():
        if isinstance(outcome, Unresolved):
            yield Remark(
                "warning" if good else "error", where, _unresolved(outcome, asked.olt, port if good else None)
            )
    if good and adapter:
        yield from _on_platform(good[0], asked, where, adapter)


def _unresolved(outcome: Unresolved, olt: Olt, port: PonPort | None) -> str:
    place = f"{olt.id} {port}" if port else olt.id
    if outcome.code == "service_variable_missing":
        return f"the variable {outcome.params['variable']} has no value on {place}"
    if outcome.code == "services_invalid":
        return f"{outcome.params['field']} is not valid once its references are filled, on {place}"
    return f"{outcome.code} on {place}"


def _on_platform(
    resolved: Resolved, asked: Combination, where: Where, adapter: Adapter
) -> Iterator[Remark | _NotTaken]:
    limits = adapter.limits(resolved.desired)
    refused = resolved.refused(limit.field for limit in limits)
    platform = asked.olt.platform
    if fields := tuple(limit.field for limit in limits if limit.reason == NOT_ON_ONU):
        # Other ONUs of the same rule take it: no reason to refuse the file.
        must_take = tuple(field for field in fields if field in refused)
        yield _NotTaken(fields, must_take, asked.model, platform)
    for limit in limits:
        if limit.reason == NOT_ON_ONU:
            continue
        must = " but is required" if limit.field in refused else ""
        level: Literal["error", "note"] = "error" if must else "note"
        yield Remark(level, where, f"{limit.field} is not applied on {platform} ({limit.reason}){must}")
    try:
        adapter.plan(
            resolved.desired, Observation(serial=resolved.desired.serial, port=resolved.desired.port)
        )
    except ProvisioningError as error:
        yield Remark("error", where, f"{platform} cannot be given this: {error} ({error.reason})")


def _resolved(asked: Combination, port: PonPort, config: Configuration) -> Resolved | Unresolved:
    return resolve(_order(asked), _unit(asked, config), Place(olt=asked.olt.id, port=port), config)


def _ports(olt: Olt, config: Configuration) -> list[PonPort]:
    """The first port, and one of each range that variables name."""
    ranges = [
        entry.when.pon
        for entry in config.services.variables
        if entry.when.pon and matches(olt.id, entry.when.olt)
    ]
    named = [PonPort(frame=pon.frame, slot=pon.slot, port=pon.first or 1) for pon in ranges]
    return list(dict.fromkeys([_first_port(olt), *named]))


def _first_port(olt: Olt) -> PonPort:
    """Huawei counts frames and ports from 0, others from 1."""
    first = 0 if olt.platform.startswith("huawei") else 1
    return PonPort(frame=first, slot=1, port=first)


def _order(asked: Combination) -> InstallStarted:
    """An order that lacks nothing. Its passwords are no secrets."""
    return InstallStarted.model_validate(
        {
            "service_order_id": "OS-1",
            "customer_id": "1",
            "contract_id": "1",
            "customer_name": "-",
            "plan_code": asked.plan if asked.plan != "-" else "0",
            "mode": asked.mode,
            "technician_id": "1",
            "started_at": datetime(2026, 1, 1, tzinfo=UTC),
            "pppoe_login": "login@example",
            "pppoe_password": "********",
            "wifi_name": "wifi",
            "wifi_key": "********",
        }
    )
