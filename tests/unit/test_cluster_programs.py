"""The control plane is built from pinned modules, once, and what that lacks is one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dev.cluster.programs import MODULES, PROGRAMS, kubernetes_version
from dev.machine import ROOT


def build(path: str, cache: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "dev.cluster", "programs"],
        cwd=ROOT,
        env={"PATH": path, "ACENDE_CACHE": str(cache)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("version", [None, "go1.19.8", "devel"])
def test_without_a_go_that_is_new_enough_it_says_how_to_get_one(tmp_path: Path, version: str | None) -> None:
    if version:
        (tmp_path / "go").write_text(f"#!/bin/sh\necho {version}\n")
        (tmp_path / "go").chmod(0o755)
    status, said = build(str(tmp_path), tmp_path / "cache")
    assert (status, said.count("\n")) == (1, 1)
    assert "Go 1.24 or newer" in said


def test_a_build_that_fails_says_which_and_leaves_nothing_that_looks_built(tmp_path: Path) -> None:
    script = '#!/bin/sh\n[ "$1" = env ] && echo go1.24.0 && exit\necho no module here >&2\nexit 1\n'
    (tmp_path / "go").write_text(script)
    (tmp_path / "go").chmod(0o755)
    status, said = build(str(tmp_path), tmp_path / "cache")
    assert status == 1
    assert "Go could not build etcd:\nno module here" in said
    assert [path.suffix for path in (tmp_path / "cache").glob("cluster-*")] == [".part"]


def test_every_program_is_pinned_with_its_hash() -> None:
    for module, package in PROGRAMS.values():
        sums = (MODULES / module / "go.sum").read_text()
        assert any(package.startswith(line.split(" ")[0]) and " h1:" in line for line in sums.splitlines())


def test_the_version_is_that_of_the_staging_modules_too() -> None:
    pinned = (MODULES / "kubernetes" / "go.mod").read_text().splitlines()
    staging = {line.split(" ")[-1] for line in pinned if " => " in line}
    assert staging == {kubernetes_version().replace("v1.", "v0.")}
