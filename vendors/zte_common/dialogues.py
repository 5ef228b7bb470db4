"""What is asked of an OLT, and what the answers mean: generators without I/O."""

from collections.abc import Callable, Sequence
from typing import Any

from schemas.place import PonPort
from schemas.serial import readable_serial
from vendors.contract import Command, Dialogue, Health, Observation, Sighting, read
from vendors.dialogue import explained
from vendors.errors import UnknownReply
from vendors.zte_common.grammar import ONU_IDS, Grammar
from vendors.zte_common.parse.clean import clean
from vendors.zte_common.parse.notice import notice
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


def _sightings(asked: Sequence[Command], replies: Sequence[str]) -> tuple[Sighting, ...]:
    """What several lists show together; a later one may tell the model. Raises what the first says where none is known."""
    known = [pair for pair in zip(asked, replies, strict=True) if not unknown_command(*pair)]
    seen: dict[tuple[PonPort, str], Row] = {}
    for pair in known or [(asked[0], replies[0])]:
        for row in answer(*pair).get("onus", []):
            if row["sn"]:
                before = seen.get((_port(row), row["sn"]), {})
                seen[_port(row), row["sn"]] = before | {key: row[key] for key in row if row[key] is not None}
    return tuple(
        Sighting(port=port, serial=row.get("serial"), raw_serial=sn, model=row.get("model"))
        for (port, sn), row in seen.items()
    )


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
    tables = [answer(*pair) for pair in list(zip(first, replies, strict=True))[1 + len(lists) :]]
    used = _used(tables, port)
    if not places and (printed := _printed(serial, seen, tables)):
        again = read(f"show gpon onu by sn {printed}")
        [reply] = yield (again,)
        places = _places(answer(again, reply))
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
    )


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
    for found, detail, power in zip(shown, values[::2], values[1::2], strict=True):
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


def _used(tables: Sequence[Row], port: PonPort | None) -> frozenset[int]:
    """ONU numbers in use by either display. Raises UnknownReply for rows of another port."""
    rows = [row for table in tables for row in table.get("onus", ())]
    if any(_port(row) != port for row in rows):
        raise UnknownReply("the OLT lists the ONUs of another port than the one that was asked about")
    return frozenset(row["onu"] for row in rows)


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
