"""Captures cut, mixed, doubled and spoilt: a value or UnknownReply, soon, and never a cut reply read as if it were whole."""

import json
import random
import time

import pytest

from tests.unit.zte.captures import Piece, all_pieces
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse

SEED = 20_261_124
RUNS = 5_000
PIECES = [piece for piece in all_pieces() if not piece.command.endswith("?")]
REPLIES = [piece for piece in PIECES if piece.command.startswith(("show", "wr"))]
ENDED = {
    "show gpon onu state",
    "show mac gpon onu",
    "show running-config",
    "show this",
    "write",
    "show pon power attenuation",
}
"""Displays whose end can be known wherever they are cut."""
BYTES = "\x00\x01\x08\x0d\x1b\x7f\xff\xe7 \n#>%^-:!$/()"


def cut(piece: Piece, chance: random.Random) -> str:
    return piece.raw[: chance.randrange(len(piece.raw))]


def foreign(piece: Piece, chance: random.Random) -> str:
    lines = piece.raw.split("\n")
    other = chance.choice(REPLIES).raw.split("\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(other))
    return "\n".join(lines)


def doubled(piece: Piece, chance: random.Random) -> str:
    lines = piece.raw.split("\n")
    start = chance.randrange(len(lines))
    end = min(len(lines), start + chance.randrange(1, 5))
    return "\n".join([*lines[:end], *lines[start:]])


def dropped(piece: Piece, chance: random.Random) -> str:
    lines = piece.raw.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def binary(piece: Piece, chance: random.Random) -> str:
    text = list(piece.raw)
    for _ in range(chance.randrange(1, 6)):
        text[chance.randrange(len(text))] = chance.choice(BYTES)
    return "".join(text)


def joined(piece: Piece, chance: random.Random) -> str:
    return piece.raw + chance.choice(REPLIES).raw


MUTATIONS = (cut, foreign, doubled, dropped, binary, joined)


def test_every_mutation_is_a_value_or_unknown_and_takes_no_time() -> None:
    chance = random.Random(SEED)
    understood = 0
    for _ in range(RUNS):
        piece = chance.choice(PIECES)
        raw = chance.choice(MUTATIONS)(piece, chance)
        begun = time.perf_counter()
        try:
            json.dumps(parse(piece.command, raw))
            understood += 1
        except UnknownReply:
            pass
        assert time.perf_counter() - begun < 1, (piece.id, raw)
    assert 0 < understood < RUNS


@pytest.mark.parametrize(
    "piece", [p for p in REPLIES if p.expected["display"] in ENDED], ids=lambda piece: piece.id
)
def test_a_cut_before_a_known_end_is_unknown(piece: Piece) -> None:
    for length in range(len(piece.raw.rstrip())):
        with pytest.raises(UnknownReply):
            parse(piece.command, piece.raw[:length])


@pytest.mark.parametrize(
    "piece", [p for p in REPLIES if "history" in p.raw or "Authpass" in p.raw], ids=lambda p: p.id
)
def test_a_cut_in_the_history_is_unknown(piece: Piece) -> None:
    for length in range(piece.raw.index("-----") + 1, len(piece.raw.rstrip())):
        with pytest.raises(UnknownReply):
            parse(piece.command, piece.raw[:length])


@pytest.mark.parametrize("piece", REPLIES, ids=lambda piece: piece.id)
def test_what_is_read_of_a_cut_reply_was_in_the_whole(piece: Piece) -> None:
    """Where no end can be known, a cut may go unnoticed; then every row that is read is one of the device's, whole or not."""
    for length in range(0, len(piece.raw), 7):
        try:
            value = parse(piece.command, piece.raw[:length])
        except UnknownReply:
            continue
        for key, rows in value.items():
            if isinstance(rows, list):
                assert len(rows) <= len(piece.expected[key])
                assert rows[:-1] == piece.expected[key][: max(0, len(rows) - 1)]


@pytest.mark.parametrize(
    "piece", [p for p in REPLIES if {"onu_number", "macs"} & p.expected.keys()], ids=lambda p: p.id
)
def test_a_lost_row_is_noticed_where_a_total_is_printed(piece: Piece) -> None:
    lines = piece.raw.split("\n")
    rows = [
        number
        for number, line in enumerate(lines)
        if "1/" in line and "#" not in line and "/1 " not in line[9:]
    ]
    assert rows
    for number in rows:
        with pytest.raises(UnknownReply):
            parse(piece.command, "\n".join(lines[:number] + lines[number + 1 :]))


@pytest.mark.parametrize(
    "raw",
    [
        "x" * 300_000,
        " " * 300_000 + "x",
        "a: " + " " * 200_000 + "b",
        "\b" * 100_000 + "x",
        ("x" * 80 + "\n") * 20_000,
        "%Error 1: " + " " * 100_000 + "\n^",
        "All created vlan num: 9\nDetails are following:\n" + "1-4094," * 20_000,
        "interface x\n" + "".join(" " * depth + "a\n" for depth in range(2_000)) + "end",
        "-" * 200_000,
        "1/1/1:1 " * 20_000,
        "up Rx :" + " " * 20_000,
        "   1   2018-07-28 04:49:02    2018-07-28 04:49:02     x" + " " * 100_000 + "y",
        "OnuIndex Type Mode AuthInfo State\n------\n1/1/1:1 a sn SN:x ready\n" + "         b\n" * 50_000,
    ],
    ids=range(13),
)
@pytest.mark.parametrize(
    "command",
    [
        *{piece.expected["display"]: piece.command for piece in REPLIES}.values(),
        "show vlan summary",
        "show gpon profile tcont",
        "onu 1 type x sn y",
    ],
)
def test_nothing_hangs(command: str, raw: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(UnknownReply):
        parse(command, raw)
    assert time.perf_counter() - begun < 10
