"""Whatever is cut, refused, garbled or unheard of: the next run finishes, and nothing passes for a success."""

from __future__ import annotations

import pytest

from schemas.onu import DesiredOnu
from tests.conformance.case import SERIAL
from tests.conformance.work import Site
from tests.support.secrets import PLANTED
from vendors.contract import Observation
from vendors.errors import (
    NotConverged,
    OltBusy,
    OltUnreachable,
    OrderRejected,
    ProvisioningError,
    UnknownReply,
)
from vendors.registry import PLATFORMS
from vendors.simulator.rows import PluggedOnu


async def lines_of(site: Site, before: DesiredOnu | None, after: DesiredOnu | None) -> int:
    """How many commands it takes from login to logout to get from one wish to another."""
    await prepared(site, before)
    site.olt.journal.clear()
    await site.run(after)
    return sum(not row.hidden and bool(row.line) for row in site.olt.journal.lines)


async def prepared(site: Site, before: DesiredOnu | None) -> None:
    site.start_anew()
    if before is not None:
        await site.run(before)


async def cut(site: Site, before: DesiredOnu | None, after: DesiredOnu | None, nth: int, when: str) -> bool:
    """Run with the line cut at the nth command, then run again; whether it was cut."""
    await prepared(site, before)
    site.bench.fault("drop", nth=nth, when=when)
    try:
        await site.run(after)
    except OltUnreachable:
        site.bench.sim.faults.armed.clear()
        await site.run(after)
    return bool(site.bench.sim.faults.struck)


@pytest.mark.parametrize("transport", ["telnet"])
@pytest.mark.parametrize("when", ["before", "after", "middle"])
@pytest.mark.parametrize("way", ["register", "change", "move", "remove"])
async def test_cut_at_any_command_the_next_run_finishes(site: Site, way: str, when: str) -> None:
    full, plain = site.case.wishes["full"], site.case.wishes["plain"]
    moved = full.model_copy(update={"port": site.case.elsewhere})
    ways = {"register": (None, full), "change": (full, plain), "move": (moved, full), "remove": (full, None)}
    before, after = ways[way]
    count = await lines_of(site, before, after)
    struck = 0
    for nth in range(1, count + 1):
        struck += await cut(site, before, after, nth, when)
        assert site.wrong(after) == [], f"cut {when} command {nth} of {count}"
    assert struck > count / 2


