"""The words of ZTE's two command lines: this is what they share, `zte_zxan` and `zte_titan` hold what they do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from pydantic import BaseModel, SecretStr

from schemas.onu import DesiredOnu, GemPort, LanPort, Management, OnuService, ServicePort, Tcont, Wan, Wifi
from schemas.place import PonPort
from schemas.text import is_plain_ssid
from vendors.contract import Command, NotApplied

Path = tuple[str, ...]
CONFIG = "configure terminal"
NO_COMMAND = "no_command_on_platform"
NOT_ON_ONU = "not_on_this_onu"
OWN_VENDOR_IDS = frozenset({"ZTEC", "ZTEG", "ZTEZ"})
ONU_IDS = range(1, 129)
"""ONU numbers of a GPON port."""

Item = TypeVar("Item", bound=BaseModel)

FlowKey = tuple[int, int | None, int, int | None, str | None, str | None]
"""GEM port, user VLAN, VLAN towards the network, inner VLAN, profiles: what makes two service-ports equal."""


def flow_key(flow: ServicePort) -> FlowKey:
    """What a service-port does. A transparent one keeps its tag; one that adds a tag keeps the ONU's below it."""
    user, inner = flow.user_vlan, flow.inner_vlan
    if flow.transform == "transparent":
        user, inner = flow.vlan, None
    if flow.transform == "translate-and-add" and inner is None:
        inner = user
    return flow.gem_port, user, flow.vlan, inner, flow.upstream_profile, flow.downstream_profile


@dataclass(frozen=True)
class Grammar:
    """One of the two grammars. Lines are without their mode, which the `..._path` give."""

    name: Literal["zte_zxan", "zte_titan"]
    olt_prefix: str
    onu_prefix: str
    ip: str = ""
    """What stands between the number of a WAN connection and its mode."""

    # ------------------------------------------------------------------------------------------------------ names

    def olt(self, port: PonPort) -> str:
        """The PON port."""
        return f"{self.olt_prefix}{port}"

    def onu(self, port: PonPort, onu_id: int) -> str:
        """The ONU."""
        return f"{self.onu_prefix}{port}:{onu_id}"

    def olt_path(self, port: PonPort) -> Path:
        """Where ONUs are registered."""
        return CONFIG, f"interface {self.olt(port)}"

    def onu_path(self, port: PonPort, onu_id: int) -> Path:
        """Where T-CONTs and GEM ports are set."""
        return CONFIG, f"interface {self.onu(port, onu_id)}"

    def management_path(self, port: PonPort, onu_id: int) -> Path:
        """Where the inside of the ONU is set, over OMCI."""
        return CONFIG, f"pon-onu-mng {self.onu(port, onu_id)}"

    def flow_path(self, port: PonPort, onu_id: int, vport: int) -> Path:
        """Where service-ports of this virtual port are set."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------------ lines

    def tcont(self, tcont: Tcont) -> str:
        """Sets a T-CONT, also over another profile."""
        name = f" name {tcont.name}" if tcont.name else ""
        return f"tcont {tcont.index}{name} profile {tcont.profile}"

    def gem(self, gem: GemPort, firmware: str | None) -> str:
        """Creates a GEM port, and with it the virtual port of its number."""
        del firmware
        name = f" name {gem.name}" if gem.name else ""
        return f"gemport {gem.index}{name} tcont {gem.tcont}"

    def rates(self, port: PonPort, onu_id: int, gem: GemPort) -> Iterator[Command]:
        """Limits the rates of a GEM port."""
        raise NotImplementedError

    def flow(self, index: int, flow: ServicePort) -> str:
        """Creates a service-port. QinQ: `vlan` is the inner tag and `svlan` the outer one.

        No capture of either family shows an untagged one on the wire side; drivers of both write `user-vlan untagged`.
        """
        gem, user, vlan, inner, ingress, egress = flow_key(flow)
        tags = f"vlan {vlan}" if inner is None else f"vlan {inner} svlan {vlan}"
        rates = f" ingress {ingress}" * (ingress is not None) + f" egress {egress}" * (egress is not None)
        return f"service-port {index} {self._vport(gem)}user-vlan {user or 'untagged'} {tags}{rates}"

    def _vport(self, gem_port: int) -> str:
        raise NotImplementedError

    def service(self, service: OnuService) -> str:
        """Creates a service inside the ONU."""
        kind = f" type {service.type}" if service.type else ""
        cos = f" cos {service.priority}" if service.priority is not None else ""
        vlan = f" vlan {service.vlan}" if service.vlan else ""
        return f"service {service.name}{kind} gemport {service.gem_port}{cos}{vlan}"

    def lan(self, lan: LanPort, onu_type: str | None) -> str:
        """Sets the VLAN mode of an Ethernet port."""
        vlan = {"tag": f" vlan {lan.vlan}", "hybrid": f" def-vlan {lan.vlan}"}.get(lan.mode, "")
        return f"vlan port {self.uni('eth', lan.port, onu_type)} mode {lan.mode}{vlan if lan.vlan else ''}"

    def wan(self, wan: Wan) -> tuple[tuple[str | SecretStr, ...], str]:
        """Creates a WAN connection, and binds ports to it.

        `ethuni` and `ssid` are known of C3xx; that TITAN takes them too is a guess.
        """
        parts: list[str | SecretStr] = [f"wan-ip {wan.index}{self.ip} mode {wan.mode}"]
        if wan.login:
            parts.append(f" username {wan.login}")
        if wan.password:
            parts += [" password ", wan.password]
        parts.append(f" vlan-profile {wan.vlan_profile} host {wan.index}")
        ports = f" ethuni {_numbers(wan.lan_ports)}" if wan.lan_ports else ""
        ssids = f" ssid {_numbers(wan.wifi)}" if wan.wifi else ""
        return tuple(parts), f"wan {wan.index}{ports}{ssids} service internet host {wan.index}"

    def no_wan_ip(self, index: int) -> str:
        """Removes a WAN connection."""
        return f"no wan-ip {index}{self.ip}"

    def uni(self, kind: Literal["eth", "wifi"], number: int, onu_type: str | None) -> str:
        """A port of the ONU: in slot 1 for the type `ALL`, else in slot 0."""
        return f"{kind}_{1 if onu_type == 'ALL' else 0}/{number}"

    # ----------------------------------------------------------------------------------------------------- limits

    def doable(self, desired: DesiredOnu) -> tuple[DesiredOnu, tuple[NotApplied, ...]]:
        """The wish without what this grammar has no words for, and what that is."""
        wan, no_wan = _wan(desired.wan)
        lans, no_lans = _lans(desired.lan_ports)
        management, no_management = _management(desired.management)
        wifi, no_wifi = _wifi(desired.wifi)
        left = [*no_wan, *no_lans, *no_management, *_transparent(desired.service_ports), *no_wifi]
        changes: dict[str, object] = {"wan": wan, "lan_ports": lans, "management": management, "wifi": wifi}
        if not is_own(desired):
            no_parts = [name for name in ("wan", "management") if getattr(desired, name)]
            no_parts += [f"wifi.{wifi.index}" for wifi in desired.wifi]
            left = [limit for limit in left if not limit.field.startswith(("wan", "management", "wifi"))]
            left += [NotApplied(field=name, reason=NOT_ON_ONU) for name in no_parts]
            changes |= {"wan": None, "management": None, "wifi": ()}
        return desired.model_copy(update=changes), tuple(left)


def is_own(desired: DesiredOnu) -> bool:
    """Whether the ONU is of ZTE's own make: others take nothing over OMCI but services and the VLANs of Ethernet ports."""
    return desired.serial[:4] in OWN_VENDOR_IDS


