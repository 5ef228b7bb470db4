"""From what is wanted and what is there to the commands between them. Pure."""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import SecretStr

from schemas.onu import DesiredOnu, LanPort, ServicePort
from schemas.serial import hex_serial
from vendors.contract import Command, Flow, NotApplied, Observation, Registration, write
from vendors.errors import OrderRejected
from vendors.huawei_smartax.observing import ONU_IDS, board, hosts
from vendors.huawei_smartax.stored import DEFAULT_VLAN, Host

CONFIG = ("config",)
_NO_COMMAND = "no_command_on_platform"
_IN_PROFILE = ("tconts", "gem_ports")
"""In profile mode these are the line profile's."""


def limits(desired: DesiredOnu, firmware: str | None = None) -> tuple[NotApplied, ...]:
    """What of the wish no SmartAX command does: Wi-Fi above all, and what lies in the profiles."""
    fields = [name for name in (*_IN_PROFILE, "onu_services") if getattr(desired, name)]
    fields += [f"lan_ports.{port.port}" for port in desired.lan_ports if not _settable(port)]
    fields += [f"wifi.{wifi.index}" for wifi in desired.wifi]
    if desired.onu_type:
        fields.append("onu_type")
    fields += [
        f"service_ports.{flow.gem_port}.inner_vlan" for flow in desired.service_ports if _lost_tag(flow)
    ]
    if wan := desired.wan:
        account = ("login", "password") if wan.mode == "dhcp" else ()
        fields += [f"wan.{name}" for name in ("vlan_profile", "wifi", *account) if getattr(wan, name)]
        fields += ["management"] * _shares_host(desired)
    told = [NotApplied(field=name, reason=_NO_COMMAND) for name in dict.fromkeys(fields)]
    if desired.wan and desired.wan.wan_profile and not has_wan_commands(firmware):
        told.append(NotApplied(field="wan.wan_profile", reason="not_on_this_firmware"))
    return tuple(told)


def _shares_host(desired: DesiredOnu) -> bool:
    """Whether connection and management name the same IP host, which can be one of them only: the connection is made."""
    wan, management = desired.wan, desired.management
    return wan is not None and management is not None and wan.index == management.index


def _lost_tag(flow: ServicePort) -> bool:
    """Whether it names a C-VLAN that its transform has no room for."""
    return flow.inner_vlan is not None and _tags(flow)[1] is None


def _settable(port: LanPort) -> bool:
    """Only a native VLAN can be given to a port; transparency and translation are the service profile's."""
    return port.mode == "tag" and port.vlan is not None


def plan(desired: DesiredOnu | None, observed: Observation) -> tuple[Command, ...]:
    """Commands that turn `observed` into `desired`; none when they agree. Raises OrderRejected."""
    if desired and _shares_host(desired):
        desired = desired.model_copy(update={"management": None})
    here = observed.at(desired.port) if desired else None
    gone = [found for found in observed.registrations if found is not here]
    commands = [command for found in gone for command in _removal(found)]
    if desired is not None:
        commands += _changes(desired, here, observed) if here else _creation(desired, observed)
    return tuple(commands)


def _removal(found: Registration) -> list[Command]:
    """Service-ports first, each by its number: the device refuses the other order."""
    where = board(found.port, found.more.get("word", "gpon"))
    undone = [_undo_flow(flow) for flow in found.flows or ()]
    return [*undone, write(f"ont delete {found.port.port} {found.onu_id}", path=where, timeout_s=60.0)]


def _undo_flow(flow: Flow) -> Command:
    return write(f"undo service-port {flow.index}", path=CONFIG)


# ---------------------------------------------------------------------------------------------------------- creation


def _creation(desired: DesiredOnu, observed: Observation) -> list[Command]:
    onu_id = next((number for number in ONU_IDS if number not in _used(desired, observed)), None)
    if onu_id is None:
        raise OrderRejected(f"no free ONT id on port {desired.port}", code="port_full")
    return [
        _registering(desired, onu_id, observed),
        *_inside(desired, onu_id, None, observed),
        *_flows(desired, onu_id, desired.service_ports),
    ]


def _used(desired: DesiredOnu, observed: Observation) -> frozenset[int]:
    return observed.used_onu_ids if observed.port == desired.port else frozenset()


