"""The servers that every other test trusts are real, shared, separate per test, and as secure as asked for."""

from __future__ import annotations

import asyncio
import ssl
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy import Engine, create_engine, text

from dev.certificates import localhost_certificate
from dev.kafka import Broker, create_topic, kafka_broker
from dev.kafka_config import Security
from tests.support.kafka import Topics
from tests.support.secrets import SASL_PASSWORD
from worker import kafka_said
from worker.kafka_said import kafka_says


async def _read(topic: str, count: int, **options: object) -> list[bytes | None]:
    async with AIOKafkaConsumer(topic, auto_offset_reset="earliest", **options) as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_what_is_produced_is_consumed_in_order(kafka: str, kafka_topics: Topics) -> None:
    topic = kafka_topics("erp.install")
    sent = [b"%d" % number for number in range(100)]
    async with AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True) as producer:
        for value in sent:
            await producer.send(topic, value)
    assert await _read(topic, len(sent), bootstrap_servers=kafka) == sent


async def test_a_topic_has_the_partitions_and_the_settings_it_was_asked_for(
    kafka: str, kafka_topics: Topics
) -> None:
    wide = kafka_topics("wide", partitions=3, config={"max.message.bytes": "12000000"})
    usual = kafka_topics("usual")
    ten_mb = b"x" * 10_000_000
    async with AIOKafkaProducer(bootstrap_servers=kafka, max_request_size=12_000_000) as producer:
        assert await producer.partitions_for(wide) == {0, 1, 2}
        await producer.send_and_wait(wide, ten_mb, partition=2)
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(usual, ten_mb)


@pytest.mark.parametrize("test", ["one", "another"])
def test_two_tests_never_share_a_topic(kafka_topics: Topics, test: str) -> None:
    assert kafka_topics("same") != Topics(kafka_topics.bootstrap)("same"), test


def _two_rows(engine: Engine) -> list[int]:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE onu (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO onu VALUES (:id)"), [{"id": 1}, {"id": 2}])
    with engine.connect() as connection:
        return list(connection.scalars(text("SELECT id FROM onu ORDER BY id")))


@pytest.mark.parametrize("test", ["first", "second"])
def test_each_test_has_an_empty_database(database_url: str, test: str) -> None:
    engine = create_engine(database_url)
    try:
        assert _two_rows(engine) == [1, 2], test
    finally:
        engine.dispose()


async def _round_trip(broker: Broker, password: str, *, mechanism: str, tls: bool) -> list[bytes | None]:
    protocol, at = ("SASL_SSL", broker.sasl_tls) if tls else ("SASL_PLAINTEXT", broker.sasl_plaintext)
    options = {
        "bootstrap_servers": at,
        "security_protocol": protocol,
        "ssl_context": ssl.create_default_context(cadata=broker.authority) if tls else None,
        "sasl_mechanism": mechanism,
        "sasl_plain_username": "acende",
        "sasl_plain_password": password,
    }
    producer = AIOKafkaProducer(**options)
    try:
        await producer.start()
        await producer.send_and_wait("secured", mechanism.encode())
    finally:
        await producer.stop()
    return await _read("secured", 1, **options)


async def test_a_secured_broker_lets_in_only_who_has_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka_said.watch()
    with kafka_broker(security=Security("acende", SASL_PASSWORD)) as broker:
        create_topic(broker.bootstrap, "secured")
        for mechanism in ("PLAIN", "SCRAM-SHA-512"):
            for tls in (False, True):
                assert await _round_trip(broker, SASL_PASSWORD, mechanism=mechanism, tls=tls)
                with pytest.raises(KafkaError) as refused:
                    await _round_trip(broker, "wrong", mechanism=mechanism, tls=tls)
                assert kafka_says(refused.value).startswith("Kafka refuses the login: see ACENDE_KAFKA_SASL_")
        stranger = replace(broker, authority=localhost_certificate().authority)
        with pytest.raises(KafkaError) as distrusted:
            await _round_trip(stranger, SASL_PASSWORD, mechanism="PLAIN", tls=True)
        assert kafka_says(distrusted.value).endswith("trusted here: see ACENDE_KAFKA_TLS_CA_FILE")
        with pytest.raises(KafkaError) as away:
            await _round_trip(
                replace(broker, sasl_plaintext="127.0.0.1:1"), "x", mechanism="PLAIN", tls=False
            )
        assert kafka_says(away.value) == "Kafka is not available: see ACENDE_KAFKA_SERVERS"
        authority = tmp_path / "ca.pem"
        for password, trusted, says in (
            ("wrong", broker.authority, "ACENDE_KAFKA_SASL_PASSWORD"),
            (SASL_PASSWORD, stranger.authority, "ACENDE_KAFKA_TLS_CA_FILE"),
        ):
            authority.write_text(trusted)
            for name, value in _secured(broker, password, authority).items():
                monkeypatch.setenv(name, value)
            said = await _typed("topics")
            assert says in said, said


def _secured(broker: Broker, password: str, authority: Path) -> dict[str, str]:
    return {
        "ACENDE_KAFKA_SERVERS": broker.sasl_tls,
        "ACENDE_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "ACENDE_KAFKA_SASL_USERNAME": "acende",
        "ACENDE_KAFKA_SASL_PASSWORD": password,
        "ACENDE_KAFKA_TLS_CA_FILE": str(authority),
    }


async def _typed(*words: str) -> str:
    """What a command of its own process says of its failure."""
    command = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.cli", *words, stderr=asyncio.subprocess.PIPE
    )
    _, said = await command.communicate()
    assert command.returncode == 5
    return said.decode()
