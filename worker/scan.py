"""Where a unit is that nobody placed: one scan of an OLT serves every order that waits for light there.

The first sighting decides, without waiting for OLTs that do not answer; two at once are `serial_seen_twice`. An offline
registration never says where a unit is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from events.stages import Stage
from schemas.inventory import Inventory, Olt
from schemas.place import Place, PonPort
from vendors.contract import Registration, Sighting
from vendors.errors import Permanent, ProvisioningError, UnknownReply
from worker import ledger, provision_metrics, waits
from worker.lease import patiently
from worker.ledger import Learnt
from worker.notes import Notes
from worker.olt_line import OltLine
from worker.outcome import Later, Outcome, Recorded
from worker.reconcile import Run
from worker.retry import READS_MAX, RetryIn, decide_read
from worker.store import Connection, away, db, inventories, orders, search, work
from worker.store.inventories import Sited
from worker.store.jobs import UNPLACED
from worker.store.leases import Lease
from worker.store.orders import Failure
from worker.store.search import Search
from worker.store.sweep import take_up_shown
from worker.store.work import Job, Step
from worker.verify import Patience

NOTHING = Learnt()
LOOKS_MAX = 50
"""Most orders whose registrations are looked for in one run, so that other jobs get the session in between."""


# ------------------------------------------------------------------------------------------------ which OLTs are looked at


def begin_searches(conn: Connection, inventory: Inventory) -> int:
    """Ask for the scans of orders that have just begun to wait, or fail them where no OLT fits; how many there were.

    An OLT fits that any inventory in use has: this worker's may be older, or newer, than that of those who will look there.
    """
    now = db.now(conn)
    begun = search.new(conn)
    known = inventories.sited(inventory) | inventories.in_use(conn) if begun else frozenset()
    olts: dict[str, int] = {}
    for found in begun:
        where = candidates(found, known)
        if isinstance(where, Failure):
            _fail(conn, found, where, now)
            continue
        olts |= {olt: max(found.priority, olts.get(olt, 0)) for olt in where}
    search.begun(conn, [found.job_id for found in begun])
    work.scan_now(conn, olts, now)
    return len(begun)


def candidates(found: Search, known: Collection[Sited]) -> tuple[str, ...] | Failure:
    """The OLTs where the unit may appear: the one that is named, else those of the site, else all."""
    if found.olt is not None:
        if found.olt not in {olt for olt, _ in known}:
            return Failure("olt_unknown", {"olt": found.olt})
        return (found.olt,)
    at_site = tuple(sorted({olt for olt, site in known if found.site in {None, site}}))
    return at_site or Failure("site_unknown", {"site": found.site})


def _fail(conn: Connection, found: Search, failure: Failure, now: datetime) -> None:
    if search.where_now(conn, found) is None:
        return
    orders.finish_failed(conn, found.order_id, found.revision, failure)
    work.end(conn, found.job_id, now)


# --------------------------------------------------------------------------------------------------- what an OLT shows


@dataclass(frozen=True)
class Seen:
    """What one OLT shows of one serial. `lit`: ports where it is unregistered and lit; `online`, `offline`: registered."""

    lit: tuple[PonPort, ...] = ()
    online: tuple[PonPort, ...] = ()
    offline: tuple[PonPort, ...] = ()

    @property
    def places(self) -> tuple[PonPort, ...]:
        """Where the unit is: usually nowhere or in one place."""
        return tuple(dict.fromkeys((*self.lit, *self.online)))

    @property
    def anywhere(self) -> bool:
        """Whether the OLT shows the serial at all."""
        return bool(self.lit or self.online or self.offline)


def seen_of(serial: str, sightings: Iterable[Sighting], registered: Iterable[Registration]) -> Seen:
    """What is shown of `serial`, from all that is lit and from the registrations of this serial."""
    found = tuple(registered)
    return Seen(
        lit=tuple(sighting.port for sighting in sightings if sighting.serial == serial),
        online=tuple(one.port for one in found if one.online),
        offline=tuple(one.port for one in found if not one.online),
    )


@dataclass(frozen=True)
class Memory:
    """What a scan job keeps: jobs whose registrations were looked for, and those for which there are some."""

    looked: frozenset[int] = frozenset()
    registered: frozenset[int] = frozenset()
    odd: tuple[int, ...] = ()
    """A job for each look that ended with a reply that no rule explains."""

    @classmethod
    def of(cls, job: Job) -> "Memory":
        """From the job."""
        looked, registered, odd = (job.notes.get(name, ()) for name in ("looked", "registered", "odd"))
        return cls(frozenset(looked), frozenset(registered), tuple(odd))

    def kept(self) -> dict[str, list[int]]:
        """As the payload of a job."""
        return {"looked": sorted(self.looked), "registered": sorted(self.registered), "odd": sorted(self.odd)}

    def to_look_for(self, waiting: Sequence[Search], lit: frozenset[str | None]) -> tuple[Search, ...]:
        """Whose registrations are worth a question now: new ones, and those that have one which may come online.

        Those that the OLT answered oddly come last.
        """
        dark = sorted(
            (one for one in waiting if one.serial not in lit), key=lambda one: self.odd.count(one.job_id)
        )
        new = [one for one in dark if one.job_id not in self.looked]
        return (*new, *(one for one in dark if one.job_id in self.looked & self.registered))

    def after(
        self, waiting: Sequence[Search], looked: Sequence[tuple[Search, Seen]], odd: Search | None = None
    ) -> "Memory":
        """With what was learnt now, without orders that wait no more. `odd`: whose look the OLT answered oddly."""
        alive = {one.job_id for one in waiting}
        new = {one.job_id for one, _ in looked}
        some = {one.job_id for one, seen in looked if seen.online or seen.offline}
        tries = tuple(one for one in self.odd if one in alive - new) + ((odd.job_id,) if odd else ())
        given_up = {one for one in tries if tries.count(one) >= READS_MAX}
        return Memory(
            frozenset(alive & (self.looked | new | given_up)),
            frozenset(alive & ((self.registered - new) | some)),
            tries,
        )


@dataclass(frozen=True)
class Findings:
    """What one run of a scan found. `rest`: jobs of orders that are to be looked for at once, for the first time."""

    waiting: tuple[Search, ...]
    seen: tuple[tuple[Search, Seen], ...]
    memory: Memory
    rest: frozenset[int] = frozenset()


async def scan(run: Run) -> Outcome:
    """One run of an OLT's scan job, its outcome written."""
    olt, held, patience = run.line.olt, run.line.lease, run.rules.patience
    waiting = await run.store.read(who_waits, olt)
    try:
        with run.phase("observe"):
            findings = await look(run, waiting)
    except ProvisioningError as error:
        step = Step("scan_failed", None, {"code": error.reason, "detail": run.detail(error)})
        run.line.record.note(step)
        return _again_after(run, error)
    learnt = run.line.record.learn()
    await patiently(held, conclude, held.lease, run.job, olt, findings, patience, learnt)
    if any(one.undecided and seen.anywhere for one, seen in findings.seen):
        # By itself, since whoever correlates takes that lock before any other; if we die here, the next sweep does it.
        await patiently(held, take_up_shown)
    return Recorded()


