"""One provision job on an OLT that says what the test wants: what is asked, written and sent, in which order. No database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from events.stages import Stage
from schemas.onu import Wan
from schemas.place import Place
from tests.support.secrets import PPPOE_PASSWORD
from tests.unit.provision.builders import HERE, SERIAL, THERE, desired, registered, seen, wish
from vendors.contract import Command, Observation, Platform, write
from vendors.errors import OltUnreachable, ProvisioningError
from worker import reconcile
from worker.ledger import Attempt, SaveRule, Taken
from worker.notes import Notes
from worker.olt_line import Record
from worker.outcome import Completed, Failed, Later, Outcome, Superseded
from worker.policy import Standing
from worker.reconcile import Rules, Run, noticed, opened, params_of, provision
from worker.store.digests import digest
from worker.store.jobs import Owned
from worker.store.orders import Failure
from worker.store.work import Job
from worker.verify import Patience
from worker.wish import plan_hash

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PLACE = Place(olt="olt-1", port=HERE)
PLATFORM = Platform(name="huawei_smartax", prompt="#")
JOB = Job(
    1, "provision", "olt-1", NOW - timedelta(minutes=1), NOW, "A", 2, SERIAL, HERE, NOW + timedelta(hours=8)
)
LINES = (write(f"ont add {SERIAL}", path=()), write("service 1", path=()), write("service 2", path=()))


@dataclass
class Line:
    """A line whose looks are known beforehand, and what is planned after each."""

    looks: list[Any]
    plans: list[tuple[Command, ...]]
    serves: str = "online"
    sent: list[str] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    olt: Any = field(default_factory=lambda: SimpleNamespace(id="olt-1", platform="huawei_smartax"))
    lease: Any = field(default_factory=lambda: SimpleNamespace(lease="lease"))
    record: Record = field(default_factory=lambda: Record(PLATFORM))

    @property
    def adapter(self) -> Any:
        return SimpleNamespace(PLATFORM=PLATFORM, plan=self.plan, serving=lambda found: self.serves)

    def plan(self, wanted: Any, current: Observation) -> tuple[Command, ...]:
        self.asked.append(("plan", wanted and wanted.serial, current.secrets_current))
        return self.plans.pop(0) if self.plans else ()

    async def observe(self, serial: str, port: Any) -> Any:
        self.asked.append(("observe", serial, port))
        look = self.looks.pop(0)
        if isinstance(look, ProvisioningError):
            raise look
        return look

    async def run(self, command: Command) -> None:
        self.sent.append(command.text)


@dataclass
class Books:
    """A store that remembers what it was asked to write; `no` are answers that say that the job is wanted no more."""

    no: dict[str, int] = field(default_factory=dict)
    """By transaction, which call of it is refused, from 0."""
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)

    async def run(self, work: Any, *args: Any, **kwargs: Any) -> bool:
        before = [name for name, *_ in self.asked].count(work.__name__)
        self.asked.append((work.__name__, args, kwargs))
        return self.no.get(work.__name__) != before

    read = run

    @property
    def names(self) -> list[str]:
        return [name for name, *_ in self.asked]


@pytest.fixture
def wished(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `wish_for` answers, one after another, the last for ever; and what it was asked with."""
    answers: list[Any] = [wish()]

    def wish_for(*asked: Any) -> Any:
        answers.append(("asked", *asked))
        found = [one for one in answers if not isinstance(one, tuple)]
        if len(found) > 1:
            answers.remove(found[0])
        return found[0]

    monkeypatch.setattr(reconcile, "wish_for", wish_for)
    return answers


def run_of(line: Line, books: Books, standing: Standing | None = None, **more: Any) -> Run:
    order = SimpleNamespace(request=None, traceparent=None)
    brief: Any = SimpleNamespace(order=order, request=SimpleNamespace(expected_rx_dbm=None), unit=None)
    job = replace(JOB, notes=more.pop("notes", {}))
    taken = Taken(job, NOW, brief, None, {SERIAL: standing or Standing()}, **more)
    anything: Any = line
    store: Any = books
    config: Any = "config"
    return Run(store, anything, config, Rules(b"k"), taken, lambda: 0.0, clock=lambda: 105.0, began=100.0)


async def ran(line: Line, books: Books | None = None, **more: Any) -> Outcome:
    return await provision(run_of(line, books or Books(), **more))


