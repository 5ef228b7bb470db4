"""What scans ask for, what they remember, and where a unit is said to be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from tests.unit.provision.builders import HERE, SERIAL, THERE, registered
from vendors.contract import Sighting
from worker.scan import Memory, Seen, candidates, seen_of
from worker.store.inventories import sited
from worker.store.orders import Failure
from worker.store.search import Search
from worker.store.work import Job

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def search(job_id: int = 1, serial: str = SERIAL, **more: Any) -> Search:
    return Search(job_id, f"OS-{job_id}", 1, serial, NOW, **more)


def olt(name: str, site: str) -> Olt:
    return Olt(id=name, site=site, platform="huawei_smartax", address="10.0.0.1", transport="telnet")


INVENTORY = Inventory(olts=(olt("a1", "a"), olt("a2", "a"), olt("b1", "b")))


@pytest.mark.parametrize(
    ("seen", "shown"),
    [(Seen(), False), (Seen(lit=(HERE,)), True), (Seen(online=(HERE,)), True), (Seen(offline=(HERE,)), True)],
    ids=["nothing", "lit", "online", "offline"],
)
def test_whatever_an_olt_has_of_a_serial_shows_that_it_is_one(seen: Seen, shown: bool) -> None:
    assert seen.anywhere is shown


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        pytest.param(search(), ("a1", "a2", "b1"), id="nothing named: all"),
        pytest.param(search(site="a"), ("a1", "a2"), id="site: its OLTs"),
        pytest.param(search(olt="b1"), ("b1",), id="OLT: that one"),
        pytest.param(search(olt="b1", site="a"), ("b1",), id="OLT before site"),
        pytest.param(search(site="z"), "site_unknown", id="site without OLTs"),
        pytest.param(search(olt="z"), "olt_unknown", id="OLT not in the inventory"),
    ],
)
def test_where_a_unit_is_looked_for(wanted: Search, where: object) -> None:
    found = candidates(wanted, sited(INVENTORY))
    assert (found.code if isinstance(found, Failure) else found) == where


def sighting(port: PonPort, serial: str | None = SERIAL) -> Sighting:
    return Sighting(port=port, serial=serial, raw_serial=serial or "?")


@pytest.mark.parametrize(
    ("seen", "places"),
    [
        pytest.param(seen_of(SERIAL, [], []), (), id="nowhere"),
        pytest.param(seen_of(SERIAL, [sighting(HERE)], []), (HERE,), id="lit"),
        pytest.param(seen_of(SERIAL, [], [registered(HERE)]), (HERE,), id="registered and online"),
        pytest.param(seen_of(SERIAL, [], [registered(HERE, online=False)]), (), id="an offline registration never says where"),
        pytest.param(seen_of(SERIAL, [sighting(THERE)], [registered(HERE, online=False)]), (THERE,), id="lit elsewhere than registered"),
        pytest.param(seen_of(SERIAL, [sighting(THERE)], [registered(HERE)]), (THERE, HERE), id="two at once"),
        pytest.param(seen_of(SERIAL, [sighting(HERE), sighting(HERE)], []), (HERE,), id="one place shown twice"),
        pytest.param(seen_of(SERIAL, [sighting(HERE, None), sighting(HERE, "ZTEG00000001")], []), (), id="others"),
    ],
)  # fmt: skip
def test_where_a_unit_is(seen: Seen, places: tuple[PonPort, ...]) -> None:
    assert seen.places == places


def test_registrations_are_asked_for_once_then_only_where_there_is_one() -> None:
    none, some, lit = search(1), search(2, "HWTC00000002"), search(3, "HWTC00000003")
    waiting = (none, some, lit)
    lit_now = frozenset({"HWTC00000003"})
    assert Memory().to_look_for(waiting, lit_now) == (none, some)
    memory = Memory().after(waiting, [(none, Seen()), (some, Seen(offline=(HERE,)))])
    assert memory.to_look_for(waiting, lit_now) == (some,)
    assert memory.after((none,), []) == Memory(frozenset({1}), frozenset())


def test_new_orders_are_looked_for_before_those_looked_for_already() -> None:
    old, new = search(1), search(2, "HWTC00000002")
    memory = Memory(frozenset({1}), frozenset({1}))
    assert memory.to_look_for((old, new), frozenset()) == (new, old)


def memory(looked: set[int], registered_: set[int], *odd: int) -> Memory:
    return Memory(frozenset(looked), frozenset(registered_), odd)


ON, OFF, NONE = Seen(online=(HERE,)), Seen(offline=(HERE,)), Seen()


@pytest.mark.parametrize(
    ("before", "waiting", "looked", "odd", "after"),
    [
        pytest.param(memory(set(), set()), {1, 2}, {1: OFF, 2: NONE}, None, memory({1, 2}, {1}), id="learnt"),
        pytest.param(memory(set(), set()), {1}, {1: ON}, None, memory({1}, {1}), id="online"),
        pytest.param(memory({1, 2}, {1, 2}), {1, 2}, {1: NONE}, None, memory({1, 2}, {2}), id="gone since"),
        pytest.param(memory({1, 2}, {2}), {1}, {}, None, memory({1}, set()), id="waits no more"),
        pytest.param(memory(set(), set()), {1}, {2: OFF}, None, memory(set(), set()), id="never waited"),
        pytest.param(memory(set(), set()), {1, 2}, {}, 1, memory(set(), set(), 1), id="odd once"),
        pytest.param(memory(set(), set(), 1), {1, 2}, {}, 1, memory(set(), set(), 1, 1), id="odd twice"),
        pytest.param(memory(set(), set(), 1, 1), {1}, {}, 1, memory({1}, set(), 1, 1, 1), id="odd three times"),
        pytest.param(memory(set(), set(), 1, 1, 2), {1, 2}, {1: OFF}, None, memory({1}, {1}, 2), id="odd no more"),
        pytest.param(memory(set(), set(), 1, 1), {2}, {}, None, memory(set(), set()), id="odd, waits no more"),
    ],
)  # fmt: skip
def test_what_a_scan_remembers_of_those_who_wait_still(
    before: Memory, waiting: set[int], looked: dict[int, Seen], odd: int | None, after: Memory
) -> None:
    found = before.after(
        [search(job) for job in waiting],
        [(search(job), seen) for job, seen in looked.items()],
        search(odd) if odd is not None else None,
    )
    assert found == after


def test_a_memory_is_kept_as_the_payload_of_its_job() -> None:
    kept = memory({3, 1}, {1}, 2, 1, 2).kept()
    assert kept == {"looked": [1, 3], "registered": [1], "odd": [1, 2, 2]}
    job = Job(1, "scan", "olt-1", NOW, NOW, notes=kept | {"unread": 1})
    assert Memory.of(job) == memory({1, 3}, {1}, 1, 2, 2)
    assert Memory.of(Job(1, "scan", "olt-1", NOW, NOW)) == Memory()


def test_whom_the_olt_answered_oddly_is_looked_for_last() -> None:
    three = [search(1), search(2, "HWTC00000002"), search(3, "HWTC00000003")]
    wanted = memory(set(), set(), 1).to_look_for(three, frozenset({"HWTC00000003"}))
    assert [one.job_id for one in wanted] == [2, 1]
    again = memory({1, 2}, {2}).to_look_for(three, frozenset())
    assert [one.job_id for one in again] == [3, 2]
