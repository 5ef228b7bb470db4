"""`acende orders`, `status`, `retry` and `cancel`: where an order stands, and what a person does about it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from tests.integration.cli.conftest import WHY, Desk, both
from tests.stories.plant import at, cancelled, received, started
from vendors.simulator.rows import Optics
from worker.store import orders, timelines
from worker.store.orders import Failure
from worker.store.schema import service_order
from worker.store.sweep import sweep

ONU = "HWTC1A2B3C4D"
ORDER_KEYS = {
    "id", "state", "revision", "stage", "since", "serial", "olt", "port", "customer_id", "contract_id",
    "attempts", "parked", "code", "text_pt", "action_pt", "updated_at", "final",
}  # fmt: skip


async def failed(desk: Desk, order: str, code: str = "profile_missing", *, parked: bool = False) -> None:
    """An order that failed while it was at work."""
    await desk.plant.tell(started(order, serial=f"HWTC{abs(hash(order)) % 16**8:08X}", **at()))
    failure = Failure(code, {"olt": "olt-1", "detail": "x"}, parked=parked)
    assert await desk.plant.store.run(orders.finish_failed, order, 1, failure)


async def completed(desk: Desk, **box: Any) -> None:
    """OS-1 was provisioned, the OLT's work is done and nobody is logged in."""
    desk.plant.plug(ONU, **box)
    desk.plant.work()
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.final("OS-1")
    await desk.plant.quiet()
    await desk.plant.rest()


# ---------------------------------------------------------------------------------------------------------- orders


@both
async def test_orders_are_listed_by_where_they_stand(desk: Desk) -> None:
    await failed(desk, "OS-1")
    await failed(desk, "OS-2", "attempts_exhausted", parked=True)
    await desk.plant.tell(started("OS-3"))
    listed = {
        flag: [row["id"] for row in (await desk.acende("orders", "--json", *flag)).json()]
        for flag in [(), ("--waiting",), ("--failed",), ("--parked",), ("--limit", "1")]
    }
    assert listed == {
        (): ["OS-3", "OS-2", "OS-1"],
        ("--waiting",): ["OS-3"],
        ("--failed",): ["OS-2", "OS-1"],
        ("--parked",): ["OS-2"],
        ("--limit", "1"): ["OS-3"],
    }
    shown = (await desk.acende("orders")).out
    assert [line.split()[:2] for line in shown.splitlines()[-3:]] == [
        ["OS-3", "aguardando"], ["OS-2", "parada"], ["OS-1", "falhou"],
    ]  # fmt: skip
    assert "Aguardando a ONU aparecer no estoque" in shown


