"""`acende demo`: the whole morning, judged by its topics; and short mornings that go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from dev.machine import ROOT
from tests.integration.demo.played import BACKGROUND_JOB, Demo, demo, on_topics
from tests.support.published import validator
from tests.support.secrets import disguises
from tests.support.until import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]
OUTPUTS = ("ACENDE_TOPIC_PROGRESS", "ACENDE_TOPIC_RESULTS", "ACENDE_TOPIC_DEAD_LETTERS")
Event = dict[str, Any]


@pytest.fixture(scope="module")
def whole(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The whole morning, played once to its end."""
    with demo(tmp_path_factory.mktemp("demo"), kafka) as played:
        played.process.wait(240)
        return played


async def events(kafka: str, played: Demo, *settings: str) -> list[Event]:
    found = await on_topics(kafka, *(played.setting(name) for name in settings))
    return [json.loads(value) for value in found]


def orders() -> set[str]:
    """The orders of the morning, read from its file."""
    rows = yaml.safe_load((ROOT / "dev/demo/morning.yaml").read_text())["installations"]
    return {row["order"] for row in rows}


# ---------------------------------------------------------------------------------------------------- the whole morning


def test_every_outcome_of_the_morning_is_the_expected_one(whole: Demo) -> None:
    count = len(orders())
    assert count >= 40
    assert f"{count} of {count} orders ended as expected" in whole.said, whole.said
    assert (whole.process.returncode, "✗" in whole.said) == (0, False)


async def test_the_results_hold_one_final_id_for_each_order_and_its_last_revision(
    whole: Demo, kafka: str
) -> None:
    told = await events(kafka, whole, "ACENDE_TOPIC_PROGRESS", "ACENDE_TOPIC_RESULTS")
    last: dict[str, int] = defaultdict(int)
    for event in told:
        order = event["data"]["service_order_id"]
        last[order] = max(last[order], event["data"]["revision"])
    ids: dict[tuple[str, int], set[str]] = defaultdict(set)
    for event in await events(kafka, whole, "ACENDE_TOPIC_RESULTS"):
        ids[event["data"]["service_order_id"], event["data"]["revision"]].add(event["id"])
    assert last.keys() == orders()
    assert {order: len(ids[order, revision]) for order, revision in last.items()} == dict.fromkeys(last, 1)
    assert all(len(found) == 1 for found in ids.values())


async def test_every_record_is_valid_against_its_json_schema(whole: Demo, kafka: str) -> None:
    published = await events(kafka, whole, *OUTPUTS)
    faults = [
        f"{event['id']}: {fault.json_path}: {fault.message}"
        for event in published
        for fault in validator(event["type"]).iter_errors(event)
    ]
    kinds = {event["type"].split(".")[-2] for event in published}
    assert faults == []
    assert kinds == {"progress", "completed", "failed", "cancelled", "dead-letter"}


async def test_no_password_is_in_anything_but_the_input_topics(whole: Demo, kafka: str) -> None:
    asked = await on_topics(kafka, whole.setting("ACENDE_TOPIC_INSTALL"))
    customers = {
        (event["data"]["service_order_id"], secret)
        for event in map(json.loads, (value for value in asked if value.endswith(b"}")))
        for name in ("pppoe_password", "wifi_key")
        if (secret := event["data"].get(name))
    }
    ours = {
        (name, (whole.folder / "secrets" / name).read_text())
        for name in ("olt_password", "acende_digest_key")
    }
    routers = {whose for whose, _ in customers}
    assert len(routers) > 20
    assert found_in(b"\n".join(asked), customers) == sorted(routers)
    files = [path for path in whole.folder.iterdir() if path.is_file()]
    database = b"\n".join(path.read_bytes() for path in files if path.name.startswith("acende.db"))
    rest = [path.read_bytes() for path in files if not path.name.startswith("acende.db")]
    told = [whole.output.read_bytes(), *await on_topics(kafka, *map(whole.setting, OUTPUTS))]
    assert found_in(b"\n".join(told + rest), customers | ours) == []
    # Those of a failed order are kept for a day, so that a person may retry it.
    results = await events(kafka, whole, "ACENDE_TOPIC_RESULTS")
    failed = {event["data"]["service_order_id"] for event in results if event["type"].endswith("failed.v1")}
    assert set(found_in(database, customers | ours)) <= failed


def found_in(text: bytes, secrets: set[tuple[str, str]]) -> list[str]:
    """Whose secrets the text holds, in whatever disguise."""
    folded = text.lower()
    return sorted({whose for whose, secret in secrets if any(form in folded for form in forms(secret))})


def forms(secret: str) -> set[bytes]:
    return {form.lower().encode() for form in (*disguises(secret), json.dumps(secret)[1:-1])}


def test_the_commands_that_it_ends_with_work_afterwards(whole: Demo) -> None:
    _, _, more = whole.said.partition("Look further")
    commands = [line.strip() for line in more.splitlines() if line.startswith("  ")]
    assert len(commands) >= 4
    ran = whole.shell("\n".join(commands))
    assert (ran.returncode, ran.stderr) == (0, "")
    listed = whole.shell(f"source {whole.folder}/env.sh; acende orders --json")
    assert {row["id"] for row in json.loads(listed.stdout)} == orders()


def test_nothing_runs_and_nothing_of_the_demo_is_left_but_its_folder(whole: Demo) -> None:
    left = [
        process.pid
        for process in psutil.process_iter()
        if process.is_running() and str(whole.folder) in " ".join(_command_line(process))
    ]
    assert left == []
    assert not (whole.folder / "alive").exists()


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


