"""What displays of the OLT itself print, its service-ports, profiles and configuration: pure functions of the model."""

from collections.abc import Iterable, Sequence

from schemas.serial import hex_serial
from vendors.huawei_smartax.simulator.look import RULE, product, word
from vendors.huawei_smartax.simulator.render_ont import fields, line_body, rule, service_body, states
from vendors.simulator.model import Olt
from vendors.simulator.rows import Flow, Lan, Profile, Registered

_FLOW_NOTE = """\
   Note : F--Frame, S--Slot, P--Port,
          VPI indicates ONT ID for PON, VCI indicates GEM index for GPON,
          v/e--vlan/encap, pritag--priority-tagged,
          ppp--pppoe, ip--ipoe, ip4--ipv4oe, ip6--ipv6oe, vxl--vxlan.
"""
_MAC_NOTE = """\
  Note: F--Frame, S--Slot, P--Port, F/S/P indicates PW Index for PW,
        A--The MAC address is learned or configured on the aggregation port,
        VPI indicates ONT ID for PON, VCI indicates GEM index for GPON,
        v/e--vlan/encap, pritag--priority-tagged,
        ppp--pppoe, ip--ipoe, ip4--ipv4oe, ip6--ipv6oe
"""


def is_up(olt: Olt, flow: Flow) -> bool:
    """Whether a service-port passes traffic."""
    return states(olt, olt.onu(flow.port, flow.onu_id))[0] == "online"


def flows(olt: Olt, shown: Sequence[Flow]) -> str:
    """`display service-port …`."""
    up = sum(is_up(olt, flow) for flow in shown)
    return (
        f"  Switch-Oriented Flow List\n{RULE}"
        "   INDEX VLAN VLAN     PORT F/ S/ P VPI  VCI   FLOW  FLOW       RX   TX   STATE\n"
        f"         ID   ATTR     TYPE                    TYPE  PARA\n{RULE}"
        + "".join(_flow_row(olt, flow) for flow in shown)
        + f"{RULE}   Total : {len(shown)}  (Up/Down :    {up}/{len(shown) - up})\n{_FLOW_NOTE}"
    )


def _flow_row(olt: Olt, flow: Flow) -> str:
    kind = "stacking" if flow.inner_vlan else "common"
    para = "untag" if flow.user_vlan is None else str(flow.user_vlan)
    state = "up" if is_up(olt, flow) else "down"
    return (
        f"{flow.index:>8} {flow.vlan:>4} {kind:<8} gpon {flow.port.frame}/{flow.port.slot:<2}/{flow.port.port:<3}"
        f"{flow.onu_id:<5}{flow.gem_port:<6}vlan  {para:<11}{table(olt, flow.upstream_profile):<5}"
        f"{table(olt, flow.downstream_profile):<5}{state:<5}\n"
    )


def table(olt: Olt, key: str | None) -> str:
    """A traffic table by its number, under whatever name it was given."""
    if key is None:
        return "-"
    found = next(
        (one for one in olt.profiles if one.kind == "traffic" and key in {one.name, str(one.number)}), None
    )
    return key if found is None or found.number is None else str(found.number)


def flow(olt: Olt, shown: Flow) -> str:
    """`display service-port <index>`."""
    rows = [
        ("Index", shown.index),
        ("VLAN ID", shown.vlan),
        ("VLAN attr", "common"),
        ("Port type", "gpon"),
        ("F/S/P", shown.port),
        ("ONT ID", shown.onu_id),
        ("GEM port index", shown.gem_port),
        ("Flow type", "vlan"),
        ("Flow para", "untag" if shown.user_vlan is None else shown.user_vlan),
        ("Inbound table", table(olt, shown.upstream_profile)),
        ("Outbound table", table(olt, shown.downstream_profile)),
        ("Tag transform", shown.transform),
        ("Admin status", "enable"),
        ("State", "up" if is_up(olt, shown) else "down"),
        ("Label", ""),
    ]
    line = rule(61)
    return line + fields(rows, 20) + line


def macs(olt: Olt, shown: Iterable[Flow]) -> str:
    """`display mac-address …`: one address behind each service-port that is up."""
    line = rule(71)
    live = [one for one in shown if is_up(olt, one)]
    rows = "".join(
        f"  {one.index:>6}     -  gpon 02{one.index % 256:02x}-{one.vlan:04x}-{one.onu_id:04x} dynamic  {one.port.frame}"
        f" /{one.port.slot:<2}/{one.port.port:<3} {one.onu_id:<4} {one.gem_port:<5} {one.vlan:>7}\n"
        for one in live
    )
    return (
        f"  It will take some time, please wait...\n{line}"
        "   SRV-P BUNDLE TYPE MAC            MAC TYPE F /S /P   VPI  VCI   VLAN ID\n"
        f"   INDEX INDEX\n{line}{rows}{line}  Total: {len(live)}\n{_MAC_NOTE}"
    )


