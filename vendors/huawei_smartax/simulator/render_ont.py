"""What displays of ONTs print: pure functions of the model."""

from collections.abc import Iterable, Sequence

from schemas.place import PonPort
from schemas.serial import hex_serial
from vendors.huawei_smartax.simulator.look import RULE
from vendors.simulator.model import Olt
from vendors.simulator.rows import PluggedOnu, Profile, Refusal, Registered

Rows = Sequence[tuple[str, object]]


def rule(length: int, indent: int = 2) -> str:
    """A dashed line."""
    return " " * indent + "-" * length + "\n"


def fields(rows: Rows, width: int, indent: int = 2, colon: str = ": ") -> str:
    """`label : value` lines."""
    lines = (
        f"{' ' * indent}{label:<{width}}{colon}{'-' if value is None else value}" for label, value in rows
    )
    return "".join(f"{line.rstrip() if line.endswith(': ') else line}\n" for line in lines)


def readable(serial: str) -> str:
    """`485754431A2B3C4D (HWTC-1A2B3C4D)`."""
    return f"{hex_serial(serial)} ({serial[:4]}-{serial[4:]})"


def spaced(port: PonPort) -> str:
    """A port as lists write it: `0/ 1/0`."""
    return f"{port.frame}/{port.slot:>2}/{port.port}"


# --------------------------------------------------------------------------------------------------------- autofind


def autofind(olt: Olt, onus: Sequence[PluggedOnu], *, old: bool) -> str:
    """The ONTs that are lit and not registered."""
    line = rule(76, 3)
    blocks = "".join(_found(olt, number, onu, old=old) + line for number, onu in enumerate(onus, start=1))
    return f"{line}{blocks}" + (f"   The number of GPON autofind ONT is {len(onus)}\n" if old else "")


def _found(olt: Olt, number: int, onu: PluggedOnu, *, old: bool) -> str:
    at = olt.date(onu.since).strftime("%Y-%m-%d %H:%M:%S")
    rows = [
        ("Number", number),
        ("F/S/P", onu.port),
        ("Ont SN", readable(onu.serial)),
        ("Password", "0x" + onu.password.encode().hex().ljust(20, "0")[:20]),
        ("Loid", onu.loid),
        ("Checkcode", ""),
        ("VendorID", onu.serial[:4]),
        ("Ont Version", onu.version),
        ("Ont SoftwareVersion", onu.software),
        ("Ont EquipmentID", onu.model),
    ]
    if old:
        return fields([*rows, ("Ont autofind time", at)], 20, 3)
    newer = [
        ("Ont Customized Info", "COMMON"),
        ("Ont MAC", onu.mac),
        ("Ont Equipment SN", f"2150083877{onu.serial[4:]}"),
        ("Ont autofind time", f"{at}+00:00"),
        ("Multi channel", "-"),
    ]
    return fields([*rows, *newer], 20, 3)


# ------------------------------------------------------------------------------------------------------- one port


def states(olt: Olt, found: Registered) -> tuple[str, str, str]:
    """Run, config and match state."""
    phase = olt.phase(found)
    if phase in {"offline", "logging"}:
        return "offline", "initial", "initial"
    if phase == "syncing":
        return "online", "initial", "initial"
    return "online", found.config_state, found.match_state


def control(found: Registered) -> str:
    """The control flag."""
    return "active" if found.active else "deactivated"


def port_list(olt: Olt, port: PonPort) -> str:
    """The two tables of a port, and its totals."""
    onts = olt.on_port(port)
    rows = "".join(_listed(olt, found) for found in onts)
    texts = "".join(
        f"  {spaced(port)}  {found.onu_id:>6}   {found.description or 'ONT_NO_DESCRIPTION'}\n"
        for found in onts
    )
    online = sum(states(olt, found)[0] == "online" for found in onts)
    return (
        f"{RULE}  F/S/P   ONT         SN         Control     Run      Config   Match    Protect\n"
        f"          ID                     flag        state    state    state    side \n{RULE}{rows}{RULE}"
        f"  F/S/P   ONT-ID   Description\n{RULE}{texts}{RULE}"
        f"  In port {spaced(port)}, the total of ONTs are: {len(onts)}, online: {online}\n{RULE}"
    )


def _listed(olt: Olt, found: Registered) -> str:
    run, config, match = states(olt, found)
    return (
        f"  {spaced(found.port)}  {found.onu_id:>3}  {hex_serial(found.serial)}  {control(found):<11} {run:<8}"
        f" {config:<8} {match:<8} no \n"
    )


