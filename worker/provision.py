"""The provisioning loop of one worker: leases OLTs that have due jobs, and works on them side by side.

A commit that makes a job due wakes the loop; it looks by itself now and then, since a call may be lost. OLTs that do not answer
take no room from those that do.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from schemas.inventory import Inventory
from worker import provision_metrics, waits
from worker.bounds import bounds
from worker.lease import HeldLease, LeaseRule
from worker.olt_worker import OltWorker, Shared
from worker.probe import probe_away
from worker.scan import begin_searches
from worker.store import Connection, db, inventories, leases, logins, mend, search
from worker.store.db import StoreError, StoreFaulty, StoreUnavailable
from worker.store.jobs import JOBS
from worker.store.leases import Due, Lease
from worker.survive import waited
from worker.tending import tend
from worker.turns import BEGUN, Turns

log = structlog.get_logger(__name__)
_DEADLINES_S = 600.0
"""Deadlines are looked at so often."""
_PROBES_S = 1.0
"""Whether an OLT is to be probed is looked at so often; each is probed less often."""
CONNECTING_PER_PLACE = 4
"""OLTs that may be connected to at the same moment, for every OLT that may be worked on."""


class PlatformChanged(Exception):
    """OLTs whose platform in the inventory is another one than when their live jobs were made: the start is refused."""

    def __init__(self, olts: tuple[str, ...]) -> None:
        super().__init__(
            f"the platform of {', '.join(olts)} has changed while orders are live there: wait for them, or cancel them"
        )
        self.olts = olts


@dataclass
class Provisioner:
    """Works until `stop`. `name` is this worker's, in leases; what is appended makes each start another holder."""

    shared: Shared
    name: str
    parallel: int
    lease: LeaseRule = field(default_factory=LeaseRule)
    poll_s: float = 1.0
    tend_s: float = 5.0
    olt_gone_s: float = 300.0
    """An OLT has left when no worker has had it in its inventory for so long."""
    quiet_s: float = 0.01
    """Pause between two looks, so that a crowd of wake-up calls costs one."""
    workers: dict[str, OltWorker] = field(default_factory=dict)
    _tasks: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    _turns: Turns = BEGUN
    """One for each OLT that it has leased."""
    _stopping: bool = False
    _deadlines_at: float = 0.0

    def __post_init__(self) -> None:
        """A holder of its own for every start: a name that comes back is not trusted with its old leases."""
        self.holder = f"{self.name}-{uuid.uuid4().hex[:8]}"

    @property
    def inventory(self) -> Inventory:
        """The OLTs."""
        return self.shared.config.inventory

    async def run(self) -> None:
        """Work until `stop`; then finish the commands in hand, log out, release. Raises PlatformChanged at the start."""
        provision_metrics.SESSIONS_LIMIT.set(self.parallel)
        await self._prepare()
        wakeup = self.shared.store.listen(JOBS)
        aside = [
            asyncio.create_task(self._tend(), name="provision-tend"),
            asyncio.create_task(self._probe(), name="provision-probe"),
        ]
        try:
            while not self._stopping:
                await self._look()
                await asyncio.sleep(self.quiet_s)
                await wakeup.wait(self.poll_s)
        finally:
            for task in aside:
                task.cancel()
            await self._end()
            await asyncio.gather(*aside, return_exceptions=True)

    def stop(self) -> None:
        """Take nothing more on, and have every OLT finished with."""
        self._stopping = True
        for worker in self.workers.values():
            worker.stop()
        self.shared.store.notify(JOBS)

    async def _prepare(self) -> None:
        """Make the inventory known. Raises PlatformChanged."""
        while not self._stopping:
            try:
                if changed := await self.shared.store.run(register, self.inventory):
                    raise PlatformChanged(changed)
                return
            except (StoreUnavailable, StoreFaulty) as error:
                waited("provision", error)
                await asyncio.sleep(self.poll_s)

    # -------------------------------------------------------------------------------------------------------- handing out

    async def _look(self) -> None:
        """Lease what is due and can be worked on; wake those whose OLTs have due jobs."""
        read_at = self.shared.clock()
        room = self._room()
        try:
            due = await self.shared.store.run(
                dispatch, self.inventory, self.holder, self.lease.lease_s, room, self._turns
            )
        except StoreError as error:
            waited("provision", error)
            return
        self._turns = due.turns
        self.shared.crowded = room <= 0
        for lease in due.leased:
            self._begin(lease, read_at)
        for olt in due.mine & self.workers.keys():
            self.workers[olt].wake.set()
        for olt in due.wanted_back & self.workers.keys():
            self.workers[olt].hand_back()

    def _room(self) -> int:
        states = [worker.state for worker in self.workers.values()]
        connecting = states.count("connecting") + states.count("starting")
        return min(self.parallel - states.count("working"), self.parallel * CONNECTING_PER_PLACE - connecting)

    def _begin(self, lease: Lease, read_at: float) -> None:
        olt = self.inventory.by_id[lease.olt]
        held = HeldLease(self.shared.store, lease, self.lease, read_at, self.shared.clock)
        worker = OltWorker(self.shared, olt, held)
        self.workers[olt.id] = worker
        task = asyncio.create_task(worker.run(), name=f"olt-{olt.id}")
        self._tasks[olt.id] = task
        task.add_done_callback(lambda _: self._ended(worker))

    def _ended(self, worker: OltWorker) -> None:
        if self.workers.get(worker.olt.id) is worker:
            del self.workers[worker.olt.id]
            del self._tasks[worker.olt.id]

    async def _end(self) -> None:
        self.stop()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    # ------------------------------------------------------------------------------------------------------------ deadlines

    async def _tend(self) -> None:
        steady_since, clock = self.shared.clock(), self.shared.store.clock
        while True:
            try:
                judges = self.shared.clock() - steady_since >= self.olt_gone_s
                judges = judges and (clock.jumped_s is None or clock.jumped_s >= self.olt_gone_s)
                await self._mend()
                await self.shared.store.run(keep, self.inventory, self.olt_gone_s if judges else None)
                await self.shared.store.run(tend, self.shared.rules.patience.light_s)
                await self.shared.store.run(waits.tell)
                await self.shared.store.run(logins.try_again, self.shared.login_retries)
            except StoreError as error:
                waited("provision", error, loop="tend")
                steady_since = self.shared.clock()
            except Exception:
                log.exception("tend_failed")
            await asyncio.sleep(self.tend_s)

    async def _probe(self) -> None:
        """Have OLTs that did not answer worked on as soon as they do."""
        while True:
            await asyncio.sleep(_PROBES_S)
            try:
                await probe_away(self.shared.store, self.inventory)
            except StoreError as error:
                waited("provision", error, loop="probe")
            except Exception:
                log.exception("probe_failed")

    async def _mend(self) -> None:
        """Correct what lies further ahead than it can; deadlines, which are many, now and then."""
        shared = self.shared
        far = bounds(shared.rules.retry, shared.rules.patience, shared.rules.save, shared.breaker)
        await shared.store.run(mend.mend, far, await shared.store.read(mend.far_jobs, far))
        if shared.clock() >= self._deadlines_at:
            await shared.store.run(mend.cut_deadlines)
            self._deadlines_at = shared.clock() + _DEADLINES_S


