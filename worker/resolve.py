"""What an order's ONU is to be on its OLT: `services.yaml` applied to one order, unit and place. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr, ValidationError

from events.inputs import InstallStarted
from schemas.configuration import Configuration
from schemas.inventory import Olt
from schemas.onu import DesiredOnu
from schemas.optics import OpticalLimits
from schemas.place import Place
from schemas.services import LanPortGive, LanPorts, WanGive
from schemas.templates import UndefinedVariable, Value, fill
from schemas.text import SSID_MAX
from worker.rules import Asked, Choice, Kind, Unit, Unresolved, choose, variables_at

__all__ = ["Resolved", "Skip", "Unit", "Unresolved", "resolve"]


@dataclass(frozen=True)
class Skip:
    """A wish that is left out, and the reason code."""

    field: str
    code: str


@dataclass(frozen=True)
class Resolved:
    """What the ONU is to be, by which provisioning model.

    `required` are the wishes without which the order fails if the platform's `limits` name them (`refused`).
    `model` is the catalogue's name of the ONU, None where it is not known.
    """

    desired: DesiredOnu
    rule: str
    required: frozenset[str]
    optical: OpticalLimits
    model: str | None
    skipped: tuple[Skip, ...] = ()

    def refused(self, fields: Iterable[str]) -> tuple[str, ...]:
        """Of wishes that the platform cannot do (`wifi.1`), those that are required: `wish_required`, if any."""
        return tuple(name for name in fields if name.split(".")[0] in self.required)


def resolve(
    request: InstallStarted, unit: Unit, place: Place, config: Configuration, *, secrets_erased: bool = False
) -> Resolved | Unresolved:
    """What `unit` is to be at `place` for this request, its passwords included.

    `secrets_erased`: the request had passwords and they are gone; a wish that needs one is `secret_expired`.
    """
    olt = config.inventory.olt(place.olt)
    if olt is None:
        return Unresolved("olt_unknown", {"olt": place.olt})
    order = _Order(request, unit, place, olt, config, secrets_erased)
    choice = choose(order.asked, unit, config)
    return choice if isinstance(choice, Unresolved) else _build(order, choice)


# ----------------------------------------------------------------------------------------------- what the rule gives


@dataclass(frozen=True)
class _Order:
    request: InstallStarted
    unit: Unit
    place: Place
    olt: Olt
    config: Configuration
    secrets_erased: bool

    @property
    def asked(self) -> Asked:
        return Asked(self.request.plan_code, self.request.mode, self.olt)


class _Lacking(Exception):
    """The order cannot be served: a reason code and its params."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.unresolved = Unresolved(code, params)


def _build(order: _Order, choice: Choice) -> Resolved | Unresolved:
    rule = choice.rule
    try:
        wish, skipped = _wish(order, choice)
        desired = DesiredOnu.model_validate(wish)
    except _Lacking as lacking:
        return lacking.unresolved
    except UndefinedVariable as undefined:
        missing = {"rule": rule.name, "variable": undefined.name, "place": str(order.place)}
        return Unresolved("service_variable_missing", missing)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        return Unresolved("services_invalid", {"rule": rule.name, "field": field})
    return Resolved(
        desired,
        rule.name,
        frozenset(rule.required),
        rule.optical or order.config.services.optical,
        choice.kind.model,
        tuple(skipped),
    )


def _wish(order: _Order, choice: Choice) -> tuple[dict[str, Any], list[Skip]]:
    """The members of a `DesiredOnu`, and wishes for which the order or the catalogue has no value."""
    give = choice.rule.give
    variables = variables_at(order.asked, order.place.port, choice.kind, order.config)
    lan_ports, skipped = _lan_ports(give.lan_ports, choice.kind)
    wifi, no_wifi = _wifi(order, choice)
    plain = give.model_dump(exclude={"lan_ports", "wan", "wifi"}, exclude_none=True)
    return {
        **fill(plain, variables),
        "serial": order.unit.serial,
        "port": order.place.port,
        "description": _description(order),
        "lan_ports": fill(lan_ports, variables),
        "wan": _wan(order, give.wan, choice.kind, variables),
        "wifi": wifi,
    }, [*skipped, *_wan_ports_left(give.wan, choice.kind), *no_wifi]


