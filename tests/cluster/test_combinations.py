"""Every supported combination of values becomes a release that runs, and leaves what it says it leaves."""

from __future__ import annotations

import pytest

from tests.cluster.kubectl import Namespace, eventually, ready
from tests.cluster.needs import dangling
from tests.cluster.release import CHART, STORAGE, Release, combination

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

COMBINATIONS = sorted(path.name.removesuffix("-values.yaml") for path in CHART.glob("ci/*-values.yaml"))
HERE = {
    "sqlite": {"storageClass": STORAGE},
    "topics": {"strimzi": {"namespace": ""}},
}
"""What is this cluster's own: its class of volumes, and one namespace for everything."""
KEPT = {"sqlite-all-in-one": {"PersistentVolumeClaim"}, "strimzi": {"KafkaTopic"}}
"""What holds orders and records outlives the release."""


@pytest.mark.parametrize("name", COMBINATIONS)
def test_each_combination_runs_and_uninstalls(name: str, release: Release, namespace: Namespace) -> None:
    before = namespace.everything()
    release.install(combination(name, **HERE))
    wanted = sum(one["spec"]["replicas"] for one in release.deployments().values())
    eventually(lambda: len(namespace.pods()) == wanted)
    pods = namespace.pods().values()
    assert len(ready(pods)) == wanted > 0
    kinds = "serviceaccounts,secrets,configmaps,persistentvolumeclaims"
    there = {(one["kind"], one["metadata"]["name"]): one for one in namespace.get(kinds)}
    assert {pod["metadata"]["name"]: lacks for pod in pods if (lacks := dangling(pod, there))} == {}
    assert release.test() == "Succeeded"
    release.uninstall()
    kept = KEPT.get(name, set())
    eventually(lambda: {kind for kind, _ in namespace.everything() - before} == kept)
    assert {kind for kind, _ in namespace.everything() - before} == kept
    assert before <= namespace.everything()
