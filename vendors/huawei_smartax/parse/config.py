"""`display current-configuration …`: the commands that would make the configuration again."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import Body, Row, cut, solid, unknown
from vendors.huawei_smartax.secrets import SECRETS
from vendors.quoting import without_credentials
from vendors.screen import masked

_BANNER = re.compile(r"\s*\[(?:Active|Patch Info|[A-Z0-9-]{1,40}V\d+R\d\w*) ?:.*\]\s*")
_SECTION = re.compile(r"\s*\[([a-z0-9_-]+)\]\s*", re.IGNORECASE)
_VIEW = re.compile(r"\s*<([\w/ .-]+)>\s*")
_END = re.compile(r"\s*return\s*")
_COMMAND = re.compile(r"\s*[a-z][^\x00-\x1f]*", re.IGNORECASE)
_STARTS = frozenset(
    "ont service-port interface port undo mac-address stacking igmp btv multicast-vlan vlan quit laser bandwidth fec"
    " security sippstnuser if-sip raio ring xpon gpon board tcont gem mapping-mode tr069-management commit traffic"
    " dba-profile ont-lineprofile ont-srvprofile snmp-agent sysname ip acl".split()
)
_SECRETS = tuple(map(re.compile, SECRETS))
_WIDTH = 79


def configuration(lines: Body) -> Row:
    """Commands with the section and view they stand under, put together where the device wrapped them.

    Passwords are masked: the device prints them in a form that nothing can be compared with.
    """
    body = solid(lines)
    if _END.fullmatch(body[-1]):
        del body[-1]
    elif "|" not in lines.command or not lines.ended:
        cut("the closing `return` is missing")
    read: list[Row] = []
    section = view = None
    for line in _unwrapped(body):
        if found := _SECTION.fullmatch(line):
            section, view = found[1], None
        elif found := _VIEW.fullmatch(line):
            view = found[1]
        elif line.strip() == "#" or _BANNER.fullmatch(line):
            continue
        elif _END.fullmatch(line):
            raise UnknownReply("more than one configuration")
        elif _COMMAND.fullmatch(line):
            command = without_credentials(masked(_squeezed(line), (), _SECRETS))
            read.append({"section": section, "view": view, "command": command})
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
    length = len(above.rstrip())
    return not above.lstrip().startswith(("#", "[", "<")) and length <= _WIDTH + 1 < length + 2 + len(first)
