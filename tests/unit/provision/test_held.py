"""A lease as its holder measures it, by a clock of the test's own and a database that answers what the test says."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from worker import lease
from worker.lease import HeldLease, LeaseRule, patiently
from worker.store import leases
from worker.store.db import StoreUnavailable
from worker.store.leases import Lease, StaleLease

MINE = Lease("olt-1", "w1", 7)
RULE = LeaseRule()


@dataclass
class Ticks:
    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Database:
    """Grants what it is asked for, or what `answers` say; each answer takes `takes_s`."""

    ticks: Ticks
    takes_s: float = 0.0
    answers: list[Any] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)

    async def run(self, work: Any, *args: Any) -> Any:
        self.asked.append((work, args))
        self.ticks.at += self.takes_s
        answer = self.answers.pop(0) if self.answers else (True, False)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def lengths(self) -> list[float]:
        return [args[1] for work, args in self.asked if work is lease._renew]


def held(rule: LeaseRule = RULE, **more: Any) -> tuple[HeldLease, Database, Ticks]:
    ticks = Ticks()
    database = Database(ticks, **more)
    store: Any = database
    return HeldLease(store, MINE, rule, ticks.at, ticks), database, ticks


# --------------------------------------------------------------------------------------------------------------- the rule


def test_how_much_is_left_before_it_is_renewed() -> None:
    assert (RULE.look_s, LeaseRule(renew_s=5.0).look_s) == (2.0, 1.0)
    assert RULE.enough_s(10.0, 3.0) == 10.0 + 5.0 + 2.0 + 3.0
    assert RULE.needed_s(40.0, 0.0) == RULE.enough_s(40.0, 0.0) == 47.0
    assert RULE.needed_s(40.1, 0.0) == 40.1 + 5.0 + 15.0, "a line with no room in it"
    assert RULE.needed_s(80.0, 30.0) == RULE.enough_s(80.0, 30.0), "a slow database makes room"


def test_for_how_long_it_is_granted() -> None:
    assert (RULE.length_s(0.0, 0.0), RULE.length_s(40.0, 0.0)) == (60.0, 60.0)
    assert RULE.length_s(41.0, 0.0) == 71.0
    assert RULE.length_s(10.0, 20.0) == 4 * 20.0 + 10.0
    assert RULE.length_s(10.0, 100.0) == 300.0
    assert RULE.length_s(400.0, 100.0) == 430.0


# ------------------------------------------------------------------------------------------------------- what is left of it


def test_what_is_left_is_measured_by_the_holders_clock() -> None:
    mine, _, ticks = held()
    assert mine.left_s == 60.0
    ticks.at += 10.0
    assert mine.left_s == 50.0
    mine.may_send(44.9)
    for timeout_s in (45.0, 60.0):
        with pytest.raises(StaleLease, match="olt-1"):
            mine.may_send(timeout_s)


async def test_a_renewal_counts_from_before_it_was_sent_and_how_long_it_took_is_remembered_for_a_minute() -> (
    None
):
    mine, database, ticks = held(takes_s=3.0)
    await mine.renew()
    assert (database.lengths, mine.left_s, mine.slowest_s) == ([60.0], 57.0, 3.0)
    database.takes_s = 1.0
    ticks.at += 10.0
    await mine.renew()
    assert mine.slowest_s == 3.0
    ticks.at = 1003.0 + 60.0
    assert mine.slowest_s == 3.0
    ticks.at += 0.5
    assert mine.slowest_s == 1.0
    ticks.at += 60.0
    assert mine.slowest_s == 0.0


async def test_who_finds_it_over_does_not_ask() -> None:
    mine, database, ticks = held()
    ticks.at += 60.0
    with pytest.raises(StaleLease, match="olt-1"):
        await mine.renew()
    assert database.asked == []


async def test_one_that_was_lost_is_over_at_once_and_a_person_may_want_it_back() -> None:
    mine, database, _ = held(answers=[(True, True), (False, False)])
    await mine.renew()
    assert mine.wanted_back
    with pytest.raises(StaleLease):
        await mine.renew()
    assert (mine.left_s, mine.wanted_back) == (0.0, False)
    assert database.asked[0][1] == (MINE, 60.0)


async def test_while_the_database_is_asked_it_is_believed_in_for_no_longer_than_before() -> None:
    mine, database, ticks = held(answers=[StoreUnavailable("gone")])
    ticks.at += 10.0
    with pytest.raises(StoreUnavailable):
        await mine.renew()
    assert mine.left_s == 50.0
    database.answers = [StoreUnavailable("gone")]
    mine._until = ticks.at + 500.0
    with pytest.raises(StoreUnavailable):
        await mine.renew()
    assert mine.left_s == 60.0, "it may have been made short"


# -------------------------------------------------------------------------------------------------------------- long lines


async def test_room_is_made_once_for_a_line_that_needs_it_and_given_back() -> None:
    mine, database, _ = held()
    async with mine.room_for(30.0):
        assert database.lengths == []
    async with mine.room_for(100.0):
        assert (database.lengths, mine.left_s) == ([130.0], 130.0)
        async with mine.room_for(100.0):
            assert database.lengths == [130.0]
        assert not mine._longer.is_set()
    assert mine._longer.is_set(), "70 s more than it need last"
    assert mine._sending == []


async def test_room_is_made_where_what_is_left_is_just_what_is_needed() -> None:
    mine, database, ticks = held()
    ticks.at += 60.0 - RULE.needed_s(30.0, 0.0)
    async with mine.room_for(30.0):
        assert database.lengths == [60.0]
    other, asked, ticks = held()
    ticks.at += 60.0 - RULE.needed_s(30.0, 0.0) - 0.1
    async with other.room_for(30.0):
        assert asked.lengths == []
        assert not other._longer.is_set()


async def test_room_is_made_for_the_longest_of_the_lines_on_their_way() -> None:
    mine, database, _ = held()
    async with mine.room_for(100.0):
        mine._until -= 125.0
        async with mine.room_for(10.0):
            assert database.lengths == [130.0, 130.0]


async def test_a_renewal_makes_it_short_again_once_no_long_line_is_on_its_way() -> None:
    mine, database, _ = held()
    async with mine.room_for(100.0):
        await mine.renew()
        assert mine.left_s == 130.0, "it suffices, so it stays as long as it is"
    await mine.renew()
    assert database.lengths == [130.0, 130.0, 60.0]
    async with mine.room_for(100.0):
        mine._until -= 100.0
        await mine.renew()
        assert database.lengths[-1] == 130.0, "it does not suffice"


async def test_what_suffices_depends_on_what_is_on_its_way() -> None:
    mine, _, ticks = held()

    def judged(left_s: float, *sending: float) -> tuple[bool, bool]:
        mine._sending[:] = sending
        mine._until = ticks.at + left_s
        return mine._suffices, mine._too_long

    enough_s, usual_s = RULE.enough_s(10.0, 0.0), 60.0 + RULE.long_extra_s
    assert judged(1.0) == (True, False)
    assert judged(enough_s, 10.0) == (False, False)
    assert judged(enough_s + 0.1, 10.0) == (True, False)
    assert judged(usual_s) == (True, False)
    assert judged(usual_s + 0.1) == (True, True)
    assert judged(usual_s + 0.1, 10.0) == (True, False)


# ------------------------------------------------------------------------------------------------------------------ keeping


async def _kept(
    mine: HeldLease, looks: int, monkeypatch: pytest.MonkeyPatch, each_s: float = 0.0
) -> list[float]:
    """Keep it for so many looks, of which each finds the clock so much later; how long it was waited for each."""
    waited: list[float] = []
    clock: Any = mine.clock

    async def pause(seconds: float) -> None:
        if len(waited) == looks:
            raise StaleLease("enough")
        waited.append(seconds)
        clock.at += each_s

    monkeypatch.setattr(mine, "_pause", pause)
    with pytest.raises(StaleLease):
        await mine.keep()
    return waited


async def test_it_is_renewed_once_less_than_it_need_have_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, database, _ = held()
    assert await _kept(mine, 2, monkeypatch, each_s=7.0) == [2.0, 2.0]
    assert database.lengths == [], "46 s are left of 60"
    mine, database, _ = held()
    await _kept(mine, 2, monkeypatch, each_s=7.5)
    assert database.lengths == [60.0]
    mine, database, ticks = held(takes_s=4.0)
    mine._took.append((ticks.at, 4.0))
    await _kept(mine, 1, monkeypatch, each_s=11.0)
    assert database.lengths == [60.0], "a slow database is asked earlier"


async def test_it_is_made_short_and_long_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, database, ticks = held()
    mine._until = ticks.at + 100.0
    await _kept(mine, 2, monkeypatch)
    assert database.lengths == [60.0]
    mine, database, ticks = held()
    mine._sending.append(100.0)
    mine._until = ticks.at + 107.0
    await _kept(mine, 2, monkeypatch)
    assert database.lengths == [130.0]


async def test_a_database_that_is_away_is_asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    mine, database, _ = held(answers=[StoreUnavailable("gone")])
    await _kept(mine, 2, monkeypatch, each_s=20.0)
    assert (len(database.lengths), slept) == (2, [1.0])


async def test_a_pause_ends_soon_after_a_long_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_SHORTEN_S", 0.02)
    mine, *_ = held()
    loop = asyncio.get_running_loop()
    began = loop.time()
    await mine._pause(0.1)
    assert 0.09 < loop.time() - began < 5.0
    mine._longer.set()
    began = loop.time()
    await mine._pause(30.0)
    assert 0.015 < loop.time() - began < 5.0
    assert not mine._longer.is_set()


async def test_one_that_is_given_up_is_not_used_any_more_whatever_the_database_says() -> None:
    mine, database, _ = held(answers=[StoreUnavailable("gone")])
    await mine.release()
    assert (mine.left_s, database.asked) == (0.0, [(leases.release, (MINE,))])


# -------------------------------------------------------------------------------------------------------------- patience


async def test_a_transaction_is_run_again_while_the_lease_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, database, ticks = held(answers=[StoreUnavailable("1"), StoreUnavailable("2"), "done"])
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)

    def work(_conn: Any, _one: int) -> str:
        return ""

    assert await patiently(mine, work, 5) == "done"
    assert (slept, [asked[1] for asked in database.asked]) == ([0.5, 0.5], [(5,)] * 3)
    database.answers = [StoreUnavailable("3"), "never"]
    ticks.at += 60.0
    with pytest.raises(StoreUnavailable, match="3"):
        await patiently(mine, work, 5)
    database.answers = [StoreUnavailable("4"), "done"]
    ticks.at -= 0.5
    assert await patiently(mine, work, 5) == "done"
