"""`display current-configuration …`: the commands that would make the configuration again."""

import re
from collections.abc import Sequence

from schemas.text import MASK
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import Row, cut, solid, unknown

_BANNER = re.compile(r"\s*\[(?:Active|Patch Info|[A-Z0-9-]+V\d+R\d+\w*) ?:.*\]\s*")
_SECTION = re.compile(r"\s*\[([a-z0-9-]+)\]\s*")
_VIEW = re.compile(r"\s*<([a-z0-9/ -]+)>\s*")
_END = re.compile(r"\s*return\s*")
_COMMAND = re.compile(r"\s*[a-z0-9][!-~ ]*", re.IGNORECASE)
_STARTS = frozenset(
    "ont service-port interface port undo mac-address stacking igmp btv multicast-vlan vlan quit laser bandwidth fec"
    " security sippstnuser if-sip raio ring xpon gpon board".split()
)
_SECRET = re.compile(r"(\b(?:password|password-auth|checkcode-auth|cipher|key) )(\"[^\"]*\"|\S+)")
_WIDTH = 79


def configuration(lines: Sequence[str]) -> Row:
    """Commands with the section and view they stand under, put together where the device wrapped them.

    Passwords are masked: the device prints them in a form that nothing can be compared with.
    """
    body = solid(lines)
    if not body or not _END.fullmatch(body[-1]):
        cut("the closing `return` is missing")
    read: list[Row] = []
    section = view = None
    for line in _unwrapped(body[:-1]):
        if found := _SECTION.fullmatch(line):
            section, view = found[1], None
        elif found := _VIEW.fullmatch(line):
            view = found[1]
        elif line.strip() == "#" or _BANNER.fullmatch(line):
            continue
        elif _END.fullmatch(line):
            raise UnknownReply("more than one configuration")
        elif _COMMAND.fullmatch(line):
            read.append(
                {"section": section, "view": view, "command": _SECRET.sub(rf"\1{MASK}", _squeezed(line))}
            )
        else:
            unknown(line)
    return {"commands": read, "total": len(read)}


def _squeezed(line: str) -> str:
    """Blanks run together outside quotation marks: the device widens some where it would have wrapped."""
    parts = re.split(r"(\"[^\"]*\")", line.strip())
    return "".join(part if part.startswith('"') else re.sub(r" +", " ", part) for part in parts)


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """A line goes on with the one above it if it begins no command and would not have fitted there."""
    joined: list[str] = []
    above = ""
    for line in lines:
        if joined and _goes_on(above, line):
            joined[-1] = f"{joined[-1].rstrip()} {line.strip()}"
        else:
            joined.append(line)
        above = line
    return joined


def _goes_on(above: str, line: str) -> bool:
    first = line.split()[0]
    if first in _STARTS or first.startswith(("#", "[", "<")) or _END.fullmatch(line):
        return False
    return bool(_COMMAND.fullmatch(above)) and len(above.rstrip()) + 1 + len(first) > _WIDTH
