"""Whoever is named in what an OLT says, customer or neighbour, is named nowhere afterwards: not in what leaves, is printed or
kept, and not in the database's files once the order is purged."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.place import PonPort
from tests.integration.cli.conftest import acende
from tests.integration.run.conftest import Collector
from tests.support.installation import Installation, WorkerProcess, started
from tests.support.secrets import FOREIGN_PASSWORD, PEOPLE, leaked, named
from tests.support.until import until
from vendors.simulator.faults import Fault
from vendors.simulator.rows import PluggedOnu

SAID = "{NEIGHBOUR} {STREET} {NEIGHBOURS_LOGIN} {LOGIN}".format(**PEOPLE)
HUAWEI, ZTE = "olt-centro-1", "olt-sul-1"
REFUSED = {
    HUAWEI: (r"pppoe", f"  Failure: The name {SAID} of {{CUSTOMER}} has existed already".format(**PEOPLE)),
    ZTE: (
        r"^wan-ip",
        f"wan-ip 1 mode pppoe username {PEOPLE['LOGIN']} password x\n       ^\n%Code 61777-GPONSRV : {SAID} exists.\n",
    ),
}
"""How each OLT refuses a line: with words about a neighbour, or the line once more."""
UNKNOWN = {
    HUAWEI: f"  0/ 1/0   5  {SAID}  up\n  Description : {SAID}\n  URL : http://{SAID.split(' ')[1]}:{FOREIGN_PASSWORD}@192.0.2.9",
    ZTE: f"gpon-onu_1/1/2:5  {SAID}  working\n  Name: {SAID}\nwan-ip 1 mode pppoe username {SAID} password {FOREIGN_PASSWORD}\n",
}
READS = {HUAWEI: ("by-sn .*3C4E", "^save"), ZTE: ("by sn .*3C4E", "^write")}
SERIALS = {HUAWEI: ("HWTC1A2B3C4D", "HWTC1A2B3C4E"), ZTE: ("ZTEG1A2B3C4D", "ZTEG1A2B3C4E")}
PORTS = {HUAWEI: "0/1/3", ZTE: "1/1/3"}
MODELS = {HUAWEI: "EG8145V5", ZTE: "F670L"}
LISTS = {"olt-norte-1": HUAWEI, "olt-leste-1": ZTE}
WHO = {"customer_name": PEOPLE["CUSTOMER"], "pppoe_login": PEOPLE["LOGIN"], "wifi_name": PEOPLE["NETWORK"]}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A file, to be searched."""
    return sqlite_url


def _plant(here: Installation, olt: str) -> list[dict[str, Any]]:
    """ONUs on the fibre of an OLT that names people wherever it can, and the orders that meet it there."""
    sim, port = here.served[olt].sim, PonPort.model_validate(PORTS[olt])
    for serial in SERIALS[olt]:
        sim.olt.plug(PluggedOnu(serial, port, MODELS[olt]))
    pattern, text = REFUSED[olt]
    sim.faults.add(
        Fault(kind="refuse", pattern=pattern, times=None, text=text),
        *(Fault(kind="unknown", pattern=asked, times=None, text=UNKNOWN[olt]) for asked in READS[olt]),
    )
    refused, unread = SERIALS[olt]
    at = {"olt_id": olt, "pon_port": PORTS[olt]}
    return [started(f"{olt}-refused", refused, **WHO, **at), started(f"{olt}-unread", unread, **WHO, **at)]


def _plant_lists(here: Installation, olt: str, like: str) -> dict[str, Any]:
    """The same of an OLT whose lists of what is lit nobody understands, and an order that does not say where."""
    sim = here.served[olt].sim
    sim.faults.add(Fault(kind="unknown", pattern="autofind|uncfg", times=None, text=UNKNOWN[like]))
    return started(f"{olt}-unseen", SERIALS[like][0][:-1] + "0", **WHO, site=olt.split("-")[1])


async def _typed(*words: str) -> str:
    """All that a command prints."""
    ran = await asyncio.to_thread(acende, *words)
    return ran.out + ran.err


