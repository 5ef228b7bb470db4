"""How a run of a job ends: values, and the pure rules that lead to them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from events.outputs import Left, Where
from events.reasons import clean, reason
from events.stages import Stage
from schemas.place import PonPort
from vendors import quoting
from vendors.contract import Platform
from vendors.errors import OltUnreachable, ProvisioningError, UnknownReply
from worker.notes import Notes
from worker.retry import Decision, GiveUp, RetryIn, RetryPolicy, Rule, decide, decide_read, rule_of
from worker.store.orders import Achieved, Failure


@dataclass(frozen=True)
class Completed:
    """The order is done.

    `applied` are digests of what was applied and accepted, by field. `own`: its registration is the order's own. `gone` are
    ports of this OLT where something of its own was and is no more.
    """

    achieved: Achieved
    applied: Mapping[str, str] = field(default_factory=dict)
    own: bool = False
    gone: tuple[PonPort, ...] = ()


@dataclass(frozen=True)
class Failed:
    """The order has failed."""

    failure: Failure


@dataclass(frozen=True)
class Later:
    """The job is due again after a pause; `stage` and `code` tell the order's people why, where there is news."""

    seconds: float
    notes: Mapping[str, Any]
    stage: Stage | None = None
    code: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    applied: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Removed:
    """A removal has ended: what was removed, what stays, and which of the order's own registrations are gone."""

    removed: tuple[Where, ...] = ()
    left: tuple[Left, ...] = ()
    gone: tuple[tuple[str, str], ...] = ()
    """Serial and port."""


@dataclass(frozen=True)
class Ended:
    """A job of a whole OLT has nothing left to do."""


@dataclass(frozen=True)
class Answered:
    """A question about the OLT is answered: the job ends with the answer as its payload."""

    answer: Mapping[str, Any]


@dataclass(frozen=True)
class Superseded:
    """The order wants something else by now: nothing is said."""


@dataclass(frozen=True)
class Recorded:
    """The run has written its outcome itself."""


Outcome = Completed | Failed | Later | Removed | Ended | Answered | Superseded | Recorded


def after_error(
    error: ProvisioningError, notes: Notes, policy: RetryPolicy, spread: float, params: Mapping[str, object]
) -> Later | Failed:
    """What follows an error of a run that worked for an order; `params` hold what may be told of it."""
    if isinstance(error, UnknownReply) and error.reading:
        notes = replace(notes, unread=notes.unread + 1, waits=0)
        return _decided(decide_read(notes.unread, policy, spread), error.reason, notes, notes.unread, params)
    return after_code(error.reason, notes, policy, spread, params)


def after_code(
    code: str, notes: Notes, policy: RetryPolicy, spread: float, params: Mapping[str, object]
) -> Later | Failed:
    """What follows a run that ended with `code`."""
    if rule_of(code) is Rule.WAIT:
        notes = replace(notes, waits=notes.waits + 1)
        tries = notes.waits
    else:
        notes = replace(notes, faults=notes.faults + 1, waits=0)
        tries = notes.faults
    return _decided(decide(code, tries, policy, spread), code, notes, tries, params)


def _decided(
    decision: Decision, code: str, notes: Notes, tries: int, params: Mapping[str, object]
) -> Later | Failed:
    match decision:
        case GiveUp(final, parked):
            last = clean(reason(code).say(params).text_pt)
            told = {**params, "attempts": tries, "last": last}
            return Failed(Failure(final, told, parked=parked))
        case RetryIn(seconds):
            return Later(seconds, notes.kept(), Stage.QUEUED, "retry_scheduled", {**params, "attempt": tries})
    return Later(decision.seconds, notes.kept(), Stage.QUEUED, code, params)


def detail(error: ProvisioningError, platform: Platform, people: Iterable[str] = ()) -> str:
    """What the OLT refused, in words that may leave, and the command: one short line, what is cut is the command's end.

    Of a reply that no rule explains, or that is not whole, nothing is told but why it was not understood.
    """
    command = quoting.line(platform, error.command, people)
    explained = error.reply.strip() and not isinstance(error, OltUnreachable | UnknownReply)
    said = quoting.told(platform, error.reply if explained else str(error), command, people)
    return clean(f"{said} [{command}]" if command else said)
