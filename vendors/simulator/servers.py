"""Simulated OLTs on real sockets: an SSH server and its telnet twin over one model."""

import asyncio
import contextlib
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import asyncssh

from vendors.simulator.conversation import Conversation, Limits, Station, Timing
from vendors.simulator.faults import FaultPlan
from vendors.simulator.model import Olt
from vendors.simulator.shell import Device, Terminal

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _SE = 255, 254, 253, 252, 251, 250, 240
_ECHO, _SUPPRESS, _NAWS = 1, 3, 31
_LINGER_S = 0.1

LEGACY_SSH: dict[str, Any] = {
    "kex_algs": ["diffie-hellman-group14-sha1", "diffie-hellman-group1-sha1"],
    "encryption_algs": ["aes128-cbc", "3des-cbc"],
    "mac_algs": ["hmac-sha1"],
    "signature_algs": ["ssh-rsa"],
}
"""Server options of an OLT that knows nothing newer; give it an RSA host key."""


class SshWire(asyncssh.SSHServerSession[bytes]):
    """One shell channel."""

    def __init__(self, station: Station, user: str) -> None:
        self._station = station
        self._user = user
        self._terminal = Terminal(user=user, transport="ssh")
        self._chan: asyncssh.SSHServerChannel[bytes] | None = None
        self._connection: Any = None
        self._received: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._over = False
        self._writable = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, chan: "asyncssh.SSHServerChannel[bytes]") -> None:
        """Keep the channel."""
        self._chan = chan
        self._connection = chan.get_connection()
        self._writable.set()
        peer = chan.get_extra_info("peername")
        self._terminal.peer = peer[0] if peer else self._terminal.peer

    def pty_requested(
        self, term_type: str | None, term_size: tuple[int, int, int, int], term_modes: Any
    ) -> bool:
        """Take the client's size, if it has one."""
        self._terminal.width = term_size[0] or self._terminal.width
        self._terminal.height = term_size[1] or self._terminal.height
        return True

    def shell_requested(self) -> bool:
        """A shell is all there is: no command channel."""
        return True

    def session_started(self) -> None:
        """Talk."""
        conversation = Conversation(self._station, self, self._terminal)
        self._task = asyncio.create_task(conversation.run(self._user))

    def data_received(self, data: bytes, datatype: Any) -> None:
        """Queue what came."""
        self._received.append(data)
        self._more.set()

    def eof_received(self) -> bool:
        """End."""
        self._end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._end()

    def pause_writing(self) -> None:
        """Stop."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    def _end(self) -> None:
        self._over = True
        self._more.set()
        self._writable.set()

    async def read(self) -> bytes:
        """What came; empty at the end."""
        while not self._received and not self._over:
            self._more.clear()
            await self._more.wait()
        return self._received.popleft() if self._received else b""

    def write(self, data: bytes) -> None:
        """Send, unless it is over."""
        if self._chan and not self._over:
            self._chan.write(data)

    async def drain(self) -> None:
        """Wait until the client takes more."""
        await self._writable.wait()

    def close(self, abort: bool) -> None:
        """End it; with `abort` the TCP connection too, at once."""
        if not self._chan or not self._connection:
            return
        if abort:
            self._connection.abort()
        elif not self._over:
            self._chan.exit(0)
            # asyncssh's client loses what it has not read yet when the connection ends with it.
            asyncio.get_running_loop().call_later(_LINGER_S, self._connection.close)


class _SshLogin(asyncssh.SSHServer):
    """Password and keyboard-interactive."""

    def __init__(
        self, station: Station, methods: tuple[str, ...], open_ones: WeakSet[asyncssh.SSHServerConnection]
    ) -> None:
        self._station = station
        self._methods = methods
        self._open_ones = open_ones
        self._user = ""
        self._peer = ""

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._open_ones.add(conn)
        self._peer = str((conn.get_extra_info("peername") or ("",))[0])

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self._methods

    def validate_password(self, username: str, password: str) -> bool:
        return self._station.log_in(username, password)

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._methods

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        look = self._station.device.look
        prompt = look.ssh_password_prompt.format(user=username, peer=self._peer)
        return "", look.ssh_instruction, "", [(prompt, False)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return self._station.log_in(username, responses[0] if responses else "")

    def session_requested(self) -> SshWire:
        return SshWire(self._station, self._user)


class TelnetWire:
    """One telnet connection, with the options taken out."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, terminal: Terminal
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._terminal = terminal
        self._rest = b""

    def greet(self) -> None:
        """Echo here, no go-ahead, and how wide is the screen?"""
        self._writer.write(bytes([_IAC, _WILL, _ECHO, _IAC, _WILL, _SUPPRESS, _IAC, _DO, _NAWS]))

    async def read(self) -> bytes:
        """What came, options and the NUL after a CR taken out; empty at the end."""
        while True:
            try:
                data = await self._reader.read(4096)
            except ConnectionError:
                return b""
            if not data:
                return b""
            if text := self._without_options(self._rest + data).replace(b"\x00", b""):
                return text

    def _without_options(self, data: bytes) -> bytes:
        out = bytearray()
        at = 0
        while (found := data.find(_IAC, at)) >= 0:
            out += data[at:found]
            length = self._option(data, found)
            if length == 0:
                self._rest = data[found:]
                return bytes(out)
            out += b"\xff" if data[found + 1] == _IAC else b""
            at = found + length
        self._rest = b""
        return bytes(out + data[at:])

    def _option(self, data: bytes, at: int) -> int:
        """The length of the option at `at`; 0 while it is not all there."""
        if len(data) < at + 2:
            return 0
        verb = data[at + 1]
        if verb == _SB:
            end = data.find(bytes([_IAC, _SE]), at)
            if end < 0:
                return 0
            self._window(data[at + 2 : end])
            return end + 2 - at
        if verb in {_DO, _DONT, _WILL, _WONT}:
            return 3 if len(data) >= at + 3 else 0
        return 2

    def _window(self, body: bytes) -> None:
        body = body.replace(b"\xff\xff", b"\xff")
        if len(body) == 5 and body[0] == _NAWS:
            self._terminal.width = int.from_bytes(body[1:3]) or self._terminal.width
            self._terminal.height = int.from_bytes(body[3:5]) or self._terminal.height

    def write(self, data: bytes) -> None:
        """Send; 0xff doubled."""
        if not self._writer.is_closing():
            self._writer.write(data.replace(b"\xff", b"\xff\xff"))

    async def drain(self) -> None:
        """Wait until the client takes more."""
        await self._writer.drain()

    def close(self, abort: bool) -> None:
        """End it."""
        if abort:
            self._writer.transport.abort()
        else:
            self._writer.close()


