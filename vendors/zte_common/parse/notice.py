"""What the device says instead of an answer: nothing there, refused, for your information."""

import re
from collections.abc import Sequence
from typing import Any

from vendors.errors import UnknownReply
from vendors.zte_common.parse.clean import rejoined, solid

Row = dict[str, Any]

NOTHING = "no related information to show"
"""The words, not their number, say that there is nothing: 62310, 32310 and others carry them."""

_NUMBERED = re.compile(
    r"%\s?(?P<kind>Error|Code|Info|Warning|Notice)\s+(?P<number>\d{1,9})(?:-(?P<module>[A-Za-z_]{1,32}))?\s*:"
    r"\s*(?P<text>\S.*)"
)
_PLAIN = re.compile(r"%\s?(?!(?:Error|Code|Info|Warning|Notice)\b)(?P<text>[A-Za-z][\w'-]*\s+[^%\s][^%]*)")
_BARE = re.compile(
    r"(?P<text>No related information to show\.?|GPON ONU sn already exists\.?|The entry is (?:not )?existed\.?.*"
    r"|(?:The )?(?:Parameter|Value|Input)s?(?: [\w'-]{1,20}){0,3} (?:exceeds?|(?:is |are )?out of|beyond)(?: [\w'-]{1,20}){0,2} range\.?"
    r"|ONT return error\.?|Invalid (?:command|input|parameter|keyword)\.?|Unrecognized command\.?"
    r"|Enter configuration commands, one per line\.\s+End with CTRL/Z\.|Command authorization failed\.?"
    r"|(?:The|This|Onu|Ont|Interface|Port|Card|Profile|[a-z]{0,4}pon[-_]\S{5,40})(?: [\w/:.-]{1,40}){0,5}"
    r" (?:is|does) not (?:exist(?:ed)?|online|found|registered|configured)\.?)",
    re.IGNORECASE,
)
_TAIL = re.compile(r"(?:Invalid|Unrecognized|Unknown|Ambiguous|Incomplete) [A-Za-z ]+\.?", re.IGNORECASE)
_CARET = re.compile(r"\s*\^\s*")
_SENTENCES = (
    "invalid input detected at '^' marker.",
    "incomplete command.",
    "ambiguous command",
    "the entry is existed",
    "the entry is not existed",
    "profile does not exist.",
    "ont return error",
    "gpon onu sn already exists",
)
_NOT_THERE = re.compile(rf"{NOTHING}\.?$|is not online\.?$", re.IGNORECASE)
"""Nothing to show, or an ONU that cannot be asked: C320 says so of the optical levels of one that is dark."""
_INFORMS = re.compile(r"Enter configuration commands", re.IGNORECASE)


def notice(lines: Sequence[str]) -> Row | None:
    """`not_found`, `refused` or `info` when the reply is nothing but that; None when it says nothing of the kind.

    Raises UnknownReply for a notice among other lines: what stands around it is not whole.
    """
    body = rejoined(solid(lines), lambda first, line: first.startswith("%") and not line.startswith("%"))
    said = [number for number, line in enumerate(body) if _read(line)]
    if not said:
        return None
    before, after = body[: said[0]], body[said[0] :]
    place = _caret(before)
    details = [line.strip() for line in after[1:] if _TAIL.fullmatch(line.strip())]
    notices = [_read(line) for line in after if line is after[0] or line.strip() not in details]
    if not all(notices):
        raise UnknownReply("a notice and other output in one reply")
    if any(read in notices[:number] for number, read in enumerate(notices)):
        raise UnknownReply("a notice is there twice")
    return _classified([read for read in notices if read], details, place)


def _read(line: str) -> Row | None:
    text = line.strip()
    if text.endswith(("#", ">")):
        return None
    if found := _NUMBERED.fullmatch(text):
        number = int(found["number"])
        return {"kind": found["kind"], "number": number, "module": found["module"], "text": found["text"]}
    if found := _PLAIN.fullmatch(text) or _BARE.fullmatch(text):
        return {"kind": None, "number": None, "module": None, "text": found["text"].strip()}
    return None


def _caret(before: list[str]) -> Row:
    """What stands above the notice: the rejected line again, and a caret below what is wrong in it."""
    if not before:
        return {}
    if not _CARET.fullmatch(before[-1]) or len(before) > 2:
        raise UnknownReply("a notice below other output")
    found: Row = {"column": before[-1].index("^")}
    return found | ({"line": before[0].strip()} if len(before) == 2 else {})


def _classified(notices: list[Row], details: list[str], place: Row) -> Row:
    first = notices[0]
    said = first["text"].casefold()
    if any(known.startswith(said) and known != said for known in (NOTHING, *_SENTENCES)):
        raise UnknownReply("a notice that is cut")
    if len(notices) > 1:
        first = first | {"more": notices[1:]}
    if details:
        first = first | {"details": details}
    if _NOT_THERE.search(first["text"]) and not place:
        return {"not_found": first}
    if first["kind"] == "Info" or (first["kind"] is None and _INFORMS.match(first["text"])):
        return {"info": first}
    return {"refused": first | place}
