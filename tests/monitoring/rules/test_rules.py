"""Alerts fire and stay quiet as told, and say what, how much and where to look; every rule asks for what there is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.dashboards import __main__ as dashboards
from tests.monitoring.rules.shipped import FILES, alerts, names, rules, title, unknown_parts

CASES = sorted(Path(__file__).parent.glob("*.yaml"))


def promtool(*arguments: str | Path) -> None:
    ran = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.needs("promtool")
def test_prometheus_takes_the_rules_without_a_complaint() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", *FILES)


@pytest.mark.needs("promtool")
@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_alerts_fire_and_stay_quiet_as_told(file: Path) -> None:
    promtool("test", "rules", file)


def cases(name: str) -> Iterator[list[dict[str, Any]]]:
    """What each case expects of an alert: empty where it stays quiet."""
    for file in CASES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            told = test.get("alert_rule_test", ())
            yield from (case["exp_alerts"] for case in told if case["alertname"] == name)


@pytest.mark.parametrize("alert", alerts(), ids=title)
def test_each_alert_is_told_when_to_fire(alert: dict[str, Any]) -> None:
    fired = [fires["exp_labels"] for expected in cases(alert["alert"]) for fires in expected]
    assert any(alert["labels"].items() <= labels.items() for labels in fired)


@pytest.mark.parametrize("name", names())
def test_each_alert_is_told_when_to_stay_quiet(name: str) -> None:
    assert [] in list(cases(name))


@pytest.mark.parametrize("alert", alerts(), ids=title)
def test_each_alert_says_what_how_much_and_where_to_look(alert: dict[str, Any]) -> None:
    says = alert["annotations"]
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert says["summary"].endswith(".")
    assert len(says["summary"]) <= 80
    assert len(says["description"]) > len(says["summary"])
    assert says["runbook_url"] == f"RUNBOOKS/{alert['alert']}.md"
    assert says["dashboard"].removeprefix("/d/").partition("?")[0] in dict(dashboards.boards())
    kept = re.findall(r"\bby \(([^)]*)\)", alert["expr"])
    told = set(re.findall(r"\$labels\.(\w+)", " ".join(says.values())))
    assert told <= {label for labels in kept for label in labels.split(", ")}


@pytest.mark.parametrize("rule", list(rules()), ids=lambda rule: rule.get("alert") or rule["record"])
def test_each_rule_asks_for_series_and_labels_that_there_are(rule: dict[str, Any]) -> None:
    assert unknown_parts(rule["expr"]) == []


def test_what_nobody_exports_is_found() -> None:
    assert unknown_parts("sum by (olt, serial) (acende_olt_held{site='a'}) / acende_lost") == [
        "acende_olt_held{site}",
        "acende_lost",
        "serial",
    ]
