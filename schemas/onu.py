"""What an ONU is to be: the vendor-neutral wish that `services.yaml` and an order make together."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from schemas.base import Frozen
from schemas.place import PonPort
from schemas.serial import Serial
from schemas.text import CliWord, Description, PppoePassword, WifiKey, WifiName

Vlan = Annotated[int, Field(ge=1, le=4094)]
Priority = Annotated[int, Field(ge=0, le=7)]
"""IEEE 802.1p priority."""
OnuId = Annotated[int, Field(ge=0, le=256)]
Number = Annotated[int, Field(ge=0, le=4095)]


class Tcont(Frozen):
    """An upstream container (G.984.3). `profile` is the OLT's DBA / T-CONT profile, by name or number."""

    index: Number
    profile: CliWord
    name: CliWord | None = None


class GemPort(Frozen):
    """One flow inside the PON, carried by the T-CONT `tcont`; traffic profiles by name."""

    index: Number
    tcont: Number
    name: CliWord | None = None
    upstream_profile: CliWord | None = None
    downstream_profile: CliWord | None = None


def adding(value: Any) -> Any:
    """A service flow as it was written, with `translate-and-add` where it names an inner VLAN and no transform."""
    if isinstance(value, Mapping) and value.get("inner_vlan") is not None and "transform" not in value:
        return {**value, "transform": "translate-and-add"}
    return value


class ServicePort(Frozen):
    """A service flow of the OLT for one GEM port (TR-101, TR-156).

    `vlan` is the tag towards the network (the S-VLAN of QinQ); `user_vlan` the tag the ONU sends, None for untagged;
    `inner_vlan` the C-VLAN kept or added below `vlan` (QinQ). Profiles limit the rate: a traffic table's index or name.
    """

    gem_port: Number
    vlan: Vlan
    user_vlan: Vlan | None = None
    inner_vlan: Vlan | None = None
    transform: Literal["translate", "transparent", "translate-and-add"] = "translate"
    upstream_profile: CliWord | None = None
    downstream_profile: CliWord | None = None

    @model_validator(mode="before")
    @classmethod
    def _inner_vlan_adds(cls, value: Any) -> Any:
        return adding(value)


class OnuService(Frozen):
    """A service inside the ONU (ZTE `service NAME gemport N vlan V`)."""

    name: CliWord
    gem_port: Number
    vlan: Vlan | None = None
    type: CliWord | None = None
    priority: Priority | None = None


class LanPort(Frozen):
    """The VLAN mode of one Ethernet port (UNI) of the ONU; `port` counts from 1."""

    port: Annotated[int, Field(ge=1, le=32)]
    mode: Literal["tag", "transparent", "trunk", "hybrid"] = "tag"
    vlan: Vlan | None = None
    priority: Priority = 0


class Wan(Frozen):
    """A WAN connection that the ONU itself makes, pushed over OMCI. `index` is the IP host of the ONU."""

    mode: Literal["pppoe", "dhcp"]
    vlan: Vlan
    index: Annotated[int, Field(ge=0, le=7)] = 1
    priority: Priority = 0
    vlan_profile: CliWord | None = None
    wan_profile: CliWord | None = None
    login: CliWord | None = None
    password: PppoePassword | None = None
    lan_ports: tuple[Annotated[int, Field(ge=1, le=32)], ...] = ()
    wifi: tuple[Annotated[int, Field(ge=1, le=16)], ...] = ()


class Wifi(Frozen):
    """One SSID of the ONU; `index` counts from 1."""

    index: Annotated[int, Field(ge=1, le=16)] = 1
    name: WifiName
    key: WifiKey | None = None


class Management(Frozen):
    """The IP host by which the ISP reaches the ONU (DHCP in the management VLAN), and its TR-069 profile."""

    vlan: Vlan
    index: Annotated[int, Field(ge=0, le=7)] = 0
    priority: Priority = 0
    tr069_profile: CliWord | None = None


