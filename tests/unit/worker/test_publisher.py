"""What the publisher makes of the broker's answers: which rows are deleted, set aside or sent again, and when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError, MessageSizeTooLargeError, RequestTimedOutError
from pydantic import SecretStr
from structlog.testing import capture_logs

from worker import metrics, publish
from worker.producer import BATCH_BYTES
from worker.publish import Publisher
from worker.settings import Settings
from worker.store import outbox, roles
from worker.store.db import Store, StoreUnavailable
from worker.store.outbox import Record
from worker.store.wake import Wakeup
from worker.window import Lane

LEASE_S = 30.0
WINDOW = 10


class Times:
    """A boot clock that stands."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Rows:
    """The database: the rows of the outbox, and what is done to them."""

    def __init__(self, *rows: Record) -> None:
        self.rows = list(rows)
        self.deleted: list[int] = []
        self.aside: list[tuple[int, str]] = []
        self.read_with: list[tuple[int, list[int], list[str]]] = []
        self.writes = 0
        self.fence: int | None = 1
        self.leases = 0
        self.released: list[str] = []
        self.away = False
        self.wake = Wakeup()

    def listen(self, channel: str) -> Wakeup:
        assert channel == outbox.WAKE
        return self.wake

    async def run(self, work: Callable[..., Any], *arguments: Any) -> Any:
        if self.away:
            raise StoreUnavailable("away")
        if work is roles.take:
            assert arguments == (publish.ROLE, "w1", LEASE_S)
            self.leases += 1
            return self.fence
        if work is publish._release:
            self.released.append(*arguments)
            return None
        self.writes += 1
        return await self.read(work, *arguments)

    async def read(self, work: Callable[..., Any], *arguments: Any) -> Any:
        if self.away:
            raise StoreUnavailable("away")
        acked, refused, room, taken, held = arguments
        self.deleted += acked
        self.aside += refused
        gone = {*self.deleted, *(row for row, _ in self.aside)}
        self.rows = [row for row in self.rows if row.id not in gone]
        self.read_with.append((room, sorted(taken), held))
        return [row for row in self.rows if row.id not in taken and row.key not in held][:room]


class Wire:
    """The producer: each record's answer is given by the test."""

    def __init__(self) -> None:
        self.broken = False
        self.answers: dict[int, asyncio.Future[Any]] = {}
        self.made = 0
        self.closed = 0
        self.raises: BaseException | None = None

    async def ready(self) -> None:
        if self.closed >= self.made:
            self.made += 1
            self.broken = False

    async def close(self) -> None:
        self.closed += 1

    def lane(self, record: Record) -> Lane:
        return record.topic, 0

    async def send(self, record: Record) -> asyncio.Future[Any]:
        if self.raises:
            raise self.raises
        self.answers[record.id] = asyncio.get_running_loop().create_future()
        return self.answers[record.id]


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    made = Times()
    monkeypatch.setattr(publish, "boottime", made)
    return made


def row(number: int, size: int = 2, key: str = "") -> Record:
    return Record("results", key or f"OS-{number}", b"x" * size, {}, number)


def publisher(rows: Rows) -> tuple[Publisher, Wire]:
    settings = Settings(
        database_url=SecretStr("sqlite://"),
        worker_name="w1",
        publish_lease_s=LEASE_S,
        publish_batch_records=WINDOW,
        publish_poll_s=3.0,
    )
    made, wire = Publisher(cast("Store", rows), settings), Wire()
    made._line = wire  # type: ignore[assignment]
    return made, wire


async def turn(made: Publisher) -> float:
    """One turn, and what it hands to the producer; the pause that follows."""
    pause = await made._survive()
    await asyncio.gather(*made._sending)
    return pause


async def answer(wire: Wire, *numbers: int, error: BaseException | None = None) -> None:
    """The broker's answer for these records."""
    for number in numbers:
        future = wire.answers.pop(number)
        if error:
            future.set_exception(error)
        else:
            future.set_result(None)
    await asyncio.sleep(0)


async def test_rows_that_the_broker_has_are_deleted_together_a_moment_after_the_first(times: Times) -> None:
    rows = Rows(row(1), row(2), row(3))
    made, wire = publisher(rows)
    assert await turn(made) == 3.0
    await answer(wire, 1)
    times.now += 0.04
    await answer(wire, 2)
    assert await turn(made) == pytest.approx(0.06), "what is left of the moment"
    assert (rows.deleted, rows.writes) == ([], 0)
    assert rows.read_with[-1] == (WINDOW - 1, [1, 2, 3], []), "nothing that was answered is read again"
    times.now += 0.07
    assert await turn(made) == 3.0
    assert (rows.deleted, rows.writes) == ([1, 2], 1)
    assert rows.read_with[-1] == (WINDOW - 1, [1, 2, 3], [])
    await turn(made)
    assert rows.read_with[-1] == (WINDOW - 1, [3], []), "forgotten with their rows"
    assert (rows.deleted, rows.writes) == ([1, 2], 1)


