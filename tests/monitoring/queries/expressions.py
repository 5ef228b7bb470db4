"""Every query that the rules and the dashboards ask, in the time of the tests: two of its seconds are a minute of the rules."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from dev.dashboards.queries import PanelQuery, every
from dev.machine import ROOT

FILES = ROOT / "helm/acende/files"
QUICKER = 30
"""Ranges of queries are divided by this, nothing else: an hour of the rules is two minutes here."""
SHORTEST_S = 5
"""And no range is shorter than this: some scrapes must fall into it."""
CHOSEN = {
    "namespace": ".*",
    "olt": "centro-2",
    "__rate_interval": "10s",
    "__interval": "5s",
    "__range": "60s",
}
"""What is chosen on a dashboard, or filled in by Grafana for a look at the last minute."""

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_RANGE = re.compile(r"\[(\d[0-9a-z]*)(:[0-9a-z]*)?\]|\boffset\s+([0-9a-z]+)")
_PART = re.compile(r"(\d+)(ms|[smhdwy])")
_THRESHOLD = re.compile(
    r"(?:==|!=|>=|<=|>|<)\s*(?:bool\s+)?-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.(])(?!\s*[*/+-])"
)


@dataclass(frozen=True)
class Query:
    """One question to Prometheus. `name`: of the alert, the recorded series, or the panel."""

    kind: Literal["recording", "alert", "panel"]
    file: str
    name: str
    expr: str

    def __str__(self) -> str:
        """Where it stands."""
        return f"{self.file}: {self.name}: {' '.join(self.expr.split())}"

    @property
    def bare(self) -> str:
        """Without its comparisons with numbers, exceptions (`unless`) aside: has an answer while nothing is wrong."""
        condition, *exceptions = re.split(r"(\bunless\b.*)", self.expr, maxsplit=1, flags=re.DOTALL)
        return _THRESHOLD.sub(" ", condition) + "".join(exceptions)


def quicker(expr: str) -> str:
    """The query with every range, and every offset, shorter."""

    def shorter(found: re.Match[str]) -> str:
        span, step, offset = found.groups()
        if offset:
            return f"offset {_seconds(offset)}s"
        return f"[{_seconds(span)}s{':' if step else ''}]"

    return _RANGE.sub(shorter, expr)


def _seconds(duration: str) -> int:
    seconds = sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(duration))
    return max(SHORTEST_S, round(seconds / QUICKER))


# ---------------------------------------------------------------------------------------------------------------- rules


def rule_files() -> list[Path]:
    """The rules as they are shipped."""
    return sorted((FILES / "rules").glob("*.yaml"))


@cache
def rules() -> tuple[Query, ...]:
    """Recording rules and alerts, quicker."""
    return tuple(_rule(file, rule) for file in rule_files() for rule in _rules(file))


def _rules(file: Path) -> Iterator[dict[str, Any]]:
    for group in yaml.safe_load(file.read_text())["groups"]:
        yield from group["rules"]


def _rule(file: Path, rule: Mapping[str, Any]) -> Query:
    kind: Literal["alert", "recording"] = "alert" if "alert" in rule else "recording"
    return Query(kind, f"rules/{file.name}", rule.get("alert") or rule["record"], quicker(rule["expr"]))


def alerts() -> dict[str, list[Query]]:
    """By name; burn rates have several rules of one name."""
    found: dict[str, list[Query]] = {}
    for query in rules():
        if query.kind == "alert":
            found.setdefault(query.name, []).append(query)
    return found


def quicker_rules(folder: Path) -> list[Path]:
    """Copies of the rule files, quicker: evaluated every second, and alerts that fire at once."""
    copies = []
    for file in rule_files():
        groups = yaml.safe_load(file.read_text())["groups"]
        for group in groups:
            group.pop("interval", None)
            for rule in group["rules"]:
                rule["expr"] = quicker(rule["expr"])
                rule.pop("for", None)
        copies.append(folder / f"rules-{file.name}")
        copies[-1].write_text(yaml.safe_dump({"groups": groups}, allow_unicode=True))
    return copies


# ------------------------------------------------------------------------------------------------------------ dashboards


@cache
def panels() -> tuple[Query, ...]:
    """The queries of every panel and of every choice, quicker, with the variables filled in."""
    return tuple(
        Query("panel", f"dashboards/{asked.dashboard}", asked.panel, asked.filled(CHOSEN))
        for asked in _asked()
    )


def _asked() -> Iterator[PanelQuery]:
    for asked in every():
        yield replace(asked, expr=quicker(asked.expr))
