"""The questions that tell what an OLT has for a serial, and what their answers say. Generators without I/O."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from schemas.onu import GemPort, LanPort, Management, Tcont, Wan
from schemas.place import PonPort
from schemas.serial import hex_serial
from vendors.contract import (
    Command,
    Dialogue,
    Flow,
    Health,
    Observation,
    Optics,
    Registration,
    Sighting,
    read,
)
from vendors.dialogue import explained
from vendors.errors import UnknownReply
from vendors.huawei_smartax import parse
from vendors.huawei_smartax.refusals import meant
from vendors.huawei_smartax.stored import Host, Stored, from_table, stored
from vendors.left_out import LeftOut, Sightings, refuse_about, refuse_unsure

Row = dict[str, Any]

AUTOFIND = read("display ont autofind all", timeout_s=60.0)
VERSION = read("display version")
ONU_IDS = range(128)
NO_DESCRIPTION = "ONT_NO_DESCRIPTION"
_COUNTED = "number of required ONTs"
"""Only where it is printed a cut among several registrations shows by itself."""
_LEGIBLE = re.compile(r"[0-9A-Za-z-]+")
UNREAD = frozenset({"service_ports", "lan_ports", "wan", "management"})
"""What is not shown where the stored configuration of an ONT cannot be asked for."""


def board(port: PonPort, word: str = "gpon") -> tuple[str, ...]:
    """The mode of a PON board. 10G boards of the MA5600T family call themselves `xgpon`."""
    return "config", f"interface {word} {port.frame}/{port.slot}"


@contextmanager
def naming(command: Command, reply: str) -> Iterator[None]:
    """An UnknownReply from within tells what was asked and what came."""
    try:
        yield
    except UnknownReply as error:
        raise UnknownReply(str(error), command=command.text, reply=reply) from error


def answered(command: Command, reply: str) -> Row | None:
    """What `reply` says; None for what is not there. Raises what a refusal means, or UnknownReply."""
    with naming(command, reply):
        said = parse.read(command.text, reply)
    if said.get("found") is False:
        return None
    if "refused" in said:
        meant(command, said, reply)
    return said


@explained
def discover() -> Dialogue[tuple[Sighting, ...]]:
    """Every ONU of the OLT that is lit and not registered."""
    [found] = yield (AUTOFIND,)
    return _sightings(found)


def _sightings(reply: str) -> Sightings:
    said, left = _listed(AUTOFIND, reply)
    seen: list[Sighting] = []
    for row in said["onts"] if said else ():
        try:
            seen.append(_sighting(row))
        except ValidationError:
            left = (*left, LeftOut.of(" ".join(f"{key}: {value}" for key, value in row.items())))
    return Sightings(seen, left)


def _sighting(row: Row) -> Sighting:
    return Sighting(
        port=_port(row),
        serial=row["serial"],
        raw_serial=row["ont_sn"] or "",
        model=row.get("ont_equipment_id"),
    )


def _listed(command: Command, reply: str) -> tuple[Row | None, tuple[LeftOut, ...]]:
    """The rows of a list, and those that no rule explains. Raises what a refusal means, and UnknownReply."""
    try:
        return answered(command, reply), ()
    except UnknownReply:
        with naming(command, reply):
            return parse.listed(command.text, reply)


def _port(row: Row) -> PonPort:
    return PonPort(frame=row["frame"], slot=row["slot"], port=row["port"])


@explained
def observe(serial: str, port: PonPort | None) -> Dialogue[Observation]:
    """Where the serial is registered, in full; whether it is lit and unregistered; the numbers in use."""
    asked = [read(f"display ont info by-sn {hex_serial(serial)}"), AUTOFIND, VERSION]
    if port is not None:
        asked.append(read(f"display ont info {port.frame} {port.slot} {port.port} all", timeout_s=60.0))
    here, lit, version, *listed = yield tuple(asked)
    onts, sightings = answered(asked[0], here), _sightings(lit)
    table, odd = _listed(asked[-1], listed[0]) if listed else (None, ())
    refuse_about(sightings.left_out, serial, _shown(port))
    refuse_about(odd, serial)
    if onts is None and (printed := _printed(serial, sightings, table)):
        again = read(f"display ont info by-sn {printed}")
        [here] = yield (again,)
        onts = answered(again, here)
    places = _places(onts)
    bare = port if all(found != port for found, _ in places) else None
    if bare:
        refuse_unsure(odd)
        shown = (table or {"onts": ()})["onts"]
        if any(row["serial"] == serial for row in shown):
            raise UnknownReply("the OLT lists a serial that it says is not registered")
        if not all(_LEGIBLE.fullmatch(row["sn"]) for row in shown):
            raise UnknownReply("a serial that cannot be read: it may be the one that was asked about")
        if places and _COUNTED not in here:
            [again_here] = yield (asked[0],)
            if _places(answered(asked[0], again_here)) != places:
                raise UnknownReply("the OLT says twice, and differently, where the serial is registered")
    elif any(row.number in {onu_id for found, onu_id in places if found == port} for row in odd):
        raise UnknownReply("a row about the ONU itself that no rule explains")
    registrations: tuple[Registration, ...] = ()
    for ont in onts["onts"] if onts else ():
        registrations = (*registrations, (yield from _registration(ont)))
    firmware = (_perhaps(VERSION, version) or {}).get("version")
    used = frozenset(_ids(table, port)) | {row.number for row in odd if row.number is not None}
    return Observation(
        serial=serial,
        port=port,
        more=(yield from _boards_word(bare, firmware)) if bare else {},
        registrations=registrations,
        sighting=next((seen for seen in sightings if seen.serial == serial), None),
        used_onu_ids=used,
        onus_free=len(set(ONU_IDS) - used) if listed else None,
        firmware=firmware,
        left_out=tuple(row.text for row in (*sightings.left_out, *odd)),
    )


def _shown(port: PonPort | None) -> re.Pattern[str] | None:
    """How a port stands in a row."""
    if port is None:
        return None
    return re.compile(rf"(?<![\d/]){port.frame} ?/ *{port.slot} ?/ *{port.port}(?![\d/])")


def _places(said: Row | None) -> list[tuple[PonPort, int]]:
    return [(_port(row), row["ont_id"]) for row in (said["onts"] if said else ())]


def _printed(serial: str, sightings: Iterable[Sighting], table: Row | None) -> str | None:
    """The hex digits by which this OLT knows the serial where these are not the usual ones: small letters in a vendor id."""
    shown = [seen.raw_serial for seen in sightings] + [row["sn"] for row in (table or {"onts": ()})["onts"]]
    return next((form for one in shown if (form := hex_serial(serial, one)) != hex_serial(serial)), None)


def _boards_word(port: PonPort, firmware: str | None) -> Dialogue[dict[str, str]]:
    """How the board of a port calls itself where nothing is registered that would show it.

    10G boards of the MA5600T family do not call themselves `gpon`; their names hold XG. On MA5800 all do.
    """
    if not (firmware or "").startswith("MA5600"):
        return {}
    command = read(f"display board {port.frame}")
    [shown] = yield (command,)
    rows = (answered(command, shown) or {"boards": []})["boards"]
    name = next((row["board_name"] for row in rows if row["slot_id"] == port.slot), None)
    return {"word": "xgpon"} if "XG" in (name or "") else {}


def _ids(listed: Row | None, port: PonPort | None) -> Iterable[int]:
    return (row["ont_id"] for row in (listed["onts"] if listed else ()) if _port(row) == port)


def _registration(ont: Row) -> Dialogue[Registration]:
    """One registration: its stored configuration and service-ports; then the names of the traffic tables that these refer
    to, and its levels while it is online.
    """
    port, onu_id = _port(ont), ont["ont_id"]
    config = read(f"display current-configuration ont {port} {onu_id}", timeout_s=60.0)
    flows = read(f"display service-port port {port} ont {onu_id}")
    written, carried = yield (config, flows)
    mine = _rows(answered(flows, carried), port, onu_id)
    kept = _perhaps(config, written)
    shown = stored(row["command"] for row in kept["commands"]) if kept else None
    names = [read(f"display traffic table ip index {index}") for index in _tables(mine)]
    levels = _levels(ont, shown) if ont["run_state"] == "online" else ()
    asked = (*names, *levels)
    replies = (yield asked) if asked else ()
    said = [_perhaps(command, reply) for command, reply in zip(asked, replies, strict=True)]
    tables, measured = _names(said[: len(names)]), said[len(names) :]
    return _assembled(ont, mine, shown, tables, *measured)


def _rows(said: Row | None, port: PonPort, onu_id: int) -> list[Row]:
    rows = said["service_ports"] if said else []
    return [row for row in rows if _port(row) == port and row.get("ont_id") == onu_id]


def _levels(ont: Row, shown: Stored | None) -> tuple[Command, Command]:
    where = board(_port(ont), (shown or Stored()).word)
    at = f"{ont['port']} {ont['ont_id']}"
    return read(f"display ont version {at}", *where), read(f"display ont optical-info {at}", *where)


def _perhaps(command: Command, reply: str) -> Row | None:
    """An answer that may be missing: the ONT has just gone offline, or this firmware does not know the command."""
    with naming(command, reply):
        no = parse.refusal_in(command.text, reply)
    if no is not None and no.get("refused", {}).get("kind") != "busy":
        return None
    return answered(command, reply)


def _names(said: Iterable[Row | None]) -> dict[str, str]:
    rows = [one["traffic_table"] for one in said if one]
    return {f"table.{row['td_index']}": str(row["td_name"]) for row in rows if row.get("td_name")}


def _tables(rows: Iterable[Row]) -> list[int]:
    """The traffic tables that service-ports refer to; the stored configuration shows numbers only, never names."""
    return sorted({row[way] for row in rows for way in ("rx", "tx") if isinstance(row.get(way), int)})


def _model(version: Row | None) -> str | None:
    return next((ont.get("equipment_id") for ont in (version["onts"] if version else ())), None)


def _optics(said: Row | None, ont: Row) -> Optics | None:
    if said is None:
        return None
    levels = said["optics"]
    return Optics(
        onu_rx_dbm=levels.get("rx_optical_power_dbm"),
        onu_tx_dbm=levels.get("tx_optical_power_dbm"),
        olt_rx_dbm=levels.get("olt_rx_ont_optical_power_dbm"),
        distance_m=ont.get("ont_distance_m"),
    )


def _assembled(
    ont: Row,
    flows: Sequence[Row],
    shown: Stored | None,
    names: dict[str, str],
    version: Row | None = None,
    levels: Row | None = None,
) -> Registration:
    states = {
        name: str(ont[f"{name}_state"]) for name in ("run", "config", "match") if ont.get(f"{name}_state")
    }
    description = ont.get("description")
    seen = shown or Stored()
    return Registration(
        port=_port(ont),
        onu_id=ont["ont_id"],
        raw_serial=ont["sn"] or "",
        online=ont["run_state"] == "online",
        states=states | ({"control": ont["control_flag"]} if ont.get("control_flag") else {}),
        down_cause=ont.get("last_down_cause"),
        model=_model(version),
        description=None if description == NO_DESCRIPTION else description,
        line_profile=_text(ont.get("line_profile_id")),
        service_profile=_text(ont.get("service_profile_id")),
        line_profile_name=ont.get("line_profile_name"),
        service_profile_name=ont.get("service_profile_name"),
        tconts=tuple(
            Tcont(index=row["index"], profile=str(row["dba_profile_id"])) for row in ont.get("tconts", ())
        ),
        gem_ports=tuple(_gems(ont)),
        flows=tuple(_flow(row, seen) for row in flows),
        lan_ports=tuple(_lans(seen)) if shown else None,
        wan=_wan(seen),
        wifi=None,
        management=_management(seen, ont),
        unread=frozenset() if shown else UNREAD,
        more=_more(seen, ont) | names,
        optics=_optics(levels, ont),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _gems(ont: Row) -> Iterable[GemPort]:
    seen: set[int] = set()
    for tcont in ont.get("tconts", ()):
        for gem in tcont["gem_ports"]:
            if gem["index"] not in seen:
                yield GemPort(index=gem["index"], tcont=tcont["index"])
            seen.add(gem["index"])


def _flow(row: Row, seen: Stored) -> Flow:
    """A service-port; the stored configuration knows more of it than the table."""
    return Flow(
        index=row["index"], service=seen.flows.get(row["index"]) or from_table(row), up=row["state"] == "up"
    )


def _lans(seen: Stored) -> Iterable[LanPort]:
    return (seen.lans[port] for port in sorted(seen.lans))


def _wan_index(seen: Stored) -> int | None:
    """The IP host that is the customer's: the one for internet, else the first that dials in."""
    dialling = [index for index, host in sorted(seen.hosts.items()) if host.mode == "pppoe"]
    if seen.internet in seen.hosts:
        return seen.internet
    return dialling[0] if dialling else None


