"""What a fresh machine lacks is one sentence; what it installs is locked and comes from its own index."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dev import machine, preflight
from dev.machine import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME: list[str] = PROJECT["dependencies"]
DEVELOPMENT: list[str] = PROJECT["optional-dependencies"]["dev"]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))


def _programs(folder: Path, **scripts: str) -> str:
    """A PATH with nothing but these programs."""
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def _preflight(path: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "dev/preflight.py", "kafka"],
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def test_a_machine_with_neither_docker_nor_maven_is_told_so_in_one_sentence(tmp_path: Path) -> None:
    status, said = _preflight(_programs(tmp_path))
    assert status == 1
    assert said.count("\n") == 1
    assert "Docker is not installed and mvn is not installed" in said
    assert "apt install maven" in said


def test_a_docker_that_does_not_answer_is_not_called_missing(tmp_path: Path) -> None:
    status, said = _preflight(_programs(tmp_path, docker="exit 1"))
    assert status == 1
    assert "Docker is installed but does not answer" in said


@pytest.mark.parametrize(
    "program", [{"docker": "exit 0"}, {"docker": "exit 1", "mvn": "exit 1"}, {"mvn": ""}]
)
def test_docker_or_maven_is_enough(tmp_path: Path, program: dict[str, str]) -> None:
    assert _preflight(_programs(tmp_path, **program)) == (0, "")


def test_an_old_python_is_told_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    sentence = preflight.main([])
    assert sentence is not None
    assert "Python 3.11 or newer" in sentence
    assert "3.9" in sentence


def test_a_python_without_venv_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "find_spec", lambda name: None)
    assert "python3-venv" in str(preflight.main([]))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_412"', 1),
        ('openjdk version "25" 2025-09-16', 25),
        ("The operation couldn't be completed. Unable to locate a Java Runtime.", 0),
    ],
)
def test_a_java_is_known_by_what_it_prints(tmp_path: Path, printed: str, expected: int) -> None:
    _programs(tmp_path, java=f"cat >&2 <<'END'\n{printed}\nEND")
    assert machine._java_version(str(tmp_path / "java")) == expected


def _locked(name: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", (ROOT / name).read_text(), re.MULTILINE)
    return {str(canonicalize_name(package)): version for package, version in found}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_line_by_hash_and_names_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert re.findall(r"https?://\S+|--(?:extra-)?index-url|--find-links", text) == []


@pytest.mark.parametrize(
    ("lock", "line"),
    [
        *(("requirements.lock", line) for line in RUNTIME),
        *(("requirements-dev.lock", line) for line in [*RUNTIME, *DEVELOPMENT]),
    ],
)
def test_every_dependency_is_locked_at_a_version_that_it_allows(lock: str, line: str) -> None:
    wanted = Requirement(line)
    assert wanted.specifier.contains(_locked(lock)[canonicalize_name(wanted.name)])


def test_tests_run_on_the_versions_that_are_shipped() -> None:
    shipped, tested = _locked("requirements.lock"), _locked("requirements-dev.lock")
    assert {name: tested.get(name) for name in shipped} == shipped


def test_make_says_what_is_lacking_before_it_makes_anything(tmp_path: Path) -> None:
    kept = ("make", "bash", "sh", "python3")
    path = _programs(tmp_path, **{name: f'exec {shutil.which(name) or name} "$@"' for name in kept})
    done = subprocess.run(
        ["make", "test", f"VENV={tmp_path / 'venv'}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "mvn is not installed" in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "venv").exists()