# ------------------------------------------------------------------------------------------------------------- the run


def test_a_run_knows_the_time_and_for_how_long_it_waits() -> None:
    run = run_of(Line([], []), Books())
    assert run.now() == NOW + timedelta(seconds=5)
    assert (run.patience, run.deadline_at) == (Patience(), JOB.deadline_at)
    doubted = run_of(Line([], []), Books(), in_doubt=True)
    assert (doubted.patience, doubted.deadline_at) == (Patience().endless, None)
    assert run.params == {"serial": SERIAL, "olt": "olt-1", "place": "olt-1 0/1/0"}
    assert params_of(replace(JOB, port=None))["place"] == "olt-1"


async def test_an_onu_that_is_as_wanted_and_serves_is_done_without_a_word(wished: list[Any]) -> None:
    line, books = Line([seen(registered(), registered(THERE, online=False))], []), Books()
    own = Standing(own=frozenset({HERE, THERE}))
    outcome = await ran(line, books, standing=own)
    assert isinstance(outcome, Completed)
    assert (outcome.own, outcome.gone, outcome.applied) == (True, (), {})
    assert (outcome.achieved.changed, outcome.achieved.clear, outcome.achieved.onu_id) == (False, (), 3)
    assert (line.sent, books.asked) == ([], [])
    assert line.asked == [("observe", SERIAL, HERE), ("plan", SERIAL, frozenset())]
    _, brief, place, model, config, adapter, firmware = wished[-1]
    assert (place, model, config, firmware) == (PLACE, None, "config", seen(registered()).firmware)
    assert brief.request.expected_rx_dbm is None
    assert adapter.PLATFORM is PLATFORM


async def test_what_of_its_own_is_gone_is_told(wished: list[Any]) -> None:
    outcome = await ran(Line([seen(registered())], []), standing=Standing(own=frozenset({THERE})), notes={})
    assert not isinstance(outcome, Completed), "a registration that is not its own stops it"
    outcome = await ran(Line([seen(registered())], []), standing=Standing("here", own=frozenset({THERE})))
    assert isinstance(outcome, Completed)
    assert (outcome.own, outcome.gone) == (False, (THERE,))
    assert wished


FORMER = {"former": [["olt-1", "0/1/7"], ["olt-2", "0/1/7"]]}


@pytest.mark.parametrize(
    ("binding", "lit", "cleared"),
    [("here", False, True), ("nobody", True, True), ("nobody", False, False), ("elsewhere", True, False)],
)
async def test_former_places_on_other_olts_are_cleared_by_whom_invariant_6_lets(
    wished: list[Any], binding: Any, *, lit: bool, cleared: bool
) -> None:
    standing = Standing(binding, own=frozenset({HERE}))
    outcome = await ran(Line([seen(registered())], []), standing=standing, notes=FORMER | {"lit": lit})
    assert isinstance(outcome, Completed)
    assert outcome.achieved.clear == ((Owned("olt-2", THERE, SERIAL),) if cleared else ())
    assert wished


async def test_a_new_onu_is_registered_configured_and_looked_at_again(wished: list[Any]) -> None:
    line, books = Line([seen(lit=HERE, model="M"), seen(registered())], [LINES]), Books()
    outcome = await ran(line, books)
    assert isinstance(outcome, Completed)
    assert line.sent == [one.text for one in LINES]
    assert books.names == ["open_attempt", "goes_on", "move_on", "goes_on", "move_on"]
    (_, (lease, job, attempt, save), _), _, moved, _, closed = books.asked
    assert (lease, job.id, save) == ("lease", 1, SaveRule())
    assert isinstance(attempt, Attempt)
    assert (attempt.stage, attempt.adds, attempt.notes.attempts, attempt.notes.changed) == (
        Stage.AUTHORISING,
        HERE,
        1,
        True,
    )
    assert attempt.notes.plan_hash == plan_hash(LINES)
    [step] = attempt.steps
    assert (step.kind, step.text) == ("attempt_started", f"Tentativa 1 em {PLACE}.")
    assert step.detail
    assert (step.detail["attempt"], step.detail["place"], step.detail["observed"], step.detail["hash"]) == (
        1, str(PLACE), [], plan_hash(LINES)
    )  # fmt: skip
    assert [one["line"] for one in step.detail["plan"]] == [one.text for one in LINES]
    assert books.asked[1][1] == ("lease", 1)
    assert (moved[1], moved[2]) == (("lease", job, Stage.CONFIGURING, []), {"open_attempt": True})
    assert (closed[1], closed[2]) == (("lease", job, Stage.VERIFYING, []), {"open_attempt": False})
    assert (outcome.achieved.changed, outcome.achieved.model_seen, outcome.achieved.plan_hash) == (
        True, "M", plan_hash(LINES)
    )  # fmt: skip
    assert wished


