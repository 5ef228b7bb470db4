"""The line to a CLI, from the first prompt on: writes lines, reads until the prompts that end their replies.

Knows nothing of the library underneath, of modes or of secrets: `Session` does. One coroutine at a time.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import re2

from vendors.contract import Platform
from vendors.errors import ProvisioningError
from vendors.expressions import Expression, Match, expression
from vendors.noise import Quiet
from vendors.screen import Beyond, Screen, after_echo, after_hint, begins, head_of, squeezed

_QUIET_S = 5.0
"""A prompt is there, but not what must come before it: so much silence proves that the two sides are out of step."""
_MOST_ANSWERS = 8
_LONGEST = 1_024
"""Characters of a line that may be a prompt, a pager, a hint or a question."""
LOGIN_LIMIT = 262_144
REPLY_LIMIT = 67_108_864
"""Bytes of a whole login and of one reply; what is shown of them counts too, where it is more."""


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

    prompt: Expression
    pager: Expression | None
    hint: Expression | None
    question: Expression

    @classmethod
    def of(
        cls, platform: Platform, host: str | None = None, *, host_pattern: str | None = None
    ) -> "Expressions":
        """Of a platform; `host` pins the host name, else it is the group `host` of `prompt`, found by a pattern."""
        name = rf"(?P<host>{host_pattern or platform.host_pattern})" if host is None else literal(host)
        return cls(
            prompt=expression(platform.prompt.replace("{host}", name)),
            pager=expression(platform.pager) if platform.pager else None,
            hint=expression(platform.hint) if platform.hint else None,
            question=expression(platform.question),
        )


def literal(text: str) -> str:
    """An expression for exactly this text."""
    escaped: str = re2.escape(text)
    return escaped


@dataclass
class Line:
    """Reads in the background into what the OLT shows; `run` sends lines and takes their replies out of that."""

    stream: Stream
    platform: Platform
    find: Expressions
    quiet_s: float = _QUIET_S
    received: int = 0
    """Bytes that came since the last line was sent."""
    _screen: Screen = field(default_factory=Screen)
    _quiet: Quiet = field(init=False)
    _room: int = LOGIN_LIMIT
    _room_of: str = "a login"
    _allowed: int = LOGIN_LIMIT
    _below: bool | None = None
    """Whether what came begins on a new line."""
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _end: Exception | str | None = None
    _pump: asyncio.Task[None] | None = None
    _hinted: bool = field(init=False)
    _answered: int = field(init=False)
    _reacted_at: int = field(init=False)

    def __post_init__(self) -> None:
        """Nothing has come yet."""
        self._quiet = Quiet(self.platform.noise)

    def start(self) -> None:
        """Begin to take in what comes."""
        self._pump = asyncio.create_task(self._receive())

    async def _receive(self) -> None:
        try:
            while data := await self.stream.read():
                self._take_in(data)
                self._came.set()
            self._end = "the OLT closed the connection"
        except ProvisioningError as error:
            self._end = error
        except Beyond as beyond:
            self._end = f"the OLT sent {beyond}"
            await self.stream.close()
        self._came.set()

    def _take_in(self, data: bytes) -> None:
        """Raises Beyond."""
        self.received += len(data)
        lines = self._screen.feed(data)
        self._room -= max(len(data), sum(map(len, lines)))
        if self._room < 0:
            raise Beyond(f"{self._room_of} of more than {_size(self._allowed)}")
        if lines and self._below is None:
            self._below = not lines[0].strip()
        self._quiet.feed(lines)

    async def close(self) -> None:
        """Hang up; never raises."""
        if self._pump:
            self._pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._pump
        await self.stream.close()

    # ------------------------------------------------------------------------------------------------- receiving

    def allow(self, limit: int, what: str) -> None:
        """From now on, `limit` bytes may come; `what` they are, for the error that tells of more."""
        self._room = self._allowed = limit
        self._room_of = what

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

    @property
    def settled(self) -> list[str]:
        """The lines that have come of which it is known that they are no notices."""
        return self._quiet.lines

    def lines(self) -> list[str]:
        """The lines that have come and were not taken yet, without notices; not the one in which the cursor stands."""
        return [*self._quiet.lines, *self._quiet.held]

    def text(self) -> str:
        """What has come and was not taken yet, as a screen shows it, without notices."""
        return "\n".join([*self.lines(), self._screen.line()[0]])

    def waiting(self) -> str | None:
        """The line at whose end the cursor stands, notices after it aside; None where it stands elsewhere."""
        text, at_end = self._screen.line()
        if not text and (before := self._quiet.before_notice()):
            text = before
        return text if at_end and len(text) <= _LONGEST else None

    def prompt(self) -> Match | None:
        """The prompt, if it is the last that came; alarms after it do not count."""
        text = self.waiting()
        return self.find.prompt.search(text) if text else None

    def forget(self) -> None:
        """Drop what has come; a notice that has begun goes on."""
        self._quiet.forget()
        if not self._quiet.held:
            self._screen = Screen()
        self.received = self._reacted_at = 0
        self._below = None

    # -------------------------------------------------------------------------------------------------- sending

    def write(self, text: str, *, end: bool = True) -> None:
        """Send a line, or with `end` False keys alone."""
        self.stream.write((text + (self.platform.line_end if end else "")).encode("ascii"))

    async def run(self, lines: Sequence[Typed]) -> list[Said]:
        """Send lines in one write; the replies, in order. All of them must be ended by the same host's prompts.

        Raises Broken, Unexplained.
        """
        self._expect_silence()
        replies = _Replies(lines, self.find.prompt)
        self.stream.write("".join(line.text + self.platform.line_end for line in lines).encode("ascii"))
        total = asyncio.get_running_loop().time() + sum(line.timeout_s for line in lines)
        while True:
            prompt = self.prompt()
            if prompt and replies.all_in(self._quiet.lines, self._quiet.held):
                return self._said(lines, replies)
            self._react(lines[-1].answers)
            await self._progress(prompt is not None, max(line.timeout_s for line in lines), total)

    async def _progress(self, prompt_seen: bool, silence_s: float, total: float) -> None:
        left = total - asyncio.get_running_loop().time()
        if left > 0 and await self.more(min(silence_s, left, self.quiet_s if prompt_seen else silence_s)):
            return
        if prompt_seen:
            raise Broken("the OLT's answers are out of step with the commands", self.text(), out_of_step=True)
        raise Broken("no answer in time", self.text())

    def _expect_silence(self) -> None:
        """Drop what was said unasked. Raises Broken if it belongs to an earlier reply, or the connection has ended."""
        self._hinted, self._answered = False, 0
        if self._end is not None:
            raise Broken(str(self._end), self.text(), written=False)
        if not self._below and self.text().strip():
            raise Broken("the OLT went on after its prompt", self.text(), out_of_step=True, written=False)
        self.forget()
        self._came.clear()

    def _react(self, answers: tuple[tuple[str, str], ...]) -> None:
        """Turn the page, accept a hint, answer an announced question; once each."""
        line = self.waiting()
        if not line or self.received == self._reacted_at:
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
        self._reacted_at = self.received

    def _answer(self, line: str, answers: tuple[tuple[str, str], ...]) -> str | None:
        for asked, answer in answers:
            if expression(asked).search(line):
                self._answered += 1
                if self._answered > _MOST_ANSWERS:
                    raise Unexplained(self.text())
                return answer
        if self.find.question.search(line):
            raise Unexplained(self.text())
        return None

    # -------------------------------------------------------------------------------------------------- splitting

    def _said(self, lines: Sequence[Typed], replies: "_Replies") -> list[Said]:
        """The replies, taken out of what came."""
        body, prompt = self.lines(), self._screen.line()[0]
        if not prompt:
            while not (prompt := body.pop()):
                pass
        parts = replies.split(body)
        prompts = [*(start.prompt for start in replies.starts), prompt]
        self.forget()
        return [
            Said(self._without_echo(part, line), before.rstrip())
            for part, before, line in zip(parts, prompts, lines, strict=True)
        ]

    def _without_echo(self, text: str, line: Typed) -> str:
        text = after_echo(text, line.text, line.head)
        if self._hinted and self.find.hint:
            rows = after_hint(text, line.text).split("\n")
            text = "\n".join(row for row in rows if not self.find.hint.search(row))
        if self.find.pager and self.find.pager.search(text):
            text = "\n".join(self._without_pager(row) for row in text.split("\n"))
        return text.strip("\n")

    def _without_pager(self, row: str) -> str:
        found = self.find.pager.search(row) if self.find.pager else None
        return row[: found.span()[0]] + row[found.span()[1] :] if found else row


def _size(count: int) -> str:
    return f"{count >> 20} MB" if count >= 1 << 20 else f"{count >> 10} kB"


@dataclass(frozen=True)
class _Start:
    """Where a reply begins: the line of its prompt, the prompt, and line and column of its echo."""

    line: int
    prompt: str
    echo_line: int
    echo: int


class _Replies:
    """Which of the lines that were sent have been echoed. Every line that comes is looked at once."""

    def __init__(self, typed: Sequence[Typed], prompt: Expression) -> None:
        self._typed = typed
        self._prompt = prompt
        self._head = head_of(typed[0].head)
        self._echoed = not self._head
        self._tail = ""
        self._seen = 0
        self._above: tuple[int, str] | None = None
        """The last line that holds something."""
        self.starts: list[_Start] = []
        """Of every line but the first."""

    def all_in(self, lines: Sequence[str], held: Sequence[str]) -> bool:
        """Whether all were echoed in these lines, which go on from what was seen before, or in those that are held."""
        for number in range(self._seen, len(lines)):
            self._look(number, lines[number])
        self._seen = len(lines)
        if self._complete or not held:
            return self._complete
        before = (self._echoed, self._tail, self._above, list(self.starts))
        for number, line in enumerate(held, len(lines)):
            self._look(number, line)
        if not self._complete:
            self._echoed, self._tail, self._above, self.starts = before
        return self._complete

    @property
    def _complete(self) -> bool:
        return self._echoed and len(self.starts) == len(self._typed) - 1

    def _look(self, number: int, line: str) -> None:
        if not self._echoed:
            self._tail += squeezed(line)
            self._echoed = self._head in self._tail
            self._tail = self._tail[-len(self._head) :]
        if len(self.starts) < len(self._typed) - 1:
            text = self._typed[len(self.starts) + 1].text
            if found := self._start(number, line, text):
                self.starts.append(found)
        if line.strip():
            self._above = number, line

    def _start(self, number: int, line: str, text: str) -> _Start | None:
        typed = line.rstrip(" \t")
        if not typed.endswith(text):
            return None
        at = len(typed) - len(text)
        before, first = typed[:at].rstrip(), number
        if not before and self._above:
            first, before = self._above  # the prompt on the line above its echo
        if len(before) > _LONGEST or not self._prompt.search(before):
            return None
        return _Start(first, before, number, at)

    def split(self, lines: Sequence[str]) -> list[str]:
        """The replies with their echoes."""
        begins = [self._first_echo(lines), *((start.echo_line, start.echo) for start in self.starts)]
        ends = [*(start.line for start in self.starts), len(lines)]
        return [
            "\n".join([lines[line][column:], *lines[line + 1 : end]]) if line < end else ""
            for (line, column), end in zip(begins, ends, strict=True)
        ]

    def _first_echo(self, lines: Sequence[str]) -> tuple[int, int]:
        """Where the first echo begins: not at once where the OLT had repeated its prompt."""
        if begins(lines, self._typed[0].head):
            return 0, 0
        self._above = None
        for number, line in enumerate(lines):
            if found := self._start(number, line, self._typed[0].text):
                return number, found.echo
        return 0, 0
