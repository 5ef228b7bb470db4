"""The device's words for what goes wrong."""

from vendors.simulator.rows import Refusal

_WIDTH = 58
_PROFILES = {
    "line": "The line profile does not exist",
    "service": "The service profile does not exist",
    "traffic": "The traffic table does not exist",
    "dba": "The DBA-profile does not exist",
}
_FAILURES = {
    "serial_exists": "SN already exists",
    "onu_id_exists": "The ONT ID has already existed",
    "port_full": "The number of ONTs reaches the upper limit",
    "no_such_board": "This board does not exist",
    "no_such_port": "The port does not exist",
    "no_such_onu": "The ONT does not exist",
    "onu_offline": "The ONT is not online",
    "profile_exists": "The profile has already existed",
    "profile_in_use": "The profile is being used",
    "no_such_vlan": "VLAN does not exist",
    "no_such_tcont": "The T-CONT does not exist",
    "tcont_in_use": "The T-CONT is being used",
    "no_such_gem": "The GEM port does not exist",
    "gem_in_use": "The GEM port cannot be deleted because it is being used",
    "no_such_uni": "The ONT port does not exist",
    "service_ports_exist": "This configured object has some service virtual ports",
    "service_port_exists": "Service virtual port has existed already",
    "flow_exists": "Service virtual port has existed already",
    "no_such_service_port": "The service virtual port does not exist",
    "repeated": "Make configuration repeatedly",
    "unsupported": "The ONT can not support",
    "busy": "System is busy, please retry after a while",
}
"""Where the manuals are silent (ports, GEM ports, a full port) the wording is a guess."""


def failure(text: str) -> str:
    """A refusal as printed: broken into lines where it is long."""
    lines, line = [], "  Failure:"
    for word in text.split():
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = f"  {word}"
        else:
            line = f"{line} {word}"
    return "\n".join([*lines, line]) + "\n"


def refusal(no: Refusal) -> str:
    """The device's words for a refusal of the model."""
    if no.kind == "no_such_profile" and isinstance(no.about, tuple):
        return failure(_PROFILES.get(str(no.about[0]), "The profile does not exist"))
    said = failure(_FAILURES.get(no.kind, "The operation failed"))
    if no.kind in {"flow_exists", "service_port_exists"}:
        return f"{said}  Conflicted service virtual port index: {no.about}\n"
    return said


def caret(column: int, what: str) -> str:
    """A syntax error: the caret under the word, then what is wrong with it."""
    return f"{' ' * column}^\n  % {what}, the error locates at '^'\n"
