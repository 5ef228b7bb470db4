"""What a run leaves for the next one after an error."""

from __future__ import annotations

import pytest

from vendors.contract import Platform
from vendors.errors import (
    NotConverged,
    OltBusy,
    OltUnreachable,
    OrderRejected,
    ProvisioningError,
    UnknownReply,
)
from worker.notes import Notes
from worker.outcome import Failed, Later, after_error, detail
from worker.retry import RetryPolicy

PLATFORM = Platform(name="huawei_smartax", prompt="#")
POLICY = RetryPolicy()
PARAMS = {"olt": "olt-1", "place": "olt-1 0/1/0", "serial": "HWTC1A2B3C4D"}


def after(error: ProvisioningError, notes: Notes) -> Later | Failed:
    return after_error(error, notes, POLICY, 0.0, {**PARAMS, "detail": detail(error, PLATFORM)})


@pytest.mark.parametrize("error", [OltUnreachable("gone", maybe_sent=True), OltBusy("locked")])
def test_an_olt_that_cannot_be_used_uses_up_no_attempt(error: ProvisioningError) -> None:
    outcome = after(error, Notes(faults=7, waits=2))
    assert isinstance(outcome, Later)
    assert (outcome.seconds, outcome.code) == (20, error.reason)
    assert Notes.of(outcome.notes).faults == 7


def test_what_may_pass_uses_up_an_attempt_and_then_parks() -> None:
    outcome = after(NotConverged("?"), Notes(faults=6))
    assert isinstance(outcome, Later)
    assert outcome.code == "retry_scheduled"
    last = after(NotConverged("?"), Notes.of(outcome.notes))
    assert isinstance(last, Failed)
    assert (last.failure.code, last.failure.parked) == ("attempts_exhausted", True)
    assert "olt-1" in str(last.failure.params["last"])


def test_an_odd_reply_to_a_question_is_asked_again_and_then_fails_as_what_it_is() -> None:
    error = UnknownReply("?", command="display x", reply="flux", reading=True)
    first = after(error, Notes(faults=2, waits=3))
    assert isinstance(first, Later)
    assert (first.code, first.seconds, first.params["attempt"]) == ("retry_scheduled", 5, 1)
    assert Notes.of(first.notes) == Notes(faults=2, unread=1)
    between = after(OltUnreachable("gone"), Notes.of(first.notes))
    assert isinstance(between, Later)
    second = after(error, Notes.of(between.notes))
    assert isinstance(second, Later)
    last = after(error, Notes.of(second.notes))
    assert isinstance(last, Failed)
    assert (last.failure.code, last.failure.params["attempts"]) == ("unknown_reply", 3)


def test_an_odd_reply_to_a_change_stops_at_once() -> None:
    outcome = after(UnknownReply("?", command="ont add", reply="flux"), Notes())
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "unknown_reply"


def test_a_refusal_fails_at_once_and_says_what_was_refused() -> None:
    error = OrderRejected(
        "no profile", command="ont add 0", reply="  Failure: no profile\n", code="profile_missing"
    )
    outcome = after(error, Notes())
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "profile_missing"
    assert outcome.failure.params["detail"] == "Failure: no profile [ont add 0]"
    assert not outcome.failure.parked


def test_notes_survive_the_database() -> None:
    notes = Notes(2, 1, 3, True, "2026-03-02T12:00:00+00:00", True, "ab", "EG8145V5", (("olt-2", "0/1/0"),))
    assert Notes.of(notes.kept()) == notes
    assert Notes.of({"site": "x", "olt": None}) == Notes()


def test_an_error_that_uses_up_an_attempt_ends_the_pauses_in_a_row() -> None:
    outcome = after(NotConverged("?"), Notes(faults=1, waits=3))
    assert isinstance(outcome, Later)
    assert (outcome.notes["waits"], outcome.notes["faults"]) == (0, 2)


@pytest.mark.parametrize(
    ("error", "quoted"),
    [
        (OrderRejected("why", command="cmd", reply="Failure: no profile"), True),
        (OrderRejected("Failure: no profile", command="cmd", reply="  "), True),
        (UnknownReply("why", command="cmd", reply="Failure: no profile"), False),
        (OltUnreachable("why", command="cmd", reply="Failure: no profile"), False),
        (OrderRejected("why", reply="Failure: no profile"), True),
    ],
)
def test_what_is_told_of_an_error_is_what_was_understood_of_the_reply(
    error: ProvisioningError, *, quoted: bool
) -> None:
    told = detail(error, PLATFORM)
    assert ("Failure: no profile" in told) is quoted
    assert told.endswith("[cmd]") is bool(error.command)
