"""From the displays about one ONU to what the contract calls a registration.

What a device shows need not fit the types of a wish (a name with blanks), so observed parts are built without validation.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from schemas.onu import GemPort, LanPort, Management, OnuService, ServicePort, Tcont, Wan, Wifi
from schemas.place import PonPort
from schemas.serial import serial_or_none
from vendors.contract import Flow, Optics, Registration
from vendors.errors import UnknownReply

Row = dict[str, Any]
Statements = Sequence[Row]

_FLOWS = ("service_port", "service_port_other")
_LAN_MODES = {"tag", "transparent", "trunk", "hybrid"}


@dataclass
class Shown:
    """What was read about one ONU. `vports` are the sections of virtual ports, by number."""

    port: PonPort
    onu_id: int
    detail: Row = field(default_factory=dict)
    interface: Statements = ()
    management: Statements = ()
    vports: dict[int, Statements] = field(default_factory=dict)
    power: Row | None = None

    def registration(self, serial: str) -> Registration:
        """The registration. Raises UnknownReply when the details are of another serial."""
        printed = str(self.detail["serial_number"])
        if serial_or_none(printed) != serial:
            raise UnknownReply("the details are of another ONU than the one that was looked up")
        return Registration(
            port=self.port,
            onu_id=self.onu_id,
            raw_serial=printed,
            online=str(self.detail["phase_state"]).casefold() == "working",
            states=_states(self.detail),
            down_cause=_down_cause(self.detail.get("history") or []),
            description=_unmasked(self.detail.get("description")),
            onu_type=self.detail.get("type"),
            line_profile=self.detail.get("line_profile"),
            service_profile=self.detail.get("service_profile"),
            tconts=tuple(_tconts(self.interface)),
            gem_ports=tuple(_gems(self.interface, self.vports)),
            flows=tuple(flow for flow, _ in self._flows() if flow),
            onu_services=tuple(_services(self.management)),
            lan_ports=tuple(_lans(self.management)),
            wan=_wan(self.management, self.interface, self.vports),
            wifi=tuple(_wifi(self.management)),
            management=_tr069(self.management),
            more=self._more(),
            optics=self._optics(),
        )

    def _flows(self) -> Iterator[tuple[Flow | None, Row]]:
        for row in _of(self.interface, *_FLOWS):
            yield _flow(row, row.get("vport", 1)), row
        for vport, rows in self.vports.items():
            for row in _of(rows, *_FLOWS):
                yield _flow(row, vport), row | {"vport": vport}

    def _more(self) -> dict[str, str]:
        """What `plan` needs beside the contract's own words."""
        found = {f"switchport.{row['vport']}": str(row["mode"]) for row in _of(self.interface, "switchport")}
        for flow, row in self._flows():
            if flow is None:
                found[f"other_flow.{row.get('vport', 1)}.{row['service_port']}"] = "1"
        for row in _of(self.management, "ssid_key"):
            if row["kind"] == "wifi":
                found[f"wifi.{row['port']}.key"] = "1"
        for row in _of(self.management, "wan_ip"):
            found[f"wan_ip.{row.get('wan_ip', 1)}"] = "1"
        for row in _of(self.management, "wan"):
            found[f"wan.{row['wan']}"] = str(row["service"])
        for row in _of(self.management, "tr069"):
            found |= {f"tr069.{key}": str(row[key]) for key in ("state", "acs") if key in row}
        return found

    def _optics(self) -> Optics | None:
        if self.power is None:
            return None
        up, down = self.power["up"], self.power["down"]
        return Optics(
            onu_rx_dbm=down["onu_rx_dbm"],
            onu_tx_dbm=up["onu_tx_dbm"],
            olt_rx_dbm=up["olt_rx_dbm"],
            distance_m=self.detail.get("onu_distance_m"),
        )


def _of(rows: Iterable[Row], *kinds: str) -> Iterator[Row]:
    return (row for row in rows if row.get("statement") in kinds)


def _states(detail: Mapping[str, Any]) -> dict[str, str]:
    names = {"phase": "phase_state", "admin": "admin_state", "config": "config_state", "state": "state"}
    return {name: str(detail[key]) for name, key in names.items() if detail.get(key) is not None}


def _down_cause(history: Sequence[Row]) -> str | None:
    """The cause of the last time that ended."""
    ended = [row for row in history if row["offline_time"]]
    cause = ended[-1]["cause"] if ended else None
    return None if cause is None else str(cause)


def _unmasked(text: str | None) -> str | None:
    """None for a mask, which is as long as what it hides where the terminal's width has broken the line."""
    return text if text and text.strip("*") else None


