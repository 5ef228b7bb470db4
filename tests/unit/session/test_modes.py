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


CONFIG, IF_1, IF_2, BELOW = "config", "if 1", "if 2", "below"


def into(text: str, depth: int) -> Move:
    return Move(text, depth, enters=True)


def out(text: str, depth: int) -> Move:
    return Move(text, depth, enters=False)


@pytest.mark.parametrize(
    ("here", "path", "start", "moves"),
    [
        ((), (CONFIG, IF_1), None, [into(CONFIG, 1), into(IF_1, 2)]),
        ((CONFIG, IF_1), (), None, [out("return", 0)]),
        ((CONFIG,), (), None, [out("quit", 0)]),
        ((CONFIG, IF_1, BELOW), (CONFIG,), None, [out("quit", 2), out("quit", 1)]),
        ((CONFIG, IF_1), (CONFIG, IF_2), None, [out("quit", 1), into(IF_2, 2)]),
        ((CONFIG, IF_1), (IF_2, BELOW), None, [out("return", 0), into(IF_2, 1), into(BELOW, 2)]),
        ((CONFIG,), (CONFIG, IF_1, BELOW), None, [into(IF_1, 2), into(BELOW, 3)]),
        ((), (CONFIG, IF_1), (CONFIG,), [into(IF_1, 2)]),
        ((CONFIG,), (CONFIG, IF_1), (), [into(CONFIG, 1), into(IF_1, 2)]),
        ((CONFIG,), (), (CONFIG, IF_1), [out("return", 0)]),
    ],
)
def test_each_line_is_noted_with_how_deep_it_leads(
    here: tuple[str, ...], path: tuple[str, ...], start: tuple[str, ...] | None, moves: list[Move]
) -> None:
    assert stack(*here).moves(path, PLATFORM, start) == moves


@pytest.mark.parametrize(
    ("move", "prompt", "path"),
    [
        (into(BELOW, 3), "H(below)#", (CONFIG, IF_1, BELOW)),
        (into(BELOW, 3), "H(if 1)#", None),
        (out("quit", 1), "H(config)#", (CONFIG,)),
        (out("quit", 1), "H#", None),
        (out("quit", 1), "H(if 1)#", None),
        (out("return", 0), "H#", ()),
        (out("return", 0), "H(config)#", None),
    ],
)
def test_a_line_leads_where_it_should_or_nothing_is_noted(
    move: Move, prompt: str, path: tuple[str, ...] | None
) -> None:
    made = stack(CONFIG, IF_1)
    assert made.arrive(move, prompt) is (path is not None)
    assert made.path == ((CONFIG, IF_1) if path is None else path)
    assert made.prompt == ("H(if 1)#" if path is None else prompt)


@pytest.mark.parametrize(
    ("batch", "pipeline", "groups"),
    [
        ([], "reads", []),
        ([read("a" * 60), read("b")], "reads", [["a" * 60, "b"]]),
        ([read("b"), read("a" * 61)], "reads", [["b"], ["a" * 61]]),
        ([read("a"), write("b", path=())], "reads", [["a"], ["b"]]),
        ([write("a", path=()), read("b")], "reads", [["a"], ["b"]]),
        ([write("a", path=()), read("b")], "writes", [["a", "b"]]),
        ([write("a", path=()), read("b", "config")], "writes", [["a"], ["b"]]),
        ([read("a"), write("b", path=("config",))], "writes", [["a"], ["b"]]),
        ([read("a"), read("b", "config"), write("c", path=("config",))], "writes", [["a", "b", "c"]]),
        ([read("a"), read("b")], "off", [["a"], ["b"]]),
    ],
)
def test_what_goes_out_in_one_write(batch: list[Command], pipeline: str, groups: list[list[str]]) -> None:
    assert texts(batch, pipeline) == groups
