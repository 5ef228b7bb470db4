"""The Dockerfile's build stage, run here line by line; and what lies in the image afterwards, run as it is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dev.machine import ROOT
from tests.image.containers import dockerfile, last
from tests.support.secrets import OLT_PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EVERY_MODULE = """
import importlib, pathlib, sys
site = pathlib.Path(sys.prefix, "lib", f"python3.{sys.version_info.minor}", "site-packages")
names = [
    ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
    for top in ("schemas", "events", "vendors", "worker", "dev/demo")
    for path in sorted((site / top).rglob("*.py"))
    if "migrations" not in path.parts and path.name != "__main__.py"
]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
SECRETS = {
    "ACENDE_OLT_USERNAME": "acende",
    "ACENDE_OLT_PASSWORD": OLT_PASSWORD,
    "ACENDE_DIGEST_KEY": "a key of 16 characters or more",
}


@dataclass(frozen=True)
class Image:
    """What `COPY --from=build` takes over, on this machine's own Python. `root`: stands for /."""

    root: Path

    def run(
        self, *command: str, cwd: Path, more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the image in its environment, of which nothing here is part."""
        environment = {
            "PATH": f"{self.root}/opt/acende/bin:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "PYTHONDONTWRITEBYTECODE": "1",
            **(more or {}),
        }
        ran = shutil.which(command[0], path=environment["PATH"])
        assert ran is not None
        return subprocess.run(
            [ran, *command[1:]],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def files(self) -> dict[str, int]:
        """Every file, with when it was changed."""
        every = (path for path in (self.root / "opt/acende").rglob("*") if path.is_file())
        return {str(path): path.stat().st_mtime_ns for path in every}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Built by the RUN lines of the Dockerfile, with this machine's Python and package index."""
    root = tmp_path_factory.mktemp("image")
    context = root / "build"
    context.mkdir()
    environment = os.environ | {
        "SOURCE_DATE_EPOCH": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",
    }
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    for step in dockerfile():
        if step.stage != 0:
            continue
        if step.name == "COPY":
            _copy(step.words[0], context)
        if step.name == "RUN":
            line = re.sub(r"/opt/(acende|build)", rf"{root}/opt/\1", step.text)
            ran = subprocess.run(
                ["sh", "-ec", line], cwd=context, env=environment, capture_output=True, text=True, check=False
            )
            assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return Image(root)


def _copy(name: str, context: Path) -> None:
    if (ROOT / name).is_dir():
        shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(ROOT / name, context / name)


def test_the_worker_lacks_no_library_that_only_development_has(image: Image, tmp_path: Path) -> None:
    ran = image.run("python", "-c", EVERY_MODULE, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 150


def test_there_is_nothing_that_installs(image: Image, tmp_path: Path) -> None:
    for module in ("pip", "setuptools", "pytest"):
        assert image.run("python", "-c", f"import {module}", cwd=tmp_path).returncode == 1
    assert not list((image.root / "opt/acende/bin").glob("pip*"))


def test_every_file_of_python_is_compiled_for_any_time(image: Image) -> None:
    compiled = list((image.root / "opt/acende/lib").rglob("worker/**/*.pyc"))
    assert len(compiled) > 100
    flags = {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled}
    assert flags == {1}  # PEP 552: by hash, not looked at when it is loaded


def test_it_checks_a_configuration_and_migrates_and_writes_into_nothing_of_its_own(
    image: Image, tmp_path: Path
) -> None:
    for file in ("inventory.yaml", "services.yaml"):
        shutil.copy(ROOT / "dev/config" / file, tmp_path)
    before = image.files()
    (entry,) = last("ENTRYPOINT").words
    for arguments in (["--help"], ["config", "check"], ["db", "upgrade"]):
        ran = image.run(entry, *arguments, cwd=tmp_path, more=SECRETS)
        assert ran.returncode == 0, ran.stderr
    assert image.files() == before
    assert (tmp_path / "acende.db").exists()


def test_it_knows_its_version_and_revision(image: Image, tmp_path: Path) -> None:
    code = "from worker import metrics; print(metrics.exposition()[0].decode())"
    ran = image.run("python", "-c", code, cwd=tmp_path, more={"ACENDE_REVISION": "0123abc"})
    [line] = [line for line in ran.stdout.splitlines() if line.startswith("acende_build_info{")]
    assert 'revision="0123abc"' in line
    assert f'version="{PROJECT["version"]}"' in line
