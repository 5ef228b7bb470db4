"""Run the tests that come by a fault, in a copy of the tree and a process of their own, until one notices."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from dev.machine import ROOT
from dev.mutants.faults import Fault
from dev.mutants.reach import Reach

NOTICED = frozenset({"killed", "hung"})
DEFINITIONS = (
    "tests/unit/events/test_jsonschema.py",
    "tests/unit/worker/test_defaults.py",
    "tests/unit/session/test_contract.py",
)
"""These look at what stands in class bodies, without running a line of the module: they are run first."""
_SPARE_S = 90.0
_LINKS = (".venv", ".cache")


@dataclass(frozen=True)
class Verdict:
    """What became of a fault: `killed`, `hung` (noticed too), `survived`, `unreached`: no test comes by, or `unsure`:
    those of its tests that were run did not notice.
    """

    fault: Fault
    outcome: str
    tests: int
    said: str = ""

    @property
    def noticed(self) -> bool:
        """Whether a test would have told."""
        return self.outcome in NOTICED


def lines_of(fault: Fault, source: str) -> tuple[int, int]:
    """The first and the last line of `source` that it changes."""
    return fault.line, fault.line + source[fault.start : fault.end].count("\n")


class Judge:
    """One copy of the tree, one fault at a time."""

    def __init__(self, folder: Path, reach: Reach, most: int | None = None) -> None:
        self._copy, self._reach, self._most = folder, reach, most
        _copy_tree(folder)

    def judge(self, fault: Fault) -> Verdict:
        """Put the fault in, run, take it out."""
        source = (ROOT / fault.module).read_text()
        every = self._reach.tests(fault.module, *lines_of(fault, source))
        tests = every[: self._most]
        target = self._copy / fault.module
        target.write_text(fault.applied(source))
        try:
            verdict = self._run(fault, tests)
            if verdict.noticed or len(tests) == len(every) > 0:
                return verdict
            return replace(verdict, outcome="unsure" if tests else "unreached")
        finally:
            target.write_text(source)

    def _run(self, fault: Fault, tests: list[str]) -> Verdict:
        listed = self._copy / "listed-tests"
        listed.write_text("\n".join(dict.fromkeys([*DEFINITIONS, *(test.split("\n")[0] for test in tests)])))
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "--no-header",
            "--tb=no",
        ]
        environment = {**os.environ, "PYTHONPATH": str(self._copy), "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("ACENDE_REACH", None)
        limit = _SPARE_S + 4 * self._reach.seconds(tests)
        process = subprocess.Popen(
            [*command, f"@{listed}"],
            cwd=self._copy,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return Verdict(fault, "hung", len(tests))
        said = next((line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
        outcome = {0: "survived"}.get(process.returncode, "killed" if process.returncode > 0 else "unsure")
        return Verdict(fault, outcome, len(tests), said[:200])


def _copy_tree(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    for name in _LINKS:
        if (ROOT / name).exists():
            (folder / name).symlink_to((ROOT / name).resolve())
