"""What is asked of an OLT, and what the answers mean: generators without I/O."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from schemas.place import PonPort
from schemas.serial import readable_serial
from vendors.contract import Command, Dialogue, Health, Observation, Sighting, read
from vendors.dialogue import explained
from vendors.errors import UnknownReply
from vendors.left_out import LeftOut, Sightings, refuse_about, refuse_unsure
from vendors.zte_common.grammar import ONU_IDS, Grammar
from vendors.zte_common.parse.clean import clean
from vendors.zte_common.parse.notice import notice
from vendors.zte_common.parse.odd import listed
from vendors.zte_common.parse.registry import parse
from vendors.zte_common.refusals import check, unknown_command
from vendors.zte_common.registered import Shown, Statements

Row = dict[str, Any]
Places = tuple[tuple[PonPort, int], ...]
ReadConfig = Callable[[Grammar, Sequence[Shown]], Dialogue[None]]
"""Fills in the configuration of several ONUs; the two families show it differently."""

_OLD_SOFTWARE = range(30_000, 40_000)
"""Numbers of the empty answer on C3xx software V1.2; on V2 they begin with 6."""


def answer(command: Command, reply: str) -> Row:
    """What a reply means. Raises what a refusal means, and UnknownReply with command and reply."""
    try:
        value = parse(command.text, reply)
    except UnknownReply as error:
        raise UnknownReply(str(error), command=command.text, reply=reply) from None
    if "refused" in value:
        check(command, reply)
    return value


@explained
def discover(commands: tuple[str, ...]) -> Dialogue[tuple[Sighting, ...]]:
    """Every ONU that is lit and not registered. Software that knows several lists adds models in the later ones."""
    asked = tuple(map(read, commands))
    replies = yield asked
    return _sightings(asked, replies)


def _sightings(asked: Sequence[Command], replies: Sequence[str]) -> Sightings:
    """What several lists show together; a later one may tell the model. Raises what the first says where none is known."""
    known = [pair for pair in zip(asked, replies, strict=True) if not _refuses(*pair)]
    seen: dict[tuple[PonPort, str], Row] = {}
    left: dict[str, LeftOut] = {}
    for pair in known or [(asked[0], replies[0])]:
        said, odd = _listed(*pair)
        left |= {row.text: row for row in odd}
        for row in said.get("onus", []):
            if row["sn"]:
                before = seen.get((_port(row), row["sn"]), {})
                seen[_port(row), row["sn"]] = before | {key: row[key] for key in row if row[key] is not None}
    found = (
        Sighting(port=port, serial=row.get("serial"), raw_serial=sn, model=row.get("model"))
        for (port, sn), row in seen.items()
    )
    return Sightings(found, left.values())


def _listed(command: Command, reply: str) -> tuple[Row, tuple[LeftOut, ...]]:
    """The rows of a list, and those that no rule explains. Raises what a refusal means, and UnknownReply."""
    try:
        return answer(command, reply), ()
    except UnknownReply as error:
        try:
            return listed(command.text, reply)
        except UnknownReply:
            raise error from None


def _refuses(command: Command, reply: str) -> bool:
    try:
        return unknown_command(command, reply)
    except UnknownReply:
        return False


def refused(command: Command, reply: str) -> bool:
    """Whether the OLT refuses this question."""
    said = notice(clean(reply, command.text).lines)
    return said is not None and "refused" in said


@explained
def observe(
    grammar: Grammar, lists: tuple[str, ...], read_config: ReadConfig, serial: str, port: PonPort | None
) -> Dialogue[Observation]:
    """What the OLT has for `serial` anywhere, and the ONU numbers in use on `port`, by two displays."""
    first = [read(f"show gpon onu by sn {serial}"), *map(read, lists)]
    if port:
        names = grammar.olt(port)
        first += [read(f"show gpon onu state {names}"), read(f"show gpon onu baseinfo {names}")]
    replies = yield tuple(first)
    places = _places(answer(first[0], replies[0]))
    seen = _sightings(first[1 : 1 + len(lists)], replies[1 : 1 + len(lists)])
    lists_of_port = [_listed(*pair) for pair in list(zip(first, replies, strict=True))[1 + len(lists) :]]
    tables, odd = [said for said, _ in lists_of_port], [rows for _, rows in lists_of_port]
    used = _used(tables, odd, port)
    refuse_about(seen.left_out, serial, _shown(port))
    for rows in odd:
        refuse_about(rows, serial)
    by_serial = first[0]
    if not places and (printed := _printed(serial, seen, tables)):
        by_serial = read(f"show gpon onu by sn {printed}")
        [reply] = yield (by_serial,)
        places = _places(answer(by_serial, reply))
    here = {onu_id for found, onu_id in places if found == port}
    if any(row.number in here for rows in odd for row in rows):
        raise UnknownReply("a row about the ONU itself that no rule explains")
    if port and not here:
        yield from _absent(serial, places, tables, odd, (by_serial, first[-1]))
    shown = yield from _details(grammar, places)
    yield from read_config(grammar, shown)
    return Observation(
        serial=serial,
        port=port,
        registrations=tuple(found.registration(serial) for found in shown),
        sighting=next((found for found in seen if found.serial == serial), None),
        used_onu_ids=used,
        onus_free=len(set(ONU_IDS) - used) if port else None,
        firmware=_firmware(tables),
        left_out=tuple(row.text for rows in (seen.left_out, *odd) for row in rows),
    )


def _shown(port: PonPort | None) -> re.Pattern[str] | None:
    """How a port stands in a row."""
    return re.compile(rf"(?<![\d/]){port}(?![\d/])") if port else None


def _absent(
    serial: str,
    places: Places,
    tables: Sequence[Row],
    odd: Sequence[Sequence[LeftOut]],
    asked: tuple[Command, Command],
) -> Dialogue[None]:
    """Make sure that the serial is not registered on the port, for then it may be.

    The list of states prints a total and no serials, that of serials no total: where both are of the same ONUs, nothing is
    missing. Otherwise, and where the serial is registered elsewhere (that list has no total), a second read must agree.
    Raises UnknownReply.
    """
    states, serials = tables
    refuse_unsure(odd[0], serials=False)
    refuse_unsure(odd[1])
    rows = serials.get("onus", ())
    if any(row["serial"] == serial for row in rows):
        raise UnknownReply("the OLT lists a serial that it says is not registered")
    if any(row["serial"] is None and row["auth_info"].upper().startswith("SN") for row in rows):
        raise UnknownReply("a serial that cannot be read: it may be the one that was asked about")
    if not places and _numbers(states, odd[0]) == _numbers(serials, odd[1]):
        return
    by_serial, list_of_serials = asked
    replies = yield asked
    if _places(answer(by_serial, replies[0])) != places or _listed(list_of_serials, replies[1])[0] != serials:
        raise UnknownReply("the OLT says twice, and differently, what is registered")


def _numbers(table: Row, odd: Sequence[LeftOut]) -> set[int | None]:
    return {row["onu"] for row in table.get("onus", ())} | {row.number for row in odd}


def _printed(serial: str, seen: Sequence[Sighting], tables: Sequence[Row]) -> str | None:
    """The serial as this OLT writes it where its vendor id holds small letters: it knows it by no other."""
    shown = [found.raw_serial for found in seen]
    shown += [row["sn"] for table in tables for row in table.get("onus", ()) if row.get("sn")]
    forms = (readable_serial(serial, one) for one in shown)
    return next((form for form in forms if form[:4] != serial[:4]), None)


def _details(grammar: Grammar, places: Places) -> Dialogue[list[Shown]]:
    """State, fields and optical levels of the ONUs in these places."""
    shown = [Shown(port, onu_id) for port, onu_id in places]
    if not shown:
        return shown
    asked = tuple(
        read(f"{show} {grammar.onu(found.port, found.onu_id)}")
        for found in shown
        for show in ("show gpon onu detail-info", "show pon power attenuation")
    )
    replies = yield asked
    values = [answer(command, reply) for command, reply in zip(asked, replies, strict=True)]
    for number, found in enumerate(shown):
        detail, power = values[2 * number : 2 * number + 2]
        found.detail = _detail_of(found, detail)
        found.power = None if "not_found" in power else power
    return shown


def _detail_of(found: Shown, value: Row) -> Row:
    onu = value.get("onu")
    if onu is None or (_port(onu), onu["onu"]) != (found.port, found.onu_id):
        raise UnknownReply("the OLT shows no details of an ONU that it has just named, or those of another")
    return dict(onu, history=value["history"])


def section(value: Row, mode: str, found: Shown, vport: int | None = None) -> Statements | None:
    """The lines about this ONU (or this virtual port of it) in a configuration; None without a section about it.

    TITAN may show an interface twice, in different parts. Raises UnknownReply for a section about something else.
    """
    lines: list[Row] | None = None
    for row in value.get("sections", ()):
        if row["mode"] != mode or ("vport" in row) != (vport is not None):
            continue
        here = (row.get("shelf"), row.get("slot"), row.get("port"), row.get("onu"), row.get("vport"))
        if here != (found.port.frame, found.port.slot, found.port.port, found.onu_id, vport):
            raise UnknownReply("the configuration is of another ONU than the one that was asked about")
        lines = [*(lines or ()), *row["lines"]]
    return lines


def lines_of(command: Command, reply: str) -> Row:
    """A configuration; an ONU of which nothing is configured prints none, or says that there is nothing to show."""
    if not reply.strip():
        return {}
    return answer(command, reply)


@explained
def health() -> Dialogue[Health]:
    """The software of the control cards, where the cards tell."""
    command = read("show card")
    [reply] = yield (command,)
    cards = answer(command, reply).get("cards", [])
    versions = sorted({card["soft_ver"] for card in cards if card.get("soft_ver")})
    return Health(version=", ".join(versions) or None)


def _places(value: Row) -> Places:
    return tuple((_port(row), row["onu"]) for row in value.get("onus", ()))


def _used(tables: Sequence[Row], odd: Sequence[Sequence[LeftOut]], port: PonPort | None) -> frozenset[int]:
    """ONU numbers in use by either display. Raises UnknownReply for rows of another port."""
    rows = [row for table in tables for row in table.get("onus", ())]
    if any(_port(row) != port for row in rows):
        raise UnknownReply("the OLT lists the ONUs of another port than the one that was asked about")
    apart = (row.number for one in odd for row in one if row.number is not None)
    return frozenset((*(row["onu"] for row in rows), *apart))


def _firmware(tables: Sequence[Row]) -> str | None:
    """`V1` or `V2` of C3xx software, by what only one of them prints; None where nothing tells."""
    if not tables:
        return None
    state = tables[0]
    if none := state.get("not_found"):
        return None if none["number"] is None else ("V1" if none["number"] in _OLD_SOFTWARE else "V2")
    return "V1" if any("o7_state" in row for row in state.get("onus", ())) else "V2"


def _port(row: Row) -> PonPort:
    return PonPort(frame=row["shelf"], slot=row["slot"], port=row["port"])
