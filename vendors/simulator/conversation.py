"""One session with a simulated OLT, from login to hang-up: echo, pager, wrap, line ends, and the accidents of its fault plan."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Literal, Protocol

from vendors.simulator.faults import Fault, FaultPlan
from vendors.simulator.journal import Received
from vendors.simulator.model import Olt
from vendors.simulator.shell import Device, Look, Reply, Shell, Terminal

_SPECIAL = re.compile(rb"[\r\n\x03\x08\x7f\t?]")
_CRLF = re.compile(r"\r?\n")


class HangUp(Exception):
    """The session is over. `abort`: without a goodbye, as when a cable is cut."""

    def __init__(self, abort: bool = False) -> None:
        super().__init__()
        self.abort = abort


class Wire(Protocol):
    """Bytes to and from one client."""

    async def read(self) -> bytes:
        """What came; empty at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Send."""
        ...

    async def drain(self) -> None:
        """Wait until the client takes more."""
        ...

    def close(self, abort: bool) -> None:
        """End it."""
        ...


@dataclass
class Timing:
    """How slow line and device are, in seconds. `rtt_s` delays what is received; what is sent together stays together."""

    rtt_s: float = 0.0
    command_s: float = 0.0
    byte_s: float = 0.0
    idle_s: float | None = None


@dataclass
class Limits:
    """How many sessions the OLT and one of its accounts may have; None: any number."""

    sessions: int | None = None
    sessions_per_user: int | None = None


@dataclass
class Station:
    """What the sessions of one OLT share."""

    olt: Olt
    device: Device
    users: dict[str, str]
    faults: FaultPlan = field(default_factory=FaultPlan)
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    live: dict[int, str] = field(default_factory=dict)
    """User by session."""
    most: int = 0
    """The most sessions there were at once."""
    last: int = 0
    wires: "set[Wire]" = field(default_factory=set)
    errors: list[Exception] = field(default_factory=list)
    """What shells raised: bugs of the simulator."""

    def log_in(self, user: str, password: str) -> bool:
        """Whether the OLT knows this user and password."""
        self.olt.journal.offered.append((user, password))
        refused = self.faults.at_login("refuse_login") or self.users.get(user) != password
        if refused:
            self.olt.journal.logins.append(f"{user}: refused")
        return not refused

    def no_room(self, user: str) -> str | None:
        """What the OLT says to one session too many."""
        look, limits = self.device.look, self.limits
        of_user = sum(other == user for other in self.live.values())
        if self.faults.at_login("too_many_users"):
            return look.too_many_of_user
        if limits.sessions_per_user is not None and of_user >= limits.sessions_per_user:
            return look.too_many_of_user
        if limits.sessions is not None and len(self.live) >= limits.sessions:
            return look.too_many
        return None

    def enter(self, user: str) -> int:
        """The number of a new session."""
        self.last += 1
        self.live[self.last] = user
        self.most = max(self.most, len(self.live))
        self.olt.journal.logins.append(f"{user}: accepted")
        self.olt.journal.raw[self.last] = bytearray()
        return self.last


class _Input:
    """What was received, due `rtt_s` after it came, byte by byte."""

    def __init__(self, wire: Wire, timing: Timing) -> None:
        self._wire = wire
        self._timing = timing
        self._arrived: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._buffer = bytearray()
        self._pump = asyncio.create_task(self._receive())
        self._after_cr = False
        self.keep: bytearray | None = None

    async def _receive(self) -> None:
        data = b"-"
        while data:
            data = await self._wire.read()
            now = asyncio.get_running_loop().time()
            self._arrived.put_nowait((now + self._timing.rtt_s, data))

    def stop(self) -> None:
        self._pump.cancel()

    async def _fill(self) -> None:
        async with asyncio.timeout(self._timing.idle_s):
            due, data = await self._arrived.get()
        if (pause := due - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(pause)
        if not data:
            raise HangUp
        if self.keep is not None:
            self.keep += data
        self._buffer += data

    async def key(self) -> bytes:
        """One byte."""
        if not self._buffer:
            await self._fill()
        first = bytes(self._buffer[:1])
        del self._buffer[:1]
        return first

    async def run(self) -> bytes:
        """Bytes up to the first that is special, or that one alone."""
        if not self._buffer:
            await self._fill()
        found = _SPECIAL.search(self._buffer)
        end = len(self._buffer) if found is None else max(found.start(), 1)
        taken = bytes(self._buffer[:end])
        del self._buffer[:end]
        return taken

    async def closed(self) -> None:
        """Wait until the client has gone."""
        while True:
            await self._fill()
            self._buffer.clear()


class Conversation:
    """Carries one client from the banner to the end."""

    def __init__(self, station: Station, wire: Wire, terminal: Terminal) -> None:
        self._station = station
        self._look: Look = station.device.look
        self._wire = wire
        self._terminal = terminal
        self._input = _Input(wire, station.timing)
        self._shell: Shell = station.device.shell(station.olt, terminal)
        self._after_cr = False
        self._garbled: Fault | None = None

    async def run(self, user: str | None) -> None:
        """The whole session; `user` is None where the login is still to be asked for (telnet). Never raises."""
        abort = False
        self._station.wires.add(self._wire)
        try:
            await self._session(user)
        except HangUp as end:
            abort = end.abort
        except TimeoutError:
            self._wire.write(self._encode("\n" + self._look.idle))
        except ConnectionError:
            abort = True
        except Exception as error:  # noqa: BLE001 (kept for `SimulatedOlt.stop`, which raises it)
            self._station.errors.append(error)
            abort = True
        finally:
            self._station.wires.discard(self._wire)
            self._station.live.pop(self._terminal.session, None)
            self._input.stop()
            self._wire.close(abort)

    async def _session(self, user: str | None) -> None:
        user = await self._telnet_login() if user is None else user
        if refusal := self._station.no_room(user):
            self._station.olt.journal.logins.append(f"{user}: busy")
            await self._send(refusal)
            raise HangUp
        self._terminal.user = user
        self._terminal.session = self._station.enter(user)
        self._input.keep = self._station.olt.journal.raw[self._terminal.session]
        await self._send(self._shell.open())
        while True:
            await self._turn()

    async def _telnet_login(self) -> str:
        await self._send(self._look.before_login)
        for _ in range(self._look.login_attempts):
            await self._send(self._look.user_prompt)
            user = (await self._line(echo=True)).decode("latin-1")
            await self._send(self._look.password_prompt)
            password = (await self._line(echo=False)).decode("latin-1")
            if self._station.log_in(user, password):
                return user
            await self._send(self._look.login_refused)
        raise HangUp

    async def _turn(self) -> None:
        waiting = self._shell.prompt()
        asking, hidden = self._shell.asking, self._shell.hidden
        await self._send(self._shown(waiting, asking))
        line = await self._line(echo=not hidden, command=not asking, waiting=waiting)
        self._note(waiting, line, hidden)
        text = line.decode("latin-1")
        if asking or not text.strip():
            await self._answer(self._shell.feed(text), [])
        else:
            await self._command(text)

    def _shown(self, waiting: str, asking: bool) -> str:
        garbled, self._garbled = self._garbled, None
        if asking:
            return waiting
        if garbled:
            waiting = garbled.text or waiting[: len(waiting) // 2] + "\x07~~"
        return self._look.before_prompt + waiting

    def _note(self, waiting: str, line: bytes, hidden: bool) -> None:
        row = Received(
            self._terminal.session, self._terminal.user, waiting, line, hidden, self._station.olt.clock()
        )
        self._station.olt.journal.lines.append(row)

    # --------------------------------------------------------------------------------------------- one command

    async def _command(self, line: str) -> None:
        now = asyncio.get_running_loop().time()
        faults = self._station.faults.at_command(line, now)
        await self._strike(faults, "before", line)
        reply = self._instead(faults) or self._shell.feed(line)
        if self._station.timing.command_s:
            await asyncio.sleep(self._station.timing.command_s)
        await self._strike(faults, "after", line)
        await self._answer(reply, faults)

    def _instead(self, faults: list[Fault]) -> Reply | None:
        look = self._look
        for fault in faults:
            if fault.kind == "busy" and fault.seconds is not None:
                return Reply(fault.text or look.busy)
            if fault.kind == "refuse":
                return Reply(fault.text or look.refusal)
            if fault.kind == "unknown" and fault.when == "before":
                return Reply(fault.text or look.unknown)
        return None

    async def _strike(self, faults: list[Fault], when: Literal["before", "after"], line: str) -> None:
        for fault in faults:
            if fault.kind in {"drop", "freeze"} and fault.when == when:
                await self._break(fault)
            if fault.kind == "rename" and when == "after" and fault.text:
                self._station.olt.name = fault.text
            if fault.kind == "duplicate_echo" and when == "before":
                await self._send(line + "\n")
            if fault.kind == "garble_prompt" and when == "after":
                self._garbled = fault

    async def _break(self, fault: Fault) -> None:
        if fault.kind == "drop":
            raise HangUp(abort=True)
        if fault.seconds is None:
            await self._input.closed()
        await asyncio.sleep(fault.seconds or 0.0)

    async def _answer(self, reply: Reply, faults: list[Fault]) -> None:
        if reply.seconds:
            await asyncio.sleep(reply.seconds)
        text = reply.text
        for fault in faults:
            text = self._spoilt(text, fault)
        breaks = [fault for fault in faults if fault.kind in {"drop", "freeze"} and fault.when == "middle"]
        if breaks:
            await self._send(text[: len(text) // 2])
            await self._break(breaks[0])
            text = text[len(text) // 2 :]
        slow = next((fault.seconds for fault in faults if fault.kind == "slow"), None)
        await self._paged(text, slow)
        if reply.hang_up:
            raise HangUp

    def _spoilt(self, text: str, fault: Fault) -> str:
        if fault.kind == "unknown" and fault.when != "before":
            return fault.text or self._look.unknown
        if fault.kind in {"alarm", "latin1"}:
            alarm = fault.text or self._look.alarm
            alarm = accented(alarm) if fault.kind == "latin1" and not fault.text else alarm
            lines = text.splitlines(keepends=True)
            return "".join([*lines[: len(lines) // 2], alarm, *lines[len(lines) // 2 :]])
        return text

    async def _paged(self, text: str, seconds: float | None) -> None:
        page, shown = self._shell.page, 0
        lines = text.splitlines(keepends=True)
        if not page and seconds is None:
            return await self._send(text)
        for number, line in enumerate(lines):
            if page and shown == page and number < len(lines):
                key = await self._next_page()
                if key in self._look.pager_stop:
                    return None
                shown = 0 if key == " " else page - 1
            await self._send(line)
            await asyncio.sleep(seconds or 0.0)
            shown += 1
        return None

    async def _next_page(self) -> str:
        await self._send(self._look.pager)
        key = (await self._input.key()).decode("latin-1")
        await self._send(self._look.pager_erase)
        return key

    # --------------------------------------------------------------------------------------------- bytes

    async def _line(self, *, echo: bool, command: bool = False, waiting: str = "") -> bytes:
        """One line as typed, edited by the keys that edit; echoed."""
        line = bytearray()
        column = len(waiting)
        while True:
            typed = await self._input.run()
            if typed in {b"\r", b"\n"}:
                if self._second_half(typed):
                    continue
                suffix = self._look.echo_suffix if command and self._terminal.transport == "telnet" else ""
                await self._send((suffix if line else "") + "\n")
                return bytes(line)
            self._after_cr = False
            if len(typed) == 1 and _SPECIAL.fullmatch(typed):
                await self._edit(typed, line, command, waiting)
                continue
            line += typed
            if echo:
                column = await self._echo(typed, column)

    def _second_half(self, typed: bytes) -> bool:
        """Whether this line feed belongs to the carriage return before it."""
        belongs = typed == b"\n" and self._after_cr and not self._look.cr_lf_is_two
        self._after_cr = typed == b"\r"
        return belongs

    async def _edit(self, key: bytes, line: bytearray, command: bool, waiting: str) -> None:
        if key in {b"\x08", b"\x7f"} and line:
            del line[-1:]
            await self._send("\b \b")
        elif key == b"\x03":
            line.clear()
        elif key == b"?" and not command:
            line += key
        elif key == b"?" and self._look.help_on_question_mark:
            self._note(waiting, bytes(line) + b"?", hidden=False)
            typed = line.decode("latin-1")
            await self._send(f"?\n{self._shell.help(typed)}{waiting}{typed}")

    async def _echo(self, typed: bytes, column: int) -> int:
        text, wrap, width = typed.decode("latin-1"), self._look.echo_wrap, self._terminal.width
        if not wrap:
            await self._send(text)
            return column + len(text)
        out: list[str] = []
        for character in text:
            out.append(character)
            column += 1
            if column % width == 0:
                out.append(wrap)
        await self._send("".join(out))
        return column

    def _encode(self, text: str) -> bytes:
        return _CRLF.sub("\r\n", text).encode("latin-1", "replace")

    async def _send(self, text: str) -> None:
        if self._look.hard_wrap and len(text) > 1:
            text = wrapped(text, self._terminal.width)
        data = self._encode(text)
        if not data:
            return
        if strike := self._station.faults.at_bytes(len(data)):
            self._wire.write(data[: strike[0]])
            await self._break(strike[1])
            data = data[strike[0] :]
        self._station.faults.sent += len(data)
        self._wire.write(data)
        await self._wire.drain()
        if self._station.timing.byte_s:
            await asyncio.sleep(self._station.timing.byte_s * len(data))


def accented(alarm: str) -> str:
    """An alarm in whose middle line stands a letter that is no ASCII."""
    lines = alarm.splitlines()
    lines[len(lines) // 2] += " \xe1"
    return "\n".join(lines) + "\n"


def wrapped(text: str, width: int) -> str:
    """Lines cut at `width` columns, in the middle of a word."""
    return "\n".join(
        "\n".join(line[at : at + width] for at in range(0, max(len(line), 1), width))
        for line in text.split("\n")
    )