def _registering(desired: DesiredOnu, onu_id: int, observed: Observation) -> Command:
    if desired.line_profile is None or desired.service_profile is None:
        raise OrderRejected(
            "a SmartAX ONT needs a line profile and a service profile", code="profile_missing"
        )
    profiles = f"{_profile('ont-lineprofile', desired.line_profile)} {_profile('ont-srvprofile', desired.service_profile)}"
    named = f' desc "{desired.description}"' if desired.description else ""
    serial = hex_serial(desired.serial, observed.printed)
    return write(
        f'ont add {desired.port.port} {onu_id} sn-auth "{serial}" omci {profiles}{named}',
        path=board(desired.port, observed.more.get("word", "gpon")),
        timeout_s=60.0,
    )


def _profile(kind: str, key: str) -> str:
    return f"{kind}-id {key}" if key.isdigit() else f'{kind}-name "{key}"'


# ----------------------------------------------------------------------------------------------------------- changes


def _changes(desired: DesiredOnu, here: Registration, observed: Observation) -> list[Command]:
    """Removes before it adds: obsolete service-ports, obsolete hosts, profiles, what is inside the ONT, service-ports."""
    obsolete, missing = _flow_changes(desired, here)
    return [
        *(_undo_flow(flow) for flow in obsolete),
        *_obsolete_hosts(desired, here),
        *_profile_changes(desired, here),
        *_inside(desired, here.onu_id, here, observed),
        *_flows(desired, here.onu_id, missing),
    ]


def _flow_changes(desired: DesiredOnu, here: Registration) -> tuple[list[Flow], list[ServicePort]]:
    """Service-ports that must go, and those that are missing."""
    left = list(here.flows or ())
    missing: list[ServicePort] = []
    for wanted in desired.service_ports:
        same = next((flow for flow in left if _same_flow(wanted, flow.service, here)), None)
        if same is None:
            missing.append(wanted)
        else:
            left.remove(same)
    return left, missing


def _same_flow(wanted: ServicePort, found: ServicePort, here: Registration) -> bool:
    if (wanted.gem_port, wanted.vlan, wanted.user_vlan) != (found.gem_port, found.vlan, found.user_vlan):
        return False
    up, down = found.upstream_profile, found.downstream_profile
    if "service_ports" in here.unread:
        # The table shows neither transform nor C-VLAN, and some OLTs print RX and TX the other way round (MA5800-X7): a
        # service-port that looks right is left alone.
        return _same_tables(wanted, up, down, here) or _same_tables(wanted, down, up, here)
    return _same_tables(wanted, up, down, here) and _tags(wanted) == _tags(found)


def _same_tables(wanted: ServicePort, up: str | None, down: str | None, here: Registration) -> bool:
    return _same_table(wanted.upstream_profile, up, here) and _same_table(
        wanted.downstream_profile, down, here
    )


def _tags(flow: ServicePort) -> tuple[str, int | None]:
    """One that adds a tag keeps the ONU's below it where the wish names no other."""
    inner = flow.inner_vlan or flow.user_vlan
    return flow.transform, inner if flow.transform == "translate-and-add" else None


def _same_table(wanted: str | None, found: str | None, here: Registration) -> bool:
    """A traffic table is wanted by number or name, and shown by number; its name was asked for."""
    return wanted == found or (wanted is not None and here.more.get(f"table.{found}") == wanted)


def _profile_changes(desired: DesiredOnu, here: Registration) -> list[Command]:
    asked = (
        ("ont-lineprofile", desired.line_profile, here.line_profile, here.line_profile_name),
        ("ont-srvprofile", desired.service_profile, here.service_profile, here.service_profile_name),
    )
    return [
        _inner(here, f"ont modify {here.port.port} {here.onu_id} {_profile(kind, wanted)}")
        for kind, wanted, number, name in asked
        if wanted is not None and wanted not in {number, name}
    ]


def _inner(here: Registration, line: str) -> Command:
    return write(line, path=board(here.port, here.more.get("word", "gpon")), timeout_s=60.0)


def _obsolete_hosts(desired: DesiredOnu, here: Registration) -> list[Command]:
    """IP hosts and the TR-069 profile that the wish does not name, or names as another kind."""
    commands = []
    if "tr069" in here.more and not _has_tr069(desired, here):
        commands.append(_inner(here, f"undo ont tr069-server-config {here.port.port} {here.onu_id}"))
    at = f"{here.port.port} {here.onu_id}"
    return commands + [
        _inner(here, f"undo ont ipconfig {at} ip-index {index}") for index in _obsolete(desired, here)
    ]


