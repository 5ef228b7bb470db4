"""The line to a CLI, from the first prompt on: writes lines, reads until the prompts that end their replies.

Knows nothing of the library underneath, of modes or of secrets: `Session` does. One coroutine at a time.
"""

import asyncio
import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vendors.contract import Platform
from vendors.errors import ProvisioningError
from vendors.screen import after_echo, after_hint, begins, echoes, last_line, shown, without

_QUIET_S = 5.0
"""A prompt is there, but not what must come before it: so much silence proves that the two sides are out of step."""
_MOST_ANSWERS = 8
_TAIL = 8192


class Stream(Protocol):
    """Bytes to and from the OLT. Raises only `ProvisioningError`."""

    async def read(self) -> bytes:
        """What came; empty at the end."""
        ...

    def write(self, data: bytes) -> None:
        """Send."""
        ...

    async def close(self) -> None:
        """End the connection; never raises."""
        ...


class Broken(Exception):
    """The line cannot be trusted any more. `text` is what had come, unredacted."""

    def __init__(self, why: str, text: str = "", *, out_of_step: bool = False, written: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.text = text
        self.out_of_step = out_of_step
        self.written = written
        """Whether the lines had been handed to the connection."""


class Unexplained(Exception):
    """A question that nobody announced. `text` is what had come, unredacted."""

    def __init__(self, text: str) -> None:
        super().__init__("the OLT asks what the command did not announce")
        self.text = text


@dataclass(frozen=True)
class Typed:
    """A line to be sent. `head` is how its echo must begin; `answers` the questions it may be asked."""

    text: str
    head: str
    answers: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 30.0


@dataclass(frozen=True)
class Said:
    """A reply without echo, and the prompt after it."""

    text: str
    prompt: str


@dataclass(frozen=True)
class Expressions:
    """A platform's expressions, compiled for one OLT."""

    prompt: re.Pattern[str]
    pager: re.Pattern[str] | None
    hint: re.Pattern[str] | None
    question: re.Pattern[str]
    noise: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, platform: Platform, host: str | None = None) -> "Expressions":
        """Of a platform; `host` pins the host name, else it is the group `host` of `prompt`."""
        name = rf"(?P<host>{platform.host_pattern})" if host is None else re.escape(host)
        return cls(
            prompt=re.compile(platform.prompt.replace("{host}", name)),
            pager=re.compile(platform.pager) if platform.pager else None,
            hint=re.compile(platform.hint) if platform.hint else None,
            question=re.compile(platform.question),
            noise=tuple(re.compile(noise, re.MULTILINE) for noise in platform.noise),
        )


