"""Whose turn it is, on both databases: within an OLT, and which OLT is leased first. Counted in turns, not in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, update

from events.stages import Stage
from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from tests.integration.provision.support import add_job
from tests.support.turns import DueJob, Rule
from worker import ledger, scan
from worker.notes import Notes
from worker.outcome import Later
from worker.store import jobs, leases, work
from worker.store.db import Store
from worker.store.jobs import FIRST
from worker.store.leases import Lease
from worker.store.migrate import upgrade
from worker.store.schema import job
from worker.turns import BEGUN
from worker.verify import Patience

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PORT = PonPort(frame=0, slot=1, port=0)
LATER = NOW + timedelta(hours=8)
_names = count()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Migrated; its clock stands still."""
    upgrade(database_url)
    store = Store.open(database_url)
    store.clock.stopped = NOW
    yield store
    store.close()


def new_olt(conn: Connection) -> str:
    olt = f"olt-{next(_names)}"
    leases.register(conn, {olt: "huawei_smartax"}, NOW)
    return olt


def lease_of(conn: Connection, olt: str) -> Lease:
    lease = leases.take(conn, olt, "w1", 3600.0, NOW)
    assert lease
    return lease


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def order(conn: Connection, olt: str, priority: int, due_s_ago: float = 0.0, **more: Any) -> int:
    """A job of an order that is due since then."""
    name = f"OS-{next(_names)}"
    row = {"kind": "provision", "service_order_id": name, "priority": priority, "due_at": ago(due_s_ago)}
    return add_job(conn, olt, **{**row, **more})


def turn(conn: Connection, lease: Lease) -> int:
    """The job that has the next turn, ended."""
    taken = work.take(conn, lease, NOW)
    assert taken
    work.end(conn, taken.id, NOW)
    return taken.id


# ---------------------------------------------------------------------------------------------------------- the whole rule

DUE = st.builds(
    DueJob,
    id=st.just(0),
    kind=st.sampled_from(["provision", "provision", "deprovision", "plan"]),
    since=st.integers(-300, 0).map(float),
    priority=st.integers(0, 9),
    first=st.booleans(),
)
SCAN = st.builds(
    DueJob, id=st.just(0), kind=st.just("scan"), since=st.integers(-300, 0).map(float), first=st.booleans()
)
SAVE = st.builds(
    DueJob,
    id=st.just(0),
    kind=st.just("save"),
    since=st.integers(-300, 0).map(float),
    priority=st.just(0),
    late=st.booleans(),
)


def put(conn: Connection, olt: str, due: DueJob) -> DueJob:
    """Write it; as it stands then."""
    whole = due.kind in {"scan", "save"}
    priority = 10 if due.kind == "plan" else due.priority
    row = {
        "kind": due.kind,
        "service_order_id": None if whole else f"OS-{next(_names)}",
        "priority": priority,
        "due_at": NOW + timedelta(seconds=due.since),
        "stage": FIRST if due.first and due.kind in {"provision", "scan"} else None,
        "deadline_at": (NOW if due.late else LATER) if due.kind == "save" else None,
    }
    first = due.first and due.kind in {"provision", "scan"}
    return replace(due, id=add_job(conn, olt, **row), priority=priority, first=first)


def again(conn: Connection, look: DueJob) -> DueJob:
    """A look that is due again at once: it is a repeated one then."""
    values = {"state": "due", "due_at": NOW, "stage": None, "priority": 5}
    conn.execute(update(job).where(job.c.id == look.id).values(values))
    return replace(look, since=0.0, first=False, priority=5)


@pytest.mark.parametrize("looks_again", [True, False])
def test_jobs_are_taken_in_turn_whatever_is_due(store: Store, looks_again: bool) -> None:
    @settings(max_examples=40)
    @given(
        st.lists(DUE, min_size=1, max_size=24), st.none() | SCAN, st.none() | SAVE, st.lists(DUE, max_size=8)
    )
    def every(
        at_first: Sequence[DueJob], look: DueJob | None, save: DueJob | None, later: Sequence[DueJob]
    ) -> None:
        store.run_sync(drain, [one for one in (*at_first, look, save) if one], later, looks_again=looks_again)

    every()


