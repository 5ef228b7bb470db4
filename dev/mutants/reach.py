"""Which tests come by which line, and how long each takes: a pytest plugin, `-p dev.mutants.reach`.

`ACENDE_REACH` names the folder to write to. What a test runs in other processes is not seen.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

from dev.machine import ROOT

SOURCES = ["schemas", "events", "vendors", "worker"]


class _Watcher:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seconds: dict[str, float] = {}
        self._coverage = coverage.Coverage(
            data_file=str(folder / "lines"),
            data_suffix=True,
            config_file=False,
            include=[str(ROOT / name / "*") for name in SOURCES],
        )
        self._coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        result = yield
        self._seconds[item.nodeid] = round(time.perf_counter() - began, 3)
        return result

    def pytest_sessionfinish(self) -> None:
        self._coverage.stop()
        self._coverage.save()
        (self._folder / f"seconds.{os.getpid()}.json").write_text(json.dumps(self._seconds))


def pytest_configure(config: pytest.Config) -> None:
    """Watch, in the process that runs tests."""
    spread = config.getoption("numprocesses", default=None)
    if (folder := os.environ.get("ACENDE_REACH")) and (hasattr(config, "workerinput") or not spread):
        config.pluginmanager.register(_Watcher(Path(folder)))


class Reach:
    """What the plugin wrote, all processes together."""

    def __init__(self, folder: Path) -> None:
        self._data = coverage.CoverageData(basename=str(folder / "all"))
        self._data.erase()
        for part in sorted(folder.glob("lines.*")):
            other = coverage.CoverageData(basename=str(part))
            other.read()
            self._data.update(other)
        self._seconds: dict[str, float] = {}
        for part in folder.glob("seconds.*.json"):
            self._seconds.update(json.loads(part.read_text()))
        self._lines: dict[str, dict[int, list[str]]] = {}

    def tests(self, module: str, first: int, last: int) -> list[str]:
        """The tests that run a line from `first` to `last` of `module`: one case of each first, the quickest of them first.

        Of a line that is run at the import, a default for example, those that run anything of the module.
        """
        if module not in self._lines:
            self._lines[module] = self._data.contexts_by_lineno(str(ROOT / module))
        lines = self._lines[module]
        asked = {test for line in range(first, last + 1) for test in lines.get(line, ())}
        found = asked - {""} or (set().union(*lines.values()) - {""} if asked else set())
        return self._spread(sorted(found, key=lambda test: (self._seconds.get(test, 0.0), test)))

    @staticmethod
    def _spread(tests: list[str]) -> list[str]:
        cases: defaultdict[str, int] = defaultdict(int)
        rank = {}
        for test in tests:
            function = test.partition("[")[0]
            rank[test] = cases[function]
            cases[function] += 1
        return sorted(tests, key=lambda test: rank[test])

    def seconds(self, tests: list[str]) -> float:
        """How long they took together."""
        return sum(self._seconds.get(test, 0.0) for test in tests)