_KEYS = ("index", "port", "name", "gem_port")
"""What tells rows of one kind apart, in the order in which it is looked for."""


def key_of(row: BaseModel) -> str:
    """The number, or name, by which a row of a wish is called: `1` in `wifi.1.key`."""
    return str(getattr(row, _key_name(row)))


def _key_name(row: BaseModel) -> str:
    return next(name for name in _KEYS if name in type(row).model_fields)


class DesiredOnu(Frozen):
    """All that one ONU is to be on its OLT. What the platform cannot do is told by the adapter's `limits`."""

    serial: Serial
    port: PonPort
    description: Description | None = None
    onu_type: CliWord | None = None
    line_profile: CliWord | None = None
    service_profile: CliWord | None = None
    tconts: tuple[Tcont, ...] = ()
    gem_ports: tuple[GemPort, ...] = ()
    service_ports: tuple[ServicePort, ...] = ()
    onu_services: tuple[OnuService, ...] = ()
    lan_ports: tuple[LanPort, ...] = ()
    wan: Wan | None = None
    wifi: tuple[Wifi, ...] = ()
    management: Management | None = None

    @field_validator("tconts", "gem_ports", "service_ports", "onu_services", "lan_ports", "wifi")
    @classmethod
    def _each_once(cls, rows: tuple[Any, ...], info: ValidationInfo) -> tuple[Any, ...]:
        keys = [row if info.field_name == "service_ports" else key_of(row) for row in rows]
        if any(key in keys[:at] for at, key in enumerate(keys)):
            raise ValueError("one of them is given twice")
        return rows

    def secrets(self) -> dict[str, str]:
        """The passwords of this wish by the name of their field (`wan.password`, `wifi.1.key`), in the clear.

        For the keyed digests of what was last applied; never to be logged or stored as they are.
        """
        found = {f"wifi.{wifi.index}.key": wifi.key for wifi in self.wifi}
        found["wan.password"] = self.wan.password if self.wan else None
        return {name: secret.get_secret_value() for name, secret in found.items() if secret}

    def fields(self) -> Iterator[str]:
        """Every field that is wished for, by its dotted name: `onu_type`, `service_ports.1.inner_vlan`, `wan.vlan`."""
        for name in type(self).model_fields.keys() - {"serial", "port"}:
            value = getattr(self, name)
            for row in value if isinstance(value, tuple) else (value,):
                if isinstance(row, BaseModel):
                    prefix = f"{name}.{key_of(row)}" if isinstance(value, tuple) else name
                    called = _key_name(row) if isinstance(value, tuple) else ""
                    yield from (f"{prefix}.{field}" for field in _given(row) if field != called)
                elif row is not None:
                    yield name

    def without(self, names: Collection[str]) -> "DesiredOnu":
        """This wish without these fields or rows (`wifi.1`, `lan_ports.2.vlan`, `wan`). For reading: not validated again."""
        kept = {name: _kept(getattr(self, name), name, names) for name in type(self).model_fields}
        return self.model_copy(update=kept)


def _given(row: BaseModel) -> Iterator[str]:
    """The fields of a row that say more than their default does."""
    for name, field in type(row).model_fields.items():
        if field.is_required() or getattr(row, name) != field.default:
            yield name


def _kept(value: Any, name: str, names: Collection[str]) -> Any:
    if isinstance(value, tuple):
        rows = ((row, f"{name}.{key_of(row)}") for row in value) if name not in names else ()
        return tuple(_stripped(row, prefix, names) for row, prefix in rows if prefix not in names)
    if name in names:
        return None
    return _stripped(value, name, names) if isinstance(value, BaseModel) else value


def _stripped(row: BaseModel, prefix: str, names: Collection[str]) -> BaseModel:
    fields = type(row).model_fields.items()
    lost = {
        name: None if field.is_required() else field.default
        for name, field in fields
        if f"{prefix}.{name}" in names
    }
    return row.model_copy(update=lost)
