"""An OLT and what hangs on it, behind every vendor's simulated CLI.

Shells change it through operations that keep its invariants and refuse with a `Refusal`; a test turns lights on and off,
moves ONUs along the fibre and reads `snapshot()`. Nothing here knows a vendor's words. Times are seconds of the injected
clock.
"""

import copy
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from schemas.place import PonPort
from schemas.serial import canonical_serial
from vendors.simulator.journal import Journal
from vendors.simulator.rows import (
    Board,
    Flow,
    Gem,
    Host,
    Lan,
    Numbering,
    OnuServiceRow,
    Period,
    Phase,
    PluggedOnu,
    Profile,
    ProfileKind,
    Refusal,
    Registered,
    Row,
    Ssid,
    Tcont,
    Wan,
    row_key,
)


@dataclass
class Olt:
    """The whole device. `numbering` and `onu_ids` are the vendor's habit."""

    name: str = "OLT"
    boards: tuple[Board, ...] = (Board(0, 1),)
    numbering: Numbering = "olt"
    onu_ids: range = range(128)
    service_port_numbers: range = range(4096)
    plugged: dict[str, PluggedOnu] = field(default_factory=dict)
    registered: dict[tuple[PonPort, int], Registered] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    profiles: list[Profile] = field(default_factory=list)
    vlans: set[int] | None = None
    """VLANs that exist; None: all do."""
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], datetime] = lambda: datetime.now(UTC)
    time_to_online_s: float = 0.0
    time_to_rediscover_s: float = 0.0
    """How long a box whose registration was removed stays out of the list of unregistered ones."""
    save_s: float = 0.0
    """How long saving takes; while it does, `busy`."""
    version: str = "MA5800V100R019C12"
    sysname_at_reboot: str | None = None
    busy_until: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    changes: int = 0
    """How often anything was changed; rises with every operation that succeeds."""
    _saved: tuple[dict[tuple[PonPort, int], Registered], list[Flow], list[Profile]] | None = None
    _saved_at_change: int = 0
    _hidden: dict[str, float] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------ the fibre

    def plug(self, onu: PluggedOnu) -> PluggedOnu:
        """Put a box on the fibre (or move it to `onu.port`)."""
        onu.serial = canonical_serial(onu.serial)
        self.unplug(onu.serial)
        self.plugged[onu.serial] = onu
        onu.since = self.clock()
        self._follow(onu.serial)
        return onu

    def unplug(self, serial: str, cause: str = "LOS") -> None:
        """Take a box off the fibre; its registration stays."""
        self._down(serial, cause)
        self.plugged.pop(serial, None)

    def light(self, serial: str, lit: bool = True, cause: str = "dying-gasp") -> None:
        """Switch a box on or off."""
        onu = self.plugged[serial]
        if lit is onu.lit:
            return
        if not lit:
            self._down(serial, cause)
        onu.lit, onu.since = lit, self.clock()
        self._follow(serial)

    def unregistered(self, port: PonPort | None = None) -> list[PluggedOnu]:
        """Boxes that are lit and registered nowhere on the port where they are, in the order of ports."""
        seen = [onu for onu in self.plugged.values() if self._shows_unregistered(onu)]
        return sorted(
            (onu for onu in seen if port is None or onu.port == port),
            key=lambda onu: (str(onu.port), onu.serial),
        )

    def _shows_unregistered(self, onu: PluggedOnu) -> bool:
        if not onu.lit or self._hidden.get(onu.serial, 0.0) > self.clock():
            return False
        return not any(found.port == onu.port for found in self.by_serial(onu.serial))

    # ------------------------------------------------------------------------------------------------ questions

    def board(self, frame: int, slot: int) -> Board:
        """Raises Refusal `no_such_board`."""
        for board in self.boards:
            if (board.frame, board.slot) == (frame, slot):
                return board
        raise Refusal("no_such_board", f"{frame}/{slot}")

    def check_port(self, port: PonPort) -> Board:
        """The board of a PON port. Raises Refusal `no_such_board`, `no_such_port`."""
        board = self.board(port.frame, port.slot)
        if not board.technology or not board.has(port):
            raise Refusal("no_such_port", port)
        return board

    def onu(self, port: PonPort, onu_id: int) -> Registered:
        """Raises Refusal `no_such_onu`."""
        if found := self.registered.get((port, onu_id)):
            return found
        raise Refusal("no_such_onu", (port, onu_id))

    def by_serial(self, serial: str) -> list[Registered]:
        """Registrations of a canonical serial."""
        return [found for found in self.registered.values() if found.serial == serial]

    def on_port(self, port: PonPort) -> list[Registered]:
        """Registrations on a port, by ONU id."""
        return sorted(
            (found for found in self.registered.values() if found.port == port), key=lambda f: f.onu_id
        )

    def free_onu_id(self, port: PonPort) -> int:
        """The lowest free ONU id. Raises Refusal `port_full`."""
        used = {found.onu_id for found in self.on_port(port)}
        limit = self.check_port(port).onus_per_port
        free = [number for number in self.onu_ids if number not in used]
        if not free or len(used) >= limit:
            raise Refusal("port_full", port)
        return free[0]

    def free_service_port(self) -> int:
        """The lowest free number, where numbers are of the whole OLT."""
        used = {flow.index for flow in self.flows}
        return next(number for number in self.service_port_numbers if number not in used)

    def flows_of(self, port: PonPort, onu_id: int | None = None) -> list[Flow]:
        """Service-ports of a port or of one ONU, by number."""
        here = [flow for flow in self.flows if flow.port == port and onu_id in {None, flow.onu_id}]
        return sorted(here, key=lambda flow: flow.index)

    def profile(self, kind: ProfileKind, key: str | int) -> Profile:
        """By number or name. Raises Refusal `no_such_profile`."""
        for found in self.profiles:
            if found.kind == kind and str(key) in {found.name, str(found.number)}:
                return found
        raise Refusal("no_such_profile", (kind, key))

    def box(self, found: Registered) -> PluggedOnu | None:
        """The box that answers for a registration: lit, and on its port."""
        onu = self.plugged.get(found.serial)
        return onu if onu and onu.lit and onu.port == found.port else None

    def phase(self, found: Registered) -> Phase:
        """How far the ONU has come since it was registered, lit or activated, whichever was last."""
        onu = self.box(found)
        if onu is None or not found.active:
            return "offline"
        needs = self.time_to_online_s if onu.time_to_online_s is None else onu.time_to_online_s
        passed = self.clock() - self._linked_at(found, onu)
        if passed >= needs:
            return "online"
        return "logging" if passed < needs / 2 else "syncing"

    def online(self, found: Registered) -> PluggedOnu:
        """The box behind a registration. Raises Refusal `onu_offline` until it is online."""
        onu = self.box(found)
        if onu is None or self.phase(found) != "online":
            raise Refusal("onu_offline", found.key)
        return onu

    def gem_ports(self, found: Registered) -> dict[int, int]:
        """GEM port → T-CONT, of the ONU's own configuration and of its line profile."""
        gems = {gem.index: gem.tcont for gem in found.gems.values()}
        if found.line_profile is not None:
            gems |= self.profile("line", found.line_profile).fields.get("gems", {})
        return gems

    @property
    def busy(self) -> bool:
        """Whether configuration is refused for the moment."""
        return self.clock() < self.busy_until

    @property
    def unsaved(self) -> bool:
        """Whether the running configuration differs from the saved one."""
        return self.changes != self._saved_at_change

    def date(self, at: float) -> datetime:
        """A time of the clock as a date."""
        return datetime.fromtimestamp(self.wall().timestamp() + at - self.clock(), UTC)

    # ------------------------------------------------------------------------------------------------ operations

    def register(self, port: PonPort, onu_id: int, serial: str, **fields: Any) -> Registered:
        """Register an ONU; `serial` in any form.

        Raises Refusal `no_such_board`, `no_such_port`, `serial_exists`, `onu_id_exists`, `port_full`, `no_such_profile`.
        """
        board = self.check_port(port)
        canonical = canonical_serial(serial)
        if held := self.by_serial(canonical):
            raise Refusal("serial_exists", held[0].key)
        if (port, onu_id) in self.registered:
            raise Refusal("onu_id_exists", (port, onu_id))
        if len(self.on_port(port)) >= board.onus_per_port or onu_id not in self.onu_ids:
            raise Refusal("port_full", port)
        self._check_profiles(line=fields.get("line_profile"), service=fields.get("service_profile"))
        self._check_profiles(onu_type=fields.get("onu_type"))
        found = Registered(port, onu_id, canonical, serial, since=self.clock(), **fields)
        self.registered[found.key] = found
        self._changed()
        self._follow(canonical)
        return found

    def unregister(self, port: PonPort, onu_id: int, *, cascade: bool = False) -> None:
        """Remove a registration. `cascade`: with its service-ports, else they refuse it.

        Raises Refusal `no_such_onu`, `service_ports_exist`.
        """
        found = self.onu(port, onu_id)
        flows = self.flows_of(port, onu_id)
        if flows and not cascade:
            raise Refusal("service_ports_exist", [flow.index for flow in flows])
        self.flows = [flow for flow in self.flows if flow.onu != (port, onu_id)]
        del self.registered[found.key]
        self._hidden[found.serial] = self.clock() + self.time_to_rediscover_s
        self._changed()

    def modify(self, found: Registered, **fields: Any) -> None:
        """Change plain fields of a registration. Raises Refusal `no_such_profile`, `gem_in_use`, `repeated`."""
        if all(getattr(found, name) == value for name, value in fields.items()):
            raise Refusal("repeated", found.key)
        self._check_profiles(line=fields.get("line_profile"), service=fields.get("service_profile"))
        before = {name: getattr(found, name) for name in fields}
        self._assign(found, fields)
        lost = {flow.gem_port for flow in self.flows_of(*found.key)} - set(self.gem_ports(found))
        if lost and "line_profile" in fields:
            self._assign(found, before)
            raise Refusal("gem_in_use", sorted(lost))
        self._changed()

    def set_active(self, found: Registered, active: bool) -> None:
        """Suspend or resume."""
        if not active:
            self._down(found.serial, "deactive")
        found.active, found.since = active, self.clock()
        self._changed()
        self._follow(found.serial)

    def restart(self, found: Registered) -> None:
        """Reboot the ONU: it goes down and comes back. Raises Refusal `onu_offline`."""
        onu = self.online(found)
        self._down(found.serial, "ONT is reset by ONT command")
        onu.since = self.clock()
        self._follow(found.serial)

    def set_tcont(self, found: Registered, tcont: Tcont) -> None:
        """Raises Refusal `no_such_profile`."""
        self._check_profiles(dba=tcont.profile)
        found.tconts[tcont.index] = tcont
        self._changed()

    def remove_tcont(self, found: Registered, index: int) -> None:
        """Raises Refusal `no_such_tcont`, `tcont_in_use`."""
        if index not in found.tconts:
            raise Refusal("no_such_tcont", index)
        if any(gem.tcont == index for gem in found.gems.values()):
            raise Refusal("tcont_in_use", index)
        del found.tconts[index]
        self._changed()

    def set_gem(self, found: Registered, gem: Gem) -> None:
        """Raises Refusal `no_such_tcont`, `no_such_profile`."""
        if gem.tcont not in found.tconts:
            raise Refusal("no_such_tcont", gem.tcont)
        for profile in (gem.upstream_profile, gem.downstream_profile):
            self._check_profiles(traffic=profile)
        found.gems[gem.index] = gem
        self._changed()

    def remove_gem(self, found: Registered, index: int, *, cascade: bool = False) -> None:
        """Raises Refusal `no_such_gem`; `gem_in_use` when a service-port needs it, unless `cascade`."""
        if index not in found.gems:
            raise Refusal("no_such_gem", index)
        users = [flow for flow in self.flows_of(*found.key) if flow.gem_port == index]
        if users and not cascade:
            raise Refusal("gem_in_use", index)
        self.flows = [flow for flow in self.flows if flow not in users]
        del found.gems[index]
        self._changed()

    def add_flow(self, flow: Flow) -> None:
        """Add a service-port.

        Raises Refusal `no_such_onu`, `no_such_gem`, `no_such_vlan`, `no_such_profile`, `service_port_exists` (number in
        use), `flow_exists` (same ONU, GEM port and user VLAN; `about` is the other's number).
        """
        found = self.onu(flow.port, flow.onu_id)
        if flow.gem_port not in self.gem_ports(found):
            raise Refusal("no_such_gem", flow.gem_port)
        if self.vlans is not None and flow.vlan not in self.vlans:
            raise Refusal("no_such_vlan", flow.vlan)
        for profile in (flow.upstream_profile, flow.downstream_profile):
            self._check_profiles(traffic=profile)
        if any(self._number(other) == self._number(flow) for other in self.flows):
            raise Refusal("service_port_exists", flow.index)
        for other in self.flows_of(flow.port, flow.onu_id):
            if (other.gem_port, other.user_vlan) == (flow.gem_port, flow.user_vlan):
                raise Refusal("flow_exists", other.index)
        self.flows.append(flow)
        self._changed()

    def remove_flows(self, flows: Iterable[Flow]) -> int:
        """Remove service-ports; how many. Raises Refusal `no_such_service_port` when there are none."""
        gone = list(flows)
        if not gone:
            raise Refusal("no_such_service_port")
        self.flows = [flow for flow in self.flows if flow not in gone]
        self._changed()
        return len(gone)

    def flow(self, index: int) -> Flow:
        """A service-port by its number, where numbers are of the whole OLT. Raises Refusal `no_such_service_port`."""
        for found in self.flows:
            if found.index == index:
                return found
        raise Refusal("no_such_service_port", index)

    def configure(self, found: Registered, *rows: Row) -> None:
        """Set rows inside the ONU. Raises Refusal `no_such_uni`, `no_such_gem`, `no_such_profile`."""
        for row in rows:
            self._check_row(found, row)
        for row in rows:
            self._shelf(found, row)[row_key(row)] = row
        self._changed()

    def unconfigure(self, found: Registered, row: Row) -> None:
        """Remove a row. Raises Refusal `no_such_service_port` when it is not there."""
        if self._shelf(found, row).pop(row_key(row), None) is None:
            raise Refusal("no_such_service_port", row_key(row))
        self._changed()

    def add_profile(self, profile: Profile) -> None:
        """Raises Refusal `profile_exists`."""
        for other in self.profiles:
            same_number = profile.number is not None and other.number == profile.number
            if other.kind == profile.kind and (same_number or other.name == profile.name):
                raise Refusal("profile_exists", profile.key)
        self.profiles.append(profile)
        self._changed()

    def save(self) -> None:
        """Make the running configuration permanent; busy for `save_s`."""
        self._saved = copy.deepcopy((self.registered, self.flows, self.profiles))
        self._saved_at_change = self.changes
        self.busy_until = self.clock() + self.save_s

    def reboot(self) -> None:
        """Lose what was not saved."""
        if self._saved is not None:
            self.registered, self.flows, self.profiles = copy.deepcopy(self._saved)
        elif self.changes:
            self.registered, self.flows = {}, []
        self.changes = self._saved_at_change
        self.name = self.sysname_at_reboot or self.name
        for onu in self.plugged.values():
            onu.since = self.clock()

    def mark_saved(self) -> None:
        """Take what a test has set up for the saved configuration."""
        self.save()
        self.busy_until = 0.0

    def snapshot(self) -> dict[str, Any]:
        """Registrations as plain data, by `0/1/0:5`; service-ports with their ONU, without their order."""
        return {f"{found.port}:{found.onu_id}": self._plain(found) for found in self.registered.values()}

    # -------------------------------------------------------------------------------------------------- insides

    def _plain(self, found: Registered) -> dict[str, Any]:
        plain = asdict(found)
        for name in ("port", "onu_id", "raw_serial", "since", "history"):
            del plain[name]
        flows = [asdict(flow) for flow in self.flows_of(*found.key)]
        for flow in flows:
            del flow["port"], flow["onu_id"]
        return plain | {"flows": flows}

    def _number(self, flow: Flow) -> tuple[object, ...]:
        match self.numbering:
            case "olt":
                return (flow.index,)
            case "onu":
                return (flow.port, flow.onu_id, flow.index)
            case "vport":
                return (flow.port, flow.onu_id, flow.vport, flow.index)

    def _check_profiles(self, **keys: str | None) -> None:
        for kind, key in keys.items():
            if key is not None:
                self.profile(kind, key)  # type: ignore[arg-type]

    def _check_row(self, found: Registered, row: Row) -> None:
        onu = self.plugged.get(found.serial)
        if isinstance(row, OnuServiceRow) and row.gem_port not in self.gem_ports(found):
            raise Refusal("no_such_gem", row.gem_port)
        if isinstance(row, Lan) and onu and row.port > onu.eth_ports:
            raise Refusal("no_such_uni", row.port)
        if isinstance(row, Ssid) and onu and row.index > onu.wifi_ssids:
            raise Refusal("no_such_uni", row.index)
        if isinstance(row, Wan):
            self._check_profiles(vlan=row.vlan_profile, wan=row.wan_profile)
        if isinstance(row, Host):
            self._check_profiles(tr069=row.tr069_profile)

    @staticmethod
    def _shelf(found: Registered, row: Row) -> dict[Any, Any]:
        shelves: dict[type, dict[Any, Any]] = {
            OnuServiceRow: found.services,
            Lan: found.lans,
            Wan: found.wans,
            Ssid: found.ssids,
            Host: found.hosts,
        }
        return shelves[type(row)]

    @staticmethod
    def _assign(found: Registered, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            setattr(found, name, value)

    def _changed(self) -> None:
        self.changes += 1

    def _linked_at(self, found: Registered, onu: PluggedOnu) -> float:
        return max(found.since, onu.since)

    def _follow(self, serial: str) -> None:
        for found in self.by_serial(serial):
            onu = self.box(found)
            idle = not found.history or found.history[-1].down is not None
            if onu and found.active and idle:
                found.history = [*found.history[-9:], Period(up=self.clock())]

    def _down(self, serial: str, cause: str) -> None:
        for found in self.by_serial(serial):
            if self.box(found) and found.history and found.history[-1].down is None:
                found.history[-1].down, found.history[-1].cause = self.clock(), cause
