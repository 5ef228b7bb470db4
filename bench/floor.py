"""The floor of `ingest`: `getmany`, validate, commit, and nothing else. A process of its own, as the product is.

`python -m bench.floor BOOTSTRAP GROUP BATCH TOPIC…` prints the seconds from the assignment to the last commit.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from pydantic import Field, TypeAdapter

from events.attributes import ENVELOPES


class _Assigned(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.here = asyncio.Event()

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None: ...

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.here.set()


def _validator() -> TypeAdapter[Any]:
    models: Any = tuple(ENVELOPES.values())
    union: Any = models[0]
    for model in models[1:]:
        union = union | model
    return TypeAdapter(Annotated[union, Field(discriminator="type")])


async def measure(bootstrap: str, group: str, batch: int, topics: list[str]) -> tuple[int, float]:
    """Records, and the seconds that they took."""
    validate = _validator().validate_json
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4_194_304,
    )
    assigned = _Assigned()
    consumer.subscribe(topics, listener=assigned)
    await consumer.start()
    try:
        await assigned.here.wait()
        mine = consumer.assignment()
        total = sum((await consumer.end_offsets(mine)).values())
        begun = time.perf_counter()
        count = 0
        while count < total:
            found = await consumer.getmany(timeout_ms=1000, max_records=batch)
            for records in found.values():
                for record in records:
                    validate(record.value)
                count += len(records)
            if found:
                await consumer.commit()
        return count, time.perf_counter() - begun
    finally:
        await consumer.stop()


def main(arguments: list[str]) -> None:
    """See the module."""
    bootstrap, group, batch, *topics = arguments
    count, seconds = asyncio.run(measure(bootstrap, group, int(batch), topics))
    print(count, seconds)


if __name__ == "__main__":
    main(sys.argv[1:])
