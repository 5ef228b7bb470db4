"""Every capture of a ZTE OLT, and every other form that was seen, is read as the value beside it says."""

import json
from pathlib import Path

import pytest

from tests.support.mutations import parsed
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
from vendors.zte_common.parse.registry import parse

PIECES = [*all_pieces(), *variants()]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.id)
def test_a_reply_is_read_whole(piece: Piece, platform: str, tmp_path: Path) -> None:
    assert parsed(platform, piece.command, piece.raw, tmp_path).value == piece.expected


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


@pytest.mark.parametrize("folder", [FOLDER, VARIANTS], ids=lambda folder: folder.name)
def test_every_file_has_its_source(folder: Path) -> None:
    sources = (folder / "SOURCES.md").read_text("utf-8")
    assert [path.stem for path in folder.glob("*.txt") if path.stem not in sources] == []


def test_what_is_understood_is_json() -> None:
    for piece in PIECES:
        value = parse(piece.command, piece.raw)
        assert json.loads(json.dumps(value)) == value