def _description(order: _Order) -> str | None:
    """The template filled: ASCII, at most 32 characters, nothing that a CLI interprets."""
    request = order.request
    values = {
        "service_order_id": request.service_order_id,
        "contract_id": request.contract_id,
        "customer_id": request.customer_id,
        "plan_code": request.plan_code,
        "serial": order.unit.serial,
    }
    text = order.config.inventory.description_of(order.olt).format(**values)
    return re.sub(r"[^A-Za-z0-9_.@+/:,-]", "_", text).lstrip("-")[:32] or None


def _lan_ports(gives: tuple[LanPortGive, ...], kind: Kind) -> tuple[list[dict[str, Any]], list[Skip]]:
    """A wish for each port that the ONU has; of a model whose ports are not known, `all` is the first."""
    wanted: dict[int, dict[str, Any]] = {}
    for give in gives:
        for port in _asked_for(give.ports, kind):
            wanted.setdefault(port, {"port": port, **give.model_dump(exclude={"ports"}, exclude_none=True)})
    absent = [port for port in wanted if not kind.has_lan_port(port)]
    skipped = [Skip(f"lan_ports.{port}", "not_on_this_onu") for port in absent]
    if kind.lan_ports is None and any(give.ports == "all" for give in gives):
        skipped.append(Skip("lan_ports", "lan_ports_unknown"))
    return [wish for port, wish in wanted.items() if port not in absent], skipped


def _asked_for(ports: LanPorts, kind: Kind) -> tuple[int, ...]:
    return tuple(range(1, (kind.lan_ports or 1) + 1)) if isinstance(ports, str) else ports


def _wan(
    order: _Order, give: WanGive | None, kind: Kind, variables: Mapping[str, Value]
) -> dict[str, Any] | None:
    if give is None or give.mode == "bridge":
        return None
    wan: dict[str, Any] = fill(give.model_dump(exclude={"lan_ports"}, exclude_none=True), variables)
    wan["lan_ports"] = tuple(port for port in _asked_for(give.lan_ports, kind) if kind.has_lan_port(port))
    if give.mode == "pppoe":
        wan["login"] = _needed(order.request.pppoe_login, "pppoe_login")
        wan["password"] = _secret(order, order.request.pppoe_password, "pppoe_password")
    return wan


def _wan_ports_left(give: WanGive | None, kind: Kind) -> list[Skip]:
    """Ports of the ONU that the connection should have and has not."""
    if give is None or give.mode == "bridge":
        return []
    if give.lan_ports == "all":
        return [Skip("wan.lan_ports", "lan_ports_unknown")] if kind.lan_ports is None else []
    absent = [port for port in give.lan_ports if not kind.has_lan_port(port)]
    return [Skip(f"wan.lan_ports.{port}", "not_on_this_onu") for port in absent]


def _wifi(order: _Order, choice: Choice) -> tuple[list[dict[str, Any]], list[Skip]]:
    """A wish for each network; none where the ONU has no Wi-Fi or the order names no network."""
    gives, request = choice.rule.give.wifi, order.request
    if not gives:
        return [], []
    required = "wifi" in choice.rule.required
    if choice.kind.wifi is False:
        return [], _without_wifi(
            choice, "not_on_this_onu", _Lacking("wish_required", fields="wifi") if required else None
        )
    if request.wifi_name is None:
        return [], _without_wifi(
            choice, "not_in_order", _Lacking("order_incomplete", field="wifi_name") if required else None
        )
    if request.wifi_key is None and order.secrets_erased:
        raise _Lacking("secret_expired")
    name, key = request.wifi_name, request.wifi_key
    return [{"index": give.index, "name": _ssid(name, give.suffix), "key": key} for give in gives], []


def _without_wifi(choice: Choice, code: str, lacking: _Lacking | None) -> list[Skip]:
    if lacking:
        raise lacking
    return [Skip(f"wifi.{give.index}", code) for give in choice.rule.give.wifi]


def _ssid(name: str, suffix: str) -> str:
    """The name with the suffix of its band, within the 32 octets of IEEE 802.11; no character is cut in two."""
    return name.encode()[: SSID_MAX - len(suffix)].decode(errors="ignore") + suffix


def _needed(value: str | None, field_name: str) -> str:
    if value is None:
        raise _Lacking("order_incomplete", field=field_name)
    return value


def _secret(order: _Order, value: SecretStr | None, field_name: str) -> SecretStr:
    if value is not None:
        return value
    raise (
        _Lacking("secret_expired") if order.secrets_erased else _Lacking("order_incomplete", field=field_name)
    )
