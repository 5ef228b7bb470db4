"""Which tests come by which line, and how long each takes: a pytest plugin, `-p dev.mutants.reach`.

`ACENDE_REACH` names the folder to write to; with `ACENDE_REACH_CASES` so many cases of a test function are watched at most.
What a test runs in other processes is not seen.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from pathlib import Path

import coverage
import pytest

from dev.machine import ROOT

SOURCES = ["schemas", "events", "vendors", "worker"]


class _Watcher:
    """Watches from the import of the first test on; a test that fails is not known to come by anything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._coverage = coverage.Coverage(
            data_file=str(folder / "lines"),
            data_suffix=True,
            config_file=False,
            include=[str(ROOT / name / "*") for name in SOURCES],
        )
        self._coverage.start()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        most = int(os.environ.get("ACENDE_REACH_CASES", "0"))
        cases: defaultdict[str, list[pytest.Item]] = defaultdict(list)
        for item in items:
            cases[function_of(item.nodeid)].append(item)
        chosen = {item for some in cases.values() for item in (_spread(some, most) if most else some)}
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = [item for item in items if item in chosen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        result = yield
        self._seconds[item.nodeid] = round(time.perf_counter() - began, 3)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        if not self._seconds:  # this process has others run the tests
            return
        self._coverage.save()
        passed = {test: seconds for test, seconds in self._seconds.items() if test not in self._failed}
        (self._folder / f"seconds.{os.getpid()}.json").write_text(json.dumps(passed))


def function_of(test: str) -> str:
    """The test function of which it is a case."""
    return test.partition("[")[0]


def _spread(items: list[pytest.Item], most: int) -> list[pytest.Item]:
    count = min(most, len(items))
    return [items[number * len(items) // count] for number in range(count)]


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch, where the environment says so."""
    if folder := os.environ.get("ACENDE_REACH"):
        early_config.pluginmanager.register(_Watcher(Path(folder)))


def keep_sources(folder: Path) -> None:
    """Keep the modules as they are, beside what is found out about their lines."""
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / "sources" / name, ignore=lambda _, names: _no_modules(names))


def _no_modules(names: list[str]) -> list[str]:
    return [name for name in names if "." in name and not name.endswith(".py")]


class Reach:
    """What the plugin wrote in the folders below `folder`: all processes together, and one run after another."""

    def __init__(self, folder: Path) -> None:
        self._runs = [_Run(run) for run in sorted(folder.glob("*/"))]
        self._seconds: dict[str, float] = {}
        for part in folder.glob("*/seconds.*.json"):
            self._seconds.update(json.loads(part.read_text()))
        self._lines: dict[str, dict[int, set[str]]] = {}

    def tests(self, module: str, first: int, last: int) -> list[str]:
        """The tests that run a line from `first` to `last` of `module`: one case of each first, the quickest of them first.

        Of a line that is run at the import, a default for example, then those that run anything of the module.
        """
        asked = self._asked(module, first, last)
        others = set().union(*self._of(module).values()) - asked if "" in asked else set()
        return [test for found in (asked, others) for test in self._spread(self.quickest(found))]

    def quickest(self, tests: Iterable[str]) -> list[str]:
        """Those of them that passed when they were watched, the quickest first."""
        return sorted(self._seconds.keys() & tests, key=lambda test: (self._seconds[test], test))

    def at_import(self, module: str, first: int, last: int) -> bool:
        """Whether a line of them is run at the import, or by the collection of tests."""
        return "" in self._asked(module, first, last)

    def _asked(self, module: str, first: int, last: int) -> set[str]:
        lines = self._of(module)
        return set().union(*(lines.get(line, ()) for line in range(first, last + 1)))

    def _of(self, module: str) -> dict[int, set[str]]:
        if module not in self._lines:
            lines: defaultdict[int, set[str]] = defaultdict(set)
            for run in self._runs:
                for line, tests in run.lines(module):
                    lines[line].update(tests)
            self._lines[module] = lines
        return self._lines[module]

    @staticmethod
    def _spread(tests: list[str]) -> list[str]:
        cases: defaultdict[str, int] = defaultdict(int)
        rank = {}
        for test in tests:
            function = function_of(test)
            rank[test] = cases[function]
            cases[function] += 1
        return sorted(tests, key=lambda test: rank[test])

    def seconds(self, tests: list[str]) -> float:
        """How long they took together."""
        return sum(self._seconds.get(test, 0.0) for test in tests)


class _Run:
    def __init__(self, folder: Path) -> None:
        self._sources = folder / "sources"
        self._data = coverage.CoverageData(basename=str(folder / "all"))
        self._data.erase()
        for part in sorted(folder.glob("lines.*")):
            other = coverage.CoverageData(basename=str(part))
            other.read()
            self._data.update(other)

    def lines(self, module: str) -> Iterator[tuple[int, list[str]]]:
        """Lines of `module` as it stands now, and the tests that come by: where it has changed, by what stood there."""
        before = self._sources / module
        if not before.exists():
            return
        found = self._data.contexts_by_lineno(str(ROOT / module))
        old, new = before.read_text().splitlines(), (ROOT / module).read_text().splitlines()
        for word, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            for line in range(j1 + 1, j2 + 1):
                olds = [line - j1 + i1] if word == "equal" else range(i1, i2 + 1)
                for one in olds:
                    yield line, found.get(one, [])
