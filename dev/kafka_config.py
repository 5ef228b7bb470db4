"""What the broker is told: `server.properties` of one KRaft node, as text.

Broker configuration reference: https://kafka.apache.org/documentation/#brokerconfigs
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ONE_NODE = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "log.index.size.max.bytes": "1048576",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
}
PROTOCOLS = {
    "PLAINTEXT": "PLAINTEXT",
    "CONTROLLER": "PLAINTEXT",
    "SASLPLAIN": "SASL_PLAINTEXT",
    "SASLTLS": "SASL_SSL",
}
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True)
class Security:
    """One user for the SASL listeners: PLAIN and SCRAM-SHA-512, each with and without TLS."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM texts: the server's key, its certificate, the authority that signed it."""

    key: str = field(repr=False)
    chain: str
    authority: str


def _escaped(pem: str) -> str:
    return pem.strip().replace("\n", "\\n")


def _jaas(security: Security) -> dict[str, str]:
    plain = f'{PLAIN_LOGIN} required user_{security.user}="{security.password}";'
    listeners = ("saslplain", "sasltls")
    return {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        **{f"listener.name.{name}.plain.sasl.jaas.config": plain for name in listeners},
        **{
            f"listener.name.{name}.scram-sha-512.sasl.jaas.config": f"{SCRAM_LOGIN} required;"
            for name in listeners
        },
    }


def _tls(certificate: Certificate) -> dict[str, str]:
    prefix = "listener.name.sasltls.ssl"
    return {
        f"{prefix}.keystore.type": "PEM",
        f"{prefix}.keystore.key": _escaped(certificate.key),
        f"{prefix}.keystore.certificate.chain": _escaped(certificate.chain),
    }


def server_properties(
    *,
    log_dir: str,
    listen_host: str,
    advertised_host: str,
    ports: Mapping[str, int],
    security: Security | None = None,
    certificate: Certificate | None = None,
) -> str:
    """Text of `server.properties`; `ports` by listener name, a key of PROTOCOLS."""
    hosts = {name: "127.0.0.1" if name == "CONTROLLER" else listen_host for name in ports}
    settings = {
        **ONE_NODE,
        "log.dirs": log_dir,
        "controller.quorum.voters": f"1@127.0.0.1:{ports['CONTROLLER']}",
        "listeners": ",".join(f"{name}://{hosts[name]}:{port}" for name, port in ports.items()),
        "advertised.listeners": ",".join(
            f"{name}://{advertised_host}:{port}" for name, port in ports.items() if name != "CONTROLLER"
        ),
        "listener.security.protocol.map": ",".join(f"{name}:{PROTOCOLS[name]}" for name in ports),
        **(_jaas(security) if security else {}),
        **(_tls(certificate) if certificate else {}),
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())
