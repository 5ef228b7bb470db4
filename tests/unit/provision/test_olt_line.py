"""What is said on a line is kept, told and judged: changes, odd replies, rows that could not be read."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from schemas.inventory import Olt
from tests.unit.provision.builders import HERE, SERIAL, seen
from vendors.contract import Platform, write
from vendors.errors import OltBusy, UnknownReply
from vendors.left_out import Sightings
from worker import commands, olt_line
from worker.ledger import Learnt
from worker.olt_line import REPLY_KEPT, ROW_KEPT, Interrupted, OltLine, Record
from worker.provision_metrics import ROWS_LEFT_OUT
from worker.store.work import Step

OLT = Olt(id="olt-1", site="centro", platform="huawei_smartax", address="10.0.0.1", transport="telnet")
PLATFORM = Platform(name="huawei_smartax", prompt="#", redactions=(r"password (\S+)",))


def exchange(command: str = "cmd", reply: str = "Failure: no profile", **more: Any) -> Any:
    base = {
        "command": command,
        "reply": reply,
        "complete": True,
        "seconds": 0.12345,
        "path": ("config",),
        "effect": "change",
    }
    return SimpleNamespace(**(base | more))


@dataclass
class Session:
    """Answers what it is told to."""

    replies: list[Any] = field(default_factory=list)
    said: list[Any] = field(default_factory=list)
    closed: int = 0

    def timeout_s(self, command: Any) -> float:
        return 30.0 if command.text == "long" else 5.0

    async def send(self, batch: tuple[Any, ...]) -> Any:
        self.said.append(batch)
        answer = self.replies.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed += 1


@dataclass
class Lease:
    rooms: list[float] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def room_for(self, timeout_s: float) -> Any:
        self.rooms.append(timeout_s)
        yield


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was told of commands: how many were heard, and the error."""
    found: list[Any] = []
    monkeypatch.setattr(
        commands,
        "tell",
        lambda olt, platform, heard, error: found.append((olt.id, platform.name, len(heard), error)),
    )
    return found


def line(*replies: Any, adapter: Any = None, stopping: bool = False) -> tuple[OltLine, Session, Lease]:
    session, lease = Session(list(replies)), Lease()
    adapter = adapter or SimpleNamespace(PLATFORM=PLATFORM, check=lambda command, reply: None)
    anything: Any = lease
    opened: Any = session
    return OltLine(OLT, adapter, opened, anything, Record(PLATFORM), lambda: stopping), session, lease


# ------------------------------------------------------------------------------------------------------- what is kept


def test_changes_are_kept_and_of_questions_those_that_went_wrong() -> None:
    record = Record(PLATFORM, people=("Ana Sousa",))
    record.hear(exchange("description Ana Sousa password x1y2z3"))
    record.hear(exchange(effect="read"))
    record.hear(exchange(effect="read", complete=False))
    record.note(Step("outcome", "x"))
    change, odd, own = record.take()
    assert (change.kind, change.text) == ("command", None)
    assert change.detail
    assert {name: change.detail[name] for name in ("mode", "seconds", "complete")} == {
        "mode": ["config"], "seconds": 0.123, "complete": True
    }  # fmt: skip
    assert change.detail["reply"] == "Failure: no profile"
    assert change.detail["line"].startswith("description ")
    for secret in ("Ana", "x1y2z3"):
        assert secret not in change.detail["line"]
    assert odd.detail
    assert odd.detail["complete"] is False
    assert own == Step("outcome", "x")
    assert (len(record.heard), record.take()) == (3, [])


def test_a_reply_that_no_rule_explains_is_kept_with_its_command() -> None:
    record = Record(PLATFORM)
    record.note_unknown(UnknownReply("why", command="cmd", reply="Failure: no profile"))
    assert record.steps == [
        Step("command", None, {"line": "cmd", "reply": "Failure: no profile", "complete": True})
    ]


def test_what_is_kept_of_a_long_reply_or_row_is_its_beginning() -> None:
    record = Record(PLATFORM)
    record.hear(exchange(reply="profile " * 1000))
    [step] = record.take()
    assert step.detail
    assert len(step.detail["reply"]) <= REPLY_KEPT + 1
    record.leave_out(["profile " * 1000, "profile"])
    assert len(record.left_out[0]) <= ROW_KEPT + 1
    assert record.left_out[1] == "profile"


