"""A rebuild that ends early has changed nothing, and can be begun again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from events.record import Event
from tests.integration.provision.support import migrated
from tests.unit.correlate.town import NOON, RULES, S, received
from worker.store import rebuild as kept
from worker.store.db import Context
from worker.store.rebuild import Sources

STOCK = [Event("erp", "1", "acende.equipment.received.v1", NOON, received(S))]


class KafkaGoes(Exception):
    """In the middle of it."""


def _cut_off() -> Iterator[Sequence[Event]]:
    yield STOCK
    raise KafkaGoes


async def test_a_rebuild_that_is_cut_off_leaves_an_empty_database_and_may_be_run_again(
    database_url: str,
) -> None:
    async with migrated(database_url, shared=Context(rules=RULES)) as store:
        with pytest.raises(KafkaGoes):
            await store.run(kept.rebuild, Sources(_cut_off(), (), ()), "bia", "teste")
        assert not await store.read(kept.holds_data)
        rebuilt = await store.run(kept.rebuild, Sources([STOCK], (), ()), "bia", "teste")
        assert (rebuilt.units, rebuilt.events) == (1, 1)
        assert await store.read(kept.holds_data)
