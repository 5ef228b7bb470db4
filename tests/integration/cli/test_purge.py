"""`acende purge`: what tells who a customer is goes when the customer asks, and nowhere is a trace of it left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from events.inputs import InstallCancelled
from tests.integration.cli.conftest import Desk, both
from tests.stories.plant import at, started
from tests.support.secrets import PPPOE_PASSWORD
from worker.store import orders, timelines
from worker.store.orders import Failure
from worker.store.schema import job, job_step, metadata, olt_lease, outbox, service_order

BY_BIA = ("--why", "pedido do titular, protocolo 17", "--who", "bia")
TRACES = ("Ana Sousa", "ana@isp", PPPOE_PASSWORD, "Rua das Flores")


async def _ended(desk: Desk, *names: str) -> None:
    """Orders of one customer that have failed, and about which somebody wrote something."""
    for number, name in enumerate(names):
        await desk.plant.tell(started(name, "CT-1", serial=f"HWTC0000000{number}", **at()))
        failed = Failure("profile_missing", {"olt": "olt-1", "detail": "x"})
        assert await desk.plant.store.run(orders.finish_failed, name, 1, failed)
        assert (await desk.acende("retry", name, "--who", "ana", "--why", "Rua das Flores")).status == 0
        assert await desk.plant.store.run(orders.finish_failed, name, 2, failed)
    await desk.plant.store.run(_asked_the_olt)


def _asked_the_olt(conn: Connection) -> None:
    """As a plan that was asked for leaves it behind: what would be typed, login and all."""
    said = {"payload": {"lines": ["ont ipconfig 0 1 pppoe user ana@isp"]}, "last_text": "ana@isp"}
    conn.execute(update(job).values(live=False, **said))


async def _all(desk: Desk) -> str:
    """Every cell of the database, records that wait to be published as well."""
    return str(await desk.plant.store.read(_cells))


def _cells(conn: Connection) -> str:
    found: list[Any] = []
    for table in metadata.sorted_tables:
        found += [list(row) for row in conn.execute(select(table))]
    values = list(conn.execute(select(outbox.c.value)).scalars())
    return json.dumps(found, default=str, ensure_ascii=False) + str([value.decode() for value in values])


def _bytes(desk: Desk) -> bytes:
    return b"".join(file.read_bytes() for file in desk.folder.glob("acende.db*"))


LINE = "wan-ip 1 mode pppoe username ana@isp password ******** host 1"
"""A line as an earlier release quoted it."""


def _quoted_before(conn: Connection, other: str) -> None:
    """As an earlier release left it behind: lines with the login, and the customer in what was said to others."""
    data = {
        "service_order_id": "OS-1", "revision": 2, "sequence": 9, "code": "olt_refused", "customer_id": "C-CT-1",
        "params": {"olt": "olt-1", "detail": f"Failure: no profile [{LINE}]"},
        "text_pt": f"A OLT olt-1 recusou um comando: Failure: no profile [{LINE}].", "text_en": LINE,
    }  # fmt: skip
    exhausted = {
        **data, "code": "attempts_exhausted",
        "params": {"detail": f"x [{LINE}]", "last": f"A OLT olt-1 recusou um comando: x [{LINE}]…"},
    }  # fmt: skip
    left = {"code": "left_refused", "serial": "HWTC00000000", "text_pt": f"A OLT não removeu: x [{LINE}]."}
    foreign = {**data, "service_order_id": other, "params": {"detail": "0/1/0 5 Ana Sousa Rua das Flores"}}
    final = update(service_order).values(final={**data, "left": [left]})
    conn.execute(final.where(service_order.c.id == "OS-1"))
    conn.execute(update(service_order).where(service_order.c.id == other).values(final=foreign))
    now = datetime.now(UTC)
    for key, said in (("OS-1", data), ("OS-1", exhausted), (other, foreign)):
        record = {"specversion": "1.0", "type": "acende.provisioning.failed.v1", "data": said}
        row = {"topic": "t", "key": key, "value": json.dumps(record).encode(), "created_at": now}
        conn.execute(outbox.insert().values(**row, refused="too large" if said is exhausted else None))
    for order in (other, None):
        step = {"service_order_id": order, "at": now, "kind": "command"}
        conn.execute(job_step.insert().values(**step, detail={"line": "x", "reply": "5 Ana Sousa up"}))
    conn.execute(update(olt_lease).values(breaker_text="login: ana@isp"))


@both
async def test_what_an_earlier_release_quoted_is_gone_everywhere_and_nothing_of_the_outbox(
    desk: Desk,
) -> None:
    await _ended(desk, "OS-1")
    zeca = {"customer_name": "Zeca", "pppoe_login": "zeca@isp", "pppoe_password": "outra-senha-1"}
    await desk.plant.tell(started("OS-7", "CT-7", serial="HWTC00000007", **zeca, **at()))
    await desk.plant.store.run(_quoted_before, "OS-7")
    waiting = await desk.plant.store.read(_waiting)
    await desk.acende("purge", "OS-1", *BY_BIA)
    after = await _all(desk)
    live = await desk.plant.store.read(_requests, "OS-7")
    assert "Zeca" in live, "the order of somebody else keeps its own"
    assert [trace for trace in TRACES if trace in after.replace(live, "")] == []
    assert await desk.plant.store.read(_waiting) == waiting
    final = (await desk.acende("status", "OS-1", "--json")).json()["orders"][0]["order"]["final"]
    assert final["text_pt"] == (
        "A OLT olt-1 recusou um comando: Failure: no profile [wan-ip 1 mode pppoe username ******** password ********"
        " host 1]."
    )
    assert "C-CT-1" in after


def _waiting(conn: Connection) -> list[Any]:
    return [tuple(row) for row in conn.execute(select(outbox.c.id, outbox.c.key, outbox.c.refused))]


def _requests(conn: Connection, order: str) -> str:
    found = conn.execute(select(service_order.c.request).where(service_order.c.id == order)).scalar_one()
    return json.dumps(found, default=str, ensure_ascii=False)


@both
async def test_why_an_order_that_nobody_knows_was_cancelled_is_forgotten(desk: Desk) -> None:
    await desk.plant.tell(InstallCancelled(service_order_id="OS-9", reason="Ana Sousa mudou-se"))
    assert "Ana Sousa" in await _all(desk)
    assert (await desk.acende("purge", "OS-9", *BY_BIA)).out == "OS-9: dados pessoais apagados\n"
    assert "Ana Sousa" not in await _all(desk)
    assert b"Ana Sousa" not in _bytes(desk)


@both
async def test_all_that_tells_who_the_customer_is_is_gone(desk: Desk) -> None:
    await _ended(desk, "OS-1", "OS-2")
    before = await _all(desk)
    assert [trace for trace in TRACES if trace in before] == list(TRACES)
    ran = await desk.acende("purge", "--customer", "C-CT-1", *BY_BIA)
    assert ran.out == "OS-1: dados pessoais apagados\nOS-2: dados pessoais apagados\n"
    after = await _all(desk)
    assert [trace for trace in TRACES if trace in after] == []
    assert [trace for trace in TRACES if trace.encode() in _bytes(desk)] == []
    [purged, retried] = await desk.plant.store.read(timelines.deeds, "OS-1")
    assert (purged.who, purged.what, purged.why) == ("bia", "purge", "pedido do titular, protocolo 17")
    assert (retried.who, retried.what, retried.why) == ("ana", "retry", "-")
    assert "FIBRA-500" in after, "what was installed is still known"


async def test_a_live_order_is_not_purged_and_neither_are_those_named_with_it(desk: Desk) -> None:
    await _ended(desk, "OS-1")
    await desk.plant.tell(started("OS-3", serial="HWTC1A2B3C4D", **at()))
    said = (await desk.acende("purge", "OS-1", "OS-3", *BY_BIA)).failed(1)
    assert said == "OS-3 está em andamento: cancele antes com `acende cancel OS-3`; nada foi apagado"
    assert "ana@isp" in await _all(desk)


async def test_who_is_to_be_forgotten_is_named_once_and_known(desk: Desk) -> None:
    assert "name orders, or --customer" in (await desk.acende("purge", *BY_BIA)).failed(2)
    assert "say why" in (await desk.acende("purge", "OS-9")).failed(2)
    assert (await desk.acende("purge", "OS-9", *BY_BIA)).failed(1) == "nenhuma ordem 'OS-9' é conhecida"
    said = (await desk.acende("purge", "--customer", "9", *BY_BIA)).failed(1)
    assert said == "nenhuma ordem do cliente '9' é conhecida"


@both
async def test_the_report_as_json_names_the_orders(desk: Desk) -> None:
    await _ended(desk, "OS-1")
    assert (await desk.acende("purge", "OS-1", "--json", *BY_BIA)).json() == {
        "purged": ["OS-1"], "who": "bia", "why": "pedido do titular, protocolo 17",
    }  # fmt: skip
