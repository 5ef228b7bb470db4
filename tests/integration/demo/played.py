"""The demo as a process, on a Kafka that runs; and what then lies on its topics, read with a plain consumer."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from aiokafka import AIOKafkaConsumer

from dev.machine import ROOT
from tests.support.until import until


@dataclass
class Demo:
    """One run: its folder, what it prints, and its process while it lasts."""

    folder: Path
    output: Path
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text()

    async def says(self, text: str, within_s: float = 60.0) -> None:
        """Wait until it prints `text`."""

        async def look() -> bool:
            return text in self.said

        await until(look, within_s)

    async def ends(self, within_s: float = 60.0) -> int:
        """Its status, once it has ended."""
        return await asyncio.to_thread(self.process.wait, within_s)

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole process group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def started(self) -> list[psutil.Process]:
        """Every process below it that runs now."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def setting(self, name: str) -> str:
        """A variable of its env.sh."""
        for line in (self.folder / "env.sh").read_text().splitlines():
            if line.startswith(f"export {name}="):
                return shlex.split(line)[1].partition("=")[2]
        raise KeyError(name)

    def shell(self, commands: str) -> subprocess.CompletedProcess[str]:
        """What a person's shell says to these commands, long after the demo has ended."""
        return subprocess.run(
            ["bash", "-ec", commands],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


BACKGROUND_JOB = ("bash", "-c", "trap '' INT; exec \"$@\"", "background")
"""Starts a command as a shell without job control starts a background job: SIGINT is ignored."""


@contextmanager
def demo(folder: Path, kafka: str, *options: str, starter: Sequence[str] = ()) -> Iterator[Demo]:
    """The demo, its run folder below `folder`; killed with the block if it has not ended."""
    output, run = folder / "demo.log", folder / "run"
    command = [sys.executable, "-m", "worker.cli", "demo", "--kafka", kafka, "--folder", str(run), *options]
    with output.open("wb") as file:
        process = subprocess.Popen(
            [*starter, *command],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
        )
    try:
        yield Demo(run, output, process)
    finally:
        process.kill()
        process.wait()


async def on_topics(kafka: str, *topics: str) -> list[bytes]:
    """The value of every record that lies on these topics."""
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        count = sum((await consumer.end_offsets(consumer.assignment())).values())
        found: list[bytes] = []
        while len(found) < count:
            batches = await consumer.getmany(timeout_ms=1000)
            found += [record.value or b"" for batch in batches.values() for record in batch]
        return found
    finally:
        await consumer.stop()
