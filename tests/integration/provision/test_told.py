"""What is told of an order is so: its ports once the model is known, a foreign registration, where it waits."""

from __future__ import annotations

from dataclasses import replace

from schemas.services import Services
from tests.stories.plant import PORT, VLAN, Plant, at, plant, received, started
from tests.stories.test_stories import foreign
from tests.support.until import until

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