def _again_after(run: Run, error: ProvisioningError) -> Later:
    """Soon, where the OLT answered oddly and that may pass; else after the longest pause between two looks."""
    notes = {**run.job.notes, "unread": int(run.job.notes.get("unread", 0)) + 1}
    seconds = run.rules.patience.light_poll_slow_s
    if isinstance(error, UnknownReply):
        match decide_read(notes["unread"], run.rules.retry, run.spread()):
            case RetryIn(pause_s):
                seconds = min(pause_s, seconds)
    return Later(seconds, notes, code=error.reason, params={"olt": run.line.olt.id})


async def look(run: Run, waiting: Sequence[Search]) -> Findings:
    """Look at everything that is lit, then for registrations of who was not seen."""
    line = run.line
    sightings = await line.discover()
    memory = Memory.of(run.job)
    lit = frozenset(sighting.serial for sighting in sightings)
    wanted = memory.to_look_for(waiting, lit)
    looked, odd = await _looked(line, wanted[:LOOKS_MAX], sightings)
    after = memory.after(waiting, looked, odd)
    rest = frozenset(one.job_id for one in wanted if one is not odd) - after.looked
    sighted = [(one, seen_of(one.serial, sightings, ())) for one in waiting if one.serial in lit]
    return Findings(tuple(waiting), (*sighted, *looked), after, rest)


