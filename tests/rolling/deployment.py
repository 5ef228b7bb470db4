"""Workers as a Kubernetes Deployment runs them: one more at a time, ready before an old one is told to end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.workers import Worker

PODS = tuple(f"pod-{number}" for number in range(1, 21))


@dataclass
class Deployment:
    """`pods` are those that run. Every pod has a name of its own, and no static membership in the Kafka group."""

    folder: Path
    env: Mapping[str, str]
    """Of pods that start from now on."""
    pods: list[Worker] = field(default_factory=list)
    ended: dict[str, int | None] = field(default_factory=dict)
    """The status of each pod that was told to end; None where it had to be killed."""
    _names: Iterator[str] = field(default_factory=lambda: iter(PODS))

    async def scale(self, replicas: int) -> None:
        """As many pods, ready."""
        new = [await self._start() for _ in range(replicas - len(self.pods))]
        await asyncio.gather(*(pod.ready() for pod in new))
        await asyncio.gather(*(self._end(pod) for pod in self.pods[replicas:]))

    async def roll(
        self,
        env: Mapping[str, str] | None = None,
        grace_s: float = 60.0,
        begun: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Replace every pod, with another environment if one is given. Who has not ended within the grace is killed.

        `begun` is called once the first new pod is ready.
        """
        self.env = env or self.env
        ending = []
        for number, old in enumerate(list(self.pods)):
            new = await self._start()
            await new.ready()
            if begun and number == 0:
                await begun()
            ending.append(asyncio.create_task(self._end(old, grace_s)))
        await asyncio.gather(*ending)

    async def crash(self, pod: Worker) -> None:
        """A pod's process dies, and is started again as it was."""
        await pod.kill()
        await pod.start()
        await pod.ready()

    async def close(self) -> None:
        """End them all."""
        await asyncio.gather(*(self._end(pod) for pod in list(self.pods)))

    async def _start(self) -> Worker:
        pod = Worker(next(self._names), self.folder, self.env, static=False)
        self.pods.append(pod)
        await pod.start()
        return pod

    async def _end(self, pod: Worker, grace_s: float = 60.0) -> None:
        self.pods.remove(pod)
        try:
            self.ended[pod.name] = await pod.stop(grace_s)
        except TimeoutError:
            await pod.kill()
            self.ended[pod.name] = None


def longest_pause(times: Iterable[float]) -> float:
    """The longest time between two of them, in seconds."""
    return max((later - earlier for earlier, later in itertools.pairwise(sorted(times))), default=0.0)
