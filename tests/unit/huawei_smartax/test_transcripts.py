"""Every captured reply is read as its JSON says, or refused where the collector cut its end off."""

import json
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.unit.huawei_smartax.captures import FOLDER, Captured, index, replies
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse

CUT = {
    "ma5608t-display-ont-info-by-sn",
    "ma5800x7-xgspon-display-ont-info-by-sn",
    "ma5800x7-xgspon-display-ont-optical-info-one",
    "ma5800-telnet-login-and-service-port-all.4",
}
WHOLE = [reply for reply in replies() if not reply.cut]


def named(reply: Captured) -> str:
    return reply.name


def test_every_capture_is_named_and_every_json_belongs_to_one() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == index().keys()
    assert {path.stem for path in FOLDER.glob("*.json")} == {reply.name for reply in WHOLE}
    assert {reply.name for reply in replies() if reply.cut} == CUT


@pytest.mark.parametrize("reply", WHOLE, ids=named)
def test_a_reply_is_read_in_full(reply: Captured) -> None:
    assert parse(reply.command, reply.raw) == json.loads(reply.expected.read_text())


@pytest.mark.parametrize("reply", [reply for reply in replies() if reply.cut], ids=named)
def test_a_reply_without_its_end_is_refused(reply: Captured) -> None:
    with pytest.raises(UnknownReply):
        parse(reply.command, reply.raw)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    def late(_signal: int, _frame: object) -> None:
        raise AssertionError("the parser hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutated(chance: random.Random, text: str, foreign: str) -> str:
    start, end = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    kind = chance.randrange(6)
    if kind == 0:
        return text[:start]
    if kind == 1:
        return text[start:]
    if kind == 2:
        return text[:start] + text[end:]
    if kind == 3:
        return text[:end] + text[start:end] + text[end:]
    if kind == 4:
        return text[:start] + "".join(chr(chance.randrange(256)) for _ in range(1 + end % 40)) + text[start:]
    return text[:start] + foreign[: end % 2000] + text[start:]


@pytest.mark.parametrize("seed", range(20))
def test_mutations_are_read_or_refused_and_nothing_else(seed: int) -> None:
    """5,000 mutations in all: cut at an end, in the middle, doubled, binary, mixed with another reply."""
    chance = random.Random(seed)
    for _ in range(250):
        reply, other = chance.choice(replies()), chance.choice(replies())
        text = mutated(chance, reply.raw, other.raw)
        with at_most(10):
            try:
                json.dumps(parse(reply.command, text))
            except UnknownReply:
                continue


def ends(text: str, command: str) -> Iterator[int]:
    """Every end at which a reply can be cut off, seldom enough for long ones; what is blank does not count."""
    last = len(text.rstrip())
    step = max(1, last // 1500)
    yield from range(0, last - 1, step)
    yield from (number for number in range(last) if text[number] == "\n")


LISTS = {
    "smartax-display-ont-autofind": "onts",
    "smartax-display-ont-info-summary": "ports",
}
"""Replies that are as whole after one of their blocks as after the next: nothing counts the blocks."""

ENDLESS = {
    "smartax-display-service-port-all",  # the note after the total says when it ends to nobody
    "smartax-display-mac-address",
}
"""Replies whose data are whole before their text is."""


@pytest.mark.parametrize("reply", [r for r in WHOLE if r.name not in ENDLESS], ids=named)
def test_a_reply_cut_before_its_known_end_is_never_read_as_another(reply: Captured) -> None:
    """Cut anywhere, a reply is refused; or nothing was lost but blanks, prompt and the rest of a note."""
    whole = parse(reply.command, reply.raw)
    for end in ends(reply.raw, reply.command):
        try:
            read = parse(reply.command, reply.raw[:end])
        except UnknownReply:
            continue
        if listed := LISTS.get(reply.name):
            assert read[listed] == whole[listed][: len(read[listed])]
            continue
        assert read == whole, f"cut at {end} of {len(reply.raw)}: {reply.raw[max(0, end - 60) : end]!r}"


@pytest.mark.parametrize("reply", [r for r in WHOLE if r.name in ENDLESS], ids=named)
def test_a_reply_cut_in_its_note_keeps_its_rows(reply: Captured) -> None:
    whole = parse(reply.command, reply.raw)
    for end in ends(reply.raw, reply.command):
        try:
            read = parse(reply.command, reply.raw[:end])
        except UnknownReply:
            continue
        assert read | {"note": whole["note"]} == whole
