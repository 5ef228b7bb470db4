"""Captures as their collectors left them, cut into single replies: the tests' work, never the parsers'."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts"
FOLDER = TRANSCRIPTS / "zte_zxan"
VARIANTS = TRANSCRIPTS / "zte_variants"
PLATFORMS = ("zte_zxan", "zte_titan")
SESSIONS = {"titan-telnet-login-banner"}
"""Captures without a reply: what is printed around a login."""

_REMARK = re.compile(r" <----- Tanda .*")
_HASH = re.compile(r"^( *)#", re.MULTILINE)
_PROMPT = re.compile(r"^[A-Za-z][\w.-]*(?:\([\w-]+\))?[#>](?P<typed>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """One command, its reply as captured (prompt and echo included where they were), and what it is expected to mean."""

    file: str
    number: int
    command: str
    raw: str
    expected: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.file}-{self.number}"


def text_of(path: Path) -> str:
    """The capture without what its collector added (see SOURCES.md)."""
    text = path.read_bytes().decode("latin-1")
    if path.stem == "c300-uplink-vlan-and-write":
        text = _HASH.sub(r"\1", text)
    return "\n".join(_REMARK.sub("", line) for line in text.split("\n"))


def pieces_of(path: Path) -> list[tuple[str | None, str]]:
    """Each command typed at a prompt with all that follows up to the next prompt; the whole where there is no prompt."""
    text = text_of(path)
    prompts = list(_PROMPT.finditer(text))
    if not prompts:
        return [(None, text)]
    ends = [*(found.start() for found in prompts[1:]), len(text)]
    cut = [
        (found["typed"].strip(), text[found.start() : end]) for found, end in zip(prompts, ends, strict=True)
    ]
    return [(typed, raw) for typed, raw in cut if typed]


def all_pieces() -> list[Piece]:
    """Every piece of every capture that holds replies, with the expected value that stands beside it."""
    found: list[Piece] = []
    for path in sorted(FOLDER.glob("*.json")):
        cases = json.loads(path.read_text("utf-8"))
        pieces = pieces_of(path.with_suffix(".txt"))
        assert len(pieces) == len(cases), path
        for number, ((typed, raw), case) in enumerate(zip(pieces, cases, strict=True), 1):
            assert typed in {None, case["command"]}, path
            found.append(Piece(path.stem, number, case["command"], raw, case["expected"]))
    return found


def variants() -> list[Piece]:
    """Replies in other forms, each a file of its own."""
    found: list[Piece] = []
    for path in sorted(VARIANTS.glob("*.json")):
        [case] = json.loads(path.read_text("utf-8"))
        raw = path.with_suffix(".txt").read_bytes().decode()
        found.append(Piece(path.stem, 1, case["command"], raw, case["expected"]))
    return found
