"""The displays about ONUs, the OLT's tables and its profiles, as the device prints them."""

from collections.abc import Iterable, Sequence

from schemas.place import PonPort
from vendors.simulator.model import Olt
from vendors.simulator.rows import PluggedOnu, Profile, Refusal, Registered
from vendors.zte_common.simulator.dialect import Dialect

_PHASES = {"online": "working", "logging": "logging", "syncing": "syncMib"}
_CAUSES = {"dying-gasp": "DyingGasp", "LOS": "LOS"}
_ZERO = "0000-00-00 00:00:00"


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def phase(olt: Olt, found: Registered) -> str:
    """The phase as a ZTE OLT calls it."""
    now = olt.phase(found)
    if now != "offline":
        return _PHASES[now]
    cause = found.history[-1].cause if found.history else None
    return _CAUSES.get(cause or "", "OffLine" if found.active and not found.history else "LOS")


# ------------------------------------------------------------------------------------------------- not registered


def gpon_uncfg(dialect: Dialect, olt: Olt, port: PonPort | None) -> str:
    """C3xx: with a number that is a proposal, and may be in use."""
    rows: list[tuple[str, PonPort]] = []
    for onu in olt.unregistered(port):
        proposed = len(olt.on_port(onu.port)) + 1 + sum(row[1] == onu.port for row in rows)
        rows.append((f"{dialect.interface(onu.port, proposed):<25}{onu.serial:<20}unknown", onu.port))
    if not rows:
        return dialect.empty(olt)
    return _lines("OnuIndex                 Sn                  State", "-" * 69, *(row for row, _ in rows))


def pon_uncfg(dialect: Dialect, olt: Olt) -> str:
    """With the model that the ONU reports."""
    found = olt.unregistered()
    if not found:
        return dialect.empty(olt)
    rows = [
        f"{dialect.interface(onu.port):<20}{onu.model[:20]:<21}{onu.serial:<19}{onu.password or 'N/A'}"
        for onu in found
    ]
    return _lines(
        "OltIndex            Model                SN                 PW",
        "-" * (77 if dialect.titan else 73),
        *rows,
    )


# ----------------------------------------------------------------------------------------------------- registered


def by_serial(dialect: Dialect, olt: Olt, serial: str) -> str:
    """Where a serial is registered."""
    found = olt.by_serial(serial)
    if not found:
        return dialect.empty(olt)
    title = "SearchResult" if dialect.titan or dialect.old(olt) else "Search result"
    return _lines(title, "-" * 17, *(dialect.interface(*onu.key) for onu in found))


def state(dialect: Dialect, olt: Olt, found: Sequence[Registered]) -> str:
    """C3xx of the V1 line has the prefix and `O7 State`, TITAN of the V1 line a speed mode, both newer lines a channel."""
    if not found:
        return dialect.empty(olt)
    header, width, row = _NEW_STATES
    if dialect.old(olt):
        header, width, row = _SPEED_STATES if dialect.titan else _OLD_STATES
    working = sum(olt.phase(onu) == "online" for onu in found)
    rows = [row(dialect, olt, onu) for onu in found]
    return _lines(header, "-" * width, *rows, f"ONU Number: {working}/{len(found)}")


def _admin(onu: Registered) -> str:
    return "enable" if onu.active else "disable"


def _omcc(olt: Olt, onu: Registered) -> str:
    return "enable" if olt.phase(onu) in {"online", "syncing"} else "disable"


def _old_state(dialect: Dialect, olt: Olt, onu: Registered) -> str:
    lit = olt.phase(onu) != "offline"
    index = dialect.interface(*onu.key)
    return f"{index:<23}{_admin(onu):<13}{_omcc(olt, onu):<13}{'operation' if lit else 'unknown':<13}{phase(olt, onu)}"


def _new_state(dialect: Dialect, olt: Olt, onu: Registered) -> str:
    del dialect
    index = f"{onu.port}:{onu.onu_id}"
    return f"{index:<12}{_admin(onu):<13}{_omcc(olt, onu):<12}{phase(olt, onu):<13}1(GPON)"


def _speed_state(dialect: Dialect, olt: Olt, onu: Registered) -> str:
    del dialect
    index = f"{onu.port}:{onu.onu_id}"
    return f"{index:<13}{_admin(onu):<13}{_omcc(olt, onu):<12}{phase(olt, onu):<13}GPON"


