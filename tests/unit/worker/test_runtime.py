"""The loops of a process: one that ends by itself ends them all, and what it raised is what is told."""

from __future__ import annotations

import asyncio

import pytest

from worker.runtime import Beat, LoopFailed, Run, Runtime


async def goes_on(stop: asyncio.Event, beat: Beat) -> None:
    beat()
    await stop.wait()


async def fails(stop: asyncio.Event, beat: Beat) -> None:
    raise ValueError("no certificate")


async def ends(stop: asyncio.Event, beat: Beat) -> None:
    return


def runtime(*loops: Run) -> Runtime:
    made = Runtime(grace_s=5.0)
    for number, loop in enumerate(loops):
        made.add(f"loop-{number}", loop)
    return made


@pytest.mark.parametrize("loops", [(goes_on, fails), (fails, goes_on), (goes_on, goes_on, fails)])
async def test_what_one_loop_raises_is_raised_while_others_still_run(loops: tuple[Run, ...]) -> None:
    with pytest.raises(ValueError, match="no certificate"):
        await runtime(*loops).run()


async def test_a_loop_that_ends_by_itself_is_named() -> None:
    with pytest.raises(LoopFailed, match="loop-1 ended by itself"):
        await runtime(goes_on, ends).run()


async def test_loops_that_are_told_to_stop_end_well() -> None:
    made = runtime(goes_on, goes_on)
    asyncio.get_running_loop().call_later(0.01, made.stop.set)
    await made.run()
    assert made.faults() == ["loop-0", "loop-1"]
