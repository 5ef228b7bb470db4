"""The faults that `python -m dev.mutants` puts into the code."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from dev.machine import ROOT
from dev.mutants.faults import faults
from dev.mutants.targets import drawn, every_fault, modules

CASES = {
    "comparison": ("a < b", {"a <= b"}),
    "comparison over lines": ("(a\n    == b)", {"(a\n    != b)"}),
    "membership": ("a not in b", {"a in b"}),
    "arithmetic": ("a + b", {"a - b"}),
    "operand": ("a and b", {"(a)", "(b)"}),
    "not": ("not a", {"(a)"}),
    "constants": ("a(1, True)", {"a(2, True)", "a(1, False)", "a(True, 1)"}),
    "swapped": ("a(b, c, d)", {"a(c, b, d)", "a(b, d, c)"}),
    "symmetric": ("min(a, b)", set()),
    "condition": ("a.where(b, c)", {"a.where(c)", "a.where(b)"}),
    "qualifier": ("a.with_for_update()", {"a"}),
    "umlauts": ("a('ä', b) > c", {"a('ä', b) >= c", "a(b, 'ä') > c"}),
}


@pytest.mark.parametrize(("expression", "expected"), CASES.values(), ids=CASES)
def test_an_expression_is_turned(expression: str, expected: set[str]) -> None:
    source = f"def decide():\n    return {expression}\n"
    made = {
        fault.applied(source).removeprefix("def decide():\n    return ").strip()
        for fault in faults("m", source)
    }
    assert made == expected


def test_a_guard_and_a_call_for_its_effect_are_dropped_but_not_a_log_line() -> None:
    source = "def work(a):\n    if a:\n        return\n    write(a)\n    log.info(a)\n    metrics.COUNT.labels(a).inc()\n"
    assert {(fault.kind, fault.before, fault.text) for fault in faults("m", source)} == {
        ("guard dropped", "a", "False"),
        ("statement dropped", "write(a)", "pass"),
    }


def test_annotations_decorators_and_imports_are_left_alone() -> None:
    source = "import a\n\n@dataclass(frozen=True)\nclass B:\n    c: Literal[1]\n\n    def d(self, e: Literal[2]) -> Literal[3]: ...\n"
    assert faults("m", source) == []


def test_every_fault_has_a_name_of_its_own_and_leaves_python() -> None:
    found = [fault for fault in every_fault() if fault.module == "worker/policy.py"]
    source = (ROOT / "worker/policy.py").read_text()
    assert len({fault.name for fault in found}) == len(found) > 30
    for fault in found:
        ast.parse(fault.applied(source))


def test_a_draw_is_spread_over_modules_and_kinds_and_repeats_itself() -> None:
    every = list(every_fault())
    first, again, other = drawn(every, 400, 1), drawn(every, 400, 1), drawn(every, 400, 2)
    assert first == again != other
    counts = Counter(fault.module for fault in first)
    assert len(counts) > 0.9 * len(modules())
    assert max(counts.values()) <= 400 // len(modules()) + 5


def test_what_is_drawn_of_a_module_stays_while_another_changes() -> None:
    every = list(every_fault())
    fewer = [fault for number, fault in enumerate(every) if fault.module != modules()[0] or number % 2]
    before, after = (
        {fault for fault in drawn(some, 400, 1) if fault.module != modules()[0]} for some in (every, fewer)
    )
    assert before == after