async def test_an_onu_that_is_registered_is_configured(wished: list[Any]) -> None:
    line, books = Line([seen(registered()), seen(registered())], [LINES[1:]]), Books()
    assert isinstance(await ran(line, books, standing=Standing("here")), Completed)
    attempt = books.asked[0][1][2]
    assert (attempt.stage, attempt.adds) == (Stage.CONFIGURING, None)
    assert books.names == ["open_attempt", "goes_on", "move_on"]
    assert wished


@pytest.mark.parametrize(
    ("no", "sent"),
    [
        ({"open_attempt": 0}, 0),
        ({"goes_on": 0}, 1),
        ({"goes_on": 1}, 2),
        ({"move_on": 1}, 3),
    ],
)
async def test_a_job_that_is_wanted_no_more_stops_after_the_command_in_hand(
    wished: list[Any], no: dict[str, int], sent: int
) -> None:
    line = Line([seen(lit=HERE), seen(registered())], [LINES])
    assert isinstance(await ran(line, Books(no)), Superseded)
    assert len(line.sent) == sent
    assert wished


async def test_what_is_not_as_wanted_afterwards_is_tried_again(wished: list[Any]) -> None:
    line = Line([seen(lit=HERE), seen(registered())], [LINES, LINES[2:]])
    outcome = await ran(line)
    assert isinstance(outcome, Later)
    assert (outcome.code, outcome.notes["faults"], outcome.notes["attempts"]) == ("retry_scheduled", 1, 1)
    lost = await ran(Line([seen(lit=HERE), seen()], [LINES]))
    assert isinstance(lost, Later)
    away = await ran(Line([seen(lit=HERE), OltUnreachable("gone")], [LINES]))
    assert isinstance(away, Later)
    assert (away.code, away.notes["attempts"], away.notes["waits"]) == ("olt_unreachable", 1, 1)
    assert wished


async def test_who_is_lit_is_expected_online_from_the_moment_it_was_configured(wished: list[Any]) -> None:
    line = Line([seen(lit=HERE), seen(registered(optics=None, online=False))], [LINES], serves="configuring")
    outcome = await ran(line)
    assert isinstance(outcome, Later)
    assert (outcome.notes["window"], outcome.notes["lit"], outcome.stage) == (
        (NOW + timedelta(seconds=5)).isoformat(), True, Stage.VERIFYING
    )  # fmt: skip
    dark = await ran(Line([seen(), seen(registered(online=False))], [LINES], serves="dark"))
    assert isinstance(dark, Later)
    assert (dark.notes["window"], dark.notes["lit"], dark.stage) == (None, False, Stage.WAITING_FOR_LIGHT)
    assert wished


async def test_an_order_that_may_not_be_installed_there_fails_with_what_is_in_the_way(
    wished: list[Any],
) -> None:
    outcome = await ran(Line([seen(registered())], []), standing=Standing("elsewhere"))
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "serial_registered_elsewhere"
    assert outcome.failure.params["olt"] == "olt-1"
    assert outcome.failure.params["owner"] == "-"
    assert wished


async def test_a_foreign_registration_is_told_before_a_wish_that_cannot_be(wished: list[Any]) -> None:
    wished[0] = Failure("unknown_model", {"model": "M"})
    first = await ran(Line([seen(registered())], []), standing=Standing("elsewhere"))
    assert isinstance(first, Failed)
    assert first.failure.code == "serial_registered_elsewhere"
    outcome = await ran(Line([seen()], []))
    assert isinstance(outcome, Failed)
    assert (outcome.failure.code, outcome.failure.params) == (
        "unknown_model", {"serial": SERIAL, "olt": "olt-1", "place": "olt-1 0/1/0", "model": "M"}
    )  # fmt: skip