def drain(
    conn: Connection, at_first: Sequence[DueJob], later: Sequence[DueJob], *, looks_again: bool
) -> None:
    """Take job after job, while others come, one every second turn."""
    olt = new_olt(conn)
    lease = lease_of(conn, olt)
    due = {one.id: one for one in [put(conn, olt, one) for one in at_first]}
    rule, coming = Rule(), list(later)
    looks: list[bool] = []
    for number in range(60):
        if coming and number % 2:
            come = put(conn, olt, coming.pop())
            due[come.id] = come
        if not due:
            break
        wanted = rule.next(due.values())
        taken = work.take(conn, lease, NOW)
        assert taken
        assert due[taken.id] == wanted
        others = any(not one.look for one in due.values())
        looks.append(wanted.look and others)
        assert sum(looks[-5:]) <= 1
        if wanted.kind == "scan" and looks_again:
            due[wanted.id] = again(conn, wanted)
        else:
            work.end(conn, taken.id, NOW)
            del due[wanted.id]
        if due.keys() <= {one.id for one in due.values() if one.look}:
            break


def test_olts_are_leased_in_turn_whatever_is_due(store: Store) -> None:
    olts = st.lists(
        st.tuples(st.lists(DUE, min_size=1, max_size=3), st.none() | SCAN, st.none() | SAVE),
        min_size=1,
        max_size=14,
    )

    @settings(max_examples=25)
    @given(olts, st.lists(st.integers(1, 9), min_size=30, max_size=30))
    def every(found: Any, limits: Sequence[int]) -> None:
        store.run_sync(lease_all, found, limits)

    every()


def lease_all(conn: Connection, found: Any, limits: Sequence[int]) -> None:
    """Lease OLTs, a few at a time, until none is left."""
    due: dict[str, list[DueJob]] = {}
    for at_first, look, save in found:
        olt = new_olt(conn)
        due[olt] = [put(conn, olt, one) for one in (*at_first, look, save) if one]
    rule, turns, known = Rule(), BEGUN, list(due)
    for limit in limits:
        wanted = []
        for _ in range(min(limit, len(due))):
            chosen = rule.next(one for olt in due for one in due[olt])
            [olt] = [olt for olt in due if chosen in due[olt]]
            wanted.append(olt)
            del due[olt]
        got = leases.claim(conn, "w1", known, 3600.0, limit, NOW, turns)
        turns = got.turns
        assert [lease.olt for lease in got.leased] == wanted
    assert not due


# ------------------------------------------------------------------------------------------------ who waits, one by one


def test_a_technician_behind_a_hundred_late_bulk_orders_has_the_next_turn_but_one_at_most(
    store: Store,
) -> None:
    def work_on(conn: Connection) -> list[int]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        for number in range(100):
            order(conn, olt, 5, 600 + number)
        waited = []
        for _ in range(16):
            technician = order(conn, olt, 9)
            turns = [turn(conn, lease)]
            while technician not in turns:
                turns.append(turn(conn, lease))
            waited.append(len(turns))
        return waited

    waited = store.run_sync(work_on)
    assert max(waited) == 2
    assert waited.count(2) == 2


def test_every_eighth_turn_goes_to_the_longest_due_of_any_class_so_that_none_starves(store: Store) -> None:
    def work_on(conn: Connection) -> list[int]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        low = [order(conn, olt, 0, 900 - number) for number in range(3)]
        for _ in range(40):
            order(conn, olt, 9)
        took = [turn(conn, lease) for _ in range(24)]
        return [took.index(one) + 1 for one in low]

    assert store.run_sync(work_on) == [8, 16, 24]


def test_the_turns_of_an_olt_go_on_under_the_next_lease(store: Store) -> None:
    """A worker that has an OLT for a few turns at a time lets nobody starve, either."""

    def work_on(conn: Connection) -> int:
        olt = new_olt(conn)
        low = order(conn, olt, 0, 900)
        for _ in range(40):
            order(conn, olt, 9)
        took: list[int] = []
        while low not in took:
            lease = lease_of(conn, olt)
            took += [turn(conn, lease) for _ in range(3)]
            leases.release(conn, lease)
        return took.index(low) + 1

    assert store.run_sync(work_on) == 8


