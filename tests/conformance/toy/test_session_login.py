"""Getting in: host keys, credentials, full OLTs, silent OLTs, old algorithms."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncssh
import pytest
from pydantic import SecretStr, ValidationError

from tests.conformance.toy import adapter
from tests.conformance.toy.simulator import DEVICE
from tests.support.olts import Bench, Transport, bench
from tests.support.secrets import OLT_PASSWORD
from vendors.contract import read
from vendors.errors import HostKeyChanged, LoginRefused, OltBusy, OltUnreachable
from vendors.session import OltTarget, fetch_host_key, open_session
from vendors.simulator.servers import LEGACY_SSH, public_line


@pytest.fixture(params=["ssh", "telnet"])
async def olt(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    transport: Transport = request.param
    async with bench(adapter, DEVICE, transport) as made:
        yield made


async def test_a_wrong_password_is_refused_after_one_attempt(olt: Bench) -> None:
    olt.target = olt.target.model_copy(update={"password": SecretStr("wrong")})
    with pytest.raises(LoginRefused):
        async with olt.session():
            pass
    assert olt.olt.journal.offered == [("acende", "wrong")]


@pytest.mark.parametrize("methods", [("password",), ("keyboard-interactive",)])
async def test_ssh_logs_in_by_either_method_with_one_attempt(methods: tuple[str, ...]) -> None:
    async with bench(adapter, DEVICE, "ssh", server={"methods": methods}) as olt:
        assert await olt.ask(read("show version")) == ("toy 1.0",)
        assert olt.olt.journal.offered == [("acende", OLT_PASSWORD)]
        olt.target = olt.target.model_copy(update={"password": SecretStr("wrong")})
        with pytest.raises(LoginRefused):
            await olt.ask(read("show version"))
        assert olt.olt.journal.offered == [("acende", OLT_PASSWORD), ("acende", "wrong")]


@pytest.mark.parametrize("limits", [{"sessions": 1}, {"sessions_per_user": 1}])
async def test_one_session_too_many_is_busy(olt: Bench, limits: dict[str, int]) -> None:
    for name, value in limits.items():
        setattr(olt.sim.limits, name, value)
    async with olt.session():
        with pytest.raises(OltBusy) as busy:
            async with olt.session():
                pass
        assert busy.value.retryable
    assert await olt.ask(read("show version")) == ("toy 1.0",)


async def test_faults_at_the_login_are_what_they_mean(olt: Bench) -> None:
    olt.fault("refuse_login")
    with pytest.raises(LoginRefused):
        await olt.ask(read("show version"))
    olt.sim.faults.clear()
    olt.fault("too_many_users")
    with pytest.raises(OltBusy):
        await olt.ask(read("show version"))
    assert await olt.ask(read("show version")) == ("toy 1.0",)


@pytest.mark.parametrize("at_byte", [0, 3, 40])
async def test_an_olt_that_falls_silent_during_the_login_is_unreachable_in_time(
    olt: Bench, at_byte: int
) -> None:
    olt.fault("freeze", at_byte=at_byte)
    started = time.monotonic()
    with pytest.raises(OltUnreachable):
        async with olt.session(timeout_s=0.5):
            pass
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
async def test_a_silent_tcp_server_is_unreachable_and_never_a_refused_login(transport: str) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    target = _target(server.sockets[0].getsockname()[1], transport)
    with pytest.raises(OltUnreachable) as silent_server:
        await open_session(adapter, target, audit=print, may_send=lambda _: None, timeout_s=0.5)
    assert not silent_server.value.silent, "somebody took the connection"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
async def test_a_port_where_nobody_listens_is_unreachable(transport: str, unused_tcp_port: int) -> None:
    with pytest.raises(OltUnreachable) as nobody:
        await open_session(
            adapter, _target(unused_tcp_port, transport), audit=print, may_send=lambda _: None, timeout_s=2
        )
    assert nobody.value.silent


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
async def test_a_server_that_closes_at_once_is_unreachable(transport: str) -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    target = _target(server.sockets[0].getsockname()[1], transport)
    with pytest.raises(OltUnreachable):
        await open_session(adapter, target, audit=print, may_send=lambda _: None, timeout_s=5)
    server.close()
    await server.wait_closed()


def _target(port: int, transport: str) -> OltTarget:
    key = public_line(asyncssh.generate_private_key("ssh-ed25519"))
    return OltTarget.model_validate(
        {
            "address": "127.0.0.1",
            "port": port,
            "transport": transport,
            "username": "acende",
            "password": OLT_PASSWORD,
            "host_key": key,
        }
    )


@pytest.fixture
def unused_tcp_port() -> int:
    """A port that was free a moment ago."""

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@pytest.mark.parametrize("other", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
async def test_a_changed_host_key_is_noticed_before_the_password_leaves(other: str) -> None:
    async with bench(adapter, DEVICE, "ssh") as olt:
        pinned = public_line(asyncssh.generate_private_key(other))
        olt.target = olt.target.model_copy(update={"host_key": pinned})
        with pytest.raises(HostKeyChanged):
            await olt.ask(read("show version"))
        assert olt.olt.journal.offered == []


async def test_ssh_without_a_pinned_key_does_not_even_connect() -> None:
    async with bench(adapter, DEVICE, "ssh") as olt:
        olt.target = olt.target.model_copy(update={"host_key": None})
        with pytest.raises(HostKeyChanged, match="trust"):
            await olt.ask(read("show version"))


async def test_the_host_key_can_be_fetched_without_a_login() -> None:
    async with bench(adapter, DEVICE, "ssh") as olt:
        assert await fetch_host_key("127.0.0.1", olt.target.port) == olt.target.host_key
        assert olt.olt.journal.offered == []
    with pytest.raises(OltUnreachable):
        await fetch_host_key("127.0.0.1", olt.target.port, timeout_s=1)


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
async def test_old_firmware_is_reached_only_with_its_own_algorithms() -> None:
    key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
    old = {
        "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
        "encryption_algs": ["aes128-cbc", "3des-cbc"],
        "mac_algs": ["hmac-sha1"],
        "server_host_key_algs": ["ssh-rsa"],
    }
    async with bench(adapter, DEVICE, "ssh", server={"key": key, **LEGACY_SSH}) as olt:
        with pytest.raises(OltUnreachable):
            await olt.ask(read("show version"))
        olt.target = olt.target.model_copy(update={"ssh": old})
        assert await olt.ask(read("show version")) == ("toy 1.0",)
        assert await fetch_host_key("127.0.0.1", olt.target.port, options=old) == olt.target.host_key


async def test_the_window_is_wide_so_that_nothing_wraps(olt: Bench) -> None:
    look = replace(DEVICE.look, hard_wrap=True)
    olt.sim.station.device = replace(DEVICE, look=look)
    olt.olt.version = "x"
    async with olt.session() as session:
        replies = await session.send((read("show onu " + "A" * 40), read("show version")))
        assert replies[1] == "toy 1.0"
        [(_, terminal)] = [(None, wire._terminal) for wire in olt.sim.station.wires]  # type: ignore[attr-defined]
        assert terminal.width == 511


async def test_the_libraries_never_write_down_what_is_sent(
    olt: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await olt.ask(read("show version"))
    assert not [record for record in caplog.records if record.name.split(".")[0] in {"scrapli", "asyncssh"}]


async def test_an_open_that_is_cancelled_leaves_no_connection(olt: Bench) -> None:
    olt.fault("freeze", at_byte=0)
    task = asyncio.create_task(_open(olt))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.1)
    assert not olt.sim.station.live


async def _open(olt: Bench) -> None:
    async with olt.session():
        pass


@pytest.mark.parametrize("password", ["two\nlines", "", "tab\t", "não"])
def test_a_password_that_cannot_be_typed_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        OltTarget(address="127.0.0.1", port=22, username="x", password=SecretStr(password))
    assert not password or repr(password) not in str(refused.value)


async def test_many_sessions_at_once_are_no_trouble() -> None:
    async with bench(adapter, DEVICE, "ssh") as olt:

        async def ask() -> tuple[str, ...]:
            return await olt.ask(read("show version"), read("show seen"))

        replies = await asyncio.gather(*(ask() for _ in range(20)))
    assert set(replies) == {("toy 1.0", "total: 0")}
