"""The demo from the first server to the last line."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.markup import escape

from dev.demo import parts
from dev.demo.erp import TYPES, Erp, Order, orders_of
from dev.demo.folder import RunFolder
from dev.demo.follow import News, Results
from dev.demo.morning import Box, Happening, Installation, Morning, load
from dev.demo.show import Show, console_for_people
from dev.demo.summary import judge, tell, tell_more
from vendors.simulator.fleet import plug
from worker.simulate import Served

MORNING = Path(__file__).with_name("morning.yaml")
PATIENCE_S = 90.0
"""How long results are waited for after the last thing has happened."""
SETTLE_S = 2.0
"""How long is read on after the last expected result: one too many would come now."""
FRAME_S = 0.25
STOP_S = 5.0
T = TypeVar("T")
Worker = parts.WorkerProcess | parts.WorkerElsewhere
Client = TypeVar("Client", AIOKafkaProducer, AIOKafkaConsumer)


@dataclass(frozen=True)
class Options:
    """What may be asked of the demo."""

    folder: Path | None = None
    """Where the run is kept; None: a new folder."""
    kafka: str | None = None
    """`host:port` of a broker that runs; None: one of its own."""
    morning: Path = MORNING
    stay: bool = False
    """Keep everything running at the end, until Ctrl-C."""
    worker: str | None = None
    """URL of a worker that runs elsewhere, on the Kafka and with the configuration of this run; None: one of its own."""
    olts_at: str | None = None
    """Name under which that worker reaches the simulated OLTs; None: they listen for this machine only."""


def play(options: Options) -> bool:
    """Play the morning; whether every outcome is the expected one.

    Raises RuntimeError (one sentence) where a part does not come up or ends, ConfigError for a morning that is wrong,
    OSError, KeyboardInterrupt. Whatever happens, nothing is left running.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # a broker that has gone is told in one sentence
    warnings.filterwarnings("ignore", module="asyncssh")  # one OLT knows only old algorithms, and is meant to
    console = console_for_people()
    morning = load(options.morning)
    folder = RunFolder.make(options.folder)
    console.print(f"Run folder: {escape(str(folder.path))}", soft_wrap=True)
    with _terminated_like_interrupted(), _interrupted(console, folder):
        console.print(
            "Starting Kafka …" if options.kafka is None else f"Using the Kafka at {options.kafka} …"
        )
        with parts.kafka(options.kafka, own_names=options.worker is None) as (bootstrap, topics):
            demo = _Demo(console, morning, folder, bootstrap, topics, options)
            return asyncio.run(demo.run())


