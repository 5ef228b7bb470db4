"""Topics in Kafka: what they should be, what they are, and creating those that lack. What exists is never changed."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from events.topics import Topics
from worker import bus
from worker.settings import Settings

PARTITIONS = 12
REPLICATION = 3
FOREVER = -1
WEEK = 7 * 24
KEEP_HOURS: Mapping[str, int] = {
    "equipment": FOREVER,
    "install": WEEK,
    "progress": WEEK,
    "results": FOREVER,
    "dead-letters": 30 * 24,
}
"""How long records are kept. From stock and results the state can be rebuilt; installations hold passwords."""
_HOUR_MS = 3_600_000
_CENTURY_MS = 100 * 365 * 24 * _HOUR_MS
_CREATE_MS = 30_000
_NEWS_S = 30.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Shape:
    """What a topic is. `replication` -1: the broker's default, any is right. `config`: settings that matter here."""

    partitions: int
    replication: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Topic:
    """A topic: how it should be, and how it is, None where it lacks."""

    name: str
    wanted: Shape
    found: Shape | None
    created: bool = False

    @property
    def differences(self) -> tuple[str, ...]:
        """In what it is not as it should be; empty for one that lacks."""
        if self.found is None:
            return ()
        return tuple(
            f"{what} is {found}, not {wanted}"
            for what, found, wanted in _compared(self.found, self.wanted)
            if found != wanted
        )


def _compared(found: Shape, wanted: Shape) -> list[tuple[str, object, object]]:
    rows: list[tuple[str, object, object]] = [("partitions", found.partitions, wanted.partitions)]
    if wanted.replication != -1:
        rows.append(("replication", found.replication, wanted.replication))
    return rows + [(name, found.config.get(name), value) for name, value in wanted.config.items()]


def wanted(
    topics: Topics,
    partitions: int = PARTITIONS,
    replication: int = REPLICATION,
    keep_hours: Mapping[str, int] = KEEP_HOURS,
) -> dict[str, Shape]:
    """How each topic should be, by name. One that serves two purposes is kept as long as either asks for."""
    keep: dict[str, int] = {}
    for use, hours in (dict(KEEP_HOURS) | dict(keep_hours)).items():
        name = getattr(topics, use.replace("-", "_"))
        keep[name] = FOREVER if FOREVER in {hours, keep.get(name)} else max(hours, keep.get(name, 0))
    # A record that is acknowledged lies on two brokers; one of three may be away.
    safe = {"min.insync.replicas": "2"} if replication >= REPLICATION else {}
    # Compacted, a topic would lose records: keys do not say what replaces what.
    safe |= {"cleanup.policy": "delete"}
    return {
        name: Shape(partitions, replication, {"retention.ms": _ms(hours)} | safe)
        for name, hours in keep.items()
    }


def _ms(hours: int) -> str:
    return str(hours if hours == FOREVER else hours * _HOUR_MS)


async def look(settings: Settings, shapes: Mapping[str, Shape], *, create: bool = False) -> list[Topic]:
    """Every topic as it should be and as it is; with `create` those that lack are made first. Raises KafkaError."""
    async with _asking(settings) as admin:
        there = set(await admin.list_topics())
        made = [name for name in shapes if name not in there] if create else []
        if made:
            await _create(admin, {name: shapes[name] for name in made})
        found = await _found(admin, [name for name in shapes if name in there | set(made)], news=bool(made))
        return [Topic(name, shape, found.get(name), name in made) for name, shape in shapes.items()]


async def retention(settings: Settings) -> dict[str, timedelta]:
    """How long each input topic keeps its records; those that keep them for ever are left out. Raises KafkaError."""
    async with _asking(settings) as admin:
        configs = await _configs(admin, settings.topics.inputs)
    kept = {name: int(config.get("retention.ms") or FOREVER) for name, config in configs.items()}
    return {name: timedelta(milliseconds=ms) for name, ms in kept.items() if 0 <= ms < _CENTURY_MS}


@asynccontextmanager
async def _asking(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    arguments = bus.connection(settings, client_id="acende-topics")
    admin = AIOKafkaAdminClient(**arguments)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _create(admin: AIOKafkaAdminClient, shapes: Mapping[str, Shape]) -> None:
    """Create topics. One that somebody else creates meanwhile is right too."""
    new = [
        NewTopic(name, shape.partitions, shape.replication, topic_configs=dict(shape.config))
        for name, shape in shapes.items()
    ]
    answer = await admin.create_topics(new, timeout_ms=_CREATE_MS)
    for _, code, *_ in answer.topic_errors:
        if code not in {0, TopicAlreadyExistsError.errno}:
            raise for_code(code)


async def _found(admin: AIOKafkaAdminClient, names: Sequence[str], *, news: bool) -> dict[str, Shape]:
    """What the topics are. A broker hears of `news` a moment later than the one that made it."""
    until = time.monotonic() + (_NEWS_S if news else 0)
    while True:
        try:
            return await _shapes(admin, names)
        except UnknownTopicOrPartitionError:
            if time.monotonic() >= until:
                raise
            await asyncio.sleep(_LOOK_S)


async def _shapes(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, Shape]:
    if not names:
        return {}
    configs = await _configs(admin, names)
    described: list[dict[str, Any]] = await admin.describe_topics(list(names))
    for topic in described:
        if topic["error_code"]:
            raise for_code(topic["error_code"])
    return {topic["topic"]: _shape(topic["partitions"], configs[topic["topic"]]) for topic in described}


def _shape(partitions: Sequence[Mapping[str, Any]], config: Mapping[str, str]) -> Shape:
    return Shape(len(partitions), min(len(partition["replicas"]) for partition in partitions), config)


async def _configs(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = {}
    for answer in await admin.describe_configs(asked):
        for code, _, _, name, entries in answer.resources:
            if code:
                raise for_code(code)
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found
