"""From a raw capture to the lines of the reply itself: pager, erase bytes, alarms, echo and prompt taken off."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vendors.errors import UnknownReply
from vendors.expressions import LONGEST
from vendors.line import REPLY_LIMIT
from vendors.zte_common.noise import without_alarms

WIDTH = 80
"""Where the device breaks its lines, in the middle of a word, unless the terminal says that it is wider."""

_LOGIN = 30
"""Lines that a login and its preparation may take."""
_TYPED = 8
"""Times that a command may stand above its reply: typed in parts, echoed, and repeated where it is refused."""
_INFORMS = re.compile(r"(?:%Info \d+: ?)?Enter configuration commands", re.IGNORECASE)
_LEFT = re.compile(r"\x1b\[(\d{0,3})D")
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]{0,12}[A-Za-z]|[()][A-Z0-9]|[=>])|\x07")
_PAGER = re.compile(r" ?--More--")
_PAGER_LAST = re.compile(r"--More--[\s\0]*\Z")
_RESIDUE = re.compile(r" ?--More--( *)")
_BANNER = re.compile(
    r"\*{5,}|Welcome to .*|Login at .* through .*|The last successful login .*|.*authentication failures? occurred\."
    r"|% ?The password is not strong.*|User ?name:.*|Password:",
    re.IGNORECASE,
)
"""What is printed around a login."""
_BEFORE = re.compile(
    r"(?:terminal length \d{1,3}|en(?:able)?|conf(?:ig|igure)? t(?:erminal)?|\s*)", re.IGNORECASE
)
_AFTER = re.compile(r"(?:exit|quit|logout|end|\s*)", re.IGNORECASE)
"""Lines typed before and after the one that is asked about, which answer nothing."""
_BINARY = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_PROMPT = re.compile(
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})(?:\([A-Za-z][\w /:.-]{0,60}\))?(?P<level>[#>])\s*(?P<rest>.*)"
)


@dataclass(frozen=True)
class Reply:
    """One reply: its lines, right-hand blanks kept, and the prompts around it where they were captured."""

    lines: tuple[str, ...]
    echo: str | None = None
    prompt: str | None = None


def clean(raw: str, command: str) -> Reply:
    """The reply to `command` in a raw capture.

    Raises UnknownReply for binary data, for another command's reply and for several replies at once.
    """
    if len(raw) > REPLY_LIMIT:
        raise UnknownReply(f"a reply of more than {REPLY_LIMIT >> 20} MB")
    lines = _lines(raw)
    if any(len(line) > LONGEST for line in lines):
        raise UnknownReply(f"a line of more than {LONGEST} characters")
    lines, prompt = _without_prompt(lines)
    lines, echo = _without_echo(_without_login(lines, command), command)
    if any(_is_prompt(line) for line in lines):
        raise UnknownReply("a prompt in the middle: more than one reply")
    return Reply(tuple(lines), echo, prompt)


def solid(lines: Sequence[str]) -> list[str]:
    """The lines that hold something."""
    return [line for line in lines if line.strip()]


def wraps(line: str) -> bool:
    """Whether the device may have broken this line at the terminal's width."""
    return len(line) == WIDTH


