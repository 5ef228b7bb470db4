"""The chart as a release in one namespace, by Helm's own code."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import helm_python
import yaml

from dev.cluster.control_plane import PLAYED
from dev.machine import ROOT
from tests.cluster.kubectl import Manifest, Namespace

CHART = ROOT / "helm" / "acende"
NAME = "acende"
WAIT_S = 90
STORAGE = "acende-test"
Values = dict[str, Any]

_LABEL, _, _VALUE = PLAYED.partition("=")
ON_PLAYED_NODES: Values = {
    "nodeSelector": {_LABEL: _VALUE},
    "tolerations": [{"key": _LABEL, "operator": "Exists", "effect": "NoSchedule"}],
}


def combination(name: str, **more: Any) -> Values:
    """The values of `ci/{name}-values.yaml`, placed on the nodes that are played; `more` goes on top, whole."""
    values: Values = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
    return merged(merged(values, ON_PLAYED_NODES), more)


def merged(below: Values, above: Values) -> Values:
    """As Helm lays values over values: maps are joined, everything else is replaced."""
    whole = copy.deepcopy(below)
    for name, value in above.items():
        both = isinstance(value, dict) and isinstance(whole.get(name), dict)
        whole[name] = merged(whole[name], value) if both else copy.deepcopy(value)
    return whole


@dataclass(frozen=True)
class Release:
    """`helm install|upgrade|rollback|test|uninstall acende`, each with --wait."""

    namespace: Namespace
    helm: helm_python.Config

    def install(self, values: Values) -> None:
        """Return once everything is ready. Raises HelmError."""
        self.helm.install(CHART, NAME, values, wait="watcher", timeout=WAIT_S)

    def upgrade(self, values: Values, *, within_s: int = WAIT_S) -> None:
        """Return once everything is ready. Raises HelmError."""
        self.helm.upgrade(CHART, NAME, values, reset_values=True, wait="watcher", timeout=within_s)

    def rollback(self) -> None:
        """Go back to the revision before."""
        self.helm.rollback(NAME, wait="watcher", timeout=WAIT_S)

    def test(self) -> str:
        """The phase in which the test hook has ended."""
        self.helm.test(NAME, timeout=WAIT_S)
        [hook] = [one for one in self.helm.get_all(NAME)["hooks"] if "test" in one["events"]]
        return str(hook["last_run"]["phase"])

    def uninstall(self) -> None:
        """Return once everything is gone."""
        self.helm.uninstall(NAME, wait="watcher", timeout=WAIT_S)

    def states(self) -> list[str]:
        """The state of each revision, the first first."""
        return [one["status"] for one in self.helm.history(NAME)]

    def deployments(self) -> dict[str, Manifest]:
        """By name."""
        return {one["metadata"]["name"]: one for one in self.namespace.get("deployments")}
