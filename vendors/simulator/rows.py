"""What an OLT's model is made of: boards, boxes on the fibre, registrations and their rows, and the typed refusal."""

from dataclasses import dataclass, field
from typing import Any, Literal

from schemas.place import PonPort

RefusalKind = Literal[
    "serial_exists",
    "onu_id_exists",
    "port_full",
    "no_such_board",
    "no_such_port",
    "no_such_onu",
    "onu_offline",
    "no_such_profile",
    "profile_exists",
    "profile_in_use",
    "no_such_vlan",
    "no_such_tcont",
    "tcont_in_use",
    "no_such_gem",
    "gem_in_use",
    "no_such_uni",
    "service_ports_exist",
    "service_port_exists",
    "flow_exists",
    "no_such_service_port",
    "repeated",
    "unsupported",
    "busy",
]
ProfileKind = Literal["line", "service", "dba", "traffic", "vlan", "onu_type", "wan", "tr069"]
Phase = Literal["offline", "logging", "syncing", "online"]
Numbering = Literal["olt", "onu", "vport"]
"""Of what a service-port's number is unique: the OLT (Huawei), the ONU (ZTE C3xx) or the virtual port (ZTE TITAN)."""


class Refusal(Exception):
    """The OLT says no. A shell turns `kind` into its vendor's words; `about` names what is in the way."""

    def __init__(self, kind: RefusalKind, about: object = None) -> None:
        super().__init__(kind, about)
        self.kind: RefusalKind = kind
        self.about = about


@dataclass(frozen=True)
class Board:
    """A card. `ports` counts from 0; a shell whose vendor counts from 1 gives `first_port`."""

    frame: int
    slot: int
    name: str = "GPON"
    technology: Literal["gpon", "xg-pon", "xgs-pon"] | None = "gpon"
    """None: no PON board (uplink, control)."""
    ports: int = 16
    first_port: int = 0
    onus_per_port: int = 128

    def has(self, port: PonPort) -> bool:
        """Whether `port` is one of this board's."""
        here = (port.frame, port.slot) == (self.frame, self.slot)
        return here and self.first_port <= port.port < self.first_port + self.ports


@dataclass
class Optics:
    """Levels in dBm, distance in metres."""

    onu_rx_dbm: float = -20.13
    onu_tx_dbm: float = 2.31
    olt_rx_dbm: float = -21.87
    olt_tx_dbm: float = 4.23
    distance_m: int = 1033
    temperature_c: int = 41
    voltage_v: float = 3.28
    current_ma: int = 12


@dataclass
class PluggedOnu:
    """A box on the fibre, registered or not."""

    serial: str
    port: PonPort
    model: str = "EG8145V5"
    """Equipment id, as the box reports it."""
    lit: bool = True
    optics: Optics = field(default_factory=Optics)
    version: str = "159D.A"
    software: str = "V5R020C10S213"
    mac: str = "68E2-091F-5161"
    password: str = ""
    loid: str = ""
    eth_ports: int = 4
    pots_ports: int = 1
    wifi_ssids: int = 4
    time_to_online_s: float | None = None
    """None: the OLT's."""
    since: float = 0.0
    """When it was last lit or moved."""


@dataclass
class Tcont:
    index: int
    profile: str
    name: str | None = None


@dataclass
class Gem:
    index: int
    tcont: int
    name: str | None = None
    upstream_profile: str | None = None
    downstream_profile: str | None = None
    encrypt: bool = False


@dataclass
class Flow:
    """A service-port. `user_vlan` None: untagged. `vport` where the vendor has virtual ports."""

    index: int
    port: PonPort
    onu_id: int
    gem_port: int
    vlan: int
    user_vlan: int | None = None
    inner_vlan: int | None = None
    transform: str = "translate"
    upstream_profile: str | None = None
    downstream_profile: str | None = None
    vport: int | None = None

    @property
    def onu(self) -> tuple[PonPort, int]:
        return self.port, self.onu_id


@dataclass
class OnuServiceRow:
    name: str
    gem_port: int
    vlan: int | None = None
    type: str | None = None
    priority: int | None = None


@dataclass
class Lan:
    port: int
    mode: str = "tag"
    vlan: int | None = None
    priority: int = 0
    enabled: bool = True


@dataclass
class Wan:
    index: int
    mode: str
    vlan: int | None = None
    priority: int = 0
    vlan_profile: str | None = None
    wan_profile: str | None = None
    login: str | None = None
    password: str | None = None
    lan_ports: tuple[int, ...] = ()
    wifi: tuple[int, ...] = ()
    internet: bool = False


@dataclass
class Ssid:
    index: int
    name: str | None = None
    key: str | None = None
    enabled: bool = True


@dataclass
class Host:
    """An IP host for management."""

    index: int
    vlan: int
    priority: int = 0
    mode: str = "dhcp"
    tr069_profile: str | None = None


@dataclass
class Period:
    """One time online; `down` None while it lasts."""

    up: float
    down: float | None = None
    cause: str | None = None


@dataclass
class Registered:
    """A registration and all that is configured for it."""

    port: PonPort
    onu_id: int
    serial: str
    raw_serial: str
    since: float
    description: str = ""
    name: str = ""
    onu_type: str | None = None
    line_profile: str | None = None
    service_profile: str | None = None
    active: bool = True
    tconts: dict[int, Tcont] = field(default_factory=dict)
    gems: dict[int, Gem] = field(default_factory=dict)
    services: dict[str, OnuServiceRow] = field(default_factory=dict)
    lans: dict[int, Lan] = field(default_factory=dict)
    wans: dict[int, Wan] = field(default_factory=dict)
    ssids: dict[int, Ssid] = field(default_factory=dict)
    hosts: dict[int, Host] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    """What only one vendor has."""
    match_state: str = "match"
    config_state: str = "normal"
    """Once online. A test sets `mismatch` or `failed` to see how it is judged."""
    history: list[Period] = field(default_factory=list)

    @property
    def key(self) -> tuple[PonPort, int]:
        return self.port, self.onu_id


@dataclass
class Profile:
    """`number` where the vendor numbers them; `fields` is the vendor's own (`{"gems": {1: 1}}`: GEM port → T-CONT)."""

    kind: ProfileKind
    name: str
    number: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """How registrations refer to it: the number as text, else the name."""
        return self.name if self.number is None else str(self.number)


Row = OnuServiceRow | Lan | Wan | Ssid | Host
"""A row of the configuration inside an ONU."""


def row_key(row: Row) -> str | int:
    """The key of a row among those of its kind."""
    if isinstance(row, OnuServiceRow):
        return row.name
    return row.port if isinstance(row, Lan) else row.index
