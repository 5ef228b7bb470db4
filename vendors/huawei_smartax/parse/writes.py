"""What the device answers to commands that change something."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.clean import bare_prompt
from vendors.huawei_smartax.parse.layout import Body, Row, cut, is_rule, solid, unknown
from vendors.huawei_smartax.parse.values import whole

_ADDED = re.compile(r"\s*Number of ONTs that can be added ?: ?(\d+), ?success ?: ?(\d+)\s*")
_PLACED = re.compile(r"\s*PortID ?: ?(\d+), ?ONTID ?: ?(\d+)\s*")
_ASKED_PLACE = re.compile(r"\s*ont\s+add\s+(\d+)\s+(\d+)\s", re.IGNORECASE)
_DELETED = re.compile(r"\s*Number of ONTs that can be deleted ?: ?(\d+), ?success ?: ?(\d+)\s*")
_SET = re.compile(r"\s*Set (ONT port\(s\) [\w -]*?) ?configuration, ?success ?: ?(\d+), ?failed ?: ?(\d+)\s*")
_SAVE = re.compile(r"\s*It will take several minutes to save configuration file, please wait\.\.\.\s*")
_SAVING = re.compile(
    r"\s*(?:\d{1,3}%|(?:\S.*)?has been saved completely\.?|(?:\S.*)?had been saved successfully\.?"
    r"|The data (?:of|is).*|Note: .*)\s*"
)
_TRAFFIC = re.compile(r"\s*Create traffic descriptor record successfully\s*")
_RELEASED = re.compile(
    r"(?:Warning: .{1,400}? )?"
    r"(?:Are you sure to release service virtual port\(s\)\? ?\(y/n\) ?\[n\] ?: ?y )?"
    r"The number of total service virtual port in this operation: *(\d+) Deleting start\.\.\. Deleting end: ?"
    r"The number of total service virtual port which need be deleted: *(\d+) "
    r"The number of total service virtual port which have been deleted: *(\d+)"
)
_ASKED = re.compile(r".*\(y/n\) ?\[n\] ?: ?(y?)\s*")


def added(lines: Body) -> Row:
    """`ont add`, `ont confirm`: how many could be added and were, and where; it must be where the command says."""
    body = solid(lines)
    head = _ADDED.fullmatch(body[0]) if body else None
    if not head:
        unknown(body[0] if body else "nothing")
    places: list[Row] = []
    for line in body[1:]:
        if not (found := _PLACED.fullmatch(line)):
            unknown(line)
        places.append({"port": whole(found[1]), "ont_id": whole(found[2])})
    can, success = whole(head[1]), whole(head[2])
    if len(places) != success:
        raise UnknownReply(f"{success} ONTs were added, {len(places)} are listed")
    asked = _ASKED_PLACE.match(lines.command)
    if asked and places and places != [{"port": whole(asked[1]), "ont_id": whole(asked[2])}]:
        raise UnknownReply("an ONT was added where it was not asked for")
    return {"can_be_added": can, "success": success, "onts": places}


def deleted(lines: Sequence[str]) -> Row:
    """`ont delete`: how many could be deleted and were."""
    body = [line for line in solid(lines) if not _ASKED.fullmatch(line)]
    found = _DELETED.fullmatch(body[0]) if len(body) == 1 else None
    if not found:
        unknown(body[0] if body else "nothing")
    return {"can_be_deleted": whole(found[1]), "success": whole(found[2])}


def released(lines: Body) -> Row:
    """`undo service-port`: nothing for one number, a report for many."""
    body = solid(lines)
    if not body:
        return silent(lines)
    text = " ".join(" ".join(line.split()) for line in body)
    found = _RELEASED.fullmatch(text)
    if not found:
        unknown(body[0])
    in_operation, needed, done = map(whole, found.groups())
    return {"in_this_operation": in_operation, "need_be_deleted": needed, "have_been_deleted": done}


def silent(lines: Body) -> Row:
    """A command that is accepted without a word, or with a count of ports, a question answered, or a confirmation."""
    read: Row = {"accepted": True}
    for line in solid(lines):
        if found := _SET.fullmatch(line):
            read |= {"what": found[1], "success": whole(found[2]), "failed": whole(found[3])}
        elif _TRAFFIC.fullmatch(line):
            read["text"] = line.strip()
        elif answered := _ASKED.fullmatch(line):
            if not answered[1] and not lines.ended:
                cut("the device's question was not answered")
            read["accepted"] = answered[1] == "y"
        else:
            unknown(line)
    return read | ({"accepted": False} if read.get("failed") else {})


def traffic_table(lines: Sequence[str]) -> Row:
    """`traffic table ip …`: that it was made, and its fields where they are shown."""
    body = solid(lines)
    if not body or not _TRAFFIC.fullmatch(body[0]):
        unknown(body[0] if body else "nothing")
    shown = [line for line in body[1:] if not is_rule(line)]
    return {"accepted": True, "shown": [" ".join(line.split()) for line in shown]}


def saved(lines: Sequence[str]) -> Row:
    """`save`: that it has begun; the prompt comes back before it is done, and what is said of it stands behind."""
    body = [line for line in solid(lines) if not bare_prompt(line)]
    if not body or not _SAVE.fullmatch(body[0]):
        unknown(body[0] if body else "nothing")
    for line in body[1:]:
        if not _SAVING.fullmatch(line):
            unknown(line)
    return {"accepted": True, "progress": [line.strip() for line in body[1:]]}