async def test_an_order_as_json_has_these_members(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1"))
    [row] = (await desk.acende("orders", "--json")).json()
    assert row.keys() == ORDER_KEYS
    assert (row["state"], row["stage"], row["serial"]) == ("waiting", "waiting_for_equipment", None)


async def test_no_orders_is_a_sentence_and_an_empty_list(desk: Desk) -> None:
    assert (await desk.acende("orders")).out == "Nenhuma ordem.\n"
    assert (await desk.acende("orders", "--json")).json() == []


async def test_a_narrow_terminal_shows_every_word(desk: Desk) -> None:
    desk.env.setenv("COLUMNS", "80")
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    shown = (await desk.acende("orders", terminal=True)).out
    assert all(len(line) <= 80 for line in shown.splitlines())
    for word in ("OS-1", "em andamento", ONU, "Na fila da OLT."):
        assert word in shown


async def test_which_orders_are_asked_for_once_and_watched_on_a_terminal(desk: Desk) -> None:
    assert "choose one" in (await desk.acende("orders", "--failed", "--parked")).failed(2)
    assert "terminal" in (await desk.acende("orders", "--watch")).failed(2)
    assert "terminal" in (await desk.acende("orders", "--watch", "--json", terminal=True)).failed(2)


# ---------------------------------------------------------------------------------------------------------- status


@both
async def test_an_order_is_found_by_its_id_and_by_its_serial_in_any_form(desk: Desk) -> None:
    await desk.plant.tell(received(ONU), started("OS-1", serial=ONU, **at()))
    pages = [
        (await desk.acende("status", name)).out for name in ("OS-1", "hwtc-1a2b3c4d", "485754431A2B3C4D")
    ]
    timeless = [re.sub(r"\d+ s\b| +", " ", page) for page in pages]
    assert timeless[0] == timeless[1] == timeless[2]
    assert "OS-1  em andamento" in pages[0]
    assert "EG8145V5" in pages[0]
    assert "Na fila da OLT." in pages[0]


async def test_a_unit_that_no_order_has_is_found_in_stock(desk: Desk) -> None:
    await desk.plant.tell(received(ONU))
    found = (await desk.acende("status", ONU, "--json")).json()
    assert found["orders"] == []
    assert (found["unit"]["serial"], found["unit"]["lent_to"]) == (ONU, None)
    assert "EG8145V5" in (await desk.acende("status", ONU)).out


@both
async def test_what_nobody_knows_is_said_in_one_sentence(desk: Desk) -> None:
    said = (await desk.acende("status", "OS-404")).failed(1)
    assert said == "nenhuma ordem e nenhuma ONU do estoque é conhecida como 'OS-404'"
    assert "does not take" in (await desk.acende("status", "\udcff")).failed(2)


async def test_a_completed_order_shows_what_support_asks_for(desk: Desk) -> None:
    await completed(desk, optics=Optics(onu_rx_dbm=-28.4))
    page = (await desk.acende("status", "OS-1")).out
    assert "OS-1  concluída" in page
    for said in (
        "lugar", "olt-1 0/1/0", "ONU RX -28.4 dBm", "1033 m", "Sinal fraco na ONU", "Limpe os conectores",
        "Tentativa 1 em olt-1 0/1/0.", "linhas enviadas à OLT", "Instalação concluída.",
    ):  # fmt: skip
        assert said in page
    assert "ont add" not in page
    assert "Sinal fraco na ONU" in (await desk.acende("orders")).out


async def test_the_lines_sent_are_shown_on_request_with_secrets_masked(desk: Desk) -> None:
    await completed(desk)
    page = (await desk.acende("status", "OS-1", "--commands")).out
    assert '> ont add 0 0 sn-auth "485754431A2B3C4D"' in page
    assert 'password "********"' in page
    assert "success: 1" in page
    assert "linhas enviadas" not in page


@both
async def test_status_as_json_holds_order_jobs_and_timeline(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    found = (await desk.acende("status", "OS-1", "--json")).json()
    [one] = found["orders"]
    assert one.keys() == {"order", "jobs", "timeline"}
    assert one["order"].keys() == ORDER_KEYS
    [job] = one["jobs"]
    assert job.keys() == {"kind", "olt", "state", "due_at", "attempts", "code", "text"}
    [step] = one["timeline"]
    assert step.keys() == {"id", "at", "revision", "kind", "text", "detail"}
    assert step["text"] == "Na fila da OLT."


async def test_the_timeline_says_why_an_order_waits(desk: Desk) -> None:
    desk.plant.work()
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.reaches("OS-1", "waiting_for_light")
    page = (await desk.acende("status", "OS-1")).out
    told = [line for line in page.splitlines() if "Aguardando a ONU acender" in line]
    assert len(told) == 2, "once as its state, once in the timeline"
    assert "configurar a ONU em olt-1, a partir de" in page


async def test_an_order_that_an_olt_keeps_waiting_names_the_olt(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    await desk.plant.store.run(
        lambda conn: conn.execute(update(service_order).values(olt="olt-1", last_code="olt_host_key_changed"))
    )
    assert "A chave SSH da OLT olt-1 não é" in (await desk.acende("orders")).out


@both
async def test_follow_tells_each_step_once_until_the_final_result(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    following = asyncio.create_task(desk.acende("status", "OS-1", "--follow"))
    desk.plant.plug(ONU)
    desk.plant.work()
    ran = await asyncio.wait_for(following, 30)
    assert ran.status == 0
    for said in ("Na fila da OLT.", "Tentativa 1 em olt-1 0/1/0.", "Instalação concluída."):
        assert sum(said in line and " OS-1 " in line for line in ran.out.splitlines()) == 1
    assert "OS-1  concluída" in ran.out


async def test_follow_as_json_prints_once_when_it_is_over(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()))
    following = asyncio.create_task(desk.acende("status", "OS-1", "-f", "--json"))
    await asyncio.sleep(0.2)
    assert await desk.plant.store.run(orders.finish_failed, "OS-1", 1, Failure("no_light", {"serial": ONU}))
    [one] = (await asyncio.wait_for(following, 30)).json()["orders"]
    assert (one["order"]["state"], one["order"]["code"]) == ("failed", "no_light")


# ----------------------------------------------------------------------------------------------------------- retry


async def state_of(desk: Desk, order: str) -> tuple[str, int]:
    found = await desk.plant.store.read(timelines.one, order)
    assert found
    return found.state, found.revision


@both
@pytest.mark.parametrize("parked", [False, True])
async def test_a_failed_order_is_tried_again_and_the_timeline_says_who_and_why(
    desk: Desk, parked: bool
) -> None:
    await failed(desk, "OS-1", "attempts_exhausted" if parked else "profile_missing", parked=parked)
    ran = await desk.acende("retry", "OS-1", "--why", "perfil criado", "--who", "ana")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "OS-1 em andamento: Na fila da OLT.\n"
    assert await state_of(desk, "OS-1") == ("working", 2)
    assert "Nova tentativa pedida por ana: perfil criado" in (await desk.acende("status", "OS-1")).out
    [deed] = await desk.plant.store.read(timelines.deeds, "OS-1")
    assert (deed.who, deed.what, deed.why) == ("ana", "retry", "perfil criado")


async def test_retry_as_json_says_where_the_order_stands_now(desk: Desk) -> None:
    await failed(desk, "OS-1")
    told = (await desk.acende("retry", "OS-1", *WHY, "--who", "ana", "--json")).json()
    assert {name: told[name] for name in ("order", "action", "who", "why")} == {
        "order": "OS-1", "action": "retry", "who": "ana", "why": "teste",
    }  # fmt: skip
    assert told["now"].keys() == ORDER_KEYS
    assert told["now"]["state"] == "working"


@both
async def test_many_orders_are_tried_again_by_what_they_failed_with(desk: Desk) -> None:
    await failed(desk, "OS-1", "attempts_exhausted", parked=True)
    await failed(desk, "OS-2", "olt_unreachable", parked=True)
    await failed(desk, "OS-3")
    ran = await desk.acende("retry", "--parked", *WHY)
    assert ran.out == "OS-1 em andamento: Na fila da OLT.\nOS-2 em andamento: Na fila da OLT.\n"
    assert (await desk.acende("retry", "--parked", *WHY)).out == "Nenhuma ordem.\n"
    [told] = (await desk.acende("retry", "--code", "profile_missing", "--json", *WHY)).json()
    assert (told["order"], told["now"]["state"], told["fault"]) == ("OS-3", "working", None)
    ran = await desk.acende("retry", "OS-3", "OS-404", *WHY)
    assert ran.failed(1) == "2 de 2 ordens não foram retomadas"
    assert "nenhuma ordem 'OS-404'" in ran.out
    assert "name orders, or choose them" in (await desk.acende("retry", "OS-1", "--parked", *WHY)).failed(2)


async def test_an_order_that_is_live_or_unknown_is_not_tried_again(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1", serial=ONU, **at()), cancelled("OS-9"))
    assert "está em andamento" in (await desk.acende("retry", "OS-1", *WHY)).failed(1)
    assert "nenhuma ordem 'OS-404'" in (await desk.acende("retry", "OS-404", *WHY)).failed(1)
    assert "não pode ser retomada" in (await desk.acende("retry", "OS-9", *WHY)).failed(1)
    assert await state_of(desk, "OS-1") == ("working", 1)


@both
async def test_without_its_passwords_a_completed_order_stays_completed(desk: Desk) -> None:
    await completed(desk)
    said = (await desk.acende("retry", "OS-1", *WHY)).failed(1)
    assert "A senha do cliente já foi apagada" in said
    assert "Inicie a instalação de novo pelo ERP" in said
    assert await state_of(desk, "OS-1") == ("completed", 1)
    assert await desk.plant.store.read(timelines.deeds, "OS-1") == []


async def test_without_its_passwords_a_failed_order_says_that_the_erp_must_ask_again(desk: Desk) -> None:
    await failed(desk, "OS-1")
    desk.plant.store.clock.offset = timedelta(hours=25)
    await desk.plant.store.run(sweep)
    assert "A senha do cliente já foi apagada" in (await desk.acende("retry", "OS-1", *WHY)).failed(1)


# ---------------------------------------------------------------------------------------------------------- cancel


async def test_an_order_with_nothing_on_an_olt_is_cancelled_at_once(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1"))
    ran = await desk.acende("cancel", "OS-1", "--why", "cliente desistiu", "--who", "ana")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == "OS-1 cancelada: A instalação foi cancelada por um operador.\n"
    page = (await desk.acende("status", "OS-1")).out
    assert "Cancelamento pedido por ana: cliente desistiu" in page
    assert "já está cancelada" in (await desk.acende("cancel", "OS-1", *WHY)).failed(1)


@both
async def test_what_a_completed_order_made_is_removed(desk: Desk) -> None:
    await completed(desk)
    told = (await desk.acende("cancel", "OS-1", *WHY, "--json")).json()
    assert told["now"]["state"] == "cancelling"
    assert "em cancelamento" in (await desk.acende("cancel", "OS-1", *WHY)).failed(1)
    desk.plant.work()
    assert (await desk.plant.final("OS-1", 2))["kind"] == "cancelled"
    assert desk.plant.registered(ONU) == []
    page = (await desk.acende("status", "OS-1")).out
    assert "Registro removido em olt-1 0/1/0." in page


async def test_a_cancellation_that_comes_too_late_is_refused_with_what_to_do(desk: Desk) -> None:
    await completed(desk)
    desk.env.setenv("ACENDE_CANCEL_WINDOW_S", "0.001")
    said = (await desk.acende("cancel", "OS-1", *WHY)).failed(1)
    assert "Para retirar a ONU, abra uma ordem de retirada." in said
    assert await state_of(desk, "OS-1") == ("completed", 1)


async def test_an_unknown_order_is_not_cancelled(desk: Desk) -> None:
    assert "nenhuma ordem 'OS-404'" in (await desk.acende("cancel", "OS-404", *WHY)).failed(1)


# ----------------------------------------------------------------------------------------------------- who and why


@pytest.mark.parametrize("command", [("retry",), ("cancel",), ("olt", "hold")])
async def test_nothing_is_changed_without_a_why(desk: Desk, command: tuple[str, ...]) -> None:
    await failed(desk, "OS-1")
    target = "olt-1" if command[0] == "olt" else "OS-1"
    assert "--why" in (await desk.acende(*command, target)).failed(2)
    assert "printable" in (await desk.acende(*command, target, "--why", "a\x1b[2J")).failed(2)
    assert "printable" in (await desk.acende(*command, target, *WHY, "--who", "x" * 501)).failed(2)
    assert await state_of(desk, "OS-1") == ("failed", 1)
    assert await desk.plant.store.read(timelines.deeds, target) == []


async def test_on_a_terminal_the_why_is_asked_for(desk: Desk) -> None:
    await desk.plant.tell(started("OS-1"))
    ran = await desk.acende("cancel", "OS-1", stdin=b"cliente  desistiu\n", typed=True)
    assert ran.status == 0
    [deed] = await desk.plant.store.read(timelines.deeds, "OS-1")
    assert deed.why == "cliente desistiu"
