"""The survey: what the database says of all orders, jobs and OLTs, as metrics of the one worker that leads it.

Gauges of a whole installation must not be exported twice, and never by who has stopped looking: this worker exports them
while it holds the lease, and nothing of them afterwards. Only their age goes on growing while the database is away, since
nobody else can have taken over then.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from worker import logs, metrics
from worker.clock import boottime
from worker.settings import Settings
from worker.store import roles, survey
from worker.store.db import Store, StoreFaulty, StoreUnavailable
from worker.store.survey import OltSeen, Survey, Waiting
from worker.survive import waited

log = logs.get(__name__)
ROLE = "survey"
LEASE_LEAST_S = 15.0
_LEASE_MARGIN_S = 2.0
_UNITS_SHARE = 0.01
"""Units cost a walk through two indexes: at most this part of the time is spent on them."""
_UNITS_PAUSE_S = 600.0
"""After they could not be counted."""

Row = tuple[tuple[str, ...], float]


@dataclass(frozen=True)
class Family:
    """One gauge: `rows` are its samples, label values and value."""

    name: str
    help: str
    labels: tuple[str, ...]
    rows: Callable[[Survey], Iterable[Row]]

    def of(self, found: Survey | None) -> GaugeMetricFamily:
        """The family as Prometheus' client has it; without samples where nothing was found."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for labels, value in self.rows(found) if found else ():
            family.add_metric(labels, value)
        return family


def _counts(counted: Iterable[tuple[str, Waiting]]) -> Iterator[Row]:
    return (((name,), waiting.count) for name, waiting in counted)


def _oldest(counted: Iterable[tuple[str, Waiting]]) -> Iterator[Row]:
    return (((name,), waiting.oldest_s) for name, waiting in counted)


def _olt(olt: OltSeen) -> tuple[str, ...]:
    return (olt.olt, olt.platform)


_BY_OLT = ("olt", "platform")
FAMILIES: Sequence[Family] = (
    Family(
        "acende_orders_waiting",
        "Live orders, by the stage they stand in; cancelling: what they own is being removed.",
        ("stage",),
        lambda found: _counts(found.orders.items()),
    ),
    Family(
        "acende_orders_oldest_seconds",
        "How long the order that has stood longest in a stage has stood there; 0 where there is none.",
        ("stage",),
        lambda found: _oldest(found.orders.items()),
    ),
    Family(
        "acende_units_waiting",
        "Units that stock binds to an order that is not known: its installation has not been started.",
        (),
        lambda found: [((), found.units.count)] if found.units else (),
    ),
    Family(
        "acende_units_oldest_seconds",
        "How long ago the first of these units was bound.",
        (),
        lambda found: [((), found.units.oldest_s)] if found.units else (),
    ),
    Family(
        "acende_jobs_live",
        "Jobs that are not over: due now, later (or at a place that is not known yet), or running.",
        ("kind", "state"),
        lambda found: ((key, count) for key, count in found.jobs.items()),
    ),
    Family(
        "acende_jobs_oldest_due_seconds",
        "How long the oldest job has been due that waits for an OLT that can be worked on; 0 where there is none.",
        ("kind",),
        lambda found: (((kind,), age_s) for kind, age_s in found.oldest_due_s.items()),
    ),
    Family(
        "acende_jobs_due",
        "Jobs due now on OLTs that can be worked on: neither held nor kept away from by their breaker.",
        (),
        lambda found: [((), sum(olt.due.count for olt in found.olts if olt.workable))],
    ),
    Family(
        "acende_olt_jobs_due",
        "Jobs due now on an OLT.",
        _BY_OLT,
        lambda found: ((_olt(olt), olt.due.count) for olt in found.olts),
    ),
    Family(
        "acende_olt_oldest_due_seconds",
        "How long the oldest job of an OLT has been due; 0 where there is none.",
        _BY_OLT,
        lambda found: ((_olt(olt), olt.due.oldest_s) for olt in found.olts),
    ),
    Family(
        "acende_olt_breaker_open",
        "1 with the reason code while an OLT's breaker is open or half open, 0 without one while it is closed.",
        (*_BY_OLT, "code"),
        lambda found: (
            ((*_olt(olt), olt.breaker_code or ""), olt.breaker_code is not None) for olt in found.olts
        ),
    ),
    Family(
        "acende_olt_held",
        "1 while a person has an OLT left alone.",
        _BY_OLT,
        lambda found: ((_olt(olt), olt.held) for olt in found.olts),
    ),
    Family(
        "acende_olt_onu_ids_free",
        "Free ONU numbers of the fullest PON port that was seen, as the OLT last told; absent where it never did.",
        _BY_OLT,
        lambda found: ((_olt(olt), olt.onu_ids_free) for olt in found.olts if olt.onu_ids_free is not None),
    ),
    Family(
        "acende_outbox_rows",
        "Records waiting to be published.",
        (),
        lambda found: [((), found.outbox.waiting)],
    ),
    Family(
        "acende_outbox_refused_rows",
        "Records that the broker refused for good, set aside.",
        (),
        lambda found: [((), found.outbox.refused)],
    ),
    Family(
        "acende_outbox_oldest_seconds",
        "Age of the oldest record waiting to be published; 0 where there is none.",
        (),
        lambda found: [((), found.outbox.oldest_s)],
    ),
)
AGE = GaugeMetricFamily(
    "acende_survey_age_seconds",
    "Age of the survey: gauges of all orders, jobs, OLTs and the outbox, exported by the one worker that leads it.",
)