def _obsolete(desired: DesiredOnu, here: Registration) -> list[int]:
    wanted, wan = _wanted_hosts(desired), desired.wan.index if desired.wan else None
    return [
        index
        for index, host in sorted(hosts(here).items())
        if index not in wanted
        or wanted[index].mode != host.mode
        or (here.more.get("internet") == str(index) and index != wan)
    ]


def _wanted_hosts(desired: DesiredOnu) -> dict[int, Host]:
    wanted = {}
    if management := desired.management:
        wanted[management.index] = Host("dhcp", management.vlan, management.priority)
    if wan := desired.wan:
        wanted[wan.index] = Host(wan.mode, wan.vlan, wan.priority, wan.login if wan.mode == "pppoe" else None)
    return wanted


def _has_tr069(desired: DesiredOnu, here: Registration) -> bool:
    wanted = desired.management.tr069_profile if desired.management else None
    return wanted is not None and wanted in {here.more.get("tr069"), here.more.get("tr069_name")}


# ------------------------------------------------------------------------------------------------------- inside the ONT


def _inside(
    desired: DesiredOnu, onu_id: int, here: Registration | None, observed: Observation
) -> list[Command]:
    """Native VLANs, routed ports, IP hosts, WAN and TR-069: those that differ from what `here` shows."""
    where = board(desired.port, (here or observed).more.get("word", "gpon"))
    target = f"{desired.port.port} {onu_id}"
    known = frozenset() if here is None else observed.secrets_current
    lines = [
        *((parts, "lan_ports") for parts in _lan_lines(desired, here, target, known)),
        *_host_lines(desired, here, target, known),
        *((parts, "wan") for parts in _wan_lines(desired, here, target, known, observed.firmware)),
        *((parts, "management") for parts in _tr069_lines(desired, here, target, known)),
    ]
    return [
        write(
            *parts,
            path=where,
            timeout_s=60.0,
            secret="wan.password" if _is_secret(parts) else None,
            carries=frozenset({part}),
        )
        for parts, part in lines
    ]


Parts = tuple[str | SecretStr, ...]


def _is_secret(parts: Parts) -> bool:
    return any(isinstance(part, SecretStr) for part in parts)


def _blind(name: str, here: Registration | None, known: frozenset[str]) -> bool | None:
    """For a part that the OLT does not show: whether it was applied before. None where it does show it."""
    return name in known if here is not None and name in here.unread else None


def _lan_lines(
    desired: DesiredOnu, here: Registration | None, target: str, known: frozenset[str]
) -> Iterator[Parts]:
    wanted = {port.port: (port.vlan, port.priority) for port in desired.lan_ports if _settable(port)}
    applied = _blind("lan_ports", here, known)
    if applied:
        return
    found = {port.port: (port.vlan, port.priority) for port in (here.lan_ports or ())} if here else {}
    for port in sorted(found.keys() - wanted.keys()):
        # No `undo` of it is known; VLAN 1 is what a port has that was never given another (a guess of the manuals).
        yield (f"ont port native-vlan {target} eth {port} vlan {DEFAULT_VLAN} priority 0",)
    for port, (vlan, priority) in sorted(wanted.items()):
        if found.get(port) != (vlan, priority):
            yield (f"ont port native-vlan {target} eth {port} vlan {vlan} priority {priority}",)


def _host_lines(
    desired: DesiredOnu, here: Registration | None, target: str, known: frozenset[str]
) -> Iterator[tuple[Parts, str]]:
    found = hosts(here) if here else {}
    for index, host in sorted(_wanted_hosts(desired).items()):
        is_wan = desired.wan is not None and index == desired.wan.index
        part = "wan" if is_wan else "management"
        applied = _blind(part, here, known)
        obsolete = here is not None and index in _obsolete(desired, here)
        same = (found.get(index) == host and not obsolete) if applied is None else applied
        if not same or (is_wan and _password_is_new(desired, known)):
            yield _host_line(desired, target, index, host), part


