"""Replies cut, mixed, doubled and spoilt: a value or one sentence, soon, and never a cut reply read as if it were whole."""

import random
import re
import time
from pathlib import Path

import pytest

from tests.support.mutations import MUTATIONS, alarmed, parsed
from tests.unit.zte.captures import PLATFORMS, Piece, all_pieces, variants
from vendors.errors import UnknownReply
from vendors.zte_common.parse.registry import parse
from worker.cli.failure import Status

SEED = 20_261_124
RUNS = 3_000
"""Mutations for each platform."""
PIECES = [piece for piece in (*all_pieces(), *variants()) if not piece.command.endswith("?")]
REPLIES = [piece for piece in PIECES if piece.command.startswith(("sh", "wr"))]
ALARMED = alarmed(
    "18:57:30 08/26/2008 UTC alarm 33281 occurred %EPON% Epon alarm\r\nframe-error-rate sent by NPC3",
    "An alarm 20480 level 3 occurred at 18:57:30 sent by MPU-1/10/0",
    "Notification 12 %GPON% onu 1/2/3:4 dying gasp sent by PFU-1/3/0",
)
ENDED = {
    "show gpon onu state",
    "show mac",
    "show mac gpon onu",
    "show mac-real-time gpon onu",
    "show running-config",
    "show running-config-interface",
    "show this",
    "write",
    "show pon power attenuation",
    "show fan",
}
"""Displays whose end can be known wherever they are cut."""
_PROMPT = re.compile(r"(?:\s*\n[\w.-]+(?:\([^)]*\))?#[^\n]*)*\s*\Z")


def body(piece: Piece) -> str:
    """The reply without the prompts below it."""
    return _PROMPT.sub("", piece.raw)


def ended(piece: Piece) -> bool:
    return piece.expected["display"] in ENDED and "|" not in piece.command and "refused" not in piece.expected


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_mutation_is_json_or_one_sentence(platform: str, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {platform}")
    others = [piece.raw for piece in REPLIES]
    statuses = [0, 0]
    for _ in range(RUNS):
        piece = chance.choice(PIECES)
        raw = chance.choice((*MUTATIONS, ALARMED))(piece.raw, others, chance)
        understood = parsed(platform, piece.command, raw, tmp_path).status == Status.DONE
        statuses[understood] += 1
    assert min(statuses) > RUNS / 10, statuses


@pytest.mark.parametrize("piece", [p for p in REPLIES if ended(p)], ids=lambda piece: piece.id)
def test_a_cut_before_a_known_end_is_unknown(piece: Piece) -> None:
    text = body(piece)
    step = max(1, len(text) // 2_000)
    for length in (*range(0, len(text), step), *range(max(0, len(text) - 200), len(text))):
        with pytest.raises(UnknownReply):
            parse(piece.command, text[:length])
    assert parse(piece.command, text) == piece.expected


@pytest.mark.parametrize("piece", [p for p in REPLIES if "Authpass" in p.raw], ids=lambda p: p.id)
def test_a_cut_in_the_history_is_unknown(piece: Piece) -> None:
    text = body(piece)
    for length in range(text.index("-----") + 1, len(text)):
        with pytest.raises(UnknownReply):
            parse(piece.command, text[:length])


@pytest.mark.parametrize(
    "piece", [p for p in PIECES if {"not_found", "refused"} & p.expected.keys()], ids=lambda p: p.id
)
def test_a_cut_in_what_the_device_says_instead_is_no_other_saying(piece: Piece) -> None:
    [kind] = {"not_found", "refused"} & piece.expected.keys()
    text = body(piece)
    for length in range(len(text)):
        try:
            said = parse(piece.command, text[:length])
        except UnknownReply:
            continue
        assert said.keys() <= piece.expected.keys() | {"done"}, text[:length]
        if kind in said:
            assert piece.expected[kind]["text"].startswith(said[kind]["text"])


@pytest.mark.parametrize("piece", REPLIES, ids=lambda piece: piece.id)
def test_what_is_read_of_a_cut_reply_was_in_the_whole(piece: Piece) -> None:
    """Where no end can be known, a cut may go unnoticed; then every row that is read is one of the device's, whole or not."""
    for length in range(0, len(piece.raw), max(7, len(piece.raw) // 500)):
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
        number for number, line in enumerate(lines) if re.search(r"\d+/\d+/\d+", line) and "#" not in line
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
        "a: b  " * 50_000,
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
        "OnuIndex " + "Admin State " * 20_000,
        "OLT#" * 50_000,
        "Login at 1 through 2\n" * 20_000,
    ],
    ids=range(17),
)
@pytest.mark.parametrize(
    "command",
    [
        *{piece.expected["display"]: piece.command for piece in REPLIES}.values(),
        "show gpon remote-onu veip gpon-onu_1/2/3:4",
        "show clock",
        "onu 1 type x sn y",
    ],
)
def test_nothing_hangs(command: str, raw: str) -> None:
    begun = time.process_time()
    with pytest.raises(UnknownReply):
        parse(command, raw)
    assert time.process_time() - begun < 10