def _wan(wan: Wan | None) -> tuple[Wan | None, list[NotApplied]]:
    """A WAN connection takes its VLAN from a VLAN profile of the OLT: without one there is no command."""
    if wan is None:
        return None, []
    if wan.vlan_profile is None:
        return None, [NotApplied(field="wan", reason=NO_COMMAND)]
    lost: dict[str, object] = {"wan_profile": None, "priority": 0}
    if wan.mode == "dhcp":
        lost |= {"login": None, "password": None}
    left = [NotApplied(field=f"wan.{name}", reason=NO_COMMAND) for name in lost if getattr(wan, name)]
    return wan.model_copy(update=lost), left


def _lans(lans: tuple[LanPort, ...]) -> tuple[tuple[LanPort, ...], list[NotApplied]]:
    kept: list[LanPort] = []
    left: list[NotApplied] = []
    for lan in lans:
        if lan.mode in {"tag", "hybrid"} and lan.vlan is None:
            left.append(NotApplied(field=f"lan_ports.{lan.port}", reason=NO_COMMAND))
            continue
        vlan = lan.vlan if lan.mode in {"tag", "hybrid"} else None
        kept.append(lan.model_copy(update={"vlan": vlan, "priority": 0}))
        if lan.priority:
            left.append(NotApplied(field=f"lan_ports.{lan.port}.priority", reason=NO_COMMAND))
        if lan.vlan != vlan:
            left.append(NotApplied(field=f"lan_ports.{lan.port}.vlan", reason=NO_COMMAND))
    return tuple(kept), left


def _management(management: Management | None) -> tuple[Management | None, list[NotApplied]]:
    """One management host, whose ACS is an address."""
    if management is None:
        return None, []
    acs = management.tr069_profile
    lost: dict[str, object] = {"index": 0} | ({"tr069_profile": None} if acs and "://" not in acs else {})
    left = [
        NotApplied(field=f"management.{name}", reason=NO_COMMAND)
        for name in lost
        if getattr(management, name)
    ]
    return management.model_copy(update=lost), left


def _wifi(networks: tuple[Wifi, ...]) -> tuple[tuple[Wifi, ...], list[NotApplied]]:
    """No capture shows how a name with blanks, quotes or other scripts is written: only bare words are."""
    kept = tuple(wifi for wifi in networks if is_plain_ssid(wifi.name))
    lost = [wifi for wifi in networks if wifi not in kept]
    return kept, [NotApplied(field=f"wifi.{wifi.index}", reason="ssid_not_writable") for wifi in lost]


def _transparent(flows: tuple[ServicePort, ...]) -> list[NotApplied]:
    """A transparent flow keeps one tag: it has no other one, neither from the ONU nor below."""
    found = [flow for flow in flows if flow.transform == "transparent"]
    lost = [f"{flow.gem_port}.user_vlan" for flow in found if flow.user_vlan not in {None, flow.vlan}]
    lost += [f"{flow.gem_port}.inner_vlan" for flow in found if flow.inner_vlan is not None]
    return [NotApplied(field=f"service_ports.{name}", reason=NO_COMMAND) for name in lost]


def without(
    items: tuple[Item, ...], kind: str, key: str, *names: str
) -> tuple[tuple[Item, ...], list[NotApplied]]:
    """The items with these members taken off, and a line for each that was given (`gem_ports.1.upstream_profile`)."""
    left = [
        NotApplied(field=f"{kind}.{getattr(item, key)}.{name}", reason=NO_COMMAND)
        for item in items
        for name in names
        if getattr(item, name) is not None
    ]
    return tuple(item.model_copy(update=dict.fromkeys(names)) for item in items), left


def _numbers(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, sorted(numbers)))
