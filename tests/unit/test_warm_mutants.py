"""Faults are put into functions that live, and judged in forks, as if the process had begun with them."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from dev.machine import ROOT
from dev.mutants.faults import Fault, faults
from dev.mutants.graft import Living, Unfit

SAMPLE = """
from __future__ import annotations
import functools
from dataclasses import dataclass

def plain(a):
    return a + 2

def over_lines(a):
    print(
        a,
    )
    return a

def waits(a, by=3, *, most=7):
    return a, by, most

def outer():
    def inner(a):
        return a * 2
    return inner

kept = outer()
pair = (lambda a: a - 1, lambda a: a - 1)

def loud(function):
    @functools.wraps(function)
    def called(a):
        return function(a)
    return called

@loud
def decorated(a):
    return a < 3

@functools.cache
def cached():
    return 5

def closes(b):
    def inner():
        return b or 1
    return inner

class Thing:
    @property
    def size(self):
        return 4

@dataclass
class Row:
    width: int = 9

row = Row
"""


def _sample(folder: Path) -> ModuleType:
    (folder / "sample.py").write_text(SAMPLE)
    spec = importlib.util.spec_from_file_location("sample", folder / "sample.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


def _fault(function: str, before: str, after: str) -> Fault:
    [fault] = [
        fault
        for fault in faults("sample.py", SAMPLE)
        if (fault.function, fault.before, fault.text) == (function, before, after)
    ]
    return fault


@pytest.mark.parametrize(
    ("function", "before", "after", "asked", "then"),
    [
        ("plain", "a + 2", "a - 2", "sample.plain(5)", 3),
        ("waits", "3", "4", "sample.waits(1)", (1, 4, 7)),
        ("waits", "7", "8", "sample.waits(1)", (1, 3, 8)),
        ("outer.inner", "a * 2", "a / 2", "sample.outer()(6)", 3),
        ("outer.inner", "a * 2", "a / 2", "sample.kept(6)", 3),
        ("decorated", "a < 3", "a <= 3", "sample.decorated(3)", True),
        ("cached", "5", "6", "sample.cached()", 6),
        ("Thing.size", "4", "5", "sample.Thing().size", 5),
    ],
)
def test_a_living_function_has_the_fault(
    tmp_path: Path, function: str, before: str, after: str, asked: str, then: object
) -> None:
    sample = _sample(tmp_path)
    assert eval(asked, {"sample": sample}) != then
    Living(tmp_path).put(_fault(function, before, after), SAMPLE)
    assert eval(asked, {"sample": sample}) == then


def test_a_statement_of_many_lines_is_dropped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = _sample(tmp_path)
    [fault] = [fault for fault in faults("sample.py", SAMPLE) if fault.function == "over_lines"]
    Living(tmp_path).put(fault, SAMPLE)
    assert sample.over_lines(1) == 1
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "before", "after"),
    [("Row", "9", "10"), ("closes.inner", "b or 1", "(1)")],
    ids=["class-body", "closed-over"],
)
def test_what_no_function_shows_is_said_to_be_unfit(
    tmp_path: Path, function: str, before: str, after: str
) -> None:
    _sample(tmp_path)
    with pytest.raises(Unfit):
        Living(tmp_path).put(_fault(function, before, after), SAMPLE)


JUDGED = """
def double(number):
    return number * 2

def is_many(number):
    return number > 100

def count_down(number):
    while number > 0:
        number = number - 1
    return number
"""
TESTS = """
import os
import sample

def test_that_always_fails():
    assert False

def test_double():
    assert sample.double(2) == 4
    assert os.system(f"cd {os.path.dirname(__file__)} && exec sleep 1000 &") == 0

def test_is_many():
    assert sample.is_many(101) and not sample.is_many(99)

def test_count_down():
    assert sample.count_down(2) == 0
"""
SCRIPT = """
import sys, pytest
from pathlib import Path
from dev.mutants import warm
from dev.mutants.faults import faults

class EveryTest:
    def tests(self, module, first, last):
        return ["test_sample.py::" + name for name in ("test_that_always_fails", "test_double", "test_is_many", "test_count_down")]
    def at_import(self, module, first, last):
        return False
    def quickest(self, tests):
        return []
    def seconds(self, tests):
        return 0.0

def told(verdict):
    sys.stdout.write(f"{verdict.fault.before} {verdict.fault.text}: {verdict.outcome}\\n")

warm.HANG_S = 2.0
root = Path(sys.argv[1])
judge = warm.WarmJudge(faults("sample.py", (root / "sample.py").read_text()), EveryTest(), told, cold=None, root=root)
pytest.main(["-q", "-c", "/dev/null", f"--rootdir={root}", *judge.options(str(root)), str(root / "test_sample.py")], plugins=[judge])
"""


def test_faults_are_noticed_or_survive_and_leave_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(JUDGED)
    (tmp_path / "test_sample.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    told = dict(line.split(": ") for line in done.stdout.splitlines() if ": " in line)
    assert told == {
        "number * 2 number / 2": "killed",
        "2 3": "killed",
        "number > 100 number >= 100": "survived",
        "100 101": "killed",
        "number > 0 number >= 0": "killed",
        "0 1": "killed",
        "number - 1 number + 1": "hung",
        "1 2": "survived",
    }, f"{told}\n{done.stderr}"
    assert not [
        process.pid for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == str(tmp_path)
    ]
