"""`acende purge`: what tells who a customer is goes when the customer asks, and nowhere is a trace of it left."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, select, update

from tests.integration.cli.conftest import Desk, both
from tests.stories.plant import at, started
from tests.support.secrets import PPPOE_PASSWORD
from worker.store import orders, timelines
from worker.store.orders import Failure
from worker.store.schema import job, metadata, outbox

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