@dataclass
class SimulatedOlt:
    """One OLT with its sockets, its faults and its limits. `users` is account → password."""

    olt: Olt
    device: Device
    users: dict[str, str] = field(default_factory=lambda: {"acende": "olt-secret"})
    faults: FaultPlan = field(default_factory=FaultPlan)
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    _servers: list[asyncio.Server | asyncssh.SSHAcceptor] = field(default_factory=list)
    _connections: WeakSet[asyncssh.SSHServerConnection] = field(default_factory=WeakSet)
    station: Station = field(init=False)

    def __post_init__(self) -> None:
        """One station behind both servers."""
        self.station = Station(self.olt, self.device, self.users, self.faults, self.timing, self.limits)

    async def serve_telnet(self, port: int = 0, host: str = "127.0.0.1") -> int:
        """Listen for telnet; returns the port."""
        server = await asyncio.start_server(self._telnet_client, host, port)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def serve_ssh(
        self,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        key: asyncssh.SSHKey | None = None,
        methods: tuple[str, ...] = ("password", "keyboard-interactive"),
        **options: Any,
    ) -> tuple[int, str]:
        """Listen for SSH; returns the port and the host key as one line for an inventory.

        `key` is made afresh where none is given. `options` go to asyncssh, such as `LEGACY_SSH`.
        """
        key = key or asyncssh.generate_private_key("ssh-ed25519")
        server = await asyncssh.create_server(
            lambda: self._ssh_login(methods),
            host,
            port,
            server_host_keys=[key],
            encoding=None,
            line_editor=False,
            **({"kex_algs": "+diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"} | options),
        )
        self._servers.append(server)
        return server.get_port(), public_line(key)

    def _ssh_login(self, methods: tuple[str, ...]) -> _SshLogin:
        return _SshLogin(self.station, methods, self._connections)

    async def _telnet_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        terminal = Terminal(transport="telnet", peer=str(peer[0]) if peer else "")
        wire = TelnetWire(reader, writer, terminal)
        wire.greet()
        # Python 3.11 calls it an error of the loop when the task of a client is cancelled at the end.
        with contextlib.suppress(asyncio.CancelledError):
            await Conversation(self.station, wire, terminal).run(None)

    def hang_up(self) -> None:
        """Cut every session, as when the OLT loses power."""
        for wire in list(self.station.wires):
            wire.close(abort=True)

    def reboot(self) -> None:
        """Cut every session and lose what was not saved."""
        self.hang_up()
        self.olt.reboot()

    async def stop(self) -> None:
        """Close sockets and sessions. Raises what a shell stumbled over: a bug of the simulator must not pass unseen."""
        for server in self._servers:
            server.close()
        self.hang_up()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        for connection in list(self._connections):
            connection.abort()
            await connection.wait_closed()
        if self.station.errors:
            raise self.station.errors[0]


def public_line(key: asyncssh.SSHKey) -> str:
    """A key's public half as `ssh-ed25519 AAAA…`."""
    return " ".join(key.export_public_key("openssh").decode().split()[:2])


def host_key(path: Path) -> asyncssh.SSHKey:
    """The private key that is kept in a file, made when it is needed for the first time."""
    if path.exists():
        return asyncssh.read_private_key(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    key = asyncssh.generate_private_key("ssh-ed25519")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.export_private_key())
    return key
