"""What the simulator prints has the shape of what devices print: the same headers, rules, labels and columns."""

import re

import pytest

from tests.unit.zte.captures import all_pieces, variants
from tests.unit.zte.simulated import bench, router

CAPTURED = {piece.id: piece for piece in (*all_pieces(), *variants())}
_PROMPT = re.compile(r"^[\w.-]+(?:\([^)]*\))?#.*$", re.MULTILINE)
_LABEL = re.compile(r"(?P<label>\s*(?:1PPS\+ToD|[A-Za-z][A-Za-z ./-]*?)\s?):\s*(?P<value>.*)")
_CELL = re.compile(r"\S+(?: \S+)*")

CASES = [
    ("zte_zxan", "V2.1.0", "show gpon onu uncfg", "c320-v21-show-gpon-onu-uncfg-1"),
    ("zte_titan", "V2.0.1", "show pon onu uncfg", "titan-show-pon-onu-uncfg-1"),
    ("zte_zxan", "V2.1.0", "show pon onu uncfg", "c320-v21-pon-uncfg-1"),
    ("zte_zxan", "V1.2.5", "show gpon onu state {olt}", "c320-v1-show-gpon-onu-state-2"),
    ("zte_zxan", "V2.1.0", "show gpon onu state {olt}", "c320-v21-show-gpon-onu-state-1"),
    ("zte_titan", "V1.2.2", "show gpon onu state {olt}", "titan-state-after-a-login-1"),
    ("zte_titan", "V2.0.1", "show gpon onu state {olt}", "c320-v21-show-gpon-onu-state-1"),
    ("zte_titan", "V2.0.1", "show gpon onu baseinfo {olt}", "titan-show-gpon-onu-baseinfo-1"),
    ("zte_zxan", "V2.1.0", "show gpon onu baseinfo {olt}", "c300-baseinfo-long-types-1"),
    ("zte_zxan", "V1.2.5", "show gpon onu detail-info {onu}", "c320-v1-show-gpon-onu-detail-info-1"),
    ("zte_zxan", "V2.1.0", "show gpon onu detail-info {onu}", "c300-v2-detail-info-channel-1"),
    ("zte_titan", "V2.0.1", "show gpon onu detail-info {onu}", "titan-detail-info-speed-mode-1"),
    ("zte_zxan", "V1.2.5", "show pon power attenuation {onu}", "c320-v1-show-pon-power-attenuation-2"),
    ("zte_zxan", "V1.2.5", "show pon power attenuation {dark}", "c320-v1-show-pon-power-attenuation-1"),
    ("zte_zxan", "V2.1.0", "show pon power attenuation {onu}", "c320-v21-show-pon-power-attenuation-1"),
    ("zte_zxan", "V2.1.0", "show pon power onu-rx {olt}", "c320-onu-rx-of-a-port-1"),
    ("zte_zxan", "V2.1.0", "show gpon remote-onu equip {onu}", "c320-v1-show-gpon-remote-onu-equip-1"),
    (
        "zte_zxan",
        "V2.1.0",
        "show gpon remote-onu interface eth {onu}",
        "c320-v1-show-gpon-remote-onu-interface-eth-1",
    ),
    ("zte_zxan", "V2.1.0", "show mac gpon onu {onu}", "c320-v1-show-mac-gpon-onu-1"),
    ("zte_zxan", "V2.1.0", "show card", "c320-v21-show-card-1"),
    ("zte_zxan", "V2.1.0", "show onu-type gpon", "c320-v21-show-onu-type-1"),
    ("zte_zxan", "V2.1.0", "show gpon profile tcont", "c320-tcont-profiles-1"),
    ("zte_zxan", "V2.1.0", "show gpon profile traffic", "c320-traffic-profiles-1"),
    ("zte_zxan", "V2.1.0", "write", "c300-uplink-vlan-and-write-7"),
]


def fixed(text: str) -> list[str]:
    """Rules, headers and labels, each once, in their order."""
    found: dict[str, None] = {}
    for line in _PROMPT.sub("", text).split("\n"):
        if label := _LABEL.fullmatch(line):
            found[label["label"]] = None
        elif line.strip() and not re.search(r"\d", re.sub(r"\((?:5s|1m|5m)\)|1PPS|O7", "", line)):
            found[line.rstrip()] = None
    return list(found)


def columns(text: str) -> set[int]:
    """Where the cells of rows and the values of labels begin."""
    found: set[int] = set()
    for line in _PROMPT.sub("", text).split("\n"):
        if (label := _LABEL.fullmatch(line)) and label["value"].strip():
            found.add(label.start("value"))
        elif not label and re.search(r"\d", line):
            found |= {cell.start() for cell in _CELL.finditer(line)}
    return found


@pytest.mark.parametrize(("family", "version", "command", "captured"), CASES)
def test_a_display_has_the_shape_of_the_captured_one(
    family: str, version: str, command: str, captured: str
) -> None:
    olt = bench(family, version)
    dash = ("gpon_olt-", "gpon_onu-") if family == "zte_titan" else ("gpon-olt_", "gpon-onu_")
    names = {"olt": f"{dash[0]}1/2/3", "onu": f"{dash[1]}1/2/3:1", "dark": f"{dash[1]}1/2/3:2"}
    if "{" in command or "mac" in command:
        olt.reconcile(router(olt.adapter))
    text = olt.type("end", command.format(**names))
    assert text
    real = CAPTURED[captured].raw
    assert fixed(text) == [line for line in fixed(real) if line in fixed(text)]
    assert set(fixed(text)) == set(fixed(real)) - LOGIN
    assert columns(text) <= columns(real)


LOGIN = set(fixed(CAPTURED["titan-state-after-a-login-1"].raw.split("ZXAN#")[0]))
"""What the capture that begins with a login holds beside the display."""
