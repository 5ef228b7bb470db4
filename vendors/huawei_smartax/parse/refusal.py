"""What the device says instead of an answer: not there, refused, busy."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse.layout import cut, solid, unknown

ABSENT = (
    "The required ONT does not exist",
    "The ONT does not exist",
    "ONT does not exist",
    "The automatically found ONTs do not exist",
    "Automatically found ONTs do not exist",
    "There is no ONT available",
    "No service virtual port can be operated",
    "The service virtual port does not exist",
    "Service virtual port does not exist",
    "There is no service virtual port",
    "There is not any MAC address record",
    "The MAC address does not exist",
    "The profile does not exist",
    "The line profile does not exist",
    "The service profile does not exist",
    "The ont-lineprofile does not exist",
    "The ont-srvprofile does not exist",
    "The DBA-profile does not exist",
    "The traffic table does not exist",
    "The specified ONT interoperability rule does not exist",
    "No related information to show",
    "This board does not exist",
    "The board does not exist",
    "VLAN does not exist",
    "The VLAN does not exist",
)
"""The device's ways to say that what was asked about is not there."""

BUSY = (
    "System is busy, please retry after a while",
    "System is reading or writing flash, please retry after a while",
    (
        "Command can not be executed rightly, the cause is: Loading (backuping,rollbacking...) command being executed."
        " Please retry later"
    ),
    "System is busy, please save data later",
    "It will take several minutes to save configuration file, please wait...",
)
"""Also the first words of the answer to `save`, where they are no refusal."""

OTHER = (
    "SN already exists",
    "The ONT SN already exists",
    "The ONT ID has already existed",
    "The ONT is not online",
    "ONT is not online",
    "The ONT can not support",
    "Service virtual port has existed already",
    "The service virtual port has existed already",
    "This configured object has some service virtual ports",
    "The DBA-profile has already existed",
    "The maximum bandwidth of the referenced DBA profile exceeds the limitation",
    "The traffic table exists already",
    "GEM configuration exists",
    "The port is not in the VLAN",
    "VLAN has been configured as native VLAN of the ports",
    "Make configuration repeatedly",
    "The bandwidth is not enough",
    "The current HG configuration method of the ONT does not support this operation",
)

_SAVING = "It will take several minutes to save configuration file, please wait..."
_REENTER = "Reenter times have reached the upper limit"


def _plain(text: str) -> str:
    """A text without its full stop, in one case and with single blanks."""
    return " ".join(text.split()).casefold().removesuffix(".")


_ABSENT = {_plain(text) for text in ABSENT}
_BUSY = {_plain(text) for text in BUSY}
_KNOWN = _ABSENT | _BUSY | {_plain(text) for text in OTHER}
_BARE = _ABSENT | _BUSY | {_plain(_REENTER)}
"""What is said without `Failure:` too."""
_FAILURE = re.compile(r"\s*(?:Failure|Error) ?: ?(.+)")
_PERCENT = re.compile(r"\s*% (.+)")
_SYNTAX = {
    text: text.lower().replace(" ", "_")
    for text in (
        "Unknown command",
        "Parameter error",
        "Incomplete command",
        "Too many parameters",
        "Ambiguous command",
        "Invalid input detected",
    )
}
_OTHER_SYNTAX = "syntax_error"
SYNTAX_KINDS = frozenset({*_SYNTAX.values(), _OTHER_SYNTAX})
"""Of a line that begins with a per cent sign: the CLI did not take the command."""
_OLD_SYNTAX = re.compile(r"\s*Incorrect command:.*")
_CONFLICT = re.compile(r"\s*Conflicted service virtual port index ?: ?(\d+)\s*")
_WIDTH = 56
"""The device breaks its messages at about this column."""


def refusal(lines: Sequence[str], *, saving: bool = False, broken: bool = False) -> dict[str, Any] | None:
    """The device's refusal as a value, or None where the reply is none.

    `saving`: it was asked to save. `broken`: the reply stops without a line end.
    `{"found": False, "text": …}` for what is not there, `{"refused": {"kind": …, "text": …}}` for the rest.
    Raises UnknownReply for a refusal that goes on with something else, or whose end is missing.
    """
    body, rest = _paragraph(lines)
    if not body or (saving and body[0].strip() == _SAVING):
        return None
    read = _read(body, broken=broken)
    if read is not None and rest:
        unknown(rest[0])
    return read


def _paragraph(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The first lines that no blank line parts, carets left out, and what follows them."""
    body: list[str] = []
    for number, line in enumerate(lines):
        if line.strip() not in {"", "^"}:
            body.append(line)
        elif body:
            return body, solid(lines[number:])
    return body, []


def _read(body: list[str], *, broken: bool) -> dict[str, Any] | None:
    if _OLD_SYNTAX.fullmatch(body[0]):
        return refused("unknown_command", " ".join(line.strip() for line in body[:3]))
    if found := _PERCENT.fullmatch(body[0]):
        return _syntax(_unwrapped(found[1], body), broken=broken)
    if found := _FAILURE.fullmatch(body[0]):
        whole = body[:-1] if _CONFLICT.fullmatch(body[-1]) else body
        return _failure(_unwrapped(found[1], whole), body, broken=broken)
    if _plain(body[0]) in _BARE:
        return _bare(body)
    return None


def refused(kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A refusal as a value."""
    return {"refused": {"kind": kind, "text": text, **more}}


def _unwrapped(first: str, body: Sequence[str]) -> str:
    """A message that the device broke into lines, as one; what would have fitted above is no part of it."""
    text = first.strip()
    for above, line in pairwise(body):
        if len(above.rstrip()) + 1 + len(line.split()[0]) <= _WIDTH:
            unknown(line)
        text = f"{text} {line.strip()}"
    return text


def _syntax(text: str, *, broken: bool) -> dict[str, Any]:
    """A known sentence alone, or any that points at the caret."""
    if "'^'" not in text and (broken or text.rstrip(".") not in _SYNTAX):
        raise UnknownReply(f"a refusal that no rule explains: {text[:120]!r}")
    known = next((kind for begun, kind in _SYNTAX.items() if text.startswith(begun)), _OTHER_SYNTAX)
    return refused(known, f"% {text}")


def _failure(text: str, body: Sequence[str], *, broken: bool) -> dict[str, Any]:
    plain = _plain(text)
    if plain in _ABSENT:
        return {"found": False, "text": text}
    if plain not in _KNOWN and (broken or any(known.startswith(plain) for known in _KNOWN)):
        cut()
    kind = "busy" if plain in _BUSY or plain.startswith("system is busy") else "failure"
    more = {"conflicting_index": int(found[1])} if (found := _CONFLICT.fullmatch(body[-1])) else {}
    return refused(kind, f"Failure: {text}", **more)


def _bare(body: Sequence[str]) -> dict[str, Any]:
    if len(body) > 1:
        unknown(body[1])
    text = body[0].strip() if body[0].strip() == _SAVING else body[0].strip().removesuffix(".")
    return {"found": False, "text": text} if _plain(text) in _ABSENT else refused("busy", text)
