"""Which queries have had an answer, and which alerts hold."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.monitoring.queries.expressions import Query, panels, rules
from tests.support.prometheus import Prometheus

AT_ONCE = 8


async def answered(prometheus: Prometheus, asked: Iterable[str]) -> set[str]:
    """Those expressions that have an answer now. Raises QueryRefused."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(expr: str) -> str | None:
        async with gate:
            return expr if await prometheus.instant(expr) else None

    return {expr for expr in await asyncio.gather(*map(ask, dict.fromkeys(asked))) if expr}


@dataclass
class Ledger:
    """Queries without an answer so far: alerts apart from everything else."""

    prometheus: Prometheus
    silent: set[Query] = field(default_factory=lambda: {*rules(), *panels()})
    bare: set[Query] = field(default_factory=lambda: {query for query in rules() if query.kind == "alert"})
    """Alerts whose expression without its thresholds has had no answer."""

    async def look(self) -> None:
        """Strike out what has an answer now."""
        found = await answered(self.prometheus, [query.expr for query in self.silent])
        self.silent = {query for query in self.silent if query.expr not in found}
        found = await answered(self.prometheus, [query.bare for query in self.bare])
        self.bare = {query for query in self.bare if query.bare not in found}

    async def within(self, seconds: float, wanted: Sequence[Query]) -> list[str]:
        """Look until all that is wanted has had an answer since now; what has had none by then."""
        loop = asyncio.get_running_loop()
        end, missing = loop.time() + seconds, list(wanted)
        while True:
            found = await answered(self.prometheus, [query.expr for query in missing])
            missing = [query for query in missing if query.expr not in found]
            await self.look()
            if not missing or loop.time() > end:
                return list(map(str, missing))
            await asyncio.sleep(0.5)