def register(conn: Connection, inventory: Inventory) -> tuple[str, ...]:
    """Make the OLTs leasable; those whose platform must not change now."""
    now = db.now(conn)
    changed = leases.register(conn, _platforms(inventory), now)
    if not changed:
        _use(conn, inventory, now)
    return changed


def _use(conn: Connection, inventory: Inventory, now: datetime) -> bool:
    """Say that the inventory is in use; whether that is new. Then units may be where nobody has looked yet."""
    new = inventories.use(conn, inventories.sited(inventory), now)
    if new:
        search.begin_all_anew(conn)
    return new


def _platforms(inventory: Inventory) -> dict[str, str]:
    return {olt.id: olt.platform for olt in inventory.olts}


def keep(conn: Connection, inventory: Inventory, gone_s: float | None) -> None:
    """Keep the inventory in use, and no lease longer than it was granted for. With `gone_s`, OLTs leave that nobody has had in use for so long.

    Only who has seen the database all that time may say so: after an outage nobody has been heard of.
    """
    now = db.now(conn)
    leases.cut(conn, now)
    if _use(conn, inventory, now):
        leases.register(conn, _platforms(inventory), now)
    if gone_s is not None and inventories.forget(conn, now - timedelta(seconds=gone_s)):
        search.begin_all_anew(conn)


def dispatch(
    conn: Connection, inventory: Inventory, holder: str, lease_s: float, room: int, turns: Turns
) -> Due:
    """Have those looked for who began to wait, then lease OLTs with due jobs."""
    begin_searches(conn, inventory)
    return leases.claim(conn, holder, inventory.by_id.keys(), lease_s, room, db.now(conn), turns)