# -------------------------------------------------------------------------------------------------------- profiles


def profile_list(olt: Olt, kind: str, width: int) -> str:
    """`display ont-lineprofile gpon all` and its like."""
    shown = sorted((one for one in olt.profiles if one.kind == kind), key=lambda one: one.number or 0)
    line = rule(width)
    rows = "".join(f"  {one.number or 0:<11} {one.name:<43} {bindings(olt, one):<12}\n" for one in shown)
    head = f"  Profile-ID  Profile-name                                Binding times\n{line}"
    return f"{line}{head}{rows}{line}  Total: {len(shown)}\n"


def bindings(olt: Olt, profile: Profile) -> int:
    """How many ONTs use a profile."""
    keys = {profile.name, profile.key}
    used = {"line": lambda one: one.line_profile, "service": lambda one: one.service_profile}.get(
        profile.kind
    )
    return sum(used(found) in keys for found in olt.registered.values()) if used else 0


def profile(olt: Olt, shown: Profile) -> str:
    """One line or service profile."""
    body = line_body(shown) if shown.kind == "line" else service_body()
    return (
        f"{RULE}  Profile-ID          :{shown.number}\n  Profile-name        :{shown.name}\n"
        f"  Access-type         :GPON\n{RULE}{body}{RULE}  Binding times       :{bindings(olt, shown)}\n{RULE}"
    )


def dba_profiles(olt: Olt) -> str:
    """`display dba-profile all`."""
    shown = sorted((one for one in olt.profiles if one.kind == "dba"), key=lambda one: one.number or 0)
    rows = "".join(
        f"  {one.number or 0:>10}  {one.fields.get('type', 4):>4}            No  {one.fields.get('fix', 0):>8}"
        f"  {one.fields.get('assure', 0):>8}  {one.fields.get('max', 0):>8}  {0:>9}\n"
        for one in shown
    )
    return (
        f"{RULE}  Profile-ID  type  Bandwidth     Fix       Assure    Max       Bind\n"
        f"                    compensation  (kbps)    (kbps)    (kbps)    times\n{RULE}{rows}{RULE}"
    )


def _kbps(shown: Profile, name: str) -> object:
    return shown.fields.get(name, "off")


def traffic_tables(olt: Olt) -> str:
    """`display traffic table ip …`: numbers only."""
    shown = sorted((one for one in olt.profiles if one.kind == "traffic"), key=lambda one: one.number or 0)
    line = rule(75)
    rows = "".join(
        f"   {one.number or 0:<3}{_kbps(one, 'cir'):<9}{'off':<11}{_kbps(one, 'pir'):<9}{'off':<11}"
        f"{one.fields.get('priority', 0):>3} {'-':<16} {'local-pri':>9}\n"
        for one in shown
    )
    return (
        f"{line}  TID CIR      CBS        PIR      PBS        Pri Copy-policy     Pri-Policy\n"
        f"      (kbps)   (bytes)    (kbps)   (bytes)\n{line}{rows}{line}  Total Num : {len(shown)}\n"
    )


def traffic_table(shown: Profile) -> str:
    """`display traffic table ip index <n>`."""
    line = rule(60)
    rows = [
        ("TD Index", shown.number),
        ("TD Name", shown.name),
        ("Priority", shown.fields.get("priority", 0)),
        ("Copy Priority", "-"),
        ("CTAG Mapping Priority", "-"),
        ("CIR", f"{_kbps(shown, 'cir')} kbps"),
        ("PIR", f"{_kbps(shown, 'pir')} kbps"),
        ("Referenced Status", "used"),
    ]
    return line + fields(rows, 22) + line


# ------------------------------------------------------------------------------------------------------- the device


def version(olt: Olt) -> str:
    """`display version`."""
    line = rule(50)
    area = (
        f"{line}  Current Program Area : Area A \n  Current Data Area : Area A \n\n"
        f"  Program Area A Version : {olt.version} \n  Program Area B Version : {olt.version} \n\n"
        f"  Data Area A Version : {olt.version} \n  Data Area B Version : {olt.version} \n{line}\n"
    )
    return (
        f"\n  VERSION : {olt.version}\n  PATCH   : SPH206\n  PRODUCT : {product(olt.version)}\n\n"
        f"  Active Mainboard Running Area Information: \n{area}"
        f"  Standby Mainboard Running Area Information: \n{area}"
        "  Uptime is 20 day(s), 23 hour(s), 19 minute(s), 16 second(s)\n"
    )


