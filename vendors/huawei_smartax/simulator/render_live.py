"""What displays print of what an ONT measures and has inside: pure functions of the model."""

from collections.abc import Iterable

from vendors.huawei_smartax.simulator.look import RULE
from vendors.huawei_smartax.simulator.render_ont import fields, readable, rule, states
from vendors.simulator.model import Olt
from vendors.simulator.rows import Optics, PluggedOnu, Registered


def optics(levels: Optics, *, ten_gig: bool) -> str:
    """`display ont optical-info` of one ONT."""
    rows = [
        ("ONU NNI port ID", 0),
        ("Module type", "10G GPON" if ten_gig else "GPON"),
        ("Module sub-type", "N1/N2a/E1/E2a" if ten_gig else "CLASS B+"),
        ("Used type", "ONU"),
        ("Encapsulation Type", "BOSA ON BOARD"),
        ("Optical power precision(dBm)", "3.0"),
        ("Vendor name", "HUAWEI          "),
        ("Vendor rev", None),
        ("Vendor PN", "HW-BOB-0007     "),
        ("Rx optical power(dBm)", f"{levels.onu_rx_dbm:.2f}"),
        ("Rx power current warning threshold(dBm)", "[-,-]"),
        ("Rx power current alarm threshold(dBm)", "[-29.0,-7.0]"),
        ("Tx optical power(dBm)", f"{levels.onu_tx_dbm:.2f}"),
        ("Tx power current alarm threshold(dBm)", "[0.0,5.0]"),
        ("Laser bias current(mA)", levels.current_ma),
        ("Temperature(C)", levels.temperature_c),
        ("Voltage(V)", f"{levels.voltage_v:.3f}"),
        ("OLT Rx ONT optical power(dBm)", f"{levels.olt_rx_dbm:.2f}"),
        ("CATV Rx optical power(dBm)", None),
        ("CATV Rx power alarm threshold(dBm)", "[-,-]"),
    ]
    return RULE + fields(rows, 39) + RULE


def optics_all(olt: Olt, onts: Iterable[Registered]) -> str:
    """`display ont optical-info … all`: those that are online."""
    line = RULE.rstrip("\n") + " \n"
    rows = ""
    for found in onts:
        box = olt.box(found)
        if box is None or states(olt, found)[0] != "online":
            continue
        seen = box.optics
        rows += (
            f"  {found.onu_id:>3}  {seen.onu_rx_dbm:<9.2f} {seen.onu_tx_dbm:<9.2f} {seen.olt_rx_dbm:<11.2f}"
            f" {seen.temperature_c:<12} {seen.voltage_v:<8.3f} {seen.current_ma:<8} {seen.distance_m:<9} \n"
        )
    return (
        f"{line}  ONT  Rx power  Tx power  OLT Rx ONT  Temperature  Voltage  Current  Distance  \n"
        f"  ID   (dBm)     (dBm)     power(dBm)  (C)          (V)      (mA)     (m)       \n{line}{rows}{RULE}"
    )


def eth_ports(box: PluggedOnu, onu_id: int) -> str:
    """`display ont port state … eth-port all`."""
    line = rule(74)
    rows = "".join(
        f"  {onu_id:>6}  {port:>8}         GE {'1000' if port == 1 else '-':<13} {'full' if port == 1 else '-':<8}"
        f" {'up' if port == 1 else 'down':<10} noloop    \n"
        for port in range(1, box.eth_ports + 1)
    )
    return (
        f"{line}  ONT-ID   ONT      ONT       Speed(Mbps)   Duplex   LinkState  RingStatus\n"
        f"           port-ID  Port-type    \n{line}{rows}{line}"
    )


def version(found: Registered, box: PluggedOnu) -> str:
    """`display ont version`."""
    line = rule(74)
    rows = [
        ("F/S/P", found.port),
        ("ONT-ID", found.onu_id),
        ("Vendor-ID", found.serial[:4]),
        ("ONT Version", box.version),
        ("Product-ID", 159),
        ("Equipment-ID", box.model),
        ("Main Software Version", box.software),
        ("Standby Software Version", box.software),
        ("OntProductDescription", f"EchoLife {box.model} GPON Terminal (CLASS B+)"),
        ("Support XML Version", "1.3.0.0"),
    ]
    return line + fields(rows, 25) + line


