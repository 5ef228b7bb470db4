"""What became of each command that was sent to an OLT: its verdict, as a measurement and as a span."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from schemas.inventory import Olt
from vendors.contract import Platform
from vendors.errors import OltUnreachable, ProvisioningError, UnknownReply
from vendors.quoting import line
from worker import tracing
from worker.provision_metrics import COMMAND_SECONDS, COMMANDS, UNKNOWN_REPLIES

if TYPE_CHECKING:
    from vendors.session import Exchange

Verdict = Literal["done", "refused", "unknown", "unknown_reply"]


@dataclass(frozen=True)
class Heard:
    """An exchange with an OLT, and when its reply was there (Unix time, nanoseconds)."""

    exchange: "Exchange"
    at_ns: int

    @classmethod
    def now(cls, exchange: "Exchange") -> "Heard":
        """One that has just ended."""
        return cls(exchange, time.time_ns())


def tell(olt: Olt, platform: Platform, heard: Sequence[Heard], error: ProvisioningError | None) -> None:
    """Count and trace what was said since the last question or change, which ended with `error` or well."""
    exchanges = [one.exchange for one in heard]
    for exchange, began_ns, verdict in zip(exchanges, begun(heard), verdicts(exchanges, error), strict=True):
        COMMANDS.labels(olt.platform, verdict).inc()
        COMMAND_SECONDS.labels(olt.platform).observe(exchange.seconds, tracing.exemplar())
        if tracing.on():
            _trace(platform, exchange, began_ns, verdict)
    if isinstance(error, UnknownReply):
        UNKNOWN_REPLIES.labels(olt.id, olt.platform).inc()


def verdicts(exchanges: "Sequence[Exchange]", error: ProvisioningError | None) -> list[Verdict]:
    """What became of each: `error` speaks of the one it names, else of the last."""
    found: list[Verdict] = ["done" if one.complete else "unknown" for one in exchanges]
    if error is None or isinstance(error, OltUnreachable) or not found:
        return found
    named = [at for at, one in enumerate(exchanges) if one.command == error.command]
    found[named[-1] if named else -1] = "unknown_reply" if isinstance(error, UnknownReply) else "refused"
    return found


def begun(heard: Sequence[Heard]) -> list[int]:
    """When each began (Unix time, nanoseconds): those that were sent in one write share its time, one after another."""
    found: list[int] = []
    for one in reversed(heard):
        ended_ns = min(one.at_ns, found[-1]) if found else one.at_ns
        found.append(ended_ns - int(one.exchange.seconds * 1e9))
    return found[::-1]


def _trace(platform: Platform, exchange: "Exchange", began_ns: int, verdict: Verdict) -> None:
    told = {
        "acende.command.text": line(platform, exchange.command),
        "acende.command.mode": " > ".join(exchange.path),
        "acende.command.effect": exchange.effect,
        "acende.command.verdict": verdict,
    }
    span = tracing.start("command", told, kind=tracing.SpanKind.CLIENT, at_ns=began_ns)
    if verdict != "done":
        tracing.fail(span, verdict)
    span.end(began_ns + int(exchange.seconds * 1e9))
