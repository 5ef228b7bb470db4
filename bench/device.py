"""Device time per ONU: how long an OLT's one session is taken up by an installation, on a line with a round trip.

Product: the time from the first line about one ONU to the first line about the next, while a worker drains a queue on a
session that is open. The work between them in the worker, the database and the OLT counts.

Floor: dependent round trips × RTT + lines × what an OLT takes for a line. A round trip is dependent if what is sent then depends on
the answer before: each batch of questions that the vendor's dialogue yields, and each command of the plan, since the next
one must not be sent after a refusal. Lines that change the mode are not counted, though a change is sent only once the
mode is known. The RTT is the one measured through the same network. What the simulated OLT computes is measured by feeding
the same lines to it without any line between; in some cases it takes 20 ms a line besides, as a quick real one does.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import events
from bench.figures import Figure, Runs
from bench.network import measured_rtt
from bench.plant import CONFIG, Plant, running
from bench.servers import Servers
from bench.unhindered import Needs, needs_of
from schemas.loading import load_configuration
from vendors.catalog import shipped
from vendors.registry import PLATFORMS

CASES_MS = ((5, 0), (5, 20), (50, 0))
"""Milliseconds of a round trip, and those that the OLT takes for a line beyond computing the answer."""
ONUS = 4
AIM = 1.3
Case = tuple[str, int, int]
"""OLT, and such milliseconds."""


async def measure(servers: Servers, folder: Path, runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Milliseconds per ONU on every OLT at every distance."""
    config = load_configuration(
        CONFIG / "inventory.yaml", CONFIG / "services.yaml", shipped(), platforms=PLATFORMS
    )
    took: defaultdict[Case, list[float]] = defaultdict(list)
    least: defaultdict[Case, list[float]] = defaultdict(list)
    for run in range(runs):
        say(f"device, run {run + 1} of {runs}")
        needs = {olt.id: await needs_of(olt, config) for olt in config.inventory.olts}
        async with running(servers, folder, "sqlite") as plant:
            numbers = itertools.count(1)
            for (rtt_ms, line_ms), (olt, need) in itertools.product(CASES_MS, needs.items()):
                plant.lines[olt].slow(rtt_ms / 1000, line_ms / 1000)
                rtt_s = await measured_rtt(rtt_ms / 1000)
                took[olt, rtt_ms, line_ms].append(1000 * await _drained(plant, olt, numbers, need))
                floor_s = need.trips * rtt_s + need.seconds + need.lines * line_ms / 1000
                least[olt, rtt_ms, line_ms].append(1000 * floor_s)
    return [
        Figure("device", _name(case), "ms/ONU", Runs(tuple(took[case])), Runs(tuple(least[case])), AIM)
        for case in took
    ]


def _name(case: Case) -> str:
    olt, rtt_ms, line_ms = case
    return f"{olt}, {rtt_ms} ms" + (f", {line_ms} ms a line" if line_ms else "")


async def _drained(plant: Plant, olt: str, numbers: Iterator[int], need: Needs) -> float:
    """Seconds per ONU while a queue of them is worked off."""
    line = plant.lines[olt]
    mine = list(itertools.islice(numbers, ONUS + 1))
    places = {number: line.plug(number) for number in mine}
    await plant.tell(*(events.received(number, model=line.model) for number in mine))
    await plant.tell(*(events.started(number, **places[number]) for number in mine))
    await plant.completed(mine)
    begins = [line.first_line(number) for number in mine]
    between = [row for row in line.sim.olt.journal.lines if begins[0] <= row.at < begins[-1] and row.line]
    assert len(between) == ONUS * need.lines, (len(between), need)
    return (begins[-1] - begins[0]) / ONUS
