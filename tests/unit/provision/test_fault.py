"""What a bug of ours costs, by the kind of the job in whose run it showed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.provision.builders import HERE, SERIAL
from worker.fault import after_fault
from worker.outcome import Answered, Ended, Failed, Later, Outcome, Removed
from worker.retry import RetryPolicy
from worker.store.work import Job

POLICY = RetryPolicy()
NOW = datetime(2026, 3, 2, tzinfo=UTC)
ORDER = Job(1, "provision", "olt-1", NOW, NOW, "OS-1", 1, SERIAL, HERE)
WHOLE = Job(2, "scan", "olt-1", NOW, NOW)


def after(job: Job, **notes: Any) -> Outcome:
    return after_fault(replace(job, notes=notes), POLICY, 0.0)


@pytest.mark.parametrize("kind", ["provision", "deprovision", "scan", "save"])
def test_a_bug_is_followed_by_another_try_after_a_growing_pause_and_nothing_is_forgotten(kind: str) -> None:
    job = replace(ORDER if "provision" in kind else WHOLE, kind=kind)
    first = after(job, attempts=2, lit=True)
    assert isinstance(first, Later)
    assert (first.seconds, first.notes["attempts"], first.notes["lit"]) == (5, 2, True)
    later = after(job, **first.notes)
    assert isinstance(later, Later)
    assert (later.seconds, later.notes["faults"]) == (10, 2)


@pytest.mark.parametrize(
    ("job", "ends"),
    [
        (ORDER, Failed),
        (replace(ORDER, kind="deprovision"), Removed),
        (replace(WHOLE, kind="save"), Ended),
        (WHOLE, Later),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_when_the_attempts_are_used_up_everything_ends_but_a_search(job: Job, ends: type[Outcome]) -> None:
    outcome = after(job, faults=7, registrations=[[SERIAL, str(HERE)]])
    assert isinstance(outcome, ends)
    match outcome:
        case Failed(failure):
            assert (failure.code, failure.parked) == ("attempts_exhausted", True)
        case Removed(left=left):
            assert [(one.serial, one.code) for one in left] == [(SERIAL, "left_refused")]
        case Later(seconds):
            assert seconds == POLICY.longest_s


def test_whoever_asks_for_a_dry_run_is_answered_at_once() -> None:
    outcome = after(replace(ORDER, kind="plan"))
    assert isinstance(outcome, Answered)
    assert outcome.answer["code"] == "internal_error"
