"""What rules and dashboards ask has an answer: of a healthy plant under load, or of one that is broken in the way they look for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.monitoring.queries import evidence
from tests.monitoring.queries.breakages import SCENES, Break, alerts_of, broken, name_of
from tests.monitoring.queries.evidence import BROKEN_S
from tests.monitoring.queries.expressions import alerts, panels, quicker_rules, rules
from tests.monitoring.queries.plant import Plant, plant
from tests.monitoring.queries.watch import Ledger, answered
from tests.support.secrets import leaked
from tests.support.until import until

HEALTHY_S = 40.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.needs("prometheus"),
    pytest.mark.timeout(240),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("monitoring"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ledger(here: Plant) -> Ledger:
    return Ledger(here.prometheus)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plant]:
    """One plant for all of these tests, healthy whenever a test begins."""
    folder = tmp_path_factory.mktemp("plant")
    async with plant(folder, quicker_rules(folder)) as made:
        yield made


async def test_prometheus_takes_every_rule(here: Plant) -> None:
    held = await here.prometheus.rules()
    assert len(held) == len(rules())
    assert [rule["lastError"] for rule in held if rule.get("lastError")] == []


async def test_a_healthy_plant_answers_what_is_recorded_and_shown(here: Plant, ledger: Ledger) -> None:
    missing = await ledger.within(HEALTHY_S, [query for query in rules() if query.kind == "recording"])
    assert not missing, "\n".join(missing)


async def test_nothing_is_wrong_with_a_healthy_plant(here: Plant) -> None:
    conditions = {query.expr: query.name for query in rules() if query.kind == "alert"}
    assert {conditions[expr] for expr in await answered(here.prometheus, conditions)} == set()


@pytest.mark.parametrize("scene", SCENES, ids=name_of)
async def test_an_accident_raises_its_alerts(scene: tuple[Break, ...], here: Plant, ledger: Ledger) -> None:
    """And the commands of their runbooks print what is written down there."""
    names = alerts_of(scene)
    async with broken(here, scene):
        faults = await ledger.within(BROKEN_S, [query for name in names for query in alerts()[name]])
        faults += [fault for name in names for fault in await evidence.faults(here, name)]
        await ledger.look()
    assert not faults, "\n\n".join(faults)


async def test_every_query_has_had_an_answer(ledger: Ledger) -> None:
    assert panels()
    assert not ledger.silent, "\n".join(sorted(map(str, ledger.silent)))
    assert not ledger.bare, "\n".join(sorted(map(str, ledger.bare)))


async def test_a_bucket_leads_to_the_trace_that_the_erp_began(here: Plant) -> None:
    now = time.time()
    for name in ("acende_order_online_seconds_bucket", "acende_publish_delay_seconds_bucket"):
        found = await here.prometheus.exemplars(name, now - 600, now)
        linked = {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}
        assert linked
        assert linked <= {f"{number:032x}" for number in range(here.bus.sent + 1)}


async def test_no_password_is_in_a_label_or_a_log(here: Plant) -> None:
    series = await until(lambda: here.prometheus.instant('{__name__=~"acende_.*"}'))
    assert leaked(str(series)) == []
    for worker in here.workers.values():
        assert leaked(worker.log.read_text()) == []