def test_what_was_learnt_is_given_once() -> None:
    record = Record(PLATFORM)
    record.note(Step("outcome"))
    record.onus_free[HERE] = 3
    record.left_out = ("row",)
    assert record.learn() == Learnt([Step("outcome")], {HERE: 3}, ("row",))
    assert record.learn() == Learnt([], {}, ())


# --------------------------------------------------------------------------------------------------------- what is said


async def test_lines_are_sent_with_room_for_the_longest() -> None:
    open_line, session, lease = line(("a", "b"))
    batch = (write("short", path=()), write("long", path=()))
    assert await open_line.send(batch) == ("a", "b")
    assert (session.said, lease.rooms) == ([batch], [30.0])
    stopping, session, lease = line(("a",), stopping=True)
    with pytest.raises(Interrupted):
        await stopping.send(batch)
    assert (session.said, lease.rooms) == ([], [])


async def test_a_change_is_judged_and_told(told: list[Any]) -> None:
    checked: list[Any] = []
    adapter = SimpleNamespace(
        PLATFORM=PLATFORM, check=lambda command, reply: checked.append((command.text, reply))
    )
    open_line, *_ = line(("ok",), adapter=adapter)
    open_line.record.hear(exchange())
    await open_line.run(write("cmd", path=()))
    assert (checked, told, open_line.record.heard) == (
        [("cmd", "ok")],
        [("olt-1", "huawei_smartax", 1, None)],
        [],
    )
    busy = OltBusy("locked")
    refusing, *_ = line(busy)
    with pytest.raises(OltBusy):
        await refusing.run(write("cmd", path=()))
    assert told[1:] == [("olt-1", "huawei_smartax", 0, busy)]


async def _held(answer: Any, monkeypatch: pytest.MonkeyPatch, open_line: OltLine, *heard: Any) -> Any:
    async def hold(_line: Any, dialogue: Any) -> Any:
        assert (_line, dialogue) == (open_line, "dialogue")
        for one in heard:
            open_line.record.hear(one)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(olt_line, "hold", hold)
    asked: Any = "dialogue"
    return await open_line.ask(asked)


@pytest.mark.parametrize("complete", [True, False])
async def test_after_an_odd_reply_to_a_question_the_session_has_ended_and_the_reply_is_kept(
    told: list[Any], monkeypatch: pytest.MonkeyPatch, *, complete: bool
) -> None:
    open_line, session, _ = line()
    error = UnknownReply("why", command="cmd", reply="Failure")
    with pytest.raises(UnknownReply):
        await _held(
            error, monkeypatch, open_line, exchange(effect="read"), exchange(effect="read", complete=complete)
        )
    assert (error.reading, session.closed) == (True, 1)
    kept = [step.detail and step.detail["complete"] for step in open_line.record.steps]
    assert kept == [complete], "once: by its exchange, where that was cut, else by itself"
    assert told == [("olt-1", "huawei_smartax", 2, error)]
    good, session, _ = line()
    assert await _held("learnt", monkeypatch, good) == "learnt"
    assert session.closed == 0


async def test_an_observation_leaves_the_room_of_its_port_and_the_rows_that_could_not_be_read(
    told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = ROWS_LEFT_OUT.labels("olt-1", "huawei_smartax")
    asked: list[Any] = []

    def observe(serial: str, port: Any) -> str:
        asked.append((serial, port))
        return "dialogue"

    adapter = SimpleNamespace(PLATFORM=PLATFORM, observe=observe, discover=lambda: "dialogue")
    row: Any = SimpleNamespace(text="profile")
    answers: list[Any] = [
        seen().model_copy(update={"onus_free": 7, "left_out": ("profile", "row")}),
        seen().model_copy(update={"onus_free": None}),
        seen().model_copy(update={"onus_free": 9, "port": None}),
        Sightings((), left_out=[row]),
        (),
    ]

    async def hold(_line: Any, _dialogue: Any) -> Any:
        return answers.pop(0)

    monkeypatch.setattr(olt_line, "hold", hold)
    open_line, *_ = line(adapter=adapter)
    before = counted._value.get()
    for _ in range(3):
        await open_line.observe(SERIAL, HERE)
    assert asked == [(SERIAL, HERE)] * 3
    assert open_line.record.onus_free == {HERE: 7}
    assert len(open_line.record.left_out) == 2
    assert counted._value.get() == before + 2
    await open_line.discover()
    last: Any = open_line.record.left_out
    assert last == ("profile",)
    assert counted._value.get() == before + 3
    assert await open_line.discover() == ()
    assert told
