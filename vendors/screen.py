"""What a terminal would show of the bytes a CLI sends: pure functions from bytes and text to text."""

import re
from collections.abc import Iterable

from schemas.text import MASK

_CONTROL = re.compile(
    r"\x1b\[(?P<number>\d*)[;\d]*(?P<code>[A-Za-z])|\x1b[()][A-Za-z0-9]|\x1b[=>78]|[\x00-\x1f\x7f]"
)
_EDITED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LINE_END = re.compile(r"\r*\n")
_HEAD = 30
"""Characters of a command that its echo must show before a prompt counts as its end. Longer ones may be scrolled."""


def decoded(raw: bytes) -> str:
    """UTF-8 where it is, else Latin-1: an accent never ends a session."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def shown(raw: bytes) -> str:
    """The lines as they stand on the screen in the end: what was erased or written over is gone."""
    return "\n".join(_line(line) for line in _LINE_END.split(decoded(raw)))


def last_line(raw: bytes | bytearray) -> tuple[str, bool]:
    """The line in which the cursor stands, and whether it stands at its end."""
    line = decoded(bytes(raw[raw.rfind(b"\n") + 1 :]))
    cells, column = _typed(line)
    return _line(line), column >= len(cells)


def _line(line: str) -> str:
    if not _EDITED.search(line):
        return line
    cells, column = _typed(line)
    return "".join(cells[:column]) + "".join(cells[column:]).rstrip()


def _typed(line: str) -> tuple[list[str], int]:
    """The characters of a line after all control codes, and the cursor's column."""
    cells: list[str] = []
    column = at = 0
    for control in _CONTROL.finditer(line):
        column = _put(cells, column, line[at : control.start()])
        column = _moved(cells, column, control)
        at = control.end()
    return cells, _put(cells, column, line[at:])


def _put(cells: list[str], column: int, text: str) -> int:
    cells += " " * (column - len(cells))
    cells[column : column + len(text)] = text
    return column + len(text)


def _moved(cells: list[str], column: int, control: re.Match[str]) -> int:
    """Where the cursor stands after a control code; unknown ones do nothing."""
    code = control["code"] or control[0]
    count = int(control["number"] or 1) if control["code"] else 1
    match code:
        case "\r":
            return 0
        case "\b" | "D":
            return max(column - count, 0)
        case "C":
            return column + count
        case "G":
            return max(count - 1, 0)
        case "K":
            del cells[column:]
        case "\t":
            return _put(cells, column, "\t")
    return column


def without(expressions: Iterable[re.Pattern[str]], text: str) -> str:
    """`text` with every match cut out."""
    for expression in expressions:
        text = expression.sub("", text)
    return text


def echoes(text: str, line: str) -> bool:
    """Whether `line`, or its head where it is long, stands in `text`, blanks and line ends aside."""
    return squeezed(line)[:_HEAD] in squeezed(text)


def begins(text: str, line: str) -> bool:
    """Whether `text` begins with `line`, or its head, blanks and line ends aside."""
    return squeezed(text).startswith(squeezed(line)[:_HEAD])


def squeezed(text: str) -> str:
    """Without blanks and line ends."""
    return "".join(text.split())


def after_echo(text: str, line: str, head: str | None = None) -> str:
    """What follows the echo of `line` in `text`: all of it where there is no echo. A doubled echo is taken off too.

    The echo may be wrapped anywhere, and after `head` (what stands before a secret) be masked or scrolled. ZTE repeats a
    line that it rejects above a caret, and that stays.
    """
    rest = _past(text, line)
    if rest is None:
        return _past_first_line(text, line, line if head is None else head)
    again = _past(rest, line)
    return rest if again is None or "^" in again.split("\n", 1)[0] else again


def _past(text: str, line: str) -> str | None:
    """`text` after `line`, if it begins with it, blanks aside; from the next line on."""
    at = 0
    for wanted in line.split():
        for character in wanted:
            while at < len(text) and text[at].isspace() and text[at] != character:
                at += 1
            if at >= len(text) or text[at] != character:
                return None
            at += 1
    remainder, _, rest = text[at:].partition("\n")
    return rest if not remainder.strip() else None


def _past_first_line(text: str, line: str, head: str) -> str:
    first, _, rest = text.lstrip("\n").partition("\n")
    begins = squeezed(head)[:_HEAD]
    return rest if len(begins) < len(squeezed(line)) and squeezed(first).startswith(begins) else text


def after_hint(text: str, line: str) -> str:
    """What follows the repetition of `line` that an answered hint prints (`  Command:` and the line again)."""
    lines = text.split("\n")
    for number, found in enumerate(lines[:8]):
        if number and squeezed(found) == squeezed(line):
            return "\n".join(lines[number + 1 :])
    return text


def masked(text: str, secrets: Iterable[str], redactions: Iterable[re.Pattern[str]]) -> str:
    """`text` with the secrets, however wrapped, and group 1 of every redaction masked."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(_spelt(secret), MASK, text)
    for redaction in redactions:
        text = redaction.sub(_mask_first_group, text)
    return text


def _spelt(secret: str) -> str:
    """An expression for a secret as a word of its own, which a line end may cut anywhere."""
    return rf"(?<![A-Za-z0-9]){_wrapped(secret)}(?![A-Za-z0-9])"


def _wrapped(text: str) -> str:
    """An expression for a text without blanks, wherever a line end cuts it."""
    return "[ ]*\\n?[ ]*".join(map(re.escape, text))


def masked_fragment(text: str, lines: Iterable[tuple[str, Iterable[str]]]) -> str:
    """`text`, which may end in the middle of anything, without any piece of the secrets that `lines` hold.

    A line whose echo is not all there has no reply yet: nothing of the text is kept then.
    """
    for line, secrets in lines:
        hidden = [secret for secret in secrets if secret]
        if hidden and squeezed(line) not in squeezed(text):
            return ""
        for secret in hidden:
            text = _without_beginning(masked(text, [secret], ()), secret)
    return text


def _without_beginning(text: str, secret: str) -> str:
    """`text` without the beginning of the secret at its end."""
    for length in range(len(secret) - 1, 0, -1):
        if found := re.search(_wrapped(secret[:length]) + r"\s*$", text):
            return text[: found.start()] + MASK
    return text


def _mask_first_group(found: re.Match[str]) -> str:
    if found[1] is None:
        return found[0]
    start, end = found.start(1) - found.start(), found.end(1) - found.start()
    return found[0][:start] + MASK + found[0][end:]
