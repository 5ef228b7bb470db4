"""Runs of jobs on an OLT that says what the test wants: what is noted, removed, left, tried again. No database, no socket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.provision.builders import HERE, SERIAL, THERE, registered, seen
from vendors.contract import Command, Observation, Platform, write
from vendors.errors import NotConverged, OltUnreachable, OrderRejected, ProvisioningError, UnknownReply
from worker import ledger, reconcile
from worker.facts import Order, OrderState
from worker.ledger import Taken
from worker.notes import Notes
from worker.olt_line import Record
from worker.outcome import Failed, Later, Outcome, Removed, Superseded
from worker.policy import Standing
from worker.reconcile import Rules, Run
from worker.removal import deprovision
from worker.store.orders import Failure
from worker.store.work import Job

NOW = datetime(2026, 3, 2, tzinfo=UTC)
OTHER = "HWTC00000002"
PLATFORM = Platform(name="huawei_smartax", prompt="#")


def plan(desired: Any, observed: Observation) -> tuple[Command, ...]:
    """One line for each registration, and one that registers."""
    gone = tuple(write(f"ont delete {found.port}", path=()) for found in observed.registrations)
    return gone if desired is None else ()


@dataclass
class Line:
    """A line whose looks and refusals are known beforehand."""

    looks: list[Observation | ProvisioningError]
    refusal: ProvisioningError | None = None
    sent: list[str] = field(default_factory=list)
    olt: Any = field(default_factory=lambda: SimpleNamespace(id="olt-1", platform="huawei_smartax"))
    adapter: Any = field(default_factory=lambda: SimpleNamespace(PLATFORM=PLATFORM, plan=plan))
    lease: Any = field(default_factory=lambda: SimpleNamespace(lease=None))
    record: Record = field(default_factory=lambda: Record(PLATFORM))

    async def observe(self, serial: str, port: Any) -> Observation:
        look = self.looks.pop(0)
        if isinstance(look, ProvisioningError):
            raise look
        return look

    async def run(self, command: Command) -> None:
        self.sent.append(command.text)
        if self.refusal is not None:
            raise self.refusal


@dataclass
class Books:
    """A store that remembers what it was asked to write. `wanted`: how often the job goes on still."""

    wanted: int = 99
    asked: list[str] = field(default_factory=list)

    async def run(self, work: Any, *args: Any, **kwargs: Any) -> bool:
        return self._still(work)

    async def read(self, work: Any, *args: Any) -> bool:
        return self._still(work)

    def _still(self, work: Any) -> bool:
        self.asked.append(work.__name__)
        self.wanted -= 1
        return self.wanted >= 0


def removal(
    line: Line,
    *serials: tuple[str, Any],
    state: OrderState = OrderState.CANCELLING,
    books: Books | None = None,
    standing: Standing | None = None,
    order: Order | None = None,
    **notes: Any,
) -> Run:
    listed = serials or ((SERIAL, HERE),)
    job = Job(1, "deprovision", "olt-1", NOW, NOW, "OS-1", 1, notes={
        "registrations": [[serial, str(port)] for serial, port in listed], **notes
    })  # fmt: skip
    own = standing or Standing(own=frozenset({HERE, THERE}))
    taken = Taken(job, NOW, None, order or Order("OS-1", state=state), {serial: own for serial, _ in listed})
    store: Any = books or Books()
    return Run(store, line, None, Rules(b"k"), taken, lambda: 0.0)  # type: ignore[arg-type]


def places(rows: Iterable[Any]) -> list[tuple[str, str]]:
    return [(row.serial, str(row.pon_port)) for row in rows]


async def removed(run: Run) -> Removed:
    outcome = await deprovision(run)
    assert isinstance(outcome, Removed)
    return outcome


async def test_what_is_its_own_is_removed_after_that_was_recorded_and_is_looked_for_again() -> None:
    line, books = Line([seen(registered()), seen()]), Books()
    outcome = await removed(removal(line, books=books))
    assert line.sent == [f"ont delete {HERE}"]
    assert books.asked[0] == ledger.open_removal.__name__
    assert places(outcome.removed) == [(SERIAL, str(HERE))]
    assert (outcome.left, outcome.gone) == ((), ((SERIAL, str(HERE)),))


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(), "left_not_own"),
        (Standing(own=frozenset({HERE}), claimed_by="OS-2"), "left_claimed"),
    ],
)
async def test_what_may_not_be_removed_is_left_with_its_reason_and_nothing_is_sent(
    standing: Standing, code: str
) -> None:
    line = Line([seen(registered())])
    outcome = await removed(removal(line, standing=standing))
    assert line.sent == []
    assert [(one.code, one.onu_id, one.serial) for one in outcome.left] == [(code, 3, SERIAL)]
    assert (outcome.removed, outcome.gone) == ((), ())


async def test_a_former_place_that_is_online_is_left() -> None:
    line = Line([seen(registered(online=True))])
    outcome = await removed(removal(line, state=OrderState.COMPLETED))
    assert [one.code for one in outcome.left] == ["left_online"]
    assert line.sent == []


async def test_the_place_where_the_unit_is_by_now_is_no_former_one() -> None:
    order = Order("OS-1", state=OrderState.COMPLETED, serial=SERIAL, place_olt="olt-1", place_port=HERE)
    line = Line([])
    outcome = await removed(removal(line, order=order))
    assert (outcome, line.sent) == (Removed(), [])


async def test_what_an_earlier_run_has_removed_is_told_as_removed_only_after_an_attempt() -> None:
    assert places((await removed(removal(Line([seen()]), attempts=1))).removed) == [(SERIAL, str(HERE))]
    assert (await removed(removal(Line([seen()])))).removed == ()


@pytest.mark.parametrize("wanted", [0, 1])
async def test_a_removal_that_is_no_longer_wanted_sends_nothing_more(wanted: int) -> None:
    both = seen(registered(), registered(THERE))
    line = Line([both, seen()])
    outcome = await deprovision(removal(line, (SERIAL, HERE), (SERIAL, THERE), books=Books(wanted=wanted)))
    assert isinstance(outcome, Superseded)
    assert len(line.sent) == wanted


async def test_a_removal_that_does_not_show_is_tried_again_and_nothing_is_forgotten() -> None:
    line = Line([seen(registered()), seen(registered())])
    outcome = await deprovision(removal(line, attempts=2, faults=1))
    assert isinstance(outcome, Later)
    assert (outcome.code, outcome.notes["attempts"], outcome.notes["faults"]) == ("retry_scheduled", 3, 2)
    assert outcome.notes["registrations"] == [[SERIAL, str(HERE)]]


async def test_an_olt_that_is_away_uses_up_no_attempt_of_a_removal() -> None:
    outcome = await deprovision(removal(Line([OltUnreachable("gone")]), faults=7))
    assert isinstance(outcome, Later)
    assert (outcome.code, outcome.notes["faults"], outcome.notes["waits"]) == ("olt_unreachable", 7, 1)


@pytest.mark.parametrize(
    ("error", "notes"),
    [
        (OrderRejected("no", command="ont delete 0", reply="  Failure: no\n"), {}),
        (NotConverged("still there"), {"faults": 7}),
        (UnknownReply("?", command="ont delete 0", reply="flux"), {}),
        (UnknownReply("?", command="display x", reply="flux", reading=True), {"unread": 2}),
    ],
)
async def test_a_removal_that_cannot_be_done_leaves_everything_and_says_why(
    error: ProvisioningError, notes: dict[str, Any]
) -> None:
    both = [(SERIAL, HERE), (OTHER, THERE)]
    outcome = await removed(removal(Line([seen(registered())], refusal=error), *both, **notes))
    assert places(outcome.left) == [(SERIAL, str(HERE)), (OTHER, str(THERE))]
    assert {one.code for one in outcome.left} == {"left_refused"}
    assert (outcome.removed, outcome.gone) == ((), ())


async def test_an_odd_reply_to_a_removals_question_is_asked_for_again() -> None:
    outcome = await deprovision(removal(Line([UnknownReply("?", reading=True)])))
    assert isinstance(outcome, Later)
    assert outcome.notes["unread"] == 1


# ------------------------------------------------------------------------------------------------- what a first look saw


async def first_look(monkeypatch: pytest.MonkeyPatch, look: Observation) -> tuple[Outcome, list[Notes]]:
    """A run whose first look shows `look`, and what its attempt and its verdict knew."""
    after = seen(registered(online=False))
    attempts: list[Notes] = []
    desired = SimpleNamespace(serial=SERIAL)
    wish = SimpleNamespace(desired=desired)
    job = Job(1, "provision", "olt-1", NOW, NOW, "OS-1", 1, SERIAL, HERE)
    brief: Any = SimpleNamespace(order=None, request=SimpleNamespace(expected_rx_dbm=None))
    plans = iter([(write("ont add", path=()),), ()])
    adapter = SimpleNamespace(PLATFORM=PLATFORM, plan=lambda *_: next(plans), serving=lambda _: "dark")
    run = Run(
        Books(),  # type: ignore[arg-type]
        Line([look, after], adapter=adapter),  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        Rules(b"k"),
        Taken(job, NOW, brief, None, {SERIAL: Standing(binding="here")}),
        lambda: 0.0,
    )

    async def opened(_: Run, attempt: Any) -> bool:
        attempts.append(attempt.notes)
        return True

    monkeypatch.setattr(Run, "open_attempt", opened)
    for name, value in (
        ("wish_for", lambda *_: wish),
        ("with_current", lambda found, *_: found),
        ("unseen", lambda *_: {}),
        ("authorising", lambda *_: 0),
        ("shown", lambda *_: []),
        ("plan_hash", lambda _: "ab"),
    ):
        monkeypatch.setattr(reconcile, name, value)
    monkeypatch.setattr(reconcile, "Wish", SimpleNamespace)
    return await reconcile.provision(run), attempts


async def test_that_the_unit_was_lit_at_the_first_look_decides_how_long_it_may_stay_dark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outcome, [noted] = await first_look(monkeypatch, seen(lit=HERE, model="EG8145V5"))
    assert (noted.lit, noted.model_seen) == (True, "EG8145V5")
    assert isinstance(outcome, Later)
    window = Notes.of(outcome.notes).window_at
    assert window is not None
    assert window - NOW < timedelta(seconds=60)
    assert outcome.stage == "verifying"


async def test_a_unit_that_nobody_saw_lit_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, [noted] = await first_look(monkeypatch, seen())
    assert not noted.lit
    assert isinstance(outcome, Later)
    assert (outcome.stage, Notes.of(outcome.notes).window) == ("waiting_for_light", None)


# ----------------------------------------------------------------------------------------------------- how a plan is sent


ADD, PORT, SAVE = (write(text, path=()) for text in (f"ont add {SERIAL}", "service-port", "description"))


@dataclass
class Sending:
    """A run that has a plan: what was sent, and what was written down meanwhile."""

    monkeypatch: pytest.MonkeyPatch
    plans: list[tuple[Command, ...]]
    looks: list[Observation | ProvisioningError]
    wanted: int = 99
    wishes: list[Any] = field(default_factory=list)
    own: frozenset[Any] = frozenset()
    written: list[str] = field(default_factory=list)
    attempts: list[Any] = field(default_factory=list)

    async def run(self, **notes: Any) -> Outcome:
        wish = SimpleNamespace(desired=SimpleNamespace(serial=SERIAL))
        wishes = iter(self.wishes or [wish] * 9)
        plans = iter(self.plans)
        adapter = SimpleNamespace(PLATFORM=PLATFORM, plan=lambda *_: next(plans), serving=lambda _: "dark")
        self.line = Line(self.looks, adapter=adapter)
        job = Job(1, "provision", "olt-1", NOW, NOW, "OS-1", 1, SERIAL, HERE, notes=notes)
        brief: Any = SimpleNamespace(order=None, request=SimpleNamespace(expected_rx_dbm=None))
        taken = Taken(job, NOW, brief, None, {SERIAL: Standing(binding="here", own=self.own)})
        books: Any = Books(self.wanted, self.written)
        for name, value in (
            ("wish_for", lambda *_: next(wishes)),
            ("with_current", lambda found, *_: found),
            ("unseen", lambda *_: {}),
            ("shown", lambda *_: []),
        ):
            self.monkeypatch.setattr(reconcile, name, value)
        self.monkeypatch.setattr(reconcile, "Wish", SimpleNamespace)
        run = Run(books, self.line, None, Rules(b"k"), taken, lambda: 0.0)  # type: ignore[arg-type]
        return await reconcile.provision(run)


async def test_a_plan_is_sent_line_by_line_after_it_was_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """And between two lines is asked whether the order still wants it."""
    sending = Sending(monkeypatch, [(ADD, PORT, SAVE), ()], [seen(lit=HERE), seen(registered(online=False))])
    outcome = await sending.run()
    assert sending.line.sent == [ADD.text, PORT.text, SAVE.text]
    assert sending.written == ["open_attempt", "goes_on", "move_on", "goes_on", "move_on"]
    assert isinstance(outcome, Later)
    assert outcome.stage == "verifying"


async def test_a_plan_that_registers_nothing_is_configured_from_its_first_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = seen(registered(online=False))
    sending = Sending(monkeypatch, [(PORT, SAVE), ()], [here, here])
    await sending.run()
    assert sending.line.sent == [PORT.text, SAVE.text]
    assert sending.written == ["open_attempt", "goes_on", "move_on"]


@pytest.mark.parametrize(("wanted", "sent"), [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3)])
async def test_nothing_more_is_sent_once_the_order_wants_it_no_more(
    monkeypatch: pytest.MonkeyPatch, wanted: int, sent: int
) -> None:
    """`wanted`: how many of the questions are answered with yes."""
    looks: list[Observation | ProvisioningError] = [seen(lit=HERE), seen(registered(online=False))]
    sending = Sending(monkeypatch, [(ADD, PORT, SAVE), ()], looks, wanted=wanted)
    outcome = await sending.run()
    assert isinstance(outcome, Superseded)
    assert len(sending.line.sent) == sent


async def test_what_is_as_it_is_wanted_is_sent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending(monkeypatch, [()], [seen(registered(online=False))])
    await sending.run()
    assert (sending.line.sent, sending.written) == ([], [])


async def test_what_differs_still_after_a_plan_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending(monkeypatch, [(PORT,), (PORT, SAVE)], [seen(registered()), seen(registered())])
    outcome = await sending.run()
    assert isinstance(outcome, Later)
    assert outcome.code == "retry_scheduled"
    assert "2 commands left" in str(outcome.params["detail"])
    assert (Notes.of(outcome.notes).attempts, Notes.of(outcome.notes).changed) == (1, True)


async def test_what_is_not_there_after_a_plan_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sending = Sending(monkeypatch, [(ADD,), ()], [seen(lit=HERE), seen()])
    outcome = await sending.run()
    assert isinstance(outcome, Later)
    assert "not shown" in str(outcome.params["detail"])


async def test_an_onu_that_tells_its_model_only_now_has_more_done_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wishes = [SimpleNamespace(desired=SimpleNamespace(serial=SERIAL, lan=lan)) for lan in (1, 4)]
    looks: list[Observation | ProvisioningError] = [seen(lit=HERE), seen(registered())]
    outcome = await Sending(monkeypatch, [(ADD,), ()], looks, wishes=wishes).run()
    assert isinstance(outcome, Later)
    assert (outcome.seconds, outcome.stage, outcome.code) == (0.0, "configuring", None)


async def test_an_order_without_a_wish_fails_with_its_serial_and_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lost = Failure("no_provisioning_model", {"model": "x"})
    outcome = await Sending(monkeypatch, [], [seen(lit=HERE)], wishes=[lost]).run()
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "no_provisioning_model"
    assert outcome.failure.params == {
        "serial": SERIAL, "olt": "olt-1", "place": f"olt-1 {HERE}", "model": "x"
    }  # fmt: skip


async def test_a_refused_line_ends_the_order_and_what_follows_it_is_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sending = Sending(monkeypatch, [(PORT, SAVE)], [seen(registered())])
    refused = OrderRejected("no", command=PORT.text, reply="no")

    async def run(line: Line, command: Command) -> None:
        line.sent.append(command.text)
        raise refused

    monkeypatch.setattr(Line, "run", run)
    outcome = await sending.run()
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, sending.line.sent) == (refused.reason, [PORT.text])