def _tconts(rows: Statements) -> Iterator[Tcont]:
    for row in _of(rows, "tcont"):
        yield Tcont.model_construct(index=row["tcont"], profile=row["profile"], name=row.get("name"))


def _gems(rows: Statements, vports: Mapping[int, Statements]) -> Iterator[GemPort]:
    limits = {row["gemport"]: row for row in _of(rows, "gemport_limit")}
    for row in _of(rows, "gemport"):
        number = row["gemport"]
        policies = {
            policy["direction"]: policy["policy"] for policy in _of(vports.get(number, ()), "traffic_policy")
        }
        limit = limits.get(number, {})
        yield GemPort.model_construct(
            index=number,
            tcont=row["tcont"],
            name=row.get("name"),
            upstream_profile=limit.get("upstream", policies.get("ingress")),
            downstream_profile=limit.get("downstream", policies.get("egress")),
        )


def _flow(row: Row, vport: int) -> Flow | None:
    """None for one that no wish can name, such as a range of VLANs or one kind of frames."""
    if "more" in row:
        return None
    user, vlan, outer = row["user_vlan"], row.get("vlan", row["user_vlan"]), row.get("svlan")
    if not isinstance(vlan, int) or not (isinstance(user, int) or user == "untagged"):
        return None
    service = ServicePort.model_construct(
        gem_port=vport,
        vlan=outer or vlan,
        user_vlan=user if isinstance(user, int) else None,
        inner_vlan=vlan if outer else None,
        transform="translate-and-add" if outer else "translate",
        upstream_profile=row.get("ingress"),
        downstream_profile=row.get("egress"),
    )
    return Flow(index=row["service_port"], service=service)


def _services(rows: Statements) -> Iterator[OnuService]:
    for row in _of(rows, "service"):
        yield OnuService.model_construct(
            name=row["service"],
            gem_port=row["gemport"],
            vlan=row.get("vlan"),
            type=row.get("type"),
            priority=row.get("cos"),
        )


def _lans(rows: Statements) -> Iterator[LanPort]:
    for row in _of(rows, "vlan_port"):
        if row["kind"] == "eth" and row["mode"] in _LAN_MODES:
            vlan = row.get("vlan", row.get("def_vlan"))
            yield LanPort.model_construct(
                port=row["port"], mode=row["mode"], vlan=vlan, priority=row.get("priority", 0)
            )


def _wan(rows: Statements, interface: Statements, vports: Mapping[int, Statements]) -> Wan | None:
    """The first WAN connection. Its VLAN is in a profile that is not shown here: what the ONU's service carries is taken."""
    row = next((row for row in _of(rows, "wan_ip") if row["mode"] in {"pppoe", "dhcp"}), None)
    if row is None:
        return None
    index: int = row["host"] if "host" in row else row.get("wan_ip", 1)
    bound = next((wan for wan in _of(rows, "wan") if wan.get("host", wan["wan"]) == index), {})
    return Wan.model_construct(
        mode=row["mode"],
        vlan=_wan_vlan(rows, interface, vports),
        index=index,
        vlan_profile=row.get("vlan_profile"),
        login=row.get("username"),
        lan_ports=_listed(bound.get("ethuni")),
        wifi=_listed(bound.get("ssid")),
    )


def _wan_vlan(rows: Statements, interface: Statements, vports: Mapping[int, Statements]) -> int:
    """0 where nothing tells."""
    inside = (row.get("vlan") for row in _of(rows, "service"))
    flows = [
        *_of(interface, "service_port"),
        *(row for here in vports.values() for row in _of(here, "service_port")),
    ]
    candidates = (*inside, *(row["user_vlan"] for row in flows))
    return next((vlan for vlan in candidates if isinstance(vlan, int)), 0)


def _listed(text: int | str | None) -> tuple[int, ...]:
    """`1,2,4-5` as numbers."""
    numbers: list[int] = []
    for part in str(text).split(","):
        first, _, last = part.partition("-")
        if first.isdecimal():
            numbers += range(int(first), min(int(last) if last.isdecimal() else int(first), 64) + 1)
    return tuple(numbers)


def _wifi(rows: Statements) -> Iterator[Wifi]:
    for row in _of(rows, "ssid_name"):
        if row["kind"] == "wifi" and "name" in row:
            yield Wifi.model_construct(index=row["port"], name=row["name"])


def _tr069(rows: Statements) -> Management | None:
    tagged = next((row for row in _of(rows, "tr069") if "vlan" in row), None)
    if tagged is None:
        return None
    acs = next((row["acs"] for row in _of(rows, "tr069") if "acs" in row), None)
    return Management.model_construct(
        vlan=tagged["vlan"], index=0, priority=tagged["priority"], tr069_profile=acs
    )
