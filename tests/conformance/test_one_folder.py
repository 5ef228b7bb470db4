"""A vendor is one folder and one line of the registry: nothing else knows the one that is written for these tests."""

from __future__ import annotations

import re
import subprocess

from dev.machine import ROOT
from tests.conformance.case import Case
from vendors.registry import PLATFORMS, vendor

FOLDER = "tests/conformance/toy/"
LINE = 'PLATFORMS["toy"] = "tests.conformance.toy"'
NAME = re.compile(r"\btoys?\b", re.IGNORECASE)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]


def test_nothing_but_its_folder_and_its_line_mentions_it() -> None:
    mentions: list[str] = []
    for name in tracked():
        path = ROOT / name
        if (
            name.startswith(FOLDER)
            or path == ROOT / "tests/conformance/test_one_folder.py"
            or not path.is_file()
        ):
            continue
        text = path.read_text(errors="replace")
        mentions += [f"{name}: {line.strip()}" for line in text.splitlines() if NAME.search(line)]
    assert mentions == [f"tests/conformance/conftest.py: {LINE}"]


def test_every_platform_is_registered_under_its_own_name_in_order() -> None:
    names = [name for name in PLATFORMS if PLATFORMS[name].startswith("vendors.")]
    assert names == sorted(names)
    assert [vendor(name).adapter.PLATFORM.name for name in PLATFORMS] == list(PLATFORMS)


def test_a_case_is_checked_against_the_contract_by_mypy() -> None:
    assert Case.__annotations__["adapter"] == "Adapter"
