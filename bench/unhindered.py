"""An installation on a simulated OLT with nothing between: what has to be waited for, and how long the OLT itself takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bench import events
from schemas.configuration import Configuration
from schemas.inventory import Olt
from schemas.place import Place, PonPort
from vendors.contract import Adapter, Command
from vendors.dialogue import hold
from vendors.modes import ModeStack
from vendors.registry import vendor
from vendors.simulator.fleet import FleetOlt, built
from vendors.simulator.rows import PluggedOnu
from vendors.simulator.shell import Shell, Terminal
from worker import resolve
from worker.wish import unseen, with_current

_BEFORE = 1
"""Installations before the one that is measured: the mode that one leaves the session in is the next one's first."""


@dataclass
class Needs:
    """What one installation needs: dependent round trips, lines in all, and the OLT's own seconds."""

    trips: int = 0
    lines: int = 0
    seconds: float = 0.0


@dataclass
class Unhindered:
    """A command line without a line to it."""

    adapter: Adapter
    shell: Shell
    modes: ModeStack = field(init=False)
    needs: Needs = field(default_factory=Needs)

    def __post_init__(self) -> None:
        """Log in."""
        platform = self.adapter.PLATFORM
        self.shell.open()
        for text in (platform.enable, *platform.prepare):
            self._feed(text)
        self.modes = ModeStack(self.shell.prompt().rstrip())

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]:
        """Replies to a batch, for one round trip."""
        self.needs.trips += 1
        return tuple(self._run(command) for command in batch)

    def _run(self, command: Command) -> str:
        for move in self.modes.moves(command.path, self.adapter.PLATFORM):
            self._feed(move.text)
            assert self.modes.arrive(move, self.shell.prompt().rstrip())
        return self._feed(command.reveal())

    def _feed(self, line: str) -> str:
        began = time.perf_counter()
        reply = self.shell.feed(line)
        self.shell.prompt()
        self.needs.seconds += time.perf_counter() - began
        self.needs.lines += 1
        assert not self.shell.asking, line
        return reply.text


async def needs_of(olt: Olt, config: Configuration) -> Needs:
    """What an installation on this OLT of the inventory needs."""
    device = vendor(olt.platform).device
    model = built(device, FleetOlt.model_validate(olt.simulator), olt.id)
    line = Unhindered(vendor(olt.platform).adapter, device.shell(model, Terminal(transport=olt.transport)))
    first = device.first_port
    for number in range(_BEFORE + 1):
        port = PonPort(frame=first, slot=1, port=first + number)
        model.plug(PluggedOnu(events.serial(number), port, model=events.MODELS[olt.platform]))
        line.needs = Needs()
        await _install(line, number, Place(olt=olt.id, port=port), config)
    return line.needs


async def _install(line: Unhindered, number: int, place: Place, config: Configuration) -> None:
    olt = config.inventory.by_id[place.olt]
    request = events.started(number, site=olt.site, olt_id=olt.id, pon_port=str(place.port))
    unit = resolve.Unit(events.serial(number), events.MODELS[olt.platform], None)
    wish = resolve.resolve(request, unit, place, config)
    assert isinstance(wish, resolve.Resolved), wish
    desired, adapter = wish.desired, line.adapter
    seen = await hold(line, adapter.observe(desired.serial, place.port))
    for command in adapter.plan(desired, seen):
        [reply] = await line.send((command,))
        adapter.check(command, reply)
    seen = await hold(line, adapter.observe(desired.serial, place.port))
    applied = with_current(seen, desired, unseen(desired, seen), lambda _, value: value)
    assert not adapter.plan(desired, applied)
