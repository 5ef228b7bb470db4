"""Telnet options from the client's side."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vendors.screen import Beyond
from vendors.telnet import (
    DO,
    DONT,
    ECHO,
    IAC,
    SB,
    SE,
    SUPPRESS_GO_AHEAD,
    WILL,
    WINDOW_SIZE,
    WONT,
    TelnetOptions,
)

GREETING = bytes([IAC, WILL, ECHO, IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, WINDOW_SIZE, IAC, DO, 24])


def test_echo_is_the_devices_and_the_window_is_wide() -> None:
    options = TelnetOptions(columns=511, rows=1000)
    text, answer = options.feed(GREETING + b"login: ")
    assert text == b"login: "
    assert answer == (
        bytes([IAC, DO, ECHO, IAC, DO, SUPPRESS_GO_AHEAD, IAC, WILL, WINDOW_SIZE])
        + bytes([IAC, SB, WINDOW_SIZE, 1, 255, 255, 3, 232, IAC, SE])
        + bytes([IAC, WONT, 24])
    )


def test_an_offer_that_is_accepted_is_not_made_again() -> None:
    options = TelnetOptions(columns=80, rows=24)
    assert options.offer() == bytes([IAC, WILL, WINDOW_SIZE])
    assert options.feed(bytes([IAC, DO, WINDOW_SIZE]))[1] == bytes(
        [IAC, SB, WINDOW_SIZE, 0, 80, 0, 24, IAC, SE]
    )


def test_what_the_device_does_not_want_is_not_answered() -> None:
    assert TelnetOptions().feed(bytes([IAC, DONT, ECHO, IAC, WONT, ECHO])) == (b"", b"")


def test_a_doubled_255_is_one_and_subnegotiation_is_no_text() -> None:
    data = b"a" + bytes([IAC, IAC]) + b"b" + bytes([IAC, SB, 24, 1, IAC, SE]) + b"c"
    assert TelnetOptions().feed(data) == (b"a\xffbc", b"")


@given(st.lists(st.integers(0, 40), max_size=6))
def test_options_may_be_cut_anywhere(cuts: list[int]) -> None:
    data = b"x" + GREETING + bytes([IAC, IAC]) + b"User name:" + bytes([IAC, SB, 24, 1, IAC, SE]) + b"y"
    whole, pieces = TelnetOptions(), TelnetOptions()
    text = answer = b""
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    for start, end in pairwise(edges):
        more, reply = pieces.feed(data[start:end])
        text, answer = text + more, answer + reply
    assert (text, answer) == whole.feed(data)


NOP = 241
WINDOW = bytes([IAC, SB, WINDOW_SIZE, 1, 255, 255, 1, 255, 255, IAC, SE])


@pytest.mark.parametrize(
    ("pieces", "text", "answer"),
    [
        ([b"ab"], b"ab", b""),
        ([bytes([IAC, DO, WINDOW_SIZE])], b"", bytes([IAC, WILL, WINDOW_SIZE]) + WINDOW),
        ([bytes([IAC, DO, WINDOW_SIZE])] * 2, b"", bytes([IAC, WILL, WINDOW_SIZE]) + WINDOW * 2),
        ([bytes([IAC, DO, ECHO])], b"", bytes([IAC, WONT, ECHO])),
        ([bytes([IAC, DO, SUPPRESS_GO_AHEAD])], b"", bytes([IAC, WILL, SUPPRESS_GO_AHEAD])),
        ([bytes([IAC, WILL, ECHO])], b"", bytes([IAC, DO, ECHO])),
        ([bytes([IAC, WILL, SUPPRESS_GO_AHEAD])], b"", bytes([IAC, DO, SUPPRESS_GO_AHEAD])),
        ([bytes([IAC, WILL, WINDOW_SIZE])], b"", bytes([IAC, DONT, WINDOW_SIZE])),
        ([bytes([IAC, WONT, WINDOW_SIZE, IAC, DONT, WINDOW_SIZE])], b"", b""),
        ([bytes([IAC, NOP]) + b"a"], b"a", b""),
        ([b"a" + bytes([IAC]), bytes([NOP]) + b"b"], b"ab", b""),
        ([b"a" + bytes([IAC, WILL]), bytes([ECHO]) + b"b"], b"ab", bytes([IAC, DO, ECHO])),
        ([b"a" + bytes([IAC, SB, 24, IAC]), bytes([SE]) + b"b"], b"ab", b""),
        ([bytes([IAC, SB, IAC, SE]) + b"b"], b"b", b""),
        ([bytes([IAC, SB, 24, 1, IAC, SE, IAC, SE]) + b"b"], b"b", b""),
        ([bytes([IAC, IAC, WILL, ECHO])], bytes([IAC, WILL, ECHO]), b""),
        ([bytes([IAC]), bytes([IAC])], bytes([IAC]), b""),
    ],
)
def test_what_is_text_and_what_is_answered(pieces: list[bytes], text: bytes, answer: bytes) -> None:
    options = TelnetOptions()
    fed = [options.feed(piece) for piece in pieces]
    assert (b"".join(one for one, _ in fed), b"".join(one for _, one in fed)) == (text, answer)


def sub(length: int) -> bytes:
    return bytes([IAC, SB]) + b"x" * (length - 4) + bytes([IAC, SE])


@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (sub(1_024) + b"a", sub(1_025)),
        (bytes([IAC, SB]) + b"x" * 1_022, bytes([IAC, SB]) + b"x" * 1_023),
        (bytes([IAC, NOP]) * 32_768, bytes([IAC, NOP]) * 32_768 + bytes([IAC, NOP])),
        (bytes([IAC, IAC]) * 70_000, bytes([IAC, NOP]) * 32_769),
    ],
    ids=["whole", "begun", "all", "doubled"],
)
def test_one_byte_more_than_the_limit_is_beyond_it(within: bytes, beyond: bytes) -> None:
    TelnetOptions().feed(within)
    with pytest.raises(Beyond):
        TelnetOptions().feed(beyond)
