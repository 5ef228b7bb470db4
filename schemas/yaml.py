"""Reading YAML so that whoever wrote it learns the file, the line and what was expected there.

What is read is YAML 1.2's plain core: `off`, `no` and `1:30` are texts, `010` is a text, a key stands once. Messages
never repeat a value, since somebody may have written a password into the file.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.config import ConfigModel

Model = TypeVar("Model", bound=BaseModel)
Where = tuple[str | int, ...]
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BYTES_MAX = 64 * 1024 * 1024
_DEPTH_MAX = 40
_NODES_MAX = 2_000_000
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: `line` counts from 1, None where the whole file is meant."""

    file: str
    line: int | None
    where: str
    expected: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.where}: {self.expected}" if self.where else f"{place}: {self.expected}"


class ConfigError(ValueError):
    """Everything that is wrong with the configuration, at once."""

    def __init__(self, problems: Iterator[Problem] | list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.file, problem.line or 0)))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Document:
    """A file's content as plain values, the line of each part, and the SHA-256 of all of it as it was read."""

    file: str
    data: Any
    lines: dict[Where, int]
    sha256: str = ""

    def problem(self, where: Where, expected: str, missing: str = "") -> Problem:
        """A problem at a part of the file; at the nearest part around it where that one does not exist."""
        known = tuple(where)
        while known and known not in self.lines:
            known = known[:-1]
        shown = _path(where) + (f".{missing}" if missing and where else missing)
        return Problem(self.file, self.lines.get(known, 1), shown, expected)

    def part(self, where: Where) -> "Document":
        """A part of the file as a document of its own; its lines are the file's. Raises LookupError."""
        data = self.data
        for step in where:
            data = data[step]
        lines = {path[len(where) :]: line for path, line in self.lines.items() if path[: len(where)] == where}
        return Document(self.file, data, lines, self.sha256)


def read(path: Path) -> Document:
    """The document of a file. Raises ConfigError."""
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise ConfigError(
                [Problem(str(path), None, "", f"expected a file of at most {_BYTES_MAX} bytes")]
            )
        return parse(path.read_bytes(), str(path))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError([Problem(str(path), None, "", f"cannot be read: {reason}")]) from None


def parse(content: bytes | str, file: str) -> Document:
    """The document of a file's content. Raises ConfigError."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError([Problem(file, line, "", "expected UTF-8 text")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([_syntax(file, error)]) from None
    except (RecursionError, ValueError):
        raise ConfigError(
            [Problem(file, None, "", "expected YAML; this is nested too deeply or damaged")]
        ) from None
    if node is None:
        raise ConfigError([Problem(file, None, "", "the file is empty")])
    reader = _Reader(file)
    data = reader.value(node, ())
    if reader.problems:
        raise ConfigError(reader.problems)
    raw = content.encode() if isinstance(content, str) else content
    return Document(file, data, reader.lines, sha256(raw).hexdigest())


def validate(document: Document, model: type[Model]) -> Model:
    """The document as a model. Raises ConfigError with every problem."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError(_problems(document, error)) from None


# --------------------------------------------------------------------------------------------------------- reading


class _Loader(_Base):  # type: ignore[misc]
    """Composes nodes with the scalars of YAML 1.2's core."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _tag, _expression, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"-?(0|[1-9][0-9]{0,18})", list("-0123456789")),
    ("float", r"-?[0-9]{1,18}\.[0-9]{1,18}", list("-0123456789")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_expression})$"), _first)


def _syntax(file: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "this is no YAML"
    return Problem(file, mark.line + 1 if mark else None, "", f"expected YAML: {said}")


class _Reader:
    """Turns nodes into plain values and notes their lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Where, int] = {}
        self.problems: list[Problem] = []
        self._nodes = 0
        self._open: set[int] = set()

    def value(self, node: yaml.Node, where: Where) -> Any:
        """The node's value; what is wrong with it becomes a problem."""
        self.lines.setdefault(where, node.start_mark.line + 1)
        self._nodes += 1
        if id(node) in self._open or len(where) > _DEPTH_MAX or self._nodes > _NODES_MAX:
            return self._refuse(node, where, "nested too deeply, or too much of it")
        self._open.add(id(node))
        try:
            return self._read(node, where)
        finally:
            self._open.discard(id(node))

    def _read(self, node: yaml.Node, where: Where) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, where)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*where, number)) for number, item in enumerate(node.value)]
        return self._scalar(node, where)

    def _scalar(self, node: yaml.Node, where: Where) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        match kind:
            case "str" | "merge":
                return str(node.value)
            case "int":
                return self._number(int, node, where)
            case "float":
                return self._number(float, node, where)
            case "bool":
                return node.value.lower() == "true"
            case "null":
                return None
        return self._refuse(node, where, "expected a plain value, without a tag")

    def _number(self, kind: type[int] | type[float], node: yaml.Node, where: Where) -> Any:
        try:
            return kind(node.value)
        except ValueError:
            return self._refuse(node, where, "expected a number")

    def _mapping(self, node: yaml.MappingNode, where: Where) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged = {**self._merged(value, where), **merged}
            elif not isinstance(key, yaml.ScalarNode):
                self._refuse(key, where, "expected a text as the name of a member")
            elif key.value in found:
                self._refuse(key, (*where, key.value), "this member stands twice")
            else:
                self.lines[(*where, key.value)] = (
                    key if value.value == "" else _line_of(key, value)
                ).start_mark.line + 1
                found[key.value] = self.value(value, (*where, key.value))
        return {**merged, **found}

    def _merged(self, node: yaml.Node, where: Where) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Any] = {}
        for part in reversed(parts):
            if isinstance(part, yaml.MappingNode):
                found.update(self.value(part, where))
            else:
                self._refuse(part, where, "expected a mapping after <<")
        return found

    def _refuse(self, node: yaml.Node, where: Where, expected: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, _path(where), expected))


