"""Connections are begun a few at a time, none is left open by who was cancelled, and an OLT that is back is found."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import SecretStr

from schemas.inventory import Olt
from worker import connect, probe
from worker.connect import Connector, Gate
from worker.digest import of_login
from worker.store import probes

OLT = Olt(id="olt-1", site="centro", platform="huawei_smartax", address="127.0.0.1", transport="telnet")


SESSION = cast("Any", object())


class Opening:
    """Sessions that open when the test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.go = asyncio.Event()

    async def __call__(self) -> Any:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return SESSION


async def test_no_more_begin_at_once_than_there_are_places() -> None:
    gate, opening = Gate(places=2, slow_s=30.0), Opening()
    waiting = [asyncio.create_task(gate.through(opening)) for _ in range(5)]
    await asyncio.sleep(0.01)
    assert opening.begun == 2
    opening.go.set()
    assert await asyncio.gather(*waiting) == [SESSION] * 5


async def test_one_that_takes_long_gives_its_place_up_and_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, slow, quick = Gate(places=1, slow_s=0.01), Opening(), Opening()
    first = asyncio.create_task(gate.through(slow))
    await asyncio.sleep(0)
    quick.go.set()
    assert await asyncio.wait_for(gate.through(quick), 5) is SESSION
    assert not first.done()
    slow.go.set()
    assert await first is SESSION


@pytest.mark.parametrize("slow_s", [30.0, 0.0], ids=["at-its-place", "after-it"])
async def test_who_is_cancelled_leaves_no_connection_opening(slow_s: float) -> None:
    gate, opening = Gate(places=1, slow_s=slow_s), Opening()
    task = asyncio.create_task(gate.through(opening))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)
    assert opening.cancelled == 1
    opening.go.set()
    assert await gate.through(opening) is SESSION, "its place is free"


async def test_what_an_opening_raises_is_raised() -> None:
    async def refused() -> Any:
        raise OSError("refused")

    with pytest.raises(OSError, match="refused"):
        await Gate(places=1).through(refused)
    assert Gate().places == 20


async def test_a_session_is_opened_with_what_is_known_of_the_olt(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Any, dict[str, Any]]] = []

    async def open_session(adapter: Any, target: Any, **more: Any) -> Any:
        opened.append((target, more))
        return SESSION

    monkeypatch.setattr(connect, "open_session", open_session)
    targets = [SimpleNamespace(username="acende", password=SecretStr(word)) for word in ("first", "second")]
    connector = Connector(lambda olt: cast("Any", targets.pop(0)), timeout_s=7.0)
    assert connector.credential(OLT, b"k") is None
    audit, may_send = cast("Any", object()), cast("Any", object())
    assert await connector(OLT, audit, may_send) is SESSION
    assert connector.credential(OLT, b"k") == of_login("acende", SecretStr("first"), b"k")
    await connector(OLT, audit, may_send)
    assert connector.credential(OLT, b"k") == of_login("acende", SecretStr("second"), b"k")
    [(first, told), (second, again)] = opened
    passwords = [one.password.get_secret_value() for one in (first, second)]
    assert passwords == ["first", "second"], "credentials are read anew"
    assert (told["audit"], told["may_send"], told["timeout_s"]) == (audit, may_send, 7.0)
    assert told["habits"] is again["habits"], "what was learnt of an OLT is kept"


async def test_an_olt_takes_connections_where_somebody_listens() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b"", "nothing is sent"
        writer.close()
        ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    olt = OLT.model_copy(update={"port": server.sockets[0].getsockname()[1]})
    async with server:
        assert await probe.takes_connections(olt)
        await asyncio.wait_for(ended.wait(), 5)
    assert not await probe.takes_connections(olt)


async def test_an_olt_that_does_not_answer_in_time_takes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio, "open_connection", silent)
    assert not await asyncio.wait_for(probe.takes_connections(OLT, 0.01), 5)


async def test_a_connection_that_does_not_end_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    async def never() -> None:
        await asyncio.Event().wait()

    async def opened(address: str, port: int) -> Any:
        assert (address, port) == ("127.0.0.1", OLT.tcp_port)
        return None, SimpleNamespace(close=lambda: closed.append("closed"), wait_closed=never)

    monkeypatch.setattr(asyncio, "open_connection", opened)
    assert await asyncio.wait_for(probe.takes_connections(OLT, 0.01), 5)
    assert closed == ["closed"]


async def test_those_that_answered_are_told_and_no_others() -> None:
    did: list[tuple[Any, ...]] = []
    known = {name: OLT.model_copy(update={"id": name}) for name in ("olt-1", "olt-2", "olt-3")}
    due = ["olt-1", "olt-3"]

    async def work(what: Any, *arguments: Any) -> Any:
        did.append((what, *(list(one) if not isinstance(one, int) else one for one in arguments)))
        return {probes.wanted: bool(due), probes.claim: due}.get(what)

    async def takes(olt: Olt) -> bool:
        return olt.id in answering

    store = cast("Any", SimpleNamespace(read=work, run=work))
    inventory = cast("Any", SimpleNamespace(by_id=known))
    answering = {"olt-2", "olt-3"}
    assert await probe.probe_away(store, inventory, takes) == ["olt-3"]
    assert did == [
        (probes.wanted, list(known)),
        (probes.claim, list(known), 100),
        (probes.answered, ["olt-3"]),
    ]
    did.clear()
    answering.clear()
    assert list(await probe.probe_away(store, inventory, takes)) == []
    assert [what for what, *_ in did] == [probes.wanted, probes.claim]
    did.clear()
    due.clear()
    assert list(await probe.probe_away(store, inventory, takes)) == []
    assert [what for what, *_ in did] == [probes.wanted], "a look writes nothing"
