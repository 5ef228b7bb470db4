"""What reaches a terminal: no character that it would act upon, whoever wrote it. The one place of that rule.

ERPs, devices and OLTs write what commands print: escape codes, the C1 controls (U+0080 to U+009F, of which U+009B begins an
escape code by itself), and the marks that turn the direction of a text.
"""

import json
import re
from typing import Any

_OTHER = re.compile(r"[^ -~\n]")
"""All but printable ASCII and the line's end: looked at one by one."""


def plain(said: str) -> str:
    """`said` with U+FFFD in place of each character that is not printable; line ends stay, tabs become blanks."""
    return _OTHER.sub(_replaced, said.expandtabs())


def _replaced(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else "\ufffd"


def escaped(said: str) -> str:
    r"""`said` with each character that is not printable as `\uXXXX`; JSON that means the same, where it was JSON."""
    return _OTHER.sub(_escape, said)


def _escape(found: re.Match[str]) -> str:
    return (
        found[0]
        if found[0].isprintable()
        else json.dumps(found[0])[1:-1]
        if ord(found[0]) != 0x7F
        else r"\u007f"
    )


def json_text(data: Any, indent: int | None = 2) -> str:
    """`data` as one JSON document that a terminal shows as it is."""
    return escaped(json.dumps(data, ensure_ascii=False, indent=indent))
