"""Each alert has its runbook: what it means, what to look at by commands that exist, what to do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dev.machine import ROOT
from tests.monitoring.rules.shipped import alerts, known, names, unknown_parts
from worker.cli.root import app

RUNBOOKS = ROOT / "docs/runbooks"
PAGES = sorted(RUNBOOKS.glob("*.md"))
HEADINGS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]


def commands(page: Path) -> list[str]:
    """What the page has one run, console blocks only."""
    blocks = re.findall(r"^```console\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return [
        line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")
    ]


@pytest.mark.parametrize("name", names())
def test_each_alert_has_a_runbook(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    parts = dict(zip(HEADINGS, re.split(r"^## .*$", text, flags=re.MULTILINE)[1:], strict=True))
    assert all(part.strip() for part in parts.values())
    assert "```console\n$ " in parts["Diagnosis"]


def test_each_runbook_belongs_to_an_alert() -> None:
    assert {page.stem for page in PAGES} == {"README", *names()}


def test_the_index_lists_each_alert_with_its_severity_symptoms_first() -> None:
    index = (RUNBOOKS / "README.md").read_text()
    severities: dict[str, set[str]] = {}
    for alert in alerts():
        severities.setdefault(alert["alert"], set()).add(alert["labels"]["severity"])
    listed = re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| ([a-z, ]+) \|", index, re.MULTILINE)
    assert listed == [(name, ", ".join(sorted(found))) for name, found in severities.items()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_runbooks_ask_for_series_that_there_are(page: Path) -> None:
    said = set(re.findall(r"\b(?:acende|namespace_slo:acende|slo:acende)_[a-z0-9_:]+", page.read_text()))
    assert said <= known().keys()
    queries = [shlex.split(command)[4] for command in commands(page) if command.startswith("promtool query")]
    assert [part for query in queries if query != "up == 0" for part in unknown_parts(query)] == []


def acende() -> list[str]:
    """Every `acende …` that the pages name, in blocks and in sentences."""
    said = [command for page in PAGES for command in commands(page) if command.startswith("acende ")]
    said += [one for page in PAGES for one in re.findall(r"`(acende [a-z][^`]+)`", page.read_text())]
    return sorted({" ".join(one.split()) for one in said})


@pytest.mark.parametrize("command", acende())
def test_the_commands_that_runbooks_name_exist(command: str) -> None:
    """With `--help` behind it a command is understood, and nothing is done."""
    asked = CliRunner().invoke(app, [*shlex.split(command)[1:], "--help"])
    assert asked.exit_code == 0, asked.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_log_lines_that_runbooks_look_for_are_written(page: Path) -> None:
    sources = "".join(file.read_text() for file in (ROOT / "worker").rglob("*.py"))
    sought = re.findall(r'"event": "\(?([a-z_|]+)\)?"', page.read_text())
    events = {event for one in sought for event in one.split("|")}
    assert {event for event in events if f'"{event}"' not in sources} == set()
