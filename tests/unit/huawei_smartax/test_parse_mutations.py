"""Captures and variants spoilt in every way, through `acende parse`: JSON or a sentence, soon, and no cut read as whole."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.mutations import MUTATIONS, alarmed, parsed
from tests.unit.huawei_smartax.captures import replies
from tests.unit.huawei_smartax.test_variants import INDEX, VARIANTS
from tests.unit.zte.captures import all_pieces
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse
from vendors.huawei_smartax.parse.registry import parser_of
from vendors.screen import decoded

SEEDS, RUNS = 8, 800
ALARM = (
    "\n  ! 7[2024-03-12 10:00:00]:\n\n  ALARM 66 FAULT MAJOR 0x2e11a00a GPON 2024-03-12 10:00:00-03:00\n"
    "  ALARM NAME  : The feed fiber is broken\n  PARAMETERS  : FrameID: 0, SlotID: 1, PortID: 2\n  --- END\n"
)
REPLIES = {reply.name: (reply.command, reply.raw) for reply in replies()} | {
    name: (entry["command"], decoded((VARIANTS / f"{name}.txt").read_bytes()))
    for name, entry in INDEX.items()
}
OTHERS = [raw for _, raw in REPLIES.values()] + [piece.raw for piece in all_pieces() if piece.raw]
NOTES = {"note", "notes", "progress"}
"""Texts that stand behind the data: when they end is known to nobody."""
UNCOUNTED = {
    "smartax-display-ont-autofind",
    "smartax-display-ont-info-summary",
    "ont-autofind-all-counted",
    "ont-wan-info-two",
    "ont-register-info-dying",
    "board-gpon",
    "port-state-all",
    "traffic-table-one",
    "vlan-one",
    "temperature",
}
"""Replies that are as whole after one of their blocks as after the next: no count, or one that not every firmware prints."""
COUNTED = {
    "smartax-display-ont-info-port-all",
    "smartax-display-ont-info-summary",
    "smartax-display-service-port-all",
    "smartax-display-mac-address",
    "ma5608t-display-service-port-one-ont",
    "ont-info-port-wrapped-descriptions",
    "ont-info-port-full",
    "ont-info-by-desc",
    "ont-info-summary-ma5603t",
    "ont-autofind-all-counted",
    "ont-register-info-dying",
    "service-port-kinds",
    "mac-address-port-ont",
    "port-vlan-uplink",
    "traffic-table-list",
    "dba-profile-all",
    "lineprofile-list",
    "vlan-all",
}
"""Replies whose rows are counted, or stand in two tables."""


def understood(command: str, raw: str) -> dict[str, Any] | None:
    try:
        return parse(command, raw)
    except UnknownReply:
        return None


WHOLE = {name: value for name, of in REPLIES.items() if (value := understood(*of)) is not None}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_spoilt_is_read_or_refused_soon_and_nothing_else(seed: int, tmp_path: Path) -> None:
    """6,400 in all: cut, mixed with others', doubled, with lines lost, binary, with an alarm in the middle."""
    chance = random.Random(seed)
    kinds = (*MUTATIONS, alarmed(ALARM))
    read = 0
    for _ in range(RUNS):
        command, raw = chance.choice(list(REPLIES.values()))
        spoilt = chance.choice(kinds)(raw, OTHERS, chance)
        read += parsed("huawei_smartax", command, spoilt, tmp_path).value is not None
    assert 0 < read < RUNS