_OLD_STATES = "OnuIndex               Admin State  OMCC State   O7 State     Phase State", 76, _old_state
_NEW_STATES = "OnuIndex   Admin State  OMCC State  Phase State  Channel", 62, _new_state
_SPEED_STATES = "OnuIndex     Admin state  OMCC state  Phase state  Speed mode", 65, _speed_state


def baseinfo(dialect: Dialect, olt: Olt, found: Sequence[Registered]) -> str:
    """Types that are too long for their column go on below it."""
    if not found:
        return dialect.empty(olt)
    rows: list[str] = []
    for onu in found:
        kind = onu.onu_type or ""
        rows.append(f"{dialect.interface(*onu.key):<20}{kind[:11]:<12}sn      SN:{onu.serial:<21}ready")
        rows += [f"{'':20}{kind[at : at + 11]}" for at in range(11, len(kind), 11)]
    return _lines("OnuIndex            Type        Mode    AuthInfo                State", "-" * 79, *rows)


def detail(dialect: Dialect, olt: Olt, onu: Registered) -> str:
    """Fields and ten rows of history."""
    width = 22 if dialect.titan else 21
    rows = [f"  {f'{label}:':<{width}}{value}" for label, value in _fields(dialect, olt, onu)]
    return _lines(
        f"{'ONU interface:':<{width + 2}}{dialect.interface(*onu.key)}",
        *rows,
        "-" * 42,
        "       Authpass Time          OfflineTime             Cause",
        *_history(olt, onu),
    )


def _fields(dialect: Dialect, olt: Olt, onu: Registered) -> list[tuple[str, str]]:
    """The V1 line of C3xx has profiles for alarms, newer software a channel or speed mode and what else is negotiated."""
    titan, box = dialect.titan, olt.box(onu)
    new = titan or not dialect.old(olt)
    speed = ("speed mode", "GPON") if titan else ("channel", "1(GPON)")
    negotiated = [(f"Configured {speed[0]}", "auto"), (f"Current {speed[0]}", speed[1])]
    config = ("Config state", "success" if onu.config_state == "normal" else "fail")
    description = onu.description or f"ONU-{onu.port.port}:{onu.onu_id}"
    late = [(f"{kind} Profile", "N/A") for kind in ("Alarm", "Performance")]
    newest = [
        ("FEC actual mode", "N/A"),
        ("1PPS+ToD", "disable"),
        ("Auto replace", "disable"),
        ("Multicast encryption", "disable"),
        ("Multicast encryption current state", "N/A"),
    ]
    return [
        ("Name", "********" if titan else onu.name),
        *([("Splitter", "")] if titan else []),
        ("Type", onu.onu_type or ""),
        *([] if titan else [("State", "ready")]),
        *(negotiated if new else []),
        ("Admin state", _admin(onu)),
        ("Phase state", phase(olt, onu)),
        *([config] if new else []),
        ("Authentication mode", "sn"),
        ("SN Bind", "enable with SN check"),
        ("Serial number", onu.serial),
        ("Password", ""),
        *([] if new else [("Device ID", "")]),
        ("Description", "********" if titan else description),
        ("Vport mode", "gemport"),
        ("DBA Mode", "Hybrid"),
        ("ONU Status", "enable"),
        ("OMCI BW Profile", "704kbps" if titan else "" if new else "enable"),
        *([("OMCC Encrypt", "disable")] if titan else []),
        ("Line Profile", onu.line_profile or "N/A"),
        ("Service Profile", onu.service_profile or "N/A"),
        *([] if new else late),
        ("ONU Distance", f"{box.optics.distance_m}m" if box else "N/A"),
        ("Online Duration", _duration(olt, onu)),
        ("FEC", "none"),
        *(newest if new else []),
    ]


def _duration(olt: Olt, onu: Registered) -> str:
    if not onu.history or onu.history[-1].down is not None:
        return "N/A"
    seconds = int(olt.clock() - onu.history[-1].up)
    return f"{seconds // 3600}h {seconds // 60 % 60:02}m {seconds % 60:02}s"


