"""A test whose program is missing is left out with a sentence, or fails where everything must run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev.machine import ROOT

TESTS = """
import pytest

@pytest.mark.needs("promtool")
def test_with_a_program(): ...

def test_without(): ...
"""


def run(folder: Path, *options: str, path: str, **env: str) -> tuple[int, str]:
    (folder / "test_it.py").write_text(TESTS)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    plugins = ["-p", "tests.support.programs", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, str(folder)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path, "ACENDE_TEST_COMPLETE": "", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one-process", "two"])
def test_what_needs_a_missing_program_is_left_out_and_said(tmp_path: Path, options: tuple[str, ...]) -> None:
    status, said = run(tmp_path, *options, path=str(tmp_path))
    assert status == 0, said
    assert "1 passed, 1 skipped" in said
    [sentence] = [
        line for line in said.splitlines() if line.startswith("Left out, for promtool is not installed")
    ]
    assert "test_it.py (1)" in sentence
    assert "apt install prometheus" in sentence


def test_where_everything_must_run_it_fails(tmp_path: Path) -> None:
    status, said = run(tmp_path, path=str(tmp_path), ACENDE_TEST_COMPLETE="1")
    assert status == 1
    assert "1 passed, 1 error" in said
    assert "apt install prometheus" in said


def test_with_the_program_it_runs(tmp_path: Path) -> None:
    program = tmp_path / "promtool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    status, said = run(tmp_path, path=str(tmp_path))
    assert status == 0
    assert "2 passed" in said
    assert "Left out" not in said
