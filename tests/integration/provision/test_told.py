"""What is told of an order is so: its ports once the model is known, a foreign registration, where it waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from schemas.services import Services
from tests.stories.plant import PORT, VLAN, Plant, at, plant, received, started, swift
from tests.stories.test_stories import foreign
from tests.support.until import until
from worker.store import db, leases, timelines

ONU = "HWTC1A2B3C4D"
ROUTED = Services.model_validate(
    {
        "models": [
            {
                "name": "rota",
                "when": {"mode": "router"},
                "give": {
                    "line_profile": "10",
                    "service_profile": "20",
                    "wan": {"mode": "dhcp", "vlan": VLAN, "lan_ports": "all"},
                },
            }
        ]
    }
)


def route(made: Plant) -> None:
    """Rules by which the connection has all ports of the ONU, and none for bridges."""
    made.config = replace(made.config, services=ROUTED)


def routed(made: Plant) -> list[int]:
    """Ports that the ONU's connection has on the OLT."""
    [found] = made.sims["olt-1"].olt.by_serial(ONU)
    return sorted(found.wans[1].lan_ports) if 1 in found.wans else []


async def test_all_ports_are_given_once_the_onu_has_told_its_model(sqlite_url: str) -> None:
    async with plant(sqlite_url) as made:
        route(made)
        made.work()
        await made.tell(received(ONU, model="XPTO-9"), started("OS-1", serial=ONU, **at()))

        async def registered() -> bool:
            return bool(made.registered(ONU)) and routed(made) == [1]

        await until(registered, 20)
        made.plug(ONU, model="EG8145V5")
        final = await made.final("OS-1")
        assert final["kind"] == "completed"
        assert routed(made) == [1, 2, 3, 4]
        assert final["not_applied"] == []


async def test_ports_of_a_model_that_stays_unknown_are_told(sqlite_url: str) -> None:
    async with plant(sqlite_url) as made:
        route(made)
        made.plug(ONU, model="XPTO-9")
        made.work()
        await made.tell(received(ONU, model="XPTO-9"), started("OS-1", serial=ONU, **at()))
        final = await made.final("OS-1")
        assert routed(made) == [1]
        assert [(one["field"], one["code"]) for one in final["not_applied"]] == [
            ("wan.lan_ports", "lan_ports_unknown")
        ]


async def test_a_foreign_registration_is_told_before_an_unknown_model(sqlite_url: str) -> None:
    async with plant(sqlite_url) as made:
        made.config = replace(
            made.config,
            services=ROUTED.model_copy(
                update={"models": (_only_for_known(ROUTED),)},
            ),
        )
        made.plug(ONU, model="XPTO-9")
        foreign(made.sims["olt-1"].olt, ONU)
        made.work()
        await made.tell(received(ONU, model="XPTO-9"), started("OS-1", serial=ONU, **at(PORT)))
        final = await made.final("OS-1")
        assert (final["kind"], final["code"]) == ("failed", "serial_registered_elsewhere")


def _only_for_known(services: Services) -> object:
    [rule] = services.models
    return rule.model_copy(update={"when": rule.when.model_copy(update={"onu": ("EG8145V5",)})})


# ------------------------------------------------------------------------------------------------------ where it waits


async def told_codes(made: Plant, order: str) -> list[tuple[str | None, str | None]]:
    """Code and OLT of each progress record."""
    rows = [row["data"] for row in await made.results(order) if "stage" in row["data"]]
    return [(row.get("code"), row.get("params", {}).get("olt")) for row in rows]


async def until_told(made: Plant, order: str, code: str | None, olt: str | None = None) -> None:
    async def look() -> bool:
        found = await told_codes(made, order)
        return bool(found) and found[-1][0] == code and (olt is None or found[-1][1] == olt)

    try:
        await until(look, 20)
    except TimeoutError:
        raise AssertionError(await made.why(order)) from None


def _hold(conn: Connection, olt: str = "olt-1") -> bool:
    return leases.hold(conn, olt, "ana", "troca de placa", db.now(conn))


def _end_hold(conn: Connection, olt: str = "olt-1") -> bool:
    return leases.end_hold(conn, olt, "ana", "pronto", db.now(conn))


WHERE: dict[str, dict[str, Any]] = {
    "port": at(),
    "olt": {"olt_id": "olt-1"},
    "site": {"site": "centro"},
    "nothing": {},
}


@pytest.mark.parametrize("where", WHERE.values(), ids=WHERE)
async def test_an_olt_in_maintenance_is_told_and_so_is_its_end(
    database_url: str, where: dict[str, Any]
) -> None:
    async with plant(database_url) as made:
        await made.prepared()
        await made.store.run(_hold)
        made.plug(ONU)
        made.work()
        await made.tell(started("OS-1", serial=ONU, **where))
        await until_told(made, "OS-1", "olt_held", "olt-1")
        view = await made.store.read(timelines.one, "OS-1")
        assert view is not None
        assert view.text_pt == "A OLT olt-1 está em manutenção: a ordem aguarda."
        await made.store.run(_end_hold)
        final = await made.final("OS-1")
        assert final["kind"] == "completed"


@pytest.mark.parametrize("where", WHERE.values(), ids=WHERE)
async def test_an_olt_that_is_away_is_told(sqlite_url: str, where: dict[str, Any]) -> None:
    async with plant(sqlite_url) as made:
        await made.sims["olt-1"].stop()
        made.work()
        await made.tell(started("OS-1", serial=ONU, **where))
        await until_told(made, "OS-1", "olt_unreachable", "olt-1")


async def test_one_olt_of_the_site_is_told_once_while_the_others_are_looked_at(sqlite_url: str) -> None:
    async with plant(sqlite_url, ["olt-1", "olt-2"]) as made:
        await made.prepared()
        await made.store.run(_hold)
        made.work()
        await made.tell(started("OS-1", serial=ONU, site="centro"))
        await until_told(made, "OS-1", "olt_held", "olt-1")
        await asyncio.sleep(1.5)  # looks at the other OLT go on
        codes = [code for code, _ in await told_codes(made, "OS-1")]
        assert codes.count("olt_held") <= 2
        assert codes[-1] == "olt_held"
        made.plug(ONU, "olt-2")
        assert (await made.final("OS-1"))["olt_id"] == "olt-2"


async def test_an_order_without_a_site_is_not_told_of_one_olt_of_several(sqlite_url: str) -> None:
    async with plant(sqlite_url, ["olt-1", "olt-2"]) as made:
        await made.prepared()
        await made.store.run(_hold)
        made.work()
        await made.tell(started("OS-1", serial=ONU))
        await made.reaches("OS-1", "waiting_for_light")
        await asyncio.sleep(0.6)
        assert "olt_held" not in [code for code, _ in await told_codes(made, "OS-1")]


async def test_a_site_is_not_called_an_olt(sqlite_url: str) -> None:
    async with plant(sqlite_url, rules=swift(light_s=1.0)) as made:
        await made.sims["olt-1"].stop()
        made.work()
        await made.tell(started("OS-1", serial=ONU, site="centro"))
        final = await made.final("OS-1")
        assert final["code"] == "olt_deadline"
        assert final["params"]["olt"] == "olt-1"
        assert "centro" not in final["text_pt"]
