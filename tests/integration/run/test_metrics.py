"""What a worker that has worked tells on /metrics."""

import subprocess

import httpx
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.installation import SERIAL, Installation, WorkerProcess, received, started
from tests.support.secrets import leaked
from tests.support.until import until
from worker.survey import LEASE_LEAST_S

OPENMETRICS = {"accept": "application/openmetrics-text; version=1.0.0"}
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
PLATFORM = {"platform": "huawei_smartax"}


class Page:
    """One answer of /metrics, read as OpenMetrics."""

    def __init__(self, text: str) -> None:
        # The client's parser refuses the histograms with negative bounds that its own encoder writes; Prometheus takes them.
        readable = "".join(line for line in text.splitlines(keepends=True) if "_dbm" not in line)
        families: list[Metric] = list(text_string_to_metric_families(readable))  # type: ignore[no-untyped-call]
        self.samples = [sample for family in families for sample in family.samples]
        self.text = text

    def value(self, name: str, **labels: str) -> float | None:
        """The sum of the samples that bear these labels; None where there is none."""
        found = [
            one.value for one in self.samples if one.name == name and labels.items() <= one.labels.items()
        ]
        return sum(found) if found else None

    def values(self, name: str, label: str) -> set[str]:
        """What a label says, over all samples of a name."""
        return {sample.labels[label] for sample in self.samples if sample.name == name}


async def page(worker: WorkerProcess) -> Page:
    async with httpx.AsyncClient() as client:
        answer = await client.get(worker.url + "/metrics", headers=OPENMETRICS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    return Page(answer.text)


async def one_installed(here: Installation, worker: WorkerProcess) -> Page:
    """The page once an order has completed, is published and has been surveyed, and Kafka was asked for the lag."""
    await worker.ready()
    asked = started() | {"traceparent": TRACEPARENT}
    status, _, err = await here.acende("publish", here.write(received(), asked))
    assert status == 0, err

    async def surveyed() -> Page | None:
        found = await page(worker)
        results = found.value("acende_published_total", topic=here.env["ACENDE_TOPIC_RESULTS"])
        told = ("acende_units_waiting", "acende_orders_waiting", "acende_consumer_lag_records")
        over = all(found.value(name) == 0 for name in told)
        return found if results and over else None

    return await until(surveyed, 60)


@pytest.fixture
def often(lit: Installation) -> Installation:
    """`lit` with a survey twice a second."""
    lit.env["ACENDE_SURVEY_EVERY_S"] = "0.5"
    return lit


async def test_an_installation_stands_in_the_metrics_once_and_no_customer_does(often: Installation) -> None:
    async with often.worker() as worker:
        found = await one_installed(often, worker)
    assert found.value("acende_orders_finished_total", state="completed", right_first_time="yes") == 1
    assert found.value("acende_orders_finished_total") == 1
    assert found.value("acende_order_online_seconds_count", **PLATFORM) == 1
    assert found.value("acende_order_online_seconds_bucket", le="120.0", **PLATFORM) == 1
    results = often.env["ACENDE_TOPIC_RESULTS"]
    assert found.value("acende_publish_delay_seconds_bucket", le="10.0", topic=results) == 1
    assert found.value("acende_events_total", type="acende.install.started.v1", outcome="applied") == 1
    assert found.value("acende_events_total", outcome="duplicate") == 0
    assert found.value("acende_inventory_olts", **PLATFORM)
    assert found.values("acende_config_info", "file") == {"inventory", "services"}
    assert found.value("acende_build_info", revision="unknown") == 1
    assert found.value("acende_consumer_lag_records") == 0
    assert found.value("acende_role_leader", role="survey") == 1
    assert not [name for name in (SERIAL, "OS-1", "10233", "77120", "Maria") if f'="{name}"' in found.text]
    assert leaked(found.text) == []


async def test_every_transaction_is_timed_by_its_name_and_slis_lead_to_their_traces(
    often: Installation,
) -> None:
    async with often.worker() as worker:
        found = await one_installed(often, worker)
    operations = found.values("acende_store_seconds_count", "operation")
    assert operations >= {"batch.keep", "ledger.open_attempt", "roles.take", "survey.look", "sweep.sweep"}
    assert "other" not in operations
    assert all(found.value("acende_store_seconds_count", operation=name) for name in operations)
    traced = {
        sample.name
        for sample in found.samples
        if sample.exemplar and sample.exemplar.labels["trace_id"] == TRACE
    }
    assert traced >= {"acende_order_online_seconds_bucket", "acende_publish_delay_seconds_bucket"}


async def test_the_survey_goes_to_another_worker_at_once_when_its_leader_stops(often: Installation) -> None:
    async with often.worker("w1") as first:
        await one_installed(often, first)
        assert await first.end() == 0, first.log.read_text()[-3000:]
    async with often.worker("w2") as second:
        await second.ready()

        async def leads() -> bool:
            return (await page(second)).value("acende_orders_waiting") is not None

        await until(leads, LEASE_LEAST_S / 2)


@pytest.mark.needs("promtool")
async def test_promtool_finds_no_fault_with_the_page_of_a_worker_that_has_worked(often: Installation) -> None:
    async with often.worker() as worker:
        await one_installed(often, worker)
        text = (await worker.get("/metrics")).content
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)  # noqa: ASYNC221
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
