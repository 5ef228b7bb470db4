"""What must not be kept is gone: passwords at once, also from the bytes of SQLite's files; personal data after a while."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from events.inputs import InputData, InstallCancelled
from events.record import Event
from tests.integration.provision.support import migrated
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.correlate.town import RULES, S, cancelled, started
from worker.digest import SECRETS
from worker.facts import Order
from worker.store import apply, db, orders, rebuild, sweep, timelines
from worker.store.db import Clock, Context, Store
from worker.store.orders import Failure
from worker.store.rebuild import Sources
from worker.store.schema import action, job_step, outbox, secret, service_order

WITH_SECRETS = {"pppoe_login": "ana@isp", "pppoe_password": PPPOE_PASSWORD, "wifi_key": WIFI_KEY}
KEPT = RULES.personal_keep


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    async with migrated(database_url, shared=Context(clock=Clock(), rules=RULES)) as made:
        yield made


async def _tell(store: Store, data: InputData) -> None:
    now = await store.read(db.now)
    await store.run(apply.apply_batch, [Event("erp", now.isoformat(), data.TYPE, now, data)])


async def _pass(store: Store, time: timedelta) -> None:
    store.clock.offset += time
    await store.run(sweep.sweep)


async def _secrets(store: Store) -> dict[str, str | None]:
    rows = await store.read(_all, secret)
    return {row.service_order_id: row.pppoe_password for row in rows}


def _all(conn: Connection, table: Any) -> list[Any]:
    return list(conn.execute(select(table)))


async def _order(store: Store, order_id: str = "A") -> Order:
    found = await store.read(orders.find, order_id)
    assert found
    return found


async def _failed(store: Store) -> None:
    await _tell(store, started("A", S, **WITH_SECRETS))
    assert await store.run(orders.finish_failed, "A", 1, Failure("profile_missing", {"detail": "x"}))


async def test_passwords_live_as_long_as_the_order_does(store: Store) -> None:
    await _tell(store, started("A", S, **WITH_SECRETS))
    await _pass(store, timedelta(days=2))
    assert await _secrets(store) == {"A": PPPOE_PASSWORD}


async def test_a_cancellation_erases_passwords_at_once(store: Store) -> None:
    await _tell(store, started("A", S, **WITH_SECRETS))
    await _tell(store, cancelled("A"))
    assert await _secrets(store) == {}


async def test_a_failed_order_keeps_its_passwords_for_a_day_and_then_asks_for_a_new_request(
    store: Store,
) -> None:
    await _failed(store)
    await _pass(store, timedelta(hours=23))
    assert await _secrets(store) == {"A": PPPOE_PASSWORD}
    await _pass(store, timedelta(hours=2))
    assert await _secrets(store) == {}
    assert await store.run(apply.request_retry, "A", "bia", "de novo") is None
    assert ((await _order(store)).state, (await _order(store)).last_code) == ("failed", "secret_expired")


async def test_an_order_that_fails_at_once_keeps_its_passwords_for_a_day_too(store: Store) -> None:
    """So that a person may have it tried after all."""
    late = await store.read(db.now) - RULES.order_max_age - timedelta(minutes=1)
    data = started("A", S, **WITH_SECRETS)
    await store.run(apply.apply_batch, [Event("erp", "late", data.TYPE, late, data)])
    assert ((await _order(store)).last_code, await _secrets(store)) == (
        "order_too_old",
        {"A": PPPOE_PASSWORD},
    )
    await _pass(store, timedelta(hours=25))
    assert await _secrets(store) == {}


async def test_an_order_that_is_asked_for_again_keeps_its_passwords(store: Store) -> None:
    await _failed(store)
    assert await store.run(apply.request_retry, "A", "bia", "de novo") is None
    await _pass(store, timedelta(hours=30))
    assert await _secrets(store) == {"A": PPPOE_PASSWORD}


@pytest.mark.parametrize("state", ["live", "failed"])
@pytest.mark.parametrize(
    ("later", "kept"),
    [
        pytest.param({}, {}, id="none"),
        pytest.param({"wifi_key": WIFI_KEY}, {"wifi_key": WIFI_KEY}, id="one of two"),
        pytest.param(
            {"pppoe_password": "another-1"},
            {"pppoe_password": "another-1"},
            id="another in place of one of two",
        ),
    ],
)
async def test_a_new_request_leaves_no_password_of_the_former(
    store: Store, state: str, later: dict[str, str], kept: dict[str, str]
) -> None:
    await (_failed(store) if state == "failed" else _tell(store, started("A", S, **WITH_SECRETS)))
    await _tell(store, started("A", S, **later))
    order = await _order(store)
    brief = await store.read(orders.brief, "A", order.revision)
    assert brief
    assert _in_clear(brief.request) == kept
    assert _in_clear(await store.read(orders.secrets_of, "A")) == kept


def _in_clear(found: Any) -> dict[str, str]:
    values = found if isinstance(found, dict) else {name: getattr(found, name) for name in SECRETS}
    return {name: value.get_secret_value() for name, value in values.items() if value is not None}


async def test_an_older_request_that_comes_late_brings_no_password_back(store: Store) -> None:
    now = await store.read(db.now)
    new, old = started("A", S), started("A", S, **WITH_SECRETS)
    for number, (data, time) in enumerate([(new, now), (old, now - timedelta(minutes=1))]):
        await store.run(apply.apply_batch, [Event("erp", f"e{number}", data.TYPE, time, data)])
    assert await _secrets(store) == {}


@pytest.mark.parametrize("apart", [True, False], ids=["in two batches", "in one batch"])
async def test_a_rebuilt_order_has_the_passwords_of_its_latest_request_only(
    store: Store, apart: bool
) -> None:
    now = await store.read(db.now)
    facts = [
        Event("erp", str(number), data.TYPE, now + timedelta(seconds=number), data)
        for number, data in enumerate([started("A", S, **WITH_SECRETS), started("A", S)])
    ]
    batches = [[fact] for fact in facts] if apart else [facts]
    await store.run(rebuild.rebuild, Sources(batches, [], []), "bia", "o banco foi perdido")
    assert await _secrets(store) == {}


@pytest.mark.parametrize("end", ["cancelled", "failed long ago"])
async def test_no_byte_of_an_erased_password_is_left_in_sqlites_files(
    sqlite_url: str, tmp_path: Path, end: str
) -> None:
    async with migrated(sqlite_url, shared=Context(clock=Clock(), rules=RULES)) as store:
        await _failed(store)
        assert _bytes_hold(tmp_path, PPPOE_PASSWORD), "the search must be able to find it"
        if end == "cancelled":
            await _tell(store, cancelled("A"))
        else:
            await _pass(store, timedelta(hours=25))
        assert not _bytes_hold(tmp_path, PPPOE_PASSWORD)
        assert not _bytes_hold(tmp_path, WIFI_KEY)


def _bytes_hold(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in folder.glob("acende.db*"))


async def test_personal_data_and_the_timeline_are_erased_after_their_time(store: Store) -> None:
    await _failed(store)
    await _pass(store, KEPT - timedelta(days=1))
    before = await _order(store)
    assert before.request
    assert (before.request["customer_name"], before.request["pppoe_login"]) == ("Ana Sousa", "ana@isp")
    await _pass(store, timedelta(days=2))
    after = await _order(store)
    assert after.request
    assert (after.request["customer_name"], after.request.get("pppoe_login")) == ("-", None)
    assert after.request["plan_code"] == "FIBRA-500"
    assert await store.read(_all, job_step) == []


def _written_of(conn: Connection) -> None:
    """What people wrote of the order, what an OLT said for nobody in particular, and a record that was set aside."""
    now = db.now(conn)
    timelines.note(conn, "bia", "retry", "A", "Ana Sousa ligou")
    conn.execute(job_step.insert().values(at=now, kind="scan_failed", detail={"detail": "5 Ana Sousa up"}))
    said = {
        "data": {"code": "olt_refused", "params": {"detail": "x [username ana@isp]"}, "text_pt": "x ana@isp"}
    }
    row = {"topic": "t", "value": json.dumps(said).encode(), "created_at": now}
    for key, refused in (("A", None), ("A", "too large"), ("B", None)):
        conn.execute(outbox.insert().values(**row, key=key, refused=refused))
    conn.execute(service_order.update().where(service_order.c.id == "A").values(final=said["data"]))


async def test_every_copy_is_erased_after_its_time_and_no_record_is_lost(store: Store) -> None:
    await _failed(store)
    await _tell(store, InstallCancelled(service_order_id="B", reason="Ana Sousa mudou-se"))
    await store.run(_written_of)
    records = len(await store.read(_all, outbox))
    await _pass(store, KEPT + timedelta(days=1))
    for table in (service_order, job_step, action):
        assert "Ana Sousa" not in str(await store.read(_all, table)), table.name
    assert "ana@isp" not in str(await store.read(_all, service_order))
    kept = await store.read(_all, outbox)
    assert [row.key for row in kept if b"ana@isp" in row.value] == [], "B's says nothing more of anybody, too"
    assert len(kept) == records
    assert {row.what for row in await store.read(_all, action)} == {"retry"}


async def test_why_an_order_was_cancelled_long_after_it_ended_is_erased(store: Store) -> None:
    await _failed(store)
    await _pass(store, KEPT + timedelta(days=1))
    await _tell(store, InstallCancelled(service_order_id="A", reason="Ana Sousa mudou-se"))
    assert "Ana Sousa" in str(await store.read(_all, service_order))
    await _pass(store, KEPT + timedelta(days=1))
    assert "Ana Sousa" not in str(await store.read(_all, service_order))


async def test_a_live_order_loses_nothing_however_long_ago_it_was_answered_before(store: Store) -> None:
    await _failed(store)
    store.clock.offset += KEPT + timedelta(days=1)
    await _tell(store, started("A", S, **WITH_SECRETS))
    await _pass(store, timedelta(minutes=1))
    order = await _order(store)
    assert order.request
    assert (order.live, order.request["pppoe_login"]) == (True, "ana@isp")


async def test_what_a_later_request_brings_is_erased_in_its_turn(store: Store) -> None:
    await _failed(store)
    await _pass(store, KEPT + timedelta(days=1))
    await _tell(store, started("A", S, **WITH_SECRETS))
    order = await _order(store)
    assert await store.run(orders.finish_failed, "A", order.revision, Failure("no_light", {"serial": S}))
    await _pass(store, KEPT + timedelta(days=1))
    order = await _order(store)
    assert order.request
    assert (order.request["customer_name"], order.request.get("pppoe_login")) == ("-", None)


async def test_ids_of_applied_events_are_kept_for_thirty_days(store: Store) -> None:
    await _tell(store, started("A", S))
    assert (await store.run(sweep.sweep)).inbox == 0
    store.clock.offset += RULES.inbox_keep + timedelta(days=1)
    assert (await store.run(sweep.sweep)).inbox == 1


def test_the_columns_of_a_request_hold_no_password() -> None:
    assert not {"pppoe_password", "wifi_key"} & set(service_order.c.keys())
