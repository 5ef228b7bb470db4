"""The order of arrival decides nothing: every interleaving of a set of facts ends alike."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from events.inputs import InputData
from events.record import Event
from tests.unit.correlate.town import (
    H_HEX,
    NOON,
    ONU_MODEL,
    ROUTER_MODEL,
    H,
    S,
    T,
    Town,
    bound,
    cancelled,
    played,
    received,
    started,
    unbound,
)

ORDERS = ("A", "B", "C")
CONTRACTS = {"A": "K-1", "B": "K-2", "C": "K-1"}
SERIALS = (S, T)
DOUBTFUL = (H, H, H_HEX)
"""One serial that looks like a MAC address, written so and beyond doubt."""

orders = st.sampled_from(ORDERS)
serials = st.sampled_from(SERIALS)
doubtful = st.sampled_from(DOUBTFUL)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """A set of facts about two units and three orders of two contracts. Times tie; some requests are too old."""
    drawn = draw(st.lists(st.one_of(_requests(), _cancellations(), _stock()), min_size=2, max_size=9))
    found = []
    for number, (data, minute) in enumerate(drawn):
        time = NOON - timedelta(days=2 if minute < 0 else 0) + timedelta(minutes=minute - 60)
        source = draw(st.sampled_from(("erp", "crm")))
        found.append(Event(source, f"e{number}", data.TYPE, time, data))
    return found


def _minutes() -> st.SearchStrategy[int]:
    return st.integers(min_value=-1, max_value=5)


@st.composite
def _requests(draw: st.DrawFn) -> tuple[InputData, int]:
    order = draw(orders)
    plan = draw(st.sampled_from(("FIBRA-300", "FIBRA-500")))
    data = started(order, draw(st.none() | serials | doubtful), CONTRACTS[order], plan_code=plan)
    return data, draw(_minutes())


@st.composite
def _cancellations(draw: st.DrawFn) -> tuple[InputData, int]:
    return cancelled(draw(orders)), draw(_minutes())


@st.composite
def _stock(draw: st.DrawFn) -> tuple[InputData, int]:
    serial, order, minute = draw(serials | doubtful), draw(orders), draw(_minutes())
    kind = draw(st.sampled_from(("received", "received for", "bound", "unbound")))
    if kind == "bound":
        return bound(serial, order, CONTRACTS[order]), minute
    if kind == "unbound":
        return unbound(serial, order), minute
    # Of what is no ONU, twelve bare hex digits are passed over when they are read.
    models = (ONU_MODEL,) if serial == H else (ONU_MODEL, ONU_MODEL, ROUTER_MODEL, "unheard of")
    model = draw(st.sampled_from(models))
    more = {"service_order_id": order} if kind == "received for" else {}
    return received(serial, model, **more), minute


@st.composite
def batches_of(draw: st.DrawFn, facts: Sequence[Event]) -> list[list[Event]]:
    """The facts in some order, cut into batches, some delivered twice."""
    again = draw(st.lists(st.sampled_from(list(facts)), max_size=2))
    shuffled = draw(st.permutations([*facts, *again]))
    batches: list[list[Event]] = [[]]
    for event in shuffled:
        if draw(st.booleans()):
            batches.append([])
        batches[-1].append(event)
    return [batch for batch in batches if batch]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_every_interleaving_ends_in_the_same_states_claims_and_verdicts(data: st.DataObject) -> None:
    facts = data.draw(stories())
    one = played(data.draw(batches_of(facts)))
    other = played(data.draw(batches_of(facts)))
    assert one.outcome() == other.outcome()
    assert one.units == other.units


def _served() -> Town:
    """A is served with S, B has tried T on an OLT."""
    town = Town(now=NOON - timedelta(hours=3))
    before = NOON - timedelta(hours=4)
    facts: list[InputData] = [
        received(S),
        received(T),
        bound(S, "A", "K-1"),
        started("A", S, "K-1"),
        started("B", T, "K-2"),
    ]
    town.tell(*(Event("erp", f"before-{at}", one.TYPE, before, one) for at, one in enumerate(facts)))
    town.complete("A").attempt("B", port="0/1/1")
    town.now = NOON
    return town


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_so_it_is_where_somebody_is_served_and_somebody_worked_on(data: st.DataObject) -> None:
    facts = data.draw(stories())
    one = played(data.draw(batches_of(facts)), copy.deepcopy(_served()))
    other = played(data.draw(batches_of(facts)), copy.deepcopy(_served()))
    assert one.outcome() == other.outcome()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_it_matters_not_when_an_olt_shows_a_serial_that_looks_like_a_mac_address(data: st.DataObject) -> None:
    facts = data.draw(stories())
    early = played(data.draw(batches_of(facts)), Town().shown(H))
    batches = data.draw(batches_of(facts))
    shown_after = data.draw(st.integers(0, len(batches)))
    late = played(batches[shown_after:], played(batches[:shown_after]).shown(H))
    assert early.outcome() == late.outcome()
    assert early.units == late.units
    assert not late.looking


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_is_claimed_of_a_serial_in_doubt(data: st.DataObject) -> None:
    town = Town()
    for batch in data.draw(batches_of(data.draw(stories()))):
        town.tell(*batch)
        looked_for = {order.id for order in town.orders.values() if order.verdict == "serial_looks_like_mac"}
        assert town.looking == looked_for
        for order in (town.orders[one] for one in looked_for):
            assert (order.state.value, order.serial, order.claims) == ("waiting", None, False)
        if any(order.serial == H for order in town.orders.values() if order.live):
            assert not town.units[H].undecided


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_two_orders_ever_claim_one_unit(data: st.DataObject) -> None:
    town = copy.deepcopy(_served()) if data.draw(st.booleans()) else Town()
    for batch in data.draw(batches_of(data.draw(stories()))):
        town.tell(*batch)
        assert all(len(claimants) == 1 for claimants in town.claims().values())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_looking_again_changes_nothing(data: st.DataObject) -> None:
    town = played(data.draw(batches_of(data.draw(stories()))))
    before, finals, told = town.outcome(), len(town.finals), len(town.told)
    town.look()
    assert (town.outcome(), len(town.finals), len(town.told)) == (before, finals, told)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_revision_has_at_most_one_final(data: st.DataObject) -> None:
    town = played(data.draw(batches_of(data.draw(stories()))))
    town.wait(hours=30)
    keys = [(order, revision) for order, revision, _, _ in town.finals]
    assert len(keys) == len(set(keys))
