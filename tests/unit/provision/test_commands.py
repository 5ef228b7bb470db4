"""What became of each command, by what was heard and how it ended."""

from __future__ import annotations

import pytest

from vendors.errors import OltBusy, OltUnreachable, OrderRejected, ProvisioningError, UnknownReply
from vendors.session import Exchange
from worker import commands
from worker.commands import Heard, Verdict, verdicts

SECOND = 1_000_000_000


def said(command: str, *, complete: bool = True, seconds: float = 0.1) -> Exchange:
    return Exchange(command, "", seconds, (), complete=complete)


@pytest.mark.parametrize(
    ("exchanges", "error", "expected"),
    [
        pytest.param([said("a"), said("b")], None, ["done", "done"], id="well"),
        pytest.param([said("a")], OrderRejected("no", command="a"), ["refused"], id="refused"),
        pytest.param([said("a")], OltBusy("locked", command="a"), ["refused"], id="busy"),
        pytest.param(
            [said("a"), said("b"), said("c")],
            UnknownReply("?", command="b"),
            ["done", "unknown_reply", "done"],
            id="one-display-of-several",
        ),
        pytest.param(
            [said("a"), said("a")],
            UnknownReply("?", command="a"),
            ["done", "unknown_reply"],
            id="asked-twice",
        ),
        pytest.param([said("a")], UnknownReply("a value that cannot be"), ["unknown_reply"], id="unnamed"),
        pytest.param(
            [said("a"), said("b", complete=False), said("c", complete=False)],
            OltUnreachable("dropped", command="b / c"),
            ["done", "unknown", "unknown"],
            id="cut-off",
        ),
        pytest.param(
            [said("a", complete=False)], UnknownReply("sure?", command="a"), ["unknown_reply"], id="question"
        ),
        pytest.param([], OltUnreachable("the session has ended"), [], id="nothing-sent"),
    ],
)
def test_a_verdict_is_of_the_command_that_the_error_names(
    exchanges: list[Exchange], error: ProvisioningError | None, expected: list[Verdict]
) -> None:
    assert verdicts(exchanges, error) == expected


def test_commands_of_one_write_share_its_time_one_after_another() -> None:
    heard = [Heard(said(text, seconds=1.0), 10 * SECOND) for text in "abc"]
    assert commands.begun(heard) == [7 * SECOND, 8 * SECOND, 9 * SECOND]


def test_commands_with_a_pause_between_begin_when_they_were_sent() -> None:
    heard = [Heard(said("a", seconds=1.0), 5 * SECOND), Heard(said("b", seconds=1.0), 10 * SECOND)]
    assert commands.begun(heard) == [4 * SECOND, 9 * SECOND]
