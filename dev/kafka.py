"""A real Apache Kafka of one node: in Docker where Docker works, otherwise from Kafka's own jars.

    with kafka_broker() as broker:
        create_topic(broker.bootstrap, "erp.install", partitions=3)

`python -m dev.kafka` runs one until Ctrl-C.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, for_code

from dev import machine
from dev.certificates import localhost_certificate
from dev.jars import KAFKA_VERSION, ensure_jars
from dev.kafka_config import Certificate, Security, server_properties
from dev.process import Server, StartFailed, free_port, listens, restarted

IMAGE = f"apache/kafka:{KAFKA_VERSION}"
START_S = 90.0
START_TRIES = 3  # a port that was free may be taken when the broker comes to it

T = TypeVar("T")
Question = Callable[[AIOKafkaAdminClient], Coroutine[Any, Any, T]]

IN_CONTAINER = """
printf %s "$ACENDE_PROPERTIES" > /tmp/server.properties &&
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted -c /tmp/server.properties "$@" &&
exec /opt/kafka/bin/kafka-server-start.sh /tmp/server.properties
"""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a running broker is reached: `host:port` per listener.

    `sasl_plaintext`, `sasl_tls` and `authority` (PEM) are empty unless Security was asked for.
    """

    bootstrap: str
    sasl_plaintext: str = ""
    sasl_tls: str = ""
    authority: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """One attempt to start: its ports and what is written into its configuration."""

    ports: Mapping[str, int]
    security: Security | None
    certificate: Certificate | None

    def properties(self, *, log_dir: str, listen_host: str, advertised_host: str) -> str:
        return server_properties(
            log_dir=log_dir,
            listen_host=listen_host,
            advertised_host=advertised_host,
            ports=self.ports,
            security=self.security,
            certificate=self.certificate,
        )

    def format_options(self) -> list[str]:
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        if self.security is None:
            return ["-t", cluster]
        user = f"SCRAM-SHA-512=[name={self.security.user},password={self.security.password}]"
        return ["-t", cluster, "--add-scram", user]

    def broker(self, host: str) -> Broker:
        at = {name: f"{host}:{port}" for name, port in self.ports.items()}
        authority = self.certificate.authority if self.certificate else ""
        return Broker(at["PLAINTEXT"], at.get("SASLPLAIN", ""), at.get("SASLTLS", ""), authority)


def _plan(security: Security | None) -> _Plan:
    names = ["CONTROLLER", "PLAINTEXT", *(["SASLPLAIN", "SASLTLS"] if security else [])]
    return _Plan(
        {name: free_port() for name in names}, security, localhost_certificate() if security else None
    )


@contextlib.contextmanager
def kafka_broker(
    *, security: Security | None = None, heap_mb: int = 512, restarts: bool = False
) -> Iterator[Broker]:
    """A broker that is ready for clients; it and its data are gone when the block, or this process, ends.

    With `restarts`, on this machine, it comes up again with its data whenever it dies. Raises Lacking (one sentence: what to install) or StartFailed (with the end of the broker's log).
    """
    start = _in_docker if machine.docker_has(IMAGE) else partial(_from_jars, restarts=restarts)
    with contextlib.ExitStack() as stack:
        yield _started(lambda: stack.enter_context(start(_plan(security), heap_mb)))


def _started(start: Callable[[], Broker]) -> Broker:
    for _ in range(START_TRIES - 1):
        with contextlib.suppress(StartFailed):
            return start()
    return start()


