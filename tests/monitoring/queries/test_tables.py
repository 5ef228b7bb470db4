"""Nothing is forgotten: each alert has a breakage, each breakage is played, each alert has a runbook with commands that were run."""

from __future__ import annotations

import pytest

from tests.monitoring.queries import evidence
from tests.monitoring.queries.breakages import BREAKAGES, SCENES
from tests.monitoring.queries.expressions import alerts, quicker


def test_every_alert_has_a_breakage() -> None:
    assert sorted(alert for row in BREAKAGES for alert in row.alerts) == sorted(alerts())


def test_every_breakage_is_played_once() -> None:
    played = [row.name for scene in SCENES for breaks in scene for row in BREAKAGES if row.breaks is breaks]
    assert sorted(played) == sorted(row.name for row in BREAKAGES)


@pytest.mark.parametrize("alert", sorted(alerts()))
def test_a_runbook_shows_what_each_of_its_commands_printed(alert: str) -> None:
    steps = evidence.steps(evidence.runbook(alert).read_text())
    assert steps
    assert [step.command for step in steps if not step.printed] == []


def test_a_page_is_rewritten_beneath_its_commands_and_nowhere_else() -> None:
    page = "## Diagnosis\n\nLook:\n\n```console\n$ one \\\n  more\nold\n$ two\n```\n\n## Mitigation\n\n```console\n$ three\n```\n"
    found = evidence.steps(page)
    assert [step.command for step in found] == ["one \\\n  more", "two"]
    ran = [evidence.Step(step.command, ("new", "")) for step in found]
    assert evidence.rewritten(page, ran) == page.replace("old\n", "new\n\n").replace(
        "$ two\n", "$ two\nnew\n\n"
    )


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("rate(x[10m])", "rate(x[20s])"),
        ("increase(x[1h]) > 3", "increase(x[120s]) > 3"),
        ("rate(x[2m])", "rate(x[5s])"),
        ("max_over_time(x[1h:1m])", "max_over_time(x[120s:])"),
        ("x offset 1d", "x offset 2880s"),
        ("increase(x[1h30m])", "increase(x[180s])"),
        ("rate(x[$__rate_interval])", "rate(x[$__rate_interval])"),
    ],
)
def test_only_ranges_are_quicker(expr: str, expected: str) -> None:
    assert quicker(expr) == expected
