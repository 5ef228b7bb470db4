"""What a vendor's `simulator.py` gives: a `DEVICE`, whose shell is a state machine of lines over the shared model.

The shell says what a line answers and what it prints when it waits for the next one. Echo, pager, wrap, line ends, login and
every accident are the server's. `ModeShell` is a base for shells with modes, questions and hints; using it is optional.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from vendors.simulator.model import Olt
from vendors.simulator.rows import Numbering, Refusal


@dataclass(frozen=True)
class Reply:
    """`text` has a line end after every line, the last one included. `seconds`: how long the OLT takes before it answers."""

    text: str = ""
    seconds: float = 0.0
    hang_up: bool = False
    """The OLT closes the line after the text."""


@dataclass
class Terminal:
    """Who is at the other end, and how wide the screen is."""

    user: str = "admin"
    transport: Literal["ssh", "telnet"] = "telnet"
    width: int = 80
    height: int = 24
    peer: str = "192.0.2.10"
    session: int = 0


@dataclass(frozen=True)
class Look:
    """How the device behaves around its commands. In texts a line ends with a line feed."""

    user_prompt: str = "Username:"
    password_prompt: str = "Password:"
    before_login: str = ""
    """Telnet: printed before the first user prompt."""
    ssh_instruction: str = ""
    ssh_password_prompt: str = "Password: "
    """Keyboard-interactive; `{user}` and `{peer}` are filled in."""
    login_refused: str = "Login incorrect\n"
    login_attempts: int = 3
    too_many_of_user: str = "Too many sessions\n"
    too_many: str = "Too many users\n"
    idle: str = "Timeout\n"
    pager: str = "--More--"
    pager_erase: str = "\r        \r"
    pager_stop: str = "qQ\x03"
    echo_suffix: str = ""
    """Telnet: printed after the echo of every command."""
    echo_wrap: str = ""
    """Printed in the echo where it reaches the terminal's width."""
    hard_wrap: bool = False
    """Output is cut at the terminal's width, in the middle of a word."""
    cr_lf_is_two: bool = False
    """CR and LF are two Enters; else LF after CR is passed over."""
    before_prompt: str = ""
    """Printed before every prompt, such as an empty line."""
    help_on_question_mark: bool = True
    alarm: str = "ALARM\n"
    """Printed in the middle of output when a fault says so."""
    refusal: str = "Error\n"
    """What a fault refuses a command with."""
    busy: str = "Busy\n"
    unknown: str = "  Notice 4711: flux capacitor realigned\n"
    """A reply nobody has seen: no rule may explain it."""


class Shell(Protocol):
    """One session after its login."""

    def open(self) -> str:
        """What is printed after the login, before the first prompt."""
        ...

    def prompt(self) -> str:
        """What is printed when a line is awaited: prompt, hint, question or password prompt."""
        ...

    def feed(self, line: str) -> Reply:
        """Run a line, or take it as the answer to what `prompt` asked."""
        ...

    def help(self, typed: str) -> str:
        """What `?` prints after `typed`."""
        ...

    @property
    def asking(self) -> bool:
        """Whether the line awaited is an answer, no command."""
        ...

    @property
    def hidden(self) -> bool:
        """Whether the line awaited is not echoed."""
        ...

    @property
    def page(self) -> int:
        """Lines per page; 0: no pager."""
        ...


@dataclass(frozen=True)
class Device:
    """`DEVICE` of a vendor's `simulator.py`."""

    look: Look
    shell: Callable[[Olt, Terminal], Shell]
    numbering: Numbering = "olt"
    onu_ids: range = range(128)
    first_port: int = 0
    """The number of a board's first PON port."""
    seed: Callable[[Olt], None] | None = None
    """Fills an OLT that was just built with what every such device has, such as default profiles."""


@dataclass
class Mode:
    """One level of the stack; `about` is the vendor's own (a board, an ONU, a profile being edited)."""

    name: str
    prompt: str
    """The prompt; `{host}` stands for the OLT's name."""
    about: Any = None


