"""A release from its install to its end."""

from __future__ import annotations

import copy
from typing import Any

import helm_python
import pytest

from tests.cluster.kubectl import Namespace, Refused, eventually, ready
from tests.cluster.release import Release, Values, combination, merged

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

WORKERS = 2
SOON_S = 20
"""How long an upgrade that cannot succeed is waited for."""
IMAGE = "example.test/acende"
MIGRATION = ("Job", "acende-migrations")


def usual(tag: str = "1", **more: Any) -> Values:
    """Two workers on PostgreSQL; dev/cluster/stages.yaml says what a tag does."""
    values = {"image": {"repository": IMAGE, "tag": tag}, "replicas": WORKERS, "jobs": {"backoffLimit": 0}}
    return combination("postgres-all-in-one", **merged(values, more))


def failing_migration(**more: Any) -> Values:
    return with_another_olt(usual("fails", configCheck={"enabled": False}, **more))


def with_another_olt(values: Values) -> Values:
    changed = copy.deepcopy(values)
    [olt, *_] = changed["inventory"]["olts"]
    olt["address"] = "10.20.0.99"
    return changed


def inventory(namespace: Namespace) -> str:
    [found] = namespace.get("configmap", "--field-selector=metadata.name=acende-inventory")
    return str(found["data"]["inventory.yaml"])


def images(namespace: Namespace) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in namespace.pods("worker").values()}


def test_a_privileged_pod_is_refused_where_the_release_lives(namespace: Namespace) -> None:
    container = {"name": "x", "image": IMAGE, "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}}
    with pytest.raises(Refused, match='violates PodSecurity "restricted:latest": privileged'):
        namespace.create(pod)


def test_an_install_returns_when_every_worker_is_ready_and_then_its_test_passes(
    release: Release, namespace: Namespace
) -> None:
    release.install(usual())
    assert release.states() == ["deployed"]
    assert len(ready(namespace.pods("worker").values())) == WORKERS
    assert release.test() == "Succeeded"


def test_a_changed_olt_rolls_every_worker(release: Release, namespace: Namespace) -> None:
    release.install(usual())
    before = namespace.pods("worker")
    release.upgrade(with_another_olt(usual()))
    eventually(lambda: len(namespace.pods("worker")) == WORKERS)
    after = namespace.pods("worker")
    assert len(ready(after.values())) == WORKERS
    assert not before.keys() & after.keys()
    assert "10.20.0.99" in inventory(namespace)
    sets = {one["metadata"]["uid"]: one["spec"]["replicas"] for one in namespace.get("replicasets")}
    assert sorted(sets.values()) == [0, WORKERS]


def test_an_upgrade_without_a_change_rolls_nothing(release: Release, namespace: Namespace) -> None:
    release.install(usual())
    before = namespace.pods("worker")
    release.upgrade(usual())
    assert namespace.pods("worker").keys() == before.keys()


def test_an_upgrade_whose_migration_fails_touches_no_worker(release: Release, namespace: Namespace) -> None:
    release.install(usual())
    before, spec = namespace.pods("worker"), release.deployments()
    with pytest.raises(helm_python.HelmError, match="acende-migrations"):
        release.upgrade(failing_migration(), within_s=SOON_S)
    assert release.states() == ["deployed", "failed"]
    assert namespace.pods("worker").keys() == before.keys()
    assert len(ready(namespace.pods("worker").values())) == WORKERS
    generations = {name: one["metadata"]["generation"] for name, one in release.deployments().items()}
    assert generations == {name: one["metadata"]["generation"] for name, one in spec.items()}
    assert "10.20.0.99" not in inventory(namespace)


def test_workers_that_never_become_ready_replace_none_that_are(
    release: Release, namespace: Namespace
) -> None:
    release.install(usual())
    before = namespace.pods("worker")
    with pytest.raises(helm_python.HelmError):
        release.upgrade(usual("hangs"), within_s=SOON_S)
    assert release.states() == ["deployed", "failed"]
    after = namespace.pods("worker")
    assert before.keys() < after.keys()
    assert len(ready(after.values())) == WORKERS


def test_a_rollback_after_a_failed_upgrade_brings_the_release_before_it_back(
    release: Release, namespace: Namespace
) -> None:
    release.install(usual())
    with pytest.raises(helm_python.HelmError):
        release.upgrade(with_another_olt(usual("hangs")), within_s=SOON_S)
    assert f"{IMAGE}:hangs" in images(namespace)
    release.rollback()
    eventually(lambda: len(namespace.pods("worker")) == WORKERS)
    assert images(namespace) == {f"{IMAGE}:1"}
    assert len(ready(namespace.pods("worker").values())) == WORKERS
    assert "10.20.0.99" not in inventory(namespace)
    assert release.states()[-1] == "deployed"


def test_an_uninstall_leaves_nothing(release: Release, namespace: Namespace) -> None:
    before = namespace.everything()
    release.install(usual())
    release.upgrade(with_another_olt(usual()))
    release.test()
    assert namespace.everything() > before
    release.uninstall()
    eventually(lambda: namespace.everything() == before)
    assert namespace.everything() == before


def test_the_failed_job_stays_to_be_looked_at_until_the_next_good_upgrade(
    release: Release, namespace: Namespace
) -> None:
    before = namespace.everything()
    release.install(usual())
    with pytest.raises(helm_python.HelmError):
        release.upgrade(failing_migration(), within_s=SOON_S)
    assert MIGRATION in namespace.everything()
    release.upgrade(usual())
    assert MIGRATION not in namespace.everything()
    release.uninstall()
    eventually(lambda: namespace.everything() == before)
    assert namespace.everything() == before


def test_an_uninstall_right_after_a_failed_upgrade_leaves_the_failed_job_for_its_time_only(
    release: Release, namespace: Namespace
) -> None:
    before = namespace.everything()
    release.install(usual())
    with pytest.raises(helm_python.HelmError):
        release.upgrade(failing_migration(jobs={"ttlSecondsAfterFinished": 10}), within_s=SOON_S)
    release.uninstall()
    eventually(lambda: not namespace.pods("worker"))
    assert {kind for kind, _ in namespace.everything() - before} == {"Job", "Pod"}
    eventually(lambda: namespace.everything() == before)
    assert namespace.everything() == before
