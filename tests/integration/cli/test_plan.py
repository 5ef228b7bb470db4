"""`acende plan`: what would be sent, seen on the live OLT, under its lease; nothing is sent but questions."""

from __future__ import annotations

import pytest

from tests.integration.cli.conftest import WHY, Desk, both
from tests.stories.plant import at, started
from vendors.simulator.faults import Fault
from worker.store import Connection, db, leases, orders
from worker.store.orders import Failure

ONU = "HWTC1A2B3C4D"


@both
async def test_the_plan_shows_the_diff_and_the_exact_lines_and_sends_only_questions(desk: Desk) -> None:
    desk.plant.plug(ONU)
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    ran = await desk.acende("plan", "OS-1")
    assert (ran.status, ran.err) == (0, "")
    page = ran.out
    assert "OS-1  HWTC1A2B3C4D em olt-1 0/1/0, modelo roteador" in page
    assert "service_ports" in page
    assert '    ont add 0 0 sn-auth "485754431A2B3C4D"' in page.replace("      ", "    ")
    assert 'username "ana@isp" password "********"' in page
    assert desk.plant.changes() == []
    assert desk.plant.sims["olt-1"].station.live == {}
    assert (await desk.plant.store.read(leases.overview))[0].holder is None

    desk.plant.work()
    await desk.plant.final("OS-1")
    sent = [line for line in desk.plant.changes() if "ipconfig" not in line]
    assert sent
    assert all(line in page for line in sent), "what is shown is what is sent"


async def test_the_lines_stand_under_the_modes_in_which_they_are_typed(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    lines = (await desk.acende("plan", "OS-1")).out.split("Linhas que seriam enviadas\n")[1].splitlines()
    depth = {line.strip(): len(line) - len(line.lstrip()) for line in lines}
    assert depth["config"] == 2
    assert depth["interface gpon 0/1"] == 4
    assert [indent for line, indent in depth.items() if line.startswith("ont add")] == [6]
    assert [indent for line, indent in depth.items() if line.startswith("service-port")] == [4]


async def test_a_plan_as_json_has_these_members(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    found = (await desk.acende("plan", "OS-1", "--json")).json()
    assert found.keys() == {
        "order", "place", "serial", "rule", "code", "text_pt", "observed", "diff", "not_applied", "lines", "hash",
    }  # fmt: skip
    assert (found["order"], found["place"], found["code"]) == ("OS-1", "olt-1 0/1/0", None)
    assert found["lines"][0].keys() == {"mode", "line"}
    assert found["diff"][0].keys() == {"field", "wanted", "found"}


async def test_an_onu_that_is_as_wanted_needs_nothing(desk: Desk) -> None:
    desk.plant.work()
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.reaches("OS-1", "waiting_for_light")
    page = (await desk.acende("plan", "OS-1")).out
    assert "Nada a fazer: a OLT já tem o que se deseja." in page
    assert "O que difere" not in page


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ("OS-404", "Nenhuma ordem com esse número é conhecida."),
        ("OS-1", "ainda não foi vista"),
        ("OS-2", "não está em andamento"),
    ],
)
async def test_an_order_without_a_place_says_why_nothing_can_be_planned(
    desk: Desk, order: str, says: str
) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU), started("OS-2", serial="HWTC00000002", **at()))
    await desk.plant.store.run(orders.finish_failed, "OS-2", 1, Failure("no_light", {}))
    ran = await desk.acende("plan", order)
    assert says in ran.failed(1)
    assert ran.out == ""
    assert desk.plant.commands() == []


async def test_an_olt_that_cannot_be_asked_is_the_reason(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.acende("olt", "hold", "olt-1", *WHY)
    assert "olt-1" in (await desk.acende("plan", "OS-1")).failed(5)
    await desk.acende("olt", "release", "olt-1", *WHY)
    desk.plant.sims["olt-1"].faults.add(Fault(kind="refuse_login", times=None))
    ran = await desk.acende("plan", "OS-1", "--json")
    assert "recusou" in ran.failed(5)
    assert '"code": "olt_login_refused"' in ran.out


async def test_a_plan_waits_no_longer_than_it_is_told(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.store.run(_take)
    assert "ocupada" in (await desk.acende("plan", "OS-1", "--wait", "1")).failed(5)
    assert await desk.plant.jobs() == [job for job in await desk.plant.jobs() if job.kind != "plan"]


def _take(conn: Connection) -> None:
    assert leases.take(conn, "olt-1", "w9", 60.0, db.now(conn))


async def test_without_the_password_of_the_olt_its_reference_is_named_and_the_lease_given_back(
    desk: Desk,
) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    desk.env.delenv("OLT_PASSWORD")
    assert (await desk.acende("plan", "OS-1")).failed(4) == (
        "olt-1: the environment variable OLT_PASSWORD is not set"
    )
    assert (await desk.plant.store.read(leases.overview))[0].holder is None
    desk.env.delenv("ACENDE_DIGEST_KEY")
    assert "ACENDE_DIGEST_KEY is not set" in (await desk.acende("plan", "OS-1")).failed(4)
