"""Reading up to prompts: what ends a reply, what is answered on the way, what breaks the line."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.session.streams import Script, line
from vendors.contract import Platform
from vendors.line import Broken, Said, Typed, Unexplained, _size
from vendors.noise import Notice

PLATFORM = Platform(
    name="plain",
    prompt=r"^{host}(\([a-z]+\))?[>#]\s?$",
    pager=r"--More--$",
    hint=r"^\{[^{}]*<cr>[^{}]*\}: $",
    noise=(Notice(r"^! ALARM$", last=r"^END$", most=40),),
)


def typed(*texts: str, answers: tuple[tuple[str, str], ...] = (), timeout_s: float = 1.0) -> list[Typed]:
    return [Typed(text, text, answers, timeout_s) for text in texts]


async def ran(script: Script, *texts: str, answers: tuple[tuple[str, str], ...] = ()) -> list[Said]:
    made = line(script, PLATFORM, "OLT")
    try:
        return await made.run(typed(*texts, answers=answers))
    finally:
        await made.close()


async def one(*chunks: bytes, answers: tuple[tuple[str, str], ...] = ()) -> Said:
    [said] = await ran(Script(answers=[list(chunks)]), "show x", answers=answers)
    return said


async def test_a_reply_has_neither_echo_nor_prompt() -> None:
    assert await one(b"show x\r\nrow 1\r\n  row 2\r\n\r\nOLT#") == Said("row 1\n  row 2", "OLT#")
    assert await one(b"show x\r\nOLT(config)# ") == Said("", "OLT(config)#")


@given(st.lists(st.integers(1, 60), max_size=8))
def test_a_reply_may_arrive_in_any_pieces(cuts: list[int]) -> None:
    data = b"show x \r\nJo\xe3o # OLT> \r\nOLT5#\r\n 1 > 0\r\nOLT(config)#"
    edges = [0, *sorted(set(cuts)), len(data)]
    chunks = [data[start:end] for start, end in pairwise(edges) if data[start:end]]
    said = asyncio.run(one(*chunks))
    assert said == Said("João # OLT> \nOLT5#\n 1 > 0", "OLT(config)#")


async def test_a_line_that_ends_like_a_prompt_of_another_host_is_output() -> None:
    said = await one(b"show x\r\nOLT-2#\r\n", b"row #\r\nOLT#")
    assert said.text == "OLT-2#\nrow #"


async def test_a_prompt_without_the_echo_before_it_ends_nothing() -> None:
    assert await one(b"\r\nOLT#", b"show x\r\nrow\r\nOLT#") == Said("row", "OLT#")
    with pytest.raises(Broken) as broken:
        await one(b"\r\nOLT#")
    assert broken.value.out_of_step


async def test_pages_are_turned_and_leave_nothing_behind() -> None:
    script = Script(
        answers=[
            [b"show x\r\nrow 1\r\n--More--"],
            [b"\x1b[8D        \x1b[8Drow 2\r\n--More--"],
            [b"\r        \rrow 3\r\nOLT#"],
        ]
    )
    assert await ran(script, "show x") == [Said("row 1\nrow 2\nrow 3", "OLT#")]
    assert script.written == b"show x\n  "


async def test_a_page_that_is_not_erased_leaves_nothing_behind_either() -> None:
    script = Script(answers=[[b"show x\r\nrow 1\r\n--More--"], [b"\r\nrow 2\r\nOLT#"]])
    assert (await ran(script, "show x"))[0].text == "row 1\n\nrow 2"


async def test_a_hint_is_accepted_and_what_it_repeats_is_cut() -> None:
    script = Script(
        answers=[
            [b"show x\r\n{ <cr>|detail<K> }: "],
            [b"\r\n\r\n  Command:\r\n          show x \r\nrow\r\nOLT#"],
        ]
    )
    assert await ran(script, "show x") == [Said("row", "OLT#")]
    assert script.written == b"show x\n\n"


async def test_a_question_is_answered_only_as_announced() -> None:
    answers = ((r"Are you sure.*\(y/n\)", "y"),)
    script = Script(answers=[[b"show x\r\nAre you sure? (y/n)[n]:"], [b"y\r\ndone\r\nOLT#"]])
    assert (await ran(script, "show x", answers=answers))[0].text.endswith("done")
    assert script.written == b"show x\ny\n"
    silent = Script(answers=[[b"show x\r\nFormat the flash? (y/n)[n]:"]])
    with pytest.raises(Unexplained):
        await ran(silent, "show x", answers=answers)
    assert silent.written == b"show x\n"


async def test_a_question_that_comes_back_for_ever_is_given_up() -> None:
    again = [b"\r\nsure? (y/n)[n]:"]
    script = Script(answers=[[b"show x", *again], *([again] * 20)])
    with pytest.raises(Unexplained):
        await ran(script, "show x", answers=((r"sure", "y"),))


@pytest.mark.parametrize(
    "data",
    [
        b"show x\r\n! ALARM\r\n fan\r\nEND\r\nrow\r\nOLT#",
        b"show x\r\nrow\r\n! ALARM\r\n fan\r\nEND\r\nOLT#",
        b"show x\r\nrow\r\nOLT#\r\n! ALARM\r\n fan\r\nEND\r\n",
        b"\r\n! ALARM\r\n fan\r\nEND\r\nshow x\r\nrow\r\nOLT#",
    ],
    ids=["first", "in the middle", "after the prompt", "before the echo"],
)
async def test_an_alarm_anywhere_changes_nothing(data: bytes) -> None:
    assert await one(data) == Said("row", "OLT#")


async def test_silence_the_end_and_a_wrong_prompt_break_the_line() -> None:
    for chunks in ((b"show x\r\nrow\r\n",), (b"show x\r\nrow\r\n", b""), (b"show x\r\nOLT-NEW#",)):
        with pytest.raises(Broken) as broken:
            await one(*chunks)
        assert "show x" in broken.value.text


async def test_what_comes_after_a_prompt_belongs_to_the_reply_before_it_and_breaks_the_line() -> None:
    script = Script(answers=[[b"show x\r\nOLT#"]])
    made = line(script, PLATFORM, "OLT")
    await made.run(typed("show x"))
    script.say(b"5 is the number of boards\r\nOLT#")
    await asyncio.sleep(0.01)
    with pytest.raises(Broken) as broken:
        await made.run(typed("show y"))
    assert broken.value.out_of_step
    assert not broken.value.written
    assert b"show y" not in script.written
    await made.close()


async def test_what_is_said_unasked_on_lines_of_its_own_is_passed_over() -> None:
    script = Script(answers=[[b"show x\r\nOLT#"], [b"show y\r\nrow\r\nOLT#"]])
    made = line(script, PLATFORM, "OLT")
    await made.run(typed("show x"))
    script.say(b"\r\nSomebody has logged in.\r\nOLT#")
    await asyncio.sleep(0.01)
    assert await made.run(typed("show y")) == [Said("row", "OLT#")]
    await made.close()


@pytest.mark.parametrize("size", [1, 5, 17, 10_000])
async def test_the_replies_to_lines_sent_together_are_told_apart(size: int) -> None:
    data = (
        b"show a\r\nrow a\r\nshow b\r\nOLT#enter\r\nOLT(config)#show b \r\n! ALARM\r\nEND\r\nrow b\r\n\r\n"
        b"OLT(config)#show c\r\nOLT(config)#"
    )
    script = Script(answers=[[data[at : at + size] for at in range(0, len(data), size)]])
    said = await ran(script, "show a", "enter", "show b", "show c")
    assert script.written == b"show a\nenter\nshow b\nshow c\n"
    assert said == [
        Said("row a\nshow b", "OLT#"),
        Said("", "OLT(config)#"),
        Said("row b", "OLT(config)#"),
        Said("", "OLT(config)#"),
    ]


async def test_one_line_sent_twice_has_two_replies() -> None:
    script = Script(answers=[[b"show a\r\n1\r\nOLT#show a\r\n2\r\nOLT#"]])
    assert [said.text for said in await ran(script, "show a", "show a")] == ["1", "2"]


async def test_lines_sent_together_of_which_one_was_swallowed_are_out_of_step() -> None:
    script = Script(answers=[[b"show a\r\n{ <cr>|x<K> }: show b\r\n  Parameter error\r\nOLT#"]])
    with pytest.raises(Broken) as broken:
        await ran(script, "show a", "show b")
    assert broken.value.out_of_step


# --------------------------------------------------------------------------------------------------------- case by case

BARE = Platform(name="bare", prompt=r"^{host}[>#]$")
QUESTION = b"\r\nsure? (y/n)[n]:"
SURE = ((r"sure", "y"),)


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([b"show x\r\nrow\r\nshow x\r\nOLT#"], "row\nshow x"),
        ([b"show x\r\nrow\r\n! ALARM\r\nOLT#"], "row\n! ALARM"),
        ([b"! ALARM\r\nshow x\r\nrow\r\nOLT#"], "! ALARM\nshow x\nrow"),
        ([b"OLT#show x\r\nrow\r\nOLT#"], "row"),
        ([b"\r\nOLT#\r\nOLT#show x\r\nrow\r\nOLT#"], "row"),
    ],
    ids=["its own name", "held", "held before the echo", "prompt", "prompts"],
)
async def test_a_reply_is_what_stands_between_its_echo_and_its_prompt(chunks: list[bytes], text: str) -> None:
    assert (await one(*chunks)).text == text


async def test_lines_among_which_an_alarm_never_ends_are_told_apart() -> None:
    data = [b"show a\r\n! ALARM\r\nOLT#", b"show b\r\nrow\r\nOLT#"]
    said = await ran(Script(answers=[data]), "show a", "show b")
    assert said == [Said("! ALARM", "OLT#"), Said("row", "OLT#")]


async def test_an_echo_in_which_the_olt_masks_the_secret_is_taken_off() -> None:
    made = line(Script(answers=[[b"ppp ******\r\nok\r\nOLT#"]]), PLATFORM, "OLT")
    assert await made.run([Typed("ppp secret", "ppp ", timeout_s=1.0)]) == [Said("ok", "OLT#")]
    await made.close()


async def test_a_platform_without_pager_and_hint_has_questions_still() -> None:
    script = Script(answers=[[b"show x" + QUESTION], [b"y\r\ndone\r\nOLT#"]])
    made = line(script, BARE, "OLT")
    [said] = await made.run(typed("show x", answers=SURE))
    assert said.text.endswith("done")
    await made.close()
    assert script.closed


@pytest.mark.parametrize(("times", "answered"), [(8, True), (9, False)])
async def test_a_question_is_answered_eight_times(times: int, answered: bool) -> None:
    script = Script(answers=[[b"show x" + QUESTION], *[[QUESTION]] * (times - 1), [b"y\r\nOLT#"]])
    if answered:
        assert (await ran(script, "show x", answers=SURE))[0].prompt == "OLT#"
    else:
        with pytest.raises(Unexplained, match="did not announce") as told:
            await ran(script, "show x", answers=SURE)
        assert told.value.text.startswith("show x\nsure?")
    assert script.written.count(b"y\n") == 8


@pytest.mark.parametrize(
    ("chunks", "why", "out_of_step"),
    [
        ([b"show x\r\nrow\r\n"], "no answer in time", False),
        ([b"show x\r\n" + b"x" * 1_017 + b"--More--"], "no answer in time", False),
        ([b"row\r\nOLT#"], "the OLT's answers are out of step with the commands", True),
        ([b"show x\r\nrow\r\n", b""], "the OLT closed the connection", False),
    ],
)
async def test_what_breaks_the_line_is_told_with_what_had_come(
    chunks: list[bytes], why: str, out_of_step: bool
) -> None:
    made = line(Script(answers=[chunks]), PLATFORM, "OLT")
    made.quiet_s = 0.05
    with pytest.raises(Broken) as broken:
        await made.run(typed("show x", timeout_s=0.1))
    await made.close()
    said = broken.value
    assert (str(said), said.why, said.out_of_step, said.written) == (why, why, out_of_step, True)
    assert said.text.startswith(chunks[0].decode().replace("\r", "")[:6])


async def test_nothing_is_sent_on_a_line_that_has_ended() -> None:
    script = Script(answers=[[b"show x\r\nOLT#", b""]])
    made = line(script, PLATFORM, "OLT")
    await made.run(typed("show x"))
    await asyncio.sleep(0.01)
    with pytest.raises(Broken, match="the OLT closed the connection") as broken:
        await made.run(typed("show y"))
    assert (broken.value.written, bytes(script.written)) == (False, b"show x\n")
    await made.close()


@pytest.mark.parametrize(
    "unasked",
    [[b"\r\nshow y is not allowed now\r\nOLT#"], [b"\r\nSomebody", b" has\r\nlogged in.\r\nOLT#"], [b"   "]],
    ids=["that names the next line", "in pieces", "blanks"],
)
async def test_what_was_said_before_a_line_is_none_of_its_reply(unasked: list[bytes]) -> None:
    script = Script(answers=[[b"show x\r\nOLT#"], [b"show y\r\nrow\r\nOLT#"]])
    made = line(script, PLATFORM, "OLT")
    await made.run(typed("show x"))
    for chunk in unasked:
        script.say(chunk)
        await asyncio.sleep(0.005)
    assert await made.run(typed("show y")) == [Said("row", "OLT#")]
    await made.close()


@pytest.mark.parametrize(("spare", "read"), [(0, True), (-1, False)])
async def test_a_reply_of_just_the_limit_is_read(spare: int, read: bool) -> None:
    data = b"show x\r\nrow\r\nOLT#"
    made = line(Script(answers=[[data]]), PLATFORM, "OLT")
    assert made.received == 0
    made.allow(len(data) + spare, "a reply")
    if read:
        await made.run(typed("show x"))
    else:
        with pytest.raises(Broken, match="a reply of more than 0 kB"):
            await made.run(typed("show x"))
    await made.close()


@pytest.mark.parametrize(
    ("count", "told"), [((1 << 20) - 1, "1023 kB"), (1 << 20, "1 MB"), (5 << 20, "5 MB"), (2_048, "2 kB")]
)
def test_a_limit_is_told_in_a_readable_unit(count: int, told: str) -> None:
    assert _size(count) == told


def test_a_broken_line_had_been_written_to_and_is_in_step_unless_it_is_said() -> None:
    assert (Broken("x").text, Broken("x").out_of_step, Broken("x").written) == ("", False, True)


async def test_a_prompt_at_whose_end_the_cursor_does_not_stand_ends_nothing() -> None:
    script = Script(answers=[[b"show x\r\nrow\r\nOLT#\r"]])
    made = line(script, PLATFORM, "OLT")
    running = asyncio.create_task(made.run(typed("show x")))
    await asyncio.sleep(0.02)
    script.say(b"\nrow 2\r\nOLT#")
    assert await running == [Said("row\nOLT#\nrow 2", "OLT#")]
    await made.close()


@pytest.mark.parametrize(("length", "turned"), [(1_024, True), (1_025, False)])
async def test_a_line_may_be_a_page_up_to_a_length(length: int, turned: bool) -> None:
    page = b"show x\r\n" + b"x" * (length - 8) + b"--More--"
    script = Script(answers=[[page], [b"\r\nOLT#"]])
    made = line(script, PLATFORM, "OLT")
    if turned:
        await made.run(typed("show x"))
    else:
        with pytest.raises(Broken, match="no answer in time"):
            await made.run(typed("show x", timeout_s=0.1))
    assert bytes(script.written) == (b"show x\n " if turned else b"show x\n")
    await made.close()