def test_a_save_at_its_latest_time_has_the_next_turn_and_takes_no_turn_of_the_longest_due(
    store: Store,
) -> None:
    def work_on(conn: Connection) -> list[str]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        oldest = order(conn, olt, 0, 900)
        for _ in range(20):
            order(conn, olt, 9)
        took = [turn(conn, lease) for _ in range(7)]
        save = add_job(conn, olt, kind="save", priority=0, due_at=NOW, deadline_at=NOW)
        took += [turn(conn, lease), turn(conn, lease)]
        return [{save: "save", oldest: "oldest"}.get(one, "9") for one in took]

    assert store.run_sync(work_on) == ["9"] * 7 + ["save", "oldest"]


def test_a_save_that_may_wait_waits_for_orders(store: Store) -> None:
    def work_on(conn: Connection) -> bool:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        add_job(conn, olt, kind="save", priority=0, due_at=ago(1), deadline_at=LATER)
        orders = [order(conn, olt, 1) for _ in range(3)]
        return [turn(conn, lease) for _ in range(3)] == orders

    assert store.run_sync(work_on)


def test_a_late_save_that_failed_is_not_due_again_because_something_else_changed(store: Store) -> None:
    def work_on(conn: Connection) -> datetime:
        olt = new_olt(conn)
        pause = NOW + timedelta(seconds=40)
        saved = add_job(conn, olt, kind="save", priority=0, due_at=pause, deadline_at=ago(5))
        work.save_soon(conn, olt, NOW, 60.0, 600.0)
        found: datetime = conn.execute(select(job.c.due_at).where(job.c.id == saved)).scalar_one()
        return found

    assert store.run_sync(work_on) == NOW + timedelta(seconds=40)


def test_a_dry_run_goes_before_every_order(store: Store) -> None:
    def work_on(conn: Connection) -> bool:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        order(conn, olt, 9, 900, stage=FIRST)
        asked = order(conn, olt, 10, 0, kind="plan")
        return turn(conn, lease) == asked

    assert store.run_sync(work_on)


# ---------------------------------------------------------------------------------------------- first looks, verifications

CENTRO = Inventory(
    olts=(
        Olt(
            id="centro-1",
            site="centro",
            platform="huawei_smartax",
            address="10.0.0.1",
            transport="telnet",
        ),
    )
)


def searched(conn: Connection, priority: int) -> int:
    """An order without a place, for which the OLTs of its site are to be looked at."""
    asked = order(
        conn, jobs.UNPLACED, priority, serial="HWTC1A2B3C4D", revision=1, payload={"site": "centro"}
    )
    scan.begin_searches(conn, CENTRO)
    return asked


def looks(conn: Connection) -> Any:
    """The scan of the OLT."""
    wanted = select(job).where(job.c.kind == "scan", job.c.live)
    return conn.execute(wanted).one()


def concluded(conn: Connection, lease: Lease, rest: frozenset[int] = frozenset()) -> None:
    """Run the scan: nobody is seen."""
    taken = work.take(conn, lease, NOW)
    assert taken
    assert taken.kind == "scan"
    [olt] = CENTRO.olts
    waiting = tuple(scan.who_waits(conn, olt))
    memory = scan.Memory(frozenset(one.job_id for one in waiting) - rest)
    scan.conclude(conn, lease, taken, olt, scan.Findings(waiting, (), memory, rest), Patience())


def test_the_first_look_for_an_order_has_its_priority_and_the_next_ones_wait_behind_others(
    store: Store,
) -> None:
    def work_on(conn: Connection) -> list[Any]:
        leases.register(conn, {"centro-1": "huawei_smartax"}, NOW)
        lease = lease_of(conn, "centro-1")
        bulk = [order(conn, "centro-1", 7, 600) for _ in range(6)]
        searched(conn, 9)
        found: list[Any] = [(looks(conn).priority, looks(conn).stage)]
        concluded(conn, lease)
        found.append((looks(conn).priority, looks(conn).stage, looks(conn).due_at > NOW))
        conn.execute(update(job).where(job.c.kind == "scan").values(due_at=ago(700)))
        found.append([turn(conn, lease) for _ in range(6)] == bulk)
        return found

    assert store.run_sync(work_on) == [(9, FIRST), (5, None, True), True]


