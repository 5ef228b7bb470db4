"""What a refusal of the device means for an order."""

import re
from typing import Any, NoReturn

from vendors.contract import Command
from vendors.errors import NotConverged, OltBusy, OrderRejected, ProvisioningError
from vendors.huawei_smartax.parse import SYNTAX_KINDS

_MEANINGS: tuple[tuple[re.Pattern[str], type[ProvisioningError], str | None], ...] = tuple(
    (re.compile(text, re.IGNORECASE), kind, code)
    for text, kind, code in (
        (r"system is busy|reading or writing flash|being executed|save configuration file", OltBusy, None),
        # Whoever registered it in between: the next observation shows where, and whether it may be touched.
        (r"\bSN\b.*(?:already exists|has been used|conflicted)", NotConverged, "serial_already_registered"),
        (r"ONT ID has already existed", NotConverged, None),
        (r"service virtual port has existed already", NotConverged, None),
        (r"configured object has some service virtual ports", NotConverged, None),
        (r"ONT is not online|GEM port cannot be deleted", NotConverged, None),
        (r"profile(?:s)? (?:does|do) not exist", OrderRejected, "profile_missing"),
        (
            r"(?:ont-)?(?:line|srv)profile does not exist|traffic table does not exist",
            OrderRejected,
            "profile_missing",
        ),
        (
            r"(?:number|quantity) of (?:the )?ONTs?.*(?:limit|maximum|reach|exceed)",
            OrderRejected,
            "port_full",
        ),
        (r"insufficient privilege", OrderRejected, None),
    )
)
"""First match wins. The wordings of a full port and of privilege were found nowhere: guesses."""


def meant(command: Command, refusal: dict[str, Any], reply: str) -> NoReturn:
    """Raise what the refusal of `command` means."""
    answer = refusal.get("refused", {})
    text = answer.get("text") or refusal.get("text", "")
    raise _error(text, answer.get("kind", "absent"), {"command": command.text, "reply": reply})


def _error(text: str, kind: str, about: dict[str, str]) -> ProvisioningError:
    if kind == "busy":
        return OltBusy(text, **about)
    if kind in SYNTAX_KINDS:
        return OrderRejected(text, code="olt_syntax", **about)
    for pattern, meaning, code in _MEANINGS:
        if pattern.search(text):
            return _made(meaning, text, code, about)
    return OrderRejected(text, **about)


def _made(
    kind: type[ProvisioningError], text: str, code: str | None, about: dict[str, str]
) -> ProvisioningError:
    return kind(text, code=code, command=about["command"], reply=about["reply"])


def already(refusal: dict[str, Any]) -> bool:
    """Whether the device says that it is as it should be: nothing to change, or nothing there to remove."""
    text = str(refusal.get("text") or refusal.get("refused", {}).get("text", ""))
    return "Make configuration repeatedly" in text


def absent(refusal: dict[str, Any]) -> bool:
    """Whether the device says, in whatever words, that the ONT or the service-port is not there."""
    text = str(refusal.get("refused", {}).get("text", ""))
    return refusal.get("found") is False or _ABSENT.search(text) is not None


_ABSENT = re.compile(r"(?:ONT|service virtual port)s?\b[^.]{0,40}(?:does|do) not exist", re.IGNORECASE)
