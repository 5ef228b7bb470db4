"""`acende run`: from events to results, ready and alive, stopped and started."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from tests.support.installation import Installation, received, started
from tests.support.secrets import leaked
from tests.support.until import until
from worker.store import Connection, db, leases
from worker.store.db import Store


async def published(here: Installation, topic: str) -> list[dict[str, Any]]:
    """Everything that lies on an output topic."""
    consumer = AIOKafkaConsumer(
        here.env[topic], bootstrap_servers=here.env["ACENDE_KAFKA_SERVERS"], auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        batches = await consumer.getmany(timeout_ms=1500)
        return [json.loads(record.value or b"") for records in batches.values() for record in records]
    finally:
        await consumer.stop()


def finals(here: Installation, count: int) -> Callable[[], Awaitable[list[dict[str, Any]]]]:
    async def look() -> list[dict[str, Any]]:
        found = await published(here, "ACENDE_TOPIC_RESULTS")
        return found if len({event["id"] for event in found}) >= count else []

    return look


async def test_an_installation_goes_from_stock_to_light(lit: Installation) -> None:
    async with lit.worker() as worker:
        await worker.ready()
        status, out, err = await lit.acende("publish", lit.write(received(), started()))
        assert (status, out.strip(), err) == (0, "2 events sent.", "")
        [final] = await until(finals(lit, 1), 60)
        assert (await worker.get("/livez")).json() == {"ok": True, "faults": []}
        metrics = (await worker.get("/metrics")).text
    assert final["type"] == "acende.provisioning.completed.v1"
    assert (final["data"]["olt_id"], final["data"]["pon_port"]) == ("olt-centro-1", "0/1/3")
    stages = [event["data"]["stage"] for event in await published(lit, "ACENDE_TOPIC_PROGRESS")]
    assert "configuring" in stages
    assert "acende_published_total" in metrics
    assert 'acende_events_total{outcome="applied",type="acende.install.started.v1"} 1.0' in metrics
    [row] = await lit.json("orders")
    assert (row["state"], row["olt"], row["port"]) == ("completed", "olt-centro-1", "0/1/3")
    assert leaked(worker.log.read_text() + metrics + json.dumps(final)) == []


async def test_a_stopped_worker_leaves_cleanly_and_the_next_goes_on(lit: Installation) -> None:
    async with lit.worker() as worker:
        await worker.ready()
        assert await worker.end() == 0
    ended = [line["event"] for line in worker.lines()]
    assert ended[-1] == "worker_ends"
    await lit.acende("publish", lit.write(received(), started()))
    async with lit.worker("w2"):
        await until(finals(lit, 1), 60)


async def test_ctrl_c_ends_a_worker_too(here: Installation) -> None:
    async with here.worker() as worker:
        await worker.ready()
        worker.process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(worker.process.wait(), 30) == 0


SHORT_LEASE = {
    "ACENDE_LEASE_S": "12",
    "ACENDE_LEASE_RENEW_S": "2",
    "ACENDE_LEASE_LONG_EXTRA_S": "6",
    "ACENDE_CONNECT_TIMEOUT_S": "4",
    "ACENDE_COMMAND_TIMEOUT_S": "5",
}


async def test_a_killed_worker_loses_nothing(lit: Installation) -> None:
    await lit.acende("publish", lit.write(received(), started()))
    lit.served["olt-centro-1"].sim.timing.command_s = 0.15  # so that the kill falls into the work
    async with lit.worker("w1", **SHORT_LEASE) as worker:

        async def at_work() -> bool:
            [row] = await lit.json("orders") or [{"state": "none"}]
            return bool(row["state"] == "working")

        await until(at_work, 40)
        worker.process.kill()
        await worker.process.wait()
    async with lit.worker("w2", **SHORT_LEASE):
        found = await until(finals(lit, 1), 60)
    assert {event["data"]["service_order_id"] for event in found} == {"OS-1"}
    assert {event["type"] for event in found} == {"acende.provisioning.completed.v1"}


async def test_on_sqlite_a_worker_waits_for_no_lease_of_the_one_before(here: Installation) -> None:
    url = here.env["ACENDE_DATABASE_URL"]
    store = Store.open(url)
    for olt, holder in (("olt-a", "w1-0f3a"), ("olt-b", f"{leases.COMMAND}noc-7")):
        await store.run(_lease, olt, holder)
    async with here.worker() as worker:
        await worker.ready()
    found = {olt.olt: olt.holder for olt in await store.read(leases.overview, ["olt-a", "olt-b"])}
    alone = store.embedded
    await store.aclose()
    assert found == {"olt-a": None if alone else "w1-0f3a", "olt-b": f"{leases.COMMAND}noc-7"}
    assert [line["olts"] for line in worker.lines() if line["event"] == "leases_ended"] == [1] * alone


def _lease(conn: Connection, olt: str, holder: str) -> None:
    now = db.now(conn)
    leases.register(conn, {olt: "huawei_smartax"}, now)
    assert leases.take(conn, olt, holder, 300.0, now)


@pytest.mark.parametrize("role", ["ingest", "provision", "publish"])
async def test_each_role_runs_by_itself(here: Installation, role: str) -> None:
    async with here.worker(ACENDE_ROLES=role) as worker:
        await worker.ready()
        answer = await worker.get("/metrics")
        others = {"ingest", "provision", "publish"} - {role}
        assert f'acende_loop_up{{loop="{role}"}} 1.0' in answer.text
        assert not any(f'loop="{other}"' in answer.text for other in others)


async def test_a_worker_is_alive_but_not_ready_without_its_broker(here: Installation) -> None:
    async with here.worker(ACENDE_KAFKA_SERVERS="127.0.0.1:1") as worker:
        await asyncio.sleep(3)
        ready = await worker.get("/readyz")
        assert (ready.status_code, ready.json()["faults"]) == (503, ["kafka_group"])
        assert (await worker.get("/livez")).status_code == 200
        assert await worker.end() == 0


async def test_a_worker_waits_for_a_postgresql_that_is_not_migrated(
    here: Installation, request: pytest.FixtureRequest
) -> None:
    if here.env["ACENDE_DATABASE_URL"].startswith("sqlite"):
        (here.folder / "acende.db").unlink()
    else:
        server = request.getfixturevalue("postgres_server")
        with server.connect(here.env["ACENDE_DATABASE_URL"].rsplit("/", 1)[1].split("?")[0]) as admin:
            admin.execute("DROP SCHEMA public CASCADE")
            admin.execute("CREATE SCHEMA public")
    async with here.worker() as worker:
        if "postgresql" in here.env["ACENDE_DATABASE_URL"]:
            await asyncio.sleep(2)
            faults = (await worker.get("/readyz")).json()["faults"]
            assert "database" in faults
            assert (await worker.get("/livez")).status_code == 200
            assert (await here.acende("db", "upgrade"))[0] == 0
        await worker.ready()


async def test_a_second_worker_on_sqlite_is_told_to_use_postgresql(here: Installation) -> None:
    if not here.env["ACENDE_DATABASE_URL"].startswith("sqlite"):
        async with here.worker("w1") as one, here.worker("w2") as two:
            await one.ready()
            await two.ready()
        return
    async with here.worker("w1") as one:
        await one.ready()
        status, _, err = await here.acende("run")
    assert status == 5
    assert "PostgreSQL" in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"ACENDE_DIGEST_KEY": ""}, 4, "ACENDE_DIGEST_KEY"),
        ({"ACENDE_HTTP_PORT": "99999"}, 4, "ACENDE_HTTP_PORT"),
        ({"ACENDE_OLT_PASSWORD": ""}, 4, "ACENDE_OLT_PASSWORD"),
        ({"ACENDE_INVENTORY_FILE": "nowhere.yaml"}, 4, "nowhere.yaml"),
        ({"ACENDE_DATABASE_URL": "mysql://user:geheim@host/x"}, 4, "ACENDE_DATABASE_URL"),
        ({"ACENDE_SOURCE_TIMEZONE": "Brasilia"}, 4, "ACENDE_SOURCE_TIMEZONE"),
        ({"ACENDE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, 4, "ACENDE_KAFKA_SASL_USERNAME"),
    ],
)
async def test_wrong_settings_are_one_sentence(
    here: Installation, change: dict[str, str], status: int, says: str
) -> None:
    here.env |= change
    found, out, err = await here.acende("run")
    assert found == status
    assert says in err
    assert "Traceback" not in out + err
    assert "geheim" not in out + err