def _history(olt: Olt, onu: Registered) -> Iterable[str]:
    periods = onu.history[-10:]
    for number in range(1, 11):
        up, down, cause = _ZERO, _ZERO, ""
        if number <= len(periods):
            period = periods[number - 1]
            up = f"{olt.date(period.up):%Y-%m-%d %H:%M:%S}"
            down = _ZERO if period.down is None else f"{olt.date(period.down):%Y-%m-%d %H:%M:%S}"
            cause = _CAUSES.get(period.cause or "", "LOSi") if period.down is not None else ""
        yield f"  {number:>2}   {up}    {down}     {cause:<9}"


# -------------------------------------------------------------------------------------------------------- optics


def attenuation(olt: Olt, onu: Registered) -> str:
    """Both directions; a blank line stands between them on new software."""
    box = olt.box(onu)
    if box is None:
        up = ("no signal", "N/A", "N/A")
        down = ("4.200(dbm)", "N/A", "N/A")
    else:
        seen = box.optics
        up = (_dbm(seen.olt_rx_dbm), _dbm(seen.onu_tx_dbm), f"{seen.onu_tx_dbm - seen.olt_rx_dbm:.3f}(dB)")
        down = (_dbm(seen.olt_tx_dbm), _dbm(seen.onu_rx_dbm), f"{seen.olt_tx_dbm - seen.onu_rx_dbm:.3f}(dB)")
    return _lines(
        "           OLT                  ONU              Attenuation",
        "-" * 74,
        f" up      Rx :{up[0]:<18}Tx:{up[1]:<18}{up[2]:<15}",
        *([] if olt.version.startswith("V1") else [" "]),
        f" down    Tx :{down[0]:<18}Rx:{down[1]:<18}{down[2]:<15}",
    )


def _dbm(level: float) -> str:
    return f"{level:.3f}(dbm)"


def levels(dialect: Dialect, olt: Olt, found: Sequence[Registered], which: str) -> str:
    """`onu-rx`, `onu-tx`, `olt-rx` of several ONUs."""
    if not found:
        return dialect.empty(olt)
    rows = []
    for onu in found:
        box = olt.box(onu)
        attribute = which.replace("-", "_") + "_dbm"
        level = _dbm(getattr(box.optics, attribute)) if box else "N/A"
        rows.append(f"{dialect.interface(*onu.key):<20}{level}")
    return _lines(f"Onu                 {which[-2:].capitalize()} power", "-" * 36, *rows)


# ----------------------------------------------------------------------------------------------- inside the ONU


def equipment(box: PluggedOnu) -> str:
    """What the ONU says of itself."""
    return _lines(
        f"Vendor ID:           {box.serial[:4]} ",
        f"Version:             {box.version} ",
        f"SN:                  {box.serial[:4]}{box.serial[4:].lower()} ",
        "Admin status:        unlock ",
        "Battery backup:      false ",
        "Security Mode:       aes ",
        "Product code:        0 ",
        "TotalPrioQueueNum:   56 ",
        "TotalTrafficSchNum:  7 ",
        "TrafficMgmtOption:   priority-controlled ",
        "OperState:           enable ",
        f"EquipID:             {box.model} ",
        "OMCC Version:        a0 ",
        "Security Capability: aes",
        f"Model:               {box.model}",
        "Survival time:       N/A",
        "TotalGemPortNum:     256",
        "SysUpTime:           0",
    )


def ethernet(box: PluggedOnu, slot: int) -> str:
    """Its Ethernet ports."""
    blocks = (
        _lines(
            f"Interface:     eth_{slot}/{port}",
            "Speed status:  full-1000",
            "Operate status:enable",
            "Admin status:  unlock",
            "Arc:           0  ",
            "Arc-interval   0",
            "Expect-type:   0",
            "Speed config:  auto",
            "Eth-loop:      disable",
            "Max-frame:     1632",
            "Pause-time:    0",
            "Wiring :       dce",
            "BridgeOrIP:    either",
            "PPPOE-filter:  disable",
            "Power-control: disable",
        )
        for port in range(1, box.eth_ports + 1)
    )
    return "\n".join(blocks)


