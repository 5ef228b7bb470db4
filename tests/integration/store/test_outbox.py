"""The outbox on both databases: what may be read, what is set aside, and how large a record may be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import Connection, update

from tests.integration.provision.support import migrated
from worker.store import outbox
from worker.store.db import Store
from worker.store.outbox import RECORD_BYTES_MAX, WINDOW_BYTES_MAX, Record, RecordTooLarge
from worker.store.schema import outbox as rows


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url) as made:
        yield made


def of(key: str, value: bytes = b"{}") -> Record:
    return Record("results", key, value, {})


async def _keys(
    store: Store, limit: int = 10, *, without: Sequence[int] = (), held: Sequence[str] = ()
) -> list[str]:
    return [row.key for row in await store.read(outbox.pending, limit, without=without, keys_held=held)]


async def _ids(store: Store) -> dict[str, int]:
    return {row.key: row.id for row in await store.read(outbox.pending, 100)}


async def test_what_waits_is_read_oldest_first_without_what_is_in_flight_or_held_back(store: Store) -> None:
    await store.run(outbox.put_all, [of(key) for key in "ABCD"])
    ids = await _ids(store)
    assert await _keys(store) == ["A", "B", "C", "D"]
    assert await _keys(store, 2) == ["A", "B"]
    assert await _keys(store, without=[ids["A"]], held=["C"]) == ["B", "D"]


def _taken_up_again(conn: Connection) -> None:
    conn.execute(update(rows).values(refused=None))


async def test_the_oldest_come_first_however_the_rows_lie_in_the_database(store: Store) -> None:
    await store.run(outbox.put_all, [of(key) for key in "ABCD"])
    for key in "AC":  # PostgreSQL puts what it has changed behind the rest
        await store.run(outbox.set_aside, (await _ids(store))[key], "x")
        await store.run(_taken_up_again)
    assert await _keys(store) == ["A", "B", "C", "D"]
    assert await _keys(store, 2) == ["A", "B"]


async def test_a_row_that_was_set_aside_is_kept_and_never_read_again(store: Store) -> None:
    await store.run(outbox.put_all, [of(key) for key in "AB"])
    await store.run(outbox.set_aside, (await _ids(store))["A"], "MessageSizeTooLargeError")
    assert await _keys(store) == ["B"]
    backlog = await store.read(outbox.backlog)
    assert (backlog.waiting, backlog.refused) == (1, 1)


async def test_only_what_was_acknowledged_is_deleted(store: Store) -> None:
    await store.run(outbox.put_all, [of(key) for key in "ABC"])
    ids = await _ids(store)
    await store.run(outbox.published, [ids["A"], ids["C"]])
    assert await _keys(store) == ["B"]


async def test_one_look_brings_as_many_bytes_as_may_be_in_memory_and_one_record_at_least(
    store: Store,
) -> None:
    large = RECORD_BYTES_MAX - 10
    fit = WINDOW_BYTES_MAX // large
    await store.run(outbox.put_all, [of(str(number), b"x" * large) for number in range(fit + 3)])
    assert len(await _keys(store, 100)) == fit + 1, "the one that crosses the line comes too"


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(lambda more: Record("t", "k", b"x" * (RECORD_BYTES_MAX - 1 + more)), id="value"),
        pytest.param(
            lambda more: Record("t", "é", b"x" * (RECORD_BYTES_MAX - 2 + more)), id="bytes-of-the-key"
        ),
        pytest.param(
            lambda more: Record("t", "k", b"x" * (RECORD_BYTES_MAX - 6 + more), {"né": "vx"}), id="headers"
        ),
    ],
)
async def test_a_record_may_have_900_kb_in_all_and_none_is_written_beside_a_larger_one(
    store: Store, record: object
) -> None:
    assert callable(record)
    with pytest.raises(RecordTooLarge, match=str(RECORD_BYTES_MAX + 1)):
        await store.run(outbox.put_all, [of("A"), record(1)])
    assert await _keys(store) == []
    await store.run(outbox.put_all, [of("A"), record(0)])
    assert len(await _keys(store)) == 2


async def test_a_record_alone_that_is_too_large_is_not_written(store: Store) -> None:
    with pytest.raises(RecordTooLarge):
        await store.run(outbox.put, "t", "k", b"x" * RECORD_BYTES_MAX, {})
    assert (await store.read(outbox.backlog)).waiting == 0
