"""Small parts of the worker: digests, rules from settings, commands told, gates; each with what it must not take for another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

from events.inputs import InstallStarted
from schemas.inventory import Olt
from tests.unit.correlate.town import NOON, S, started
from tests.unit.provision.builders import registered
from tests.unit.provision.test_verify import PATIENCE, WINDOW, look
from vendors.contract import Optics, Platform
from vendors.errors import OltBusy, OltUnreachable, UnknownReply
from vendors.registry import vendor
from worker import commands, connect, digest, tracing
from worker.commands import Heard
from worker.connect import Connector, Gate
from worker.facts import Order
from worker.ledger import Taken
from worker.opening import order_rules
from worker.outcome import Completed, Later
from worker.provision_metrics import COMMAND_SECONDS, COMMANDS, UNKNOWN_REPLIES
from worker.redaction import impersonal
from worker.settings import Settings
from worker.store.work import Job
from worker.verify import judge, wait_for_light

OLT = Olt(id="olt-1", site="centro", platform="huawei_smartax", address="10.0.0.1", transport="telnet")
PLATFORM = Platform(name="huawei_smartax", prompt="#")

# --------------------------------------------------------------------------------------------------------------- digests


def test_a_digest_is_keyed_and_has_thirty_two_digits() -> None:
    """What releases before this one have kept stays comparable."""
    made = digest.keyed(b"key", b"text")
    assert made == "6afa9046a9579cad143a384c1b564b9a"
    assert len(made) == 32
    login = digest.of_login("ana", SecretStr("p"), b"key")
    assert login == digest.keyed(b"key", b'["ana","p"]')
    others = {digest.of_login("an", SecretStr("ap"), b"key"), digest.of_login("ana", SecretStr("p"), b"kez")}
    assert login not in others


def _digest(**more: Any) -> str:
    request = started("A", S, pppoe_login="ana", **more)
    document = request.model_dump(mode="json", exclude=set(digest.SECRETS), exclude_none=True)
    return digest.of_request(request, document, b"key")


def test_equal_wishes_have_equal_digests_whoever_installs_them_when() -> None:
    same = _digest()
    assert same == "dd5afe6e8982e98008da8e1ce60b7bea", (
        "what releases before this one have kept stays comparable"
    )
    for name, value in {
        "technician_id": "T-9",
        "cto": "C-9",
        "cto_port": 7,
        "priority": 9,
        "customer_name": "Eva",
    }.items():
        assert _digest(**{name: value}) == same, name
    different = [
        {"plan_code": "FIBRA-9"},
        {"pppoe_password": "p"},
        {"pppoe_password": "q"},
        {"wifi_key": "12345678"},
        {"site": "norte"},
    ]
    assert len({same, *(_digest(**one) for one in different)}) == len(different) + 1
    request = started("A", S)
    assert isinstance(request, InstallStarted)
    turned = dict(reversed(request.model_dump(mode="json").items()))
    assert digest.of_request(request, turned, b"key") == digest.of_request(
        request, request.model_dump(mode="json"), b"key"
    )


# ----------------------------------------------------------------------------------------------------- rules from settings


def test_each_rule_of_an_orders_life_is_its_own_setting() -> None:
    names = {
        "unit_wait": "unit_wait_s",
        "verdict_delay": "verdict_delay_s",
        "order_max_age": "order_max_age_s",
        "cancel_window": "cancel_window_s",
        "provision_deadline": "provision_deadline_s",
        "deprovision_deadline": "deprovision_deadline_s",
        "secret_keep": "secret_keep_s",
        "inbox_keep": "inbox_keep_s",
        "personal_keep": "personal_keep_s",
        "jobs_keep": "jobs_keep_s",
    }
    seconds = {setting: 1000.0 + number for number, setting in enumerate(names.values())}
    rules = order_rules(Settings(digest_key=SecretStr("k" * 32), **seconds))  # type: ignore[arg-type]
    assert rules.digest_key == b"k" * 32
    assert {name: getattr(rules, name) for name in names} == {
        name: timedelta(seconds=seconds[setting]) for name, setting in names.items()
    }
    bare = order_rules(Settings())
    assert bare.digest_key == b""
    assert [bare.is_onu(model) for model in ("EG8145V5", "no such model", "", None)] == [
        True,
        None,
        None,
        None,
    ]


class _Known:
    """A configuration that knows one ONU and one router."""

    def is_onu(self, model: str) -> bool:
        return model == "onu"

    def is_not_onu(self, model: str) -> bool:
        return model == "router"


def test_the_configuration_tells_which_models_are_onus() -> None:
    config: Any = SimpleNamespace(is_onu=_Known().is_onu, is_not_onu=_Known().is_not_onu)
    is_onu = order_rules(Settings(), config).is_onu
    assert [is_onu(model) for model in ("onu", "router", "EG8145V5", None)] == [True, False, None, None]


# --------------------------------------------------------------------------------------------------------------- commands


def exchange(command: str, *, complete: bool = True, seconds: float = 0.5) -> Any:
    return SimpleNamespace(
        command=command, complete=complete, seconds=seconds, path=("config",), effect="change"
    )


UNKNOWN = UnknownReply("?", command="b", reply="x")
BUSY = OltBusy("locked", command="b")


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (None, ["done", "unknown", "done"]),
        (OltUnreachable("gone"), ["done", "unknown", "done"]),
        (UNKNOWN, ["done", "unknown_reply", "done"]),
        (BUSY, ["done", "refused", "done"]),
        (OltBusy("locked", command="z"), ["done", "unknown", "refused"]),
    ],
)
def test_an_error_speaks_of_the_command_that_it_names_else_of_the_last(error: Any, found: list[str]) -> None:
    said = [exchange("a"), exchange("b", complete=False), exchange("c")]
    assert commands.verdicts(said, error) == found
    assert commands.verdicts([], error) == []
    twice = commands.verdicts([exchange("b"), exchange("b")], error)
    assert twice[0] == "done"


def test_commands_are_counted_by_their_verdict_and_timed() -> None:
    def counts() -> list[float]:
        values = [COMMANDS.labels(OLT.platform, one)._value.get() for one in ("done", "unknown_reply")]
        return [
            *values,
            UNKNOWN_REPLIES.labels("olt-1", OLT.platform)._value.get(),
            COMMAND_SECONDS.labels(OLT.platform)._sum.get(),
        ]

    before = counts()
    commands.tell(OLT, PLATFORM, [Heard(exchange("a"), 10), Heard(exchange("b"), 20)], UNKNOWN)
    assert [round(now - then, 3) for now, then in zip(counts(), before, strict=True)] == [1, 1, 1, 1.0]
    before = counts()
    commands.tell(OLT, PLATFORM, [Heard(exchange("a"), 10)], BUSY)
    assert counts()[2] == before[2]


def test_commands_that_were_sent_at_once_began_one_after_another() -> None:
    second = 10**9
    heard = [Heard(exchange("a", seconds=1), 5 * second), Heard(exchange("b", seconds=2), 5 * second)]
    assert commands.begun(heard) == [2 * second, 3 * second]
    apart = [Heard(exchange("a", seconds=1), 1 * second), Heard(exchange("b", seconds=2), 9 * second)]
    assert commands.begun(apart) == [0, 7 * second]


def test_a_command_is_traced_with_its_verdict_alone_where_traces_are_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans: list[Any] = []
    failed: list[tuple[Any, str]] = []

    def begin(name: str, told: dict[str, str], *, kind: Any, at_ns: int) -> Any:
        span = SimpleNamespace(name=name, told=told, at_ns=at_ns, ended=None)
        span.end = lambda at: setattr(span, "ended", at)
        spans.append(span)
        return span

    monkeypatch.setattr(tracing, "start", begin)
    monkeypatch.setattr(tracing, "fail", lambda span, why: failed.append((span, why)))
    monkeypatch.setattr(tracing, "on", lambda: False)
    commands.tell(OLT, PLATFORM, [Heard(exchange("a"), 10**9)], None)
    assert spans == []
    monkeypatch.setattr(tracing, "on", lambda: True)
    commands.tell(OLT, PLATFORM, [Heard(exchange("a"), 10**9), Heard(exchange("b"), 2 * 10**9)], BUSY)
    good, bad = spans
    assert good.told == {
        "acende.command.text": "a",
        "acende.command.mode": "config",
        "acende.command.effect": "change",
        "acende.command.verdict": "done",
    }
    assert (good.at_ns, good.ended, bad.told["acende.command.verdict"]) == (5 * 10**8, 10**9, "refused")
    assert failed == [(bad, "refused")]


# ------------------------------------------------------------------------------------------------------------- connections


async def test_a_gate_lets_so_many_begin_and_one_that_is_slow_gives_its_place_up() -> None:
    gate, go = Gate(places=1, slow_s=0.05), asyncio.Event()
    begun: list[int] = []

    async def opening() -> Any:
        begun.append(len(begun))
        await go.wait()
        return "session"

    first = asyncio.create_task(gate.through(opening))
    second = asyncio.create_task(gate.through(opening))
    await asyncio.sleep(0.01)
    assert begun == [0]
    await asyncio.sleep(0.1)
    assert begun == [0, 1]
    go.set()
    found: list[Any] = [await first, await second]
    assert found == ["session"] * 2


@pytest.mark.parametrize("after_s", [0.0, 0.1])
async def test_who_gives_up_opening_leaves_nothing_behind(after_s: float) -> None:
    gate, ended = Gate(places=1, slow_s=0.05), asyncio.Event()

    async def opening() -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    asking = asyncio.create_task(gate.through(opening))
    await asyncio.sleep(0.01 + after_s)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(ended.wait(), 5)


async def test_a_session_is_opened_with_the_olts_own_habits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    async def opens(adapter: Any, target: Any, **more: Any) -> str:
        asked.append((adapter, target, more))
        return "session"

    monkeypatch.setattr(connect, "open_session", opens)
    target: Any = SimpleNamespace(username="ana", password=SecretStr("p"))
    connector = Connector(lambda _olt: target, timeout_s=7.0)
    opened: Any = await connector(OLT, "audit", "may_send")  # type: ignore[arg-type]
    await connector(OLT, "audit", "may_send")  # type: ignore[arg-type]
    assert opened == "session"
    (adapter, given, more), (_, _, again) = asked
    assert (adapter, given) == (vendor("huawei_smartax").adapter, target)
    assert (more["audit"], more["may_send"], more["timeout_s"]) == ("audit", "may_send", 7.0)
    assert more["habits"] is again["habits"] is connector.habits["olt-1"]
    assert connector.credential(OLT, b"key") == digest.of_login("ana", SecretStr("p"), b"key")


def test_a_credential_is_known_once_it_was_offered() -> None:
    connector = Connector(lambda _olt: pytest.fail("not to be asked"))
    assert connector.credential(OLT, b"key") is None
    connector._offered["olt-1"] = SimpleNamespace(username="ana", password=SecretStr("p"))  # type: ignore[assignment]
    assert connector.credential(OLT, b"key") == digest.of_login("ana", SecretStr("p"), b"key")


# ------------------------------------------------------------------------------------------------------- a job in hand


def _taken(kind: str = "provision", **more: Any) -> Taken:
    return Taken(Job(1, kind, "olt-1", NOON, NOON, "A", 1, S), NOON, **more)


ANA = Order("A", request={"customer_name": "Ana Sousa", "pppoe_login": "ana@isp"}, traceparent="00-t")
BRIEF: Any = SimpleNamespace(
    order=replace(ANA, id="B", traceparent="00-b"), unit=SimpleNamespace(traces=("00-s",))
)


def test_a_job_in_hand_knows_the_people_and_the_traces_of_its_order() -> None:
    assert _taken(order=ANA).people == ("Ana Sousa", "ana@isp")
    assert _taken(order=replace(ANA, request=None)).people == _taken().people == ()
    assert (_taken(order=ANA).trace, _taken(brief=BRIEF, order=ANA).trace, _taken().trace) == (
        "00-t",
        "00-b",
        None,
    )
    assert (_taken(brief=BRIEF).stock_traces, _taken(order=ANA).stock_traces) == (("00-s",), ())


@pytest.mark.parametrize(
    ("kind", "more", "void"),
    [
        ("provision", {}, True),
        ("provision", {"order": ANA}, True),
        ("provision", {"brief": BRIEF}, False),
        ("provision", {"fault": True}, False),
        ("deprovision", {}, True),
        ("deprovision", {"order": ANA}, False),
        ("deprovision", {"fault": True}, False),
        ("scan", {}, False),
        ("save", {"order": ANA}, False),
        ("plan", {}, False),
    ],
)
def test_there_is_nothing_to_do_where_nothing_is_known_of_the_order(
    kind: str, more: dict[str, Any], *, void: bool
) -> None:
    assert _taken(kind, **more).void is void


# ------------------------------------------------------------------------------------------------------------ verification


def test_each_level_is_told_as_what_it_is() -> None:
    found = registered(optics=Optics(onu_rx_dbm=-20.0, onu_tx_dbm=2.0, olt_rx_dbm=-23.0, distance_m=7))
    outcome = judge(look("online", WINDOW, found=found), PATIENCE)
    assert isinstance(outcome, Completed)
    told = outcome.achieved.optical
    assert (told.onu_rx_dbm, told.onu_tx_dbm, told.olt_rx_dbm) == (-20.0, 2.0, -23.0)
    assert outcome.achieved.distance_m == 7


@pytest.mark.parametrize(
    ("waited_s", "deadline_s", "over"),
    [(28800.0, None, True), (28799.0, None, False), (0.0, 0.0, True), (0.0, 1.0, False)],
)
def test_light_is_waited_for_until_its_time_or_the_orders_is_up(
    waited_s: float, deadline_s: float | None, *, over: bool
) -> None:
    deadline = None if deadline_s is None else NOON + timedelta(seconds=deadline_s)
    notes = replace(WINDOW, waits=3, unread=2)
    found = wait_for_light(notes, NOON, NOON - timedelta(seconds=waited_s), deadline, PATIENCE, {"a": 1})
    assert isinstance(found, Later) is not over
    if isinstance(found, Later):
        assert (found.notes["waits"], found.notes["unread"]) == (0, 0)
        assert found.seconds == PATIENCE.light_pause(waited_s)
    assert (PATIENCE.light_pause(899.0), PATIENCE.light_pause(900.0)) == (10.0, 120.0)


# --------------------------------------------------------------------------------------------------------------- redaction


def test_a_result_that_quotes_nothing_stays_as_it_is() -> None:
    data = {"code": "serial_claimed", "params": {"other_order": "B", "serial": S}, "text_pt": "escrito antes"}
    assert impersonal(data) == data
    odd: list[Any] = [None, "x", []]
    for params in odd:
        assert impersonal(data | {"params": params}) == data | {"params": params}
    assert impersonal({"left": "x"}) == {"left": "x"}
    assert impersonal({"left": ["x"]}) == {"left": ["x"]}
    quoting = data | {"code": "olt_refused", "params": {"detail": "x"}}
    assert impersonal(quoting)["text_pt"] != "escrito antes"
