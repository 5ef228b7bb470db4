"""Which parser reads the reply to which command."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import (
    config,
    flows,
    ont,
    ont_one,
    ont_state,
    plain,
    profiles,
    system,
    writes,
)
from vendors.huawei_smartax.parse.clean import clean, squeeze
from vendors.huawei_smartax.parse.layout import Body, Row, solid
from vendors.huawei_smartax.parse.refusal import refusal, refused

Parser = Callable[[Body], Row]

_LEAST = 3
"""An abbreviated word of a command has at least three letters, or is the whole word."""


def _info(lines: Body) -> Row:
    if not ont.is_list(lines):
        return ont_one.one(lines)
    return ont.ports(lines, searched=lines.ended and " by-" in lines.command.lower())


def _labelled(name: str, key: str) -> Parser:
    """A parser for one thing shown in fields; without the field that says which it is, it is something else."""

    def read_labelled(lines: Body) -> Row:
        read = profiles.labelled(lines)
        if key not in read:
            raise UnknownReply(f"no {key}")
        return {name: read}

    return read_labelled


_SILENT = (
    r"(?:ont|undo ont|service-port|undo smart|undo interactive|undo idle-timeout|undo alarm|alarm|scroll|mmi-mode"
    r"|infoswitch|config|enable|disable|quit|return|interface|port|vlan|diagnose|gpon)(?: .+)?"
)
"""Commands that are accepted without a word."""

_READS: tuple[tuple[str, Parser], ...] = (
    ("display ont autofind(?: .+)?", ont.autofind),
    ("display ont info summary(?: .+)?", ont.summary),
    ("display ont info(?: .+)?", _info),
    ("display ont optical-info(?: .+)?", ont_state.optics),
    ("display ont port state(?: .+)?", ont_state.eth_ports),
    ("display ont port vlan(?: .+)?", ont_state.port_vlans),
    ("display ont wan-info(?: .+)?", ont_state.wan),
    ("display ont wlan-info(?: .+)?", ont_state.wlan),
    ("display ont wlan-status(?: .+)?", ont_state.wlan_status),
    ("display ont ipconfig(?: .+)?", ont_state.ip_hosts),
    ("display ont register-info(?: .+)?", ont_state.history),
    ("display ont gemport(?: .+)?", ont_state.gem_ports),
    ("display ont version summary(?: .+)?", ont_state.versions),
    ("display ont version(?: .+)?", ont_state.version),
    ("display ont capability(?: .+)?", ont_state.capability),
    ("display ont snmp-profile(?: .+)?", ont_state.snmp_profiles),
    ("display service-port next-free-index", flows.next_free),
    (r"display service-port (?:index )?\d+", flows.service_port),
    ("display service-port(?: .+)?", flows.service_ports),
    ("display mac-address ont .+", flows.ont_macs),
    ("display mac-address(?: .+)?", flows.macs),
    ("display location(?: .+)?", flows.location),
    ("display (?:ont-lineprofile|ont-srvprofile) (?:gpon|xgpon|epon) all", profiles.listed),
    ("display (?:ont-lineprofile|ont-srvprofile) (?:gpon|xgpon|epon) bound-info .+", profiles.bound),
    ("display (?:ont-lineprofile|ont-srvprofile) (?:gpon|xgpon|epon) .+", profiles.profile),
    ("display ont tr069-server-profile bound-info .+", profiles.bound),
    ("display ont tr069-server-profile all", profiles.listed),
    ("display ont tr069-server-profile .+", _labelled("profile", "profile_id")),
    ("display dba-profile all", profiles.dba_profiles),
    ("display dba-profile(?: .+)?", _labelled("profile", "profile_id")),
    (r"display traffic table ip (?:index|name) .+", _labelled("traffic_table", "td_index")),
    ("display traffic table ip(?: .+)?", profiles.traffic_tables),
    ("display current-configuration(?: .+)?", config.configuration),
    ("display version(?: .+)?", system.version),
    (r"display board \d+/\d+", system.board),
    ("display board(?: .+)?", system.boards),
    ("display port (?:info|state)(?: .+)?", system.port_info),
    (r"display port vlan \d+/\d+/\d+", system.port_vlans),
    ("display time", system.clock),
    ("display (?:cpu|mem|memory)(?: .+)?", system.occupancy),
    ("display sysuptime", system.uptime),
    ("display temperature(?: .+)?", system.temperatures),
    ("display sysman service state", system.network_services),
    ("display .+", plain.displayed),
)
_WRITES: tuple[tuple[str, Parser], ...] = (
    ("ont (?:add|confirm) .+", writes.added),
    ("ont delete .+", writes.deleted),
    ("undo service-port .+", writes.released),
    ("traffic table ip .+", writes.traffic_table),
    ("save(?: .+)?", writes.saved),
    (_SILENT, writes.silent),
)
_WORDLESS = (writes.silent, writes.released)
_WORD = re.compile(r"(?<![\w\\(-])[a-z][a-z0-9-]{3,}(?![\w)-])")
_FILTER = re.compile(r"\s*\|\s*no-more\s*$")


def _abbreviable(pattern: str) -> re.Pattern[str]:
    """A pattern in which each whole word may be cut short from its end."""

    def shortened(found: re.Match[str]) -> str:
        word = found[0]
        tail = "".join(f"(?:{letter}" for letter in map(re.escape, word[_LEAST:]))
        return re.escape(word[:_LEAST]) + tail + ")?" * (len(word) - _LEAST)

    return re.compile(_WORD.sub(shortened, pattern))


_TABLE = tuple((_abbreviable(pattern), parser) for pattern, parser in (*_READS, *_WRITES))


@lru_cache(maxsize=1024)
def parser_of(command: str) -> Parser | None:
    """The parser for a command, abbreviations and surplus blanks allowed; None if there is none."""
    plain = _FILTER.sub("", " ".join(command.split()).lower())
    return next((parser for pattern, parser in _TABLE if pattern.fullmatch(plain)), None)


def parse(command: str, reply: str) -> dict[str, Any]:
    """Every row and field of one raw reply to `command`, as captured.

    A refusal of the device is `{"refused": …}`, what is not there `{"found": false, …}`. Raises UnknownReply for
    everything that cannot be vouched for: what is cut, foreign, or says something no rule explains.
    """
    cleaned = clean(reply, command)
    if cleaned.hint:
        return _incomplete(cleaned.hint)
    parser = parser_of(command)
    if cleaned.echo and parser_of(cleaned.echo) is not parser and squeeze(cleaned.echo) != squeeze(command):
        raise UnknownReply("the echo is of another command")
    if not solid(cleaned.lines) and not (cleaned.echo and (cleaned.prompt or parser is writes.silent)):
        raise UnknownReply("nothing to read")
    body = Body.of(cleaned.lines, command, ended=cleaned.prompt is not None, broken=cleaned.broken)
    return _vouched(parser, body)


def _incomplete(hint: str) -> dict[str, Any]:
    if "<cr>" in hint:
        raise UnknownReply("the device's hint was not answered")
    return refused("incomplete_command", hint)


def read(command: str, reply: str) -> dict[str, Any]:
    """As `parse`, for a reply that the session has already taken out of its echo and prompt."""
    return _vouched(parser_of(command), Body.of(clean(reply, command).lines, command, ended=True))


def refusal_in(command: str, reply: str) -> dict[str, Any] | None:
    """The refusal or "not there" that a reply is, if it is one."""
    return refusal(clean(reply, command).lines, saving=parser_of(command) is writes.saved)


def _vouched(parser: Parser | None, lines: Body) -> dict[str, Any]:
    """The parser's answer; whatever it stumbles over is a reply that no rule explains."""
    if no := refusal(lines, saving=parser is writes.saved, broken=lines.broken):
        return no
    if parser is None:
        raise UnknownReply("no parser for this command")
    if not solid(lines) and parser not in _WORDLESS:
        raise UnknownReply("nothing to read")
    try:
        return parser(lines)
    except (IndexError, KeyError, ValueError, TypeError) as error:
        raise UnknownReply(f"a form that no rule explains ({type(error).__name__})") from error
