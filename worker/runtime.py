"""The loops of one process: started together, watched, stopped together."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from worker import logs, metrics
from worker.clock import boottime

log = logs.get(__name__)
_WATCH_S = 1.0
_PAUSED_S = 5.0

Beat = Callable[[], None]
Run = Callable[[asyncio.Event, Beat], Awaitable[None]]
"""A loop: runs until the event is set, calls the beat as long as it gets on, then finishes what it has in hand."""


@dataclass
class Loop:
    """One loop. `limit_s`: longest time without a beat before it counts as stuck; None: it need not beat."""

    name: str
    run: Run
    limit_s: float | None = None
    last_beat: float = field(default_factory=boottime)
    task: "asyncio.Task[None] | None" = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.task is not None and not self.task.done()

    @property
    def stuck(self) -> bool:
        """Whether it has not beaten for too long."""
        return self.limit_s is not None and boottime() - self.last_beat > self.limit_s

    def beat(self) -> None:
        """It gets on."""
        self.last_beat = boottime()


class LoopFailed(Exception):
    """A loop ended by itself, or hangs: the process must be started anew."""


class Runtime:
    """Runs loops until `stop` is set, one of them ends by itself, or one hangs."""

    def __init__(self, grace_s: float) -> None:
        self.stop = asyncio.Event()
        self.loops: list[Loop] = []
        self._grace_s = grace_s

    def add(self, name: str, run: Run, limit_s: float | None = None) -> None:
        """Have a loop run."""
        self.loops.append(Loop(name, run, limit_s))

    def faults(self) -> list[str]:
        """Loops that do not run or hang."""
        return [loop.name for loop in self.loops if not loop.alive or loop.stuck]

    async def run(self) -> None:
        """All loops, to their end. Raises LoopFailed, or what a loop raised first."""
        for loop in self.loops:
            loop.beat()
            loop.task = asyncio.create_task(self._one(loop), name=loop.name)
        try:
            await self._watch()
        finally:
            self.stop.set()
            await self._finish()
        self._raise_first()

    async def _one(self, loop: Loop) -> None:
        metrics.LOOP_UP.labels(loop.name).set(1)
        try:
            await loop.run(self.stop, loop.beat)
        finally:
            metrics.LOOP_UP.labels(loop.name).set(0)

    async def _watch(self) -> None:
        stopping = asyncio.create_task(self.stop.wait())
        looked = boottime()
        try:
            while not self.stop.is_set():
                looked = self._allow_for_pause(looked)
                tasks = [loop.task for loop in self.loops if loop.task]
                done, _ = await asyncio.wait(
                    [*tasks, stopping], timeout=_WATCH_S, return_when=asyncio.FIRST_COMPLETED
                )
                if done - {stopping} and not self.stop.is_set():
                    return self._raise_ended()
                if stuck := [loop.name for loop in self.loops if loop.stuck]:
                    log.error("loop_stuck", loops=stuck)
                    raise LoopFailed(f"{', '.join(stuck)} hangs")
        finally:
            stopping.cancel()

    def _allow_for_pause(self, looked: float) -> float:
        """After the machine or the process was stopped for a while, everybody has a new chance to beat."""
        now = boottime()
        if now - looked > _PAUSED_S:
            for loop in self.loops:
                loop.beat()
        return now

    async def _finish(self) -> None:
        """Let every loop finish what it has in hand, and cancel those that do not in time."""
        tasks = [loop.task for loop in self.loops if loop.task]
        _, pending = await asyncio.wait(tasks, timeout=self._grace_s) if tasks else (set(), set())
        for task in pending:
            log.warning("loop_cancelled", loop=task.get_name(), grace_s=self._grace_s)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _raise_ended(self) -> None:
        self._raise_first()
        ended = [loop.name for loop in self.loops if not loop.alive]
        raise LoopFailed(f"{', '.join(ended)} ended by itself")

    def _raise_first(self) -> None:
        for loop in self.loops:
            if (
                loop.task
                and loop.task.done()
                and not loop.task.cancelled()
                and (error := loop.task.exception())
            ):
                raise error