def _wan(seen: Stored) -> Wan | None:
    index = _wan_index(seen)
    if index is None or (host := seen.hosts[index]).mode == "static":
        return None
    return Wan.model_validate(
        {
            "mode": host.mode,
            "vlan": host.vlan,
            "index": index,
            "priority": host.priority,
            "wan_profile": seen.wan_profiles.get(index),
            "login": host.login,
            "lan_ports": tuple(sorted(seen.routes)),
        }
    )


def _management(seen: Stored, ont: Row) -> Management | None:
    rest = {index: host for index, host in sorted(seen.hosts.items()) if index != _wan_index(seen)}
    for index, host in rest.items():
        if host.mode == "dhcp":
            profile = seen.tr069 or _text(ont.get("tr069_server_profile_id"))
            return Management(vlan=host.vlan, index=index, priority=host.priority, tr069_profile=profile)
    return None


def _more(seen: Stored, ont: Row) -> dict[str, str]:
    """What a plan compares beside the fields that every vendor has."""
    more = {f"host.{index}": str(host) for index, host in seen.hosts.items()}
    more |= {f"wan_profile.{index}": profile for index, profile in seen.wan_profiles.items()}
    more |= {f"route.{port}": "enable" for port in seen.routes}
    if seen.internet is not None:
        more["internet"] = str(seen.internet)
    if seen.tr069:
        more["tr069"] = seen.tr069
        more["tr069_name"] = str(ont.get("tr069_server_profile_name") or "")
    return more | {"word": seen.word}


def hosts(found: Registration) -> dict[int, Host]:
    """The IP hosts of an observed registration, by index."""
    return {int(key[5:]): Host.of(text) for key, text in found.more.items() if key.startswith("host.")}


@explained
def health() -> Dialogue[Health]:
    """The OLT's version and patch."""
    [said] = yield (VERSION,)
    version = answered(VERSION, said)
    if version is None:
        return Health()
    patch = version.get("patch")
    return Health(version=f"{version['version']} {patch}" if patch else version["version"])