async def test_half_a_window_of_answers_is_written_at_once(times: Times) -> None:
    rows = Rows(*map(row, range(1, 11)))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1, 2, 3, 4)
    await turn(made)
    assert rows.deleted == []
    await answer(wire, 5)
    await turn(made)
    assert rows.deleted == [1, 2, 3, 4, 5]


async def test_an_answer_that_comes_while_others_are_written_is_kept_for_the_next_time(times: Times) -> None:
    rows = Rows(row(1), row(2))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1)
    times.now += 0.2
    read = rows.read

    async def slow(work: Callable[..., Any], *arguments: Any) -> Any:
        found = await read(work, *arguments)
        await answer(wire, 2)
        return found

    rows.read = slow  # type: ignore[method-assign]
    await turn(made)
    rows.read = read  # type: ignore[method-assign]
    assert (rows.deleted, made._acked, made._acked_at) == ([1], [2], times.now)
    times.now += 0.2
    await turn(made)
    assert rows.deleted == [1, 2]


async def test_a_record_too_large_for_the_topic_is_set_aside_with_its_reason_and_others_go_on(
    times: Times,
) -> None:
    rows = Rows(row(1, BATCH_BYTES), row(2))
    made, wire = publisher(rows)
    refused = metrics.PUBLISH_FAILURES.labels("results", "refused")
    counted = refused._value.get()
    await turn(made)
    with capture_logs() as logged:
        await answer(wire, 1, error=MessageSizeTooLargeError())
        await answer(wire, 2)
    assert rows.rows[0].size > BATCH_BYTES, "it travels alone: nobody else can be meant"
    assert [(line["event"], line["row"]) for line in logged] == [("publish_refused", 1)]
    assert wire.broken
    await turn(made)
    assert rows.aside == [(1, "MessageSizeTooLargeError")]
    assert rows.deleted == [2], "written with it"
    assert refused._value.get() == counted + 1
    assert (wire.made, wire.closed, wire.broken) == (2, 1, False), "a new producer"
    await turn(made)
    assert (rows.aside, wire.answers) == ([(1, "MessageSizeTooLargeError")], {}), "once"


async def test_a_record_that_just_fits_into_a_batch_may_have_been_in_one(times: Times) -> None:
    rows = Rows(row(1, BATCH_BYTES - (row(1, 0).size)))
    made, wire = publisher(rows)
    await turn(made)
    assert rows.rows[0].size == BATCH_BYTES
    with capture_logs():
        await answer(wire, 1, error=MessageSizeTooLargeError())
    assert (made._refused, made._suspects) == ([], {1})


async def test_of_a_refused_batch_each_record_is_tried_alone_until_the_one_at_fault_is_found(
    times: Times,
) -> None:
    rows = Rows(row(1), row(2), row(3))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1, 2, error=MessageSizeTooLargeError())
    await answer(wire, 3)
    assert (rows.aside, made._suspects) == ([], {1, 2})
    times.now += 2.0
    await turn(made)
    assert list(wire.answers) == [1], "one at a time"
    await turn(made)
    assert list(wire.answers) == [1]
    await answer(wire, 1)
    assert made._suspects == {2}
    times.now += 2.0
    await turn(made)
    assert list(wire.answers) == [2]
    await answer(wire, 2, error=MessageSizeTooLargeError())
    assert made._suspects == set()
    await turn(made)
    assert (sorted(rows.deleted), rows.aside) == ([1, 3], [(2, "MessageSizeTooLargeError")])


async def test_what_fails_for_a_while_is_never_refused_however_large_or_suspect(times: Times) -> None:
    rows = Rows(row(1, BATCH_BYTES), row(2))
    made, wire = publisher(rows)
    made._suspects.add(2)
    await turn(made)
    with capture_logs() as logged:
        await answer(wire, *wire.answers, error=RequestTimedOutError())
    assert {line["event"] for line in logged} == {"publish_retried"}
    assert made._refused == []
    assert made._window.flights == {}, "it waits to be sent again"
    await turn(made)
    assert (rows.aside, rows.deleted) == ([], [])


@pytest.mark.parametrize("error", [OSError(), KafkaConnectionError(), AssertionError()])
async def test_a_record_that_the_producer_does_not_take_waits_again(
    times: Times, error: BaseException
) -> None:
    rows = Rows(row(1))
    made, wire = publisher(rows)
    wire.raises = error
    await turn(made)
    assert (made._window.flights, made._window.held(times.now)) == ({}, ["OS-1"])
    assert wire.broken
    assert await made._answers.wait(0)
    assert await rows.wake.wait(0)


async def test_nothing_more_is_handed_to_a_producer_that_has_failed(times: Times) -> None:
    rows = Rows(row(1), row(2))
    made, wire = publisher(rows)
    wire.raises = OSError()
    sent: list[int] = []
    send = wire.send

    async def count(record: Record) -> asyncio.Future[Any]:
        sent.append(record.id)
        return await send(record)

    wire.send = count  # type: ignore[method-assign]
    await turn(made)
    assert sent == [1]
    assert made._window.held(times.now) == ["OS-1", "OS-2"]