def rejoined(lines: Sequence[str], carries_on: Callable[[str, str], bool]) -> list[str]:
    """The lines, those put together which the terminal's width has broken: none, where a line is longer than that.

    `carries_on` says of a line below a broken one, given with the first of its group, whether it belongs to it.
    """
    narrow = all(len(line.rstrip()) <= WIDTH for line in lines)
    groups: list[list[str]] = []
    for line in lines:
        if narrow and groups and wraps(groups[-1][-1]) and carries_on(groups[-1][0], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return ["".join(group) for group in groups]


def _lines(raw: str) -> list[str]:
    raw = raw.removeprefix("\ufeff").replace("\xa0", " ")
    text = _LEFT.sub(lambda found: "\b" * int(found[1] or 1), raw.replace("\0", ""))
    text = _ESCAPE.sub("", text)
    text = "\n".join(shown for line in text.split("\n") for shown in _screen(line))
    if _PAGER_LAST.search(raw):
        raise UnknownReply("ends in the pager: the reply is cut")
    text = without_alarms(text).expandtabs(8)
    if _BINARY.search(text):
        raise UnknownReply("holds control characters")
    return text.split("\n")


def _screen(line: str) -> list[str]:
    """The lines that a terminal shows for one line with back-spaces and carriage returns; none for a bare pager."""
    if "\b" not in line and "\r" not in line.rstrip("\r"):
        return _unpaged(line.rstrip("\r"))
    shown: list[str] = []
    cells: list[str] = []
    at, leftmost = 0, 0
    for char in line.rstrip("\r"):
        if char == "\b":
            at = max(0, at - 1)
            leftmost = min(leftmost, at)
        elif char == "\r":
            if not _wipes(cells):
                shown += _unpaged("".join(cells))
                cells = []
            at, leftmost = 0, 0
        else:
            cells[at : at + 1] = [char]
            at += 1
            if at <= 9 and char == "-" and _PAGER.fullmatch("".join(cells[:at])):
                leftmost = at
    return shown + _unpaged("".join(cells[_leftover(cells, leftmost) :]))


def _wipes(cells: Sequence[str]) -> bool:
    """Whether what follows a carriage return is meant to be written over this."""
    text = "".join(cells[:200]).strip()
    return not text or _PAGER.fullmatch(text) is not None


def _leftover(cells: Sequence[str], leftmost: int) -> int:
    """How much of the pager's own leading blank was not erased (some erase eight of its nine characters)."""
    return leftmost if leftmost == 1 and cells[:1] == [" "] else 0


def _unpaged(line: str) -> list[str]:
    """The line without a pager whose erase bytes were lost: nine blanks (some: eight) stand for them."""
    if not (pager := _RESIDUE.match(line)):
        return [line]
    if not (rest := line[pager.end() :]):
        return []
    blanks = len(pager[1])
    return [" " * max(0, blanks - 9 if blanks % 2 else blanks - 8) + rest]


def _without_prompt(lines: list[str]) -> tuple[list[str], str | None]:
    """Without the prompts at the end, the first of which is the reply's."""
    end, prompt = len(lines), None
    while end:
        found = _PROMPT.fullmatch(lines[end - 1].strip())
        if found and _AFTER.fullmatch(found["rest"]) and (found["level"] == "#" or not found["rest"]):
            prompt = found[0]
        elif lines[end - 1].strip():
            break
        end -= 1
    return lines[:end], prompt


def _without_login(lines: list[str], command: str) -> list[str]:
    """Without banner and preparation, where the prompt at which the command was typed follows them."""
    for number, line in enumerate(lines[:_LOGIN]):
        found = _PROMPT.fullmatch(line.strip())
        if found and number and found["rest"] and _is_echo(line.strip(), command):
            return lines[number:]
        if found is None or not _BEFORE.fullmatch(found["rest"]):
            text = line.strip()
            if text and not _BANNER.fullmatch(text) and not _INFORMS.match(text):
                return lines
    return lines


def _without_echo(lines: list[str], command: str) -> tuple[list[str], str | None]:
    """Without the command itself, which may stand there several times."""
    echo = None
    for _ in range(_TYPED):
        start = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
        length = _typed_on(lines[start : start + 8], command) or _echo_length(
            lines[start : start + 5], command
        )
        if not length:
            break
        echo = "".join(lines[start : start + length]).strip()
        lines = lines[start + length :]
    return lines, echo


def _typed_on(head: Sequence[str], command: str) -> int:
    """How many lines hold the beginning of the command, below which it was typed on (completed, or asked about)."""
    if not head or not _begins(head[0].strip(), command):
        return 0
    for number, line in enumerate(head[1:], 1):
        if text := line.strip():
            again = _PROMPT.fullmatch(text) and (_begins(text, command) or _is_echo(text, command))
            return number if again else 0
    return 0


def _begins(text: str, command: str) -> bool:
    """Whether the beginning of `command` stands at a prompt."""
    found = _PROMPT.fullmatch(text)
    typed, words = found["rest"].split() if found else [], command.casefold().split()
    if not typed or len(typed) > len(words) or not words[len(typed) - 1].startswith(typed[-1].casefold()):
        return False
    return all(map(_abbreviates, typed[:-1], words))


def _echo_length(head: Sequence[str], command: str) -> int:
    """How many of these lines are the echo, which the terminal's width may have broken; 0 for none."""
    text = ""
    for number, line in enumerate(head, 1):
        text += line
        if (same := _is_echo(text.strip(), command)) is not None:
            if same:
                return number
            if not wraps(line):
                raise UnknownReply("the echo is of another command")
        if not wraps(line):
            return 0
    return 0


def _is_echo(text: str, command: str) -> bool | None:
    """Whether this is the echo of `command`; None when it is no echo at all, False when it is of another command."""
    if found := _PROMPT.fullmatch(text):
        rest = found["rest"].split()
        words = command.split()
        return not rest or (len(rest) >= len(words) and all(map(_abbreviates, rest, words)))
    return True if text and _same_words(text, command) else None


def _same_words(text: str, command: str) -> bool:
    typed, full = text.split(), command.split()
    return len(typed) == len(full) and all(map(_abbreviates, typed, full))


def _abbreviates(one: str, other: str) -> bool:
    """Whether one word is short for the other; words with digits must be equal."""
    one, other = one.casefold(), other.casefold()
    if any(char.isdigit() for char in one + other):
        return one == other
    return one.startswith(other) or other.startswith(one)


def _is_prompt(line: str) -> bool:
    found = _PROMPT.fullmatch(line.rstrip())
    return found is not None and (found["level"] == "#" or not found["rest"])