def families(found: Survey) -> Iterator[GaugeMetricFamily]:
    """What a survey found, as metric families."""
    return (family.of(found) for family in FAMILIES)


@dataclass(frozen=True)
class _Told:
    found: Survey
    at: float
    until: float
    """When the lease ends under which it was found, or a later one."""


class Exported(Collector):
    """What this worker exports of the survey. Times are those of `clock`, in seconds."""

    def __init__(self, clock: Callable[[], float] = boottime) -> None:
        self._clock = clock
        self._told: _Told | None = None

    def tell(self, found: Survey, until: float) -> None:
        """Export this from now on, until the lease ends."""
        self._told = _Told(found, self._clock(), until)

    def lead(self, until: float) -> None:
        """The lease now ends then."""
        self._told = replace(self._told, until=until) if self._told else None

    def follow(self) -> None:
        """Another leads, or nobody: export nothing."""
        self._told = None

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families as of now."""
        told, now = self._told, self._clock()
        if told is None:
            return
        age = GaugeMetricFamily(AGE.name, AGE.documentation)
        age.add_metric((), now - told.at)
        yield age
        if now < told.until:
            yield from families(told.found)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The families without samples."""
        yield AGE
        yield from (family.of(None) for family in FAMILIES)


EXPORTED = Exported()
metrics.REGISTRY.register(EXPORTED)


class Surveyor:
    """The loop that surveys, in every worker; one leads."""

    def __init__(self, store: Store, settings: Settings, exported: Exported = EXPORTED) -> None:
        self._store, self._name, self._every_s = store, settings.name, settings.survey_every_s
        self._lease_s = max(LEASE_LEAST_S, 3 * self._every_s)
        self._exported = exported
        self._until = 0.0
        """When the lease ends that this worker has."""
        self._units: Waiting | None = None
        self._units_at = 0.0
        """When to count them again."""

    async def run(self, stop: asyncio.Event) -> None:
        """Survey until `stop`, then give the lease up. Survives the database."""
        while not stop.is_set():
            await self._once()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._every_s)
        self._follow()
        with suppress(StoreUnavailable, StoreFaulty):
            await self._store.run(roles.release, ROLE, self._name)

    async def _once(self) -> None:
        try:
            if await self._leads():
                await self._look()
        except (StoreUnavailable, StoreFaulty) as error:
            metrics.LEADER.labels(ROLE).set(boottime() < self._until)
            waited(ROLE, error)
        except Exception:  # a bug in what is counted must not end the worker
            metrics.LOOP_ERRORS.labels(ROLE).inc()
            log.exception("survey_failed")

    async def _leads(self) -> bool:
        read_at = boottime()
        if not await self._store.run(roles.take, ROLE, self._name, self._lease_s):
            self._follow()
            return False
        metrics.LEADER.labels(ROLE).set(1)
        self._until = read_at + self._lease_s - _LEASE_MARGIN_S
        self._exported.lead(self._until)
        return True

    def _follow(self) -> None:
        self._until = 0.0
        metrics.LEADER.labels(ROLE).set(0)
        self._exported.follow()

    async def _look(self) -> None:
        found = await self._store.read(survey.look)
        self._exported.tell(replace(found, units=self._units), self._until)
        if boottime() >= self._units_at:
            await self._count_units()
            self._exported.tell(replace(found, units=self._units), self._until)

    async def _count_units(self) -> None:
        began = boottime()
        self._units, self._units_at = None, began + _UNITS_PAUSE_S
        try:
            self._units = await self._store.read(survey.units)
        except StoreUnavailable as error:  # it took too long, or the next look finds the database away
            log.warning("units_not_counted", error=str(error))
        else:
            self._units_at = boottime() + (boottime() - began) / _UNITS_SHARE
