"""Interfaces: their state, their rates and counters, and the optical modules in them."""

import re
from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import beside
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.tables import is_rule
from vendors.zte_common.parse.values import Row, decimal, field, located, slug, text_or_none

_NAME = r"[A-Za-z]\w{0,40}(?:[-_][a-z]{1,40})?[-_ ]?\d[\d/.:]{0,40}"
_STATE = re.compile(
    rf"(?P<interface>{_NAME}) (?:admin status )?is (?P<admin>[a-z ]+?),\s*line protocol is (?P<line_protocol>\w+)"
    r"(?:,\s*detect status is (?P<detect_status>\w+))?\.?",
    re.IGNORECASE,
)
_SAID = re.compile(r"(?P<label>Description|Byname) is (?P<text>.*?)\.?", re.IGNORECASE)
_ONUS = re.compile(
    r"The port has (?P<onus_max>\d{1,4}) onus, the number of registered onus is (?P<onus_registered>\d{1,4})\.?"
)
_SENTENCE = re.compile(r"[A-Za-z][A-Za-z0-9 ,./_()-]{2,120}")
_HEADING = re.compile(
    r"(?P<name>(?:OLT|ONU|Total|Port) statistics?|Interface (?:current|peak) rate|Interface utilization|Input|Output)"
    r"\s*:",
    re.IGNORECASE,
)
_RATE = re.compile(r"(?P<bytes>\d{1,18}|N/A)\s+Bps(?:,?\s+(?P<packets>\d{1,18}|N/A)\s+pps)?", re.IGNORECASE)
_SHARES = re.compile(
    r"input\s+(?P<input>\d{1,3}(?:\.\d{1,6})?)%,?\s+output\s+(?P<output>\d{1,3}(?:\.\d{1,6})?)%"
)
_DEEP = frozenset({"input", "output"})

_MODULE = re.compile(rf"Optical module information\s*(?::\s*)?(?P<interface>{_NAME})?", re.IGNORECASE)
_MODULE_PART = re.compile(
    r"(?:Optical (?:Module|Transmitter|Receiver) [\w ]{1,60}|Basic-info|Diagnostic-info|Alarm-thresh[a-z]*)\s*:?",
    re.IGNORECASE,
)
_HEX = re.compile(r"(?:[0-9a-f]{2} ?){4,32}", re.IGNORECASE)
_VENDOR = re.compile(
    r"vend[eo]r_(?:name|pn|sn)|product_(?:name|date)|version_level|part_number|sequence_number"
)
_BEGINS = ("optical_module_position", "interface", "rx_power_dbm")
_POWERS = ("rx_power", "tx_power")


def interface(lines: Sequence[str]) -> Row:
    """`show interface NAME`: its state, what is said of it, and each block of rates and counters under its heading.

    An ONU has no line of state. Raises UnknownReply where rates are missing: every interface has them.
    """
    body = solid(lines)
    found: Row = {}
    if body and (state := _STATE.fullmatch(body[0].strip())):
        found = _state(state)
        body = body[1:]
    first = next((at for at, line in enumerate(body) if _is_counter(line)), len(body))
    said, facts = _said(body[:first])
    found |= said | ({"facts": facts} if facts else {})
    statistics = _statistics(body[first:])
    if "line_protocol" not in found and not next(iter(statistics), "").startswith("onu_statistic"):
        raise UnknownReply("neither a state nor the rates of an ONU: no interface that is known, or cut")
    return {"interface": found | ({"statistics": statistics} if statistics else {})}


def module(lines: Sequence[str]) -> Row:
    """`show interface optical-module-info` (C3xx) and `show optical-module-info` (TITAN): levels in dBm, limits beside them."""
    found: Row = {}
    last = ""
    for line in solid(lines):
        text = line.strip()
        if (named := _MODULE.fullmatch(text)) and named["interface"]:
            found |= {"interface": named["interface"], **located(named["interface"])}
        elif is_rule(line) or _MODULE_PART.fullmatch(text):
            continue
        elif isinstance(found.get(last), str) and _HEX.fullmatch(text):
            found[last] += f" {text}"
        else:
            last = _add(found, text)
    if not found.keys() & set(_BEGINS) or next(iter(found)) not in _BEGINS:
        raise UnknownReply("no optical module, or its beginning is missing")
    if not any(key.startswith(_POWERS) for key in found):
        raise UnknownReply("no optical level: no optical module, or cut")
    return {"module": found}


def _add(found: Row, text: str) -> str:
    """Put the fields of a line in; the last key of the line."""
    if not (named := beside(text)):
        raise UnknownReply("a line that is no field")
    last = ""
    for label, value in named:
        more = _measured(slug(label), value)
        if more.keys() & found.keys():
            raise UnknownReply("a field is there twice")
        found |= more
        last = next(iter(more))
    return last


def _measured(key: str, value: str) -> Row:
    if _VENDOR.fullmatch(key) or _HEX.fullmatch(value):
        return {key: text_or_none(value)}
    if key in _POWERS and text_or_none(re.sub(r"\s*\(.*", "", value)) is None:
        return {f"{key}_dbm": None}
    return field(key, value)


def _state(state: re.Match[str]) -> Row:
    name = state["interface"]
    parts = {key: text for key, text in state.groupdict().items() if text and key != "interface"}
    return {"interface": name, **located(name), **parts}


def _said(lines: Sequence[str]) -> tuple[Row, list[str]]:
    found: Row = {}
    facts: list[str] = []
    for text in map(str.strip, lines):
        if said := _SAID.fullmatch(text):
            told = text_or_none(said["text"])
            found[said["label"].lower()] = None if told in {"none", "null", None} else told
        elif onus := _ONUS.fullmatch(text):
            found |= {key: int(count) for key, count in onus.groupdict().items()}
        elif named := beside(text):
            for label, value in named:
                found |= field(slug(label), value)
        elif _SENTENCE.fullmatch(text):
            facts.append(text.rstrip("."))
        else:
            raise UnknownReply("a line that no rule explains")
    return found, facts


def _is_counter(line: str) -> bool:
    text = line.strip()
    return _HEADING.match(text) is not None or any(_RATE.fullmatch(value) for _, value in beside(text))


def _statistics(lines: Sequence[str]) -> Row:
    found: Row = {}
    block, here = found, found
    for text in map(str.strip, lines):
        heading = _HEADING.fullmatch(text)
        if heading is None:
            _count(here, text)
            continue
        name = slug(heading["name"])
        if name in _DEEP:
            here = _opened(block, name)
        else:
            block = here = _opened(found, name)
    return found


def _opened(parent: Row, name: str) -> Row:
    if name in parent:
        raise UnknownReply("a block is there twice")
    parent[name] = {}
    opened: Row = parent[name]
    return opened


def _count(here: Row, text: str) -> None:
    if not (named := beside(text)):
        raise UnknownReply("a line that no rule explains")
    for label, value in named:
        more = _counted(slug(label), value)
        if more.keys() & here.keys():
            raise UnknownReply("a counter is there twice")
        here |= more


def _counted(key: str, value: str) -> Row:
    if rate := _RATE.fullmatch(value):
        packets = {f"{key}_packets_per_s": decimal(rate["packets"])} if rate["packets"] else {}
        return {f"{key}_bytes_per_s": decimal(rate["bytes"]), **packets}
    if shares := _SHARES.fullmatch(value):
        return {f"{key}_{way}_percent": float(share) for way, share in shares.groupdict().items()}
    return field(key, value)
