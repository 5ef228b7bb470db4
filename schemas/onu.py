"""What an ONU is to be: the vendor-neutral wish that `services.yaml` and an order make together."""

from typing import Annotated, Literal

from pydantic import Field

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

    def secrets(self) -> dict[str, str]:
        """The passwords of this wish by the name of their field (`wan.password`, `wifi.1.key`), in the clear.

        For the keyed digests of what was last applied; never to be logged or stored as they are.
        """
        found = {f"wifi.{wifi.index}.key": wifi.key for wifi in self.wifi}
        found["wan.password"] = self.wan.password if self.wan else None
        return {name: secret.get_secret_value() for name, secret in found.items() if secret}