def cuts(raw: str) -> Iterator[str]:
    """The reply cut everywhere, or at many places where it is long; what is blank at its end does not count."""
    last = len(raw.rstrip())
    step = max(1, last // 1500)
    ends = {*range(0, last, step), *(number for number in range(last) if raw[number] == "\n")}
    return (raw[:end] for end in sorted(ends))


def lacking(read: Any, whole: Any) -> bool:
    """Whether `read` says nothing that `whole` does not, lists and totals aside, which may be shorter and smaller."""
    if isinstance(read, dict) and isinstance(whole, dict):
        told = read.keys() - NOTES
        return told <= whole.keys() and all(key == "total" or lacking(read[key], whole[key]) for key in told)
    if isinstance(read, list) and isinstance(whole, list):
        return len(read) <= len(whole) and all(map(lacking, read, whole))
    return bool(read == whole)


def data(value: dict[str, Any] | None) -> dict[str, Any] | None:
    """Without notes, and without the totals of a display that describes itself: nobody knows of them beforehand."""
    if value is None:
        return None
    told = {key: part for key, part in value.items() if key not in NOTES}
    blocks = [{k: v for k, v in block.items() if k != "total"} for block in told.get("blocks", ())]
    return told | {"blocks": blocks} if blocks else told


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - UNCOUNTED))
def test_a_reply_cut_before_its_known_end_is_never_read_as_another(name: str) -> None:
    """Cut anywhere, it is refused; or nothing was lost but blanks, the prompt and the rest of a note."""
    command, raw = REPLIES[name]
    for short in cuts(raw):
        assert data(understood(command, short)) in (None, data(WHOLE[name])), short[-80:]


@pytest.mark.parametrize("name", sorted(WHOLE.keys() & UNCOUNTED))
def test_of_a_cut_reply_that_nothing_counts_every_word_is_the_devices(name: str) -> None:
    command, raw = REPLIES[name]
    for short in cuts(raw):
        read = understood(command, short)
        assert read is None or lacking(read, WHOLE[name]), short[-80:]


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - {"alarm-in-the-middle"}))
def test_an_alarm_between_any_two_lines_changes_nothing(name: str) -> None:
    command, raw = REPLIES[name]
    end = "\r\n" if "\r\n" in raw else "\n"
    lines = raw.split("\n")
    for number in range(0, len(lines) + 1, max(1, len(lines) // 80)):
        noisy = "\n".join([*lines[:number], ALARM.replace("\n", end), *lines[number:]])
        assert understood(command, noisy) == WHOLE[name], number


def rows(value: Any) -> int:
    """How many rows a value holds, at every depth."""
    if isinstance(value, dict):
        return sum(rows(part) for key, part in value.items() if key not in NOTES)
    if isinstance(value, list):
        return len(value) + sum(map(rows, value))
    return 0


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_a_lost_row_is_noticed_where_rows_are_counted(name: str) -> None:
    command, raw = REPLIES[name]
    lines = raw.split("\n")
    refused = 0
    for number in range(len(lines)):
        read = understood(command, "\n".join(lines[:number] + lines[number + 1 :]))
        refused += read is None
        assert read is None or rows(read) == rows(WHOLE[name]), lines[number]
    assert refused


@pytest.mark.parametrize(
    "raw",
    [
        "x" * 100_000,
        " " * 100_000 + "x",
        "a: " + " " * 100_000 + "b",
        "a" * 50 + ":" * 100_000,
        "\x1b[37D" * 50_000 + "x",
        "\x1b[1D" * 50_000,
        ("x" * 80 + "\n") * 5_000,
        "  Failure: " + "a " * 50_000,
        "  ! x\n" * 5_000,
        "  " + "-" * 100_000,
        ("  " + "-" * 77 + "\n") * 5_000,
        "  " + "-" * 77 + "\n" + "  a : b\n" * 5_000 + "  " + "-" * 77,
        "{ <cr>" + "|" * 100_000,
        "0/ 1/0 " * 40_000,
        "  <T-CONT   0>          DBA Profile-ID:1\n" * 10_000,
        " ont add" + " a" * 40_000 + "\nreturn",
        "OLT#" * 50_000,
        "(" * 100_000 + "#",
    ],
    ids=range(18),
)
@pytest.mark.parametrize("command", {parser_of(command): command for command, _ in REPLIES.values()}.values())
def test_nothing_hangs(command: str, raw: str, tmp_path: Path) -> None:
    parsed("huawei_smartax", command, raw, tmp_path)
