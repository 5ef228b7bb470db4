"""What Kafka's library raises, as sentences for people.

aiokafka says "unable to bootstrap" whatever the reason, and writes the reason into its own log: it is kept here for that.
"""

import ssl
from typing import Any

from aiokafka import client

_LOGIN = "Kafka refuses the login: see ACENDE_KAFKA_SASL_USERNAME, ACENDE_KAFKA_SASL_PASSWORD"
_SAID = {
    "UnknownTopicOrPartitionError": "Kafka has no such topic: see ACENDE_TOPIC_…",
    "AuthenticationFailedError": _LOGIN,
    "SaslAuthenticationFailed": _LOGIN,
    "UnsupportedSaslMechanismError": "Kafka does not take this way of logging in: see ACENDE_KAFKA_SASL_MECHANISM",
    "TopicAuthorizationFailedError": "Kafka does not let this account use the topic: it lacks an ACL for it",
    "GroupAuthorizationFailedError": "Kafka does not let this account use the consumer group of ACENDE_KAFKA_GROUP: it lacks"
    " an ACL for it",
    "ClusterAuthorizationFailedError": "Kafka does not let this account do that to the cluster: it lacks an ACL for it",
    "InvalidReplicationFactorError": "Kafka has fewer brokers than each record should have replicas: with one broker, say"
    " `--replication 1` (InvalidReplicationFactorError)",
    "KafkaConnectionError": "Kafka is not available: see ACENDE_KAFKA_SERVERS",
    "KafkaTimeoutError": "Kafka does not answer: see ACENDE_KAFKA_SERVERS",
}
_OTHER_NAME = frozenset({62, 64})
"""OpenSSL's codes of a certificate that bears another host's name, or address."""
_EXPIRED = 10


class _Refusals:
    """Why the last connection that failed did so."""

    last: BaseException | None = None


async def _connected(*arguments: Any, **options: Any) -> Any:
    try:
        made = await _create_conn(*arguments, **options)
    except Exception as error:
        _Refusals.last = error
        raise
    _Refusals.last = None
    return made


_create_conn = client.create_conn


def watch() -> None:
    """From now on why a connection could not be made is known to `kafka_says`."""
    client.create_conn = _connected


def kafka_says(error: BaseException) -> str:
    """What aiokafka raised, as a sentence."""
    kind = type(error).__name__
    if kind == "KafkaConnectionError" and (reason := _reason(error, _Refusals.last)):
        return reason
    return _SAID.get(kind, f"Kafka does not do it ({kind})")


def _reason(*errors: BaseException | None) -> str | None:
    """The sentence of the first of these, or of what caused it, that is more than not being reached."""
    for error in errors:
        cause = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return _tls(cause)
            kind = type(cause).__name__
            if kind in _SAID and kind != "KafkaConnectionError":
                return _SAID[kind]
            cause = cause.__cause__ or cause.__context__
    return None


def _tls(error: ssl.SSLError) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "TLS with Kafka does not come about: see ACENDE_KAFKA_SECURITY_PROTOCOL, ACENDE_KAFKA_TLS_CERT_FILE"
    if error.verify_code in _OTHER_NAME:
        return "Kafka's certificate bears another name: see ACENDE_KAFKA_SERVERS, ACENDE_KAFKA_TLS_CHECK_HOSTNAME"
    if error.verify_code == _EXPIRED:
        return "Kafka's certificate has expired"
    return "Kafka's certificate is of no CA that is trusted here: see ACENDE_KAFKA_TLS_CA_FILE"
