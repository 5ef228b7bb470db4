"""A fleet of simulated OLTs, served for an inventory."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from schemas.inventory import Inventory, Olt
from schemas.place import PonPort
from tests.support.secrets import OLT_PASSWORD
from tests.support.until import until
from vendors.dialogue import hold
from vendors.registry import vendor
from vendors.session import OltTarget, open_session
from vendors.simulator.fleet import Fleet
from worker.simulate import Account, Served, run_fleet, serve_fleet


def inventory(**more: Any) -> Inventory:
    rows = [
        {"id": "centro", "site": "a", "platform": "huawei_smartax", "address": "127.0.0.1", **more},
        {"id": "norte", "site": "b", "platform": "zte_titan", "address": "127.0.0.1", "transport": "telnet"},
        {"id": "sul", "site": "b", "platform": "zte_zxan", "address": "127.0.0.1"},
    ]
    return Inventory.model_validate({"olts": rows})


def account(_: Olt) -> Account:
    return Account("acende", OLT_PASSWORD)


async def seen(served: Served) -> list[tuple[str, str]]:
    adapter = vendor(served.olt.platform).adapter
    target = OltTarget.of(served.olt, "acende", SecretStr(OLT_PASSWORD))
    session = await open_session(adapter, target, audit=lambda _: None, may_send=lambda _: None)
    try:
        return [(str(found.port), str(found.serial)) for found in await hold(session, adapter.discover())]
    finally:
        await session.close()


FLEET = Fleet.model_validate(
    {
        "default": {"onus": [{"serial": "HWTC00000001", "port": "0/1/0"}]},
        "olts": {
            "norte": {"onus": [{"serial": "ZTEG00000002", "port": "1/1/1", "lit_after_s": 0.3}]},
            "sul": {
                "profiles": [{"kind": "line", "name": "x"}],
                "onus": [
                    {"serial": "ZTEG00000003", "port": "1/1/2"},
                    {
                        "serial": "ZTEG00000004",
                        "port": "1/1/2",
                        "onu_id": 4,
                        "registration": {"onu_type": "ALL"},
                    },
                ],
            },
        },
    }
)


async def test_every_olt_of_the_inventory_answers_with_what_hangs_on_it() -> None:
    async with serve_fleet(inventory(), account, FLEET, any_port=True) as served:
        centro, norte, sul = served
        assert await seen(centro) == [("0/1/0", "HWTC00000001")]
        assert await seen(sul) == [("1/1/2", "ZTEG00000003")]
        assert sul.sim.olt.onu(PonPort.model_validate("1/1/2"), 4).serial == "ZTEG00000004"
        assert not sul.sim.olt.unsaved

        async def lit() -> bool:
            return await seen(norte) == [("1/1/1", "ZTEG00000002")]

        await until(lit, within_s=10)


async def test_the_inventory_itself_may_say_what_hangs_on_an_olt() -> None:
    own = inventory(simulator={"hostname": "POP-1", "onus": [{"serial": "HWTC00000009", "port": "0/1/3"}]})
    async with serve_fleet(own, account, any_port=True) as (centro, *_):
        assert await seen(centro) == [("0/1/3", "HWTC00000009")]
        assert centro.sim.olt.name == "POP-1"
    with pytest.raises(ValidationError, match="sockets"):
        async with serve_fleet(inventory(simulator={"sockets": 3}), account, any_port=True):
            pass


async def test_host_keys_that_are_kept_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    keys: list[str | None] = []
    for folder in (tmp_path, tmp_path, None):
        async with serve_fleet(inventory(), account, keys=folder, any_port=True) as (centro, *_):
            keys.append(centro.olt.host_key)
    assert keys[0] == keys[1] != keys[2]
    assert {path.stat().st_mode & 0o777 for path in list(tmp_path.iterdir())} == {0o600}  # noqa: ASYNC240


async def test_a_fleet_runs_until_it_is_stopped() -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    one = Inventory(olts=(inventory().olts[1].model_copy(update={"port": _free_port()}),))
    task = asyncio.create_task(run_fleet(one, account, ready=lambda _: ready.set(), stop=stop))
    await asyncio.wait_for(ready.wait(), 5)
    stop.set()
    await asyncio.wait_for(task, 5)


def _free_port() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


async def test_a_platform_without_a_simulator_is_a_key_error() -> None:
    unknown = Inventory.model_validate(
        {"olts": [{"id": "x", "site": "a", "platform": "none", "address": "127.0.0.1"}]}
    )
    with pytest.raises(KeyError):
        async with serve_fleet(unknown, account, any_port=True):
            pass