async def test_an_answer_to_what_was_given_up_meanwhile_deletes_nothing(times: Times) -> None:
    rows = Rows(row(1))
    made, wire = publisher(rows)
    await turn(made)
    made._window.fail(1, times.now)
    await answer(wire, 1)
    assert made._acked == []


async def test_who_waits_for_room_is_called_when_half_of_the_window_is_free(times: Times) -> None:
    rows = Rows(*map(row, range(1, 13)))
    made, wire = publisher(rows)
    await turn(made)
    assert len(wire.answers) == WINDOW
    assert not await rows.wake.wait(0)
    await answer(wire, 1, 2, 3, 4)
    assert not await rows.wake.wait(0)
    await answer(wire, 5)
    assert await rows.wake.wait(0)


async def test_nobody_is_called_while_nothing_waits(times: Times) -> None:
    rows = Rows(row(1))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1)
    assert not await rows.wake.wait(0)


async def test_a_full_window_is_waited_for_longer(times: Times, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> bool:
        waited.append(seconds)
        return True

    made, _ = publisher(rows := Rows(*map(row, range(1, 12))))
    monkeypatch.setattr(rows.wake, "wait", wait)
    await made._pause(asyncio.Event(), 0.02)
    await turn(made)
    await made._pause(asyncio.Event(), 0.02)
    assert waited == [0.02, 1.0]


async def test_without_the_lease_nothing_is_read_but_what_was_answered_is_written(times: Times) -> None:
    rows = Rows(row(1), row(2))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1)
    rows.fence = None
    times.now += LEASE_S
    with capture_logs() as logged:
        assert await turn(made) == LEASE_S / 3
    assert (rows.deleted, rows.read_with[-1][0]) == ([1], 0)
    assert [(line["event"], line["taken"]) for line in logged] == [("publisher_lease", False)]
    assert metrics.LEADER.labels("publisher")._value.get() == 0
    with capture_logs() as logged:
        await turn(made)
    assert logged == [], "told once"


async def test_the_lease_is_asked_for_again_when_a_third_of_it_has_passed(times: Times) -> None:
    rows = Rows()
    made, _ = publisher(rows)
    with capture_logs() as logged:
        await turn(made)
    assert [(line["event"], line["taken"], line["fence"]) for line in logged] == [
        ("publisher_lease", True, 1)
    ]
    assert made._lease_until == times.now + LEASE_S - 2.0
    times.now += LEASE_S / 3 - 2.1
    await turn(made)
    assert rows.leases == 1
    times.now += 0.1
    await turn(made)
    assert rows.leases == 2
    assert metrics.LEADER.labels("publisher")._value.get() == 1


async def test_a_database_or_a_broker_that_is_away_is_asked_again_in_a_second(times: Times) -> None:
    rows = Rows(row(1))
    made, wire = publisher(rows)
    rows.away = True
    waits = metrics.STORE_WAITS.labels("publish")
    counted = waits._value.get()
    assert await turn(made) == 1.0
    assert waits._value.get() == counted + 1
    rows.away = False

    async def unreachable() -> None:
        raise KafkaConnectionError

    wire.ready = unreachable  # type: ignore[method-assign]
    with capture_logs() as logged:
        assert await turn(made) == 1.0
    assert [line["event"] for line in logged] == ["publisher_lease", "kafka_unavailable"]


async def test_leaving_writes_what_was_answered_closes_and_gives_the_lease_up(times: Times) -> None:
    rows = Rows(row(1), row(2))
    made, wire = publisher(rows)
    stop, beats = asyncio.Event(), []

    def beat() -> None:
        beats.append(1)

    task = asyncio.create_task(made.run(stop, beat))
    while len(wire.answers) < 2:
        await asyncio.sleep(0)
    await answer(wire, 1, 2)
    stop.set()
    await asyncio.wait_for(task, 5)
    assert sorted(rows.deleted) == [1, 2]
    assert (rows.released, wire.closed, metrics.LEADER.labels("publisher")._value.get()) == (["w1"], 1, 0)
    assert beats


async def test_leaving_survives_a_database_that_is_away(times: Times) -> None:
    rows = Rows(row(1))
    made, wire = publisher(rows)
    await turn(made)
    await answer(wire, 1)
    rows.away = True
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(made.run(stop), 5)
    assert wire.closed == 1


def test_the_rows_are_written_before_the_next_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, Any]] = []
    found = [row(9)]

    def pending(_: Any, room: int, *, without: Sequence[int], keys_held: Sequence[str]) -> list[Record]:
        done.append(("pending", (room, without, keys_held)))
        return found

    monkeypatch.setattr(outbox, "published", lambda _, rows: done.append(("published", rows)))
    monkeypatch.setattr(outbox, "set_aside", lambda _, one, why: done.append(("set_aside", (one, why))))
    monkeypatch.setattr(outbox, "pending", pending)
    conn = cast("Any", None)
    assert publish._exchange(conn, [1, 2], [(3, "why")], 5, [4], ["OS-4"]) == found
    assert done == [
        ("published", [1, 2]),
        ("set_aside", (3, "why")),
        ("pending", (5, [4], ["OS-4"])),
    ]
    done.clear()
    assert publish._exchange(conn, [], [], 0, [], []) == []
    assert done == []
