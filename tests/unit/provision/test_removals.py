"""One removal on an OLT that says what the test wants: what is asked, written, sent and told. No database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from events.reasons import reason
from tests.unit.provision.builders import HERE, SERIAL, THERE, registered, seen
from tests.unit.provision.test_provisioning import JOB, NOW, Books, Line
from vendors.contract import write
from vendors.errors import OltUnreachable, OrderRejected, ProvisioningError
from worker.facts import Order, OrderState
from worker.ledger import SaveRule, Taken
from worker.outcome import Later, Outcome, Removed, Superseded
from worker.policy import Standing
from worker.reconcile import Rules, Run
from worker.removal import abandoned, deprovision, left_of
from worker.wish import plan_hash

GONE = (write("ont delete 1", path=()), write("ont delete 2", path=()))
OWN = Standing(own=frozenset({HERE, THERE}))
BOTH = [[SERIAL, str(THERE)], [SERIAL, str(HERE)]]


async def removed(
    line: Line, books: Books | None = None, standing: Standing = OWN, order: Order | None = None, **notes: Any
) -> Outcome:
    job = replace(JOB, kind="deprovision", port=None, notes={"registrations": [[SERIAL, str(HERE)]]} | notes)
    order = order or Order("A", state=OrderState.CANCELLING)
    taken = Taken(job, NOW, None, order, {SERIAL: standing})
    store: Any = books or Books()
    anything: Any = line
    nothing: Any = None
    return await deprovision(Run(store, anything, nothing, Rules(b"k"), taken, lambda: 0.0))


async def test_what_goes_is_written_down_sent_and_looked_for_again() -> None:
    line, books = Line([seen(registered()), seen()], [GONE]), Books()
    outcome = await removed(line, books)
    assert isinstance(outcome, Removed)
    assert line.sent == [one.text for one in GONE]
    assert [one for one in line.asked if one[0] == "observe"] == [("observe", SERIAL, HERE)] * 2
    assert books.names == ["open_removal", "goes_on"]
    lease, job, (step,), save = books.asked[0][1]
    assert (lease, job.id, save) == ("lease", 1, SaveRule())
    assert (step.kind, step.text) == ("removal_started", "Remoção em olt-1.")
    assert (step.detail["serial"], step.detail["hash"], len(step.detail["observed"])) == (
        SERIAL,
        plan_hash(GONE),
        1,
    )
    assert [one["line"] for one in step.detail["plan"]] == [one.text for one in GONE]
    [where] = outcome.removed
    assert (where.olt_id, where.pon_port, where.onu_id, where.serial) == ("olt-1", HERE, 3, SERIAL)
    assert (outcome.left, outcome.gone) == ((), ((SERIAL, str(HERE)),))


async def test_where_nothing_is_to_go_nothing_is_written_or_sent() -> None:
    line, books = Line([seen()], []), Books()
    outcome = await removed(line, books)
    assert outcome == Removed((), (), ((SERIAL, str(HERE)),))
    assert (line.sent, books.asked) == ([], [])
    again = await removed(Line([seen()], []), attempts=1)
    assert isinstance(again, Removed)
    assert [(one.olt_id, one.pon_port, one.serial) for one in again.removed] == [("olt-1", HERE, SERIAL)]


@pytest.mark.parametrize(("no", "sent"), [({"open_removal": 0}, 0), ({"goes_on": 0}, 1)])
async def test_a_removal_that_is_wanted_no_more_stops_after_the_command_in_hand(
    no: dict[str, int], sent: int
) -> None:
    line = Line([seen(registered()), seen()], [GONE])
    assert isinstance(await removed(line, Books(no)), Superseded)
    assert len(line.sent) == sent


async def test_the_ports_of_a_serial_are_looked_at_once_and_told_in_order() -> None:
    line = Line([seen(registered(THERE), registered())], [])
    outcome = await removed(line, standing=Standing(), registrations=BOTH)
    assert isinstance(outcome, Removed)
    assert [one for one in line.asked if one[0] == "observe"] == [("observe", SERIAL, HERE)]
    assert [(one.pon_port, one.code) for one in outcome.left] == [
        (THERE, "left_not_own"),
        (HERE, "left_not_own"),
    ]
    assert outcome.gone == ()
    gone = await removed(Line([seen()], []), registrations=BOTH)
    assert isinstance(gone, Removed)
    assert gone.gone == ((SERIAL, str(HERE)), (SERIAL, str(THERE)))


PLACED = {"place_olt": "olt-1", "serial": SERIAL, "place_port": HERE}
WHERE_IT_IS = [
    (PLACED | {"state": OrderState.COMPLETED}, []),
    (PLACED | {"state": OrderState.COMPLETED, "place_port": THERE}, [HERE]),
    (PLACED | {"state": OrderState.COMPLETED, "place_olt": "olt-2"}, [HERE]),
    (PLACED | {"state": OrderState.COMPLETED, "serial": "HWTC00000002"}, [HERE]),
    (PLACED | {"state": OrderState.CANCELLING}, [HERE]),
]


@pytest.mark.parametrize(("order", "looked"), WHERE_IT_IS, ids=str)
async def test_the_place_where_the_unit_is_by_now_is_not_looked_at_unless_all_is_to_go(
    order: dict[str, Any], looked: list[Any]
) -> None:
    line = Line([seen()], [])
    assert isinstance(await removed(line, order=replace(Order("A"), **order)), Removed)
    assert [one[2] for one in line.asked if one[0] == "observe"] == looked


async def test_at_a_former_place_only_what_is_listed_and_offline_goes() -> None:
    line = Line([seen(registered(online=False), registered(THERE, online=False)), seen()], [])
    outcome = await removed(line, order=Order("A", state=OrderState.COMPLETED), standing=Standing("here"))
    assert isinstance(outcome, Removed)
    assert outcome.left == ()
    online = await removed(Line([seen(registered())], []), order=Order("A", state=OrderState.COMPLETED))
    assert isinstance(online, Removed)
    assert [one.code for one in online.left] == ["left_online"]


@pytest.mark.parametrize(
    ("looks", "attempts"),
    [
        ([OltUnreachable("gone")], 0),
        ([seen(registered()), OltUnreachable("gone")], 1),
        ([seen(registered()), seen(registered())], 1),
    ],
)
async def test_what_went_wrong_is_tried_again_with_the_attempts_counted(
    looks: list[Any], attempts: int
) -> None:
    outcome = await removed(Line(looks, [GONE, GONE[1:]]), x="y")
    assert isinstance(outcome, Later)
    assert (outcome.notes["attempts"], outcome.notes["x"]) == (attempts, "y")
    assert outcome.notes["registrations"] == [[SERIAL, str(HERE)]]
    assert outcome.notes["faults"] + outcome.notes["waits"] == 1
    more = await removed(Line([OltUnreachable("gone")], []), attempts=4)
    assert isinstance(more, Later)
    assert more.notes["attempts"] == 4


@pytest.mark.parametrize("error", [OrderRejected("x", command="cmd", reply="Failure: no profile")])
async def test_what_an_olt_refuses_to_remove_is_left_and_told(error: ProvisioningError) -> None:
    outcome = await removed(Line([error], []))
    assert isinstance(outcome, Removed)
    [left] = outcome.left
    assert (left.code, left.serial, left.pon_port, left.onu_id) == ("left_refused", SERIAL, HERE, None)
    assert "Failure: no profile [cmd]" in left.text_pt


def test_a_registration_that_stays_is_told_with_what_fills_its_reason() -> None:
    left = left_of("olt-1", SERIAL, HERE, "left_claimed", {"other_order": "B"}, 7)
    said = reason("left_claimed").say(
        {"serial": SERIAL, "place": "olt-1 0/1/0", "olt": "olt-1", "other_order": "B"}
    )
    assert (left.text_pt, left.text_en, left.onu_id, left.olt_id) == (said.text_pt, said.text_en, 7, "olt-1")
    assert "?" not in left.text_pt
    bare = abandoned(replace(JOB, notes={"registrations": BOTH}), "left_olt_unknown")
    assert [(one.pon_port, one.code) for one in bare.left] == [
        (THERE, "left_olt_unknown"),
        (HERE, "left_olt_unknown"),
    ]