def boards(olt: Olt, frame: int) -> str:
    """`display board <frame>`."""
    line = rule(73)
    slots = {board.slot: board for board in olt.boards if board.frame == frame}
    rows = "".join(
        f"  {slot:<7} {name:<10} Normal                           \n" if name else f"  {slot:<7} \n"
        for slot, name in (
            (slot, board_name(slots[slot].name) if slot in slots else "")
            for slot in range(max([8, *(slot + 1 for slot in slots)]))
        )
    )
    return (
        f"{line}  SlotID  BoardName  Status          SubType0 SubType1    Online/Offline\n{line}{rows}{line}"
    )


def board_name(name: str) -> str:
    """The card's name; the model's own word for one without a name is no card of this vendor."""
    return "H901GPHF" if name == "GPON" else name


def sysman() -> str:
    """`display sysman service state`."""
    line = rule(75)
    services = (("telnet", "23", "enable"), ("ssh", "22", "enable"), ("ftp-client", "----", "----"))
    rows = "".join(f"  {name:<50}{port:<15}{state}\n" for name, port, state in services)
    return (
        f"{line}  Network service                                   Port           State\n{line}{rows}{line}"
    )


# -------------------------------------------------------------------------------------------------- the configuration


def configuration(olt: Olt, found: Registered, *, wraps: bool) -> str:
    """`display current-configuration ont`: the commands that make one ONT."""
    where = f"{found.port.frame}/{found.port.slot}"
    kind = word(olt.version, olt.board(found.port.frame, found.port.slot))
    onu = [f" interface {kind} {where}", *(f" {line}" for line in _onu_lines(found))]
    services = [f" {_flow_line(olt, one)}" for one in olt.flows_of(*found.key)]
    lines = [f"[{olt.version.split('C')[0]}: 5011]", "#", f"[{kind}]", f"  <{kind}-{where}>", *onu, "#"]
    if services:
        lines += ["[bbs-config]", "  <bbs-config>", *services, "#"]
    shown = [part for line in lines for part in (_broken(line) if wraps else [line])]
    return "\n".join([*shown, "return"]) + "\n"


def _broken(line: str) -> list[str]:
    """A line as the older generation breaks it at 80 columns: at a blank, and going on one blank in."""
    parts: list[str] = []
    while len(line) > 80:
        at = line.rfind(" ", 1, 80)
        parts.append(line[:at])
        line = line[at:]
    return [*parts, line]


def _onu_lines(found: Registered) -> Iterable[str]:
    at = f"{found.port.port} {found.onu_id}"
    line = f"ont-lineprofile-id {found.line_profile} ont-srvprofile-id {found.service_profile}"
    text = found.description or "ONT_NO_DESCRIPTION"
    yield f'ont add {at} sn-auth "{hex_serial(found.serial)}" omci {line} desc "{text}"'
    if not found.active:
        yield f"ont deactivate {at}"
    for index, host in sorted(found.hosts.items()):
        yield f"ont ipconfig {at} {_index(index)}dhcp vlan {host.vlan} priority {host.priority}"
    for index, wan in sorted(found.wans.items()):
        account = f' user-account username "{wan.login}" password "$*b3$kept$*"' if wan.login else ""
        yield f"ont ipconfig {at} {_index(index)}{wan.mode} vlan {wan.vlan} priority {wan.priority}{account}"
    if (internet := found.more.get("internet")) is not None:
        yield f"ont internet-config {at} ip-index {internet}"
    yield from (
        f"ont wan-config {at} ip-index {index} profile-id {wan.wan_profile}"
        for index, wan in sorted(found.wans.items())
        if wan.wan_profile is not None
    )
    if found.more.get("tr069"):
        yield f"ont tr069-server-config {at} profile-id {found.more['tr069']}"
    yield from (_lan_line(at, lan) for _, lan in sorted(found.lans.items()))
    yield from (f"ont port route {at} eth {port} enable " for port in sorted(found.more.get("routes", ())))


def _index(index: int) -> str:
    """Index 0 is not written."""
    return f"ip-index {index} " if index else ""


def _lan_line(at: str, lan: Lan) -> str:
    return f"ont port native-vlan {at} eth {lan.port} vlan {lan.vlan} priority {lan.priority}"


def _flow_line(olt: Olt, one: Flow) -> str:
    inner = f" inner-vlan {one.inner_vlan} inner-priority 0" if one.inner_vlan else ""
    rates = "".join(
        f" {way} traffic-table index {table(olt, key)}"
        for way, key in (("inbound", one.upstream_profile), ("outbound", one.downstream_profile))
        if key is not None
    )
    return (
        f"service-port {one.index} vlan {one.vlan} gpon {one.port} ont {one.onu_id} gemport {one.gem_port}"
        f" multi-service user-vlan {'untagged' if one.user_vlan is None else one.user_vlan}"
        f" tag-transform {one.transform}{inner}{rates}"
    )
