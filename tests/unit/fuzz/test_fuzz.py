"""A hundredth of each kind of fuzzing; `make fuzz` does the rest. What the runner finds can be done again alone."""

from __future__ import annotations

import random

import pytest

from dev.fuzz.kinds import KINDS
from dev.fuzz.runner import Kind, drawn, faults, run

SEED = 20260302


@pytest.mark.parametrize("name", KINDS)
def test_whatever_is_made_up_is_read(name: str) -> None:
    kind = KINDS[name]
    found = list(faults(kind.trial, SEED, range(kind.count // 100)))
    assert [fault.told for fault in found[:3]] == []


def fragile(chance: random.Random) -> None:
    if chance.random() < 0.01:
        raise ValueError


def test_a_fault_has_the_number_that_makes_it_again(capfd: pytest.CaptureFixture[str]) -> None:
    [first, *_] = faults(fragile, 7, range(1000))
    with pytest.raises(ValueError):  # noqa: PT011 - the trial's own
        fragile(drawn(7, first.number))
    assert run({"fragile": Kind(fragile, 1000)}, "fragile", 7, range(first.number, first.number + 1)) == 1
    assert f"--seed 7 --first {first.number} --count 1" in capfd.readouterr().out