def _line_of(key: yaml.Node, value: yaml.Node) -> yaml.Node:
    """Where a member stands: at its value, if that is on one line; else at its name."""
    return value if isinstance(value, yaml.ScalarNode) else key


def _path(where: Where) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.removeprefix(".")


# --------------------------------------------------------------------------------------------------------- judging


def _problems(document: Document, error: ValidationError) -> list[Problem]:
    """One problem for each place; what several branches of one place expected is joined by `or`."""
    found: dict[tuple[Where, str], list[str]] = {}
    for details in _real(error.errors(include_url=False, include_input=False)):
        where = _known(document, details["loc"])
        missing = str(details["loc"][-1]) if details["type"] == "missing" else ""
        said = found.setdefault((where, missing), [])
        expected = _no_such(document, where) if details["type"] == "extra_forbidden" else _expected(details)
        if expected not in said:
            said.append(expected)
    return [document.problem(where, " or ".join(said), missing) for (where, missing), said in found.items()]


def _real(errors: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """The errors without `too_short` of lists whose items are wrong: pydantic counts only the good ones."""
    for details in errors:
        loc = details["loc"]
        inside = (other["loc"] for other in errors if len(other["loc"]) > len(loc))
        if details["type"] != "too_short" or not any(other[: len(loc)] == loc for other in inside):
            yield details


def _known(document: Document, loc: Where) -> Where:
    """The part of the document that pydantic's location means: without the names of branches."""
    where: Where = ()
    for part in loc:
        if (*where, part) in document.lines:
            where = (*where, part)
    return where


_PLAIN = {
    "missing": "this member is required",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "string_type": "expected a text",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "dict_type": "expected members, each with its name",
    "model_type": "expected members, each with its name",
    "model_attributes_type": "expected members, each with its name",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "literal_error": "expected {expected}",
    "greater_than_equal": "expected a number of at least {ge}",
    "greater_than": "expected a number above {gt}",
    "less_than_equal": "expected a number of at most {le}",
    "less_than": "expected a number below {lt}",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "too_short": "expected at least {min_length}",
    "too_long": "expected at most {max_length}",
}


def _expected(details: ErrorDetails) -> str:
    kind = details["type"]
    if kind == "string_pattern_mismatch":
        return f"expected {_in_words(str(details['ctx']['pattern']))}"
    if kind in _PLAIN:
        return _PLAIN[kind].format(**details.get("ctx", {}))
    return details["msg"].removeprefix("Value error, ")


def _in_words(pattern: str) -> str:
    """What a pattern of `schemas.text` allows."""
    plain = re.sub(r"[Aa]-[Zz]|0-9|\{[^}]*\}", "", pattern)
    signs = [sign for sign in ".:/@+,_-" if sign in plain]
    return f"a word of letters, digits and {' '.join(signs)}" if signs else "a word of letters and digits"


def _no_such(document: Document, where: Where) -> str:
    """Names the member of the most likely model that is written most alike."""
    beside = {str(path[-1]) for path in document.lines if path[:-1] == where[:-1] and path}
    names = max(
        (frozenset(model.model_fields) for model in _models()), key=lambda fields: len(fields & beside)
    )
    close = (
        difflib.get_close_matches(str(where[-1]), sorted(names - beside), n=1, cutoff=0.6) if where else []
    )
    return f"no such member here; did you mean `{close[0]}`?" if close else "no such member here"


@cache
def _models() -> tuple[type[BaseModel], ...]:
    """Every configuration model."""
    found: dict[type[BaseModel], None] = {}
    waiting: list[type[BaseModel]] = [ConfigModel]
    while waiting:
        model = waiting.pop()
        found[model] = None
        waiting += model.__subclasses__()
    return tuple(found)
