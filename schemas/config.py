"""What every configuration model is, and the values that people write in YAML."""

from typing import Any

from pydantic import BeforeValidator

from schemas.base import Frozen


class ConfigModel(Frozen):
    """A part of a configuration file: no member that nobody declared, so that a slip of the pen is an error."""


def _as_tuple(value: Any) -> Any:
    if value is None or isinstance(value, list | tuple):
        return value
    return (value,)


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


OneOrMore = BeforeValidator(_as_tuple)
"""One value may stand without the brackets of a list."""
NumberAsText = BeforeValidator(_as_text)
"""A profile named by its number may be written as one."""
