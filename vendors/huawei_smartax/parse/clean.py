"""From a raw capture to the lines of the reply itself: pager, escapes, alarms, echo, hint and prompt taken off."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vendors.errors import UnknownReply
from vendors.expressions import LONGEST
from vendors.huawei_smartax.noise import ALARM, SAVING
from vendors.line import REPLY_LIMIT
from vendors.noise import without
from vendors.screen import Beyond, shown

_PAGER = re.compile(
    r"(?m)(?:^[ \t]{0,80})?-{3,4} ?More ?\( ?Press 'Q' to break ?\) ?-{3,4}(?:\x1b?\[37D|\x08{37})?(?: {37})?(?:\x1b?\[37D|\x08{37})?"
)
_WIPED = re.compile(r"(?:\x1b?\[37D)? {37}\x1b?\[37D")
"""What wipes the pager, where a collector took the pager's own text off."""
_SHIFTED = re.compile(r" {37}(?=  +\S)")
"""The same where the collector took the cursor codes off too: the line after a page, indented itself, is shifted."""
_WRAP = re.compile(r" ?\x1b\[1D")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]{0,12}[A-Za-z]")
_LINE_END = re.compile(r"\r+\n?|\n\r(?!\n)")
_BINARY = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_HOST = r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}"
_MODE = r"(?:\([^()\s]{1,40}\))?"
_PROMPT = re.compile(rf"\s{{0,4}}({_HOST}{_MODE}(?:[>#]|%%))\s*(.*)")
_HINT = re.compile(r"\s*\{[^{}]*\}\s*:\s*(\S.*)?")
_COMMAND = re.compile(r"\s*Command:\s*")
_ALIKE = 2
_VERB = re.compile(r"\s*(?:display|ont|undo|service-port|save|disp|dis)\b")
_NOTICE = re.compile(
    r"\s*(?:Command is being executed\. Please wait\.{0,9}"
    r"|It will take (?!several minutes to save)[^\n]{1,120}"
    r"|(?:please )?use command\s+idle-timeout to set time limit"
    r"|During the course of print ?, ?press CTRL_C to break"
    r"|Send message for inquiring board \w+ occupancy successfully, board executing\W{0,40}"
    r"|Are you sure to query MAC address location \? \(y/n\)\[n\]:(?:\s*y)?)\s*"
)


@dataclass(frozen=True)
class Reply:
    """One reply: the body, and what stood around it. `hint` is one that was left unanswered.

    `broken`: it stops without a prompt and without a line end.
    """

    lines: tuple[str, ...]
    echo: str | None = None
    prompt: str | None = None
    hint: str | None = None
    broken: bool = False


def clean(raw: str, command: str) -> Reply:
    """The reply to `command` in a raw capture; right-hand blanks are kept, for they tell how a text was wrapped.

    Raises UnknownReply for binary data.
    """
    if len(raw) > REPLY_LIMIT:
        raise UnknownReply(f"a reply of more than {REPLY_LIMIT >> 20} MB")
    _refuse_broken_off(raw)
    lines = [_unshifted(line) for line in _text(raw, command).split("\n")]
    if any(len(line) > LONGEST for line in lines):
        raise UnknownReply(f"a line of more than {LONGEST} characters")
    broken = bool(lines[-1].strip())
    lines, prompt = _without_prompt(lines)
    return replace(_without_head(lines, command, prompt), broken=broken and prompt is None)


def _refuse_broken_off(raw: str) -> None:
    """Refuse what ends at the pager: whoever watched it pressed Q, and a prompt behind it is no sign of an end."""
    *_, rest = _PAGER.split(raw)
    left = _ESCAPE.sub("", rest).replace("\r", "\n").split("\n")
    if rest != raw and not any(line.strip() and not bare_prompt(line) for line in left):
        raise UnknownReply("broken off at the pager")


def _unshifted(line: str) -> str:
    found = _SHIFTED.match(line)
    return line[found.end() :] if found else line


