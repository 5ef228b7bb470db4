"""Texts by what may stand in them. Only the types marked CLI may become part of a command.

A command is one line of printable ASCII; `?` acts as help at once on most OLTs, TAB completes, a line end runs a second
command. So a text that reaches a CLI has a type that forbids blanks, quotes and what a CLI would interpret.
"""

import re
import unicodedata
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    SecretStr,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

MASK = "********"
"""What stands for a secret wherever a person may read."""

_CLI_SECRET = re.compile(r"[A-Za-z0-9_.,:@+/*=~^()\[\]-][A-Za-z0-9_.,:@+/*=~^()\[\]#!-]*")


def _plain(text: str) -> str:
    if not text.isprintable() and any(
        unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"} for character in text
    ):
        raise ValueError("holds a control character or an unassigned code point")
    return text.strip()


def _number_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _cli_secret(shortest: int, longest: int) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not shortest <= len(text) <= longest:
            raise ValueError(f"must have {shortest} to {longest} characters")
        if not _CLI_SECRET.fullmatch(text):
            raise ValueError(
                "holds a blank, a quote or another character that an OLT's command line would interpret"
            )
        return secret

    return AfterValidator(check)


def _secret_schema(shortest: int, longest: int) -> WithJsonSchema:
    pattern = f"^{_CLI_SECRET.pattern}$"
    text = {"type": "string", "format": "password", "writeOnly": True}
    return WithJsonSchema({**text, "minLength": shortest, "maxLength": longest, "pattern": pattern})


Label = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]
"""Free text for people: any script, no control characters. Never on a CLI."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""A name we choose ourselves: OLT, site, rule. CLI."""

ErpId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,63}$"), BeforeValidator(_number_as_text)
]
"""A key of the ERP; numbers are read as text. CLI (in a description)."""

CliWord = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+/:,][A-Za-z0-9_.@+/:,-]{0,63}$")]
"""The name of a profile, an ONU type, a PPPoE login. CLI."""

Description = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+/:,][A-Za-z0-9_.@+/:,-]{0,31}$")]
"""What the OLT shows as the ONU's description: ASCII, at most 32 characters. CLI."""

SSID_MAX = 32
"""Octets of an SSID (IEEE 802.11)."""


def _ssid(text: str) -> str:
    if not text.isprintable() and any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("holds a control character")
    if not 1 <= len(text.encode()) <= SSID_MAX:
        raise ValueError(f"must have 1 to {SSID_MAX} bytes of UTF-8")
    return text


WifiName = Annotated[
    str, AfterValidator(_ssid), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": SSID_MAX})
]
"""An SSID: 1 to 32 bytes of UTF-8 without control characters, blanks at its ends included. Never on a CLI: `PlainSsid` is."""

PlainSsid = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@+/:,][A-Za-z0-9_.@+/:,-]{0,31}$")]
"""An SSID that every OLT takes as a bare word. CLI."""
_PLAIN_SSID = TypeAdapter(PlainSsid)


def is_plain_ssid(name: str) -> bool:
    """Whether an SSID can be written as a bare word."""
    try:
        _PLAIN_SSID.validate_python(name)
    except ValidationError:
        return False
    return True


PppoePassword = Annotated[SecretStr, _cli_secret(1, 64), _secret_schema(1, 64)]
"""CLI."""

WifiKey = Annotated[SecretStr, _cli_secret(8, 63), _secret_schema(8, 63)]
"""A WPA passphrase (IEEE 802.11: 8 to 63 characters). CLI."""
