"""The rules as they are shipped, and the series that they may ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import yaml

import worker.provision_metrics  # noqa: F401 - its metrics are registered by that
from dev.machine import ROOT
from worker import metrics, survey

RULES = ROOT / "helm/acende/files/rules"
FILES = [RULES / f"{name}.yaml" for name in ("recording", "symptoms", "slo", "causes")]
"""In the order in which a person reads them."""
OF_THE_SCRAPE = {"namespace", "instance"}
"""Labels that Prometheus gives every series."""
_SERIES = re.compile(r"\b((?:acende|process|namespace_slo|slo)[_:][\w:]+)(?:\{([^}]*)\})?")


def rules() -> Iterator[dict[str, Any]]:
    """Recording rules and alerts."""
    for file in FILES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def alerts() -> list[dict[str, Any]]:
    """Several may bear one name."""
    return [rule for rule in rules() if "alert" in rule]


def names() -> list[str]:
    """Names of alerts, symptoms first."""
    return list(dict.fromkeys(alert["alert"] for alert in alerts()))


def title(alert: dict[str, Any]) -> str:
    """Tells alerts of one name apart."""
    return "-".join([alert["alert"], *alert["labels"].values()])


@cache
def known() -> dict[str, set[str]]:
    """Labels by series: of what workers export, and of what the rules record."""
    found = dict(_exported())
    for rule in rules():
        if name := rule.get("record"):
            found[name] = set(name.partition(":")[0].split("_"))
    return found


def _exported() -> Iterator[tuple[str, set[str]]]:
    for family in metrics.REGISTRY.collect():
        for sample in family.samples:
            yield sample.name, set(sample.labels) | OF_THE_SCRAPE
    for name, collector in metrics.REGISTRY._names_to_collectors.items():
        if labels := getattr(collector, "_labelnames", ()):
            yield name, {*labels, *OF_THE_SCRAPE, *(["le"] if name.endswith("_bucket") else [])}
    for gauge in survey.EXPORTED.describe():
        yield gauge.name, {*gauge._labelnames, *OF_THE_SCRAPE}


def unknown_parts(expr: str) -> list[str]:
    """Series that nobody exports or records, and labels that they do not have."""
    found: list[str] = []
    there: set[str] = set()
    for name, matchers in _SERIES.findall(expr):
        labels = known().get(name)
        if labels is None:
            found.append(name)
            continue
        there |= labels
        found += [
            f"{name}{{{label}}}"
            for label in re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers)
            if label not in labels
        ]
    grouped = re.findall(r"\b(?:by|on|group_left) \(([^)]*)\)", expr)
    return found + [label for group in grouped for label in group.split(", ") if label and label not in there]
