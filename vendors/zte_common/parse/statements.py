"""One line of the configuration of an ONU in its parts. A line that is not known here is given whole, without parts."""

import re
from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]

_FORMS = {
    "#": r"\d{1,4}",
    "@": r"\S+",
    "~": r"(?:[\d,-]+|untagged)",
    "*": r"\S(?:.*\S)?",
}
"""In a statement `#onu` is a number, `@name` a word, `~vlan` a list of VLANs, `*more` the rest, `%uni` a port of the ONU."""
_UNI = r"(?P<kind>[a-z]{2,6})_(?:(?P<slot>\d{1,2})/)?(?P<port>\d{1,3})"
"""`eth_0/1`, `veip_1`."""
_TOKEN = re.compile(
    r"(?P<open>\[)|(?P<close>\])|(?P<gap> +)|%uni|(?P<form>[#@~*])(?P<key>\w+)|(?P<word>[^\s\[\]]+)"
)

_STATEMENTS = {
    "onu": "onu #onu type @type[ sn @sn][ pw @pw][ loid @loid][ *more]",
    "name": "name *name",
    "description": "description *description",
    "sn_bind": "sn-bind *sn_bind",
    "tcont": "tcont #tcont[ name @name] profile @profile[ *more]",
    "tcont_gap": "tcont #tcont gap @gap",
    "gemport": "gemport #gemport[ name @name][ unicast] tcont #tcont[ dir @dir][ queue #queue][ *more]",
    "gemport_limit": "gemport #gemport traffic-limit[ upstream @upstream][ downstream @downstream]",
    "gemport_flow": "gemport #gemport flow #flow",
    "encrypt": "encrypt #gemport @state @direction",
    "switchport": "switchport mode @mode vport #vport",
    "switchport_vlan": "switchport vlan ~vlan @tag[ vport #vport]",
    "service_port": (
        "service-port #service_port[ vport #vport] user-vlan ~user_vlan[ vlan ~vlan][ svlan ~svlan]"
        "[ ingress @ingress][ egress @egress][ *more]"
    ),
    "service_port_description": "service-port #service_port description *description",
    "service_port_other": "service-port #service_port[ vport #vport] *more",
    "traffic_policy": "qos traffic-policy @policy direction @direction",
    "service": (
        "service @service[ type @type] gemport #gemport[ iphost #iphost][ veip #veip][ cos ~cos][ vlan ~vlan]"
    ),
    "vlan_port_vlans": "vlan port %uni vlan ~vlans",
    "vlan_port": "vlan port %uni mode @mode[ vlan ~vlan][ def-vlan #def_vlan][ pri #priority]",
    "wan_ip": "wan-ip[ #wan_ip][ ipv4] mode @mode[ *options]",
    "wan_ip_ping": (
        "wan-ip[ #wan_ip][ ipv4] ping-response @ping_response[ traceroute-response @traceroute_response]"
    ),
    "wan": "wan #wan[ ethuni ~ethuni][ ssid ~ssid][ mvlan ~mvlan] service @service[ host #host][ *more]",
    "mgmt_ip": "mgmt-ip @address @mask vlan #vlan[ priority #priority][ route *route host #host]",
    "ip_host": "ip-host #host ip @address mask @mask[ gateway @gateway][ *more]",
    "flow": "flow #flow pri #priority vlan ~vlan[ *more]",
    "security": "security-mgmt #rule *more",
    "tr069": (
        "tr069-mgmt #tr069[ state @state][ acs @acs][ validate basic username @username password @password]"
        "[ tag pri #priority vlan #vlan]"
    ),
    "ssid_name": "ssid ctrl %uni[ name *name]",
    "ssid_key": "ssid auth wpa %uni key @key[ *more]",
    "ssid_auth": "ssid auth @auth %uni[ *more]",
    "veip": "veip #veip[ *more]",
    "interface_state": "interface @interface %uni state @state",
}


def _compiled(form: str) -> re.Pattern[str]:
    parts: list[str] = []
    for token in _TOKEN.finditer(form):
        if token["open"]:
            parts.append("(?:")
        elif token["close"]:
            parts.append(")?")
        elif token["gap"]:
            parts.append(r"\s+")
        elif token["form"]:
            parts.append(f"(?P<{token['key']}>{_FORMS[token['form']]})")
        else:
            parts.append(re.escape(token["word"]) if token["word"] else _UNI)
    return re.compile("".join(parts))


_OPTION = re.compile(r"(?<![a-z-])([a-z][a-z-]*) (\S+)(?: |$)")
"""`vlan-profile VP host 1`: words whose order differs between software."""
_PATTERNS = {name: _compiled(form) for name, form in _STATEMENTS.items()}
_NUMBERS = {
    name: frozenset(re.findall(r"[#~](\w+)", form)) | ({"slot", "port"} if "%uni" in form else frozenset())
    for name, form in _STATEMENTS.items()
}


def statement(line: str) -> Row:
    """The parts of a line under `statement` (its kind), numbers as numbers; nothing for a line that is not known."""
    for name, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(line):
            groups = found.groupdict()
            options = _options(groups.pop("options", None) or "")
            return {"statement": name} | _parts(groups, _NUMBERS[name]) | options
    return {}


def _options(text: str) -> Row:
    found = {key.replace("-", "_"): value for key, value in _OPTION.findall(text)}
    if _OPTION.sub("", text):
        return {"more": text}
    return _parts(found, frozenset({"host"}))


def _parts(groups: Mapping[str, str | None], numbers: frozenset[str]) -> Row:
    return {
        key: int(text) if key in numbers and text.isdecimal() and text.isascii() and len(text) < 5 else text
        for key, text in groups.items()
        if text is not None
    }
