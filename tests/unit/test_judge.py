"""The judge of the crash and chaos tests sees what a broken product would leave; of a whole one it says nothing."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dev.machine import ROOT
from schemas.place import PonPort
from tests.crash import judge, town
from tests.crash.bus import Bus, Published
from tests.crash.desk import Desk, Order
from tests.crash.town import KINDS, Site
from vendors.simulator.rows import Flow, Lan, Registered

SERIAL = "HWTC000000AA"
RESULTS, PROGRESS = "results", "progress"


def record(topic: str, kind: str, revision: int, sequence: int, **data: Any) -> Published:
    """A record of OS-1 as it lies on a topic."""
    said = {"service_order_id": "OS-1", "revision": revision, "sequence": sequence, **data}
    event = {"id": f"OS-1-{revision}-{sequence}", "type": f"acende.provisioning.{kind}.v1", "data": said}
    return Published(topic, json.dumps(event).encode(), event)


def progress(revision: int, sequence: int) -> Published:
    return record(PROGRESS, "progress", revision, sequence, stage="discovering")


def final(kind: str, revision: int, sequence: int, **data: Any) -> Published:
    return record(RESULTS, kind, revision, sequence, **data)


class World:
    """One order, completed on one OLT where two strangers were before it: what a whole product leaves."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.site = town.built(KINDS[0])
        self.order = Order("OS-1", self.site, self.site.port(1), SERIAL, mode="bridge", ends="completed")
        self.most = Counter({(self.site.kind.olt, SERIAL): 1})
        self.records = [progress(1, 1), final("completed", 1, 2)]
        self.onu = install(self.site, self.order.port)
        self.site.olt.mark_saved()

    def stranger(self) -> Registered:
        """One of those whose registration nobody may touch."""
        return self.site.olt.by_serial(next(iter(self.site.before.values()))["serial"])[0]

    def asked_again(self) -> None:
        """The order was completed a second time, with nothing to do."""
        self.records += [progress(2, 3), final("completed", 2, 4)]

    def faults(self) -> list[str]:
        """What the judge says."""
        results = [one for one in self.records if one.topic == RESULTS]
        rest = [one for one in self.records if one.topic == PROGRESS]
        return [
            *judge.faults_of_olts([self.order], {self.site.kind.olt: self.site}, self.most),
            *judge.faults_of_events([self.order], results, rest),
        ]


def install(site: Site, port: PonPort) -> Registered:
    """What the order asks for, done on the OLT."""
    site.plug(SERIAL, port)
    onu_id = site.olt.free_onu_id(port)
    profiles = {"line_profile": "10", "service_profile": "20"}
    onu = site.olt.register(port, onu_id, SERIAL, description="OS-1", **profiles)
    site.olt.add_flow(Flow(site.olt.free_service_port(), port, onu_id, 1, 1100, 100))
    site.olt.configure(onu, *(Lan(number, "tag", 100) for number in (1, 2)))
    return onu


def lose_the_final(world: World) -> None:
    world.records.pop()


def lose_the_final_of_an_earlier_revision(world: World) -> None:
    world.asked_again()
    del world.records[1]


def end_twice(world: World) -> None:
    world.records.append(final("completed", 1, 3))


def end_in_two_versions(world: World) -> None:
    world.records.append(final("completed", 1, 2, changed=False))


def end_otherwise(world: World) -> None:
    world.records[1] = final("failed", 1, 2, code="olt_deadline")


def tell_late(world: World) -> None:
    world.asked_again()
    world.records[1], world.records[3] = world.records[3], world.records[1]


def tell_of_a_stranger(world: World) -> None:
    document = json.loads(world.records[1].value)
    document["data"]["service_order_id"] = "OS-9"
    world.records.append(Published(RESULTS, json.dumps(document).encode(), document))


def remove_a_stranger(world: World) -> None:
    found = world.stranger()
    world.site.olt.unregister(found.port, found.onu_id, cascade=True)
    world.site.olt.mark_saved()


def rename_a_stranger(world: World) -> None:
    world.site.olt.modify(world.stranger(), description="OS-1")
    world.site.olt.mark_saved()


def leave_no_flow(world: World) -> None:
    world.site.olt.remove_flows(world.site.olt.flows_of(*world.onu.key))
    world.site.olt.mark_saved()


def give_the_wrong_vlan(world: World) -> None:
    world.site.olt.configure(world.onu, Lan(1, "tag", 101))
    world.site.olt.mark_saved()


def leave_a_cancelled_order_registered(world: World) -> None:
    world.order.ends = "cancelled"
    world.records[1] = final("cancelled", 1, 2)


def register_again(world: World) -> None:
    world.site.olt.unregister(*world.onu.key, cascade=True)
    install(world.site, world.order.port)
    world.site.olt.mark_saved()


def save_nothing(world: World) -> None:
    world.site.olt.modify(world.onu, description="OS-2")
    world.site.olt.modify(world.onu, description="OS-1")


BREAKAGES: dict[Callable[[World], None], str] = {
    lose_the_final: "OS-1: revision 1 has no final event",
    lose_the_final_of_an_earlier_revision: "OS-1: sequence numbers [1, 3, 4]",
    end_twice: "OS-1: revision 1 has 2 final ids",
    end_in_two_versions: "OS-1: event OS-1-1-2 was published in 2 versions",
    end_otherwise: "OS-1: the last final is failed (olt_deadline), not completed (None)",
    tell_late: "OS-1: out of sequence on results: [4, 2]",
    tell_of_a_stranger: "OS-9 was never asked for",
    remove_a_stranger: "centro-1: ('0/1/0', 'FHTT00000010') is missing",
    rename_a_stranger: "centro-1: ('0/1/0', 'FHTT00000010'): description",
    leave_no_flow: f"centro-1: ('0/1/1', '{SERIAL}'): flows",
    give_the_wrong_vlan: f"centro-1: ('0/1/1', '{SERIAL}'): lans",
    leave_a_cancelled_order_registered: f"centro-1: ('0/1/1', '{SERIAL}') is left over",
    register_again: f"centro-1: register {SERIAL} was done 2 times, at most 1 were asked for",
    save_nothing: "centro-1: the configuration is not saved",
}


def test_of_a_whole_product_the_judge_says_nothing() -> None:
    world = World()
    assert world.faults() == []
    world.asked_again()
    world.records += [replace(one) for one in world.records]
    assert world.faults() == []


@pytest.mark.parametrize("broken", BREAKAGES, ids=lambda broken: broken.__name__)
def test_what_a_broken_product_leaves_is_seen(broken: Callable[[World], None]) -> None:
    world = World()
    broken(world)
    assert BREAKAGES[broken] in world.faults()


async def test_a_final_that_is_never_told_ends_the_run_with_its_story_named() -> None:
    async def installed(desk: Desk, order: Order) -> None:
        await desk.ends(order, "completed")

    site = town.built(KINDS[0])
    desk = Desk(Bus({}, "", random.Random(1)), {site.kind.olt: site}, [installed], random.Random(1))
    desk.begin(installed)
    with pytest.raises(AssertionError, match=r"still wait: .*installed OS-1"):
        await desk.finish(0.05)
    await desk.close()


@pytest.mark.parametrize("suite", ["crash/test_crash.py", "chaos/test_chaos.py"])
def test_the_judge_is_asked(suite: str) -> None:
    source = (ROOT / "tests" / suite).read_text("utf-8")
    for question in ("faults_of_olts(", "faults_of_events(", "desk.finish(", "at_rest", "assert not faults"):
        assert question in source
