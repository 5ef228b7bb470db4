"""The parts of the demo that may break: Kafka, the worker's process, the simulated OLTs. Each ends with the demo."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from aiokafka.errors import KafkaError

from dev import guard
from dev.demo.folder import INVENTORY, USER, RunFolder, without_settings
from dev.demo.morning import Morning
from dev.kafka import create_topic, kafka_broker
from dev.machine import ROOT
from schemas.inventory import Inventory
from schemas.loading import load_inventory
from vendors.registry import PLATFORMS
from vendors.simulator.fleet import Fleet, FleetOlt
from worker.simulate import Account, Served, serve_fleet

READY_S = 60.0
ELSEWHERE_S = 600.0
"""The same for a worker that somebody else starts, perhaps after fetching it."""
KAFKA_SILENT_S = 5.0
TOPICS = {
    "equipment": "erp.equipment",
    "install": "erp.install",
    "progress": "onu.provisioning.progress",
    "results": "onu.provisioning.results",
    "dead_letters": "onu.dead-letters",
}
PARTITIONS = 3


class PartEnded(RuntimeError):
    """A part of the demo has ended, or does not come up: one sentence."""


# --------------------------------------------------------------------------------------------------------------- Kafka


@contextlib.contextmanager
def kafka(running: str | None, *, own_names: bool = True) -> Iterator[tuple[str, dict[str, str]]]:
    """`host:port` of a broker, and the names of its topics and of the consumer group, made for this run.

    `running`: a broker that runs already, whose other topics are left alone; without `own_names` the topics on it are named
    as a worker without settings expects them. Raises RuntimeError with one sentence where none can be had.
    """
    if running:
        yield running, _topics(running, f"demo-{uuid4().hex[:8]}." if own_names else "")
        return
    with kafka_broker() as broker:
        yield broker.bootstrap, _topics(broker.bootstrap)


def _topics(bootstrap: str, prefix: str = "") -> dict[str, str]:
    if not bootstrap.rpartition(":")[2].isdigit():
        raise PartEnded(f"Expected HOST:PORT of a Kafka, not {bootstrap!r}.")
    names = {name: prefix + topic for name, topic in TOPICS.items()}
    try:
        for name, topic in names.items():
            create_topic(bootstrap, topic, partitions=1 if name == "dead_letters" else PARTITIONS)
    except KafkaError as error:
        raise PartEnded(
            f"No topics can be made on the Kafka at {bootstrap}: {type(error).__name__}."
        ) from None
    return names | {"group": f"{prefix}acende"}


async def watch_kafka(bootstrap: str) -> None:
    """Raises PartEnded once nobody listens there any more."""
    host, _, port = bootstrap.rpartition(":")
    silent_s = 0.0
    while silent_s < KAFKA_SILENT_S:
        try:
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            silent_s = 0.0
        except OSError:
            silent_s += 1
        await asyncio.sleep(1)
    raise PartEnded(f"Kafka has gone: nobody listens at {bootstrap} any more.")


# ---------------------------------------------------------------------------------------------------------------- OLTs


def inventory() -> Inventory:
    """The OLTs of `dev/config`. Raises ConfigError."""
    return load_inventory(INVENTORY, platforms=PLATFORMS, pinned=False)


def fleet_of(olts: Inventory, morning: Morning) -> Fleet:
    """What hangs on the OLTs when the morning begins, and which accidents they will have. Raises PartEnded."""
    if unknown := sorted(morning.olts() - olts.by_id.keys()):
        raise PartEnded(f"The morning speaks of OLTs that {INVENTORY} lacks: {', '.join(unknown)}.")
    plans = {olt.id: FleetOlt.model_validate(olt.simulator or {}) for olt in olts.olts}
    return Fleet(
        olts={
            name: plan.model_copy(
                update={
                    "onus": (*plan.onus, *morning.boxes(name)),
                    "faults": (*plan.faults, *morning.faults.get(name, ())),
                }
            )
            for name, plan in plans.items()
        }
    )


@contextlib.asynccontextmanager
async def olts_of(morning: Morning, folder: RunFolder, at: str | None) -> AsyncIterator[dict[str, Served]]:
    """The simulated OLTs, on free ports, by id; on this machine alone, or reached from others under the name `at`."""
    known = inventory()
    account = Account(USER, folder.olt_password)
    plan, host = fleet_of(known, morning), "127.0.0.1" if at is None else "0.0.0.0"  # noqa: S104 - asked for
    async with serve_fleet(known, lambda _: account, plan, host=host, any_port=True) as served:
        yield {one.olt.id: _reached(one, at or host) for one in served}


def _reached(one: Served, address: str) -> Served:
    return replace(one, olt=one.olt.model_copy(update={"address": address}))


def registrations(served: Mapping[str, Served]) -> dict[str, list[str]]:
    """By serial, the places where the OLTs have it registered."""
    found: dict[str, list[str]] = {}
    for name, one in served.items():
        for row in one.sim.olt.registered.values():
            found.setdefault(row.serial, []).append(f"{name} {row.port}")
    return found


# -------------------------------------------------------------------------------------------------------------- worker


@dataclass
class WorkerProcess:
    """`acende run` as a process of its own, under `dev/guard.py`: it cannot outlive the demo."""

    process: asyncio.subprocess.Process
    folder: RunFolder

    async def watch(self) -> None:
        """Raises PartEnded once it has ended."""
        status = await self.process.wait()
        raise PartEnded(f"The worker has ended with status {status}: {self._last_words()}")

    async def ready(self) -> None:
        """Wait until `/readyz` says so. Raises PartEnded where it does not, within a minute."""
        for _ in range(int(READY_S / 0.2)):
            await asyncio.sleep(0.2)
            if (port := self._port()) and await asyncio.to_thread(
                _answers, f"http://127.0.0.1:{port}/readyz"
            ):
                return
        raise PartEnded(f"The worker is not ready after {READY_S:.0f} s: see {self.folder.log}")

    def _port(self) -> int | None:
        for line in self._lines():
            if '"http_listening"' in line:
                return int(json.loads(line)["port"])
        return None

    def _lines(self) -> list[str]:
        return self.folder.log.read_text(errors="replace").splitlines()

    def _last_words(self) -> str:
        said = [line.removeprefix("acende: ") for line in self._lines() if line.startswith("acende: ")]
        return said[-1] if said else f"see {self.folder.log}"


@dataclass(frozen=True)
class WorkerElsewhere:
    """A worker that somebody else runs. `url`: of its HTTP side."""

    url: str

    async def watch(self) -> None:
        """Nothing here notices its end."""
        await asyncio.Event().wait()

    async def ready(self) -> None:
        """Wait until `/readyz` says so. Raises PartEnded where it does not, within ten minutes."""
        for _ in range(int(ELSEWHERE_S)):
            if await asyncio.to_thread(_answers, f"{self.url}/readyz"):
                return
            await asyncio.sleep(1)
        raise PartEnded(f"No worker is ready at {self.url} after {ELSEWHERE_S:.0f} s.")


def _answers(url: str) -> bool:
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with without_proxy.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@contextlib.asynccontextmanager
async def worker_of(folder: RunFolder, settings: Mapping[str, str]) -> AsyncIterator[WorkerProcess]:
    """A running worker; stopped by SIGTERM when the block, or this process, ends."""
    alive = folder.path / "alive"
    command = [
        sys.executable,
        guard.__file__,
        "--alive",
        str(alive),
        "--",
        sys.executable,
        "-m",
        "worker.cli",
    ]
    with alive.open("w") as lock, folder.log.open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = await asyncio.create_subprocess_exec(
            *command,
            "run",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder.path,
            env={**without_settings(), **settings, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
        try:
            yield WorkerProcess(process, folder)
        finally:
            lock.close()
            await asyncio.shield(process.wait())
            alive.unlink(missing_ok=True)
