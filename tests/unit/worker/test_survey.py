"""What a worker exports of the survey, and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import CollectorRegistry

from worker.store.outbox import Backlog
from worker.store.survey import OltSeen, Survey, Waiting
from worker.survey import FAMILIES, Exported

FOUND = Survey(
    orders={"queued": Waiting(3, 40.5), "cancelling": Waiting()},
    jobs={("provision", "due"): 3, ("provision", "running"): 1},
    oldest_due_s={"provision": 12.0},
    olts=(
        OltSeen("olt-1", "zte_zxan", due=Waiting(2, 12.0), onu_ids_free=5),
        OltSeen("olt-2", "zte_zxan", False, breaker_code="olt_login_refused", due=Waiting(4, 99.0)),
        OltSeen("olt-3", "huawei_smartax", False, held=True, due=Waiting(1, 7.0)),
    ),
    outbox=Backlog(10, 1, 3.5),
    units=Waiting(2, 86400.0),
)


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def sample(families: Iterable[Metric], name: str) -> dict[tuple[str, ...], float]:
    """Values of a family by its label values."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in families
        if family.name == name
        for sample in family.samples
    }


def exported() -> tuple[Exported, Clock]:
    clock = Clock()
    return Exported(clock), clock


def test_a_worker_that_never_led_exports_nothing() -> None:
    exports, _ = exported()
    assert list(exports.collect()) == []


def test_a_leader_exports_what_it_found_and_its_age() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    clock.now += 4
    found = list(exports.collect())
    assert sample(found, "acende_survey_age_seconds") == {(): 4.0}
    assert sample(found, "acende_orders_waiting") == {("queued",): 3, ("cancelling",): 0}
    assert sample(found, "acende_orders_oldest_seconds") == {("queued",): 40.5, ("cancelling",): 0}
    assert sample(found, "acende_jobs_live") == {("provision", "due"): 3, ("provision", "running"): 1}
    assert sample(found, "acende_units_waiting") == {(): 2}
    assert sample(found, "acende_outbox_rows") == {(): 10}


def test_jobs_are_due_for_more_workers_only_where_their_olt_can_be_worked_on() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    found = list(exports.collect())
    assert sample(found, "acende_jobs_due") == {(): 2}
    assert sum(sample(found, "acende_olt_jobs_due").values()) == 7


def test_a_breaker_is_told_with_its_code_while_it_is_open_and_without_one_while_it_is_not() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    assert sample(exports.collect(), "acende_olt_breaker_open") == {
        ("olt-1", "zte_zxan", ""): 0,
        ("olt-2", "zte_zxan", "olt_login_refused"): 1,
        ("olt-3", "huawei_smartax", ""): 0,
    }


def test_headroom_that_no_olt_told_is_absent_and_not_zero() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    assert sample(exports.collect(), "acende_olt_onu_ids_free") == {("olt-1", "zte_zxan"): 5}


def test_while_the_database_is_away_only_the_age_outlives_the_lease_and_goes_on_growing() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    clock.now += 29
    assert len(list(exports.collect())) == len(FAMILIES) + 1
    clock.now += 1
    assert [family.name for family in exports.collect()] == ["acende_survey_age_seconds"]
    clock.now += 300
    assert sample(exports.collect(), "acende_survey_age_seconds") == {(): 330.0}


def test_a_lease_that_is_renewed_keeps_an_old_survey_and_does_not_make_it_young() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    clock.now += 25
    exports.lead(clock.now + 30)
    clock.now += 20
    assert sample(exports.collect(), "acende_survey_age_seconds") == {(): 45.0}
    assert len(list(exports.collect())) == len(FAMILIES) + 1


def test_nothing_is_left_once_another_leads() -> None:
    exports, clock = exported()
    exports.tell(FOUND, clock.now + 30)
    exports.follow()
    assert list(exports.collect()) == []


def test_its_families_cannot_be_registered_twice() -> None:
    registry = CollectorRegistry()
    registry.register(exported()[0])
    names = set(registry._names_to_collectors)
    assert names == {family.name for family in FAMILIES} | {"acende_survey_age_seconds"}
