"""Where an ONU is: an OLT and a PON port."""

import re
from typing import Annotated, Any

from pydantic import Field, ModelWrapValidatorHandler, PlainSerializer, WithJsonSchema, model_validator

from schemas.base import Frozen
from schemas.text import Name

Index = Annotated[int, Field(ge=0, le=65535)]
_PORT = re.compile(r"\s*(\d{1,5})\s*/\s*(\d{1,5})\s*/\s*(\d{1,5})\s*")


class PonPort(Frozen):
    """One PON of an OLT: frame (ZTE: shelf), slot and port, as the OLT numbers them. Written `0/1/0`."""

    frame: Index
    slot: Index
    port: Index

    @model_validator(mode="wrap")
    @classmethod
    def _from_text(cls, value: Any, handler: ModelWrapValidatorHandler["PonPort"]) -> "PonPort":
        if not isinstance(value, str):
            return handler(value)
        if not (numbers := _PORT.fullmatch(value)):
            raise ValueError("a PON port is written frame/slot/port, such as 0/1/0")
        frame, slot, port = map(int, numbers.groups())
        return handler({"frame": frame, "slot": slot, "port": port})

    def __str__(self) -> str:
        return f"{self.frame}/{self.slot}/{self.port}"


PonPortText = Annotated[
    PonPort,
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,5}/\d{1,5}/\d{1,5}$", "examples": ["0/1/0"]}),
]
"""A PON port as events write it: `"0/1/0"`."""


class Place(Frozen):
    """One PON port of one OLT of the inventory."""

    olt: Name
    port: PonPort

    def __str__(self) -> str:
        return f"{self.olt} {self.port}"
