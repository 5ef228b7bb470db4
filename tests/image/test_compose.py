"""What compose.yaml starts, as far as its text tells."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev import kafka, postgres
from dev.demo.morning import load
from dev.demo.play import MORNING
from dev.kafka_config import ONE_NODE
from dev.machine import ROOT
from tests.image.containers import compose, services
from worker.settings import PREFIX, Settings

OURS = {"demo", "migrate", "worker"}
DASHBOARDS = ROOT / "helm/acende/files/dashboards"


def mounts(service: str) -> list[tuple[str, str]]:
    """Source and target of each."""
    return [(one.split(":")[0], one.split(":")[1]) for one in services()[service].get("volumes", [])]


def document(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def test_it_has_everything_that_the_demo_needs_and_no_more() -> None:
    assert services().keys() == OURS | {"kafka", "postgres", "prometheus", "grafana"}


def test_kafka_and_postgresql_are_those_of_the_tests() -> None:
    assert (services()["kafka"]["image"], services()["postgres"]["image"]) == (kafka.IMAGE, postgres.IMAGE)


def test_every_image_of_others_has_a_version() -> None:
    tags = {name: one["image"].rpartition(":")[2] for name, one in services().items() if name not in OURS}
    assert {name: tag for name, tag in tags.items() if not re.match(r"v?\d", tag)} == {}


def test_every_file_that_is_mounted_is_there() -> None:
    sources = {source for name in services() for source, _ in mounts(name)}
    files = {source for source in sources if source.startswith("./")}
    assert len(files) == 5
    assert [source for source in files if not (ROOT / source).exists()] == []
    assert sources - files == compose()["volumes"].keys()


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_are_read_only_and_may_nothing(name: str) -> None:
    service = services()[name]
    kept = (service["read_only"], service["cap_drop"], service["security_opt"])
    assert kept == (True, ["ALL"], ["no-new-privileges:true"])
    assert not service.keys() & {"user", "privileged", "cap_add", "ports"}


def test_only_this_machine_reaches_anything() -> None:
    ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert ports == {"prometheus": ["127.0.0.1:9090:9090"], "grafana": ["127.0.0.1:3000:3000"]}


def test_what_is_waited_for_says_when_it_is_ready() -> None:
    waited = {
        (other, how["condition"])
        for service in services().values()
        if isinstance(service.get("depends_on"), dict)
        for other, how in service["depends_on"].items()
    }
    assert ("migrate", "service_completed_successfully") in waited
    healthy = {other for other, condition in waited if condition == "service_healthy"}
    assert healthy == {"kafka", "postgres", "demo"}
    assert all("test" in services()[name]["healthcheck"] for name in healthy)


def test_workers_are_told_nothing_but_settings_that_exist() -> None:
    names = {name for service in OURS for name in services()[service].get("environment", {})}
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {"ACENDE_SECRETS_DIR"}
    assert names - known == set()


def test_workers_wait_no_longer_than_the_morning_does() -> None:
    told = services()["worker"]["environment"]
    wanted = {f"{PREFIX}{name.upper()}": value for name, value in load(MORNING).settings.items()}
    assert {name: float(told[name]) for name in wanted} == {
        name: float(value) for name, value in wanted.items()
    }


def test_two_workers_share_one_database_and_end_gracefully() -> None:
    worker = services()["worker"]
    assert worker["deploy"]["replicas"] == 2
    assert worker["environment"]["ACENDE_DATABASE_URL"].startswith("postgresql+psycopg://")
    grace = float(Settings.model_fields["shutdown_grace_s"].default)
    assert float(worker["stop_grace_period"].removesuffix("s")) > grace


def test_kafka_is_one_node_as_in_the_tests() -> None:
    told = services()["kafka"]["environment"]
    properties = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value) for name, value in told.items()
    }
    assert {name: value for name, value in properties.items() if ONE_NODE.get(name, value) != value} == {}
    replicated = {name for name in ONE_NODE if name.endswith(("replication.factor", "min.isr"))}
    assert replicated <= properties.keys()


@pytest.mark.needs("promtool")
def test_prometheus_understands_its_configuration_with_our_rules(tmp_path: Path) -> None:
    [(config, _), (rules, at)] = mounts("prometheus")
    assert (tmp_path / "rules").name == Path(at).name
    (tmp_path / "rules").symlink_to(ROOT / rules)
    (tmp_path / "prometheus.yaml").write_text((ROOT / config).read_text())
    command = ["promtool", "check", "config", str(tmp_path / "prometheus.yaml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    files = len(list((ROOT / rules).glob("*.yaml")))
    assert ran.stdout.count("rules found") == files > 0


def test_prometheus_scrapes_the_workers() -> None:
    [job] = document("dev/compose/prometheus.yaml")["scrape_configs"]
    [found] = job["dns_sd_configs"]
    assert (found["names"], found["port"]) == (["worker"], Settings.model_fields["http_port"].default)


def test_grafana_has_the_dashboards_and_where_their_data_come_from() -> None:
    targets = {target: source for source, target in mounts("grafana")}
    [provider] = document("dev/compose/grafana/dashboards.yaml")["providers"]
    assert ROOT / targets[provider["options"]["path"]] == DASHBOARDS
    [source] = document("dev/compose/grafana/datasources.yaml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    types = {
        one["query"]
        for path in DASHBOARDS.glob("*.json")
        for one in json.loads(path.read_text())["templating"]["list"]
        if one["type"] == "datasource"
    }
    assert types == {source["type"]}
    home = services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DASHBOARDS / Path(home).name).exists()