def test_an_order_that_comes_while_looks_are_repeated_is_looked_for_at_once_with_its_priority(
    store: Store,
) -> None:
    def work_on(conn: Connection) -> list[Any]:
        leases.register(conn, {"centro-1": "huawei_smartax"}, NOW)
        lease = lease_of(conn, "centro-1")
        searched(conn, 2)
        concluded(conn, lease)
        searched(conn, 8)
        found = [(looks(conn).priority, looks(conn).stage, looks(conn).due_at)]
        searched(conn, 3)  # of less urgency: the look that is to come keeps its own
        found.append((looks(conn).priority, looks(conn).stage, looks(conn).due_at))
        return found

    assert store.run_sync(work_on) == [(8, FIRST, NOW)] * 2


def test_an_order_that_comes_during_a_look_has_a_first_look_of_its_own(store: Store) -> None:
    def work_on(conn: Connection) -> list[Any]:
        leases.register(conn, {"centro-1": "huawei_smartax"}, NOW)
        lease = lease_of(conn, "centro-1")
        searched(conn, 2)
        taken = work.take(conn, lease, NOW)
        assert taken
        [olt] = CENTRO.olts
        before = tuple(scan.who_waits(conn, olt))
        searched(conn, 6)
        memory = scan.Memory(frozenset(one.job_id for one in before))
        scan.conclude(conn, lease, taken, olt, scan.Findings(before, (), memory), Patience())
        found = [(looks(conn).priority, looks(conn).stage, looks(conn).due_at)]
        concluded(conn, lease, rest=frozenset({before[0].job_id}))  # more than one look has room for
        found.append((looks(conn).priority, looks(conn).stage, looks(conn).due_at))
        return found

    assert store.run_sync(work_on) == [(6, FIRST, NOW), (2, FIRST, NOW)]


def test_of_a_site_with_orders_of_two_priorities_the_look_has_the_higher_one(store: Store) -> None:
    def work_on(conn: Connection) -> Any:
        leases.register(conn, {"centro-1": "huawei_smartax"}, NOW)
        for priority in (4, 9, 1):
            row: Any = {"serial": "HWTC1A2B3C4D", "revision": 1, "payload": {"site": "centro"}}
            order(conn, jobs.UNPLACED, priority, **row)
        scan.begin_searches(conn, CENTRO)
        return looks(conn).priority

    assert store.run_sync(work_on) == 9


WINDOW = NOW.isoformat()


@pytest.mark.parametrize(
    ("before", "after", "stage", "first"),
    [
        (Notes(), Notes(attempts=1, window=WINDOW), Stage.VERIFYING, True),
        (Notes(), Notes(attempts=1), Stage.WAITING_FOR_LIGHT, True),
        (Notes(attempts=1), Notes(attempts=1, window=WINDOW), Stage.VERIFYING, True),
        (Notes(), Notes(window=WINDOW), Stage.VERIFYING, True),
        (Notes(attempts=1, window=WINDOW), Notes(attempts=1, window=WINDOW), Stage.VERIFYING, False),
        (Notes(attempts=1), Notes(attempts=1), Stage.WAITING_FOR_LIGHT, False),
        (Notes(attempts=1, window=WINDOW), Notes(attempts=1), Stage.WAITING_FOR_LIGHT, False),
        (Notes(), Notes(), Stage.WAITING_FOR_LIGHT, False),
        (Notes(), Notes(attempts=1, faults=1), Stage.QUEUED, False),
    ],
)
def test_who_was_configured_is_verified_before_others_of_the_class_once(
    store: Store, before: Notes, after: Notes, stage: Stage, first: bool
) -> None:
    """Then its turn comes by age, like everybody's: an ONU that never comes online keeps nobody waiting."""

    def work_on(conn: Connection) -> list[bool]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        one = order(conn, olt, 5, 900, revision=1, payload=before.kept())
        bulk = [order(conn, olt, 5, 600) for _ in range(5)]
        taken = work.take(conn, lease, NOW)
        assert taken
        assert taken.id == one
        ledger.record(conn, lease, taken, Later(5.0, after.kept(), stage), ledger.Learnt())
        found = []
        for _ in range(2):
            conn.execute(update(job).where(job.c.id == one).values(due_at=NOW))
            again = work.take(conn, lease, NOW)
            assert again
            found.append(again.id == one)
            if again.id == one:
                ledger.record(conn, lease, again, Later(5.0, after.kept(), stage), ledger.Learnt())
            else:
                assert again.id in bulk
                work.end(conn, again.id, NOW)
        return found

    assert store.run_sync(work_on) == [first, False]