def macs(dialect: Dialect, olt: Olt, onu: Registered) -> str:
    """The address behind an ONU that is online and has a service-port."""
    box = olt.box(onu)
    flows = olt.flows_of(*onu.key)
    if box is None or not flows or olt.phase(onu) != "online":
        return _lines("Total mac address : 0")
    digits = "".join(char for char in box.mac.lower() if char.isalnum())[:12].rjust(12, "0")
    mac = ".".join(digits[at : at + 4] for at in (0, 4, 8))
    index = dialect.interface(*onu.key)
    return _lines(
        "Total mac address : 1",
        "",
        "Mac address      Vlan   Type      Port                         Vc",
        "-" * 72,
        f"{mac}   {flows[0].vlan:<7}Dynamic   {index:<26}vport {flows[0].gem_port}",
    )


# -------------------------------------------------------------------------------------------------- the OLT itself


def cards(dialect: Dialect, olt: Olt) -> str:
    """C3xx with rack and software, TITAN without."""
    if dialect.titan:
        head = ("Shelf Slot CfgType CardName     Port HardVer Status", "-" * 51)
        rows = [
            f"{b.frame:<6}{b.slot:<5}{b.name:<8}{b.name:<13}{b.ports:<5}V1.0.0  INSERVICE" for b in olt.boards
        ]
    else:
        head = ("Rack Shelf Slot CfgType RealType Port  HardVer SoftVer         Status", "-" * 79)
        version = olt.version.split()[0]
        rows = [
            f"1    {b.frame:<6}{b.slot:<5}{b.name:<8}{b.name:<9}{b.ports:<6}V1.0.0  {version[:15]:<16}INSERVICE"
            for b in olt.boards
        ]
    return _lines(*head, *rows)


def vlans(olt: Olt) -> str:
    """Those that exist, eight in a line."""
    known = sorted(olt.vlans or {1})
    rows = [",".join(map(str, known[at : at + 8])) for at in range(0, len(known), 8)]
    return _lines(
        f"All created vlan num: {len(known)}", "Details are following:", *(f"    {row}" for row in rows)
    )


def profiles(olt: Olt, kind: str) -> str:
    """T-CONT or traffic profiles with their rates."""
    found = [profile for profile in olt.profiles if profile.kind == kind]
    return "".join((_tcont if kind == "dba" else _traffic)(profile) for profile in found)


def _tcont(profile: Profile) -> str:
    rates = profile.fields
    values = [rates.get(name, 0) for name in ("fixed", "assured", "maximum")]
    row = f" {rates.get('type', 4):<15}{''.join(f'{value:<12}' for value in (*values, 'N/A', 'N/A'))}"
    return _lines(
        f"Profile name :{profile.name}  ",
        " Type           FBW(kbps)   ABW(kbps)   MBW(kbps)   PRIORITY   WEIGHT    ",
        row,
        " ",
    )


def _traffic(profile: Profile) -> str:
    sir, pir = profile.fields.get("sir", 0), profile.fields.get("pir", 0)
    return _lines(
        f"{f'Profile name  :{profile.name}':<32}",
        "  SIR(kbps)           PIR(kbps)           CBS(kbytes)         PBS(kbytes)          ",
        f" {sir:<20}{pir:<20}{'default':<20}{'default':<20}",
        " ",
    )


def onu_types(olt: Olt) -> str:
    """ONU types in blocks."""
    found = [profile for profile in olt.profiles if profile.kind == "onu_type"]
    return "\n".join(
        _lines(
            f"ONU type name:          {profile.name}",
            "PON type:               gpon",
            f"Description:            {profile.fields.get('description', '')}",
            "Max T-CONT:             8",
        )
        for profile in found
    )


def vlan_profiles(dialect: Dialect, olt: Olt) -> str:
    """VLAN profiles of WAN connections."""
    found = [profile for profile in olt.profiles if profile.kind == "vlan"]
    if not found:
        return dialect.empty(olt)
    return "\n".join(
        _lines(
            f"Profile name:  {profile.name}",
            "Tag mode:      tag",
            f"CVLAN:         {profile.fields.get('cvlan', 1)}",
            "CVLAN priority:0",
        )
        for profile in found
    )


def need_box(olt: Olt, onu: Registered) -> PluggedOnu:
    """The box of an ONU that is online. Raises Refusal."""
    box = olt.box(onu)
    if box is None:
        raise Refusal("onu_offline", onu.key)
    return olt.online(onu)