@dataclass
class Line:
    """An open connection and what has come over it."""

    stream: Stream
    platform: Platform
    find: Expressions
    quiet_s: float = _QUIET_S
    buffer: bytearray = field(default_factory=bytearray)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _end: ProvisioningError | str | None = None
    _pump: asyncio.Task[None] | None = None
    _reacted_at: int = 0
    _answered: int = 0
    _hinted: bool = False

    def start(self) -> None:
        """Begin to take in what comes."""
        self._pump = asyncio.create_task(self._receive())

    async def _receive(self) -> None:
        try:
            while data := await self.stream.read():
                self.buffer += data
                self._came.set()
            self._end = "the OLT closed the connection"
        except ProvisioningError as error:
            self._end = error
        self._came.set()

    async def close(self) -> None:
        """Hang up; never raises."""
        if self._pump:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        await self.stream.close()

    # ------------------------------------------------------------------------------------------------- receiving

    async def more(self, timeout_s: float) -> bool:
        """Wait for more; False when none came in time. Raises Broken at the end of the connection."""
        if not self._came.is_set():
            if self._end is not None:
                raise Broken(str(self._end), self.text())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(timeout_s, 0.0)):
                    await self._came.wait()
        came = self._came.is_set()
        self._came.clear()
        return came

    def text(self) -> str:
        """What has come and was not taken yet, as a screen shows it, without noise."""
        return without(self.find.noise, shown(bytes(self.buffer)))

    def prompt(self) -> re.Match[str] | None:
        """The prompt, if it is the last that came; alarms after it do not count."""
        line, at_end = last_line(self.buffer)
        if found := self.find.prompt.search(line):
            return found if at_end else None
        if not self.find.noise:
            return None
        tail = shown(bytes(self.buffer[-_TAIL:]))
        quiet = without(self.find.noise, tail)
        if quiet == tail:
            return None
        return self.find.prompt.search(quiet.rstrip("\n").rpartition("\n")[2])

    # -------------------------------------------------------------------------------------------------- sending

    def write(self, text: str, *, end: bool = True) -> None:
        """Send a line, or with `end` False keys alone."""
        self.stream.write((text + (self.platform.line_end if end else "")).encode("ascii"))

    async def run(self, lines: Sequence[Typed]) -> list[Said]:
        """Send lines in one write; the replies, in order. All of them must be ended by the same host's prompts.

        Raises Broken, Unexplained.
        """
        self._expect_silence()
        self.stream.write("".join(line.text + self.platform.line_end for line in lines).encode("ascii"))
        total = asyncio.get_running_loop().time() + sum(line.timeout_s for line in lines)
        while True:
            if (prompt := self.prompt()) and (said := self._replies(lines)):
                self.buffer.clear()
                return said
            self._react(lines[-1].answers)
            await self._progress(prompt is not None, max(line.timeout_s for line in lines), total)

    async def _progress(self, prompt_seen: bool, silence_s: float, total: float) -> None:
        left = min(silence_s, total - asyncio.get_running_loop().time())
        if await self.more(min(left, self.quiet_s) if prompt_seen else left):
            return
        if prompt_seen:
            raise Broken("the OLT's answers are out of step with the commands", self.text(), out_of_step=True)
        raise Broken("no answer in time", self.text())

    def _expect_silence(self) -> None:
        """Drop what was said unasked. Raises Broken if it belongs to an earlier reply, or the connection has ended."""
        text = self.text()
        self._hinted, self._answered, self._reacted_at = False, 0, 0
        if self._end is not None:
            raise Broken(str(self._end), text, written=False)
        if text.strip() and not text.startswith("\n"):
            raise Broken("the OLT went on after its prompt", text, out_of_step=True, written=False)
        self.buffer.clear()
        self._came.clear()

    def _react(self, answers: tuple[tuple[str, str], ...]) -> None:
        """Turn the page, accept a hint, answer an announced question; once each."""
        line, at_end = last_line(self.buffer)
        if not at_end or len(self.buffer) == self._reacted_at:
            return
        if self.find.pager and self.find.pager.search(line):
            self.write(self.platform.pager_next, end=False)
        elif self.find.hint and self.find.hint.search(line):
            self._hinted = True
            self.write("")
        elif (answer := self._answer(line, answers)) is not None:
            self.write(answer)
        else:
            return
        self._reacted_at = len(self.buffer)

    def _answer(self, line: str, answers: tuple[tuple[str, str], ...]) -> str | None:
        for expression, answer in answers:
            if re.search(expression, line):
                self._answered += 1
                if self._answered > _MOST_ANSWERS:
                    raise Unexplained(self.text())
                return answer
        if self.find.question.search(line):
            raise Unexplained(self.text())
        return None

    # -------------------------------------------------------------------------------------------------- splitting

    def _replies(self, lines: Sequence[Typed]) -> list[Said] | None:
        """The replies, if every one of them is there."""
        body, _, prompt = self.text().rstrip("\n").rpartition("\n")
        if not echoes(body, lines[0].head):
            return None
        starts = self._starts(body, lines)
        if starts is None:
            return None
        ends = [(start, before) for start, before, _ in starts] + [(len(body), prompt)]
        froms = [self._first_echo(body, lines[0])] + [echo for _, _, echo in starts]
        return [
            Said(self._without_echo(body[begin:end], line), before.rstrip())
            for begin, (end, before), line in zip(froms, ends, lines, strict=True)
        ]

    def _first_echo(self, body: str, line: Typed) -> int:
        """Where the first echo begins: not at once where the OLT had repeated its prompt."""
        if begins(body, line.head):
            return 0
        found = self._start(body, line.text, 0)
        return found[2] if found else 0

    def _starts(self, body: str, lines: Sequence[Typed]) -> list[tuple[int, str, int]] | None:
        """For every line but the first: where its prompt begins, the prompt, and where its echo begins."""
        found: list[tuple[int, str, int]] = []
        at = 0
        for line in lines[1:]:
            start = self._start(body, line.text, at)
            if start is None:
                return None
            found.append(start)
            at = start[2]
        return found

    def _start(self, body: str, line: str, at: int) -> tuple[int, str, int] | None:
        echo = re.compile(rf"^(?P<prompt>[^\n]*?)\s*(?P<echo>{re.escape(line)})[ \t]*$", re.MULTILINE)
        for found in echo.finditer(body, at):
            if self.find.prompt.search(found["prompt"]):
                return found.start(), found["prompt"], found.start("echo")
        return None

    def _without_echo(self, text: str, line: Typed) -> str:
        text = after_echo(text, line.text, line.head)
        if self._hinted and self.find.hint:
            rows = after_hint(text, line.text).split("\n")
            text = "\n".join(row for row in rows if not self.find.hint.search(row))
        if self.find.pager:
            text = "\n".join(self._without_pager(row) for row in text.split("\n"))
        return text.strip("\n")

    def _without_pager(self, row: str) -> str:
        found = self.find.pager.search(row) if self.find.pager else None
        return row[: found.start()] + row[found.end() :] if found else row