def test_an_interrupted_job_keeps_its_place(store: Store) -> None:
    def work_on(conn: Connection) -> list[bool]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        one = order(conn, olt, 5, 900, revision=1, stage=FIRST)
        order(conn, olt, 5, 950)
        taken = work.take(conn, lease, NOW)
        assert taken
        ledger.put_back(conn, lease, taken, ())
        return [taken.id == one, turn(conn, lease) == one]

    assert store.run_sync(work_on) == [True, True]


# ----------------------------------------------------------------------------------------------------------- due, and room


def test_a_job_is_taken_when_it_is_due_and_no_moment_before(store: Store) -> None:
    """Pauses after a failure, and between two looks, are kept."""

    def work_on(conn: Connection) -> list[bool]:
        olt = new_olt(conn)
        lease = lease_of(conn, olt)
        order(conn, olt, 9, -30)
        order(conn, olt, 5, -60)
        found = []
        for after_s in (0, 29.999999, 30, 59.999999, 60):
            at = NOW + timedelta(seconds=after_s)
            taken = work.take(conn, lease, at)
            found.append(taken is not None)
            if taken:
                assert taken.due_at == at
                work.end(conn, taken.id, at)
        return found

    assert store.run_sync(work_on) == [False, False, True, False, True]


def test_an_olt_is_leased_and_its_holder_woken_when_a_job_is_due_and_no_moment_before(store: Store) -> None:
    def work_on(conn: Connection) -> list[Any]:
        free, mine = new_olt(conn), new_olt(conn)
        lease_of(conn, mine)
        for olt in (free, mine):
            order(conn, olt, 5, -30)
        found = []
        for after_s in (0, 29.999999, 30):
            got = leases.claim(conn, "w1", [free, mine], 60.0, 5, NOW + timedelta(seconds=after_s))
            found.append((len(got.leased), mine in got.mine))
        return found

    assert store.run_sync(work_on) == [(0, False), (0, False), (1, True)]


@pytest.mark.parametrize("room", [0, -1, -7])
def test_a_worker_without_room_leases_nothing_and_hears_of_its_own_olts(store: Store, room: int) -> None:
    """Room is negative once OLTs that were idle are connected to again beside all that may be."""

    def work_on(conn: Connection) -> tuple[int, bool, bool]:
        free, mine, held = new_olt(conn), new_olt(conn), new_olt(conn)
        for olt in (mine, held):
            lease_of(conn, olt)
        leases.hold(conn, held, "ana", "placa", NOW)
        for olt in (free, mine):
            order(conn, olt, 5, 1)
        got = leases.claim(conn, "w1", [free, mine, held], 60.0, room, NOW)
        return len(got.leased), mine in got.mine, held in got.wanted_back

    assert store.run_sync(work_on) == (0, True, True)


def test_a_worker_leases_no_more_olts_than_it_has_room_for(store: Store) -> None:
    def work_on(conn: Connection) -> list[int]:
        olts = [new_olt(conn) for _ in range(12)]
        for olt in olts:
            order(conn, olt, 5, 1)
        turns, found = BEGUN, []
        for room in (1, 9, 9):
            got = leases.claim(conn, "w1", olts, 60.0, room, NOW, turns)
            turns = got.turns
            found.append(len(got.leased))
        return found

    assert store.run_sync(work_on) == [1, 9, 2]