def _text(raw: str, command: str) -> str:
    text = _WRAP.sub("", _WIPED.sub("", _PAGER.sub("", raw.removeprefix("\ufeff").replace("\xa0", " "))))
    text = _LINE_END.sub("\n", text).expandtabs(8)
    if _BINARY.search(_ESCAPE.sub("", text)):
        raise UnknownReply("holds control characters")
    if "\x1b" in text:
        try:
            text = shown(text.encode(errors="replace"))
        except Beyond as beyond:
            raise UnknownReply(str(beyond)) from beyond
    text = without((ALARM,), text)
    return text if command.lstrip().lower().startswith("save") else without((SAVING,), text)


def _without_prompt(lines: list[str]) -> tuple[list[str], str | None]:
    """Without blank lines and bare prompts at the end; the last prompt."""
    prompt = None
    end = len(lines)
    while end and (not lines[end - 1].strip() or (bare := bare_prompt(lines[end - 1]))):
        if lines[end - 1].strip():
            prompt = prompt or bare
        end -= 1
    return lines[:end], prompt


def bare_prompt(line: str) -> str | None:
    """The prompt, if the line is one at which nothing was typed."""
    found = _PROMPT.fullmatch(line)
    return found[1] if found and not found[2] else None


def squeeze(text: str) -> str:
    """For comparing commands: neither blanks nor case count, since echoes are wrapped and padded."""
    return "".join(text.split()).casefold()


def _without_head(lines: list[str], command: str, prompt: str | None) -> Reply:
    """Without what stands before the output: bare prompts, echo, hint, `Command:` and its echo, notices."""
    echo: str | None = None
    hint: str | None = None
    number = 0
    while number < len(lines):
        line = lines[number]
        step = 0
        if not line.strip() or bare_prompt(line) or _NOTICE.fullmatch(line):
            step = 1
        elif (found := _echo(lines, number, command)) and squeeze(found[0]) == squeeze(echo or found[0]):
            echo, step = found
        elif answered := _HINT.fullmatch(line):
            step, hint = 1, None if answered[1] else line.strip()
        elif _COMMAND.fullmatch(line):
            again, step = _repeated(lines, number, echo or command)
            echo, hint = echo or again, None
        if not step:
            break
        number += step
    return Reply(tuple(lines[number:]), echo, prompt, _unanswered(hint, lines[number:]))


def _unanswered(hint: str | None, body: list[str]) -> str | None:
    """A hint that offers `<cr>` and is followed by output was answered by Enter, though nothing shows it."""
    return hint if hint and not body else None


def _echo(lines: Sequence[str], start: int, command: str) -> tuple[str, int] | None:
    """The echoed command that begins here and how many lines it takes, if one does."""
    found = _PROMPT.fullmatch(lines[start])
    typed, taken = _joined(lines, start, found[2] if found else lines[start], command)
    if not found and not _VERB.match(typed) and squeeze(typed) != squeeze(command):
        return None
    return typed, taken


def _joined(lines: Sequence[str], start: int, typed: str, command: str) -> tuple[str, int]:
    """A command that the device wrapped is put together for as long as it is the beginning of what was asked."""
    want, taken = squeeze(command), 1
    while squeeze(typed) != want and want.startswith(squeeze(typed)) and start + taken < len(lines):
        longer = typed + lines[start + taken]
        if not want.startswith(squeeze(longer)) or not lines[start + taken].strip():
            break
        typed, taken = longer, taken + 1
    return typed.strip(), taken


def _repeated(lines: Sequence[str], start: int, command: str) -> tuple[str | None, int]:
    """The command as the device repeats it under `Command:`, and the lines that both take; it begins as it was typed."""
    first = start + 1
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first >= len(lines) or squeeze(lines[first])[:_ALIKE] != squeeze(command)[:_ALIKE]:
        return None, first - start
    typed, taken = _joined(lines, first, lines[first], command)
    return typed, first - start + taken
