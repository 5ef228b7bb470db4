"""What may be said of a device's words: everything that quotes one passes here before it is kept, printed or sent.

`without_secrets` is for replies that are read on; `quoted` for what is kept or printed here; `told` for what leaves or cannot
be erased later. Pure, and in linear time.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from schemas.text import MASK
from vendors.contract import Platform
from vendors.expressions import Expression, expression
from vendors.screen import masked, redacted
from vendors.vocabulary import WORDS

_WINDOW = 4
"""How many times the length of an excerpt is looked at, so that what its end cuts is still recognised."""

# ------------------------------------------------------------------------------------------------------------- secrets


def without_secrets(platform: Platform, text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without these secrets, those that the platform prints, and the credentials of addresses."""
    redactions = _compiled(platform.redactions)
    return without_credentials(masked(text, filter(None, secrets), redactions, platform.width, _whole))


def _without(expressions: tuple[str, ...], text: str) -> str:
    """`text` with group 1 of every match masked."""
    return masked(text, (), _compiled(expressions), None, _whole)


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without its quotation marks, or with what of its word the end of a line of 80 columns has cut off."""
    if end - start > 1 and text[start] == text[end - 1] == '"':
        return start + 1, end - 1
    if (
        not text.startswith("\n", end)
        or text[end - 1] == '"'
        or end - 1 - text.rfind("\n", 0, end) != _COLUMNS
    ):
        return start, end
    rest = _CUT_OFF.match(text, end + 1)
    return start, rest.end() if rest else end


@cache
def _compiled(expressions: tuple[str, ...]) -> tuple[Expression, ...]:
    return tuple(map(expression, expressions))


_COLUMNS = 80
_CUT_OFF = re.compile(r"[^\s\"#!\[<][^\s\"]*")
_ADDRESS = re.compile(r"[^\s\"<>]+")
_WRAP = re.compile(r"\n[ \t]*")
_QUERY = re.compile(
    r"(?i)([?&;][\w.-]{0,20}(?:user|login|pass|pwd|token|key|secret|auth|cred)[\w.-]{0,20}=)[^&;#\s\"<>]+"
)


def without_credentials(text: str) -> str:
    """`text` with user and password of every address masked, in front of its host and in its query; a wrapped one too."""
    if "://" not in text:
        return text
    words = list(_ADDRESS.finditer(text))
    hidden: list[tuple[int, int]] = []
    for word, following in zip(words, [*words[1:], None], strict=True):
        begins = word[0].find("://") + 3
        if begins < 3:
            continue
        if (ends := word[0].rfind("@")) >= begins:
            hidden.append((word.start() + begins, word.start() + ends))
        elif following and _goes_on(text, word, following):
            hidden.append((word.start() + begins, word.end()))
            hidden.append((following.start(), following.start() + following[0].rfind("@")))
    return _QUERY.sub(rf"\g<1>{MASK}", _hiding(text, hidden))


def _goes_on(text: str, word: re.Match[str], following: re.Match[str]) -> bool:
    """Whether the user part of an address is wrapped."""
    parted = _WRAP.fullmatch(text, word.end(), following.start())
    return parted is not None and "@" in following[0] and "://" not in following[0].rpartition("@")[0]


def _hiding(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """`text` with these stretches masked: in order, none within another."""
    said: list[str] = []
    at = 0
    for start, end in spans:
        if end > start:
            said += [text[at:start], MASK]
            at = end
    return "".join([*said, text[at:]])


# -------------------------------------------------------------------------------------------------------------- people

_SECRET_LABELS = "password passwd passphrase pwd pw psk key secret community credential credentials token checkcode loid senha cipher"
_PERSONAL_LABELS = (
    "name description desc alias user username login account ssid contact customer client subscriber owner location street"
    " address city district remark remarks comment phone mobile mail email cpf cnpj nome cliente endereco endereço rua"
    " bairro cidade telefone contato titular assinante"
)
_LABELS = frozenset(f"{_SECRET_LABELS} {_PERSONAL_LABELS}".split())
"""Words of labels and headers behind and below which a value may tell of a person, or be a secret."""
_OF_DEVICES = frozenset(
    "profile type board vendor product version model vlan alarm host ip ipv4 ipv6 mac mask peer server port interface slot module".split()
)
"""A label with one of these tells of a device."""

_LABELLED = re.compile(
    r"(?<![\w./()-])((?:[^\W\d_][\w./()-]*[ ]){0,3}[^\W\d_][\w./()-]*)[ \t]*[:=][ \t]*(?=\S)"
)
_VALUED = re.compile(
    r"(?i)(?<![\w-])(?:[a-z]{1,12}-)?(?:pass(?:word|wd|phrase)|pwd|psk|secret|community|key|user-?name|user|login"
    r"|description|desc|ssid|loid|securityname)[ \t]+(?:(?:cipher|simple|plain|encrypted|irreversible-cipher|md5|sha|hash"
    r"|hex|read|write|is|\d{1,2})[ \t]+){0,3}(\"[^\"\n]*\"?|[^\W_][^\s\"]*)"
)
_KINDS = frozenset("cipher simple plain encrypted irreversible-cipher md5 sha hash hex read write is".split())
_NUMBERED = re.compile(
    r"(?<![\w.-])(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}|\d{5}-\d{3}|\d{11}|\d{14}"
    r"|(?:\+?55[ -]?)?\(?\d{2}\)?[ -]?9?\d{4}-\d{4})(?![\w-])"
)
"""CPF, CNPJ, CEP and telephone numbers, as they are written in Brazil."""
_MAIL = re.compile(r"(?<![^\s\"'=:,;(\[])[^\s\"'=:,;(\[@/*]+@[^\s\"',;)\]]+")
"""Logins of the form `name@realm`, addresses of mail."""
_NAME = re.compile(r"(?<![^\W_])[^\W\d_]+(?![^\W_])(?:'[^\W\d_]+(?![^\W_]))*")
_BETWEEN = re.compile(
    r"[-_.,'/]{0,2}[ ]?(?:(?:da|de|do|das|dos|di|e|d|n)[ _.'-]{1,2}|\d{1,5}[ ,_.-]{1,2}){0,2}", re.IGNORECASE
)
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]")
_CELL = re.compile(r"[^\s|]+(?: [^\s|]+)*")


def quoted(
    platform: Platform,
    text: str,
    people: Iterable[str] = (),
    secrets: Iterable[str] = (),
    *,
    most: int | None = None,
) -> str:
    """`text`, or its first `most` characters, without secrets and without what tells of a person.

    `people` are the names, logins and networks that are known. Others are recognised by where they stand (behind a label,
    below a header, where the platform writes them) and by their looks: two words in a row that no command line uses, a
    login with its realm, the number of a person.
    """
    part = _without_places(platform, text if most is None else text[: most * _WINDOW], people, secrets)
    part = "\n".join(_names(_values(row)) for row in part.split("\n"))
    return part if most is None else part[:most]


def _without_places(platform: Platform, text: str, people: Iterable[str], secrets: Iterable[str] = ()) -> str:
    """`text` without what is recognised by where it stands, and without who is known."""
    text = "\n".join(_without_columns(text.split("\n")))
    text = without_secrets(platform, text, secrets)
    text = "\n".join(map(_numbers, text.split("\n")))
    text = _without_known(_without(platform.personal, text), people)
    return "\n".join(map(_labels, text.split("\n")))


def _without_known(text: str, people: Iterable[str]) -> str:
    for name in sorted(set(filter(None, people)), key=len, reverse=True):
        text = known_as(name).sub(MASK, text)
    return text


def known_as(name: str) -> re.Pattern[str]:
    """The expression of a name that is known, however its words are put together."""
    spelt = r"[\s_.-]{1,3}".join(map(re.escape, name.split()))
    return re.compile(rf"(?<![^\W_]){spelt}(?![^\W_])", re.IGNORECASE)


def _labels(line: str) -> str:
    """What follows the first label that speaks of a person or a secret."""
    if ":" not in line and "=" not in line:
        return line
    for found in _LABELLED.finditer(line):
        words = {word.casefold() for word in re.split(r"[^\w]+", found[1])}
        if words & _LABELS and not words & _OF_DEVICES:
            return f"{line[: found.end()]}{MASK}" if not line.startswith(MASK, found.end()) else line
    return line


def _values(line: str) -> str:
    return _VALUED.sub(_value, line)


def _value(found: re.Match[str]) -> str:
    """A word that no command line uses, behind one that a name or a secret follows."""
    word = found[1].strip("\"'.,;:").casefold()
    if word in WORDS or word in _KINDS or not word or MASK in word:
        return found[0]
    return found[0][: found.start(1) - found.start()] + MASK


def _numbers(line: str) -> str:
    line = _NUMBERED.sub(MASK, line) if any(map(str.isdigit, line)) else line
    return _MAIL.sub(MASK, line) if "@" in line else line


def _names(line: str) -> str:
    """Without two words or more in a row that no command line uses."""
    strange = [word for word in _NAME.finditer(line) if not _known(word[0])]
    spans: list[tuple[int, int]] = []
    for one, other in pairwise(strange):
        if not _BETWEEN.fullmatch(line, one.end(), other.start()):
            continue
        if spans and spans[-1][1] == one.end():
            spans[-1] = (spans[-1][0], other.end())
        else:
            spans.append((one.start(), other.end()))
    return _hiding(line, spans)


def _known(word: str) -> bool:
    """Whether command lines use this word, or each of the words that it is made of; or it is a letter alone."""
    if len(word) < 2 or word.casefold() in WORDS:
        return True
    return all(part.casefold() in WORDS for part in _HUMP.findall(word))


def _without_columns(lines: Sequence[str]) -> Iterator[str]:
    """The rows of tables without the cells below a header that speaks of a person or a secret.

    A table ends with an empty line, or with a rule below its rows.
    """
    columns: list[tuple[int, int]] = []
    rows: bool | None = None
    """Whether rows came below a rule; None before there is one."""
    for line in lines:
        cells = list(_CELL.finditer(line))
        if headed := _headed(cells):
            columns, rows = headed, None
        elif not cells or (rows and _is_rule(line)):
            columns = []
        elif _is_rule(line):
            rows = False
        elif columns:
            rows = rows is not None
            yield _hiding(line, [cell.span() for cell in cells if _below(cell, columns)])
            continue
        yield line


def _is_rule(line: str) -> bool:
    return not line.strip("-=+| \t\r")


def _headed(cells: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """From where to where the columns reach whose headers speak of a person or a secret."""
    if len(cells) < 2 or any(":" in cell[0] or any(map(str.isdigit, cell[0])) for cell in cells):
        return []
    ends = [cell.start() for cell in cells[1:]] + [sys.maxsize]
    return [
        (cell.start(), end)
        for cell, end in zip(cells, ends, strict=True)
        if _speaks(set(re.split(r"[^\w]+", cell[0].casefold())))
    ]


def _speaks(words: set[str]) -> bool:
    return bool(words & _LABELS) and not words & _OF_DEVICES


def _below(cell: re.Match[str], columns: Sequence[tuple[int, int]]) -> bool:
    return cell[0] not in _EMPTY and any(start < cell.end() and cell.start() < end for start, end in columns)


_EMPTY = frozenset(("N/A", "-", "--", "none", "unknown"))


# --------------------------------------------------------------------------------------------------- our lines, what leaves

_PIECE = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_MASKS = re.compile(rf"{re.escape(MASK)}(?:\s+{re.escape(MASK)})+")
_DIGITS_MAX = 6
_TOLD_OF = 2000


def line(platform: Platform, text: str, people: Iterable[str] = ()) -> str:
    """A line that we send, its secrets masked, without what names a customer in it."""
    return _without_known(_without(platform.personal, without_secrets(platform, text)), people)


def told(platform: Platform, text: str, command: str = "", people: Iterable[str] = ()) -> str:
    """`text` as one line that may leave: of its words, those that command lines use, and those of `command`.

    What else a device says (a name, a street, another customer's number) is masked whatever it looks like. `command` is the
    line that was answered, as `line` gives it.
    """
    part = _without_places(platform, text[:_TOLD_OF], people)
    given = frozenset(command.split())
    return _MASKS.sub(MASK, " ".join(word if _may_leave(word, given) else MASK for word in part.split()))


def _may_leave(word: str, given: frozenset[str]) -> bool:
    if word in given or word.strip("\"'.,;:()[]") in given:
        return True
    return all(map(_plain, _PIECE.findall(word))) and not _ADDRESSED.search(word)


_ADDRESSED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{2,4}[.:-]){2}[0-9A-Fa-f]{2,4}")
"""Addresses of hosts, IP and MAC."""


def _plain(piece: str) -> bool:
    if piece.isdigit():
        return len(piece) <= _DIGITS_MAX
    return not piece[0].isalpha() or _known(piece)


# ----------------------------------------------------------------------------------------------- what was read of a reply


def hidden(platform: Platform, text: str) -> frozenset[str]:
    """The secrets that `without_secrets` would mask in `text`, but for the credentials of addresses."""
    found = redacted(text, _compiled(platform.redactions), platform.width, _whole)
    spelt = (spelling for one in found for spelling in (one, one.replace("\n", ""), "".join(one.split())))
    return frozenset(one.strip('"') for one in spelt) - {"", MASK}


def without_hidden(platform: Platform, value: Any, secrets: frozenset[str]) -> Any:
    """A value as JSON has it with every text in it masked that is, or holds, one of `secrets`, or is called a secret."""
    if isinstance(value, dict):
        return {
            name: MASK if _is_secret(name, member) else without_hidden(platform, member, secrets)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_hidden(platform, member, secrets) for member in value]
    return without_secrets(platform, value, secrets) if isinstance(value, str) else value


_SECRET_MEMBERS = frozenset("password passphrase pw psk secret community cipher".split())


def _is_secret(name: str, value: Any) -> bool:
    """Whether a text is one by its member's name; zeros stand for none."""
    if not isinstance(value, str) or not value.removeprefix("0x").strip("0"):
        return False
    return not _SECRET_MEMBERS.isdisjoint(name.split("_"))
