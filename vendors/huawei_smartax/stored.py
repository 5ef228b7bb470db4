"""What the stored configuration of one ONT says: the commands of `display current-configuration ont`, read back."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.onu import LanPort, ServicePort

_HOST = re.compile(r"ont ipconfig \d+ \d+(?: ip-index (\d+))? (dhcp|pppoe|static)\b(.*)")
_LAN = re.compile(r"ont port native-vlan \d+ \d+ eth (\d+) vlan (\d+)(?: priority (\d+))?")
_ROUTE = re.compile(r"ont port route \d+ \d+ eth (\d+) enable")
_INTERNET = re.compile(r"ont internet-config \d+ \d+ ip-index (\d+)")
_WAN_PROFILE = re.compile(r"ont wan-config \d+ \d+ ip-index (\d+) profile-(?:id|name) \"?([^\" ]+)\"?")
_TR069 = re.compile(r"ont tr069-server-config \d+ \d+ profile-(?:id|name) \"?([^\" ]+)\"?")
_FLOW = re.compile(
    r"service-port (\d+) vlan (\d+) x?gpon \d+/\d+/\d+ ont \d+ gemport (\d+)"
    r"(?: (?:multi-service|single-service))?(?: user-vlan (\d+|untagged))?( user-\S+ \S+)?"
    r"(?: tag-transform (\S+))?(?: inner-vlan (\d+))?(?: inner-priority \d+)?(.*)"
)
_INBOUND = re.compile(r"\binbound traffic-table (?:index|name) \"?([^\" ]+)\"?")
_OUTBOUND = re.compile(r"\boutbound traffic-table (?:index|name) \"?([^\" ]+)\"?")
_CTTR = re.compile(r"\brx-cttr (\d+) tx-cttr (\d+)")
_INTERFACE = re.compile(r"interface (gpon|xgpon) \d+/\d+")
_TRANSFORMS = {"translate", "transparent", "translate-and-add"}
OTHER = "other"
"""Stands for a traffic table where a flow is of a kind that no wish can express: it equals none."""
DEFAULT_VLAN = 1
"""The native VLAN of a port that has none configured."""


@dataclass(frozen=True)
class Host:
    """An IP host of the ONT as configured."""

    mode: str
    vlan: int
    priority: int = 0
    login: str | None = None

    def __str__(self) -> str:
        return f"{self.mode} {self.vlan} {self.priority} {self.login or '-'}"

    @classmethod
    def of(cls, text: str) -> "Host":
        """The inverse of `str`."""
        mode, vlan, priority, login = text.split(" ", 3)
        return cls(mode, int(vlan), int(priority), None if login == "-" else login)


@dataclass
class Stored:
    """One ONT's configuration."""

    hosts: dict[int, Host] = field(default_factory=dict)
    lans: dict[int, LanPort] = field(default_factory=dict)
    routes: set[int] = field(default_factory=set)
    internet: int | None = None
    wan_profiles: dict[int, str] = field(default_factory=dict)
    tr069: str | None = None
    flows: dict[int, ServicePort] = field(default_factory=dict)
    word: str = "gpon"
    """How the board calls itself in commands."""


def stored(commands: Iterable[str]) -> Stored:
    """The configuration that `commands` make; what is of no interest for provisioning is passed over."""
    read = Stored()
    for command in commands:
        _take_service(read, command)
        _take_onu(read, command)
    return read


def _take_service(read: Stored, command: str) -> None:
    if found := _FLOW.fullmatch(command):
        read.flows[int(found[1])] = _flow(found)
    elif found := _INTERFACE.fullmatch(command):
        read.word = found[1]


def _flow(found: re.Match[str]) -> ServicePort:
    _, vlan, gem, user, other, transform, inner, rest = found.groups()
    plain = other is None and (transform in _TRANSFORMS or transform is None)
    tables = _tables(rest or "")
    return ServicePort.model_validate(
        {
            "gem_port": int(gem),
            "vlan": int(vlan),
            "user_vlan": int(user) if user and user != "untagged" else None,
            "inner_vlan": int(inner) if inner else None,
            "transform": transform if transform in _TRANSFORMS else "translate",
            "upstream_profile": tables[0] if plain else OTHER,
            "downstream_profile": tables[1] if plain else OTHER,
        }
    )


def _tables(rest: str) -> tuple[str | None, str | None]:
    if found := _CTTR.search(rest):
        return found[1], found[2]
    inbound, outbound = _INBOUND.search(rest), _OUTBOUND.search(rest)
    return inbound[1] if inbound else None, outbound[1] if outbound else None


def _take_onu(read: Stored, command: str) -> None:
    if found := _HOST.match(command):
        read.hosts[int(found[1] or 0)] = _host(found[2], found[3])
    elif (found := _LAN.fullmatch(command)) and int(found[2]) != DEFAULT_VLAN:
        port, vlan, priority = int(found[1]), int(found[2]), int(found[3] or 0)
        read.lans[port] = LanPort(port=port, mode="tag", vlan=vlan, priority=priority)
    elif found := _ROUTE.fullmatch(command):
        read.routes.add(int(found[1]))
    elif found := _INTERNET.fullmatch(command):
        read.internet = int(found[1])
    elif found := _WAN_PROFILE.fullmatch(command):
        read.wan_profiles[int(found[1])] = found[2]
    elif found := _TR069.fullmatch(command):
        read.tr069 = found[1]


def _host(mode: str, rest: str) -> Host:
    values: dict[str, Any] = dict(re.findall(r"\b(vlan|priority|username) \"?([^\" ]+)\"?", rest))
    return Host(mode, int(values.get("vlan", 0)), int(values.get("priority", 0)), values.get("username"))


def from_table(row: dict[str, Any]) -> ServicePort:
    """A service-port as the table shows it, where the stored configuration is not to be had: no transform, no C-VLAN.

    RX is what comes from the ONT. One MA5800 printed RX and TX the other way round.
    """
    user, tagged = row.get("flow_para"), row.get("flow_type") == "vlan"
    plain = tagged and (isinstance(user, int) or user == "untag")
    return ServicePort(
        gem_port=row.get("gem_port") or 0,
        vlan=row["vlan_id"],
        user_vlan=user if tagged and isinstance(user, int) else None,
        upstream_profile=_text(row.get("rx")) if plain else OTHER,
        downstream_profile=_text(row.get("tx")) if plain else OTHER,
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
