"""The search for planted passwords finds them wherever a test can leave them."""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode

import pytest

from dev.machine import ROOT
from tests.support.secrets import DATABASE_PASSWORD, PLANTED, WIFI_KEY, leaked, without_secrets

LEAKS = {
    "stdout": "print(OLT_PASSWORD)",
    "stderr": "print(OLT_PASSWORD, file=sys.stderr)",
    "log": "logging.getLogger('worker').warning('login with %s', OLT_PASSWORD)",
    "quiet_log": "logging.getLogger('worker').debug('login with %s', OLT_PASSWORD)",
    "failure": "raise RuntimeError(OLT_PASSWORD)",
    "file": "(tmp_path / 'worker.log').write_text(OLT_PASSWORD)",
    "warning": "warnings.warn(OLT_PASSWORD)",
    "innocent": "print('nada')",
}
HEAD = "import logging, sys, warnings\nfrom tests.support.secrets import OLT_PASSWORD\n"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a test run prints in which one test leaks in each way."""
    folder = tmp_path_factory.mktemp("leaks")
    tests = "".join(f"def test_{name}(tmp_path):\n    {body}\n" for name, body in LEAKS.items())
    (folder / "test_it.py").write_text(HEAD + tests)
    options = [
        "-p",
        "tests.support.leaks",
        "-p",
        "no:cacheprovider",
        "-rA",
        "--noconftest",
        f"--rootdir={folder}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", str(ROOT / "pyproject.toml"), str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", LEAKS)
def test_a_test_that_prints_a_planted_password_fails(printed: str, name: str) -> None:
    outcome = "PASSED" if name == "innocent" else "(FAILED|ERROR)"
    assert re.search(rf"^{outcome} \S*test_it.py::test_{name}( |$)", printed, re.MULTILINE), printed


def test_who_is_told_of_a_leak_is_not_told_the_password(printed: str) -> None:
    assert "A planted password was printed" in printed
    assert not leaked(printed), without_secrets(printed)


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("before", ["", "u:", "user:", b"\0user\0".decode()])
def test_base64_hides_nothing(name: str, before: str) -> None:
    header = b64encode(f"{before}{PLANTED[name]}@host".encode()).decode()
    assert leaked(f"Authorization: Basic {header}") == [name]


def test_case_and_neighbours_hide_nothing() -> None:
    assert leaked(f"x{WIFI_KEY.upper()}y {DATABASE_PASSWORD}") == ["WIFI_KEY", "DATABASE_PASSWORD"]


def test_ordinary_text_is_no_leak() -> None:
    assert leaked("pppoe plantada wifi 0 OLT_PASSWORD") == []
