"""Whatever an OLT sends, reading it costs what it is long, and too much of it is hung up on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from schemas.place import PonPort
from tests.support.olts import built
from tests.support.secrets import OLT_PASSWORD
from tests.unit.session.streams import Script, line
from vendors import expressions
from vendors.contract import Adapter, Platform, read, write
from vendors.errors import OltUnreachable, ProvisioningError, UnknownReply
from vendors.huawei_smartax import adapter as huawei
from vendors.line import REPLY_LIMIT, Broken, Typed
from vendors.login import Account, log_in
from vendors.modes import ModeStack
from vendors.noise import Notice, Quiet, without
from vendors.quoting import without_secrets
from vendors.registry import vendor
from vendors.screen import Beyond, Screen, masked, masked_fragment, shown
from vendors.session import Exchange, Habits, OltTarget, Session, as_ours
from vendors.simulator.shell import Terminal
from vendors.telnet import DO, IAC, SB, TelnetOptions
from vendors.zte_zxan import adapter as zxan

ACCOUNT = Account("acende", SecretStr(OLT_PASSWORD))
PLATFORMS = [huawei.PLATFORM, zxan.PLATFORM]
TOO_MUCH = {
    "a cursor sent far to the right": (b"\x1b[20000000C", "5 digits"),
    "a column beyond the limit": (b"\x1b[4097C", "column 4096"),
    "columns that add up": (b"\x1b[4000C" * 2, "column 4096"),
    "a number without an end": (b"\x1b[" + b"1" * 5000, "5 digits"),
    "a second number without an end": (b"\x1b[1;" + b"1" * 5000, "5 digits"),
    "a line without an end": (b"x" * 65_537, "line of more than 64 kB"),
    "blanks made by codes": (b"\r\x1b[K\x1b[4000Cx" * 20, "line of more than 64 kB"),
}


def session(adapter: Adapter, script: Script, heard: list[Exchange], **target: Any) -> Session:
    """A session that has just logged in to a host OLT."""
    values = {"address": "192.0.2.1", "port": 22, "username": "acende", "password": "x", **target}
    made = line(script, adapter.PLATFORM, "OLT")
    wanted = OltTarget.model_validate(values)
    return Session(
        adapter, made, ModeStack("OLT#"), wanted, heard.append, lambda _: None, lambda: 0.0, Habits()
    )


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_too_much_in_a_login_is_unreachable_with_the_limit_named_and_hung_up_on(name: str) -> None:
    said, limit = TOO_MUCH[name]
    script = Script([b"\r\n" + said])
    made = line(script, huawei.PLATFORM)
    with pytest.raises(OltUnreachable, match=limit) as told:
        await log_in(made, ACCOUNT, 5.0)
    assert script.closed
    assert told.value.command == "login"
    assert len(told.value.reply) < 10_000
    await made.close()


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_too_much_in_a_reply_is_unreachable_with_limit_and_command_named(name: str) -> None:
    said, limit = TOO_MUCH[name]
    heard: list[Exchange] = []
    script = Script(answers=[[b"display version\r\n" + said]])
    made = session(huawei, script, heard)
    with pytest.raises(OltUnreachable, match=limit) as told:
        await made.send((read("display version"),))
    assert (told.value.command, script.closed, made.dead) == ("display version", True, True)
    await made.close()


@pytest.mark.parametrize(("together", "kept"), [(1, True), (2, False), (3, False)])
async def test_lines_are_no_more_sent_together_to_an_olt_that_lost_the_order_of_two(
    together: int, *, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session(huawei, Script(), [])

    async def loses_the_order(_typed: Any) -> Any:
        raise Broken("x", out_of_step=True)

    monkeypatch.setattr(made.line, "run", loses_the_order)
    with pytest.raises(OltUnreachable):
        await made._said([Typed("display version", "display version")] * together, (), "x")
    assert made.habits.pipelines is kept
    await made.close()


@pytest.mark.parametrize("shield", [True, False])
async def test_a_reply_that_nobody_understands_stopped_a_reading_unless_lines_were_being_sent(
    *, shield: bool
) -> None:
    async def stumbles() -> None:
        raise UnknownReply("x")

    made = session(huawei, Script(), [])
    with pytest.raises(UnknownReply) as stopped:
        await made._living(stumbles(), shield=shield)
    assert (stopped.value.reading, made._dead) == (not shield, True)
    await made.close()


async def test_too_much_where_a_mode_is_entered_names_the_line_that_enters_it() -> None:
    made = session(huawei, Script(answers=[[b"config\r\n" + b"x" * 70_000]]), [], pipeline="off")
    with pytest.raises(OltUnreachable, match="64 kB") as told:
        await made.send((read("display version", "config"),))
    assert told.value.command == "config"
    await made.close()


async def test_what_is_just_within_the_limits_is_read() -> None:
    said = b"\x1b[4096C\x1b[99999Dx\r\n" + b"y" * 65_000 + b"\r\n"
    made = session(huawei, Script(answers=[[b"display version\r\n" + said + b"OLT#"]]), [])
    [reply] = await made.send((read("display version"),))
    assert reply.split("\n")[1] == "y" * 65_000
    await made.close()


async def test_a_login_of_more_than_256_kb_is_given_up_and_a_reply_may_be_longer() -> None:
    rules = b"rules of the house\r\n" * 14_000
    made = line(Script([rules]), huawei.PLATFORM)
    with pytest.raises(OltUnreachable, match="a login of more than 256 kB"):
        await log_in(made, ACCOUNT, 5.0)
    await made.close()
    longer = session(huawei, Script(answers=[[b"display version\r\n" + rules + b"OLT#"]]), [])
    [reply] = await longer.send((read("display version"),))
    assert len(reply) > 262_144
    await longer.close()


@pytest.mark.parametrize("row", [b"a row of a table\r\n", b"\x1b[4000Cx\r\n"], ids=["sent", "shown"])
async def test_a_reply_beyond_its_limit_is_given_up_by_what_is_sent_and_by_what_is_shown(row: bytes) -> None:
    script = Script(answers=[[b"display version\r\n", *[row * 1_000] * 20]])
    made = session(huawei, script, [], reply_limit=200_000)
    with pytest.raises(OltUnreachable, match="a reply of more than 195 kB") as told:
        await made.send((read("display version"),))
    assert told.value.command == "display version"
    assert script.closed
    await made.close()


async def test_each_reply_has_the_whole_limit_to_itself() -> None:
    answer = b"display version\r\n" + b"row\r\n" * 1_500 + b"OLT#"
    made = session(huawei, Script(answers=[[answer]] * 5), [], reply_limit=10_000)
    for _ in range(5):
        await made.send((read("display version"),))
    await made.close()


async def test_an_olt_that_never_stops_talking_is_given_up_when_its_time_is_over() -> None:
    class Chatter(Script):
        async def read(self) -> bytes:
            await asyncio.sleep(0)
            return b"working\r\n" if b"\n" in self.written else await super().read()

    made = line(Chatter(), huawei.PLATFORM, "OLT")
    with pytest.raises(Broken, match="no answer in time"):
        await made.run([Typed("display version", "display version", timeout_s=0.3)])
    await made.close()


def test_telnet_options_without_an_end_are_too_much() -> None:
    with pytest.raises(Beyond, match="option of more than"):
        TelnetOptions().feed(bytes([IAC, SB, 24]) + b"x" * 2_000)
    options = TelnetOptions()
    with pytest.raises(Beyond, match="64 kB of telnet options") as beyond:
        options.feed(bytes([IAC, DO, 24]) * 30_000)
    assert str(as_ours(beyond.value)) == "the OLT sent more than 64 kB of telnet options"
    assert isinstance(as_ours(beyond.value), OltUnreachable)


def test_an_error_that_quotes_the_device_is_short_and_without_control_codes() -> None:
    told = str(as_ours(ConnectionError("bye\r\n\x1b[2J" + "x" * 5_000)))
    assert len(told) < 400
    assert "\x1b" not in told
    assert "\n" not in told


# ---------------------------------------------------------------------------------------------------- in any pieces

CODES = [b"\r", b"\b", b"\x1b", b"\x1b[", b"\x1b[K", b"\x1b[8D", b"3", b";", b"C", b"\n", b" ", b"\t", b"(B"]


@given(
    st.lists(st.sampled_from([*CODES, b"abc", "é".encode(), b"\xe9", b"\x80"]), max_size=40).map(b"".join),
    st.lists(st.integers(0, 200), max_size=10),
)
def test_a_screen_shows_the_same_in_whatever_pieces_it_is_fed(data: bytes, cuts: list[int]) -> None:
    whole, pieces = Screen(), Screen()
    edges = [0, *sorted(cut for cut in set(cuts) if cut < len(data)), len(data)]
    lines: list[str] = []
    for start, end in pairwise(edges):
        lines += pieces.feed(data[start:end])
    assert lines == whole.feed(data)
    assert pieces.line() == whole.line()


NOTICES = (
    Notice("^!", last="END$", torn="END", most=4, before=2, after=1),
    Notice("^note$"),
    Notice("^two$", last="^of$", most=2),
)


@given(
    st.lists(
        st.sampled_from(["", "!", "! x", "x", "row", "END", "so END", "END x", "note", "two", "of"]),
        max_size=14,
    ),
    st.lists(st.integers(0, 14), max_size=4),
)
def test_notices_are_taken_out_in_whatever_pieces_they_come(rows: list[str], cuts: list[int]) -> None:
    whole, pieces = Quiet(NOTICES), Quiet(NOTICES)
    whole.feed(rows)
    for start, end in pairwise([0, *sorted({cut for cut in cuts if cut < len(rows)}), len(rows)]):
        pieces.feed(rows[start:end])
    assert [*pieces.lines, *pieces.held] == [*whole.lines, *whole.held]


def test_a_notice_that_does_not_end_is_output_and_the_next_one_is_cut() -> None:
    text = "! a\nrow 1\nrow 2\nrow 3\nrow 4\n! b\nEND\nrow 5\n! c\nEND x\nEND\n"
    assert without(NOTICES, text) == "! a\nrow 1\nrow 2\nrow 3\nrow 4\nrow 5\n! c\nEND x\nEND\n"


# ----------------------------------------------------------------------------------------- what is examined is counted


@contextmanager
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Counts the characters that are handed to expressions, and the lines of our own code that run."""
    examined = 0

    class Counted:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            def counted(text: str, *more: Any) -> Any:
                nonlocal examined
                examined += len(text)
                return getattr(self.inner, name)(text, *more)

            return counted

    original = expressions.expression

    def expression(text: str, *, any_case: bool = False) -> Any:
        return Counted(original(text, any_case=any_case))

    for module in ("line", "login", "noise"):
        monkeypatch.setattr(f"vendors.{module}.expression", expression)

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal examined
        if "vendors" not in frame.f_code.co_filename:
            return None
        examined += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: examined
    finally:
        sys.settrace(before)


def pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


EVIL = {
    "prompts": b"OLT#\r\n",
    "prompts on one line": b"\rOLT#",
    "questions": b"(y/n)[n] \r\n",
    "user prompts": b"user name ",
    "hints": b"{ <cr>| \r\n",
    "alarms that never end": b"! 1 [x\r\n",
    "blank lines": b"\r\n",
    "back-spaces": b"A\bB",
    "blanks": b"          ",
    "two kinds of alarms": b"! x\r\nWarning: The user password is set by other administrator or NMS, it is\r\n",
    "pagers": b"---- More ( Press 'Q' to break ) ----\r\n",
}


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("size", [37])
async def test_what_is_examined_of_a_reply_grows_as_the_reply(
    name: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examined(length: int) -> int:
        data = (EVIL[name] * length)[:length]
        script = Script(answers=[[b"display version\r\n", *pieces_of(data, size), b""], *[[]] * length])
        with counting(monkeypatch) as count:
            made = line(script, huawei.PLATFORM, "OLT")
            with pytest.raises(Broken):
                await made.run([Typed("no such line", "no such line"), Typed("nor this", "nor this")])
        await made.close()
        return count()

    short, long = await examined(8_000), await examined(32_000)
    assert long < 5 * short + 50_000


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: str(platform.name))
@pytest.mark.parametrize("name", EVIL)
async def test_what_is_examined_of_a_login_grows_as_what_is_said(
    name: str, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def examined(length: int) -> int:
        data = (EVIL[name] * length)[:length]
        with counting(monkeypatch) as count:
            made = line(Script([*pieces_of(data, 50), b""], [[]] * length), platform)
            with pytest.raises(ProvisioningError):
                await log_in(made, ACCOUNT, 5.0)
        await made.close()
        return count()

    short, long = await examined(6_000), await examined(24_000)
    assert long < 5 * short + 50_000


def test_a_line_of_back_spaces_costs_what_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    def examined(length: int) -> int:
        with counting(monkeypatch) as count:
            shown((b"A\bB" * length)[:length])
        return count()

    assert examined(16_000) < 5 * examined(4_000)


@pytest.mark.parametrize("text", ["a" * 8_000, "a " * 4_000, "a\n" * 4_000, " " * 8_000, "ab" * 4_000])
def test_masking_a_secret_costs_what_the_text_is_long(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def examined(times: int) -> int:
        with counting(monkeypatch) as count:
            masked(text * times, ["a" * 20, "ab ab"], ())
            masked_fragment(text * times, [(text * times, ["a" * 20])])
        return count()

    assert examined(4) < 5 * examined(1) + 5_000


@pytest.mark.parametrize("filler", ["x", " ", "x "])
def test_a_secret_in_a_line_that_is_too_long_for_pythons_engine_is_masked_wherever_it_stands(
    filler: str,
) -> None:
    for before in (0, 2_030, 4_060, 4_090, 30_000):
        said = f"{(filler * before)[:before]} snmp-server community hidden0123 view AllView {filler * 5_000}"
        assert "hidden0123" not in without_secrets(zxan.PLATFORM, said)


# ------------------------------------------------------------------------------------------------ the order of secrets


@pytest.mark.parametrize("secrets", [["abc", "abc-def"], ["abc-def", "abc"], ["abc-def", "def", "abc"]])
def test_a_secret_within_another_leaves_nothing_of_the_longer_one(secrets: list[str]) -> None:
    assert masked("key abc-def end", secrets, ()) == "key ******** end"


def test_secrets_that_overlap_are_one_mask() -> None:
    assert masked("x a-b-c y", ["a-b", "b-c"], ()) == "x ******** y"
    assert masked("x a b y", ["a", "b"], ()) == "x ******** ******** y"


@given(st.lists(st.sampled_from([0, 1, 4_095, 4_096, 4_097, 9_000]), min_size=1, max_size=8))
def test_the_lines_that_are_too_long_for_pythons_engine_are_found(lengths: list[int]) -> None:
    text = "\n".join("x" * length for length in lengths)
    found = [end - start for start, end in expressions._long_lines(text)]
    assert found == [length for length in lengths if length > expressions.LONGEST]


async def test_a_secret_of_a_line_before_is_in_no_error_of_a_later_one() -> None:
    heard: list[Exchange] = []
    script = Script(answers=[[b"ppp 1 hidden0123\r\nOLT#"]])
    made = session(huawei, script, heard)
    await made.send((write("ppp 1 ", SecretStr("hidden0123"), path=()),))
    script.say(b"ppp 1 hidden0123\r\n^\r\nOLT#")
    await asyncio.sleep(0.01)
    with pytest.raises(OltUnreachable, match="went on after its prompt") as told:
        await made.send((read("display version"),))
    assert "hidden0123" not in told.value.reply + "".join(exchange.reply for exchange in heard)
    assert "OLT#" in told.value.reply
    await made.close()


@pytest.mark.parametrize(
    ("name", "serial", "asked"),
    [
        ("huawei_smartax", "HWTC", "display ont info 0 1 0 all"),
        ("zte_zxan", "ZTEG", "show gpon onu baseinfo gpon-olt_1/1/1"),
    ],
)
async def test_a_table_of_16000_onus_is_read_within_a_tenth_of_the_limit(
    name: str, serial: str, asked: str
) -> None:
    known = vendor(name)
    olt, first = built(known.device), known.device.first_port
    for number in range(125):
        olt.register(PonPort(frame=first, slot=1, port=first), number + first, f"{serial}{number:08X}")
    shell = known.device.shell(olt, Terminal(width=511))
    shell.open()
    for line_ in ("enable", "config", "undo smart", "scroll") if first == 0 else ("terminal length 0",):
        shell.feed(line_)
    table = shell.feed(asked).text
    assert table.count("\n") >= 125
    said = [f"{asked}\n".encode(), *[table.encode()] * 128, b"OLT#"]
    made = session(known.adapter, Script(answers=[said]), [], reply_limit=REPLY_LIMIT // 10)
    [reply] = await made.send((read(asked),))
    assert reply.count("\n") >= 16_000
    await made.close()
