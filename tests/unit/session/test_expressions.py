"""Every expression that Python's engine runs on what a device says: no repetition in it is ambiguous.

Backtracking takes more than linear time only where a stretch of text can be shared out between two repetitions, or between
one and itself, in more than one way. `ambiguities` makes the automaton of an expression (as Glushkov did) and looks for two
states p and q and a text that leads from p to p, from p to q and from q to q.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

import vendors
from vendors import quoting, screen
from vendors.errors import UnknownReply
from vendors.expressions import LONGEST, Bounded, expression
from vendors.huawei_smartax import adapter as huawei
from vendors.registry import PLATFORMS, vendor
from vendors.zte_common.parse.blocks import beside
from vendors.zte_zxan import adapter as zxan

_parser: Any = importlib.import_module("re._parser")
_op: Any = importlib.import_module("re._constants")

MANY = 500
"""Times that a repetition may take place before it counts as one without an end."""
ALPHABET = frozenset(map(chr, range(0x20, 0x7F))) | {"\t", "\n", "é"}
_CATEGORIES: dict[Any, Any] = {
    _op.CATEGORY_DIGIT: str.isdigit,
    _op.CATEGORY_SPACE: str.isspace,
    _op.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
_OPPOSITE = {
    _op.CATEGORY_NOT_DIGIT: _op.CATEGORY_DIGIT,
    _op.CATEGORY_NOT_SPACE: _op.CATEGORY_SPACE,
    _op.CATEGORY_NOT_WORD: _op.CATEGORY_WORD,
}

Part = tuple[set[int], set[int], bool]
"""The states in which a part begins, those in which it ends, and whether it may be empty."""


@dataclass
class Automaton:
    """A state for each character class of an expression."""

    classes: list[frozenset[str]] = field(default_factory=list)
    follow: list[set[int]] = field(default_factory=list)
    twice: list[int] = field(default_factory=list)
    """States at which a repetition of a repetition goes on in two ways."""

    def sequence(self, tree: Any, flags: int) -> Part:
        first: set[int] = set()
        last: set[int] = set()
        empty = True
        for op, value in tree:
            begins, ends, may_miss = self.part(op, value, flags)
            self._join(last, begins)
            first |= begins if empty else set()
            last = last | ends if may_miss else ends
            empty = empty and may_miss
        return first, last, empty

    def part(self, op: Any, value: Any, flags: int) -> Part:
        if op in {_op.LITERAL, _op.NOT_LITERAL, _op.ANY, _op.IN}:
            self.classes.append(_class(op, value, flags))
            self.follow.append(set())
            return {len(self.follow) - 1}, {len(self.follow) - 1}, False
        if op is _op.SUBPATTERN:
            return self.sequence(value[3], (flags | value[1]) & ~value[2])
        if op is _op.BRANCH:
            branches = [self.sequence(branch, flags) for branch in value[1]]
            begins, ends, empty = zip(*branches, strict=True)
            return set().union(*begins), set().union(*ends), any(empty)
        if op in {_op.MAX_REPEAT, _op.MIN_REPEAT}:
            least, most, body = value
            return self._repeated(least, most, body, flags)
        assert op in {_op.AT, _op.ASSERT, _op.ASSERT_NOT, _op.GROUPREF}, op
        return set(), set(), True

    def _repeated(self, least: int, most: int, body: Any, flags: int) -> Part:
        if most == _op.MAXREPEAT or most > MANY:
            begins, ends, empty = self.sequence(body, flags)
            self.twice += [end for end in ends if self.follow[end] & begins]
            self._join(ends, begins)
            return begins, ends, empty or least == 0
        first: set[int] = set()
        last: set[int] = set()
        before: set[int] = set()
        may_miss = least == 0
        for number in range(most):
            begins, ends, empty = self.sequence(body, flags)
            self._join(before, begins)
            first = first or begins
            may_miss = may_miss or empty
            last |= ends if number >= least - 1 else set()
            before = ends
        return first, last, may_miss

    def _join(self, ends: set[int], begins: set[int]) -> None:
        for end in ends:
            self.follow[end] |= begins


@cache
def _members(category: Any) -> frozenset[str]:
    if category in _OPPOSITE:
        return ALPHABET - _members(_OPPOSITE[category])
    return frozenset(filter(_CATEGORIES[category], ALPHABET))


def _class(op: Any, value: Any, flags: int) -> frozenset[str]:
    if op is _op.ANY:
        return ALPHABET if flags & re.DOTALL else ALPHABET - {"\n"}
    found: set[str] = set()
    negated = op is _op.NOT_LITERAL
    for kind, item in [(_op.LITERAL, value)] if op in {_op.LITERAL, _op.NOT_LITERAL} else value:
        if kind is _op.NEGATE:
            negated = True
        elif kind is _op.LITERAL:
            found.add(chr(item))
        elif kind is _op.RANGE:
            found |= {char for char in ALPHABET if item[0] <= ord(char) <= item[1]}
        else:
            found |= _members(item)
    found |= {char.swapcase() for char in found} if flags & re.IGNORECASE else set()
    return ALPHABET - found if negated else frozenset(found)


def ambiguities(pattern: str, flags: int = 0, *, whole: bool = True) -> list[str]:
    """The characters that two repetitions can share out between them; none where matching takes linear time.

    What ends in a repetition of any character cannot fail once it is there, so nothing is tried again; nor, where not the
    `whole` text must match, what has come to the expression's end.
    """
    tree = _parser.parse(pattern, flags)
    made = Automaton()
    _, ends, _ = made.sequence(tree, tree.state.flags)
    for end in () if whole else ends:
        made.follow[end] = set()
    reach = [_reached(made, state) for state in range(len(made.follow))]
    anything = {end for end in ends if end in made.follow[end] and made.classes[end] >= ALPHABET - {"\n"}}
    loops = [state for state in range(len(reach)) if state in reach[state] and state not in anything]
    pairs = [
        (p, q) for p in loops for q in loops if p != q and q in reach[p] and made.classes[p] & made.classes[q]
    ]
    found = [_spelt(made.classes[state]) for state in made.twice]
    return found + [_spelt(made.classes[p] & made.classes[q]) for p, q in pairs if _shared(made, reach, p, q)]


def searched(pattern: str, flags: int = 0) -> list[str]:
    """The characters on which a search of the whole text begins again and again; none where it takes linear time.

    A search is a repetition of any character in front of the expression, but where what must not stand before it does. What
    has come to the expression's end has matched, unless a condition stands there.
    """
    tree = _parser.parse(pattern, flags)
    made = Automaton()
    begins, ends, _ = made.sequence(tree, tree.state.flags)
    conditions = {_op.AT, _op.ASSERT, _op.ASSERT_NOT}
    for end in () if list(tree)[-1][0] in conditions else ends:
        made.follow[end] = set()
    anywhere, here = len(made.follow), len(made.follow) + 1
    made.classes += [ALPHABET, ALPHABET - _not_before(tree)]
    made.follow += [{anywhere, here}, {anywhere, here} | begins]
    reach = [_reached(made, state) for state in range(len(made.follow))]
    loops = [state for state in range(anywhere) if state in reach[state]]
    return [
        _spelt(made.classes[q])
        for q in loops
        if any(q in reach[p] and _shared(made, reach, p, q) for p in (anywhere, here))
    ]


def _not_before(tree: Any) -> frozenset[str]:
    """Characters before which the expression does not begin."""
    op, value = next(iter(tree))
    if op is not _op.ASSERT_NOT or value[0] != -1 or len(value[1]) != 1:
        return frozenset()
    [(kind, item)] = value[1]
    return _class(kind, item, tree.state.flags)


def _spelt(chars: frozenset[str]) -> str:
    return "".join(sorted(chars))


def _reached(made: Automaton, state: int) -> set[int]:
    found: set[int] = set()
    left = list(made.follow[state])
    while left:
        if (one := left.pop()) not in found:
            found.add(one)
            left += made.follow[one]
    return found


def _shared(made: Automaton, reach: list[set[int]], p: int, q: int) -> bool:
    """Whether one text leads from p to p, from p to q, and from q to q."""
    left = [(p, p, q)]
    seen = set(left)
    while left:
        one, two, three = left.pop()
        for a in made.follow[one]:
            for b in made.follow[two]:
                common = made.classes[a] & made.classes[b]
                if not common or (a != p and p not in reach[a]) or (b != q and q not in reach[b]):
                    continue
                for c in made.follow[three]:
                    if not common & made.classes[c] or (c != q and q not in reach[c]):
                        continue
                    if (a, b, c) == (p, q, q):
                        return True
                    if (a, b, c) not in seen:
                        seen.add((a, b, c))
                        left.append((a, b, c))
    return False


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+b",
        r"\s*\s*x",
        r"a*ba*.*a*b",
        r".*x.*y",
        r"\s*:?\s*x",
        r"(?:a|ab|b)*c",
        r"[^\n]*?\s*x",
        r"(\w+\s?)*:",
    ],
)
def test_what_takes_more_than_linear_time_is_found(pattern: str) -> None:
    assert ambiguities(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"\s*\S+\s*", r"a+b+", r"(?:\s+\d{1,12})+", r"x\s*(.*)", r"[^:]*:.*", r"(?:a{1,3}b)*", r"(a|b)*c"],
)
def test_what_takes_linear_time_is_not(pattern: str) -> None:
    assert not ambiguities(pattern)


@pytest.mark.parametrize("pattern", ["a+b", r"\s+$", "x.*y", "(?<!a)[ab]+c", "(?:a{2,4}:){2,}b", r"\w+(?=:)"])
def test_a_search_that_takes_more_than_linear_time_is_found(pattern: str) -> None:
    assert searched(pattern)


@pytest.mark.parametrize("pattern", ["ba*", "(?<!a)a+b", r"(?<!\w)\w+(?=:)", "(?:a{2,4}:){2}b", "x[^xy]*y"])
def test_a_search_that_takes_linear_time_is_not(pattern: str) -> None:
    assert not searched(pattern)


def test_no_expression_with_which_what_is_quoted_is_searched_begins_again_and_again() -> None:
    looked_at = {
        f"{module.__name__}.{name}": value
        for module in (quoting, screen)
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }
    assert len(looked_at) > 15
    known = quoting.known_as("Ana Maria Sousa")
    found = {place: searched(one.pattern, one.flags) for place, one in (looked_at | {"known": known}).items()}
    assert {place: chars for place, chars in found.items() if chars} == {}


def modules() -> Iterator[Any]:
    """Every module that is given what a device says."""
    for found in pkgutil.walk_packages(vendors.__path__, "vendors."):
        if ".simulator" not in found.name:
            yield importlib.import_module(found.name)


def patterns_in(value: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    """The compiled expressions in a value, however deep."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict) and depth < 8:
        yield from patterns_in([*value.keys(), *value.values()], depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 8:
        for one in value:
            yield from patterns_in(one, depth + 1)
    elif type(value).__module__.startswith("vendors") and depth < 8:
        slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
        yield from patterns_in([getattr(value, name, None) for name in slots], depth + 1)
        yield from patterns_in(getattr(value, "__dict__", {}), depth + 1)


def run_by_python() -> dict[tuple[str, int, bool], str]:
    """Every expression on Python's engine, and whether the whole text must match, with where it stands."""
    found: dict[tuple[str, int, bool], str] = {}
    for module in modules():
        for name, value in vars(module).items():
            for pattern in patterns_in(value):
                found.setdefault((pattern.pattern, pattern.flags, True), f"{module.__name__}.{name}")
    for name in PLATFORMS:
        platform = vendor(name).adapter.PLATFORM
        for text in (*platform.redactions, *platform.personal):
            if isinstance(made := expression(text), Bounded):
                found.setdefault((text, made.pattern.flags, text.endswith("$")), platform.name)
    return found


def test_no_expression_on_what_a_device_says_is_ambiguous() -> None:
    looked_at = run_by_python()
    found = {
        (place, text): ambiguities(text, flags, whole=whole)[:2]
        for (text, flags, whole), place in looked_at.items()
    }
    assert len(looked_at) > 250
    assert {place: shared for place, shared in found.items() if shared} == {}


@pytest.mark.parametrize(
    "name", ["prompt", "user_prompt", "password_prompt", "unprivileged", "pager", "hint", "question"]
)
def test_what_is_looked_for_in_the_last_line_runs_in_linear_time_whatever_it_is(name: str) -> None:
    for known in PLATFORMS:
        platform = vendor(known).adapter.PLATFORM
        if text := getattr(platform, name):
            assert not isinstance(expression(text.replace("{host}", platform.host_pattern)), Bounded)
    with pytest.raises(ValueError, match="unterminated"):
        expression("(")


@pytest.mark.parametrize(
    ("adapter", "command"),
    [(huawei, "display version"), (zxan, "show card"), (huawei, "display ont info 0 1 0 all")],
)
def test_a_line_of_more_than_4_kb_is_not_parsed(adapter: Any, command: str) -> None:
    with pytest.raises(UnknownReply, match=f"more than {LONGEST} characters"):
        adapter.parse(command, "x" * (LONGEST + 1) + "\n")


def test_labels_beside_each_other_have_a_letter_and_blanks_before_them() -> None:
    assert beside("Rx power: -20.1 (dbm),  Tx power  :2.1,Bias : 3") == [
        ("Rx power", "-20.1 (dbm)"),
        ("Tx power", "2.1,Bias : 3"),
    ]
    assert beside("a:1  2019-01-01 10:00:00  b: 2") == [("a", "1  2019-01-01 10:00:00"), ("b", "2")]
    assert beside("12: 3") == []
