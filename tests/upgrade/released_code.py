"""The first release, run as it was."""

from __future__ import annotations

import asyncio
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

FIRST = Path(__file__).with_name("released") / "0.1.0-0001.tar.xz"
REVISION = "0001"
"""Of its database."""


def unpacked(folder: Path) -> Path:
    """The folder that holds its packages, in `folder`."""
    into = folder / "first-release"
    with tarfile.open(FIRST) as archive:
        archive.extractall(into, filter="data")
    return into


async def acende(env: Mapping[str, str], *arguments: str) -> str:
    """Run one command of the release whose packages `PYTHONPATH` names; what it printed. Raises AssertionError."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.cli", *arguments,
        env=env, cwd=env["PYTHONPATH"], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()
