"""Faults strike where they are told to, as often as they are told to; shells take lines as patterns say."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from vendors.simulator.conversation import accented, wrapped
from vendors.simulator.faults import Fault, FaultPlan
from vendors.simulator.fleet import Fleet
from vendors.simulator.model import Olt
from vendors.simulator.rows import Refusal
from vendors.simulator.shell import Mode, ModeShell, Reply, Terminal, on


def struck(plan: FaultPlan, *lines: str, now: float = 0.0) -> list[list[str]]:
    return [[fault.kind for fault in plan.at_command(line, now)] for line in lines]


def test_the_nth_match_is_struck_so_many_times() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="drop", pattern="^onu", nth=2, times=2))
    assert struck(plan, "onu 1", "show", "onu 2", "onu 3", "onu 4") == [[], [], ["drop"], ["drop"], []]
    assert plan.struck == ["drop", "drop"]


def test_busy_lasts_from_its_first_strike() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="busy", pattern="onu", seconds=10))
    assert struck(plan, "onu", now=5.0) == [["busy"]]
    assert struck(plan, "onu", now=14.0) == [["busy"]]
    assert struck(plan, "onu", now=15.0) == [[]]


def test_a_byte_is_struck_once_and_where_it_is() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="drop", at_byte=15))
    assert plan.at_bytes(10) is None
    plan.sent += 10
    found = plan.at_bytes(10)
    assert found is not None
    assert found[0] == 5
    assert plan.at_bytes(10) is None
    assert struck(plan, "anything") == [[]]


def test_logins_are_struck_by_their_own_faults_only() -> None:
    plan = FaultPlan()
    plan.add(Fault(kind="refuse_login"), Fault(kind="too_many_users", times=None))
    assert [plan.at_login("refuse_login") for _ in range(2)] == [True, False]
    assert [plan.at_login("too_many_users") for _ in range(2)] == [True, True]
    assert struck(plan, "x") == [[]]


@pytest.mark.parametrize(
    "values",
    [
        {"kind": "explode"},
        {"kind": "drop", "nth": 0},
        {"kind": "alarm", "at_byte": 3},
        {"kind": "rename"},
        {"kind": "drop", "colour": "red"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(values)


def test_a_fleet_file_may_hold_everything() -> None:
    fleet = Fleet.model_validate(
        {
            "olts": {
                "centro": {
                    "boards": [{"slot": 3, "technology": "xgs-pon"}],
                    "profiles": [{"kind": "line", "name": "home", "number": 10, "gems": {"1": 1}}],
                    "onus": [{"serial": "485754431A2B3C4D", "port": "0/3/0", "onu_id": 4}],
                    "faults": [{"kind": "drop", "pattern": "^ont add", "when": "after"}],
                }
            }
        }
    )
    assert fleet.olts["centro"].onus[0].serial == "HWTC1A2B3C4D"
    with pytest.raises(ValidationError):
        Fleet.model_validate({"olts": {"x": {"boards": [{"slots": 3}]}}})


@dataclass
class Small(ModeShell):
    """A shell with one rule of each sort."""

    def __post_init__(self) -> None:
        self.stack = [Mode("top", "{host}>")]

    def refused(self, refusal: Refusal, line: str) -> str:
        return f"no: {refusal.kind} in {line}\n"

    def unknown(self, line: str) -> str:
        return "what?\n"

    @on(r"say (?P<text>[^ ]+ [+]+)", "top")
    def _say(self, found: re.Match[str]) -> str:
        return found["text"] + "\n"

    @on("fail")
    def _fail(self, _: re.Match[str]) -> str:
        raise Refusal("busy")

    @on("ask")
    def _ask(self, _: re.Match[str]) -> Reply:
        return self.ask("sure? ", lambda answer: f"you said {answer}\n", hidden=True)

    @on("inner only", "inner")
    def _inner(self, _: re.Match[str]) -> str:
        return "inner\n"


@dataclass
class Smaller(Small):
    """Its own rules come first."""

    @on("fail")
    def _never(self, _: re.Match[str]) -> str:
        return "never\n"


def shell(kind: type[Small] = Small) -> Small:
    return kind(Olt(name="OLT"), Terminal())


def test_blanks_of_a_pattern_are_any_blanks_but_in_a_class() -> None:
    assert shell().feed("say   a+b  +++").text == "a+b  +++\n"
    assert shell().feed("  say a ++ ").text == "a ++\n"


def test_a_shell_refuses_asks_and_knows_its_modes() -> None:
    made = shell()
    assert made.feed("fail").text == "no: busy in fail\n"
    assert made.feed("inner only").text == "what?\n"
    assert (made.prompt(), made.asking) == ("OLT>", False)
    made.feed("ask")
    assert (made.prompt(), made.asking, made.hidden) == ("sure? ", True, True)
    assert made.feed("fail").text == "you said fail\n"
    assert not made.asking
    assert shell(Smaller).feed("fail").text == "never\n"


def test_a_narrow_screen_cuts_words() -> None:
    assert wrapped("abcdefgh\nij\n\n", 5) == "abcde\nfgh\nij\n\n"
    assert accented("one\ntwo\nthree\n") == "one\ntwo \xe1\nthree\n"
