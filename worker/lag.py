"""How far what the database has is behind the end of the partitions of this worker, as the broker tells it.

The consumer itself knows the end as of its last fetch only, and it does not fetch while a batch waits for the database.
"""

import asyncio
from collections.abc import Collection, Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from worker import metrics
from worker.consumer import Consumer

EVERY_S = 5.0
"""How often to ask."""
LIMIT_S = 5.0


class Lag:
    """What is exported of it."""

    def __init__(self) -> None:
        self._told: set[TopicPartition] = set()

    async def tell(self, consumer: Consumer | None) -> None:
        """Ask, and export it for what is assigned to `consumer`. Where no broker answers, what was told before stands."""
        self._forget(consumer.assignment() if consumer else ())
        if consumer is None or not consumer.assignment():
            return
        try:
            async with asyncio.timeout(LIMIT_S):
                found = await _behind(consumer, tuple(consumer.assignment()))
        except (KafkaError, TimeoutError):
            return
        for partition in found.keys() & consumer.assignment():
            metrics.LAG.labels(partition.topic, partition.partition).set(found[partition])
            self._told.add(partition)

    def _forget(self, assigned: Collection[TopicPartition]) -> None:
        for gone in self._told.difference(assigned):
            metrics.LAG.remove(gone.topic, gone.partition)
        self._told.intersection_update(assigned)


async def _behind(consumer: Consumer, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
    ends = await consumer.end_offsets(partitions)
    starts = await consumer.beginning_offsets(partitions)
    kept = {partition: await consumer.committed(partition) for partition in partitions}
    return {
        partition: max(0, ends[partition] - max(kept[partition] or 0, starts[partition]))
        for partition in partitions
    }
