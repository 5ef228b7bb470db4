"""Which provisioning model an order's ONU takes, and what the variables are at its place. Pure."""

from dataclasses import dataclass, field, replace

from schemas.catalog import OnuModel
from schemas.configuration import Configuration
from schemas.inventory import Olt
from schemas.patterns import matches, matches_model
from schemas.place import PonPort
from schemas.services import Counted, OnuKind, ProvisioningModel, VariableWhen, When
from schemas.templates import Value


@dataclass(frozen=True)
class Unit:
    """The ONU of an order: its serial, its model as stock knows it and as the OLT reports it."""

    serial: str
    model: str | None = None
    model_seen: str | None = None


@dataclass(frozen=True)
class Unresolved:
    """Why nothing can be said: a reason code and what fills its texts."""

    code: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What rules are chosen by, the ONU aside."""

    plan: str
    mode: str
    olt: Olt


@dataclass(frozen=True)
class Kind:
    """What is known of an ONU's model: every name it goes by, its class, its number of LAN ports."""

    names: tuple[str, ...] = ()
    onu_class: str | None = None
    lan_ports: int | None = None
    wifi: bool | None = None
    model: str | None = None

    def has_lan_port(self, port: int) -> bool:
        """Whether it has this port, as far as is known."""
        return self.lan_ports is None or port <= max(self.lan_ports, 1)


@dataclass(frozen=True)
class Choice:
    """The rule that is taken, and as what the ONU was taken."""

    rule: ProvisioningModel
    kind: Kind


def choose(asked: Asked, unit: Unit, config: Configuration) -> Choice | Unresolved:
    """The first rule that fits.

    A model that nothing knows is first taken by its class, which is what the order's mode asks for (so that only rules
    that name no model fit); then as what the OLT reports; then it is `unknown_model`, with the nearest names.
    """
    if config.is_not_onu(unit.model or ""):
        return Unresolved("not_an_onu", {"serial": unit.serial, "model": str(unit.model)})
    kind, reported = kind_of(unit.model, config), _reported(unit, asked.olt, config)
    for tried in (kind, reported) if kind.onu_class is None else (kind,):
        if tried and (rule := first_rule(asked, tried, config)):
            return Choice(rule, _with_ports(tried, reported))
    return _unresolved(asked, unit, kind, config)


def _with_ports(kind: Kind, reported: Kind | None) -> Kind:
    """The ports that the OLT's report tells of, where the name in stock tells of none. The rule stays the same."""
    return (
        kind
        if reported is None or kind.lan_ports is not None
        else replace(kind, lan_ports=reported.lan_ports)
    )


def _unresolved(asked: Asked, unit: Unit, kind: Kind, config: Configuration) -> Unresolved:
    """Whether it is the model that is not known, or the combination that no rule takes."""
    model = unit.model or unit.model_seen or "-"
    if kind.onu_class is None and any(_fits_some_onu(rule.when, asked) for rule in config.services.models):
        nearest = ", ".join(config.catalogue.nearest(unit.model)) or "-"
        return Unresolved("unknown_model", {"model": model, "nearest": nearest})
    asked_for = {"plan": asked.plan, "mode": asked.mode, "olt": asked.olt.id}
    return Unresolved("no_provisioning_model", {**asked_for, "model": model})


def _fits_some_onu(when: When, asked: Asked) -> bool:
    return holds(when.model_copy(update={"onu": None, "onu_class": None}), asked, Kind())


def kind_of(model: str | None, config: Configuration) -> Kind:
    """What is known of a model by the name that stock gives it: the ISP's own list first, then the catalogue."""
    name = (model or "").strip()
    if own := config.own_onu(name):
        return _of_own(own, name)
    found = config.catalogue.find(name)
    return _of_catalogue(found, name) if found else Kind((name,) if name else ())


def _reported(unit: Unit, olt: Olt, config: Configuration) -> Kind | None:
    name = unit.model_seen or ""
    if own := config.own_onu(name):
        return _of_own(own, name)
    found = config.catalogue.seen(name, brand_of(olt.platform))
    return _of_catalogue(found, name) if found else None


def _of_own(own: OnuKind, name: str) -> Kind:
    return Kind((name,), own.onu_class, own.lan_ports, None, name)


def _of_catalogue(found: OnuModel, name: str) -> Kind:
    return Kind((name, found.name, *found.aliases), found.onu_class, found.lan_ports, found.wifi, found.name)


def brand_of(platform: str) -> str:
    """The brand of a platform's OLTs, as the catalogue writes it: `huawei_smartax` is huawei."""
    return platform.split("_")[0]


def first_rule(asked: Asked, kind: Kind, config: Configuration) -> ProvisioningModel | None:
    """The first provisioning model whose conditions hold."""
    return next((rule for rule in config.services.models if holds(rule.when, asked, kind)), None)


def holds(when: When, asked: Asked, kind: Kind) -> bool:
    """Whether every condition holds."""
    return (
        when.mode in {None, asked.mode}
        and matches(asked.plan, when.plan)
        and matches(asked.olt.id, when.olt)
        and matches(asked.olt.site, when.site)
        and matches(asked.olt.platform, when.platform)
        and when.onu_class in {None, kind.onu_class or asked.mode}
        and (when.onu is None or any(matches_model(name, when.onu) for name in kind.names))
    )


# ---------------------------------------------------------------------------------------------------------- variables


def variables_at(asked: Asked, port: PonPort, kind: Kind, config: Configuration) -> dict[str, Value]:
    """The value of every variable here: of those entries that apply, the first."""
    found: dict[str, Value] = {}
    for entry in config.services.variables:
        if _applies(entry.when, port) and holds(entry.when, asked, kind):
            for name, value in entry.set.items():
                found.setdefault(name, _counted(value, entry.when, port))
    return found | {
        "plan": asked.plan,
        "olt": asked.olt.id,
        "site": asked.olt.site,
        "frame": port.frame,
        "slot": port.slot,
        "port": port.port,
    }


PLACE_VARIABLES = frozenset({"plan", "olt", "site", "frame", "slot", "port"})
"""Variables that every place has by itself."""


def _applies(when: VariableWhen, port: PonPort) -> bool:
    return when.pon is None or when.pon.holds(port)


def _counted(value: Value | Counted, when: VariableWhen, port: PonPort) -> Value:
    if not isinstance(value, Counted):
        return value
    first = when.pon.first if when.pon else None
    return value.first + port.port - (first or 0)
