"""One CLI session with an OLT: the only I/O to devices, and the only module that imports scrapli.

scrapli carries the bytes (asyncssh and asynctelnet transports); reading up to prompts is `vendors.line`'s, since scrapli's
own channel pays two round trips for every command.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, TypeVar

import asyncssh
from pydantic import SecretStr
from scrapli.transport.base.base_transport import BaseTransportArgs
from scrapli.transport.plugins.asyncssh.transport import AsyncsshTransport
from scrapli.transport.plugins.asyncssh.transport import PluginTransportArgs as SshArgs
from scrapli.transport.plugins.asynctelnet.transport import AsynctelnetTransport
from scrapli.transport.plugins.asynctelnet.transport import PluginTransportArgs as TelnetArgs

from schemas.text import MASK
from vendors.batches import changes, grouped, pipelines
from vendors.contract import Adapter, Command, Platform, reported, write
from vendors.dialogue import hold
from vendors.errors import HostKeyChanged, LoginRefused, OltUnreachable, ProvisioningError, UnknownReply
from vendors.line import Broken, Expressions, Line, Said, Typed, Unexplained
from vendors.login import Account, log_in
from vendors.modes import ModeStack, Move
from vendors.quoting import without_secrets
from vendors.screen import LINE_LIMIT, Beyond, masked_fragment
from vendors.target import OltTarget, Pipeline, ssh_options
from vendors.telnet import TelnetOptions

__all__ = [
    "Audit",
    "Exchange",
    "Habits",
    "MaySend",
    "OltTarget",
    "Session",
    "fetch_host_key",
    "hold",
    "open_session",
    "ssh_options",
]

_TERMINAL = (511, 1000)
"""So wide that no OLT wraps, so high that few page."""
_LOGOUT_S = 3.0
_CLOSE_S = 2.0
_SECRETS_KEPT = 32
R = TypeVar("R")
Step = Move | Command

for _name in ("scrapli", "asyncssh"):
    # At DEBUG they write down what is sent, passwords included.
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Exchange:
    """One command as it may be kept: masked, its reply redacted. `complete` False: nobody knows whether it ran."""

    command: str
    reply: str
    seconds: float
    path: tuple[str, ...]
    effect: Literal["read", "write", "save"] = "read"
    complete: bool = True


@dataclass
class Habits:
    """What was learnt of one OLT, for its next session: `pipelines` is False once its answers lost their order."""

    pipelines: bool = True


Audit = Callable[[Exchange], None]
MaySend = Callable[[float], None]
"""Called with a time-out in seconds right before a line is sent; raises if it must not be."""


@dataclass
class Session:
    """An open session: one command at a time, dead after any error. Made by `open_session`."""

    adapter: Adapter
    line: Line
    modes: ModeStack
    target: OltTarget
    audit: Audit
    may_send: MaySend
    clock: Callable[[], float]
    habits: Habits
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _dead: bool = False
    _used_at: float = 0.0
    _sent: deque[str] = field(default_factory=lambda: deque(maxlen=_SECRETS_KEPT))

    def __post_init__(self) -> None:
        """It has just been opened."""
        self._used_at = self.clock()

    @property
    def platform(self) -> Platform:
        """The CLI's definition."""
        return self.line.platform

    @property
    def dead(self) -> bool:
        """Whether it must be closed and not used again."""
        return self._dead

    @property
    def idle_s(self) -> float:
        """Seconds since the last reply."""
        return self.clock() - self._used_at

    def timeout_s(self, command: Command) -> float:
        """How long the OLT may take over a command, seconds."""
        return self.target.timeout_s(command)

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]:
        """Run independent commands; their replies in order, without echo and prompt, secrets masked.

        Raises OltUnreachable (`maybe_sent`: a change was on the wire, its outcome is unknown), UnknownReply for a question
        or a prompt that nothing announced, what the adapter makes of a mode that is refused, and what `may_send` raises.
        Any of them ends the session. When cancelled, a change that is on the wire is waited for first.
        """
        replies: list[str] = []
        async with self._lock:
            for group in grouped(batch, self._pipeline(), self.platform.batch_limit):
                replies += await self._living(self._group(group), shield=changes(group))
        return tuple(replies)

    async def keepalive(self) -> None:
        """Ask for the prompt, so that the OLT does not end an idle session. Raises OltUnreachable."""
        async with self._lock:
            await self._living(self._ask_for_prompt(), shield=False)

    async def close(self) -> None:
        """Log out if the session is in order, then hang up. Never raises; takes a few seconds at most."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_LOGOUT_S), self._lock:
                if not self._dead:
                    await self._log_out()
        self._dead = True
        await self.line.close()

    # ---------------------------------------------------------------------------------------------------- sending

    def _pipeline(self) -> Pipeline:
        wanted = self.target.pipeline or self.platform.pipeline
        return wanted if self.habits.pipelines else "off"

    async def _living(self, work: Coroutine[Any, Any, R], *, shield: bool) -> R:
        """Run `work` in a session that is alive; dead after any error, or when cancelled."""
        if self._dead:
            work.close()
            raise OltUnreachable("the session has ended")
        task = asyncio.ensure_future(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._dead = True
            if not shield:
                task.cancel()
            await _finished(task)
            raise
        except BaseException as error:
            self._dead = True
            if isinstance(error, UnknownReply):
                error.reading |= not shield
            raise

    async def _group(self, group: Sequence[Command]) -> list[str]:
        if all(pipelines(command, self._pipeline()) for command in group) and not changes(group):
            return await self._exchange(self._script(group))
        moves = self.modes.moves(group[0].path, self.platform)
        for some in [moves] if self._pipeline() != "off" else [[move] for move in moves]:
            await self._exchange(some)
        return await self._exchange(group)

    def _script(self, group: Sequence[Command]) -> list[Step]:
        """The commands, and before each the lines that lead to its mode."""
        script: list[Step] = []
        here = self.modes.path
        for command in group:
            script += [*self.modes.moves(command.path, self.platform, here), command]
            here = command.path
        return script

    async def _exchange(self, script: Sequence[Step]) -> list[str]:
        """Send what changes the mode and the commands, in one write; the replies to the commands."""
        if not script:
            return []
        started = self.clock()
        group = [step for step in script if isinstance(step, Command)]
        said = await self._said([self._typed(step) for step in script], group, _texts(script))
        return self._take(script, said, started)

    async def _said(self, typed: Sequence[Typed], group: Sequence[Command], what: str) -> list[Said]:
        started = self.clock()
        self._guard([line.timeout_s for line in typed], group)
        self.line.allow(self.target.reply_limit, "a reply")
        self._sent.extend(secret for command in group for secret in _secrets(command))
        try:
            said = await self.line.run(typed)
        except (Broken, Unexplained, ProvisioningError) as error:
            self._fail(error, group, started, what, pipelined=len(typed) > 1)
        self._used_at = self.clock()
        return said

    async def _ask_for_prompt(self) -> None:
        [answer] = await self._said([Typed("", "")], (), "")
        self._expect_mode(answer, ())

    def _guard(self, timeouts: Sequence[float], group: Sequence[Command]) -> None:
        """The last moment before the wire. Raises what `may_send` raises, and OltUnreachable once cancelled."""
        if self._dead:
            raise OltUnreachable("the session is being closed")
        self.may_send(sum(timeouts) if changes(group) else max(timeouts))

    def _typed(self, step: Step) -> Typed:
        if isinstance(step, Move):
            return Typed(step.text, step.text, timeout_s=self.timeout_s(write(step.text, path=())))
        return Typed(step.reveal(), _head(step), step.answers, self.timeout_s(step))

    def _take(self, script: Sequence[Step], said: Sequence[Said], started: float) -> list[str]:
        seconds = (self.clock() - started) / len(said)
        replies: list[str] = []
        for step, answer in zip(script, said, strict=True):
            if isinstance(step, Move):
                self._arrive(step, answer)
                continue
            reply = self._redacted(answer.text, step)
            self.audit(Exchange(step.text, reply, seconds, step.path, step.effect))
            self._expect_mode(answer, (step,))
            replies.append(reply)
        return replies

    def _expect_mode(self, answer: Said, group: Sequence[Command]) -> None:
        """Raises UnknownReply where the prompt after an answer is not that of the mode."""
        if answer.prompt != self.modes.prompt:
            what = self._redacted(answer.text, *group)
            raise UnknownReply(f"the prompt became {answer.prompt}", command=_texts(group), reply=what)

    def _fail(
        self,
        error: Broken | Unexplained | ProvisioningError,
        group: Sequence[Command],
        started: float,
        what: str,
        *,
        pipelined: bool,
    ) -> NoReturn:
        lines = [(command.reveal(), _secrets(command)) for command in group]
        reply = masked_fragment(getattr(error, "text", "")[:LINE_LIMIT], lines)
        reply = without_secrets(self.platform, reply, self._sent)  # of a reply before that goes on, too
        for command in group:
            seconds = self.clock() - started
            self.audit(Exchange(command.text, reply, seconds, command.path, command.effect, complete=False))
        if isinstance(error, Unexplained):
            raise UnknownReply(str(error), command=what, reply=reply) from error
        if isinstance(error, Broken) and error.out_of_step and pipelined:
            self.habits.pipelines = False
        sent = not isinstance(error, Broken) or error.written
        maybe_sent = sent and changes(group)
        raise OltUnreachable(str(error), command=what, reply=reply, maybe_sent=maybe_sent) from error

    def _redacted(self, text: str, *commands: Command) -> str:
        return without_secrets(
            self.platform, text, [one for command in commands for one in _secrets(command)]
        )

    # ------------------------------------------------------------------------------------------------------ modes

    def _arrive(self, move: Move, answer: Said) -> None:
        """Raises what the adapter makes of a mode that is refused, else UnknownReply."""
        if self.modes.arrive(move, answer.prompt):
            return
        command = write(move.text, path=self.modes.path)
        reply = self._redacted(answer.text)
        self.audit(Exchange(command.text, reply, 0.0, command.path))
        with contextlib.suppress(UnknownReply):
            self.adapter.check(command, reply)
        raise UnknownReply("the mode is another", command=command.text, reply=reply, reading=True)

    async def _log_out(self) -> None:
        for move in self.modes.moves((), self.platform):
            await self._exchange([move])
        for text, answer in self.platform.logout:
            answers = ((self.platform.question, answer),) if answer is not None else ()
            self.may_send(_LOGOUT_S)
            await self.line.run([Typed(text, text, answers, _LOGOUT_S)])


def _texts(script: Sequence[Step]) -> str:
    return " / ".join(step.text for step in script)


def _secrets(command: Command) -> list[str]:
    return [part.get_secret_value() for part in command.parts if isinstance(part, SecretStr)]


def _head(command: Command) -> str:
    """How the echo begins: up to the first secret, which an OLT may mask."""
    return command.text.partition(MASK)[0]


async def _finished(task: "asyncio.Future[Any]") -> None:
    """Wait for `task`, however often this is cancelled meanwhile; its own error is not raised."""
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await asyncio.shield(task)


# ------------------------------------------------------------------------------------------------------ transports


def as_ours(error: Exception) -> ProvisioningError:
    """What an exception of scrapli, asyncssh or the operating system means to us."""
    cause = error.__cause__ or error
    for found in (error, cause):
        if isinstance(found, asyncssh.HostKeyNotVerifiable):
            return HostKeyChanged("the OLT shows another SSH host key than the pinned one")
        if isinstance(found, asyncssh.KeyExchangeFailed) and "host key" in str(found):
            return HostKeyChanged("the OLT has no SSH host key of the pinned type")
        if isinstance(found, asyncssh.PermissionDenied | asyncssh.IllegalUserName):
            return LoginRefused("the OLT refuses user name or password", step="ssh")
    if isinstance(error, Beyond):
        return OltUnreachable(f"the OLT sent {error}")
    said = reported(str(error))
    return OltUnreachable(f"{type(error).__name__}: {said}" if said else type(error).__name__)


@contextlib.contextmanager
def _ours() -> Iterator[None]:
    try:
        yield
    except ProvisioningError:
        raise
    except Exception as error:
        raise as_ours(error) from error


class _Telnet(AsynctelnetTransport):
    """scrapli's telnet, but it tells how wide its window is, and takes options that are cut in two."""

    def __init__(self, base: BaseTransportArgs) -> None:
        super().__init__(base_transport_args=base, plugin_transport_args=TelnetArgs())
        self._options = TelnetOptions(*_TERMINAL)

    async def open(self) -> None:
        await super().open()
        self.write(self._options.offer())

    def _handle_control_chars(self) -> None:
        """Raises Beyond."""
        text, answer = self._options.feed(self._raw_buf)
        self._raw_buf, self._cooked_buf = b"", text
        if answer:
            self.write(answer)


