"""For how long a lease is granted, and when it is renewed: by what the next line needs and by how slow the database is."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from worker.lease import LONGEST_S, LeaseRule

RULE = LeaseRule()


@pytest.mark.parametrize(
    ("timeout_s", "slowest_s", "length_s"),
    [
        (0, 0, 60),
        (30, 0.1, 60),
        (40, 0, 60),
        (41, 0, 71),
        (60, 0.5, 90),
        (150, 0.5, 180),
        (30, 10, 70),
        (60, 5, 80),
        (60, 20, 140),
        (150, 50, 300),
        (60, 70, 300),
        (280, 100, 300),
        (281, 100, 311),
        (600, 0, 630),
    ],
)
def test_it_is_the_larger_of_the_setting_and_four_renewals_and_the_next_line(
    timeout_s: float, slowest_s: float, length_s: float
) -> None:
    assert RULE.length_s(timeout_s, slowest_s) == length_s


@given(st.floats(0, 600), st.floats(0, 300))
def test_only_a_line_without_room_makes_it_longer_than_300_s(timeout_s: float, slowest_s: float) -> None:
    length_s = RULE.length_s(timeout_s, slowest_s)
    assert length_s >= RULE.lease_s
    assert length_s <= 300 or length_s == timeout_s + RULE.long_extra_s


@example(274.0, 10.0)
@given(st.floats(0.1, 600), st.floats(0, 10))
def test_after_a_renewal_the_line_may_be_sent_and_short_of_the_limit_the_next_one_needs_no_renewal_at_once(
    timeout_s: float, slowest_s: float
) -> None:
    length_s = RULE.length_s(timeout_s, slowest_s)
    left_s = length_s - slowest_s
    assert left_s > timeout_s + RULE.margin_s
    assert left_s >= RULE.enough_s(timeout_s, slowest_s) or length_s == LONGEST_S