@contextlib.contextmanager
def _interrupted(console: Console, folder: RunFolder) -> Iterator[None]:
    """Say what is left where somebody ends the block."""
    try:
        yield
    except KeyboardInterrupt:
        stays = f"\nInterrupted: everything has been stopped; {escape(str(folder.path))} stays."
        console.print(stays, soft_wrap=True)
        raise


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, which counts where the starter ignores SIGINT too (a shell's background job)."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        signal.raise_signal(signal.SIGINT)

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, interrupt),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class _Demo:
    console: Console
    morning: Morning
    folder: RunFolder
    bootstrap: str
    topics: Mapping[str, str]
    options: Options
    results: Results = field(default_factory=Results)

    async def run(self) -> bool:
        """Start what is left to start, play, judge."""
        async with parts.olts_of(self.morning, self.folder, self.options.olts_at) as served:
            self.folder.configure(one.olt for one in served.values())
            self._tell_olts(served)
            async with self._worker() as worker:
                return await _first(
                    self._play(served, worker), worker.watch(), parts.watch_kafka(self.bootstrap)
                )

    @contextlib.asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        if self.options.worker:
            self.console.print(f"Waiting for the worker at {escape(self.options.worker)} …")
            yield parts.WorkerElsewhere(self.options.worker)
            return
        self.console.print("Starting the worker …")
        settings = self.folder.settings(self.bootstrap, self.topics, self.morning.settings)
        async with parts.worker_of(self.folder, settings) as worker:
            yield worker

    def _tell_olts(self, served: Mapping[str, Served]) -> None:
        for name, one in served.items():
            olt = one.olt
            self.console.print(f"  {name:<14} {olt.platform:<15} {olt.transport} to {olt.address}:{olt.port}")

    async def _play(self, served: Mapping[str, Served], worker: Worker) -> bool:
        await worker.ready()
        self.console.print(f"A morning of {len(self.morning.installations)} installations begins.\n")
        show = Show(self.console, self.morning, self.results, began=time.monotonic())
        async with _started(self._producer()) as producer, _started(self._consumer()) as consumer:
            with show.live():
                script = Script(served, Erp(producer, self.topics, datetime.now(UTC)), show)
                await _first(self._to_the_end(script), self._follow(consumer, show), _drawing(show))
        judged = judge(self.morning, self.results, parts.registrations(served))
        tell(self.console, self.morning, self.results, judged)
        kept = None if self.options.worker else self.folder
        tell_more(self.console, kept, self.morning, self.results)
        if self.options.stay:
            self.console.print("Kafka, OLTs and worker go on until Ctrl-C.")
            await _until_interrupted()
        return judged.right

    async def _to_the_end(self, script: Script) -> None:
        await script.play(self.morning)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not self._over():  # noqa: ASYNC110 - the topics are read elsewhere
                    await asyncio.sleep(0.1)
        await asyncio.sleep(SETTLE_S)

    def _over(self) -> bool:
        letters = sum(stray.code is not None for stray in self.morning.strays)
        ended = all(self.results.ended(one) for one in self.morning.installations)
        return ended and len(self.results.letters) >= letters

    async def _follow(self, consumer: AIOKafkaConsumer, show: Show) -> None:
        async for record in consumer:
            news = News.read(record.value)
            if self.results.take(news):
                show.news(news)

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(bootstrap_servers=self.bootstrap, enable_idempotence=True)

    def _consumer(self) -> AIOKafkaConsumer:
        outputs = [self.topics[name] for name in ("progress", "results", "dead_letters")]
        return AIOKafkaConsumer(*outputs, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest")


@contextlib.asynccontextmanager
async def _started(client: Client) -> AsyncIterator[Client]:
    """A client of Kafka, stopped with the block; it does not wait for a broker that has gone."""
    await client.start()
    try:
        yield client
    finally:
        with contextlib.suppress(TimeoutError, KafkaError):
            async with asyncio.timeout(STOP_S):
                await client.stop()


@dataclass(frozen=True)
class Script:
    """The morning as it happens, on Kafka and on the fibre."""

    served: Mapping[str, Served]
    erp: Erp
    show: Show

    async def play(self, morning: Morning) -> None:
        """Everything that happens, each step at its time."""
        sites = {name: one.olt.site for name, one in self.served.items()}
        steps: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (step.at, partial(self._step, order, step))
            for order in orders_of(morning, sites)
            for step in order.installation.steps
        ]
        steps += [(stray.at, partial(self.erp.stray, stray)) for stray in morning.strays]
        for at, happens in sorted(steps, key=itemgetter(0)):
            await asyncio.sleep(max(0.0, self.show.began + at - time.monotonic()))
            await happens()
            self.show.written = self.erp.written

    async def _step(self, order: Order, step: Happening) -> None:
        if step.what in TYPES:
            self.show.begins(order.installation)
            await self.erp.say(order, step)
        else:
            self._on_the_fibre(order.installation, step)

    def _on_the_fibre(self, one: Installation, step: Happening) -> None:
        box = Box.model_validate({**(one.box.model_dump() if one.box else {}), **step.data})
        olt = self.served[box.olt].sim.olt
        match step.what:
            case "light":
                olt.light(box.serial)
            case "plug":
                plug(olt, box)
            case "unplug":
                olt.unplug(box.serial)


async def _until_interrupted() -> None:
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()


async def _drawing(show: Show) -> None:
    while True:
        show.refresh()
        await asyncio.sleep(FRAME_S)


async def _first(work: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, None]) -> T:
    """The result of `work`, or what one of the others raises before it; none of them ends otherwise."""
    working = asyncio.create_task(work)
    watching = [asyncio.create_task(other) for other in others]
    try:
        await asyncio.wait({working, *watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            next(task for task in watching if task.done()).result()
        return working.result()
    finally:
        await _ended(working, *watching)


async def _ended(*tasks: asyncio.Task[Any]) -> None:
    """Cancel them until they have ended: libraries swallow one now and then (`asyncio.wait_for` does, before Python 3.12)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=STOP_S)
    await asyncio.gather(*tasks, return_exceptions=True)
