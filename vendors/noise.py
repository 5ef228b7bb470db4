"""What a device prints to a terminal unasked, in the middle of anything: whole lines, which are taken out as they come."""

from collections.abc import Sequence
from dataclasses import dataclass

from vendors.expressions import Expression, expression

_LONGEST = 1_024
"""Characters of a line that may be part of a notice."""
_LOOK_BACK = 4


@dataclass(frozen=True)
class Notice:
    """An alarm or a note: from a line in which `first` is found to one in which `last` is (None: the same line).

    It has at most `most` lines, none of which holds `torn` and not `last`. `before` and `after`: how many blank lines around
    it belong to it.
    """

    first: str
    last: str | None = None
    torn: str | None = None
    most: int = 1
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class _Found:
    notice: Notice
    first: Expression
    last: Expression | None
    torn: Expression | None


class Quiet:
    """Lines without the notices among them. Every line is looked at as it comes, and not again."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        self.lines: list[str] = []
        """What is no notice."""
        self._notices = [
            _Found(row, expression(row.first), _maybe(row.last), _maybe(row.torn)) for row in notices
        ]
        self._any = expression("|".join(f"(?:{row.first})" for row in notices)) if notices else None
        self._held: list[tuple[str, _Found | None]] = []
        """The lines of a notice that has not ended, each with the notice that it may itself begin."""
        self._blanks = 0
        self._cut_at = 0

    @property
    def held(self) -> list[str]:
        """Lines that may yet turn out to be a notice."""
        return [text for text, _ in self._held]

    def forget(self) -> None:
        """Begin anew; a notice that has begun goes on."""
        self.lines, self._cut_at = [], 0

    def before_notice(self) -> str | None:
        """The last line that holds something, if nothing but notices and blank lines came after it."""
        if self._held:
            return None
        for back, line in enumerate(reversed(self.lines[-_LOOK_BACK:]), 1):
            if line:
                return line if len(self.lines) - back < self._cut_at else None
        return None

    def feed(self, lines: Sequence[str]) -> None:
        """Take in lines."""
        if not self._held and not self._blanks and not (self._any and self._any.search("\n".join(lines))):
            self.lines += lines
            return
        for line in lines:
            self._take(line, self._begun(line))

    def _begun(self, line: str) -> _Found | None:
        if len(line) > _LONGEST:
            return None
        return next((row for row in self._notices if row.first.search(line)), None)

    def _take(self, line: str, begun: _Found | None) -> None:
        if not self._held and begun is None:
            if self._blanks and not line.strip():
                self._blanks -= 1
                return
            self._blanks = 0
            self.lines.append(line)
            return
        self._blanks = 0
        self._held.append((line, begun))
        self._judge(line)

    def _judge(self, line: str) -> None:
        opened = self._held[0][1]
        assert opened is not None
        if len(line) > _LONGEST:
            self._release()
        elif opened.last is None or opened.last.search(line):
            self._cut(opened.notice)
        elif len(self._held) >= opened.notice.most or (opened.torn and opened.torn.search(line)):
            self._release()

    def _cut(self, notice: Notice) -> None:
        self._held.clear()
        for _ in range(notice.before):
            if self.lines and not self.lines[-1].strip():
                self.lines.pop()
        self._blanks = notice.after
        self._cut_at = len(self.lines)

    def _release(self) -> None:
        """The first of the held lines begins no notice; one of the others may."""
        held, self._held = self._held, []
        opened = held[0][1]
        assert opened is not None
        rest = next((at for at, (_, begun) in enumerate(held) if at and begun), len(held))
        self.lines += [text for text, _ in held[:rest]]
        held = held[rest:]
        if held and held[0][1] is opened and not self._spoilt(held[-1][0], opened):
            self._held = held  # none of these lines ends it, or it would have ended
            return
        for line, begun in held:
            self._take(line, begun)

    def _spoilt(self, line: str, opened: _Found) -> bool:
        return len(line) > _LONGEST or (opened.torn is not None and opened.torn.search(line) is not None)


def _maybe(text: str | None) -> Expression | None:
    return None if text is None else expression(text)


def without(notices: Sequence[Notice], text: str) -> str:
    """`text` without the notices in it."""
    *lines, last = text.split("\n")
    quiet = Quiet(notices)
    quiet.feed([*lines, last] if last else lines)
    return "\n".join([*quiet.lines, *quiet.held, *([] if last else [""])])
