"""`acende olts`, `olt hold|release|reset-breaker` and `trust`: what is done to an OLT, and who did it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.integration.cli.conftest import WHY, Desk, both
from tests.stories.plant import OTHER_PORT, SWIFT, at, started
from tests.support.until import until
from vendors.errors import LoginRefused
from vendors.simulator.faults import Fault
from worker import ledger
from worker.breaker import BreakerPolicy
from worker.cli import output
from worker.ledger import SaveRule
from worker.store import Connection, db, leases
from worker.store.leases import Lease

ONU = "HWTC1A2B3C4D"
OTHER = "HWTC00000002"


async def state(desk: Desk) -> Any:
    [found] = await desk.plant.store.read(leases.overview, ["olt-1"])
    return found


async def at_work(desk: Desk) -> None:
    """A worker has finished an order and keeps its session; it saves when it must leave, not before."""
    desk.plant.rules = replace(SWIFT, save=SaveRule(debounce_s=600.0, latest_s=600.0))
    desk.plant.plug(ONU)
    desk.plant.work()
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.final("OS-1")


# ------------------------------------------------------------------------------------------------------------ olts


@both
async def test_an_olt_shows_who_leases_it_its_session_and_its_queue(desk: Desk) -> None:
    [row] = (await desk.acende("olts", "--json")).json()
    assert row.keys() == {
        "olt", "platform", "holder", "expires_at", "session_open", "held_by", "held_reason", "breaker",
        "last_ok_at", "queue", "left_out", "retry_at",
    }  # fmt: skip
    assert (row["olt"], row["platform"], row["holder"], row["queue"]) == ("olt-1", "huawei_smartax", None, {})
    assert "free" in (await desk.acende("olts")).out
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    desk.plant.work("w7")
    await desk.plant.reaches("OS-1", "waiting_for_light")
    shown = (await desk.acende("olts")).out
    assert "leased by w7" in shown
    assert "session open" in shown
    assert "provision=1" in shown


async def test_an_open_breaker_says_why_and_who_must_act(desk: Desk) -> None:
    desk.plant.sims["olt-1"].faults.add(Fault(kind="refuse_login", times=None))
    desk.plant.work()
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await until(lambda: _breaker_is(desk, "open"), 20)
    await desk.plant.rest()
    shown = (await desk.acende("olts")).out
    assert "breaker open until a person acts (reset-breaker)" in shown
    assert "olt_login_refused: " in shown
    page = (await desk.acende("status", "OS-1")).out
    assert "A OLT olt-1 recusou" in page
    ran = await desk.acende("olt", "reset-breaker", "olt-1", "--why", "senha trocada", "--who", "ana")
    assert (ran.status, ran.out) == (0, "the breaker of olt-1 is closed.\n")
    assert (await state(desk)).breaker.state == "closed"


async def test_a_refused_login_that_is_tried_again_by_itself_says_when(desk: Desk) -> None:
    store = desk.plant.store
    await desk.plant.prepared()
    lease = await store.run(_leased)
    await store.run(ledger.connected, lease, "digest")
    refusal = LoginRefused("no", step="cli")
    await store.run(ledger.not_connected, lease, refusal, "", BreakerPolicy(), 0.0, "digest")
    refused_at = await store.read(db.now)
    await store.run(leases.release, lease)
    [row] = (await desk.acende("olts", "--json")).json()
    soonest = datetime.fromisoformat(row["retry_at"]) - refused_at
    assert timedelta(seconds=50) < soonest <= timedelta(seconds=60)
    shown = (await desk.acende("olts")).out
    told = output.text(datetime.fromisoformat(row["retry_at"]))
    assert f"the login is tried once more by itself while orders wait, not before {told}" in shown


def _leased(conn: Connection) -> Lease:
    lease = leases.take(conn, "olt-1", "w1", 60.0, db.now(conn))
    assert lease
    return lease


async def _breaker_is(desk: Desk, expected: str) -> bool:
    return bool((await state(desk)).breaker.state == expected)


async def test_one_olt_shows_what_people_did_with_it(desk: Desk) -> None:
    for what in ("hold", "release", "reset-breaker"):
        told = (
            await desk.acende("olt", what, "olt-1", "--why", f"motivo {what}", "--who", "ana", "--json")
        ).json()
        assert {**told, "holder": None} == {
            "olt": "olt-1", "action": what, "who": "ana", "why": f"motivo {what}", "holder": None,
        }  # fmt: skip
    found = (await desk.acende("olts", "olt-1", "--json")).json()
    assert found.keys() == {"olt", "actions"}
    assert [(deed["what"], deed["who"]) for deed in found["actions"]] == [
        ("olt reset-breaker", "ana"), ("olt release", "ana"), ("olt hold", "ana"),
    ]  # fmt: skip
    assert "motivo release" in (await desk.acende("olts", "olt-1")).out


@pytest.mark.parametrize(
    "command",
    [("olts", "olt-9"), *(("olt", what, "olt-9", *WHY) for what in ("hold", "release", "reset-breaker"))],
)
async def test_an_unknown_olt_is_named(desk: Desk, command: tuple[str, ...]) -> None:
    assert (await desk.acende(*command)).failed(1).startswith("no OLT 'olt-9' is known")


# ------------------------------------------------------------------------------------------------------------ hold


@both
async def test_a_held_olt_is_finished_saved_and_left_and_orders_wait_until_it_is_released(desk: Desk) -> None:
    await at_work(desk)
    assert unsaved(desk)
    ran = await desk.acende("olt", "hold", "olt-1", "--wait", "20", "--why", "troca de placa", "--who", "ana")
    assert (ran.status, ran.out) == (0, "olt-1 is held; nobody is logged in.\n")
    assert not unsaved(desk)
    assert desk.plant.sims["olt-1"].station.live == {}
    assert "held by ana: troca de placa" in (await desk.acende("olts")).out

    desk.plant.plug(OTHER, port=OTHER_PORT)
    await desk.plant.tell(started("OS-2", serial=OTHER, **at(OTHER_PORT)))
    sent = len(desk.plant.commands())
    await _never_leased(desk)
    assert len(desk.plant.commands()) == sent

    assert (await desk.acende("olt", "release", "olt-1", *WHY)).out == "olt-1 is worked on again.\n"
    assert (await desk.plant.final("OS-2"))["kind"] == "completed"


def unsaved(desk: Desk) -> bool:
    return desk.plant.sims["olt-1"].olt.unsaved


async def _never_leased(desk: Desk) -> None:
    """Look for half a second: the loop polls twenty times a second."""
    for _ in range(25):
        assert (await state(desk)).holder is None
        assert desk.plant.sims["olt-1"].station.live == {}
        await asyncio.sleep(0.02)


async def test_hold_says_who_is_still_there_when_it_does_not_wait_long_enough(desk: Desk) -> None:
    await desk.plant.store.run(_take)
    ran = await desk.acende("olt", "hold", "olt-1", *WHY)
    assert ran.status == 0
    assert ran.out.startswith("olt-1 is held.\nw9 finishes, saves and logs out")
    said = (await desk.acende("olt", "hold", "olt-1", "--wait", "0.1", *WHY)).failed(5)
    assert said == "w9 has not left olt-1 within 0.1 s"
    assert (await desk.acende("olt", "hold", "olt-1", *WHY, "--json")).json()["holder"] == "w9"


def _take(conn: Connection) -> None:
    assert leases.take(conn, "olt-1", "w9", 60.0, db.now(conn))


# ----------------------------------------------------------------------------------------------------------- trust


async def test_trust_prints_the_line_for_the_inventory_and_writes_nothing(desk: Desk) -> None:
    key = desk.plant.config.inventory.olts[0].host_key
    desk.inventory(lambda rows: rows["olts"][0].pop("host_key"))
    before = (desk.folder / "inventory.yaml").read_bytes()
    ran = await desk.acende("trust", "olt-1")
    assert (ran.status, ran.out, ran.err) == (0, f"host_key: {key}\n", "")
    assert (await desk.acende("trust", "olt-1", "--json")).json() == {
        "olt": "olt-1", "host_key": key, "pinned": None, "changed": False,
    }  # fmt: skip
    assert (desk.folder / "inventory.yaml").read_bytes() == before
    assert "olt-1 is reached over SSH and needs its host key: run `acende trust olt-1`" in (
        await desk.acende("config", "check")
    ).failed(4)


async def test_a_host_key_that_is_not_the_pinned_one_is_said_aloud(desk: Desk) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMZYi10i5md9QPxXc3f2j4UPBje4ljdmqqSZ8nzcN+X"
    desk.inventory(lambda rows: rows["olts"][0].update(host_key=other))
    ran = await desk.acende("trust", "olt-1")
    assert "another host key than the inventory pins" in ran.failed(1)
    assert ran.out.startswith("host_key: ssh-ed25519 ")


async def test_trust_says_why_there_is_no_key(desk: Desk) -> None:
    assert (await desk.acende("trust", "olt-9")).failed(1) == "the inventory has no OLT 'olt-9'"
    desk.inventory(lambda rows: rows["olts"][0].update(port=1))
    said = (await desk.acende("trust", "olt-1")).failed(5)
    assert said.startswith("olt-1 at 127.0.0.1:1 does not answer: ")
    desk.inventory(lambda rows: rows["olts"][0].update(transport="telnet"))
    assert "telnet" in (await desk.acende("trust", "olt-1")).failed(1)