class _Connecting(asyncssh.SSHClient):
    """Tells of the TCP connection, on which the key exchange begins."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        self._tell()


class _Stream:
    """A scrapli transport as a `vendors.line.Stream`."""

    def __init__(self, target: OltTarget, platform: Platform, timeout_s: float) -> None:
        self.connected = False
        """Whether somebody took the connection, whatever became of it."""
        self._transport = _transport(target, platform, timeout_s, self._take_note)

    async def open(self) -> None:
        with _ours():
            await self._transport.open()
        self._take_note()

    def _take_note(self) -> None:
        self.connected = True

    async def read(self) -> bytes:
        with _ours():
            data: bytes = await self._transport.read()
            return data

    def write(self, data: bytes) -> None:
        with _ours():
            self._transport.write(data)

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            transport = self._transport
            ssh = isinstance(transport, AsyncsshTransport)
            underneath: Any = transport.session if ssh else transport.stdin  # type: ignore[union-attr]
            transport.close()
            async with asyncio.timeout(_CLOSE_S):
                await underneath.wait_closed()


def _transport(
    target: OltTarget, platform: Platform, timeout_s: float, connected: Callable[[], None]
) -> AsyncsshTransport | _Telnet:
    options = _ssh(target, platform) if target.transport == "ssh" else {}
    options["client_factory"] = lambda: _Connecting(connected)
    base = BaseTransportArgs(
        transport_options={"asyncssh": options},
        host=target.address,
        port=target.port,
        timeout_socket=timeout_s,
        timeout_transport=0,
    )
    if target.transport == "telnet":
        return _Telnet(base)
    password = target.password.get_secret_value()
    arguments = SshArgs(auth_username=target.username, auth_password=password, auth_strict_key=False)
    return AsyncsshTransport(base_transport_args=base, plugin_transport_args=arguments)


def _ssh(target: OltTarget, platform: Platform) -> dict[str, Any]:
    """Options for asyncssh. It checks the pinned key itself, before the password leaves; scrapli would do so after."""
    if target.host_key is None:
        raise HostKeyChanged("no SSH host key is pinned for this OLT: see `acende trust`")
    return {
        "client_keys": None,
        "config": None,
        "term_size": _TERMINAL,
        **platform.ssh,
        **target.ssh,
        "known_hosts": ([asyncssh.import_public_key(target.host_key)], [], []),
    }


async def open_session(
    adapter: Adapter,
    target: OltTarget,
    *,
    audit: Audit,
    may_send: MaySend,
    clock: Callable[[], float] = time.monotonic,
    habits: Habits | None = None,
    timeout_s: float = 30.0,
) -> Session:
    """A session in the privileged mode, pager and hints off. `timeout_s` is for all of it, from TCP to the prompt.

    Raises OltUnreachable, OltBusy (no free line, or too many sessions of this account), LoginRefused, HostKeyChanged,
    UnknownReply, and what `may_send` raises.
    """
    platform = adapter.PLATFORM
    may_send(timeout_s)
    with _ours():
        stream = _Stream(target, platform, timeout_s)
    line = Line(stream, platform, Expressions.of(platform))
    try:
        async with asyncio.timeout(timeout_s):
            await stream.open()
            line.start()
            account = Account(target.username, target.password, target.enable_secret)
            prompt = await log_in(line, account, timeout_s)
    except TimeoutError as error:
        await line.close()
        raise OltUnreachable(f"no login within {timeout_s:g} s", silent=not stream.connected) from error
    except OltUnreachable as error:
        error.silent = not stream.connected
        await line.close()
        raise
    except BaseException:
        await line.close()
        raise
    return Session(adapter, line, ModeStack(prompt), target, audit, may_send, clock, habits or Habits())


async def fetch_host_key(
    address: str, port: int, *, options: dict[str, Any] | None = None, timeout_s: float = 15.0
) -> str:
    """The SSH host key an OLT shows, as one line for the inventory; nothing is sent to it, no login.

    `options`: `ssh_options(olt)` for old firmware. Raises OltUnreachable.
    """
    with _ours():
        async with asyncio.timeout(timeout_s):
            settings = asyncssh.SSHClientConnectionOptions(config=None, known_hosts=None, **(options or {}))
            key = await asyncssh.get_server_host_key(address, port, options=settings)
    if key is None:
        raise OltUnreachable("the OLT shows no host key")
    return " ".join(key.export_public_key("openssh").decode().split()[:2])
