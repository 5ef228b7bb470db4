"""Workers as processes: stopped past their lease and woken again, killed half-way through a plan."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from tests.stories.plant import OTHER_PORT, PORT, Plant, at, plant, started
from tests.stories.worker_process import worker_process
from tests.support.until import until
from worker.lease import LeaseRule

ONU = "HWTC1A2B3C4D"
SPARE = "HWTC5E6F7081"
LINE_S = 3.0
SHORT = LeaseRule(lease_s=7.0, renew_s=1.0, margin_s=1.0)
"""Not much longer than the time-out of a line or a login, its margin and the pause between renewals."""


async def _sent(made: Plant, start: str) -> bool:
    return any(line.startswith(start) for line in made.commands())


def _bytes(made: Plant) -> dict[int, int]:
    """How many bytes each session has sent."""
    return {session: len(raw) for session, raw in made.sims["olt-1"].olt.journal.raw.items()}


@pytest.mark.slow
async def test_a_worker_stopped_past_its_lease_sends_nothing_when_it_wakes_while_another_works_there(
    postgres_url: str, tmp_path: Path
) -> None:
    async with plant(postgres_url, lease=SHORT, command_timeout_s=LINE_S) as made:
        made.plug(ONU)
        made.sims["olt-1"].timing.command_s = 0.3
        with worker_process(made, postgres_url, tmp_path, "w1") as stopped:
            await made.tell(started("OS-1", serial=ONU, **at()))
            await until(lambda: _sent(made, "ont add"), 30)
            stopped.send_signal(signal.SIGSTOP)
            assert not await _sent(made, "service-port"), "it is stopped with lines left to send"
            [first] = _bytes(made)
            made.work("w2")
            final = await made.final("OS-1", within_s=40)
            assert (final["kind"], final["attempts"]) == ("completed", 2)
            assert made.registered(ONU) == [PORT]
            made.plug(SPARE, port=OTHER_PORT)
            await made.tell(started("OS-2", serial=SPARE, **at(OTHER_PORT)))
            before = _bytes(made)
            assert first in made.sims["olt-1"].station.live, "it could go on where it was stopped"
            stopped.send_signal(signal.SIGCONT)
            assert (await made.final("OS-2"))["kind"] == "completed"
            await until(lambda: _logged(tmp_path / "w1.log", "lease_lost"))
            await asyncio.sleep(2.0)
            after = _bytes(made)
            assert after[first] == before[first]
            assert after.keys() == before.keys(), "nor does it log in again while another is there"
            assert stopped.poll() is None, "it must survive, and be of use for other OLTs"
        assert len(await made.finals("OS-1")) == 1
        assert len([line for line in made.commands() if line.startswith("ont add")]) == 2


async def _logged(log: Path, what: str) -> bool:
    return what in await asyncio.to_thread(log.read_text)


@pytest.mark.slow
async def test_a_worker_killed_between_ont_add_and_service_port_leaves_a_half_that_the_next_one_completes(
    postgres_url: str, tmp_path: Path
) -> None:
    async with plant(postgres_url, lease=SHORT, command_timeout_s=LINE_S) as made:
        made.plug(ONU)
        made.sims["olt-1"].timing.command_s = 0.3
        with worker_process(made, postgres_url, tmp_path, "w1") as killed:
            await made.tell(started("OS-1", serial=ONU, **at()))
            await until(lambda: _sent(made, "ont add"), 30)
            killed.kill()
        assert not await _sent(made, "service-port")
        made.sims["olt-1"].timing.command_s = 0.0
        made.work("w2")
        final = await made.final("OS-1", within_s=70)
        assert (final["kind"], final["attempts"]) == ("completed", 2)
        sent = [line for line in made.changes() if line.startswith("ont add")]
        assert len(sent) == 1, "what is there already is not made again"
        [found] = made.sims["olt-1"].olt.by_serial(ONU)
        assert [flow.vlan for flow in made.sims["olt-1"].olt.flows_of(*found.key)] == [100]
