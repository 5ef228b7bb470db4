"""Judge faults in forks of one process that has collected all tests: a pytest plugin, in place of its loop."""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import select
import signal
import struct
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from dev.machine import ROOT
from dev.mutants.faults import Fault
from dev.mutants.graft import Living, Unfit
from dev.mutants.judge import Judge, Verdict, lines_of
from dev.mutants.reach import Reach, function_of

HANG_S = 30.0
"""A test hangs that takes so much longer than ten times what it takes otherwise."""
MEMORY_BYTES = 6 << 30
"""What a test may have before it fails: a fault may make a loop that collects for ever."""
SERVERS = ("kafka", "postgres_server")
"""The fixtures that start a server for the whole run: this is done before there are forks that may be killed."""
_MARK = "ACENDE_MUTANT"


@dataclass(frozen=True)
class _End:
    """How a fork ended: `passed`, `failed`, `hung`, `capped` with so many tests `left`, or `unfit`."""

    outcome: str
    test: str = ""
    left: int = 0


class WarmJudge:
    """Judges `faults`, `lanes` at a time, each for about `cap_s` seconds; `told` hears of each verdict, in its lane's process.

    `cold(lane)` makes the judge of what cannot be judged so: a fault in a class body, or in what is run at the import.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        reach: Reach,
        told: Callable[[Verdict], None],
        *,
        cold: Callable[[int], Judge],
        lanes: int = 2,
        cap_s: float = 90.0,
        root: Path = ROOT,
    ) -> None:
        self._faults, self._reach, self._told, self._cold = faults, reach, told, cold
        self._lanes, self._cap_s, self._root = lanes, cap_s, root
        self._sources = {fault.module: (root / fault.module).read_text() for fault in faults}
        self._places = {fault: lines_of(fault, self._sources[fault.module]) for fault in faults}
        for fault in faults:  # forks ask no database
            reach.tests(fault.module, *self._places[fault])
        self._items: dict[str, pytest.Item] = {}
        self._unwatched: defaultdict[str, list[str]] = defaultdict(list)
        self._sound: dict[str, bool] = {}
        self._failed = False

    @staticmethod
    def options(folder: str) -> list[str]:
        """What pytest is told besides which tests: the forks' files are in `folder`, and go when a test ends."""
        kept = ["-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none"]
        return [*kept, "--basetemp", f"{folder}/tests"]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge, in place of running the tests."""
        self._items = {item.nodeid: item for item in session.items}
        for test in self._items.keys() - set(self._reach.quickest(self._items)):
            self._unwatched[function_of(test)].append(test)
        self._living = Living(self._root)
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self._start_servers()
        gc.collect()
        gc.freeze()
        queue = _Queue(len(self._faults))
        lanes = [_forked(lambda lane=lane: self._work(lane, queue)) for lane in range(self._lanes)]  # type: ignore[misc]
        for lane in lanes:
            os.waitpid(lane, 0)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self._failed = self._failed or report.failed

    def _start_servers(self) -> None:
        known = self._reach.quickest(self._items)
        for server in SERVERS:
            users = (test for test in known if server in getattr(self._items[test], "fixturenames", ()))
            if (test := next(users, None)) and self._trial(None, [test], keep=True).outcome != "passed":
                raise RuntimeError(f"{test} fails without a fault")

    def _work(self, lane: int, queue: _Queue) -> None:
        cold: Judge | None = None
        parent = os.getppid()
        while os.getppid() == parent and (number := queue.take()) is not None:
            verdict = self.judge(self._faults[number])
            if verdict.outcome == "unfit":
                cold = cold or self._cold(lane)
                verdict = cold.judge(verdict.fault)
            self._told(verdict)

    def judge(self, fault: Fault) -> Verdict:
        """What the tests say that come by; `unfit` where only a process that begins with the fault can tell."""
        first, last = self._places[fault]
        at_import = self._reach.at_import(fault.module, first, last)
        open_tests = tests = self._tests(fault.module, first, last)
        while open_tests:
            end = self._trial(fault, open_tests)
            if end.outcome == "failed" and not self._is_sound(end.test):
                open_tests = open_tests[open_tests.index(end.test) + 1 :]
                continue
            return _verdict(fault, len(tests), end, at_import=at_import)
        none_left = "survived" if tests else "unfit" if at_import else "unreached"
        return Verdict(fault, none_left, len(tests))

    def _tests(self, module: str, first: int, last: int) -> list[str]:
        """Those that come by, and then the cases of the same functions that nobody has watched."""
        reaching = self._reach.tests(module, first, last)
        functions = dict.fromkeys(map(function_of, reaching))
        unwatched = [test for function in functions for test in self._unwatched.get(function, ())]
        return [test for test in reaching if test in self._items] + unwatched

    def _is_sound(self, test: str) -> bool:
        """Whether it passes without a fault."""
        if test not in self._sound:
            self._sound[test] = self._trial(None, [test]).outcome == "passed"
        return self._sound[test]

    def _trial(self, fault: Fault | None, tests: Sequence[str], *, keep: bool = False) -> _End:
        """Run `tests` in a fork; what it leaves behind is ended, unless it is to `keep`."""
        mark = "" if keep else uuid4().hex
        heard, said = os.pipe()
        pid = _forked(lambda: self._try(fault, tests, said, mark))
        os.close(said)
        try:
            return self._listen(heard)
        finally:
            os.close(heard)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            if not keep:
                _sweep(mark)

    def _listen(self, heard: int) -> _End:
        """Each line is the test that begins now; the last one says how it ended."""
        text, now = b"", ""
        while select.select([heard], [], [], HANG_S + 10 * self._reach.seconds([now]))[0]:
            chunk = os.read(heard, 65536)
            if not chunk:
                return _End("failed", now)
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                said = json.loads(line)
                if isinstance(said, dict):
                    return _End(**said)
                now = said
        return _End("hung", now)

    def _try(self, fault: Fault | None, tests: Sequence[str], fd: int, mark: str) -> None:
        """In the fork: run `tests` until one fails."""

        def say(what: object) -> None:
            os.write(fd, json.dumps(what).encode() + b"\n")

        os.environ[_MARK] = mark
        random.seed()
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
        try:
            if fault:
                self._living.put(fault, self._sources[fault.module])
        except Unfit:
            say({"outcome": "unfit"})
            return
        session = self._items[tests[0]].session
        _capture_anew(session.config)
        began, parent = time.monotonic(), os.getppid()
        items = [self._items[test] for test in tests]
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            if time.monotonic() - began > self._cap_s:
                end = _End("capped", left=len(tests) - number)
                break
            if os.getppid() != parent:  # nobody listens any more
                return
            say(item.nodeid)
            item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                end = _End("failed", item.nodeid)
                break
        else:
            end = _End("passed")
        with suppress(Exception):
            session._setupstate.teardown_exact(None)
        say(end.__dict__)


class _Queue:
    """The numbers below `count`, each taken once, by whichever process asks first."""

    _NUMBER = struct.Struct("<I")

    def __init__(self, count: int) -> None:
        self._from, to = os.pipe()
        os.write(to, b"".join(map(self._NUMBER.pack, range(count))))
        os.close(to)

    def take(self) -> int | None:
        """One that nobody has taken."""
        taken = os.read(self._from, self._NUMBER.size)
        return self._NUMBER.unpack(taken)[0] if taken else None


def _verdict(fault: Fault, tests: int, end: _End, *, at_import: bool) -> Verdict:
    match end.outcome:
        case "failed":
            return Verdict(fault, "killed", tests, end.test)
        case "hung":
            return Verdict(fault, "hung", tests, end.test)
        case "capped":
            return Verdict(fault, "unsure", tests, f"{end.left} of {tests} tests were not run")
        case "passed" if not at_import:
            return Verdict(fault, "survived", tests)
        case _:
            return Verdict(fault, "unfit", tests)


def _forked(work: Callable[[], object]) -> int:
    """The process that does `work`, and nothing that is ours to do at an end."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent's code must not go on here
        traceback.print_exc()
    finally:
        os._exit(status)


def _capture_anew(config: pytest.Config) -> None:
    """Forks that capture into one file would read each other's output; what is not captured goes nowhere."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    capture.start_global_capturing()
    capture.suspend_global_capture()


def _sweep(mark: str) -> None:
    """End what a fork has started and not ended."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(_MARK) == mark:
                process.kill()
