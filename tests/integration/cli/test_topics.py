"""`acende topics`: creates what lacks on a real Kafka, changes nothing that exists, and tells differences."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.cli.conftest import acende
from tests.support.kafka import Topics
from worker.cli.failure import Status
from worker.settings import Settings
from worker.topics import KEEP_HOURS, Shape, Topic, retention, wanted


async def test_it_is_known_how_long_input_topics_keep_their_records(kafka_topics: Topics) -> None:
    week = {"retention.ms": str(7 * 24 * 3_600_000)}
    made = Settings(
        kafka_servers=kafka_topics.bootstrap,
        topic_install=kafka_topics("install", config=week),
        topic_equipment=kafka_topics("equipment", config={"retention.ms": "-1"}),
    )
    assert await retention(made) == {made.topic_install: timedelta(days=7)}


ONE_BROKER = ("--replication", "1")


@pytest.fixture
def names(kafka: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Names of topics that are not there, by what they are for."""
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", kafka)
    mark = uuid4().hex[:8]
    found = {use: f"{use}.{mark}" for use in KEEP_HOURS}
    for use, name in found.items():
        monkeypatch.setenv(f"ACENDE_TOPIC_{use.replace('-', '_').upper()}", name)
    return found


def told(*words: str) -> dict[str, Any]:
    return {one["topic"]: one for one in acende("topics", *words, "--json").json()}


def test_a_topic_that_lacks_is_told_and_nothing_is_created(names: dict[str, str]) -> None:
    said = acende("topics").failed(Status.NO)
    assert all(name in said for name in names.values())
    assert "--create" in said
    assert acende("topics").status == Status.NO


def test_what_lacks_is_created_as_it_was_asked_for(names: dict[str, str]) -> None:
    made = told("--create", "--partitions", "3", *ONE_BROKER, "--keep", "install=24")
    assert {one["state"] for one in made.values()} == {"created"}
    install, results = made[names["install"]], made[names["results"]]
    config = {"retention.ms": "86400000", "cleanup.policy": "delete"}
    assert install["found"] == {"partitions": 3, "replication": 1, "config": config}
    assert results["found"]["config"] == {"retention.ms": "-1", "cleanup.policy": "delete"}
    assert [one["differs"] for one in made.values()] == [[]] * len(names)


def test_where_there_is_one_broker_it_is_said_what_to_type(names: dict[str, str]) -> None:
    assert names
    assert "`--replication 1`" in acende("topics", "--create").failed(Status.UNAVAILABLE)


def test_created_twice_changes_nothing(names: dict[str, str]) -> None:
    told("--create", "--partitions", "2", *ONE_BROKER)
    again = told("--create", "--partitions", "2", *ONE_BROKER)
    assert {one["state"] for one in again.values()} == {"is there"}


def test_a_topic_that_differs_is_told_and_left_as_it_is(names: dict[str, str]) -> None:
    told("--create", "--partitions", "2", *ONE_BROKER)
    asked = ("--create", "--partitions", "5", *ONE_BROKER, "--keep", "results=24")
    found = told(*asked)[names["results"]]
    assert found["differs"] == ["partitions is 2, not 5", "retention.ms is -1, not 86400000"]
    assert told(*asked)[names["results"]] == found
    ran = acende("topics", *asked)
    assert (ran.status, ran.err) == (0, "")
    assert "partitions is 2, not 5" in ran.out


def test_a_compacted_topic_is_told(
    kafka_topics: Topics, names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compacted = kafka_topics("results", config={"cleanup.policy": "compact"})
    monkeypatch.setenv("ACENDE_TOPIC_RESULTS", compacted)
    differs = told("--create", "--partitions", "1", *ONE_BROKER)[compacted]["differs"]
    assert "cleanup.policy is compact, not delete" in differs


def test_only_what_lacks_is_created(names: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    told("--create", "--partitions", "2", *ONE_BROKER)
    monkeypatch.setenv("ACENDE_TOPIC_PROGRESS", new := f"progress.{uuid4().hex[:8]}")
    found = told("--create", "--partitions", "4", *ONE_BROKER)
    assert {name for name, one in found.items() if one["state"] == "created"} == {new}


def test_more_replicas_than_brokers_are_refused_by_a_sentence(names: dict[str, str]) -> None:
    said = acende("topics", "--create", "--replication", "3").failed(Status.UNAVAILABLE)
    assert "InvalidReplicationFactor" in said


@pytest.mark.parametrize("keep", ["install", "install=", "install=0", "install=-2", "nada=1", "install=1.5"])
def test_a_wrong_retention_is_wrong_usage(keep: str) -> None:
    assert f"--keep {keep}" in acende("topics", "--keep", keep).failed(Status.USAGE)


def test_without_a_broker_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", "127.0.0.1:1")
    assert "ACENDE_KAFKA_SERVERS" in acende("topics").failed(Status.UNAVAILABLE)


def test_a_topic_for_two_purposes_is_kept_as_long_as_either_asks_for() -> None:
    known = Settings(topic_equipment="erp", topic_install="erp")
    assert wanted(known.topics)["erp"].config["retention.ms"] == "-1"
    assert (
        wanted(known.topics, keep_hours={"equipment": 1, "install": 2})["erp"].config["retention.ms"]
        == "7200000"
    )


def test_three_replicas_ask_for_two_in_step() -> None:
    shape = wanted(Settings().topics, replication=3)["erp.equipment"]
    assert shape.config["min.insync.replicas"] == "2"
    assert "min.insync.replicas" not in wanted(Settings().topics, replication=1)["erp.equipment"].config


def test_any_number_of_replicas_is_right_where_the_broker_decides() -> None:
    there = Shape(2, 5, {})
    assert Topic("t", Shape(2, -1, {}), there).differences == ()
    assert Topic("t", Shape(2, 3, {}), there).differences == ("replication is 5, not 3",)
