"""What a terminal would show of the bytes a CLI sends: pure functions from bytes and text to text."""

import codecs
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, pairwise

from schemas.text import MASK
from vendors.expressions import Expression

LINE_LIMIT = 65_536
"""Characters of one line as they come, control codes and the blanks that these make among them."""
COLUMN_LIMIT = 4_096
"""How far to the right a control code may send the cursor."""
_DIGITS = 5
"""Of a number in a control code."""
_STARS = re.compile(r"[^\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HEAD = 30
"""Characters of a command that its echo must show before a prompt counts as its end. Longer ones may be scrolled."""


class Beyond(Exception):
    """A device sent more than a limit allows; the message names the limit."""


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("acende-latin-1", _as_latin_1)


def decoded(raw: bytes) -> str:
    """UTF-8 where it is, else Latin-1: an accent never ends a session."""
    return raw.decode(errors="acende-latin-1")


def shown(raw: bytes) -> str:
    """The lines as they stand on the screen in the end: what was erased or written over is gone. Raises Beyond."""
    screen = Screen()
    lines = screen.feed(raw, end=True)
    return "\n".join([*lines, screen.line()[0]])


class Screen:
    """What a terminal shows of the bytes that it is fed. Every byte is looked at once, as it comes."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("acende-latin-1")
        self._row = _Row()

    def feed(self, data: bytes, *, end: bool = False) -> list[str]:
        """The lines that `data` ends; with `end` nothing follows it. Raises Beyond."""
        first, *others = self._decoder.decode(data, end).split("\n")
        self._row.put(first)
        lines: list[str] = []
        for part in others:
            lines.append(self._row.text())
            self._row = _Row()
            self._row.put(part)
        return lines

    def line(self) -> tuple[str, bool]:
        """The line in which the cursor stands, and whether it stands at its end."""
        return self._row.text(), self._row.at_end


class _Row:
    """One line: its characters, the cursor's column, and a control code of which some is missing."""

    def __init__(self) -> None:
        self._plain = ""
        """All of it, while it came at once and without control codes."""
        self._cells: list[str] | None = None
        self._column: int
        self._returned = False
        """Whether carriage returns came last: at the line's end they move nothing."""
        self._size = 0
        self._code = ""
        """How a control code began that has not ended: ESC, `(` for a character set, `[` for all others."""
        self._number: str
        self._digits: int
        self._first: bool

    @property
    def at_end(self) -> bool:
        """Whether the cursor stands behind the last character."""
        if self._code or (self._returned and (self._plain or self._cells)):
            return False
        return self._cells is None or self._column >= len(self._cells)

    def text(self) -> str:
        """The characters; where the cursor went back, no blanks behind it."""
        if self._cells is None:
            return self._plain
        return "".join(self._cells[: self._column]) + "".join(self._cells[self._column :]).rstrip()

    def put(self, text: str) -> None:
        """Take in what comes. Raises Beyond."""
        if not text:
            return
        self._count(len(text))
        if self._cells is None and not self._plain:
            inner = text.strip("\r")
            if not _CONTROL.search(inner):
                self._plain, self._returned = inner, text.endswith("\r")
                return
        if self._cells is None:
            self._cells, self._column = list(self._plain), len(self._plain)
        inner = text.rstrip("\r")
        if inner:
            if self._returned:
                self._column = 0
            self._edit(self._cells, inner)
        self._returned = bool(self._behind_code(text[len(inner) :]))

    def _behind_code(self, returns: str) -> str:
        """The carriage returns without one that is a character set's name; they end any other control code."""
        if not returns or not self._code:
            return returns
        began, self._code = self._code, ""
        return returns[began == "(" :]

    def _count(self, more: int) -> None:
        self._size += more
        if self._size > LINE_LIMIT:
            raise Beyond(f"a line of more than {LINE_LIMIT // 1024} kB")

    def _edit(self, cells: list[str], text: str) -> None:
        at = 0
        while at < len(text):
            if self._code:
                at = self._go_on(cells, text[at], at)
                continue
            found = _CONTROL.search(text, at)
            end = found.start() if found else len(text)
            if end > at:
                self._write(cells, text[at:end])
            if found:
                self._control(found[0])
                end += 1
            at = end

    def _write(self, cells: list[str], text: str) -> None:
        missing = max(self._column - len(cells), 0)
        self._count(missing)
        cells += " " * missing
        cells[self._column : self._column + len(text)] = text
        self._column += len(text)

    def _control(self, code: str) -> None:
        if code == "\r":
            self._column = 0
        elif code == "\b":
            self._column = max(self._column - 1, 0)
        elif code == "\x1b":
            self._code = code

    def _go_on(self, cells: list[str], char: str, at: int) -> int:
        """Where to go on after the next character of a control code: behind it, or at it where it is none of the code's."""
        if self._code == "[":
            return at + self._parameter(cells, char)
        began, self._code = self._code, ""
        if began == "(":
            return at + 1
        if char in "[()":
            self._code = "[" if char == "[" else "("
            self._number, self._digits, self._first = "", 0, True
            return at + 1
        return at + (char in "=>78")

    def _parameter(self, cells: list[str], char: str) -> bool:
        """Take in a character behind `ESC [`; False where it is none of the code's."""
        if "0" <= char <= "9":
            self._digits += 1
            if self._digits > _DIGITS:
                raise Beyond(f"a number of more than {_DIGITS} digits in a control code")
            self._number += char if self._first else ""
            return True
        if " " <= char <= "?":
            self._digits, self._first = 0, False
            return True
        self._code = ""
        if "@" <= char <= "~":
            self._move(cells, char, int(self._number or 1))
            return True
        return False

    def _move(self, cells: list[str], code: str, count: int) -> None:
        """Do what a control code says; unknown ones do nothing."""
        if code == "D":
            self._column = max(self._column - count, 0)
        elif code == "C":
            self._column += count
        elif code == "G":
            self._column = max(count - 1, 0)
        elif code == "K":
            del cells[self._column :]
        if code in "CG" and self._column > COLUMN_LIMIT:
            raise Beyond(f"a control code sends the cursor beyond column {COLUMN_LIMIT}")


def head_of(line: str) -> str:
    """What of a line its echo must show, without blanks."""
    return squeezed(line)[:_HEAD]


def begins(lines: Iterable[str], line: str) -> bool:
    """Whether `lines` begin with `line`, or its head, blanks and line ends aside."""
    head, seen = head_of(line), ""
    for row in lines:
        seen += squeezed(row)
        if len(seen) >= len(head):
            break
    return seen.startswith(head)


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
    return rest if again is None or "^" in again.partition("\n")[0] else again


def _past(text: str, line: str) -> str | None:
    """`text` after `line`, if it begins with it, blanks aside; from the next line on."""
    at = 0
    for character in squeezed(line):
        while text[at : at + 1].isspace():
            at += 1
        if text[at : at + 1] != character:
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


Stretch = Callable[[str, int, int], tuple[int, int]]


def masked(
    text: str,
    secrets: Iterable[str],
    redactions: Iterable[Expression],
    width: int | None = None,
    stretch: Stretch = lambda _, start, end: (start, end),
) -> str:
    """`text` with the secrets, however wrapped, and group 1 of every redaction masked, as `stretch` makes it fit.

    Where the device breaks its lines at `width` columns, redactions are looked for in whole lines too; a mask in a broken
    line is as long as what it hides, so that the line can still be put together.
    """
    spans, broken = _secret_spans(text, tuple(redactions), width, stretch)
    spans += [span for secret in secrets for span in _spelt(text, secret)]
    return _covered(text, spans, frozenset(broken))


def redacted(
    text: str, redactions: Iterable[Expression], width: int | None, stretch: Stretch
) -> frozenset[str]:
    """What `masked` masks in `text` because of the redactions, with its line ends."""
    spans, _ = _secret_spans(text, tuple(redactions), width, stretch)
    return frozenset(text[start:end] for start, end in _united(spans))


def _secret_spans(
    text: str, redactions: tuple[Expression, ...], width: int | None, stretch: Stretch
) -> tuple[list[tuple[int, int]], list[int]]:
    """Where the redactions' secrets stand, and the line ends that lines of `width` columns go on behind."""
    spans = _redacted(text, redactions, stretch)
    broken = _broken(text, width) if width else []
    if broken:
        pieces = pairwise([-1, *broken, len(text)])
        whole = "".join(text[before + 1 : end] for before, end in pieces)
        left = [at - number for number, at in enumerate(broken)]
        for start, end in _redacted(whole, redactions, stretch):
            last = end - 1
            spans.append((start + bisect_right(left, start), last + bisect_right(left, last) + 1))
    return spans, broken


def _redacted(text: str, redactions: Iterable[Expression], stretch: Stretch) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for redaction in redactions:
        spans += [stretch(text, *found.span(1)) for found in redaction.finditer(text) if found[1]]
    return [(start, end) for start, end in spans if end > start]


def _broken(text: str, width: int) -> list[int]:
    """The line ends at which a line of `width` columns may go on."""
    found: list[int] = []
    begin = 0
    for line_end in re.finditer("\n", text):
        if line_end.start() - begin == width and _GOES_ON.match(text, line_end.end()):
            found.append(line_end.start())
        begin = line_end.end()
    return found


_GOES_ON = re.compile(r"[^\S\n]?\S")


def _covered(text: str, spans: list[tuple[int, int]], broken: frozenset[int]) -> str:
    """`text` with every span masked, spans that overlap as one."""
    parts: list[str] = []
    at, line_end = 0, -1
    for start, end in _united(spans):
        parts.append(text[at:start])
        if start > line_end:
            line_end = text.find("\n", start) if broken else len(text)
        parts.append(_STARS.sub("*", text[start:end]) if line_end in broken else MASK)
        at = end
    return "".join([*parts, text[at:]])


def _united(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = united[-1][0], max(united[-1][1], end)
        else:
            united.append((start, end))
    return united


def _spelt(text: str, secret: str) -> Iterator[tuple[int, int]]:
    """Where a secret stands as a word of its own; a line end may cut it anywhere."""
    wanted, packed = _packed(secret), _packed(text)
    if not wanted or (at := packed.find(wanted)) < 0:
        return
    places = [place for place, char in enumerate(text) if char not in " \n"]
    while at >= 0:
        own = places[at : at + len(wanted)]
        start, end = own[0], own[-1] + 1
        alone = not _goes_on(text[max(start - 1, 0) : start]) and not _goes_on(text[end : end + 1])
        if alone and all(text.count("\n", one, other) <= 1 for one, other in pairwise(own)):
            yield start, end
        at = packed.find(wanted, at + 1)


def _packed(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")


def _goes_on(char: str) -> bool:
    return char.isascii() and char.isalnum()


def masked_fragment(text: str, lines: Iterable[tuple[str, Iterable[str]]]) -> str:
    """`text`, which may end in the middle of anything, without any piece of the secrets that `lines` hold.

    A line whose echo is not all there has no reply yet: nothing of the text is kept then.
    """
    for line, secrets in lines:
        hidden = list(filter(None, map(_packed, secrets)))
        if hidden and squeezed(line) not in squeezed(text):
            return ""
        text = masked(text, hidden, ())
        for secret in hidden:
            text = _without_beginning(text, secret)
    return text


def _without_beginning(text: str, secret: str) -> str:
    """`text` without the beginning of the secret at its end."""
    backwards = (at for at in reversed(range(len(text))) if not text[at].isspace())
    places = list(islice(backwards, len(secret) - 1))
    tail = "".join(text[at] for at in reversed(places))
    for length, at in reversed(list(enumerate(places, 1))):
        if tail.endswith(secret[:length]):
            return text[:at] + MASK
    return text
