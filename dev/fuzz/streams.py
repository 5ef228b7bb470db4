"""What comes from an OLT, byte by byte: through telnet options, screen, login and a session, on a clock without waiting."""

import asyncio
import random
import re
import selectors
from collections.abc import Coroutine
from functools import cache
from typing import Any

from pydantic import SecretStr

from schemas.text import MASK
from vendors.contract import Adapter, Command, read, write
from vendors.errors import ProvisioningError
from vendors.huawei_smartax import adapter as huawei
from vendors.line import Expressions, Line
from vendors.login import Account, log_in
from vendors.modes import ModeStack
from vendors.screen import Beyond, Screen, shown
from vendors.session import Exchange, Habits, OltTarget, Session
from vendors.telnet import TelnetOptions
from vendors.zte_titan import adapter as titan
from vendors.zte_zxan import adapter as zxan

_ADAPTERS: tuple[Adapter, ...] = (huawei, zxan, titan)
_PASSWORD, _ENABLE, _SECRET = "Login-Pw.9", "Enable-Pw.8", "Pppoe-Pw.7"
_ACCOUNT = Account("acende", SecretStr(_PASSWORD), SecretStr(_ENABLE))
_TARGET = OltTarget(
    address="192.0.2.1",
    port=23,
    transport="telnet",
    username="acende",
    password=SecretStr(_PASSWORD),
    reply_limit=100_000,
)
_COMMANDS = (
    read("display version"),
    read("show card"),
    read("display ont info 0 1", "config", "interface gpon 0/1"),
    write("tcont 1 profile 1G", path=("configure terminal", "interface gpon-onu_1/1/1:1")),
    write(
        "wan-ip 1 mode pppoe username u password ",
        SecretStr(_SECRET),
        " host 1",
        path=("configure terminal",),
    ),
    write("undo service-port 7", path=("config",), answers=((r"\(y/n\)\[n\]:", "y"),)),
)
_WORDS = (
    b"OLT>", b"OLT#", b"OLT(config)#", b"OLT(config-if-gpon-0/1)#", b"POP 3/[A]#", "São#".encode(), b"S\xe3o>", b"%%", b"#",
    b"\r\nUsername:", b"\r\n>>User name:", b"\r\nPassword:", b">>User password:", b"bad password", b"enable", b"config\r\n",
    b"Username or password invalid.", b"Reenter times have reached the upper limit.", b"{ <cr>|x<K> }:", b"  Command:\r\n",
    b"---- More ( Press 'Q' to break ) ----", b"--More--", b"(y/n)[n]:", b"[yes/no]:", b"Do you agree? [YES/NO]:",
    b"\r\n  ! 1 [x]:\r\n", b"  --- END\r\n", b"--- ENDED", b"alarm 33281 occurred ", b"sent by NPC3\r\n",
    b"display version\r\n", b"show card\r\n", b"tcont 1 profile 1G\r\n", b"undo service-port 7\r\n", _SECRET.encode(),
    b"wan-ip 1 mode pppoe username u password ", b"interface gpon 0/1\r\n", _PASSWORD.encode(), _ENABLE.encode(),
    b"\r\n", b"\n", b"\r", b"\n\r", b"\b", b"\b \b", b"\x00", b"\x07", b"\t", b" ", b" " * 80, b"\x1b", b"\x1b[", b"\x1b[K",
    b"\x1b[37D", b"\x1b[1D", b"\x1b[99999C", b"\x1b[4096C", b"\x1b[4000C", b"\x1b[?25h", b"\x1b[1;31m", b"\x1b[;;;", b"\x1b(B",
    b"1" * 9, b"\xff\xfd\x1f", b"\xff\xfb\x01", b"\xff\xfa\x18\x01\xff\xf0", b"\xff\xff", b"\xff", b"\xe2\x82", b"\xf0\x9f",
    b"\xc2\x85", "\u2028".encode(), "\u0660".encode(), b"\x80", b"x" * 79, b"a row  0/1/3  12  online", b"% Unknown command",
)  # fmt: skip


def trial(chance: random.Random) -> None:
    """A login and some commands end in replies or in a `ProvisioningError`, each secret sent once and told nowhere."""
    adapter = chance.choice(_ADAPTERS)
    _shows_the_same_in_pieces(_stream(chance))
    if chance.random() < 0.5:
        _instantly(_login(adapter, chance))
    else:
        _instantly(_session(adapter, chance))


