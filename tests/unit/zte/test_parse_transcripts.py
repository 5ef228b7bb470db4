"""Every capture of a ZTE OLT, and every other form that was seen, is read as the value beside it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from schemas.text import MASK
from tests.support.mutations import parsed
from tests.unit.zte.builders import ZXAN
from tests.unit.zte.captures import (
    FOLDER,
    PLATFORMS,
    SESSIONS,
    VARIANTS,
    Piece,
    all_pieces,
    pieces_of,
    text_of,
    variants,
)
from vendors.screen import masked
from vendors.zte_common.parse.registry import parse

PIECES = [*all_pieces(), *variants()]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.id)
def test_a_reply_is_read_whole(piece: Piece, platform: str, tmp_path: Path) -> None:
    assert parse(piece.command, piece.raw) == piece.expected
    shown = parsed(platform, piece.command, piece.raw, tmp_path).value
    assert _differing(shown, piece.expected) <= {
        MASK,
        f"PW:{MASK}",
        f"onu 1 type F660 pw {MASK} vport-mode onu",
    }


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.id)
def test_line_ends_of_a_telnet_session_change_nothing(piece: Piece) -> None:
    lines = piece.raw.replace("\r\n", "\n")
    for end in ("\r\n", "\r\0\r\n", "\r\r\n", "\n\r"):
        assert parse(piece.command, lines.replace("\n", end)) == piece.expected, repr(end)


@pytest.mark.parametrize(
    "piece", [p for p in PIECES if "#" not in p.raw and "^" not in p.raw], ids=lambda p: p.id
)
@pytest.mark.parametrize(
    "around", ["\ufeff{}", "ZXAN#{command}\n{}ZXAN#", "{command} \r\n{}\nA-b.c_1@d#\n\nA-b.c_1@d# \n"]
)
def test_prompts_and_echo_around_a_reply_change_nothing(piece: Piece, around: str) -> None:
    echoed = piece.raw.split("\n", 1)[0].strip() == piece.command
    raw = piece.raw.split("\n", 1)[1] if echoed else piece.raw
    raw = raw if raw.endswith("\n") else f"{raw}\n"
    assert parse(piece.command, around.format(raw, command=piece.command)) == piece.expected


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.id)
def test_a_reply_that_the_session_masked_is_read_as_well(piece: Piece) -> None:
    redactions = [re.compile(expression, re.MULTILINE) for expression in ZXAN.PLATFORM.redactions]
    raw = masked(piece.raw.replace("\r\n", "\n"), (), redactions)
    assert _differing(parse(piece.command, raw), piece.expected) <= {MASK}


def _differing(read: Any, expected: Any) -> set[str]:
    """The values that were read otherwise, and every text where the shapes differ."""
    if isinstance(read, dict) and isinstance(expected, dict) and read.keys() == expected.keys():
        return set().union(*(_differing(read[key], expected[key]) for key in read))
    if isinstance(read, list) and isinstance(expected, list) and len(read) == len(expected):
        return set().union(*map(_differing, read, expected))
    if isinstance(read, str) and isinstance(expected, str) and MASK in read:
        return {MASK} if re.fullmatch(r"\S+".join(map(re.escape, read.split(MASK))), expected) else {read}
    return set() if read == expected else {str(read)}


def test_every_capture_has_its_expected_value_beside_it() -> None:
    captures = {path.stem for path in FOLDER.glob("*.txt")}
    assert captures - SESSIONS == {path.stem for path in FOLDER.glob("*.json")}
    assert {path.stem for path in VARIANTS.glob("*.txt")} == {path.stem for path in VARIANTS.glob("*.json")}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_no_line_of_a_capture_is_left_out(path: Path) -> None:
    lines = [line for line in text_of(path.with_suffix(".txt")).split("\n") if line.strip()]
    cut = [line for _, raw in pieces_of(path.with_suffix(".txt")) for line in raw.split("\n") if line.strip()]
    bare = [line for line in lines if line not in cut]
    assert all(line.rstrip().endswith("#") for line in bare), bare


_PROMPTS = re.compile(r"^[\w.-]+(?:\([^)]*\))?[#>].*$", re.MULTILINE)
_PAGER = re.compile(r" ?--More--[\b ]*")
UNSAID = set(
    """OnuIndex N/A N/A. unassigned address port Bps pps PhyMem MemSize MemUsage The port has number of information Information
    Basic-info Diagnostic-info Manufacture Transmitter Alarm Threshold All cards units deg c num Details following operate""".split()
)
"""Words of headings and units that a value has another word for, or none."""
MORE = {"titan-state-after-a-login", "c600-running-config-include"}
"""Files that hold more than a reply, or numbers that the terminal's width has broken."""


@pytest.mark.parametrize("piece", [p for p in PIECES if p.file not in MORE], ids=lambda piece: piece.id)
def test_no_number_and_no_word_of_a_reply_is_dropped(piece: Piece) -> None:
    """Independent of the parsers: what has a digit or a colon in its line stands in the value that is expected."""
    said = json.dumps(piece.expected)
    squeezed = re.sub(r"[^a-z0-9]", "", said.casefold())
    numbers = {abs(float(number)) for number in re.findall(r"\d+(?:\.\d+)?", said)} | {0.0}
    text = _PAGER.sub("", _PROMPTS.sub("", piece.raw.replace("\r", "")))
    for line in text.split("\n"):
        if line.strip() == piece.command or not re.search(r"[\d:]", line):
            continue
        for number in re.findall(r"\d+(?:\.\d+)?", line):
            assert abs(float(number)) in numbers, (number, line)
        for word in re.findall(r"[A-Za-z][\w./-]*", line):
            assert word in UNSAID or re.sub(r"[^a-z0-9]", "", word.casefold()) in squeezed, (word, line)


@pytest.mark.parametrize("folder", [FOLDER, VARIANTS], ids=lambda folder: folder.name)
def test_every_file_has_its_source(folder: Path) -> None:
    sources = (folder / "SOURCES.md").read_text("utf-8")
    assert [path.stem for path in folder.glob("*.txt") if path.stem not in sources] == []


def test_what_is_understood_is_json() -> None:
    for piece in PIECES:
        value = parse(piece.command, piece.raw)
        assert json.loads(json.dumps(value)) == value