def wan_info(found: Registered, *, old: bool) -> str:
    """`display ont wan-info`: the ONT's own view of its connections."""
    line = rule(69)
    hosts = [
        (index, "Tr069", f"{index + 1}_TR069_R_VID_{host.vlan}", host.mode.upper(), host.vlan, host.priority)
        for index, host in sorted(found.hosts.items())
    ]
    wans = [
        (index, "Internet", f"{index + 1}_INTERNET_R_VID_{wan.vlan}", _mode(wan.mode), wan.vlan, wan.priority)
        for index, wan in sorted(found.wans.items())
    ]
    text = f"{line}  F/S/P                      : {found.port}\n  ONT ID                     : {found.onu_id}     \n{line}"
    names = ("Connection status", "IP access type", "IP") if old else (
        "IPv4 Connection status", "IPv4 access type", "IPv4 address",
    )  # fmt: skip
    for number, (_, service, name, mode, vlan, priority) in enumerate(sorted(hosts + wans), start=1):
        rows = [
            ("Index", number),
            ("Name", name),
            ("Service type", service),
            ("Connection type", "IP routed"),
            (names[0], "Connected"),
            (names[1], mode),
            (names[2], f"10.0.{number}.2"),
            ("Subnet mask", "255.255.255.0"),
            ("Default gateway", f"10.0.{number}.1"),
            ("Manage VLAN", vlan),
            ("Manage priority", priority),
            ("Option60", "No"),
            ("Switch", "Enable"),
            ("MAC address", "68E2-091F-5161"),
            ("Priority policy", "Specified"),
            ("L2 encap-type", "PPPoE" if mode == "PPPoE" else "IPoE"),
            ("IPv4 switch", "Enable"),
            ("IPv6 switch", "Disable"),
            ("DS-Lite Mode", "Invalid"),
            ("DS-Lite peer address", None),
        ]
        text += fields(rows, 27) + line
    return text


def _mode(mode: str) -> str:
    return {"pppoe": "PPPoE", "dhcp": "DHCP"}.get(mode, "Static")


def wlan_info(found: Registered, box: PluggedOnu) -> str:
    """`display ont wlan-info`."""
    line = rule(78)
    text = (
        f"{line}  F/S/P                    : {found.port}\n  ONT ID                   : {found.onu_id}\n"
        f"  The total number of SSID : {min(box.wifi_ssids, 2)}\n{line}"
    )
    for index in range(1, min(box.wifi_ssids, 2) + 1):
        rows = [
            ("SSID Index", index),
            ("SSID", f"WiFi-{index}"),
            ("Wireless Standard", "IEEE 802.11b/g/n"),
            ("Administrative state", "enable"),
            ("Operational state", "up"),
            ("Maximum associate number", 32),
            ("Current associate number", 0),
        ]
        text += fields(rows, 25) + line
    return text


def ip_hosts(found: Registered) -> str:
    """`display ont ipconfig`."""
    line = rule(68, 2)
    hosts = {index: ("DHCP", host.vlan, host.priority) for index, host in found.hosts.items()}
    hosts |= {index: (_mode(wan.mode), wan.vlan or 0, wan.priority) for index, wan in found.wans.items()}
    text = f"  ONT {found.onu_id} IP query result\n{line}"
    for index, (mode, vlan, priority) in sorted(hosts.items()):
        rows = [
            ("ONT IP host index", index),
            ("ONT config type", mode),
            ("ONT IP", None),
            ("ONT subnet mask", None),
            ("ONT gateway", None),
            ("ONT manage VLAN", vlan),
            ("ONT manage priority", priority),
            ("Dscp mapping table index", 0),
        ]
        text += fields(rows, 25) + line
    return text


def history(olt: Olt, found: Registered) -> str:
    """`display ont register-info`, the latest first."""
    text = RULE
    for number, period in reversed(list(enumerate(found.history, start=1))):
        rows = [
            ("Index", number),
            ("Auth-type", "SN-auth"),
            ("SN", readable(found.serial)),
            ("UpTime", olt.date(period.up).strftime("%Y-%m-%d %H:%M:%S+00:00")),
            ("DownTime", olt.date(period.down).strftime("%Y-%m-%d %H:%M:%S+00:00") if period.down else None),
            ("DownCause", period.cause),
        ]
        text += fields(rows, 20) + RULE
    return text


def gem_ports(olt: Olt, found: Registered) -> str:
    """`display ont gemport`."""
    gems = sorted(olt.gem_ports(found).items())
    line = rule(78)
    rows = "".join(f"  {gem:<9} {tcont:<7} ETHERNET off      0   -     -\n" for gem, tcont in gems)
    return (
        f"  F/S/P: {found.port}     ONT ID: {found.onu_id}\n{line}"
        "  GEM port  T-CONT  Service  Encrypt  Up  Down  Traffic                         \n"
        f"   ID       ID      type              PQ  PQ    table index                     \n{line}{rows}{line}"
        "  Notes: Run the display traffic table ip command to query                      \n"
        f"         traffic table configuration                                            \n{line}"
        f"  The number of GEM ports is: {len(gems)}\n"
    )
