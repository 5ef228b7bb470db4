"""What the chart's Jobs and simulators run, run as plain processes against a real Kafka, database and worker."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import yaml

from dev.process import free_port
from tests.chart.rendered import CHART, Release, container, rendered
from tests.support.installation import Installation, installation
from tests.support.kafka import Topics
from tests.support.until import until


@pytest.fixture
async def here(tmp_path: Path, kafka_topics: Topics, postgres_url: str) -> AsyncIterator[Installation]:
    """Configuration, topics, OLTs and a database that nobody has migrated yet."""
    async with installation(tmp_path, kafka_topics, postgres_url) as made:
        yield made


def words(release: Release, job: str, **instead: str) -> list[str]:
    """The arguments of a Job, with what stands in for the cluster's names."""
    return [instead.get(word, word) for word in container(release.one("Job", job))["args"]]


async def test_helm_test_passes_beside_a_worker_and_fails_without_one(here: Installation) -> None:
    release = rendered("postgres-all-in-one")
    assert container(release.one("Job", "acende-test"))["command"] == ["acende"]
    status, out, err = await here.acende(*words(release, "acende-migrations"))
    assert status == 0, err
    async with here.worker() as worker:
        await worker.ready()
        command = words(release, "acende-test", **{"http://acende:8080": worker.url})
        assert worker.url in command
        status, out, err = await here.acende(*command)
        assert (status, err) == (0, ""), out
    status, out, err = await here.acende(*command)
    assert status == 1
    assert "/readyz" in err


async def test_helm_test_fails_where_the_database_is_not_migrated(here: Installation) -> None:
    async with here.worker() as worker:
        command = words(rendered("postgres-all-in-one"), "acende-test", **{"http://acende:8080": worker.url})
        status, out, err = await here.acende(*command)
    assert status == 1
    assert "database" in err
    assert "acende db upgrade" in out


async def test_helm_test_on_sqlite_asks_the_worker_alone_for_the_database(here: Installation) -> None:
    command = words(rendered("sqlite-all-in-one"), "acende-test")
    assert command == ["check", "--url", "http://acende:8080", "--no-database"]


async def test_the_configuration_is_proven_before_it_is_installed(here: Installation) -> None:
    command = words(rendered("postgres-all-in-one"), "acende-config-check")
    assert (await here.acende(*command))[0] == 0
    services = yaml.safe_load((here.folder / "services.yaml").read_text())
    services["models"][0]["give"]["service_ports"][0]["vlan"] = "${nowhere}"
    (here.folder / "services.yaml").write_text(yaml.safe_dump(services))
    status, out, err = await here.acende(*command)
    assert status != 0
    assert "nowhere" in out + err


async def test_the_topics_job_makes_what_lacks(here: Installation) -> None:
    here.env["ACENDE_TOPIC_RESULTS"] = f"results.{uuid4().hex[:8]}"
    command = words(rendered("topics-job"), "acende-topics")
    status, out, err = await here.acende(*command)
    assert (status, err) == (0, "")
    assert f"{here.env['ACENDE_TOPIC_RESULTS']}" in out
    assert (await here.acende("topics"))[0] == 0


async def test_the_rehearsal_lights_up(here: Installation) -> None:
    release = rendered("rehearsal")
    files = {name: one["data"][name] for one in release.all("ConfigMap") for name in one["data"]}
    (here.folder / "inventory.yaml").write_text(on_this_machine(files["inventory.yaml"]))
    (here.folder / "services.yaml").write_text(files["services.yaml"])
    assert (await here.acende(*words(release, "acende-migrations")))[0] == 0
    async with simulators(here, release), here.worker() as worker:
        await worker.ready()
        events = (CHART / "rehearsal/events.yaml").read_bytes()
        status, out, err = await here.acende("publish", "-", stdin=events)
        assert (status, out.strip(), err) == (0, "4 events sent.", "")

        async def lit() -> bool:
            states = {row["id"]: row["state"] for row in await here.json("orders")}
            return states == {"OS-1": "completed", "OS-2": "completed"}

        await until(lit, 60, 0.5)


@asynccontextmanager
async def simulators(here: Installation, release: Release) -> AsyncIterator[None]:
    """The Deployment's command, until the block is left."""
    command = container(release.one("Deployment", "acende-simulators"))["args"]
    place = {"/etc/acende/inventory/inventory.yaml": "inventory.yaml", "0.0.0.0": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "worker.cli",
        *(place.get(word, word) for word in command),
        cwd=here.folder,
        env=here.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readuntil(b"Served until Ctrl-C."), 30)
        yield
    finally:
        process.terminate()
        _, err = await process.communicate()
        assert (process.returncode, err) == (0, b"")


def on_this_machine(inventory: str) -> str:
    """The inventory with addresses and ports that are free here."""
    found = yaml.safe_load(inventory)
    for olt in found["olts"]:
        olt |= {"address": "127.0.0.1", "port": free_port()}
    return yaml.safe_dump(found)