def summary(olt: Olt, port: PonPort) -> str:
    """`display ont info summary` of one port."""
    onts = olt.on_port(port)
    line = rule(78)
    online = sum(states(olt, found)[0] == "online" for found in onts)
    return (
        f"{line}  In port {port}, the total of ONTs are: {len(onts)}, online: {online}\n{line}"
        "  ONT  Run     Last                Last                Last                   \n"
        f"  ID   State   UpTime              DownTime            DownCause\n{line}"
        + "".join(_history_row(olt, found) for found in onts)
        + f"{line}  ONT        SN        Type          Distance Rx/Tx power  Description\n"
        f"  ID                                    (m)      (dBm)\n{line}"
        + "".join(_measured_row(olt, found) for found in onts)
        + line
    )


def _history_row(olt: Olt, found: Registered) -> str:
    up, down, cause = last_times(olt, found)
    return f"  {found.onu_id:<4} {states(olt, found)[0]:<7} {up[:19]:<19} {down[:19]:<19} {cause[:25]:<25}\n"


def _measured_row(olt: Olt, found: Registered) -> str:
    box = olt.box(found) if states(olt, found)[0] == "online" else None
    levels = f"{box.optics.onu_rx_dbm:.2f}/{box.optics.onu_tx_dbm:.2f}" if box else "-/-"
    distance = box.optics.distance_m if box else "-"
    model = (box.model if box else "-")[:16]
    text = found.description or "ONT_NO_DESCRIPTION"
    return (
        f"  {found.onu_id:<3} {hex_serial(found.serial)} {model:<16} {distance:<5} {levels:<12} {text:<20}\n"
    )


def last_times(olt: Olt, found: Registered) -> tuple[str, str, str]:
    """Last up time, last down time and its cause, `-` where there was none."""
    ups = [period.up for period in found.history]
    downs = [(period.down, period.cause) for period in found.history if period.down is not None]
    when = "%Y-%m-%d %H:%M:%S+00:00"
    up = olt.date(ups[-1]).strftime(when) if ups else "-"
    down = olt.date(downs[-1][0] or 0.0).strftime(when) if downs else "-"
    return up, down, (downs[-1][1] or "-") if downs else "-"


# -------------------------------------------------------------------------------------------------------- one ONT


def block(olt: Olt, onts: Sequence[Registered]) -> str:
    """`display ont info` of ONTs in full."""
    return (
        "".join(_block(olt, found) for found in onts)
        + f"{RULE}  The number of required ONTs     : {len(onts)}\n{RULE}"
    )


def _block(olt: Olt, found: Registered) -> str:
    return RULE + _own(olt, found) + RULE + _line_part(olt, found) + _service_part(olt, found)


def _own(olt: Olt, found: Registered) -> str:
    run, config, match = states(olt, found)
    online = run == "online"
    box = olt.box(found) if online else None
    up, down, cause = last_times(olt, found)
    host = next((host for _, host in sorted(found.hosts.items())), None)
    rows = [
        ("F/S/P", found.port),
        ("ONT-ID", found.onu_id),
        ("Control flag", control(found)),
        ("Run state", run),
        ("Config state", config),
        ("Match state", match),
        ("DBA type", "SR" if online else None),
        ("ONT distance(m)", box.optics.distance_m if box else None),
        ("ONT last distance(m)", box.optics.distance_m if box else None),
        ("ONT battery state", "not support" if online else None),
        ("Memory occupation", "23%" if online else None),
        ("CPU occupation", "1%" if online else None),
        ("Temperature", f"{box.optics.temperature_c}(C)" if box else None),
        ("Authentic type", "SN-auth"),
        ("SN", readable(found.serial)),
        ("Management mode", "OMCI"),
        ("Software work mode", "normal"),
        ("Isolation state", "normal"),
        ("ONT IP 0 address/mask", "10.0.0.2/24" if host and online else None),
        ("Description", _wrapped(found.description or "ONT_NO_DESCRIPTION")),
        ("Last down cause", cause),
        ("Last up time", up),
        ("Last down time", down),
        ("Last dying gasp time", down if cause == "dying-gasp" else None),
        ("ONT online duration", _lasting(olt, found) if online else None),
        ("Type C support", "Not support"),
        ("Interoperability-mode", "ITU-T"),
        ("FEC upstream state", "use-profile-config"),
        ("VS-ID", 0),
        ("VS name", "admin-vs"),
        ("Global ONT-ID", found.onu_id),
    ]
    return fields(rows, 24) + RULE + "  VoIP configure method   : Default\n"


def _wrapped(text: str) -> str:
    """A description goes on below itself after 32 characters."""
    return ("\n" + " " * 28).join(text[at : at + 32] for at in range(0, len(text), 32))