class _Rogue:
    """Answers whatever is written with anything."""

    def __init__(self, chance: random.Random) -> None:
        self.written = b""
        self._chance = chance
        self._options = TelnetOptions()
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()
        self.answer()

    def answer(self) -> None:
        said = self._chance.choice((b"", self.written.rpartition(b"\n")[0].rpartition(b"\n")[2])) + _stream(
            self._chance
        )
        for piece in _pieces(said, self._chance):
            self._ready.put_nowait(piece)
        if self._chance.random() < 0.05:
            self._ready.put_nowait(b"")

    async def read(self) -> bytes:
        while data := await self._ready.get():
            try:
                text, _ = self._options.feed(data)
            except Beyond:
                return b""
            if text:
                return text
        return b""

    def write(self, data: bytes) -> None:
        self.written += data
        self.answer()

    async def close(self) -> None:
        pass


async def _login(adapter: Adapter, chance: random.Random) -> None:
    rogue = _Rogue(chance)
    line = Line(rogue, adapter.PLATFORM, Expressions.of(adapter.PLATFORM))
    line.start()
    try:
        await log_in(line, _ACCOUNT, 30.0)
    except ProvisioningError as error:
        _tells_nothing("\n".join((str(error), error.command, error.reply)))
    finally:
        await line.close()
    typed = rogue.written.split(b"\n")
    assert typed.count(_PASSWORD.encode()) <= 1
    assert typed.count(_ENABLE.encode()) <= 1


async def _session(adapter: Adapter, chance: random.Random) -> None:
    heard: list[Exchange] = []
    rogue = _Rogue(chance)
    line = Line(rogue, adapter.PLATFORM, Expressions.of(adapter.PLATFORM, "OLT"))
    line.start()
    session = Session(
        adapter, line, ModeStack("OLT#"), _TARGET, heard.append, lambda _: None, lambda: 0.0, Habits()
    )
    batch: tuple[Command, ...] = tuple(chance.choices(_COMMANDS, k=chance.choice((1, 1, 2, 4))))
    try:
        for command, reply in zip(batch, await session.send(batch), strict=True):
            if command.reveal() != command.text:
                _tells_nothing(reply, _SECRET)
    except ProvisioningError as error:
        if _SECRET.encode() in rogue.written:
            _tells_nothing("\n".join((str(error), error.command, error.reply)), _SECRET)
    finally:
        await session.close()
    _tells_nothing("\n".join(exchange.reply for exchange in heard if MASK in exchange.command), _SECRET)


def _tells_nothing(told: str, *secrets: str) -> None:
    """None of the secrets as a word of its own."""
    for secret in secrets or (_PASSWORD, _ENABLE):
        found = re.search(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", told)
        assert found is None, told


def _stream(chance: random.Random) -> bytes:
    parts: list[bytes] = []
    for _ in range(chance.choice((0, 1, 2, 4, 8, 20))):
        part = chance.choice(_WORDS) if chance.random() < 0.9 else chance.randbytes(chance.randrange(1, 9))
        parts.append(part * chance.choice((1, 1, 1, 1, 1, 1, 1, 1, 3, 100)))
    if chance.random() < 0.3:
        parts.append(b"\r\n" + chance.choice((b"OLT#", b"OLT>", b"OLT(config)#")))
    return b"".join(parts)


def _pieces(data: bytes, chance: random.Random) -> list[bytes]:
    size = chance.choice((1_000_000, 1_000_000, 40, 7))
    return [data[at : at + size] for at in range(0, len(data), size)]


def _shows_the_same_in_pieces(data: bytes) -> None:
    """A screen that is fed at once and one that is fed in halves."""
    try:
        whole = shown(data)
    except Beyond:
        return
    screen, half = Screen(), len(data) // 2
    lines = [*screen.feed(data[:half]), *screen.feed(data[half:], end=True)]
    assert "\n".join([*lines, screen.line()[0]]) == whole


class _Instant(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self.now


class _Selector(selectors.SelectSelector):
    def __init__(self, loop: _Instant) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for nothing"
        self._loop.now += max(timeout, 0.0)
        return []


@cache
def _loop() -> _Instant:
    return _Instant()


def _instantly(work: Coroutine[Any, Any, None]) -> None:
    _loop().run_until_complete(work)
