"""Invariant 6, as a table: whose registration may be adopted, moved, removed, and what stops."""

import pytest

from schemas.place import Place, PonPort
from vendors.contract import Observation, Registration, Sighting
from worker.policy import Binding, NotYet, Refused, Standing, may_cancel, may_clear, may_provision

SERIAL = "HWTC1A2B3C4D"
HERE = PonPort(frame=0, slot=1, port=0)
THERE = PonPort(frame=0, slot=1, port=7)
PLACE = Place(olt="olt-1", port=HERE)


def registered(port: PonPort, *, online: bool = False) -> Registration:
    return Registration(port=port, onu_id=3, raw_serial=SERIAL, online=online, description="OS-1")


def observed(*registrations: Registration, lit: PonPort | None = None) -> Observation:
    sighting = Sighting(port=lit, serial=SERIAL, raw_serial=SERIAL) if lit else None
    return Observation(serial=SERIAL, port=HERE, registrations=registrations, sighting=sighting)


def bound(
    binding: Binding = "nobody", *own: PonPort, lit: bool = False, claimed_by: str | None = None
) -> Standing:
    return Standing(binding, frozenset(own), claimed_by, lit)


ELSEWHERE = "serial_registered_elsewhere"
ALLOWED = None


@pytest.mark.parametrize(
    ("standing", "seen", "verdict"),
    [
        pytest.param(bound(), observed(), ALLOWED, id="nobody bound, nothing there: registers"),
        pytest.param(bound(), observed(lit=HERE), ALLOWED, id="nobody bound, lit there: registers"),
        pytest.param(bound("elsewhere"), observed(lit=HERE), ALLOWED, id="bound to another, nothing there: correlation's business"),
        pytest.param(bound("nobody", HERE), observed(registered(HERE)), ALLOWED, id="own at the place, offline"),
        pytest.param(bound("nobody", HERE), observed(registered(HERE, online=True)), ALLOWED, id="own at the place, online"),
        pytest.param(bound("elsewhere", HERE), observed(registered(HERE)), ALLOWED, id="own stays own when stock changes"),
        pytest.param(bound("here"), observed(registered(HERE)), ALLOWED, id="adopts offline when bound here"),
        pytest.param(bound("here"), observed(registered(HERE, online=True)), ALLOWED, id="adopts online when bound here"),
        pytest.param(bound(), observed(registered(HERE)), ELSEWHERE, id="does not adopt when bound to nobody"),
        pytest.param(bound(), observed(registered(HERE, online=True)), ELSEWHERE, id="does not adopt online when bound to nobody"),
        pytest.param(bound("elsewhere"), observed(registered(HERE)), ELSEWHERE, id="does not adopt when bound to another"),
        pytest.param(bound(lit=True), observed(registered(HERE)), ELSEWHERE, id="light does not make it adoptable"),
        pytest.param(bound("here"), observed(registered(THERE)), ALLOWED, id="moves an offline one when bound here"),
        pytest.param(bound("here"), observed(registered(THERE), lit=HERE), ALLOWED, id="moves an offline one, lit here"),
        pytest.param(bound("here"), observed(registered(THERE, online=True)), ELSEWHERE, id="never moves an online one"),
        pytest.param(bound(), observed(registered(THERE)), ELSEWHERE, id="nobody bound, dark: does not move"),
        pytest.param(bound(), observed(registered(THERE), lit=HERE), ALLOWED, id="nobody bound, lit at the new place: moves"),
        pytest.param(bound(lit=True), observed(registered(THERE)), ALLOWED, id="nobody bound, seen lit at the new place before: moves"),
        pytest.param(bound(), observed(registered(THERE), lit=THERE), ELSEWHERE, id="lit at another port is not lit at the new place"),
        pytest.param(bound(), observed(registered(THERE, online=True), lit=HERE), ELSEWHERE, id="online elsewhere, lit here too: stops"),
        pytest.param(bound("elsewhere"), observed(registered(THERE), lit=HERE), ELSEWHERE, id="bound to another: does not move"),
        pytest.param(bound("nobody", THERE), observed(registered(THERE)), ALLOWED, id="moves what is own and offline"),
        pytest.param(bound("nobody", THERE), observed(registered(THERE, online=True)), NotYet(THERE), id="own and online elsewhere: not cut off, waits"),
        pytest.param(bound("nobody", HERE), observed(registered(HERE), registered(THERE)), ELSEWHERE, id="one own, one not: stops"),
        pytest.param(bound("nobody", HERE, claimed_by="OS-9"), observed(registered(HERE)), "serial_claimed", id="claimed by another: stops"),
    ],
)  # fmt: skip
def test_what_may_be_provisioned(standing: Standing, seen: Observation, verdict: object) -> None:
    outcome = may_provision(PLACE, seen, standing)
    assert (outcome.code if isinstance(outcome, Refused) else outcome) == verdict