def _lasting(olt: Olt, found: Registered) -> str:
    seconds = int(olt.clock() - found.history[-1].up) if found.history else 0
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"{day} day(s), {hour} hour(s), {minute} minute(s), {second} second(s)"


def _line_part(olt: Olt, found: Registered) -> str:
    profile = profile_of(olt, "line", found.line_profile)
    long = rule(78)
    return (
        f"  Line profile ID      : {profile.number}\n  Line profile name    : {profile.name}\n{RULE}"
        + line_body(profile)
        + f"{long}  Notes: Run the display traffic table ip command to query \n         traffic table configuration\n{RULE}"
    )


def profile_of(olt: Olt, kind: str, key: str | None) -> Profile:
    """A profile that a registration refers to; one that is nowhere in the model is shown by its name."""
    try:
        return olt.profile(kind, key or "0")  # type: ignore[arg-type]
    except Refusal:
        return Profile(kind, str(key), int(key) if key and key.isdigit() else 0)  # type: ignore[arg-type]


def line_body(profile: Profile) -> str:
    """Switches, T-CONTs, GEM ports and mappings of a line profile."""
    gems: dict[int, int] = profile.fields.get("gems", {})
    tconts: dict[int, str] = {0: "1"} | dict.fromkeys(gems.values(), "1") | profile.fields.get("tconts", {})
    mappings: dict[int, list[int]] = profile.fields.get("mappings", {})
    rows = [
        ("FEC upstream switch", "Disable "),
        ("OMCC encrypt switch", "On"),
        ("Qos mode", "PQ"),
        ("Mapping mode", "VLAN"),
        ("TR069 management", profile.fields.get("tr069", "Disable") + "        "),
        ("TR069 IP index", 0),
    ]
    long = rule(78)
    text = fields(rows, 20, 2, ":") + f"{long}  Notes: * indicates Discrete TCONT(TCONT Unbound)\n{long}"
    for tcont, dba in sorted(tconts.items()):
        text += f"  <T-CONT   {tcont}>          DBA Profile-ID:{dba}\n"
        text += "".join(
            _gem(gem, mappings.get(gem, [])) for gem, where in sorted(gems.items()) if where == tcont
        )
    return text


def _gem(gem: int, vlans: Iterable[int]) -> str:
    line = rule(68, 3)
    rows = "".join(
        f"    {number:<7} {vlan:<5} -        -       -     -       -     -          \n"
        for number, vlan in enumerate(vlans)
    )
    table = (
        "    Mapping VLAN  Priority Port    Port  Bundle  Flow  Transparent\n"
        f"    index                  type    ID    ID      CAR   \n{line}{rows}{line}"
    )
    return (
        f"   <Gem Index {gem}>\n{line}   |Serv-Type:ETH |Encrypt:off |Cascade:off |GEM-CAR:-            |\n"
        f"   |Upstream-priority-queue:0  |Downstream-priority-queue:-       |\n{line}{table if rows else ''}"
    )


def _service_part(olt: Olt, found: Registered) -> str:
    profile = profile_of(olt, "service", found.service_profile)
    tr069 = found.more.get("tr069")
    bound = profile_of(olt, "tr069", tr069) if tr069 else None
    last = (
        f"  TR069 server profile ID      : {bound.number}\n  TR069 server profile name    : {bound.name}\n{RULE}"
        if bound
        else ""
    )
    return (
        f"  Service profile ID   : {profile.number}\n  Service profile name : {profile.name}\n{RULE}"
        f"{service_body()}{RULE}"
        f"  Alarm policy profile ID      : 0\n  Alarm policy profile name    : alarm-policy_0\n{RULE}{last}"
    )


def service_body() -> str:
    """Ports and switches of a service profile."""
    return (
        f"  Port-type     Port-number     Max-adaptive-number\n{RULE}"
        "  POTS          adaptive        32\n  ETH           adaptive        8\n  VDSL          0               -\n"
        f"  TDM           0               -    \n  MOCA          0               -\n  CATV          adaptive        8\n{RULE}"
        + fields(
            [
                ("TDM port type", "E1"),
                ("MAC learning function switch", "Enable"),
                ("ONT transparent function switch", "Disable"),
                ("Native VLAN option", "Concern"),
                ("MTU(byte)", "Unconcern"),
            ],
            34,
        )
        + f"{RULE}  Port-type Port-ID QinQmode  PriorityPolicy Inbound     Outbound\n{RULE}"
        + "".join(
            f"  ETH       {port}       unconcern unconcern      unconcern   unconcern\n"
            for port in range(1, 9)
        )
    )