async def _failed(order: str) -> bool:
    return any(
        one["id"] == order and one["state"] == "failed"
        for one in json.loads(await _typed("orders", "--json"))
    )


async def _records(here: Installation) -> dict[str, list[bytes]]:
    """Keys and values of all that is published, by topic."""
    topics = [here.env[f"ACENDE_TOPIC_{use}"] for use in ("RESULTS", "PROGRESS", "DEAD_LETTERS")]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=here.env["ACENDE_KAFKA_SERVERS"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for topic in topics[:2] for number in range(2)]
        places.append(TopicPartition(topics[2], 0))
        consumer.assign(places)
        found: dict[str, list[bytes]] = {topic: [] for topic in topics}
        while some := await consumer.getmany(timeout_ms=1000):
            for records in some.values():
                found[records[0].topic] += [part for one in records for part in (one.key, one.value) if part]
        return found
    finally:
        await consumer.stop()


async def _printed(worker: WorkerProcess, orders: list[str]) -> Mapping[str, str]:
    """What people and machines are shown."""
    told = {"log": worker.log.read_text(), "metrics": (await worker.get("/metrics")).text}
    commands = [("orders",), ("olts", "--json"), ("dead-letters", "list"), ("status", orders[0], "--json")]
    commands += [("status", order, "--commands") for order in orders]
    for words in commands:
        told[" ".join(words)] = await _typed(*words)
    return told


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob("acende.db*")):
        yield path.name, path.read_bytes()


@pytest.mark.timeout(180)
async def test_nobody_whom_an_olt_names_is_named_anywhere(
    here: Installation, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(here.folder)
    for name, value in here.env.items():
        monkeypatch.setenv(name, value)
    asked = [event for olt in (HUAWEI, ZTE) for event in _plant(here, olt)]
    asked += [_plant_lists(here, olt, like) for olt, like in LISTS.items()]
    orders = [event["data"]["service_order_id"] for event in asked]
    settings = {"ACENDE_BACKOFF_FIRST_S": "0.2", "ACENDE_BACKOFF_MAX_S": "0.5"}
    tracing = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    async with here.worker(**settings, **tracing) as worker:
        await worker.ready()
        await _typed("publish", here.write(*asked))
        for order in orders[:4]:
            await until(partial(_failed, order), 60, 0.3)
        told = await _printed(worker, orders)
        for order in orders[4:]:
            await _typed("cancel", order, "--why", "teste", "--who", "bia")
        assert await worker.end() == 0
    records = await _records(here)
    _was_met(here, told, records)
    for where, text in told.items():
        assert (where, named(text), leaked(text)) == (where, [], [])
    for topic, parts in records.items():
        assert (topic, named(b"\n".join(parts))) == (topic, [])
    assert (named(collector.text), leaked(collector.text)) == ([], [])
    kept = {name: named(content) for name, content in _files(here.folder)}
    assert not any({"NEIGHBOUR", "STREET"} & set(found) for found in kept.values()), kept
    assert ["CUSTOMER"] in kept.values(), "the search must be able to find them"
    assert (await _typed("purge", *orders, "--why", "LGPD 17", "--who", "bia")).count("apagados") == len(
        orders
    )
    assert [name for name, content in _files(here.folder) if named(content)] == []


def _was_met(here: Installation, told: Mapping[str, str], records: Mapping[str, list[bytes]]) -> None:
    """All that was planted has been said, and told of as far as it may be."""
    finals = [json.loads(part) for part in records[here.env["ACENDE_TOPIC_RESULTS"]] if part.startswith(b"{")]
    codes = {
        final["data"]["service_order_id"]: final["data"].get("code")
        for final in finals
        if "failed" in final["type"]
    }
    for olt in (HUAWEI, ZTE):
        assert codes[f"{olt}-refused"] in {"olt_refused", "profile_missing", "attempts_exhausted"}, codes
        assert codes[f"{olt}-unread"] == "unknown_reply", codes
        assert {"refuse", "unknown"} <= set(here.served[olt].sim.faults.struck)
        assert "********" in told[f"status {olt}-unread --commands"]
    assert all("unknown" in here.served[olt].sim.faults.struck for olt in LISTS)
