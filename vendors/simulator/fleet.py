"""What hangs on simulated OLTs, as a fleet file or the inventory's `simulator` says it; and OLTs built from that."""

from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.config import ConfigModel
from schemas.onu import OnuId
from schemas.place import PonPort
from schemas.serial import Serial
from schemas.text import Name
from vendors.simulator.conversation import Limits, Timing
from vendors.simulator.faults import Fault
from vendors.simulator.model import Olt
from vendors.simulator.rows import Board, Optics, PluggedOnu, Profile, ProfileKind
from vendors.simulator.shell import Device

Seconds = Annotated[float, Field(ge=0, le=86400)]


class FleetBoard(ConfigModel):
    """A PON board."""

    frame: Annotated[int, Field(ge=0, le=15)] | None = Field(None, description="Default: the vendor's first.")
    slot: Annotated[int, Field(ge=0, le=40)] = 1
    name: str = "GPON"
    technology: Literal["gpon", "xg-pon", "xgs-pon"] = "gpon"
    ports: Annotated[int, Field(ge=1, le=64)] = 16
    onus_per_port: Annotated[int, Field(ge=1, le=256)] = 128


class FleetProfile(ConfigModel):
    """A profile that exists. `fields` are the vendor's own: `gems` (GEM port → T-CONT) in a line profile."""

    kind: ProfileKind
    name: str
    number: int | None = None
    gems: dict[int, int] = {}
    fields: dict[str, Any] = {}


class FleetOnu(ConfigModel):
    """A box on the fibre, and how it is registered, if it is."""

    serial: Serial
    port: PonPort
    model: str = "EG8145V5"
    lit: bool = True
    lit_after_s: Seconds | None = Field(None, description="Dark at first; lit so long after the start.")
    onu_rx_dbm: float = -20.13
    olt_rx_dbm: float = -21.87
    distance_m: int = 1033
    eth_ports: int = 4
    onu_id: OnuId | None = Field(None, description="Registered under this id.")
    registration: dict[str, Any] = Field(
        {}, description="Of the registration: line_profile, service_profile, onu_type, description."
    )


class FleetOlt(ConfigModel):
    """One simulated OLT."""

    version: str | None = Field(None, description="Software, where the vendor's simulator knows several.")
    hostname: Name | None = Field(None, description="Default: the OLT's id.")
    boards: tuple[FleetBoard, ...] = (FleetBoard(),)
    profiles: tuple[FleetProfile, ...] = ()
    vlans: tuple[int, ...] | None = Field(None, description="VLANs that exist; default: all.")
    onus: tuple[FleetOnu, ...] = ()
    more: dict[str, Any] = Field({}, description="What only this vendor's simulator knows.")
    faults: tuple[Fault, ...] = ()
    time_to_online_s: Seconds = 0.0
    save_s: Seconds = 0.0
    rtt_s: Seconds = 0.0
    command_s: Seconds = 0.0
    idle_s: Seconds | None = None
    sessions: int | None = Field(None, description="CLI sessions it allows; default: any number.")
    sessions_per_user: int | None = None

    @property
    def timing(self) -> Timing:
        """How slow it is."""
        return Timing(rtt_s=self.rtt_s, command_s=self.command_s, idle_s=self.idle_s)

    @property
    def limits(self) -> Limits:
        """How many sessions it allows."""
        return Limits(self.sessions, self.sessions_per_user)


class Fleet(ConfigModel):
    """A fleet file: OLTs of the inventory by id; `default` is for those that are not named."""

    default: FleetOlt = FleetOlt()
    olts: dict[Name, FleetOlt] = {}


def built(device: Device, plan: FleetOlt, name: str) -> Olt:
    """The OLT of a plan. Raises Refusal where a registration contradicts it."""
    olt = Olt(
        name=plan.hostname or name,
        boards=tuple(_board(device, board) for board in plan.boards),
        numbering=device.numbering,
        onu_ids=device.onu_ids,
        profiles=[_profile(profile) for profile in plan.profiles],
        vlans=None if plan.vlans is None else set(plan.vlans),
        time_to_online_s=plan.time_to_online_s,
        save_s=plan.save_s,
        more=dict(plan.more),
    )
    olt.version = plan.version or olt.version
    if device.seed:
        device.seed(olt)
    for onu in plan.onus:
        plug(olt, onu)
    olt.mark_saved()
    return olt


def _board(device: Device, board: FleetBoard) -> Board:
    frame = device.first_port if board.frame is None else board.frame
    return Board(
        frame, board.slot, board.name, board.technology, board.ports, device.first_port, board.onus_per_port
    )


def _profile(profile: FleetProfile) -> Profile:
    fields = dict(profile.fields) | ({"gems": dict(profile.gems)} if profile.gems else {})
    return Profile(profile.kind, profile.name, profile.number, fields)


def plug(olt: Olt, onu: FleetOnu) -> None:
    """Put a box on the fibre, registered where the plan says so. Raises Refusal where that contradicts the OLT."""
    olt.plug(
        PluggedOnu(
            onu.serial,
            onu.port,
            model=onu.model,
            lit=onu.lit and onu.lit_after_s is None,
            optics=Optics(onu_rx_dbm=onu.onu_rx_dbm, olt_rx_dbm=onu.olt_rx_dbm, distance_m=onu.distance_m),
            eth_ports=onu.eth_ports,
        )
    )
    if onu.onu_id is not None:
        olt.register(onu.port, onu.onu_id, onu.serial, **onu.registration)
