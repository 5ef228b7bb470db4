"""Leases of OLTs and roles, refused logins, probes, and times that lie too far ahead: each condition alone decides."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from schemas.place import PonPort
from tests.support.rows import beside, column, plant, row_of
from tests.support.statements import locking
from tests.unit.correlate.town import NOON, RULES
from worker.bounds import Bounds
from worker.breaker import CLOSED, Breaker
from worker.logins import KEPT
from worker.store import doubt, leases, lengths, logins, mend, probes, roles, room
from worker.store.db import Clock, Context, _after
from worker.store.leases import Due, Lease, StaleLease
from worker.store.schema import action, credential, inventory, job, olt_lease, role_lease
from worker.turns import Turns

MOMENT, MINUTE = timedelta(microseconds=1), timedelta(minutes=1)
SOON, LATER = NOON + MOMENT, NOON + timedelta(hours=1)
MINE = Lease("olt-1", "w1", 7)
HELD_BY_US = {"olt": "olt-1", "holder": "w1", "fence": 7, "expires_at": SOON}


# ------------------------------------------------------------------------------------------------------ how long it lasts

STANDS = [
    # expires at, length, fence of the length, seconds since the jump: stands?
    (SOON, 60.0, 7, 1e12, True),
    (NOON, 60.0, 7, 1e12, False),
    (NOON - MOMENT, 60.0, 7, 59.9, True),
    (NOON, 60.0, 7, 60.0, False),
    (NOON, 60.0, 8, 60.0, True),
    (NOON, 60.0, None, 60.0, True),
    (NOON, None, 7, 60.0, True),
    (NOON, None, 7, 899.9, True),
    (NOON, None, 7, 900.0, False),
    (NOON, 60.0, 8, 900.0, False),
    (None, 60.0, 7, 0.0, False),
    (None, None, None, 0.0, False),
]


@pytest.mark.parametrize(("expires_at", "length_s", "length_fence", "jumped_s", "stands"), STANDS)
def test_a_lease_stands_until_its_end_and_after_a_jump_until_its_length_has_passed(
    conn: Connection,
    expires_at: Any,
    length_s: float | None,
    length_fence: int | None,
    jumped_s: float,
    *,
    stands: bool,
) -> None:
    row = {"fence": 7, "expires_at": expires_at, "length_s": length_s, "length_fence": length_fence}
    assert lengths.stands(SimpleNamespace(**row), NOON, jumped_s) is stands
    plant(conn, olt_lease, {"olt": "olt-1", **row})
    found = select(olt_lease.c.olt).where(lengths.standing(olt_lease, NOON, jumped_s))
    assert list(conn.execute(found).scalars()) == (["olt-1"] if stands else [])


def test_a_lease_that_would_last_longer_than_granted_is_cut_to_its_length_and_counted(
    conn: Connection,
) -> None:
    lasting = {"fence": 7, "length_s": 60.0, "length_fence": 7, "expires_at": NOON + MINUTE + MOMENT}
    plant(
        conn,
        olt_lease,
        *beside(
            lasting | {"olt": "a"},
            {"olt": "b", "expires_at": NOON + MINUTE},
            {"olt": "c", "length_fence": 6},
            {"olt": "d", "length_fence": 6, "expires_at": NOON + timedelta(seconds=901)},
            {"olt": "e", "length_s": None, "expires_at": NOON + timedelta(seconds=901)},
            {"olt": "f", "expires_at": None},
        ),
    )
    assert lengths.cut(conn, olt_lease, NOON, ("b", "d")) == 1
    ends = {row.olt: row.expires_at for row in conn.execute(select(olt_lease))}
    assert ends["a"] == NOON + MINUTE + MOMENT
    assert ends["d"] == NOON + timedelta(seconds=900)
    assert leases.cut(conn, NOON) == 2
    ends = {row.olt: row.expires_at for row in conn.execute(select(olt_lease))}
    assert ends == {
        "a": NOON + MINUTE,
        "b": NOON + MINUTE,
        "c": NOON + MINUTE + MOMENT,
        "d": NOON + timedelta(seconds=900),
        "e": NOON + timedelta(seconds=900),
        "f": None,
    }
    assert _after(conn).corrected == {"olt_lease": 3}
    assert leases.cut(conn, NOON) == 0
    over = SimpleNamespace(fence=7, expires_at=None, length_s=60.0, length_fence=7)
    assert lengths.latest_end(over, NOON) is None


@pytest.mark.parametrize("change", ["fence = 8", "expires_at = NULL"])
def test_a_lease_that_was_granted_anew_meanwhile_is_not_cut(conn: Connection, change: str) -> None:
    far = {"fence": 7, "length_s": 60.0, "length_fence": 7, "expires_at": LATER, "olt": "a"}
    plant(conn, olt_lease, far)

    def first(_conn: Any, cursor: Any, text: str, *_: Any) -> None:
        if text.startswith("UPDATE"):
            cursor.execute(f"UPDATE olt_lease SET {change}")

    event.listen(conn, "before_cursor_execute", first)
    assert leases.cut(conn, NOON) == 0
    assert row_of(conn, olt_lease, "a").expires_at == (LATER if "fence" in change else None)


def test_leases_are_cut_in_one_order_so_that_no_two_wait_for_each_other(conn: Connection) -> None:
    far = {"fence": 7, "length_s": 60.0, "length_fence": 7, "expires_at": LATER}
    plant(conn, olt_lease, *({"olt": one} | far for one in "cab"))
    keys: list[str] = []

    def see(_conn: Any, _cursor: Any, text: str, given: Any, *_: Any) -> None:
        if text.startswith("UPDATE"):
            keys.extend(
                one
                for one in (given.values() if isinstance(given, dict) else given)
                if one in {"a", "b", "c"}
            )

    event.listen(conn, "before_cursor_execute", see)
    assert leases.cut(conn, NOON) == 3
    assert keys == ["a", "b", "c"]


# ------------------------------------------------------------------------------------------------------------- who has it

FREE = [
    ({}, True),
    ({"holder": "w2", "expires_at": SOON}, False),
    ({"holder": "w2", "expires_at": NOON}, True),
    ({"holder": "w2", "expires_at": None}, True),
    ({"holder": None, "expires_at": SOON}, True),
    ({"held": True}, False),
    ({"breaker": "open", "breaker_until": None}, False),
    ({"breaker": "open", "breaker_until": SOON}, False),
    ({"breaker": "open", "breaker_until": NOON}, True),
    ({"breaker": "closed", "breaker_until": SOON}, False),
    ({"breaker": "half_open", "breaker_until": None}, True),
]


@pytest.mark.parametrize(("row", "free"), FREE, ids=str)
def test_an_olt_is_leased_that_is_free_not_held_and_lets_somebody_in(
    conn: Connection, row: dict[str, Any], *, free: bool
) -> None:
    plant(conn, olt_lease, {"olt": "olt-1", "fence": 6} | row, {"olt": "olt-2"})
    plant(conn, job, {}, {"olt": "olt-2", "service_order_id": "B"})
    claimed = leases.claim(conn, "w1", ["olt-1"], 60.0, 3, NOON)
    lease = Lease("olt-1", "w1", 7)
    assert claimed.leased == ((lease,) if free else ())
    if free:
        leases.release(conn, lease)
        taken = leases.take(conn, "olt-1", "w1", 60.0, NOON)
        assert taken == Lease("olt-1", "w1", 8)
    else:
        assert leases.take(conn, "olt-1", "w1", 60.0, NOON) is None
    assert row_of(conn, olt_lease, "olt-2").holder is None


def test_one_olt_is_taken_with_or_without_due_jobs_and_its_row_is_locked(conn: Connection) -> None:
    breaker = {
        "breaker": "open",
        "failures": 4,
        "breaker_until": NOON,
        "breaker_code": "olt_unreachable",
        "breaker_text": "x",
        "silent": True,
        "probed": True,
        "session_open": True,
    }
    plant(conn, olt_lease, {"olt": "olt-1", "fence": 6} | breaker)
    with locking(conn) as locked:
        assert leases.take(conn, "olt-1", "w1", 60.0, NOON) == MINE
    assert locked == ["olt_lease"]
    row = row_of(conn, olt_lease, "olt-1")._asdict()
    told = {
        "holder": "w1",
        "fence": 7,
        "expires_at": NOON + MINUTE,
        "length_s": 60.0,
        "length_fence": 7,
        "session_open": False,
        "updated_at": NOON,
        "breaker": "half_open",
        "failures": 4,
        "breaker_until": NOON,
        "breaker_code": "olt_unreachable",
        "breaker_text": "x",
        "silent": True,
        "probed": True,
    }
    assert {name: row[name] for name in told} == told


def test_a_lease_that_its_clock_has_left_far_ahead_is_cut_by_who_asks_for_that_olt(conn: Connection) -> None:
    far = {"holder": "w2", "fence": 6, "expires_at": LATER, "length_s": 60.0, "length_fence": 6}
    plant(conn, olt_lease, {"olt": "olt-1"} | far, {"olt": "olt-2"} | far)
    assert leases.take(conn, "olt-1", "w1", 60.0, NOON) is None
    assert column(conn, olt_lease, "expires_at") == [NOON + MINUTE, LATER]


def test_due_jobs_alone_have_an_olt_leased_and_their_holder_woken(conn: Connection) -> None:
    olts = [f"olt-{number}" for number in range(6)]
    plant(conn, olt_lease, *({"olt": one} for one in olts))
    plant(
        conn,
        job,
        {"olt": "olt-0", "due_at": NOON},
        {"olt": "olt-1", "due_at": SOON},
        {"olt": "olt-2", "live": False},
        {"olt": "olt-4", "service_order_id": "A", "priority": 9},
    )
    with locking(conn) as locked:
        claimed = leases.claim(conn, "w1", [*olts[:4], "unknown"], 60.0, 5, NOON)
    assert [lease.olt for lease in claimed.leased] == ["olt-0"]
    assert set(locked) == {"olt_lease due_at id skip locked"}
    assert claimed.mine == frozenset()
    again = leases.claim(conn, "w1", olts, 60.0, 0, NOON)
    assert again == Due((), frozenset({"olt-0"}), frozenset(), again.turns)


MINE_BESIDE = ({"olt": "b", "holder": "w2"}, {"olt": "c", "expires_at": NOON}, {"olt": "d", "holder": None})


def test_a_holder_hears_of_due_work_and_of_people_on_olts_it_has(conn: Connection) -> None:
    plant(
        conn,
        olt_lease,
        *beside(HELD_BY_US | {"olt": "a", "held": True}, *MINE_BESIDE, {"olt": "e", "held": False}),
    )
    plant(conn, job, *({"olt": one} for one in "abcd"), {"olt": "e", "due_at": SOON})
    due = leases.claim(conn, "w1", [], 60.0, 5, NOON)
    assert due.mine == due.wanted_back == {"a"}


def test_a_claim_counts_its_turns_and_takes_the_one_that_has_been_due_for_longest_in_its_turn(
    conn: Connection,
) -> None:
    plant(conn, olt_lease, *({"olt": one} for one in "abc"))
    plant(
        conn,
        job,
        {"olt": "a", "priority": 9, "due_at": NOON - MINUTE},
        {"olt": "b", "priority": 1, "due_at": NOON - 3 * MINUTE},
        {"olt": "c", "priority": 5, "due_at": NOON - 2 * MINUTE},
    )
    due = leases.claim(conn, "w1", "abc", 60.0, 2, NOON, Turns(7, 4))
    assert [lease.olt for lease in due.leased] == ["b", "a"]
    assert due.turns == Turns(1, 4)


def test_a_repeated_look_that_is_leased_makes_the_next_ones_wait(conn: Connection) -> None:
    plant(conn, olt_lease, *({"olt": one} for one in "abc"))
    look = {"kind": "scan", "priority": 5}
    plant(conn, job, look | {"olt": "a"}, look | {"olt": "b"}, {"olt": "c", "priority": 1})
    due = leases.claim(conn, "w1", "abc", 60.0, 3, NOON, Turns(0, 4))
    assert [lease.olt for lease in due.leased] == ["a", "c", "b"]
    assert due.turns == Turns(3, 0)


LOST = [{"olt": "olt-2"}, {"holder": "w2"}, {"fence": 8}, {"expires_at": NOON}]


@pytest.mark.parametrize("change", LOST, ids=lambda one: str([*one]))
def test_who_has_lost_its_lease_writes_nothing(conn: Connection, change: dict[str, Any]) -> None:
    plant(conn, olt_lease, HELD_BY_US | change)
    for write in (
        lambda: leases.guard(conn, MINE, NOON),
        lambda: leases.connected(conn, MINE, NOON),
        lambda: leases.set_breaker(conn, MINE, CLOSED, NOON),
    ):
        with pytest.raises(StaleLease, match="olt-1"):
            write()
    before = conn.execute(select(olt_lease)).one()
    assert leases.renew(conn, MINE, 60.0, NOON) is False
    if "expires_at" not in change:
        leases.release(conn, MINE)
    assert conn.execute(select(olt_lease)).one() == before


def test_who_has_its_lease_renews_it_counts_in_it_and_gives_it_up(conn: Connection) -> None:
    plant(conn, olt_lease, HELD_BY_US | {"since_longest_due": 3, "since_look": 2, "session_open": True})
    plant(conn, olt_lease, HELD_BY_US | {"olt": "olt-2"})
    with locking(conn) as locked:
        assert leases.guard(conn, MINE, NOON) == Turns(3, 2)
    assert locked == ["olt_lease"]
    leases.count(conn, MINE, Turns(5, 1))
    assert leases.renew(conn, MINE, 90.0, NOON) is True
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.since_longest_due, row.since_look) == (5, 1)
    assert (row.expires_at, row.length_s, row.length_fence) == (NOON + timedelta(seconds=90), 90.0, 7)
    assert not leases.held(conn, MINE)
    leases.release(conn, MINE)
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.holder, row.expires_at, row.session_open, row.fence) == (None, None, False, 7)
    assert _after(conn).channels == {"jobs"}
    other = row_of(conn, olt_lease, "olt-2")
    assert (other.holder, other.expires_at, other.since_longest_due) == ("w1", SOON, None)


def test_the_leases_of_workers_end_at_once_and_those_of_commands_do_not(conn: Connection) -> None:
    stands = HELD_BY_US | {"session_open": True}
    plant(
        conn,
        olt_lease,
        *beside(
            stands,
            {"olt": "b", "holder": "plan-ana"},
            {"olt": "c", "holder": "xplan-"},
            {"olt": "d", "holder": None},
        ),
    )
    assert leases.end_workers(conn) == 2
    rows = {
        row.olt: (row.holder, row.expires_at, row.fence, row.session_open)
        for row in conn.execute(select(olt_lease))
    }
    assert rows == {
        "olt-1": (None, None, 8, False),
        "b": ("plan-ana", SOON, 7, True),
        "c": (None, None, 8, False),
        "d": (None, SOON, 7, True),
    }


# -------------------------------------------------------------------------------------------------- session and breaker


def test_a_session_closes_the_breaker_and_a_failure_is_kept_as_it_was_judged(conn: Connection) -> None:
    plant(conn, olt_lease, HELD_BY_US | {"breaker": "half_open", "failures": 3, "breaker_code": "x"})
    plant(conn, olt_lease, HELD_BY_US | {"olt": "olt-2"})
    leases.connected(conn, MINE, NOON)
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.session_open, row.last_ok_at, row.updated_at) == (True, NOON, NOON)
    assert leases.breaker_of(conn, "olt-1") == CLOSED
    made = Breaker("open", 4, LATER, "olt_unreachable", "x", silent=True, probed=False)
    leases.set_breaker(conn, MINE, made, NOON + MOMENT - MOMENT)
    assert leases.breaker_of(conn, "olt-1") == made
    made = Breaker("open", 4, LATER, "olt_unreachable", "x", silent=False, probed=True)
    leases.set_breaker(conn, MINE, made, NOON)
    assert leases.breaker_of(conn, "olt-1") == made
    assert leases.breaker_of(conn, "olt-2") == leases.breaker_of(conn, "nobody") == CLOSED
    assert row_of(conn, olt_lease, "olt-2").last_ok_at is None


def test_rows_that_could_not_be_read_are_kept_at_their_olt_the_first_ten(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"}, {"olt": "olt-2"})
    leases.tell_left_out(conn, "olt-1", [], NOON)
    assert row_of(conn, olt_lease, "olt-1").left_out is None
    leases.tell_left_out(conn, "olt-1", [str(number) for number in range(11)], NOON)
    assert row_of(conn, olt_lease, "olt-1").left_out == {
        "at": "2026-03-02T12:00:00+00:00",
        "count": 11,
        "rows": [str(number) for number in range(10)],
    }
    assert row_of(conn, olt_lease, "olt-2").left_out is None


PORT, OTHER = PonPort.model_validate("0/1/0"), PonPort.model_validate("0/1/7")


def test_the_room_of_an_olt_is_kept_by_port_for_thirty_days(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"}, {"olt": "olt-2"})
    room.tell(conn, "olt-1", {}, NOON)
    assert row_of(conn, olt_lease, "olt-1").room is None
    room.tell(conn, "olt-1", {PORT: 3, OTHER: 9}, NOON)
    later = NOON + timedelta(days=30)
    room.tell(conn, "olt-1", {OTHER: 8}, later)
    at, then = "2026-03-02T12:00:00+00:00", "2026-04-01T12:00:00+00:00"
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.room, row.room_at) == (
        {
            "onus_free_least": 3,
            "ports": {"0/1/0": {"onus_free": 3, "at": at}, "0/1/7": {"onus_free": 8, "at": then}},
        },
        later,
    )
    assert room.told(row.room, {OTHER: 7}, later + timedelta(seconds=1)) == {
        "onus_free_least": 7,
        "ports": {"0/1/7": {"onus_free": 7, "at": "2026-04-01T12:00:01+00:00"}},
    }
    assert row_of(conn, olt_lease, "olt-2").room is None


# -------------------------------------------------------------------------------------------- inventory, and what people do


def test_the_platform_of_an_olt_changes_only_while_no_order_is_at_work_there(conn: Connection) -> None:
    plant(conn, olt_lease, *({"olt": one, "platform": "p"} for one in "abcd"), {"olt": "e", "platform": None})
    plant(
        conn,
        job,
        {"olt": "a"},
        {"olt": "b", "live": False},
        {"olt": "c", "kind": "scan"},
        {"olt": "d", "kind": "deprovision"},
        {"olt": "e"},
    )
    later = NOON + MINUTE
    assert leases.register(conn, dict.fromkeys("dcbaef", "q"), later) == ("a", "d")
    known = {row.olt: row.platform for row in conn.execute(select(olt_lease))}
    assert known == {"a": "p", "b": "q", "c": "q", "d": "p", "e": "q", "f": "q"}
    assert row_of(conn, olt_lease, "f").updated_at == later
    assert leases.register(conn, {"a": "p"}, NOON) == ()


def test_what_a_person_does_with_an_olt_is_done_and_noted(conn: Connection) -> None:
    opened = {"breaker": "open", "breaker_code": "olt_login_refused", "failures": 3, "silent": True}
    plant(conn, olt_lease, {"olt": "olt-1"} | opened, {"olt": "olt-2"} | opened)
    assert leases.hold(conn, "olt-1", "ana", "obra", NOON)
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.held, row.held_by, row.held_reason, row.updated_at) == (True, "ana", "obra", NOON)
    assert leases.held(conn, MINE)
    assert _after(conn).channels == {"jobs"}
    assert leases.reset_breaker(conn, "olt-1", "bia", "senha certa", NOON)
    assert leases.breaker_of(conn, "olt-1") == CLOSED
    assert leases.end_hold(conn, "olt-1", "caio", "pronto", LATER)
    row = row_of(conn, olt_lease, "olt-1")
    assert (row.held, row.held_by, row.held_reason, row.updated_at) == (False, None, None, LATER)
    other = row_of(conn, olt_lease, "olt-2")
    assert (other.held, other.breaker, other.updated_at) == (False, "open", None)
    deeds = [(row.at, row.who, row.what, row.target, row.why) for row in conn.execute(select(action))]
    assert deeds == [
        (NOON, "ana", "olt hold", "olt-1", "obra"),
        (NOON, "bia", "olt reset-breaker", "olt-1", "senha certa"),
        (LATER, "caio", "olt release", "olt-1", "pronto"),
    ]
    _after(conn).channels.clear()
    assert not leases.hold(conn, "nobody", "ana", "obra", NOON)
    assert not leases.end_hold(conn, "nobody", "ana", "obra", NOON)
    assert not leases.reset_breaker(conn, "nobody", "ana", "obra", NOON)
    assert len(conn.execute(select(action)).all()) == 3
    assert _after(conn).channels == set()


def test_people_see_each_olt_with_its_queue(conn: Connection) -> None:
    row = {
        "holder": "w1",
        "expires_at": SOON,
        "session_open": True,
        "held": True,
        "held_by": "ana",
        "held_reason": "obra",
        "last_ok_at": NOON,
        "left_out": {"count": 1},
        "breaker": "open",
        "failures": 2,
    }
    plant(
        conn,
        olt_lease,
        {"olt": "b"} | row,
        {"olt": "a"} | row | {"held": False},
        {"olt": "c", "platform": None},
    )
    plant(
        conn,
        job,
        {"olt": "b", "service_order_id": "A"},
        {"olt": "b", "service_order_id": "B"},
        {"olt": "b", "kind": "scan"},
        {"olt": "b", "kind": "save", "live": False},
    )
    a, b, c = leases.overview(conn)
    assert b == leases.OltState(
        "b", "huawei_smartax", "w1", SOON, True, "ana", "obra", Breaker("open", 2), NOON,
        {"provision": 2, "scan": 1}, {"count": 1},
    )  # fmt: skip
    assert (a.olt, a.held_by, a.held_reason, a.queue) == ("a", None, None, {})
    assert (c.olt, c.platform, c.session_open) == ("c", None, False)
    assert [one.olt for one in leases.overview(conn, ["c", "b"])] == ["b", "c"]


# ------------------------------------------------------------------------------------------------------------------ roles


def test_a_role_is_one_workers_until_its_lease_is_over(conn: Connection) -> None:
    with locking(conn) as locked:
        assert roles.take(conn, "publisher", "w1", 60.0) == 1
    assert locked == ["role_lease"]
    row = row_of(conn, role_lease, "publisher")
    assert (row.holder, row.expires_at, row.length_s, row.length_fence) == ("w1", NOON + MINUTE, 60.0, 1)
    assert roles.take(conn, "sweeper", "w2", 60.0) == 1
    assert roles.take(conn, "publisher", "w1", 90.0) == 1
    assert row_of(conn, role_lease, "publisher").expires_at == NOON + timedelta(seconds=90)
    assert roles.take(conn, "publisher", "w2", 60.0) is None
    roles.release(conn, "publisher", "w2")
    assert roles.take(conn, "publisher", "w2", 60.0) is None
    roles.release(conn, "publisher", "w1")
    row = row_of(conn, role_lease, "publisher")
    assert (row.holder, row.expires_at) == (None, None)
    assert roles.take(conn, "publisher", "w2", 60.0) == 2
    assert row_of(conn, role_lease, "sweeper").holder == "w2"
    conn.execute(role_lease.update().values(expires_at=NOON))
    assert roles.take(conn, "publisher", "w1", 60.0) == 3
    assert roles.take(conn, "sweeper", "w2", 60.0) == 2, "its own, too, is anew once it was over"


def test_a_role_that_would_last_too_long_is_cut_by_who_asks_for_it(conn: Connection) -> None:
    far = {"holder": "w1", "fence": 1, "expires_at": LATER, "length_s": 60.0, "length_fence": 1}
    plant(conn, role_lease, {"role": "publisher"} | far, {"role": "sweeper"} | far)
    assert roles.take(conn, "publisher", "w2", 60.0) is None
    assert column(conn, role_lease, "expires_at") == [NOON + MINUTE, LATER]


def test_the_roles_of_workers_of_which_none_lives_end(conn: Connection) -> None:
    plant(
        conn,
        role_lease,
        {"role": "publisher", "holder": "w1", "fence": 3, "expires_at": LATER},
        {"role": "sweeper", "fence": 3},
    )
    assert roles.end_all(conn) == 1
    rows = [
        (row.role, row.holder, row.expires_at, row.fence)
        for row in conn.execute(select(role_lease).order_by(role_lease.c.role))
    ]
    assert rows == [("publisher", None, None, 4), ("sweeper", None, None, 3)]


# ----------------------------------------------------------------------------------------------------- refused logins

REFUSED: dict[str, Any] = {
    "breaker": "open",
    "breaker_code": "olt_login_refused",
    "breaker_until": None,
    "refused_credential": "d1",
    "refused_at": NOON - MINUTE,
}
NOT_REFUSED: list[dict[str, Any]] = [
    {"breaker": "half_open"},
    {"breaker_code": "olt_host_key_changed"},
    {"breaker_until": LATER},
    {"refused_credential": None},
    {"platform": None},
]


def _credential(conn: Connection, **more: Any) -> None:
    plant(conn, credential, {"digest": "d1", "accepted_at": NOON - 9 * MINUTE} | more)


def test_a_credential_is_retried_where_it_was_refused_first_and_where_orders_wait(conn: Connection) -> None:
    _credential(conn)
    plant(
        conn, olt_lease, *({"olt": f"not-{number}"} | REFUSED | one for number, one in enumerate(NOT_REFUSED))
    )
    olts = [f"not-{number}" for number in range(len(NOT_REFUSED))]
    plant(
        conn,
        olt_lease,
        *beside(
            REFUSED | {"olt": "d"},
            {"olt": "c", "held": True, "refused_at": NOON - 3 * MINUTE},
            {"olt": "b", "refused_at": NOON - 3 * MINUTE},
            {"olt": "a", "refused_credential": "d9"},
        ),
    )
    plant(conn, job, *({"olt": one} for one in [*olts, *"acd"]))
    with locking(conn) as locked:
        assert logins.try_again(conn, 2) == ("d",)
    assert locked == ["olt_lease olt skip locked", "credential digest"]
    assert _after(conn).channels == {"jobs"}
    row = row_of(conn, olt_lease, "d")
    assert (row.breaker_until, row.freed_at) == (NOON, None)
    assert row_of(conn, credential, "d1").retried == [NOON.isoformat()]
    assert [row_of(conn, olt_lease, one).breaker_until for one in "abc"] == [None] * 3
    _after(conn).channels.clear()
    assert logins.try_again(conn, 2) == ()
    assert _after(conn).channels == set()


def test_when_a_refused_login_is_tried_again_is_known_of_those_that_wait_for_it(conn: Connection) -> None:
    _credential(conn, retried=[(NOON - MINUTE).isoformat()])
    plant(
        conn, olt_lease, *({"olt": f"not-{number}"} | REFUSED | one for number, one in enumerate(NOT_REFUSED))
    )
    plant(
        conn,
        olt_lease,
        *beside(REFUSED | {"olt": "a"}, {"olt": "b", "held": True}, {"olt": "c", "refused_credential": "d9"}),
    )
    again = NOON - MINUTE + timedelta(seconds=900)
    assert logins.next_tries(conn, 2) == {"a": again, "b": again}
    assert logins.next_tries(conn, 0) == {}


def test_who_was_refused_before_a_login_elsewhere_is_let_in_once_uncounted(conn: Connection) -> None:
    _credential(conn, accepted_at=NOON)
    plant(conn, credential, {"digest": "d2", "accepted_at": NOON - 9 * MINUTE})
    plant(
        conn,
        olt_lease,
        *beside(
            REFUSED | {"olt": "b"},
            {"olt": "a"},
            {"olt": "c", "freed_at": NOON - MINUTE},
            {"olt": "d", "refused_credential": "d2"},
        ),
    )
    assert logins.try_again(conn, 2) == ("a", "b")
    assert [row_of(conn, olt_lease, one).freed_at for one in "abc"] == [NOON, NOON, NOON - MINUTE]
    assert column(conn, credential, "retried") == [None, None]


def test_retries_are_kept_as_far_as_they_count(conn: Connection) -> None:
    old, counts = NOON - timedelta(hours=24), NOON - timedelta(hours=23)
    _credential(conn, retried=[old.isoformat(), counts.isoformat()])
    plant(conn, credential, {"digest": "d0", "accepted_at": NOON - 9 * MINUTE})
    plant(conn, olt_lease, {"olt": "a"} | REFUSED)
    plant(conn, job, {"olt": "a"})
    assert logins.try_again(conn, 0) == ()
    assert logins.try_again(conn, 1) == ()
    assert logins.try_again(conn, 2) == ("a",)
    assert column(conn, credential, "retried") == [None, [counts.isoformat(), NOON.isoformat()]]


def test_a_login_and_a_refusal_are_kept(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "a"}, {"olt": "b"})
    logins.accepted(conn, "d1", NOON)
    logins.accepted(conn, "d2", NOON)
    logins.accepted(conn, "d1", LATER)
    assert column(conn, credential, "accepted_at") == [LATER, NOON]
    logins.refused(conn, "a", "d1", NOON)
    row, other = row_of(conn, olt_lease, "a"), row_of(conn, olt_lease, "b")
    assert (row.refused_credential, row.refused_at) == ("d1", NOON)
    assert (other.refused_credential, other.refused_at) == (None, None)


def test_credentials_leave_that_nobody_accepted_for_long_and_no_olt_waits_for(conn: Connection) -> None:
    old = NOON - KEPT
    plant(
        conn, credential, *({"digest": f"young-{number}", "accepted_at": old + MOMENT} for number in range(3))
    )
    for name in ("awaited", "c1", "c2", "c3", "c4", "c5"):
        plant(conn, credential, {"digest": name, "accepted_at": old})
    plant(conn, olt_lease, {"olt": "a"} | REFUSED | {"refused_credential": "awaited"})
    for number, one in enumerate(NOT_REFUSED):
        plant(
            conn, olt_lease, {"olt": f"n{number}"} | REFUSED | {"refused_credential": f"c{number + 1}"} | one
        )
    assert logins.forget_unused(conn, NOON, 2) == 2
    assert logins.forget_unused(conn, NOON) == 3
    assert logins.forget_unused(conn, NOON) == 0
    assert column(conn, credential, "digest") == ["awaited", "young-0", "young-1", "young-2"]


# ----------------------------------------------------------------------------------------------------------------- probes

SILENT: dict[str, Any] = {
    "breaker": "open",
    "breaker_until": SOON,
    "breaker_code": "olt_unreachable",
    "silent": True,
    "probed": None,
    "probed_at": None,
}
PROBED = [
    ({}, True),
    ({"probed": False}, True),
    ({"probed": True}, False),
    ({"silent": False}, False),
    ({"silent": None}, False),
    ({"breaker": "closed"}, False),
    ({"breaker_until": NOON}, False),
    ({"breaker_until": None}, False),
    ({"breaker_code": "olt_busy"}, False),
    ({"held": True}, False),
    ({"probed_at": NOON - timedelta(seconds=5)}, True),
    ({"probed_at": NOON - timedelta(seconds=5) + MOMENT}, False),
    ({"probed_at": NOON + timedelta(seconds=5)}, False),
    ({"probed_at": NOON + timedelta(seconds=5) + MOMENT}, True),
]


@pytest.mark.parametrize(("row", "probed"), PROBED, ids=str)
def test_an_olt_is_probed_that_took_no_connection_is_awaited_and_was_not_probed_lately(
    conn: Connection, row: dict[str, Any], *, probed: bool
) -> None:
    plant(conn, olt_lease, {"olt": "a"} | SILENT | row, {"olt": "b"} | SILENT, {"olt": "c"} | SILENT)
    plant(conn, job, {"olt": "a"}, {"olt": "b", "due_at": SOON}, {"olt": "c"})
    assert probes.wanted(conn, ["a", "b"]) is probed
    with locking(conn) as locked:
        assert probes.claim(conn, ["a", "b"], 9) == (("a",) if probed else ())
    assert locked == ["olt_lease olt skip locked"]
    assert row_of(conn, olt_lease, "b").probed_at is None
    if probed:
        assert row_of(conn, olt_lease, "a").probed_at == NOON
        assert not probes.wanted(conn, ["a", "b"])


def test_those_are_probed_first_that_waited_longest(conn: Connection) -> None:
    olts = {"a": NOON - timedelta(seconds=6), "b": NOON - timedelta(seconds=7), "d": None, "c": None}
    plant(conn, olt_lease, *({"olt": one} | SILENT | {"probed_at": at} for one, at in olts.items()))
    plant(conn, job, *({"olt": one} for one in olts))
    assert probes.claim(conn, "abcd", 3) == ("c", "d", "b")
    assert row_of(conn, olt_lease, "a").probed_at == NOON - timedelta(seconds=6)


def test_who_answers_is_let_in_once_in_an_outage(conn: Connection) -> None:
    plant(conn, olt_lease, *beside(SILENT | {"olt": "a"}, {"olt": "b"}, {"olt": "c", "probed": True}))
    probes.answered(conn, ["c"])
    assert _after(conn).channels == set()
    probes.answered(conn, ["a", "c"])
    assert _after(conn).channels == {"jobs"}
    rows = {row.olt: (row.breaker_until, row.probed) for row in conn.execute(select(olt_lease))}
    assert rows == {"a": (NOON, True), "b": (SOON, None), "c": (SOON, True)}


# ----------------------------------------------------------------------------------------------------- times too far ahead

BOUNDS = Bounds({"provision": 60.0, "save": 120.0}, breaker_s=600.0)


def test_a_job_that_is_due_further_ahead_than_its_kind_can_be_is_due_now(conn: Connection) -> None:
    plant(conn, olt_lease, {"olt": "olt-1"})
    far = {"due_at": NOON + MINUTE + MOMENT, "service_order_id": "A"}
    found, *others = plant(
        conn,
        job,
        *beside(
            far,
            {"due_at": NOON + MINUTE, "service_order_id": "B"},
            {"kind": "save"},
            {"kind": "scan"},
            {"live": False},
            {"olt": "unknown"},
        ),
    )
    [save] = plant(conn, job, {"kind": "save", "due_at": NOON + 2 * MINUTE + MOMENT})
    assert mend.far_jobs(conn, BOUNDS) == [found, save]
    before = [row_of(conn, job, one).due_at for one in others]
    mend.mend(conn, BOUNDS, [found, others[0], others[3], *others[1:3]])
    row = row_of(conn, job, found)
    assert (row.due_at, row.updated_at) == (NOON, NOON)
    assert [row_of(conn, job, one).due_at for one in others] == before
    assert row_of(conn, job, save).due_at == NOON + 2 * MINUTE + MOMENT
    assert _after(conn).corrected == {"job": 1}
    assert _after(conn).channels == {"jobs"}


def test_no_more_jobs_are_mended_at_once_than_that(conn: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mend, "JOBS_MAX", 1)
    plant(conn, olt_lease, {"olt": "olt-1"})
    plant(conn, job, *({"service_order_id": one, "due_at": LATER} for one in "AB"))
    assert len(mend.far_jobs(conn, BOUNDS)) == 1


def test_a_breaker_and_an_inventory_that_lie_too_far_ahead_are_of_now(conn: Connection) -> None:
    ten = timedelta(seconds=600)
    plant(
        conn,
        olt_lease,
        {"olt": "a", "breaker_until": NOON + ten + MOMENT},
        {"olt": "b", "breaker_until": NOON + ten},
    )
    plant(conn, inventory, {"digest": "a", "seen_at": SOON}, {"digest": "b", "seen_at": NOON - MINUTE})
    mend.mend(conn, BOUNDS, [])
    assert column(conn, olt_lease, "breaker_until") == [NOON, NOON + ten]
    assert column(conn, inventory, "seen_at") == [NOON, NOON - MINUTE]
    assert _after(conn).corrected == {"breaker": 1, "inventory": 1}
    assert _after(conn).channels == set()


def test_what_jobs_may_still_take_is_cut_to_what_they_were_given(conn: Connection) -> None:
    given = {"provision": RULES.provision_deadline, "deprovision": RULES.deprovision_deadline}
    for kind, longest in given.items():
        late = {"kind": kind, "deadline_at": NOON + longest + MOMENT, "service_order_id": "A"}
        plant(
            conn,
            job,
            *beside(late, {"service_order_id": "B", "deadline_at": NOON + longest}, {"live": False}),
        )
    plant(conn, job, {"kind": "plan", "deadline_at": NOON + timedelta(days=99)})
    mend.cut_deadlines(conn)
    ends = column(conn, job, "deadline_at")
    expected = [end for one in given.values() for end in (NOON + one, NOON + one, NOON + one + MOMENT)]
    assert ends == [*expected, NOON + timedelta(days=99)]
    assert _after(conn).corrected == {"deadline": 2}


# -------------------------------------------------------------------------------------------------- a clock in doubt


class Doubted(Clock):
    """A clock that shows an hour more than is believed, since noon, until it is accepted."""

    accepted = False

    def accept(self) -> None:
        self.accepted = True

    @property
    def in_doubt(self) -> timedelta:
        return timedelta() if self.accepted else timedelta(hours=1)

    @property
    def doubted_from(self) -> Any:
        return NOON


@pytest.fixture
def doubted(conn: Connection) -> Connection:
    conn.execution_options(acende=Context(clock=Doubted(stopped=NOON), rules=RULES))
    return conn


def test_no_refused_login_is_tried_again_while_the_clock_is_in_doubt(doubted: Connection) -> None:
    _credential(doubted)
    plant(doubted, olt_lease, {"olt": "a"} | REFUSED)
    plant(doubted, job, {"olt": "a"})
    assert logins.try_again(doubted, 2) == ()


def test_with_no_retries_nobody_is_asked_for_any(conn: Connection) -> None:
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    assert logins.try_again(conn, 0) == ()
    assert said == []


@pytest.mark.parametrize(
    ("row", "accepted"),
    [
        ({"at": NOON}, True),
        ({"at": NOON - MOMENT}, False),
        ({"at": LATER, "what": "x"}, False),
        ({"at": LATER, "target": "x"}, False),
        (None, False),
    ],
)
def test_a_clock_in_doubt_is_believed_once_a_person_has_accepted_it_since(
    doubted: Connection, row: dict[str, Any] | None, *, accepted: bool
) -> None:
    if row:
        plant(doubted, action, {"target": "clock", "what": "clock accept", "at": NOON - MINUTE})
        plant(doubted, action, {"target": "clock", "what": "clock accept"} | row)
    assert doubt.ahead(doubted) == (timedelta() if accepted else timedelta(hours=1))
    patient = RULES if accepted else RULES.patient(timedelta(hours=1))
    assert doubt.rules(doubted) == patient


def test_nobody_asks_whether_a_clock_was_accepted_that_is_believed(conn: Connection) -> None:
    said: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda _conn, _cursor, text, *_: said.append(text))
    assert doubt.ahead(conn) == timedelta()
    assert said == []


def test_who_accepts_the_clock_is_noted_with_why(conn: Connection) -> None:
    assert doubt.accept(conn, "ana", "certo") == NOON
    [row] = conn.execute(select(action)).all()
    assert (row.at, row.who, row.what, row.target, row.why) == (NOON, "ana", "clock accept", "clock", "certo")


def test_a_worker_that_asks_for_a_role_learns_that_the_clock_was_accepted(doubted: Connection) -> None:
    plant(doubted, action, {"target": "clock", "what": "clock accept", "at": NOON})
    roles.take(doubted, "publisher", "w1", 60.0)
    clock = doubted.get_execution_options()["acende"].clock
    assert clock.accepted
