"""Which parser reads the reply to which command."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from vendors.errors import UnknownReply
from vendors.zte_common.parse import (
    config,
    effects,
    equipment,
    interfaces,
    network,
    onus,
    optics,
    profiles,
    remote,
)
from vendors.zte_common.parse.clean import clean, solid
from vendors.zte_common.parse.notice import notice

Parser = Callable[[Sequence[str]], dict[str, Any]]

_SHOWS: tuple[tuple[str, Parser], ...] = (
    ("show gpon onu uncfg", onus.uncfg),
    ("show pon onu uncfg", onus.uncfg),
    ("show gpon onu by", onus.by_serial),
    ("show gpon onu by sn", onus.by_serial),
    ("show pon onu by sn", onus.by_serial),
    ("show gpon onu state", onus.state),
    ("show pon onu state", onus.state),
    ("show gpon onu baseinfo", onus.baseinfo),
    ("show gpon onu detail-info", onus.detail),
    ("show gpon onu distance", onus.distances),
    ("show gpon onu tcont", remote.others),
    ("show gpon onu gemport", remote.others),
    ("show gpon onu vport", remote.others),
    ("show gpon onu profile", profiles.onu_profiles),
    ("show gpon onu profile vlan", profiles.onu_profiles),
    ("show gpon profile tcont", profiles.rates),
    ("show gpon profile traffic", profiles.rates),
    ("show gpon remote-onu", remote.others),
    ("show gpon remote-onu equip", remote.equipment),
    ("show gpon remote-onu interface eth", remote.ethernet),
    ("show gpon remote-onu wan-ip", remote.wan),
    ("show gpon remote-onu ip-host", remote.hosts),
    ("show pon power attenuation", optics.attenuation),
    ("show pon power onu-rx", optics.power_list),
    ("show pon power onu-tx", optics.power_list),
    ("show pon power olt-rx", optics.power_list),
    ("show pon power olt-tx", optics.power_list),
    ("show mac", network.macs),
    ("show mac gpon onu", network.macs),
    ("show mac-real-time gpon onu", network.macs),
    ("show mac interface", network.macs),
    ("show vlan", network.vlan),
    ("show vlan summary", network.vlans),
    ("show vlan port", network.port_vlans),
    ("show card", equipment.cards),
    ("show processor", equipment.processors),
    ("show card-temperature", equipment.temperatures),
    ("show fan", equipment.fans),
    ("show version-running", equipment.versions),
    ("show system-group", equipment.system),
    ("show clock", equipment.clock),
    ("show ip interface brief", equipment.addresses),
    ("show interface", interfaces.interface),
    ("show interface port-status", network.port_status),
    ("show interface optical-module-info", interfaces.module),
    ("show optical-module-info", interfaces.module),
    ("show equipment optical-module", interfaces.module),
    ("show transceiver info", interfaces.module),
    ("show onu-type", profiles.onu_types),
    ("show onu running config", config.onu_management),
    ("show this", config.this),
    ("show running-config", config.running),
    ("show running-config-interface", config.running),
)
_SAVE = re.compile(r"wr(?:i(?:t(?:e)?)?)?", re.IGNORECASE)


def find(command: str) -> tuple[str, Parser] | None:
    """The display that a command asks for, abbreviations understood, and its parser; None for an unknown one."""
    words = command.casefold().split()
    if command.rstrip().endswith("?"):
        return "help", effects.help_text
    if words and _SAVE.fullmatch(words[0]):
        return "write", effects.saved
    asked = [(name, parser) for name, parser in _SHOWS if _asks(words, name.split())]
    if asked:
        name, parser = max(asked, key=lambda row: _likeness(words, row[0].split()))
        return name, _piped(parser, " ".join(words).partition("|")[2].split())
    if words and not (len(words[0]) > 1 and _short(words[0], "show")):
        return "command", effects.done
    return None


def parse(command: str, reply: str) -> dict[str, Any]:
    """Every row and field of one raw reply, under `display` and the display's own members.

    `not_found`, `refused` and `info` hold what the device said instead. Raises UnknownReply for what cannot be vouched for.
    """
    lines = clean(reply, command).lines
    found = find(command)
    if said := notice(lines):
        return {"display": found[0] if found else None} | said
    if found is None:
        raise UnknownReply("no parser for this command")
    name, parser = found
    if name.startswith("show") and not solid(lines):
        raise UnknownReply("an empty reply")
    return {"display": name} | parser(lines)


def _piped(parser: Parser, pipe: Sequence[str]) -> Parser:
    """The reader of what a pipe leaves of a configuration."""
    if parser is not config.running or not pipe:
        return parser
    return config.begun if _short(pipe[0], "begin") else config.filtered


def _asks(words: Sequence[str], display: Sequence[str]) -> bool:
    return len(words) >= len(display) and all(map(_short, words, display))


def _likeness(words: Sequence[str], display: Sequence[str]) -> tuple[int, int]:
    """How many words are there in full, and how many at all: `show onu running config` is no `show onu-type`."""
    return sum(map(str.__eq__, words, display)), len(display)


def _short(word: str, full: str) -> bool:
    """Whether a word is the full one or short for it."""
    return full.startswith(word)
