"""Which modules faults are put into: the worker's decisions and store, the events, and what vendors look at and plan."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

from dev.machine import ROOT
from dev.mutants.faults import Fault, faults

INCLUDED = (
    "schemas/serial.py",
    "worker/*.py",
    "worker/correlate/*.py",
    "worker/store/*.py",
    "events/*.py",
    "vendors/*.py",
    "vendors/huawei_smartax/*.py",
    "vendors/zte_common/*.py",
    "vendors/zte_titan/*.py",
    "vendors/zte_zxan/*.py",
)
EXCLUDED = frozenset(
    """worker/bus.py worker/config_check.py worker/http.py worker/lag.py worker/logs.py worker/metrics.py
    worker/phases.py worker/provision_metrics.py worker/runtime.py worker/simulate.py worker/slis.py worker/survey.py
    worker/topics.py worker/tracing.py worker/wiring.py worker/zeroes.py worker/store/backup.py worker/store/migrate.py
    worker/store/survey.py worker/store/schema.py events/jsonschema.py vendors/zte_titan/simulator.py
    vendors/zte_zxan/simulator.py""".split()
)
"""Start-up, telemetry, tables and simulators: no decision stands there."""


def modules() -> list[str]:
    """The modules, by path from the root."""
    found = {
        path.relative_to(ROOT).as_posix()
        for pattern in INCLUDED
        for path in ROOT.glob(pattern)
        if path.name != "__init__.py"
    }
    return sorted(found - EXCLUDED)


def every_fault() -> Iterator[Fault]:
    """Every fault of every module."""
    for module in modules():
        yield from faults(module, Path(ROOT / module).read_text())


def drawn(found: Iterable[Fault], count: int, seed: int) -> list[Fault]:
    """`count` faults spread evenly over the modules, and within one over the kinds; the same for the same seed.

    Which of a module's are drawn does not depend on the other modules: what was judged stays drawn while they change.
    """
    by_module: dict[str, dict[str, list[Fault]]] = {}
    for fault in found:
        by_module.setdefault(fault.module, {}).setdefault(fault.kind, []).append(fault)
    generators = {module: random.Random(f"{seed} {module}") for module in by_module}
    order = sorted(by_module, key=lambda module: generators[module].random())
    piles = [_dealt(by_module[module], generators[module]) for module in order]
    taken: list[Fault] = []
    while len(taken) < count and any(piles):
        for pile in piles:
            if pile and len(taken) < count:
                taken.append(pile.pop())
    return taken


def _dealt(kinds: dict[str, list[Fault]], generator: random.Random) -> list[Fault]:
    """The faults of one module so that each kind comes as early as another."""
    for pile in kinds.values():
        generator.shuffle(pile)
    order = list(kinds.values())
    generator.shuffle(order)
    dealt: list[Fault] = []
    while any(order):
        dealt.extend(pile.pop() for pile in order if pile)
    return dealt[::-1]
