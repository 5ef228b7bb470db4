"""How many OLTs a worker may lease now."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from worker.provision import Provisioner
from worker.store.leases import Due


def room(parallel: int, states: Sequence[str]) -> int:
    shared: Any = None
    made = Provisioner(shared, "w1", parallel)
    made.workers |= {f"olt-{number}": _with(state) for number, state in enumerate(states)}
    return made._room()


def _with(state: str) -> Any:
    return SimpleNamespace(state=state)


@pytest.mark.parametrize(
    ("states", "left"),
    [
        ([], 2),
        (["idle"] * 9, 2),
        (["working"], 1),
        (["working"] * 2, 0),
        (["connecting"] * 4 + ["starting"] * 3, 1),
        (["connecting"] * 8, 0),
        # Sessions that were closed while idle are opened again beside the OLTs that are connected to.
        (["connecting"] * 11, -3),
    ],
)
def test_room_is_what_working_and_connecting_leave_and_may_be_negative(
    states: Sequence[str], left: int
) -> None:
    assert room(2, states) == left


@pytest.mark.parametrize(("states", "crowded"), [([], False), (["working"], False), (["working"] * 2, True)])
async def test_olts_are_handed_back_sooner_only_where_there_is_room_for_no_other(
    states: Sequence[str], *, crowded: bool
) -> None:
    asked: list[int] = []

    async def run(_work: Any, _inventory: Any, _holder: str, _lease_s: float, room: int, turns: Any) -> Due:
        asked.append(room)
        return Due(turns=turns)

    config = SimpleNamespace(inventory=None)
    shared: Any = SimpleNamespace(clock=lambda: 0.0, store=SimpleNamespace(run=run), config=config)
    made = Provisioner(shared, "w1", 2)
    made.workers |= {f"olt-{number}": _with(state) for number, state in enumerate(states)}
    await made._look()
    assert (asked, shared.crowded) == ([2 - len(states)], crowded)
