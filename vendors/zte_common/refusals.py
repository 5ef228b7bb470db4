"""What a refusal means: the words of both families, and their numbers. First match wins."""

import re
from typing import NoReturn

from vendors.contract import Command
from vendors.errors import NotConverged, OltBusy, OrderRejected, ProvisioningError, UnknownReply
from vendors.zte_common.parse import effects
from vendors.zte_common.parse.clean import clean
from vendors.zte_common.parse.notice import notice

_Means = tuple[re.Pattern[str], type[ProvisioningError], str | None]


def _row(words: str, error: type[ProvisioningError], code: str | None = None) -> _Means:
    return re.compile(words, re.IGNORECASE), error, code


_MEANINGS: tuple[_Means, ...] = (
    # No capture shows a busy OLT.
    _row(r"\bbusy\b|try again|in progress|being saved|is saving", OltBusy),
    _row(r"sn already exists", OrderRejected, "serial_already_registered"),
    # An ONU that rejects what the OLT tells it over OMCI may take it a moment later.
    _row(r"ONT return error", NotConverged),
    _row(r"entry is existed|already exist", NotConverged),
    _row(
        r"(?:profile|onu.?type|\btype\b|tcont|policy).{0,40}(?:not exist|not existed|not found|invalid)",
        OrderRejected,
        "profile_missing",
    ),
    _row(r"(?:number|count|entry|onu).{0,30}(?:full|maximum|exceed)", OrderRejected, "port_full"),
)
_SYNTAX = frozenset({20200, 20201, 20202, 20203, 20205, 20206, 140301, 140303, 140305})
_PROFILE = frozenset({223981})
_EXISTS = frozenset({222391})
_GONE = re.compile(r"not exist|no related information", re.IGNORECASE)
_OPTIONAL = re.compile(r"switchport mode hybrid vport \d+")
"""Needed by the software that shows it, unknown to other software: what follows it tells."""
_REMOVES = re.compile(r"no\s")
_REGISTERS = re.compile(r"onu \d+ type ")


def check(command: Command, reply: str) -> None:
    """Raise the error that a refusal means; UnknownReply for a reply to a change that no rule explains."""
    try:
        _check(command, reply)
    except UnknownReply as error:
        raise UnknownReply(str(error), command=command.text, reply=reply) from None


def unknown_command(command: Command, reply: str) -> bool:
    """Whether the OLT's software does not know this command."""
    said = notice(clean(reply, command.text).lines)
    return said is not None and said.get("refused", {}).get("number") in _SYNTAX


def _check(command: Command, reply: str) -> None:
    lines = clean(reply, command.text).lines
    said = notice(lines)
    if said is None:
        if command.effect != "read":
            (effects.saved if command.effect == "save" else effects.done)(lines)
        return
    if "info" in said or (command.effect == "read" and "not_found" in said):
        return
    if _REMOVES.match(command.text) and ("not_found" in said or _GONE.search(said["refused"]["text"])):
        return
    refused = said.get("refused") or said["not_found"]
    if _OPTIONAL.fullmatch(command.text) and refused["number"] in _SYNTAX:
        return
    _raise(command, refused["number"], " ".join([refused["text"], *refused.get("details", ())]), reply)


def _raise(command: Command, number: int | None, text: str, reply: str) -> NoReturn:
    error, code = _meaning(command, number, text)
    message = f"the OLT refused: {text[:200]}"
    if error is OltBusy or error is NotConverged:
        raise error(message, command=command.text, reply=reply)
    raise OrderRejected(message, command=command.text, reply=reply, code=code)


def _meaning(command: Command, number: int | None, text: str) -> tuple[type[ProvisioningError], str | None]:
    if number in _SYNTAX:
        return OrderRejected, "olt_syntax"
    if number in _PROFILE:
        return OrderRejected, "profile_missing"
    if number in _EXISTS and _REGISTERS.match(command.text):
        # No source tells of which one the entry is, serial or number: the next look does.
        return NotConverged, None
    for words, error, code in _MEANINGS:
        if words.search(text):
            return error, code
    return OrderRejected, None