@contextlib.contextmanager
def _from_jars(plan: _Plan, heap_mb: int, *, restarts: bool) -> Iterator[Broker]:
    classpath = f"{ensure_jars()}/*"
    java = machine.java()
    if java is None:
        raise machine.Lacking(machine.NO_JAVA)
    with Server("kafka") as server:
        file = server.folder / "server.properties"
        file.touch(mode=0o600)
        file.write_text(
            plan.properties(
                log_dir=str(server.folder / "data"), listen_host="127.0.0.1", advertised_host="127.0.0.1"
            )
        )
        compiler = ["-XX:TieredStopAtLevel=1"] if restarts else []  # quick to start, not to run
        run = [java, f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", *compiler, "-cp", classpath]
        formatting = [*run, "kafka.tools.StorageTool", "format", "-c", str(file), *plan.format_options()]
        serving = [*run, "kafka.Kafka", str(file)]
        serving = restarted(serving) if restarts else serving
        server.start(_one_after_the_other(formatting, serving), stop_signal="SIGKILL")
        broker = plan.broker("127.0.0.1")
        server.wait_until(lambda: _answers(broker.bootstrap), START_S)
        yield broker


def _one_after_the_other(first: list[str], second: list[str]) -> list[str]:
    script = 'n=$1; shift; "${@:1:n}" && exec "${@:n+1}"'
    return ["bash", "-c", script, "kafka", str(len(first)), *first, *second]


@contextlib.contextmanager
def _in_docker(plan: _Plan, heap_mb: int) -> Iterator[Broker]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow to import, and only here
    from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415

    host = DockerClient().host().replace("localhost", "127.0.0.1")  # where aiokafka would try IPv6 first
    properties = plan.properties(log_dir="/tmp/acende-kafka", listen_host="0.0.0.0", advertised_host=host)  # noqa: S104, S108
    container = (
        DockerContainer(IMAGE)
        .with_envs(ACENDE_PROPERTIES=properties, KAFKA_HEAP_OPTS=f"-Xmx{heap_mb}m")
        .with_command(["bash", "-c", IN_CONTAINER, "kafka", *plan.format_options()])
    )
    for name, port in plan.ports.items():
        if name != "CONTROLLER":
            container.with_bind_ports(port, port)
    with container:
        broker = plan.broker(host)
        _wait_for_container(container, broker)
        yield broker


def _wait_for_container(container: Any, broker: Broker) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(broker.bootstrap):
        container.reload()
        if container.status != "running" or time.monotonic() > deadline:
            end = b"\n".join(b"".join(container.get_logs()).splitlines()[-20:])
            raise StartFailed(f"Kafka did not start in Docker:\n{end.decode(errors='replace')}")
        time.sleep(0.2)


# --------------------------------------------------------------------------------------------------- as a client


async def _ask(bootstrap: str, question: Question[T]) -> T:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        return await question(admin)
    finally:
        await admin.close()


def _answers(bootstrap: str) -> bool:
    """True if the broker serves clients: its node is listed in the cluster, not fenced."""
    host, _, port = bootstrap.rpartition(":")
    if not listens(host, int(port)):
        return False

    async def nodes(admin: AIOKafkaAdminClient) -> bool:
        return bool((await admin.describe_cluster())["brokers"])

    with contextlib.suppress(KafkaError, OSError, asyncio.TimeoutError):
        return _in_own_loop(_ask(bootstrap, nodes))
    return False


def _in_own_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end, whether or not the calling thread already runs a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _create(admin: AIOKafkaAdminClient, topic: NewTopic) -> None:
    answer = await admin.create_topics([topic], timeout_ms=10_000)
    _, code, *message = answer.topic_errors[0]
    if code:
        raise for_code(code)(f"{topic.name}: {message[0] if message else ''}")
    while not _has_leaders(await admin.describe_topics([topic.name])):  # noqa: ASYNC110 - Kafka tells nobody
        await asyncio.sleep(0.02)


def _has_leaders(described: list[dict[str, Any]]) -> bool:
    partitions = [partition for topic in described for partition in topic["partitions"]]
    return bool(partitions) and all(partition["leader"] >= 0 for partition in partitions)


def create_topic(
    bootstrap: str, name: str, *, partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """Create a topic and return when it can be written, from any thread, a loop running in it or not.

    `config` holds topic settings, such as `max.message.bytes`. Raises aiokafka's KafkaError, for one that exists too.
    """
    topic = NewTopic(name, partitions, 1, topic_configs=dict(config or {}))
    _in_own_loop(_ask(bootstrap, lambda admin: _create(admin, topic)))


def main() -> None:
    """Run a broker until Ctrl-C."""
    with kafka_broker() as broker, contextlib.suppress(KeyboardInterrupt):
        machine.say(f"Apache Kafka {KAFKA_VERSION} at {broker.bootstrap}, until Ctrl-C")
        threading.Event().wait()


if __name__ == "__main__":
    main()
