"""From what an ONU is and what it is to be, to the lines between: removes before adds, numbers picked here. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from schemas.onu import DesiredOnu, GemPort, LanPort, OnuService, ServicePort, Wan, Wifi
from schemas.place import PonPort
from schemas.serial import readable_serial
from vendors.contract import Command, Flow, Observation, Registration, write
from vendors.errors import OrderRejected
from vendors.zte_common.grammar import NO_COMMAND, ONU_IDS, Grammar, Path, flow_key

Commands = Iterator[Command]


def plan(grammar: Grammar, desired: DesiredOnu | None, observed: Observation) -> tuple[Command, ...]:
    """See `vendors.contract.Adapter.plan`. Raises OrderRejected: no free number (`port_full`), no ONU type given."""
    here = observed.at(desired.port) if desired else None
    elsewhere = [found for found in observed.registrations if found is not here]
    lines = [line for found in elsewhere for line in removal(grammar, found)]
    if desired is None:
        return tuple(lines)
    wanted, limits = grammar.doable(desired)
    untouched = frozenset(
        limit.field for limit in limits if (limit.field, limit.reason) != ("wan", NO_COMMAND)
    )
    if here and wanted.onu_type and here.onu_type != wanted.onu_type:
        # The type of an ONU cannot be changed: it is registered anew, under its number.
        lines += removal(grammar, here)
        lines += _registration(grammar, wanted, here.onu_id, observed)
    elif here:
        lines += _Difference(grammar, wanted, here, observed, untouched).lines()
    else:
        lines += _registration(grammar, wanted, _free_number(wanted.port, observed), observed)
    return tuple(lines)


def removal(grammar: Grammar, found: Registration) -> Commands:
    """Service-ports first, then the ONU."""
    for flow in found.flows or ():
        path = grammar.flow_path(found.port, found.onu_id, flow.service.gem_port)
        yield write(f"no service-port {flow.index}", path=path)
    yield write(f"no onu {found.onu_id}", path=grammar.olt_path(found.port))


def _free_number(port: PonPort, observed: Observation) -> int:
    """The lowest ONU number not in use: never the one that the list of unregistered ONUs proposes, which may be in use."""
    free = (number for number in ONU_IDS if number not in observed.used_onu_ids)
    if (number := next(free, None)) is None:
        raise OrderRejected(f"no ONU number is free on {port}", code="port_full")
    return number


def _registration(grammar: Grammar, wanted: DesiredOnu, onu_id: int, observed: Observation) -> Commands:
    if wanted.onu_type is None:
        raise OrderRejected(
            "this platform registers an ONU by its type, and no type is given", code="profile_missing"
        )
    path = grammar.olt_path(wanted.port)
    serial = readable_serial(wanted.serial, observed.printed)
    yield write(f"onu {onu_id} type {wanted.onu_type} sn {serial}", path=path)
    if wanted.description:
        yield write(f"description {wanted.description}", path=grammar.onu_path(wanted.port, onu_id))
    bare = Registration(
        port=wanted.port, onu_id=onu_id, raw_serial=wanted.serial, online=False, onu_type=wanted.onu_type
    )
    unknown = observed.model_copy(update={"secrets_current": frozenset()})
    yield from _Difference(grammar, wanted, bare, unknown).lines()


@dataclass(frozen=True)
class _Difference:
    """The lines that make one registered ONU what is wanted."""

    grammar: Grammar
    wanted: DesiredOnu
    here: Registration
    observed: Observation
    untouched: frozenset[str] = frozenset()
    """Fields of the wish that this ONU cannot be given: what it has there stays."""
    _at: tuple[PonPort, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_at", (self.here.port, self.here.onu_id))

    def lines(self) -> Commands:
        """Removes from the inside of the ONU outwards, adds from the outside inwards."""
        yield from self._remove_wan()
        yield from self._remove_services()
        yield from self._remove_flows()
        yield from self._remove_gems()
        yield from self._remove_tconts()
        yield from self._bind_profiles()
        yield from self._add_tconts()
        yield from self._add_gems()
        yield from self._add_flows()
        yield from self._add_services()
        yield from self._set_lans()
        yield from self._add_wan()
        yield from self._set_wifi()
        yield from self._set_management()

    # ------------------------------------------------------------------------------------------------------- paths

    @cached_property
    def _onu(self) -> Path:
        return self.grammar.onu_path(*self._at)

    @cached_property
    def _inside(self) -> Path:
        return self.grammar.management_path(*self._at)

    # ------------------------------------------------------------------------------------ T-CONTs, GEM ports, flows

    @cached_property
    def _wanted_gems(self) -> dict[int, GemPort]:
        return {gem.index: gem for gem in self.wanted.gem_ports}

    @cached_property
    def _kept_gems(self) -> dict[int, GemPort]:
        """GEM ports that stay: same T-CONT, and no rate that would have to be taken off."""
        return {gem.index: gem for gem in self.here.gem_ports or () if self._keeps(gem)}

    def _keeps(self, gem: GemPort) -> bool:
        wanted = self._wanted_gems.get(gem.index)
        if wanted is None or wanted.tcont != gem.tcont:
            return False
        pairs = (
            (wanted.upstream_profile, gem.upstream_profile),
            (wanted.downstream_profile, gem.downstream_profile),
        )
        return all(want is not None or have is None for want, have in pairs)

    @cached_property
    def _kept_flows(self) -> dict[int, Flow]:
        """Service-ports that stay, by their number: each wanted one keeps one that equals it."""
        kept: dict[int, Flow] = {}
        missing = [flow_key(flow) for flow in self.wanted.service_ports]
        for flow in self.here.flows or ():
            key = flow_key(flow.service)
            if key in missing and flow.service.gem_port in self._kept_gems:
                missing.remove(key)
                kept[flow.index] = flow
        return kept

    def _flow_path(self, gem_port: int) -> Path:
        return self.grammar.flow_path(*self._at, gem_port)

    def _remove_flows(self) -> Commands:
        for flow in self.here.flows or ():
            if self._kept_flows.get(flow.index) is not flow:
                yield write(f"no service-port {flow.index}", path=self._flow_path(flow.service.gem_port))
        for name in self.here.more:
            if name.startswith("other_flow."):
                _, vport, index = name.split(".")
                yield write(f"no service-port {index}", path=self._flow_path(int(vport)))

    def _remove_gems(self) -> Commands:
        for gem in self.here.gem_ports or ():
            if gem.index not in self._kept_gems:
                yield write(f"no gemport {gem.index}", path=self._onu)

    def _remove_tconts(self) -> Commands:
        wanted = {tcont.index for tcont in self.wanted.tconts}
        for tcont in self.here.tconts or ():
            if tcont.index not in wanted:
                yield write(f"no tcont {tcont.index}", path=self._onu)

    def _bind_profiles(self) -> Commands:
        for kind, want, have in (
            ("line", self.wanted.line_profile, self.here.line_profile),
            ("service", self.wanted.service_profile, self.here.service_profile),
        ):
            if want and want != have:
                line = f"bind-onu {self.here.onu_id} profile {kind} {want}"
                yield write(line, path=self.grammar.olt_path(self.here.port))

    def _add_tconts(self) -> Commands:
        have = {tcont.index: tcont.profile for tcont in self.here.tconts or ()}
        for tcont in self.wanted.tconts:
            if have.get(tcont.index) != tcont.profile:
                yield write(self.grammar.tcont(tcont), path=self._onu)

    def _add_gems(self) -> Commands:
        for gem in self.wanted.gem_ports:
            have = self._kept_gems.get(gem.index)
            if have is None:
                yield write(self.grammar.gem(gem, self.observed.firmware), path=self._onu)
            if have is None or _rates(have) != _rates(gem):
                yield from self.grammar.rates(*self._at, gem)

    def _add_flows(self) -> Commands:
        left = [flow_key(flow.service) for flow in self._kept_flows.values()]
        used = set(self._kept_flows)
        opened = {int(name.partition(".")[2]) for name in self.here.more if name.startswith("switchport.")}
        for flow in self.wanted.service_ports:
            if (key := flow_key(flow)) in left:
                left.remove(key)
                continue
            number = next(number for number in range(1, 4096) if number not in used)
            used.add(number)
            yield from self._open(flow, opened)
            yield write(self.grammar.flow(number, flow), path=self._flow_path(flow.gem_port))

    def _open(self, flow: ServicePort, opened: set[int]) -> Commands:
        if self.grammar.name == "zte_zxan" and flow.gem_port not in opened:
            opened.add(flow.gem_port)
            yield write(f"switchport mode hybrid vport {flow.gem_port}", path=self._onu)

    # --------------------------------------------------------------------------------------------- inside the ONU

    def _kept_services(self) -> dict[str, OnuService]:
        wanted = {service.name: service for service in self.wanted.onu_services}
        return {
            have.name: have
            for have in self.here.onu_services or ()
            if have.gem_port in self._kept_gems and (want := wanted.get(have.name)) and _serves(have, want)
        }

    def _remove_services(self) -> Commands:
        kept = self._kept_services()
        for service in self.here.onu_services or ():
            if service.name not in kept:
                yield write(f"no service {service.name}", path=self._inside)

    def _add_services(self) -> Commands:
        kept = self._kept_services()
        for service in self.wanted.onu_services:
            if service.name not in kept:
                yield write(self.grammar.service(service), path=self._inside)

    def _set_lans(self) -> Commands:
        """A port that nothing is wanted of becomes transparent, as it is before anything was set."""
        have = {lan.port: lan for lan in self.here.lan_ports or ()}
        wanted = {lan.port: lan for lan in self.wanted.lan_ports}
        for port in sorted(have.keys() | wanted.keys()):
            if f"lan_ports.{port}" in self.untouched:
                continue
            want = wanted.get(port) or LanPort(port=port, mode="transparent")
            if _lan(have.get(port)) != _lan(want):
                yield write(self.grammar.lan(want, self.here.onu_type), path=self._inside)

    def _wan_is_right(self) -> bool:
        want, have = self.wanted.wan, self.here.wan
        if "wan" in self.untouched:
            return True
        if want is None or have is None:
            return want is None and have is None
        bound = self.here.more.get(f"wan.{want.index}") == "internet"
        return (
            bound and _wan(want) == _wan(have) and self._is_current("wan.password", want.password is not None)
        )

    def _is_current(self, name: str, is_wanted: bool) -> bool:
        return not is_wanted or name in self.observed.secrets_current

    def _remove_wan(self) -> Commands:
        if self._wan_is_right():
            return
        numbers = {wan.index for wan in (self.wanted.wan, self.here.wan) if wan}
        for number in sorted(numbers):
            if f"wan.{number}" in self.here.more:
                yield write(f"no wan {number}", path=self._inside)
        for number in sorted(numbers):
            if f"wan_ip.{number}" in self.here.more:
                yield write(self.grammar.no_wan_ip(number), path=self._inside)

    def _add_wan(self) -> Commands:
        if (want := self.wanted.wan) is None or self._wan_is_right():
            return
        connection, binding = self.grammar.wan(want)
        secret = "wan.password" if want.password else None
        yield write(*connection, path=self._inside, secret=secret)
        yield write(binding, path=self._inside)

    def _set_wifi(self) -> Commands:
        names = {wifi.index: wifi.name for wifi in self.here.wifi or ()}
        for wifi in self.wanted.wifi:
            yield from self._set_ssid(wifi, names.get(wifi.index))

    def _set_ssid(self, wifi: Wifi, name: str | None) -> Commands:
        uni = self.grammar.uni("wifi", wifi.index, self.here.onu_type)
        if wifi.name != name:
            yield write(f"ssid ctrl {uni} name {wifi.name}", path=self._inside)
        field_name = f"wifi.{wifi.index}.key"
        is_set = field_name in self.here.more and self._is_current(field_name, True)
        if wifi.key is not None and not is_set:
            yield write(f"ssid auth wpa {uni} key ", wifi.key, path=self._inside, secret=field_name)

    def _set_management(self) -> Commands:
        if (want := self.wanted.management) is None:
            return
        have = self.here.management
        if self.here.more.get("tr069.state") != "unlock":
            yield write("tr069-mgmt 1 state unlock", path=self._inside)
        if want.tr069_profile and self.here.more.get("tr069.acs") != want.tr069_profile:
            yield write(f"tr069-mgmt 1 acs {want.tr069_profile}", path=self._inside)
        if have is None or (have.vlan, have.priority) != (want.vlan, want.priority):
            yield write(f"tr069-mgmt 1 tag pri {want.priority} vlan {want.vlan}", path=self._inside)


def _rates(gem: GemPort) -> tuple[str | None, str | None]:
    return gem.upstream_profile, gem.downstream_profile


def _serves(have: OnuService, want: OnuService) -> bool:
    """Whether a service does what is wanted; what the wish leaves open does not count."""
    shown = (have.gem_port, have.vlan)
    open_ends = ((want.type, have.type), (want.priority, have.priority))
    return shown == (want.gem_port, want.vlan) and all(w is None or w == h for w, h in open_ends)


def _lan(lan: LanPort | None) -> tuple[str, int | None]:
    return (lan.mode, lan.vlan) if lan else ("transparent", None)


def _wan(wan: Wan) -> tuple[object, ...]:
    return wan.mode, wan.index, wan.vlan_profile, wan.login, sorted(wan.lan_ports), sorted(wan.wifi)
