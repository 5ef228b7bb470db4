"""What is wrong with Kafka is one sentence of its own for each cause, with what to look at."""

from __future__ import annotations

import ssl

import pytest
from aiokafka import client, errors

from worker import bus, kafka_said
from worker.kafka_said import kafka_says
from worker.settings import Settings


def uncertain(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (errors.AuthenticationFailedError("acende / cnSECRET"), "ACENDE_KAFKA_SASL_PASSWORD"),
        (errors.UnsupportedSaslMechanismError(), "ACENDE_KAFKA_SASL_MECHANISM"),
        (uncertain(19), "ACENDE_KAFKA_TLS_CA_FILE"),
        (uncertain(62), "ACENDE_KAFKA_TLS_CHECK_HOSTNAME"),
        (uncertain(10), "expired"),
        (ssl.SSLError(1, "wrong version number"), "ACENDE_KAFKA_SECURITY_PROTOCOL"),
        (ConnectionRefusedError(), "ACENDE_KAFKA_SERVERS"),
        (None, "ACENDE_KAFKA_SERVERS"),
    ],
)
def test_why_nothing_could_be_reached(
    reason: BaseException | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka_said._Refusals, "last", reason)
    told = kafka_says(errors.KafkaConnectionError("Unable to bootstrap from [('h', 9092)]"))
    assert said in told
    assert "cnSECRET" not in told


def test_what_an_account_may_not_is_said_with_what_it_lacks() -> None:
    said = {
        kafka_says(error("x"))
        for error in (
            errors.TopicAuthorizationFailedError,
            errors.GroupAuthorizationFailedError,
            errors.ClusterAuthorizationFailedError,
        )
    }
    assert len(said) == 3
    assert all("ACL" in one for one in said)


async def test_a_connection_that_comes_about_forgets_why_others_did_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise errors.AuthenticationFailedError

    async def take(*_: object, **__: object) -> str:
        return "connection"

    monkeypatch.setattr(kafka_said, "_create_conn", refuse)
    with pytest.raises(errors.AuthenticationFailedError):
        await kafka_said._connected("h", 1)
    assert "login" in kafka_says(errors.KafkaConnectionError())
    monkeypatch.setattr(kafka_said, "_create_conn", take)
    assert await kafka_said._connected("h", 1) == "connection"
    assert "not available" in kafka_says(errors.KafkaConnectionError())


def test_whoever_connects_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "create_conn", kafka_said._create_conn)
    bus.connection(Settings())
    assert client.create_conn is kafka_said._connected
    client.create_conn = kafka_said._create_conn
    bus.security(Settings())
    assert client.create_conn is kafka_said._connected
