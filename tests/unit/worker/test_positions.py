"""Positions: what may be committed is what is kept without a gap; the rest is handed out again."""

from __future__ import annotations

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from worker.positions import Positions

ONE, TWO = TopicPartition("t", 0), TopicPartition("t", 1)


def positions(**kept: list[int]) -> Positions:
    """Offsets 3, 4, 7 and 8 of one partition and 5 of another are out; 5 and 6 of the first are none of ours."""
    made = Positions()
    made.hand(ONE, [3, 4, 7, 8])
    made.hand(TWO, [5])
    made.keep(ONE, kept.get("one", []))
    made.keep(TWO, kept.get("two", []))
    return made


def test_nothing_kept_is_nothing_to_commit() -> None:
    assert positions().ends() == {}
    assert positions().missing() == {ONE: 3, TWO: 5}


def test_all_kept_is_committed_after_the_last() -> None:
    made = positions(one=[8, 7, 4, 3], two=[5])
    assert made.ends() == {ONE: 9, TWO: 6}
    assert made.missing() == {}


def test_a_gap_holds_the_offset_though_later_ones_are_kept() -> None:
    made = positions(one=[3, 7, 8])
    assert made.ends() == {ONE: 4}
    assert made.missing() == {ONE: 4, TWO: 5}


def test_what_is_not_out_counts_for_nothing() -> None:
    made = positions(one=[1, 2, 5, 9])
    made.keep(TopicPartition("other", 0), [1])
    assert made.ends() == {}


def test_what_is_forgotten_is_not_out() -> None:
    made = positions(two=[5])
    made.forget(ONE)
    made.forget(ONE)
    assert (made.ends(), made.missing()) == ({TWO: 6}, {})
    made.clear()
    assert (made.ends(), made.missing()) == ({}, {})


def test_a_batch_handed_out_again_is_not_kept_by_what_was_kept_before() -> None:
    made = positions(one=[3, 4, 7, 8])
    made.hand(ONE, [3, 4])
    assert made.missing() == {ONE: 3, TWO: 5}


@given(st.lists(st.integers(0, 60), unique=True, min_size=1).map(sorted), st.sets(st.integers(0, 60)))
def test_whatever_is_kept_no_record_before_the_end_is_missing(offsets: list[int], kept: set[int]) -> None:
    made = Positions()
    made.hand(ONE, offsets)
    made.keep(ONE, kept)
    lacking = [offset for offset in offsets if offset not in kept]
    assert made.missing().get(ONE) == (lacking[0] if lacking else None)
    before = [offset for offset in offsets if not lacking or offset < lacking[0]]
    assert made.ends().get(ONE) == (before[-1] + 1 if before else None)
