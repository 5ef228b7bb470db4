"""Whether a configured ONU serves, and what follows while it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from events.stages import Stage
from schemas.inventory import Olt
from tests.unit.provision.builders import GOOD, registered, wish
from vendors.contract import Optics, Registration, Serving
from worker.notes import Notes
from worker.outcome import Completed, Failed, Later
from worker.verify import Look, Patience, judge, wait_for_light

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OLT = Olt(id="olt-1", site="centro", platform="huawei_smartax", address="10.0.0.1", transport="telnet")
PATIENCE = Patience()


def look(
    serving: Serving,
    notes: Notes | None = None,
    *,
    found: Registration | None = None,
    after_s: float = 0.0,
    began_s_ago: float = 60.0,
) -> Look:
    now = NOW + timedelta(seconds=after_s)
    return Look(
        olt=OLT,
        wish=wish(),
        found=found or registered(),
        serving=serving,
        notes=notes or Notes(),
        now=now,
        began_at=now - timedelta(seconds=began_s_ago),
        deadline_at=now + timedelta(hours=8),
    )


WINDOW = Notes(lit=True, window=NOW.isoformat())


def test_online_and_measured_is_completed() -> None:
    outcome = judge(look("online", WINDOW), PATIENCE)
    assert isinstance(outcome, Completed)
    assert outcome.achieved.optical.onu_rx_dbm == GOOD.onu_rx_dbm
    assert outcome.achieved.distance_m == 1074
    assert outcome.achieved.warnings == ()


def test_a_window_that_began_later_than_now_began_now() -> None:
    later = replace(WINDOW, window=(NOW + timedelta(hours=1)).isoformat())
    outcome = judge(look("configuring", later), PATIENCE)
    assert isinstance(outcome, Later)
    assert Notes.of(outcome.notes).window_at == NOW
    assert isinstance(judge(look("configuring", Notes.of(outcome.notes), after_s=181), PATIENCE), Failed)


@pytest.mark.parametrize("serving", ["configuring", "dark"])
def test_no_wait_ends_while_the_clock_is_in_doubt(serving: Serving) -> None:
    seen = replace(look(serving, replace(WINDOW, lit=serving != "dark"), after_s=86400), deadline_at=None)
    assert isinstance(judge(replace(seen, began_at=NOW), PATIENCE), Failed)
    assert isinstance(judge(replace(seen, began_at=NOW), PATIENCE.endless), Later)


def test_an_onu_that_is_online_completes_while_the_clock_is_in_doubt_levels_or_not() -> None:
    unread = registered(optics=None)
    assert isinstance(judge(look("online", WINDOW, found=unread, after_s=31), PATIENCE.endless), Completed)


def test_a_weak_level_completes_with_a_warning_while_the_technician_is_there() -> None:
    weak = registered(optics=Optics(onu_rx_dbm=-28.4))
    outcome = judge(look("online", WINDOW, found=weak), PATIENCE)
    assert isinstance(outcome, Completed)
    [warned] = outcome.achieved.warnings
    assert (warned.code, warned.value, warned.limit) == ("onu_rx_low", -28.4, -27.0)


@pytest.mark.parametrize(("after_s", "ends"), [(0, False), (29, False), (30, True)])
def test_levels_that_are_not_shown_are_waited_for_half_a_minute(after_s: float, *, ends: bool) -> None:
    blind = registered(optics=None)
    outcome = judge(look("online", WINDOW, found=blind, after_s=after_s), PATIENCE)
    assert isinstance(outcome, Completed) is ends
    if isinstance(outcome, Completed):
        assert [warned.code for warned in outcome.achieved.warnings] == ["optics_unread"]


@pytest.mark.parametrize("serving", ["configuring", "dark", "failed"])
@pytest.mark.parametrize(("after_s", "ends"), [(0, False), (179, False), (180, True)])
def test_a_unit_that_was_lit_has_three_minutes_to_come_online(
    serving: Serving, after_s: float, *, ends: bool
) -> None:
    outcome = judge(look(serving, WINDOW, after_s=after_s), PATIENCE)
    if not ends:
        assert isinstance(outcome, Later)
        assert (outcome.seconds, outcome.stage) == (5.0, Stage.VERIFYING)
        return
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == ("onu_config_failed" if serving == "failed" else "not_online")


@pytest.mark.parametrize(("began_s_ago", "pause_s"), [(1, 10), (899, 10), (900, 120), (28799, 120)])
def test_a_dark_unit_is_waited_for_with_longer_and_longer_pauses(began_s_ago: float, pause_s: float) -> None:
    outcome = judge(look("dark", began_s_ago=began_s_ago), PATIENCE)
    assert isinstance(outcome, Later)
    assert (outcome.seconds, outcome.stage) == (pause_s, Stage.WAITING_FOR_LIGHT)


def test_a_unit_that_stays_dark_fails_after_eight_hours() -> None:
    outcome = judge(look("dark", began_s_ago=28800), PATIENCE)
    assert isinstance(outcome, Failed)
    assert outcome.failure.code == "no_light"


def test_light_is_not_waited_for_beyond_the_jobs_deadline() -> None:
    outcome = wait_for_light(Notes(), NOW, NOW - timedelta(hours=1), NOW, PATIENCE, {})
    assert isinstance(outcome, Failed)


def test_the_three_minutes_begin_when_a_dark_unit_lights_up_and_anew_when_it_went_dark_again() -> None:
    lit = judge(look("configuring", Notes()), PATIENCE)
    assert isinstance(lit, Later)
    notes = Notes.of(lit.notes)
    assert notes.window_at == NOW
    dark = judge(look("dark", notes, after_s=170), PATIENCE)
    assert isinstance(dark, Later)
    assert dark.stage is Stage.WAITING_FOR_LIGHT
    again = judge(look("configuring", Notes.of(dark.notes), after_s=200), PATIENCE)
    assert isinstance(again, Later)


def test_a_model_that_differs_from_stock_is_a_warning() -> None:
    differs = wish(models_differ={"model_seen": "HG8010H", "model_stock": "EG8145V5"})
    outcome = judge(replace(look("online", WINDOW), wish=differs), PATIENCE)
    assert isinstance(outcome, Completed)
    assert [warned.code for warned in outcome.achieved.warnings] == ["model_differs_from_stock"]


def test_levels_that_are_not_read_yet_are_waited_for_and_a_look_ends_pauses_in_a_row() -> None:
    unread = registered(optics=Optics(onu_tx_dbm=2.0))
    outcome = judge(look("online", replace(WINDOW, waits=3, unread=2), found=unread), PATIENCE)
    assert isinstance(outcome, Later)
    assert (outcome.notes["waits"], outcome.notes["unread"]) == (0, 0)
