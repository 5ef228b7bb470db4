"""Running configurations: what stands between `Building configuration...` and `end`, between `!<xpon>` and `!</xpon>`.

Every line is given as it stands, with the lines below it; the lines about an ONU also in their parts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import rejoined, solid
from vendors.zte_common.parse.statements import statement
from vendors.zte_common.parse.values import Row, located

_BUILDING = re.compile(r"Building configuration\.+")
_OPEN = re.compile(r"!<([A-Za-z][\w-]{0,40})>")
_CLOSE = re.compile(r"!</([A-Za-z][\w-]{0,40})>")
_DEEPEST = 12
_TOP = re.compile(r"(?:interface|pon-onu-mng|gpon|pon|vlan(?!-)|traffic-profile|end|exit)\b|[!$]")
_HEAD = re.compile(r"(?P<mode>interface|pon-onu-mng)\s+(?P<name>\S(?:.*\S)?)")


@dataclass
class _Node:
    line: str
    indent: int
    below: list["_Node"] = field(default_factory=list)


def running(lines: Sequence[str]) -> Row:
    """`show running-config ...`: it must end with `end` (C3xx), with its closing tag or with `$` (TITAN)."""
    body = unwrapped(lines)
    if body and _BUILDING.fullmatch(body[0].strip()):
        if body[-1].strip() != "end":
            raise UnknownReply("`end` is missing: the reply is cut")
        return _sections(body[1:])
    if not body or not (_CLOSE.fullmatch(body[-1].strip()) or body[-1].strip() == "$"):
        raise UnknownReply("no configuration, or one whose beginning or end is missing")
    _check_begin(body)
    return _sections(body)


def filtered(lines: Sequence[str]) -> Row:
    """`show running-config | include ...`: the lines that are left, of which nothing tells where they end."""
    body = unwrapped(lines)
    if not body or any(_BUILDING.fullmatch(line.strip()) for line in body[1:]):
        raise UnknownReply("no line of a configuration, or more than one")
    return _tree_of(body[1:] if _BUILDING.fullmatch(body[0].strip()) else body)


def begun(lines: Sequence[str]) -> Row:
    """`show running-config | begin ...`: its beginning is where one wished, its end is the configuration's."""
    body = unwrapped(lines)
    body = body[1:] if body and _BUILDING.fullmatch(body[0].strip()) else body
    if not body or not (_CLOSE.fullmatch(body[-1].strip()) or body[-1].strip() == "end"):
        raise UnknownReply("the end of the configuration is missing: the reply is cut")
    first = next((number for number, line in enumerate(body) if _OPEN.fullmatch(line.strip())), len(body))
    closes = [number for number, line in enumerate(body[:first]) if _CLOSE.fullmatch(line.strip())]
    _check_tags(body[closes[0] + 1 :] if closes else body)
    return _tree_of(body)


def this(lines: Sequence[str]) -> Row:
    """`show this`: ends with `!`, `$` or a closing tag."""
    body = unwrapped(lines)
    if not body or not (body[-1].strip() in {"!", "$", "end"} or _CLOSE.fullmatch(body[-1].strip())):
        raise UnknownReply("the mark at the end is missing: the reply is cut")
    _check_begin(body)
    return _of_one(_sections(body))


def onu_management(lines: Sequence[str]) -> Row:
    """`show onu running config`: begins with `pon-onu-mng`; some firmware closes it with `!`, some with nothing."""
    body = unwrapped(lines)
    if not body or not body[0].startswith("pon-onu-mng "):
        raise UnknownReply("no configuration of an ONU")
    return _of_one(_sections(body))


def unwrapped(lines: Sequence[str]) -> list[str]:
    """The lines that hold something, without what they are all indented by; broken ones are put together."""
    indent = min((len(line) - len(line.lstrip()) for line in solid(lines)), default=0)
    lines = [line[indent:] for line in lines] if indent else lines
    whole = rejoined(solid(lines), lambda _, line: not line.startswith("  ") and not _TOP.match(line))
    return [line.rstrip() for line in whole]


def _sections(body: Sequence[str]) -> Row:
    """The configuration as sections (blocks of an interface or of an ONU) and all other lines, in their order."""
    _check_tags(body)
    return _tree_of(body)


def _tree_of(body: Sequence[str]) -> Row:
    nodes = _tree([line for line in body if not _is_remark(line)])
    sections = [_section(node) for node in nodes if _HEAD.fullmatch(node.line)]
    others = [_plain(node) | statement(node.line) for node in nodes if not _HEAD.fullmatch(node.line)]
    if not sections and not others:
        raise UnknownReply("a configuration without a line")
    return {"sections": sections, "other": others}


def _check_begin(body: Sequence[str]) -> None:
    if not _TOP.match(body[0].lstrip() if body[0].lstrip().startswith("!") else body[0]):
        raise UnknownReply("the beginning is missing")


def _of_one(found: Row) -> Row:
    """A configuration in which nothing else is shown than one interface or ONU, be it in several parts."""
    names = {(section["mode"], section["name"]) for section in found["sections"]}
    if len(names) > 1 or (names and found["other"]):
        raise UnknownReply("the configuration of more than one thing")
    return found


def _check_tags(body: Sequence[str]) -> None:
    opened: list[str] = []
    for line in map(str.strip, body):
        if tag := _OPEN.fullmatch(line):
            opened.append(tag[1])
        elif (tag := _CLOSE.fullmatch(line)) and (not opened or opened.pop() != tag[1]):
            raise UnknownReply("a closing tag without its opening one")
    if opened:
        raise UnknownReply("a closing tag is missing: the reply is cut")


def _is_remark(line: str) -> bool:
    text = line.strip()
    return text.startswith("!") or text == "end"


def _tree(lines: Sequence[str]) -> list[_Node]:
    """Lines below the line that they are indented under; `$` closes a block of its own indentation."""
    root = _Node("", -1)
    path = [root]
    for line in lines:
        indent = len(line) - len(line.lstrip())
        while path[-1].indent >= indent:
            path.pop()
        if line.strip() != "$":
            node = _Node(line.strip(), indent)
            path[-1].below.append(node)
            path.append(node)
        if len(path) > _DEEPEST:
            raise UnknownReply("blocks within blocks without an end")
    return root.below


def _section(node: _Node) -> Row:
    head = _HEAD.fullmatch(node.line)
    assert head is not None
    name = head["name"]
    lines = [_plain(below) | statement(below.line) for below in node.below]
    plain = [below.line for below in node.below if not below.below]
    if len(set(plain)) != len(plain):
        raise UnknownReply("a line is there twice")
    return {"mode": head["mode"], "name": name, **located(name), "lines": lines}


def _plain(node: _Node) -> Row:
    below = [_plain(child) for child in node.below]
    return {"line": node.line} | ({"below": below} if below else {})