async def test_an_own_registration_that_is_online_elsewhere_is_not_cut_off(wished: list[Any]) -> None:
    line, books = Line([seen(registered(THERE))], [LINES]), Books()
    outcome = await ran(line, books, standing=Standing(own=frozenset({THERE})))
    assert isinstance(outcome, Later)
    assert (outcome.stage, outcome.seconds, line.sent, books.asked) == (Stage.WAITING_FOR_LIGHT, 10.0, [], [])
    assert wished


async def test_a_model_that_is_seen_only_now_may_ask_for_more(wished: list[Any]) -> None:
    more = wish(desired(description="outra"))
    wished[:] = [wish(), more]
    line = Line([seen(lit=HERE), seen(registered(model="M"))], [LINES])
    outcome = await ran(line)
    assert isinstance(outcome, Later)
    assert (outcome.seconds, outcome.stage, outcome.notes["model_seen"]) == (0.0, Stage.CONFIGURING, "M")
    wished[:] = [wish(), Failure("unknown_model")]
    assert isinstance(await ran(Line([seen(lit=HERE), seen(registered())], [LINES])), Completed)


ROUTER = desired(wan=Wan(mode="pppoe", vlan=100, login="ana", password=SecretStr(PPPOE_PASSWORD)))
KEPT = digest(b"k", "olt-1", SERIAL, "wan.password", PPPOE_PASSWORD)


@pytest.mark.parametrize(
    ("digests", "carries", "applied"),
    [
        ({"wan.password": KEPT}, False, True),
        ({}, True, True),
        ({}, False, False),
        ({"wan.password": "x"}, False, False),
    ],
)
async def test_a_password_that_was_accepted_is_kept_as_its_digest(
    wished: list[Any], digests: dict[str, str], *, carries: bool, applied: bool
) -> None:
    wished[0] = wish(ROUTER)
    plan = (write("wan", path=(), secret="wan.password" if carries else ""),)
    line = Line([seen(registered()), seen(registered())], [plan])
    outcome = await ran(line, standing=Standing("here"), digests=digests)
    assert isinstance(outcome, Completed)
    assert outcome.applied == ({"wan.password": KEPT} if applied else {})
    asked = [one[2] for one in line.asked if one[0] == "plan"]
    current = frozenset({"wan.password"}) if digests == {"wan.password": KEPT} else frozenset()
    assert asked == [current, frozenset({"wan.password"}) if applied else frozenset()]


async def test_what_was_applied_is_kept_while_the_onu_is_waited_for(wished: list[Any]) -> None:
    wished[0] = wish(ROUTER)
    plan = (write("wan", path=(), secret="wan.password"),)
    line = Line([seen(lit=HERE), seen(registered(online=False))], [plan], serves="configuring")
    outcome = await ran(line)
    assert isinstance(outcome, Later)
    assert outcome.applied == {"wan.password": KEPT}


# ---------------------------------------------------------------------------------------------------------------- notes


def test_what_is_seen_adds_to_the_notes() -> None:
    assert noticed(Notes(), seen(lit=HERE, model="M"), PLACE) == Notes(lit=True, model_seen="M")
    assert noticed(Notes(), seen(lit=THERE, model="M"), PLACE) == Notes()
    assert noticed(Notes(), seen(lit=HERE, model="M"), PLACE, after=True) == Notes(model_seen="M")
    assert noticed(Notes(lit=True), seen(), PLACE, after=True) == Notes(lit=True)
    assert noticed(Notes(), seen(registered(model="R")), PLACE) == Notes(model_seen="R")
    assert noticed(Notes(), seen(registered(THERE, model="R")), PLACE) == Notes()
    assert (
        noticed(Notes(model_seen="K"), seen(registered(model="R"), lit=HERE, model="M"), PLACE).model_seen
        == "K"
    )
    assert noticed(Notes(), seen(registered(), lit=HERE, model="M"), PLACE).model_seen == "M"


def test_an_attempt_keeps_the_hash_of_the_first_plan() -> None:
    notes = opened(Notes(attempts=1, window="w"), LINES)
    assert (notes.attempts, notes.changed, notes.plan_hash, notes.window) == (2, True, plan_hash(LINES), None)
    assert opened(notes, LINES[1:]).plan_hash == plan_hash(LINES)
