"""How Kafka is reached: connection arguments, security included, for consumers, producers and the broker object."""

import ssl
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from worker import kafka_said
from worker.settings import ConfigurationError, Settings

_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def tls(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context, None without TLS. Raises ConfigurationError where a file cannot be used."""
    kafka_said.watch()
    if not settings.kafka_security_protocol.endswith("SSL"):
        return None
    try:
        context = ssl.create_default_context(cafile=_text(settings.kafka_tls_ca_file))
        context.check_hostname = settings.kafka_tls_check_hostname
        if settings.kafka_tls_cert_file:
            key_password = settings.kafka_tls_key_password
            context.load_cert_chain(
                settings.kafka_tls_cert_file,
                settings.kafka_tls_key_file,
                # An empty answer, never a prompt on the terminal, where the key turns out to be encrypted.
                password=key_password.get_secret_value() if key_password else "",
            )
    except OSError as error:
        raise ConfigurationError(
            f"Kafka's TLS files cannot be used: {error.strerror or type(error).__name__}"
        ) from None
    return context


def _text(path: object) -> str | None:
    return None if path is None else str(path)


def connection(settings: Settings, *, client_id: str = "acende") -> dict[str, Any]:
    """Arguments that every aiokafka client takes."""
    arguments: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_servers.split(","),
        "client_id": client_id,
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": tls(settings),
        "request_timeout_ms": int(settings.kafka_request_timeout_s * 1000),
        "metadata_max_age_ms": 30_000,
    }
    if settings.kafka_security_protocol.startswith("SASL") and settings.kafka_sasl_password:
        arguments |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_sasl_username,
            "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        }
    return arguments


def security(settings: Settings) -> BaseSecurity | None:
    """The same for FastStream's broker; None for plain text."""
    context = tls(settings)
    if settings.kafka_security_protocol.startswith("SASL") and settings.kafka_sasl_password:
        return _SASL[settings.kafka_sasl_mechanism](
            username=settings.kafka_sasl_username or "",
            password=settings.kafka_sasl_password.get_secret_value(),
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True) if context else None
