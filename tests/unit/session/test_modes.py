"""Moving between modes, and which commands go out together."""

import pytest

from vendors.batches import grouped
from vendors.contract import Command, Platform, read, write
from vendors.modes import ModeStack, Move

PLATFORM = Platform(name="x", prompt=r"^{host}#$", leave="quit", top="return")
NO_TOP = Platform(name="x", prompt=r"^{host}#$", leave="quit")


def stack(*entered: str) -> ModeStack:
    made = ModeStack("H#")
    for depth, text in enumerate(entered, 1):
        assert made.arrive(Move(text, depth, enters=True), f"H({text})#")
    return made


@pytest.mark.parametrize(
    ("here", "path", "lines"),
    [
        ((), (), []),
        ((), ("config", "if 1"), ["config", "if 1"]),
        (("config",), ("config", "if 1"), ["if 1"]),
        (("config", "if 1"), ("config", "if 1"), []),
        (("config", "if 1"), ("config", "if 2"), ["quit", "if 2"]),
        (("config", "if 1"), ("config",), ["quit"]),
        (("config", "if 1"), (), ["return"]),
        (("config",), (), ["quit"]),
        (("config", "if 1"), ("diagnose",), ["return", "diagnose"]),
    ],
)
def test_the_shortest_way_is_taken(here: tuple[str, ...], path: tuple[str, ...], lines: list[str]) -> None:
    made = stack(*here)
    moves = made.moves(path, PLATFORM)
    assert [move.text for move in moves] == lines
    for move in moves:
        assert made.arrive(move, f"H({move.text})#" if move.enters else stack(*here[: move.depth]).prompt)
    assert made.path == path


def test_without_a_way_to_the_top_every_mode_is_left() -> None:
    assert [move.text for move in stack("config", "if 1").moves((), NO_TOP)] == ["quit", "quit"]


def test_entering_must_change_the_prompt_and_leaving_must_bring_back_the_former_one() -> None:
    made = stack("config")
    assert not made.arrive(Move("if 1", 2, enters=True), "H(config)#")
    assert not made.arrive(Move("quit", 0, enters=False), "H(config)#")
    assert made.path == ("config",)


def texts(batch: list[Command], pipeline: str, limit: int = 20) -> list[list[str]]:
    return [[command.text for command in group] for group in grouped(batch, pipeline, limit)]  # type: ignore[arg-type]


def test_reads_go_out_together_also_in_several_modes() -> None:
    batch = [read("a"), read("b"), read("c", "config"), read("d", "config")]
    assert texts(batch, "reads") == [["a", "b", "c", "d"]]
    assert texts(batch, "off") == [["a"], ["b"], ["c"], ["d"]]
    assert texts([read(str(number)) for number in range(5)], "reads", limit=2) == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]


def test_changes_go_out_one_by_one_unless_the_platform_takes_them_together() -> None:
    batch = [write("a", path=()), write("b", path=())]
    assert texts(batch, "reads") == [["a"], ["b"]]
    assert texts(batch, "writes") == [["a", "b"]]
    assert texts([*batch, write("c", path=("config",))], "writes") == [["a", "b"], ["c"]]


def test_what_may_be_asked_a_question_and_saving_and_long_lines_go_out_alone() -> None:
    batch = [
        read("a"),
        write("b", path=(), answers=((r"sure", "y"),)),
        Command(parts=("save",), effect="save"),
        read("d" * 61),
        read("e"),
    ]
    assert texts(batch, "writes") == [["a"], ["b"], ["save"], ["d" * 61], ["e"]]