def _password_is_new(desired: DesiredOnu, known: frozenset[str]) -> bool:
    wan = desired.wan
    return (
        wan is not None and wan.mode == "pppoe" and wan.password is not None and "wan.password" not in known
    )


def _host_line(desired: DesiredOnu, target: str, index: int, host: Host) -> Parts:
    line = f"ont ipconfig {target} ip-index {index} {host.mode} vlan {host.vlan} priority {host.priority}"
    if host.mode != "pppoe" or host.login is None:
        return (line,)
    password = desired.wan.password if desired.wan else None
    account = f'{line} user-account username "{host.login}"'
    return (account,) if password is None else (f'{account} password "', password, '"')


def has_wan_commands(firmware: str | None) -> bool:
    """Whether the OLT knows `ont internet-config` and `ont wan-config`: MA5600V800R015 does not, R017 does.

    Of R016 nothing is known; it is taken for the older.
    """
    if firmware is None or "V800R0" not in firmware:
        return True
    release = firmware.split("V800R0", 1)[1][:2]
    return not release.isdigit() or int(release) >= 17


def _wan_lines(
    desired: DesiredOnu, here: Registration | None, target: str, known: frozenset[str], firmware: str | None
) -> Iterator[Parts]:
    more: Mapping[str, str] = here.more if here else {}
    routes = {int(key[6:]) for key in more if key.startswith("route.")}
    wan = desired.wan
    applied = _blind("wan", here, known)
    if applied:
        return
    if wan and has_wan_commands(firmware):
        renewed = here is not None and wan.index in _obsolete(desired, here)
        if renewed or more.get("internet") != str(wan.index):
            yield (f"ont internet-config {target} ip-index {wan.index}",)
        bound = None if renewed else more.get(f"wan_profile.{wan.index}")
        if wan.wan_profile is not None and bound != wan.wan_profile:
            yield (f"ont wan-config {target} ip-index {wan.index} {_numbered(wan.wan_profile)}",)
    wanted = set(wan.lan_ports) if wan else set()
    # `disable` is a guess: the manuals show `enable` only.
    yield from ((f"ont port route {target} eth {port} disable",) for port in sorted(routes - wanted))
    yield from ((f"ont port route {target} eth {port} enable",) for port in sorted(wanted - routes))


def _numbered(profile: str) -> str:
    return f"profile-id {profile}" if profile.isdigit() else f'profile-name "{profile}"'


def _tr069_lines(
    desired: DesiredOnu, here: Registration | None, target: str, known: frozenset[str]
) -> Iterator[Parts]:
    wanted = desired.management.tr069_profile if desired.management else None
    if wanted is None or _blind("management", here, known):
        return
    if here is None or not _has_tr069(desired, here):
        yield (f"ont tr069-server-config {target} {_numbered(wanted)}",)


# ------------------------------------------------------------------------------------------------------ service-ports


def _flows(desired: DesiredOnu, onu_id: int, wanted: Iterable[ServicePort]) -> list[Command]:
    """The OLT numbers them itself: which of its numbers are free, only its whole table would tell."""
    new = tuple(wanted)
    carries = frozenset({"service_ports"} if len(new) == len(desired.service_ports) else ())
    return [
        write(_flow_line(desired, onu_id, flow), path=CONFIG, timeout_s=60.0, carries=carries) for flow in new
    ]


def _flow_line(desired: DesiredOnu, onu_id: int, flow: ServicePort) -> str:
    transform, inner_vlan = _tags(flow)
    if transform == "translate-and-add" and inner_vlan is None:
        raise OrderRejected("translate-and-add of an untagged flow needs an inner VLAN", code="olt_syntax")
    inner = f" inner-vlan {inner_vlan}" if inner_vlan is not None else ""
    return (
        f"service-port vlan {flow.vlan} gpon {desired.port} ont {onu_id} gemport {flow.gem_port} multi-service"
        f" user-vlan {flow.user_vlan or 'untagged'} tag-transform {flow.transform}{inner}"
        f"{_rate('inbound', flow.upstream_profile)}{_rate('outbound', flow.downstream_profile)}"
    )


def _rate(way: str, table: str | None) -> str:
    """Inbound is what comes from the ONT."""
    if table is None:
        return ""
    return (
        f" {way} traffic-table index {table}" if table.isdigit() else f' {way} traffic-table name "{table}"'
    )
