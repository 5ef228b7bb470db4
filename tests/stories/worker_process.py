"""A worker's provisioning loop in a process of its own, to be stopped, woken and killed.

`python -m tests.stories.worker_process FOLDER NAME`; the database's URL stands in FOLDER/url, the inventory in
FOLDER/inventory.json, the lease's rule in FOLDER/lease.json.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen

from dev.machine import ROOT
from schemas.configuration import Configuration
from schemas.inventory import Inventory
from tests.stories.plant import SERVICES, Plant, loop_of, opened
from vendors.catalog import shipped
from worker.lease import LeaseRule


@contextmanager
def worker_process(made: Plant, url: str, folder: Path, name: str) -> Iterator[Popen[bytes]]:
    """A running worker on the plant's database and OLTs, killed when the block ends."""
    (folder / "url").write_text(url)
    (folder / "inventory.json").write_text(made.config.inventory.model_dump_json())
    (folder / "lease.json").write_text(json.dumps(asdict(made.lease)))
    command = [sys.executable, "-m", "tests.stories.worker_process", str(folder), name]
    with (folder / f"{name}.log").open("wb") as log:
        process = Popen(command, stdin=DEVNULL, stdout=log, stderr=STDOUT, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def _work(folder: Path, name: str) -> None:
    inventory = Inventory.model_validate_json((folder / "inventory.json").read_text())
    rule = LeaseRule(**json.loads((folder / "lease.json").read_text()))
    store = opened((folder / "url").read_text())
    await loop_of(store, Configuration(inventory, SERVICES, shipped()), name, lease=rule).run()


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1]), sys.argv[2]))
