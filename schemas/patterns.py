"""Patterns in configuration files: names with `*` and `?`, and ranges of PON ports."""

import re
from functools import lru_cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from schemas.config import ConfigModel, NumberAsText
from schemas.place import PonPort

_PON = re.compile(r"(\d{1,5})/(\d{1,5})/(?:(\*)|(\d{1,5})(?:-(\d{1,5}))?)")

Glob = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(str.strip), NumberAsText]
"""A name in which `*` stands for any characters and `?` for one."""


@lru_cache(maxsize=4096)
def _expression(glob: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in glob)
    return re.compile("".join(parts), re.DOTALL)


def matches(text: str, globs: tuple[str, ...] | None) -> bool:
    """Whether one of the globs fits all of `text`. None: no condition."""
    return globs is None or any(_expression(glob).fullmatch(text) for glob in globs)


def matches_model(name: str, globs: tuple[str, ...]) -> bool:
    """Whether the name of an ONU model fits one of the globs; case does not count."""
    return matches(name.upper(), tuple(glob.upper() for glob in globs))


def is_pattern(glob: str) -> bool:
    """Whether it stands for more than one name."""
    return "*" in glob or "?" in glob


class PonRange(ConfigModel):
    """PON ports of one slot: `0/1/0-15`, `0/1/3`, or all of it, `0/1/*`."""

    frame: int
    slot: int
    first: int | None
    last: int | None

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": "pon-range"}

    @model_validator(mode="wrap")
    @classmethod
    def _from_text(cls, value: Any, handler: ModelWrapValidatorHandler["PonRange"]) -> "PonRange":
        if isinstance(value, PonRange):
            return value
        found = _PON.fullmatch(value) if isinstance(value, str) else None
        if not found:
            raise ValueError("expected PON ports such as 0/1/3, 0/1/0-15 or 0/1/*")
        frame, slot, every, first, last = found.groups()
        if every:
            return handler({"frame": frame, "slot": slot, "first": None, "last": None})
        if int(last or first) < int(first):
            raise ValueError("a range of ports rises")
        return handler({"frame": frame, "slot": slot, "first": first, "last": last or first})

    def holds(self, port: PonPort) -> bool:
        """Whether the port lies in it."""
        inside = self.first is None or (self.last is not None and self.first <= port.port <= self.last)
        return inside and (port.frame, port.slot) == (self.frame, self.slot)
