"""How much room an OLT has, by what its ports last told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.place import PonPort
from worker.store.room import KEPT, told

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
A, B = PonPort(frame=0, slot=1, port=0), PonPort(frame=0, slot=1, port=1)


def test_the_least_of_all_ports_counts() -> None:
    room = told(told({}, {A: 3}, NOW), {B: 90}, NOW)
    assert room["onus_free_least"] == 3
    assert {port: one["onus_free"] for port, one in room["ports"].items()} == {"0/1/0": 3, "0/1/1": 90}


def test_a_port_that_has_room_again_counts_no_more() -> None:
    assert told(told({}, {A: 0}, NOW), {A: 40}, NOW)["onus_free_least"] == 40


def test_a_port_that_nobody_has_looked_at_for_long_is_forgotten() -> None:
    before = told({}, {A: 0}, NOW)
    assert told(before, {B: 90}, NOW + KEPT)["onus_free_least"] == 0
    assert told(before, {B: 90}, NOW + KEPT + timedelta(seconds=1))["onus_free_least"] == 90
