"""Which OLT an order without a place is told that it waits for."""

from __future__ import annotations

import pytest

from worker.store.away import Waiting
from worker.waits import places, why

KNOWN = [("a1", "a"), ("a2", "a"), ("b1", "b")]
A1, BOTH, ALL = {"a1": "olt_busy"}, {"a1": "olt_busy", "a2": "olt_held"}, {"a1": "x", "a2": "y", "b1": "z"}


@pytest.mark.parametrize(
    ("named", "site", "found"),
    [
        ("a1", None, {"a1"}),
        ("z", "a", {"z"}),
        (None, "a", {"a1", "a2"}),
        (None, "b", {"b1"}),
        (None, "z", set()),
        (None, None, {"a1", "a2", "b1"}),
    ],
)
def test_where_a_unit_may_be_seen(named: str | None, site: str | None, found: set[str]) -> None:
    assert places(named, site, KNOWN) == found


@pytest.mark.parametrize(
    ("named", "site", "shut", "told"),
    [
        ("a1", None, A1, (("a1", "olt_busy"), True)),
        ("b1", None, A1, (None, False)),
        (None, "a", A1, (("a1", "olt_busy"), False)),
        (None, "a", BOTH, (("a1", "olt_busy"), True)),
        (None, "b", BOTH, (None, False)),
        (None, None, BOTH, (None, False)),
        (None, None, ALL, (("a1", "x"), True)),
        (None, "z", ALL, (None, False)),
        (None, "a", {}, (None, False)),
    ],
)
def test_one_olt_of_its_site_is_worth_telling_and_without_a_site_only_all(
    named: str | None, site: str | None, shut: dict[str, str], told: object
) -> None:
    waiting = Waiting(1, "OS-1", 1, "?", named, site)
    assert why(waiting, shut, KNOWN) == told
