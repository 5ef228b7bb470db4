"""A request that cannot be read is told of: one `failed` for an order that nobody knows, progress else; and it is found."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, select

from events.record import RawRecord
from events.topics import Topics
from tests.integration.provision.support import migrated
from tests.support.installation import SERIAL, cancelled, started
from tests.support.secrets import PPPOE_PASSWORD, leaked
from tests.unit.correlate.town import RULES
from worker.batch import Reading
from worker.facts import Order
from worker.results import Result, read
from worker.store import db, orders, privacy, rebuild, rejected, sweep, timelines
from worker.store.apply import apply_batch
from worker.store.db import Clock, Context, DataRefused, Store
from worker.store.rebuild import Sources
from worker.store.schema import outbox, rejected_order, rejected_record, service_order

AGE = RULES.order_max_age
WRONG = {"mode": "ponte"}
PLACE = f"{Topics().install}/0/{{}}"


class Erp:
    """Sends records, one offset after the other, each a transaction of its own; `together` those of one batch."""

    def __init__(self, store: Store) -> None:
        self.store, self.offset = store, 100
        self.reading = Reading(apply_batch)

    async def send(self, *events: dict[str, Any], age: timedelta = timedelta()) -> None:
        for event in events:
            await self.together(event, age=age)

    async def together(self, *events: dict[str, Any], age: timedelta = timedelta()) -> None:
        now = await self.store.read(db.now)
        items = [self.reading.read(self.record(event, now - age), now) for event in events]
        await self.store.run(self.reading.keep, items)

    def record(self, event: dict[str, Any], at: datetime) -> RawRecord:
        self.offset += 1
        event = {"id": f"e{self.offset}", "source": "/erp", "time": at.isoformat()} | event
        value = json.dumps(event).encode()
        return RawRecord(Topics().install, 0, self.offset, round(at.timestamp() * 1000), b"k", value)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(), rules=RULES)) as made:
        yield made


@pytest.fixture
def erp(store: Store) -> Erp:
    return Erp(store)


async def published(store: Store) -> list[dict[str, Any]]:
    """Events of results and progress, in their order."""

    def rows(conn: Connection) -> list[bytes]:
        ours = outbox.c.topic != Topics().dead_letters
        return list(conn.execute(select(outbox.c.value).where(ours).order_by(outbox.c.id)).scalars())

    return [json.loads(value) for value in await store.read(rows)]


def short(event: dict[str, Any]) -> tuple[str, str, int, int, str | None]:
    data = event["data"]
    kind = event["type"].split(".")[2]
    return event["id"], kind, data["revision"], data["sequence"], data["code"]


def count(conn: Connection, table: Table) -> int:
    return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


async def order(store: Store, order_id: str = "OS-1") -> Order | None:
    return await store.read(orders.find, order_id)


async def test_one_failed_is_told_of_an_order_that_nobody_knows_and_progress_after_it(
    store: Store, erp: Erp
) -> None:
    await erp.send(started(**WRONG), started(**WRONG), started(**WRONG))
    told = await published(store)
    assert [short(event) for event in told] == [
        (PLACE.format(101) + "/failed", "failed", 1, 1, "invalid_data"),
        (PLACE.format(102) + "/progress", "progress", 1, 2, "request_rejected"),
        (PLACE.format(103) + "/progress", "progress", 1, 3, "request_rejected"),
    ]
    data = told[0]["data"]
    assert (data["serial"], data["customer_id"], data["olt_id"], data["attempts"]) == (None, None, None, 0)
    assert data["params"] == {"where": "data.mode"}
    assert data["text_pt"] == "Os dados do evento estão incorretos: data.mode."
    assert data["asked_at"] is not None
    assert data["own"] == []
    assert told[1]["data"]["stage"] is None
    assert await order(store) is None


async def test_no_fact_comes_of_it_and_the_first_request_that_can_be_read_goes_on_whatever_its_time(
    store: Store, erp: Erp
) -> None:
    await erp.send(started(**WRONG), started(**WRONG))
    await erp.send(started(), age=timedelta(hours=20))
    found = await order(store)
    assert found
    assert (found.state, found.revision, found.serial, found.claims) == ("working", 2, SERIAL, True)
    told = [short(event) for event in await published(store)][2:]
    assert told == [("OS-1/progress/3", "progress", 2, 3, None)]
    assert len(found.asks) == 1


async def test_a_known_order_is_told_and_nothing_else_of_it_changes(store: Store, erp: Erp) -> None:
    await erp.send(started())
    before = await order(store)
    await erp.send(started(priority=[], serial="HWTC00000099"))
    await erp.send(started(priority=[]), age=2 * AGE)
    after = await order(store)
    assert before
    assert after
    assert vars(after) | {"sequence": before.sequence} == vars(before)
    told = await published(store)
    assert [short(event) for event in told] == [
        ("OS-1/progress/1", "progress", 1, 1, None),
        ("OS-1/progress/2", "progress", 1, 2, "request_rejected"),
        ("OS-1/progress/3", "progress", 1, 3, "request_rejected"),
    ]
    assert told[1]["data"]["params"] == {"where": "data.priority"}
    steps = await store.read(timelines.steps, "OS-1")
    assert [step.text for step in steps if step.kind == "rejected"] == [
        "Um pedido para esta ordem não pôde ser lido: data.priority. A ordem continua como estava."
    ] * 2


async def test_what_the_same_batch_makes_known_is_known(store: Store, erp: Erp) -> None:
    await erp.together(started(**WRONG), started(), started("OS-2", None, **WRONG))
    assert [short(event)[1:] for event in await published(store)] == [
        ("progress", 1, 1, None),
        ("progress", 1, 2, "request_rejected"),
        ("failed", 1, 1, "invalid_data"),
    ]


@pytest.mark.parametrize("how", ["time", "started_at", "record"])
async def test_nobody_is_told_of_a_request_that_is_too_old_but_it_is_found(
    store: Store, erp: Erp, how: str
) -> None:
    now = await store.read(db.now)
    old = (now - AGE - timedelta(minutes=1)).isoformat()
    fresh = {"time": now.isoformat()}
    match how:
        case "time":
            await erp.send(started(**WRONG) | {"time": old})
        case "started_at":
            await erp.send(started(**WRONG, started_at=old) | {"time": None})
        case _:
            await erp.send(started(**WRONG) | fresh, age=AGE + timedelta(minutes=1))
    assert await published(store) == []
    assert [one.order for one in await store.read(timelines.requests_rejected, "OS-1")] == ["OS-1"]
    await erp.send(started(**WRONG), age=AGE - timedelta(minutes=1))
    assert [short(event)[1] for event in await published(store)] == ["failed"]


async def test_a_record_that_is_read_again_is_told_of_once(store: Store, erp: Erp) -> None:
    now = await store.read(db.now)
    item = erp.reading.read(erp.record(started(**WRONG), now), now)
    await store.run(erp.reading.keep, [item])
    await store.run(erp.reading.keep, [item])
    assert len(await published(store)) == 1


async def test_an_order_of_which_only_a_cancellation_is_known_is_not_known(store: Store, erp: Erp) -> None:
    await erp.send(cancelled(), started(**WRONG), cancelled(), started(**WRONG))
    assert [short(event)[1:4] for event in await published(store)] == [("failed", 1, 1), ("progress", 1, 2)]
    await erp.send(started())
    found = await order(store)
    assert found
    assert (found.revision, found.sequence) == (2, 3)


@pytest.mark.parametrize("data", [{"service_order_id": None}, {"service_order_id": ["OS-1"]}, {}])
async def test_without_an_order_that_can_be_read_nobody_is_told(
    store: Store, erp: Erp, data: dict[str, Any]
) -> None:
    await erp.send(
        {"type": "acende.install.started.v1", "data": data},
        cancelled() | {"data": {"service_order_id": "OS-1"}},
    )
    assert await published(store) == []
    assert await store.read(count, rejected_record) == 0


@pytest.mark.parametrize("member", ["pppoe_login", "pppoe_password"])
@pytest.mark.parametrize("sign", "$&%{")
async def test_logins_and_passwords_that_no_command_line_takes_are_told_by_their_member_alone(
    store: Store, erp: Erp, member: str, sign: str
) -> None:
    await erp.send(started(**{member: f"{PPPOE_PASSWORD}{sign}x"}))
    [event] = await published(store)
    assert short(event)[1:] == ("failed", 1, 1, "invalid_data")
    assert event["data"]["params"] == {"where": f"data.{member}"}
    assert leaked(json.dumps(event)) == []


async def test_what_the_database_refuses_is_told_too(store: Store, erp: Erp) -> None:
    def refuses(conn: Connection, events: Any) -> Any:
        raise DataRefused("NUL")

    now = await store.read(db.now)
    item = Reading(refuses).read(erp.record(started(), now), now).refused("not_storable")
    assert item
    await store.run(erp.reading.keep, [item])
    assert [short(event)[1:] for event in await published(store)] == [("failed", 1, 1, "invalid_data")]
    item = Reading(refuses).read(erp.record(started("OS-2"), now), now).refused("internal_error")
    assert item
    await store.run(erp.reading.keep, [item])
    assert short((await published(store))[-1])[1:] == ("failed", 1, 1, "internal_error")


async def test_requests_are_found_by_order_and_by_serial_as_long_as_their_topic_keeps_them(
    store: Store, erp: Erp
) -> None:
    erp.reading.learn({Topics().install: timedelta(days=7)})
    await erp.send(started(**WRONG, serial="hwtc-1a2b3c4d"), started("OS-2", None, **WRONG))
    for subject in ("OS-1", SERIAL, "485754431A2B3C4D"):
        [one] = await store.read(timelines.requests_rejected, subject)
        assert (one.record, one.order, one.serial, one.code) == (
            PLACE.format(101),
            "OS-1",
            SERIAL,
            "invalid_data",
        )
        [view] = await store.read(timelines.find, subject)
        assert (view.id, view.state, view.code, view.serial) == ("OS-1", "failed", "invalid_data", None)
        assert view.text_pt == "Os dados do evento estão incorretos."
    assert await store.read(timelines.requests_rejected, "HWTC00000000") == []
    assert [view.id for view in await store.read(timelines.orders)] == ["OS-2", "OS-1"]
    assert [view.id for view in await store.read(timelines.orders, "failed", 1)] == ["OS-2"]
    assert await store.read(timelines.orders, "waiting") == []
    store.clock.offset += timedelta(days=7) - timedelta(minutes=1)
    await store.run(sweep.sweep)
    assert len(await store.read(timelines.requests_rejected, "OS-1")) == 1
    store.clock.offset += timedelta(minutes=2)
    assert (await store.run(sweep.sweep)).rejected == 2
    assert await store.read(timelines.requests_rejected, "OS-1") == []
    assert [view.id for view in await store.read(timelines.find, "OS-1")] == ["OS-1"]


async def test_where_the_retention_is_not_known_they_are_found_for_thirty_days(
    store: Store, erp: Erp
) -> None:
    erp.reading.learn({"other": timedelta(days=7)})
    await erp.send(started(**WRONG))
    row = await store.read(lambda conn: conn.execute(select(rejected_record)).one())
    assert row.until - row.at == timedelta(days=30)


async def test_an_order_of_which_no_request_could_be_read_is_forgotten_as_the_data_of_others_are(
    store: Store, erp: Erp
) -> None:
    keep = RULES.personal_keep
    erp.reading.learn({Topics().install: keep + timedelta(days=10)})
    await erp.send(started(**WRONG), started("OS-2", None, **WRONG))
    await store.run(privacy.forget, ["OS-2"], await store.read(db.now))

    async def swept(days: timedelta) -> set[str]:
        store.clock.offset = days
        await store.run(sweep.sweep)
        return set(await store.read(rejected.last, ["OS-1", "OS-2"]))

    assert await swept(keep - timedelta(minutes=1)) == {"OS-1", "OS-2"}
    assert await swept(keep + timedelta(minutes=1)) == {"OS-1"}, "its record may be read again"
    assert await swept(keep + timedelta(days=11)) == set()


async def test_an_order_that_was_asked_for_since_is_listed_once(store: Store, erp: Erp) -> None:
    await erp.send(started(**WRONG), started())
    assert [(view.id, view.state) for view in await store.read(timelines.orders)] == [("OS-1", "working")]
    assert [view.state for view in await store.read(timelines.find, SERIAL)] == ["working"]


async def test_purge_reaches_where_requests_lie_by_order_and_by_customer(store: Store, erp: Erp) -> None:
    await erp.send(started(**WRONG), started("OS-2", **WRONG), started("OS-3", **WRONG, customer_id="77"))
    assert await store.read(privacy.of_customer, "10233") == ["OS-1", "OS-2"]
    assert await store.read(rejected.is_there, "OS-1")
    assert not await store.read(rejected.is_there, "OS-4")
    await store.run(privacy.forget, ["OS-1", "OS-2"], await store.read(db.now))
    rows = await store.read(lambda conn: conn.execute(select(rejected_record)).all())
    assert [row.service_order_id for row in rows] == ["OS-3"]


async def test_a_lost_database_makes_no_fact_of_what_was_told(store: Store, erp: Erp) -> None:
    await erp.send(started(**WRONG), started(**WRONG), started("OS-2", None, **WRONG))
    results = [made for event in await published(store) if (made := read(json.dumps(event).encode()))]

    def lose(conn: Connection) -> None:
        for table in (rejected_order, rejected_record, outbox, service_order):
            conn.execute(table.delete())

    def finals(*, are: bool) -> list[Result]:
        return [result for result in results if result.final is are]

    await store.run(lose)
    sources = Sources([], [finals(are=True)], [finals(are=False)])
    await store.run(rebuild.rebuild, sources, "ana", "perdido")
    assert await store.read(count, service_order) == 0
    assert {
        one: told.sequence for one, told in (await store.read(rejected.last, ["OS-1", "OS-2"])).items()
    } == {
        "OS-1": 2,
        "OS-2": 1,
    }
    await erp.send(started())
    found = await order(store)
    assert found
    assert (found.revision, found.sequence) == (2, 3)
