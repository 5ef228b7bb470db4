"""What compose.yaml starts of ours, started as processes with its commands and settings, plays the beginning of the morning."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from dev.demo.play import MORNING
from dev.kafka import kafka_broker
from dev.machine import ROOT
from dev.process import free_port
from tests.image.containers import services
from tests.support.until import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo"), pytest.mark.timeout(300)]


ORDERS = 10


@dataclass(frozen=True)
class Stack:
    """`here`: what stands on this machine for what a container sees, longest first."""

    folder: Path
    here: Mapping[str, str]

    def _placed(self, text: object) -> str:
        found = str(text)
        for there, here in self.here.items():
            found = found.replace(there, here)
        return found

    @contextlib.contextmanager
    def running(self, service: str, *, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
        """A container of a service, as a process; SIGTERM ends it with the block."""
        given = services()[service]
        arguments = [self._placed(one) for one in given.get("command", ["run"])]
        told = {name: self._placed(value) for name, value in given.get("environment", {}).items()}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ACENDE_")}
        environment |= {
            **told,
            "PYTHONPATH": str(ROOT),
            "ACENDE_HTTP_HOST": "127.0.0.1",
            "ACENDE_HTTP_PORT": str(port),
        }
        with self.log(service).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "worker.cli", *arguments],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def log(self, service: str) -> Path:
        return self.folder / f"{service}.log"

    def said(self, service: str) -> str:
        return self.log(service).read_text()


def beginning(folder: Path) -> Path:
    """A morning of the first orders of the demo's."""
    whole = yaml.safe_load(MORNING.read_text())
    path = folder / "morning.yaml"
    path.write_text(yaml.safe_dump(whole | {"installations": whole["installations"][:ORDERS], "strays": []}))
    return path


async def test_the_morning_is_played_by_two_workers_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    port = free_port()
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(kafka_broker())
        here = {
            "postgresql+psycopg://acende@postgres/acende": postgres_url,
            "/var/lib/acende": str(tmp_path / "volume"),
            "http://worker:8080": f"http://127.0.0.1:{port}",
            "kafka:9092": broker.bootstrap,
            "--olts-at=demo": "--olts-at=127.0.0.1",
            "--stay": f"--morning={beginning(tmp_path)}",
        }
        played = Stack(tmp_path, here)
        with played.running("migrate") as migrated:
            assert await asyncio.to_thread(migrated.wait, 60) == 0, played.said("migrate")
        demo = stack.enter_context(played.running("demo"))

        async def configured() -> bool:
            assert demo.poll() is None, played.said("demo")
            return (tmp_path / "volume/run/services.yaml").exists()

        await until(configured, 60)
        for number in (0, 1):
            stack.enter_context(played.running("worker", port=port if number == 0 else 0))
        status = await asyncio.to_thread(demo.wait, 240)
    assert status == 0, played.said("demo")
    assert f"{ORDERS} of {ORDERS} orders ended as expected" in played.said("demo")
    workers = {
        line.partition('"worker": "')[2].partition('"')[0] for line in played.said("worker").splitlines()
    }
    assert len(workers - {""}) == 2
