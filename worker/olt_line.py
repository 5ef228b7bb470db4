"""An open session as a run uses it: every line under the lease, every reply judged, every change noted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from schemas.inventory import Olt
from schemas.place import PonPort
from vendors import quoting
from vendors.contract import Adapter, Command, Dialogue, Observation, Platform, Sighting, T
from vendors.dialogue import hold
from vendors.errors import ProvisioningError, UnknownReply
from vendors.left_out import Sightings
from worker import commands
from worker.commands import Heard
from worker.lease import HeldLease
from worker.ledger import Learnt
from worker.provision_metrics import ROWS_LEFT_OUT
from worker.store.work import Step

if TYPE_CHECKING:
    from vendors.session import Exchange


class Interrupted(Exception):
    """This worker is about to stop: nothing more is sent, the job is left to the next one."""


ROW_KEPT = 800
"""Characters of a row that could not be read."""
REPLY_KEPT = 2000
"""Characters of a reply that the timeline keeps."""


class OpenSession(Protocol):
    """What is needed of `vendors.session.Session`."""

    @property
    def dead(self) -> bool: ...

    @property
    def idle_s(self) -> float: ...

    def timeout_s(self, command: Command) -> float: ...

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]: ...

    async def keepalive(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Record:
    """What was said on a session since it was last asked: `hear` is the session's audit."""

    platform: Platform
    people: tuple[str, ...] = ()
    """What is known of the customer of the order in hand: masked in what is kept."""
    steps: list[Step] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    """Exchanges that are not judged yet."""
    onus_free: dict[PonPort, int] = field(default_factory=dict)
    """How many more ONUs fit on the ports that were looked at."""
    left_out: tuple[str, ...] = ()
    """Rows of lists that could not be read, redacted, in order."""

    def hear(self, exchange: Exchange) -> None:
        """Keep changes, and reads that went wrong."""
        self.heard.append(Heard.now(exchange))
        if exchange.effect != "read" or not exchange.complete:
            self.steps.append(self._step(exchange))

    def note(self, step: Step) -> None:
        """Keep a step of the run's own."""
        self.steps.append(step)

    def note_unknown(self, error: UnknownReply) -> None:
        """Keep a reply that no rule explains, and the command."""
        told = {**self._said(error.command, error.reply), "complete": True}
        self.note(Step("command", None, told))

    def _step(self, exchange: Exchange) -> Step:
        detail = {
            "mode": list(exchange.path),
            **self._said(exchange.command, exchange.reply),
            "seconds": round(exchange.seconds, 3),
            "complete": exchange.complete,
        }
        return Step("command", None, detail)

    def _said(self, command: str, reply: str) -> dict[str, str]:
        """A command and its reply as they are kept: without secrets, and without what tells of a person."""
        return {
            "line": quoting.line(self.platform, command, self.people),
            "reply": quoting.quoted(self.platform, reply, self.people, most=REPLY_KEPT),
        }

    def take(self) -> list[Step]:
        """What was kept, as rows of a timeline."""
        steps, self.steps = self.steps, []
        return steps

    def learn(self) -> Learnt:
        """What was kept, the room that was seen, and the rows that could not be read."""
        onus_free, self.onus_free = self.onus_free, {}
        left_out, self.left_out = self.left_out, ()
        return Learnt(self.take(), onus_free, left_out)

    def leave_out(self, rows: Iterable[str]) -> None:
        """Keep the rows that could not be read in the latest look that had some."""
        quote = partial(quoting.quoted, self.platform, people=self.people, most=ROW_KEPT)
        self.left_out = tuple(map(quote, rows))


@dataclass(frozen=True)
class OltLine:
    """The line to one OLT: session, adapter and lease."""

    olt: Olt
    adapter: Adapter
    session: OpenSession
    lease: HeldLease
    record: Record
    stopping: Callable[[], bool] = bool

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]:
        """Replies; a line with a long time-out has the lease extended before. Raises Interrupted."""
        if self.stopping():
            raise Interrupted
        async with self.lease.room_for(max(map(self.session.timeout_s, batch))):
            return await self.session.send(batch)

    async def ask(self, dialogue: Dialogue[T]) -> T:
        """What the dialogue learns. After a reply that no rule explains, which is kept, the session has ended."""
        with self._judged():
            try:
                return await hold(self, dialogue)
            except UnknownReply as error:
                error.reading = True
                if all(one.exchange.complete for one in self.record.heard):
                    self.record.note_unknown(error)
                await self.session.close()
                raise

    async def observe(self, serial: str, port: PonPort | None) -> Observation:
        """What the OLT has for a serial; the room on the port is kept."""
        seen = await self.ask(self.adapter.observe(serial, port))
        if seen.port is not None and seen.onus_free is not None:
            self.record.onus_free[seen.port] = seen.onus_free
        self._left_out(seen.left_out)
        return seen

    async def discover(self) -> tuple[Sighting, ...]:
        """What the OLT sees lit and not registered."""
        found = await self.ask(self.adapter.discover())
        if isinstance(found, Sightings):
            self._left_out(tuple(row.text for row in found.left_out))
        return found

    def _left_out(self, rows: Sequence[str]) -> None:
        if rows:
            ROWS_LEFT_OUT.labels(self.olt.id, self.olt.platform).inc(len(rows))
            self.record.leave_out(rows)

    async def run(self, command: Command) -> None:
        """Send a change and judge the reply. Raises what the refusal means."""
        with self._judged():
            [reply] = await self.send((command,))
            self.adapter.check(command, reply)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Tell of every command that is sent inside what became of it."""
        failed: ProvisioningError | None = None
        try:
            yield
        except ProvisioningError as error:
            failed = error
            raise
        finally:
            heard, self.record.heard = self.record.heard, []
            commands.tell(self.olt, self.adapter.PLATFORM, heard, failed)