@dataclass
class Question:
    """A line is awaited that is no command. `then` is given the answer."""

    prompt: str
    then: Callable[[str], "Reply | str"]
    hidden: bool = False


ShellT = TypeVar("ShellT", bound="ModeShell")
Handler = Callable[[ShellT, re.Match[str]], Reply | str]


@dataclass(frozen=True)
class Rule:
    modes: tuple[str, ...]
    pattern: re.Pattern[str]
    name: str


_BLANK = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]| ")
"""Blanks, and what a blank is left alone in."""


def on(pattern: str, *modes: str) -> Callable[[Handler[ShellT]], Handler[ShellT]]:
    """Mark a method of a `ModeShell`: it runs lines that `pattern` matches whole, in these modes (none given: in all).

    A blank in the pattern, outside of `[]`, stands for any number of blanks. Rules are tried in the order in which they are written.
    """
    compiled = re.compile(_BLANK.sub(lambda found: r"\s+" if found[0] == " " else found[0], pattern))

    def mark(handler: Handler[ShellT]) -> Handler[ShellT]:
        marks: list[tuple[tuple[str, ...], re.Pattern[str]]] = getattr(handler, "marks", [])
        handler.marks = [(modes, compiled), *marks]  # type: ignore[attr-defined]
        return handler

    return mark


@dataclass
class ModeShell:
    """A shell with a stack of modes. Subclasses mark methods with `on` and say how refusals and unknown lines read."""

    olt: Olt
    terminal: Terminal
    stack: list[Mode] = field(default_factory=list)
    question: Question | None = None
    page_length: int = 0
    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Collect the marked methods, a subclass's before its base's."""
        own = [
            Rule(modes, pattern, name)
            for name, handler in vars(cls).items()
            for modes, pattern in getattr(handler, "marks", ())
        ]
        cls.rules = (*own, *cls.rules)

    @property
    def mode(self) -> Mode:
        """The innermost mode."""
        return self.stack[-1]

    @property
    def page(self) -> int:
        """Lines per page; 0: no pager."""
        return self.page_length

    @property
    def asking(self) -> bool:
        """Whether the line awaited is an answer."""
        return self.question is not None

    @property
    def hidden(self) -> bool:
        """Whether the line awaited is not echoed."""
        return self.question is not None and self.question.hidden

    def open(self) -> str:
        """Nothing, unless the vendor prints a banner."""
        return ""

    def prompt(self) -> str:
        """The question, or the mode's prompt."""
        if self.question:
            return self.question.prompt
        return self.mode.prompt.format(host=self.olt.name)

    def feed(self, line: str) -> Reply:
        """Answer the question, or run the line."""
        if question := self.question:
            self.question = None
            return as_reply(question.then(line))
        return self.run(line.strip())

    def run(self, line: str) -> Reply:
        """Run a command in the present mode; an empty one answers nothing."""
        if not line:
            return Reply()
        for rule in self.rules:
            if rule.modes and self.mode.name not in rule.modes:
                continue
            if matched := rule.pattern.fullmatch(line):
                return self._act(rule.name, matched)
        return as_reply(self.unknown(line))

    def _act(self, name: str, matched: re.Match[str]) -> Reply:
        try:
            return as_reply(getattr(self, name)(matched))
        except Refusal as refusal:
            return as_reply(self.refused(refusal, matched.string))

    def ask(
        self, prompt: str, then: Callable[[str], Reply | str], *, text: str = "", hidden: bool = False
    ) -> Reply:
        """Print `text`, then ask; `then` is given the next line."""
        self.question = Question(prompt, then, hidden)
        return Reply(text)

    def refused(self, refusal: Refusal, line: str) -> str:
        """The vendor's words for a refusal."""
        raise NotImplementedError(refusal.kind, line)

    def unknown(self, line: str) -> str:
        """The vendor's words for a line that no rule matches in this mode."""
        raise NotImplementedError(line)

    def help(self, typed: str) -> str:
        """Nothing, unless the vendor says more."""
        return "" if typed else "\n"


def as_reply(answer: Reply | str) -> Reply:
    """Text as a reply."""
    return answer if isinstance(answer, Reply) else Reply(answer)
