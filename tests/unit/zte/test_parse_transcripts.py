"""Every capture of a ZTE OLT is read, and read as the value beside it says."""

import json

import pytest

from tests.unit.zte.captures import FOLDER, Piece, all_pieces
from vendors.zte_common.parse.registry import parse

SESSIONS = {"titan-telnet-login-banner"}
"""Captures without a reply: what is printed around a login."""


@pytest.mark.parametrize("piece", all_pieces(), ids=lambda piece: piece.id)
def test_a_capture_is_read_whole(piece: Piece) -> None:
    assert parse(piece.command, piece.raw) == piece.expected


@pytest.mark.parametrize("piece", all_pieces(), ids=lambda piece: piece.id)
def test_line_ends_of_a_telnet_session_change_nothing(piece: Piece) -> None:
    assert parse(piece.command, piece.raw.replace("\n", "\r\n")) == piece.expected
    assert parse(piece.command, piece.raw.replace("\n", "\r\0\r\n")) == piece.expected


def test_every_capture_has_its_expected_value_beside_it() -> None:
    captures = {path.stem for path in FOLDER.glob("*.txt")}
    assert captures - SESSIONS == {path.stem for path in FOLDER.glob("*.json")}


def test_what_is_understood_is_json() -> None:
    for piece in all_pieces():
        value = parse(piece.command, piece.raw)
        assert json.loads(json.dumps(value)) == value