def test_a_refusal_says_where_and_whose() -> None:
    outcome = may_provision(PLACE, observed(registered(THERE)), bound())
    assert outcome == Refused(ELSEWHERE, {"serial": SERIAL, "place": "olt-1 0/1/7", "owner": "OS-1"})


@pytest.mark.parametrize(
    ("standing", "seen", "removed", "left"),
    [
        pytest.param(bound("nobody", HERE), observed(registered(HERE)), [HERE], [], id="own, offline"),
        pytest.param(bound("nobody", HERE), observed(registered(HERE, online=True)), [HERE], [], id="own, online"),
        pytest.param(bound("here"), observed(registered(HERE)), [], ["left_not_own"], id="bound here but not own: stays"),
        pytest.param(bound("nobody", HERE), observed(registered(HERE), registered(THERE)), [HERE], ["left_not_own"], id="own goes, the other stays"),
        pytest.param(bound("nobody", HERE, claimed_by="OS-9"), observed(registered(HERE)), [], ["left_claimed"], id="claimed by another: stays"),
        pytest.param(bound("nobody", HERE), observed(), [], [], id="gone already"),
    ],
)  # fmt: skip
def test_what_a_cancellation_removes(
    standing: Standing, seen: Observation, removed: list[PonPort], left: list[str]
) -> None:
    outcome = may_cancel(seen, standing)
    assert [found.port for found in outcome.observed.registrations] == removed
    assert [kept.code for kept in outcome.left] == left


@pytest.mark.parametrize(
    ("standing", "seen", "removed", "left"),
    [
        pytest.param(bound("nobody", THERE), observed(registered(THERE)), [THERE], [], id="own, offline"),
        pytest.param(bound("nobody", THERE), observed(registered(THERE, online=True)), [], ["left_online"], id="own, online: stays"),
        pytest.param(bound("here"), observed(registered(THERE)), [THERE], [], id="bound here, offline"),
        pytest.param(bound("here"), observed(registered(THERE, online=True)), [], ["left_online"], id="bound here, online: stays"),
        pytest.param(bound("nobody", lit=True), observed(registered(THERE)), [THERE], [], id="nobody bound, was lit at the new place"),
        pytest.param(bound(), observed(registered(THERE)), [], ["left_not_own"], id="nobody bound, never seen lit: stays"),
        pytest.param(bound("elsewhere", lit=True), observed(registered(THERE)), [], ["left_not_own"], id="bound to another: stays"),
        pytest.param(bound("here", THERE, claimed_by="OS-9"), observed(registered(THERE)), [], ["left_claimed"], id="claimed by another: stays"),
    ],
)  # fmt: skip
def test_what_is_cleared_at_a_former_place(
    standing: Standing, seen: Observation, removed: list[PonPort], left: list[str]
) -> None:
    outcome = may_clear(seen, standing)
    assert [found.port for found in outcome.observed.registrations] == removed
    assert [kept.code for kept in outcome.left] == left


@pytest.mark.parametrize("binding", ["here", "nobody", "elsewhere"])
@pytest.mark.parametrize("lit", [True, False])
def test_an_online_registration_that_is_not_own_is_never_removed(binding: Binding, *, lit: bool) -> None:
    seen = observed(registered(THERE, online=True), lit=HERE)
    standing = bound(binding, lit=lit)
    assert isinstance(may_provision(PLACE, seen, standing), Refused)
    assert may_cancel(seen, standing).observed.registrations == ()
    assert may_clear(seen, standing).observed.registrations == ()


def test_whose_registration_is_in_the_way_is_told_by_its_description() -> None:
    for description, owner in (("OS-1", "OS-1"), (None, "-")):
        found = observed(registered(THERE).model_copy(update={"description": description}))
        assert may_provision(PLACE, found, bound()) == Refused(
            ELSEWHERE, {"serial": SERIAL, "place": "olt-1 0/1/7", "owner": owner}
        )
