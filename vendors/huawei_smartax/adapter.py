"""Huawei SmartAX in profile mode: MA5600T family (MA5600V800R0xx), MA5800 and EA5800 (V100R0xx), GPON and XGS-PON.

Replies: tests/transcripts/huawei_smartax/. A module of pure functions; `contract.Adapter` says what each owes.
"""

from typing import Any

from vendors.contract import Command, Registration, Serving, write
from vendors.errors import OrderRejected
from vendors.huawei_smartax import parse as replies
from vendors.huawei_smartax.observing import discover, health, naming, observe
from vendors.huawei_smartax.planning import limits, plan
from vendors.huawei_smartax.platform import PLATFORM
from vendors.huawei_smartax.refusals import absent, already, meant

__all__ = ["PLATFORM", "check", "discover", "health", "limits", "observe", "parse", "plan", "save", "serving"]

_GOES_WRONG = frozenset({"failed", "failing"})
_REMOVALS = ("undo ", "ont delete ")


def serving(found: Registration) -> Serving:
    """What run, config and match state mean for the customer.

    A mismatch alone serves: the service profile counts other ports than the ONU has, and the flows pass all the same.
    """
    if found.states.get("control", "active").startswith("deactiv"):
        return "failed"
    if not found.online:
        return "dark"
    if found.states.get("config") in _GOES_WRONG:
        return "failed"
    return "online" if found.states.get("config") == "normal" else "configuring"


def check(command: Command, reply: str) -> None:
    """Raise what a refusal means, or UnknownReply for an answer to a change that no rule explains.

    What is as it should be already (nothing to change, nothing there to remove) is no refusal: the next observation
    tells whether it is so.
    """
    with naming(command, reply):
        refusal = replies.refusal_in(command.text, reply)
    if refusal is not None:
        if already(refusal) or (command.text.startswith(_REMOVALS) and absent(refusal)):
            return
        meant(command, refusal, reply)
    if command.effect == "read":
        return
    with naming(command, reply):
        said = replies.read(command.text, reply)
    if said.get("accepted") is False or said.get("success") == 0:
        raise OrderRejected("the OLT did not carry it out", command=command.text, reply=reply)


def save() -> tuple[Command, ...]:
    """`save` comes back at once and goes on behind the prompt; until it is done other commands answer as busy."""
    return (write("save", path=(), timeout_s=150.0).model_copy(update={"effect": "save"}),)


def parse(command: str, reply: str) -> dict[str, Any]:
    """Every row and field of one raw reply. Raises UnknownReply for what cannot be vouched for."""
    return replies.parse(command, reply)