async def _looked(
    line: OltLine, wanted: Sequence[Search], sightings: Sequence[Sighting]
) -> tuple[list[tuple[Search, Seen]], Search | None]:
    """What the OLT shows of orders' units, and of whom it answered what no rule explains: that ends the session.

    Others are looked for on the next one: what one order meets keeps nobody else waiting.
    """
    looked: list[tuple[Search, Seen]] = []
    for one in wanted:
        try:
            found = await line.observe(one.serial, None)
            looked.append((one, seen_of(one.serial, sightings, found.registrations)))
        except UnknownReply:
            return looked, one
        except Permanent:
            if line.session.dead:
                raise
            looked.append((one, Seen()))
    return looked, None


# ------------------------------------------------------------------------------------------------------- what follows


def who_waits(conn: Connection, olt: Olt) -> list[Search]:
    """Orders whose unit may appear on this OLT."""
    return search.waiting(conn, olt.id, olt.site)


def conclude(
    conn: Connection,
    lease: Lease,
    job: Job,
    olt: Olt,
    findings: Findings,
    patience: Patience,
    learnt: Learnt = NOTHING,
) -> None:
    """Place who was seen, and have the OLT looked at again while anybody waits. Raises StaleLease."""
    now = db.now(conn)
    work.held_fast(conn, lease, job, now)
    ledger.note(conn, job, learnt, now)
    if away.was_in_the_way(conn, job.id):
        waits.back(conn, olt.id)
    for one, seen in sorted(findings.seen, key=lambda pair: pair[0].order_id):
        if not db.alone(conn, partial(_tell, conn, olt.id, one, seen, now)):
            provision_metrics.ERRORS.labels(job.kind).inc()
    _again(conn, job, findings, who_waits(conn, olt), now, patience)


def _tell(conn: Connection, olt: str, one: Search, seen: Seen, now: datetime) -> None:
    there = search.where_now(conn, one)
    if there is None or there.olt == olt:
        return
    if one.undecided:
        if seen.anywhere:
            search.show(conn, one)
        return
    for port in seen.offline:
        search.add_former(conn, one, olt, port)
    if there.olt != UNPLACED:
        _seen_elsewhere(conn, one, olt, seen, there, now)
    elif len(seen.places) > 1:
        _twice(conn, one, [Place(olt=olt, port=port) for port in seen.places], now)
    elif seen.places:
        _settle(conn, one, olt, seen)
    else:
        orders.set_stage(conn, one.order_id, one.revision, Stage.WAITING_FOR_LIGHT, keeps=away.AWAY)


def _settle(conn: Connection, one: Search, olt: str, seen: Seen) -> None:
    [port] = seen.places
    notes = Notes(lit=port in seen.lit, former=search.former(conn, one))
    search.place(conn, one, olt, port, notes.kept())
    orders.set_place(conn, one.order_id, one.revision, olt, port)
    orders.set_stage(conn, one.order_id, one.revision, Stage.QUEUED)


def _seen_elsewhere(
    conn: Connection, one: Search, olt: str, seen: Seen, there: search.Placed, now: datetime
) -> None:
    """Another OLT's scan was first. Seen here too, before anything was sent there: which of the two is it?"""
    if seen.places and not there.opened and there.port is not None:
        places = [Place(olt=there.olt, port=there.port), *(Place(olt=olt, port=port) for port in seen.places)]
        _twice(conn, one, places, now)


def _twice(conn: Connection, one: Search, places: Sequence[Place], now: datetime) -> None:
    told = {"serial": one.serial, "places": ", ".join(str(place) for place in places)}
    orders.finish_failed(conn, one.order_id, one.revision, Failure("serial_seen_twice", told))
    work.end(conn, one.job_id, now)


def _again(
    conn: Connection,
    job: Job,
    findings: Findings,
    waiting: Sequence[Search],
    now: datetime,
    patience: Patience,
) -> None:
    """Look again at once for who came in the meantime, else after a pause; end where nobody waits."""
    if not waiting:
        work.end(conn, job.id, now)
        return
    known = {one.job_id for one in findings.waiting} - findings.rest
    new = [one.priority for one in waiting if one.job_id not in known]
    pause_s = min(patience.light_pause((now - one.created_at).total_seconds()) for one in waiting)
    due_at = now if new else now + timedelta(seconds=pause_s)
    work.look_again(conn, job, due_at, findings.memory.kept(), max(new, default=None))