@pytest.mark.parametrize("transport", ["ssh"])
async def test_cut_at_some_commands_over_ssh_the_next_run_finishes(site: Site) -> None:
    wish = site.case.wishes["full"]
    count = await lines_of(site, None, wish)
    for nth in range(2, count, max(count // 6, 1)):
        assert await cut(site, None, wish, nth, "after")
        assert site.wrong(wish) == [], f"cut after command {nth} of {count}"


async def plan_texts(site: Site, wish: DesiredOnu) -> list[str]:
    """The lines of the plan, as they are sent."""
    site.start_anew()
    async with site.bench.session() as session:
        plan = site.case.adapter.plan(wish, await site.observe(session, wish))
    return [command.reveal() for command in plan]


def exactly(text: str) -> str:
    """An expression for one line."""
    return (
        "^"
        + "".join(character if character.isalnum() else f"\\x{ord(character):02x}" for character in text)
        + "$"
    )


@pytest.mark.parametrize("transport", ["telnet"])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_unknown_reply_to_any_change_is_an_error(site: Site, when: str) -> None:
    wish = site.case.wishes["full"]
    for text in await plan_texts(site, wish):
        site.start_anew()
        site.bench.fault("unknown", pattern=exactly(text), when=when)
        with pytest.raises(UnknownReply) as unknown:
            await site.run(wish)
        assert "flux capacitor" in unknown.value.reply
        assert unknown.value.reason == "unknown_reply"
        await site.run(wish)
        assert site.wrong(wish) == []


@pytest.mark.parametrize("transport", ["telnet"])
async def test_an_unknown_reply_to_any_question_is_never_taken_for_an_answer(site: Site) -> None:
    wish = site.case.wishes["plain"]
    await site.run(wish)
    site.bench.exchanges.clear()
    async with site.bench.session() as session:
        truth = await site.observe(session, wish)
    questions = dict.fromkeys(exchange.command for exchange in site.bench.exchanges)
    refused = [text for text in questions if await _is_refused(site, wish, text, truth)]
    assert len(refused) > len(questions) / 2


async def _is_refused(site: Site, wish: DesiredOnu, question: str, truth: Observation) -> bool:
    """Whether an unknown reply to a question is an error; else what is observed must be the truth all the same."""
    site.bench.sim.faults.clear()
    site.bench.fault("unknown", pattern=exactly(question), times=None)
    async with site.bench.session() as session:
        try:
            seen = await site.observe(session, wish)
        except UnknownReply:
            return True
    assert seen.model_copy(update={"firmware": None}) == truth.model_copy(update={"firmware": None}), question
    return False


@pytest.mark.parametrize("transport", ["telnet"])
async def test_a_refusal_of_any_change_is_the_orders_and_the_next_run_finishes(site: Site) -> None:
    wish = site.case.wishes["full"]
    for text in await plan_texts(site, wish):
        site.start_anew()
        site.bench.fault("refuse", pattern=exactly(text))
        with pytest.raises(OrderRejected) as refused:
            await site.run(wish)
        assert not refused.value.retryable
        assert refused.value.command
        await site.run(wish)
        assert site.wrong(wish) == [], text.split()[0]


@pytest.mark.parametrize("transport", ["telnet"])
async def test_a_busy_answer_to_any_change_is_tried_again(site: Site) -> None:
    wish = site.case.wishes["full"]
    for text in await plan_texts(site, wish):
        site.start_anew()
        site.bench.fault("busy", pattern=exactly(text), seconds=60)
        with pytest.raises(OltBusy) as busy:
            await site.run(wish)
        assert busy.value.retryable
        site.bench.sim.faults.clear()
        await site.run(wish)
        assert site.wrong(wish) == []


async def test_what_became_true_between_looking_and_acting_is_refused_by_its_name(site: Site) -> None:
    wish = site.case.wishes["plain"]
    async with site.bench.session() as session:
        plan = site.case.adapter.plan(wish, await site.observe(session, wish))
        site.olt.register(site.case.elsewhere, site.device.onu_ids[7], SERIAL, **site.case.registration)
        with pytest.raises(ProvisioningError) as refused:
            await site.apply(session, plan)
    assert refused.value.reason in {"serial_already_registered", "not_converged"}


async def test_a_profile_that_is_missing_is_named_as_missing(site: Site) -> None:
    wish = site.case.wishes["plain"]
    site.olt.profiles = [
        row
        for row in site.olt.profiles
        if row.key not in {wish.line_profile, wish.onu_type} or row.key is None
    ]
    with pytest.raises(OrderRejected) as refused:
        await site.run(wish)
    assert refused.value.reason == "profile_missing"
    assert not site.olt.by_serial(SERIAL)


async def test_a_full_port_is_said_to_be_full(site: Site) -> None:
    used = {found.onu_id for found in site.olt.on_port(site.case.port)}
    for number in site.device.onu_ids:
        if number not in used:
            site.olt.register(site.case.port, number, f"FULL{number:08X}", **site.case.registration)
    with pytest.raises(OrderRejected) as refused:
        await site.run(site.case.wishes["plain"])
    assert refused.value.reason == "port_full"


@pytest.mark.parametrize("kind_of", ["alarm", "latin1", "duplicate_echo", "slow"])
@pytest.mark.parametrize("transport", ["telnet"])
async def test_noise_in_every_reply_changes_nothing(site: Site, kind_of: str) -> None:
    wish = site.case.wishes["full"]
    site.bench.fault(kind_of, times=None, seconds=0.0005)
    await site.run(wish)
    assert site.wrong(wish) == []
    assert len(site.bench.sim.faults.struck) > 10


async def test_pager_and_hints_that_stay_on_are_passed(site: Site) -> None:
    """Whatever a session says first to turn them off is refused."""
    wish = site.case.wishes["full"]
    prepare = site.case.adapter.PLATFORM.prepare
    for number in range(40):
        site.olt.plug(PluggedOnu(f"HWTC{number + 256:08X}", site.case.elsewhere))
    site.bench.fault("refuse", pattern="|".join(exactly(text) for text in prepare), times=None)
    site.bench.target = site.bench.target.model_copy(update={"pipeline": "off"})
    await site.run(wish)
    assert site.wrong(wish) == []


async def test_every_login_refused_or_full_is_what_it_is(site: Site) -> None:
    site.bench.sim.limits.sessions_per_user = 1
    async with site.bench.session():
        with pytest.raises(OltBusy):
            await site.run(site.case.wishes["plain"])
    site.bench.sim.limits.sessions_per_user = None
    site.bench.sim.limits.sessions = 0
    with pytest.raises(OltBusy):
        await site.run(site.case.wishes["plain"])
    site.bench.sim.limits.sessions = None
    assert await site.run(site.case.wishes["plain"]) > 0


async def test_no_secret_is_in_an_audit_line_or_an_error(site: Site) -> None:
    wish = site.case.wishes["full"]
    said: list[str] = []
    for fault in ("unknown", "drop", "refuse"):
        for name, secret in wish.secrets().items():
            site.start_anew()
            site.bench.fault(
                fault,
                pattern=exactly(secret).strip("^$"),
                text=None if fault == "drop" else f"echo {secret}\n",
            )
            with pytest.raises(ProvisioningError) as failed:
                await site.run(wish)
            said += [str(failed.value), repr(vars(failed.value)), repr(site.bench.exchanges), name]
    site.start_anew()
    await site.run(wish)
    await site.run(wish)
    said.append(repr(site.bench.exchanges))
    assert not [name for name, secret in PLANTED.items() if any(secret in text for text in said)]
    assert any(secret in line for secret in wish.secrets().values() for line in site.bench.commands())


def test_the_suite_runs_for_every_vendor_of_the_registry() -> None:
    assert {"huawei_smartax", "zte_titan", "zte_zxan"} < set(PLATFORMS)
    assert NotConverged.retryable
