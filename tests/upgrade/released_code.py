"""Earlier releases, run as they were."""

from __future__ import annotations

import asyncio
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("released")


@dataclass(frozen=True)
class Release:
    """An earlier release, named by the revision of its database."""

    revision: str
    ready_beside_newer: bool = True
    """Whether its workers say that they are ready on the database of a later release."""

    def unpacked(self, folder: Path) -> Path:
        """The folder that holds its packages, in `folder`."""
        into = folder / f"release-{self.revision}"
        with tarfile.open(FOLDER / f"0.1.0-{self.revision}.tar.xz") as archive:
            archive.extractall(into, filter="data")
        return into


FIRST = Release("0001", ready_beside_newer=False)
PREVIOUS = Release("0002")


async def acende(env: Mapping[str, str], *arguments: str) -> str:
    """Run one command of the release whose packages `PYTHONPATH` names; what it printed. Raises AssertionError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.cli", *arguments,
        env=env, cwd=env["PYTHONPATH"], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()