# -------------------------------------------------------------------------------------------------------- short mornings

EXPECTED = {"outcome": "failed", "code": "olt_unknown"}


def morning(folder: Path, expect: dict[str, Any] = EXPECTED, **more: Any) -> str:
    """A morning of one order, on an OLT that nobody has; its file."""
    order = {
        "order": "OS-1",
        "story": "An OLT that nobody has",
        "serial": "HWTC4A100001",
        "asks": {"olt_id": "olt-99", "serial": "HWTC4A100001"},
        "happens": [{"at": 0, "what": "started"}],
        "expect": expect,
    }
    path = folder / "morning.yaml"
    path.write_text(yaml.safe_dump({"installations": [order], **more}))
    return str(path)


WAITING = {
    "order": "OS-1",
    "story": "No unit ever",
    "happens": [{"at": 0, "what": "started"}],
    "expect": {"outcome": "cancelled"},
}


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({}, 0, "1 of 1 orders ended as expected"),
        ({"expect": EXPECTED | {"code": "no_light"}}, 1, "code: olt_unknown instead of no_light"),
        ({"expect": {"outcome": "completed"}}, 1, "outcome: failed instead of completed"),
        ({"expect": EXPECTED | {"place": "olt-99 0/1/0"}}, 1, "place: None instead of olt-99 0/1/0"),
        (
            {"strays": [{"at": 0, "topic": "install", "value": "no JSON", "code": None}]},
            1,
            "dead letters: ['not_json'] instead of []",
        ),
    ],
    ids=["as it is", "code", "outcome", "place", "dead letter"],
)
async def test_a_wrong_expectation_is_said_and_ends_with_a_status(
    tmp_path: Path, kafka: str, change: dict[str, Any], status: int, says: str
) -> None:
    with demo(tmp_path, kafka, "--morning", morning(tmp_path, **change)) as played:
        assert await played.ends(90) == status, played.said
        assert says in " ".join(played.said.split())


@pytest.mark.parametrize("starter", [(), BACKGROUND_JOB], ids=["terminal", "background-job"])
async def test_ctrl_c_ends_everything(tmp_path: Path, kafka: str, starter: tuple[str, ...]) -> None:
    options = ("--morning", morning(tmp_path, installations=[WAITING]))
    with demo(tmp_path, kafka, *options, starter=starter) as played:
        await played.says("Aguardando a ONU aparecer no estoque")
        below = played.started()
        assert below
        played.interrupt()
        assert await played.ends(20) == 130
        assert "Interrupted: everything has been stopped" in played.said
        await gone(below)


async def test_on_demand_everything_stays_until_ctrl_c(tmp_path: Path, kafka: str) -> None:
    with demo(tmp_path, kafka, "--stay", "--morning", morning(tmp_path)) as played:
        await played.says("go on until Ctrl-C")
        listed = await asyncio.to_thread(played.shell, "source env.sh; acende dead-letters list --json")
        assert (listed.returncode, json.loads(listed.stdout)) == (0, [])
        played.interrupt()
        assert await played.ends(20) == 0


async def test_a_killed_demo_leaves_nothing_running(tmp_path: Path, kafka: str) -> None:
    with demo(tmp_path, kafka, "--morning", morning(tmp_path, installations=[WAITING])) as played:
        await played.says("Aguardando a ONU aparecer no estoque")
        below = played.started()
        played.process.kill()
        await gone(below)


async def gone(processes: list[psutil.Process]) -> None:
    async def look() -> bool:
        return not any(process.is_running() for process in processes)

    await until(look, 20)


async def test_a_worker_that_ends_is_one_sentence(tmp_path: Path, kafka: str) -> None:
    with demo(tmp_path, kafka, "--morning", morning(tmp_path, installations=[WAITING])) as played:
        await played.says("Aguardando a ONU aparecer no estoque")
        [worker] = [one for one in played.started() if one.cmdline()[1:] == ["-m", "worker.cli", "run"]]
        worker.kill()
        assert await played.ends(20) == 5
        assert "Traceback" not in played.said
        assert played.said.splitlines()[-1].startswith("acende: The worker has ended with status")


async def test_a_kafka_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with demo(tmp_path, "127.0.0.1:1") as played:
        assert await played.ends(60) == 5
        said = "acende: No topics can be made on the Kafka at 127.0.0.1:1: KafkaConnectionError."
        assert played.said.splitlines()[-1] == said


async def test_a_wrong_morning_is_told_with_its_line(tmp_path: Path) -> None:
    path = morning(tmp_path, {"outcome": "lit"})
    with demo(tmp_path, "127.0.0.1:1", "--morning", path) as played:
        assert await played.ends(60) == 4
        assert played.said.startswith(f"acende: {path}:")
        assert "installations[0].expect.outcome" in played.said


async def test_a_worker_elsewhere_needs_a_kafka_and_a_folder_that_it_uses_too() -> None:
    command = [sys.executable, "-m", "worker.cli", "demo", "--worker", "http://127.0.0.1:1"]
    ran = await asyncio.to_thread(
        subprocess.run,
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "acende: --worker needs --kafka and --folder, which that worker uses too\n"


async def test_an_installation_without_the_demo_says_so() -> None:
    code = "import sys; sys.modules['dev'] = None; sys.argv = ['acende', 'demo']; from worker.cli import main; main()"
    ran = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "acende: this installation has no demo: run it from a clone, with `make demo`\n"
