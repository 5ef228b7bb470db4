"""Fixtures: one cluster for the whole run, and for each test a namespace that enforces restricted pods.

The control plane is a real one: API server, admission, scheduler and controllers decide and reconcile as they do
everywhere. Nodes are played: a pod is scheduled and said to run, a Job's pod to have ended well, and no container is
started. So this shows what Kubernetes makes of the chart, not that the image works: that is for tests/image, and the
command of `helm test` is run against a real worker elsewhere.

`ACENDE_TEST_CLUSTER=1` has the tests use the cluster that KUBECONFIG names, as its administrator: nodes, tainted, and
namespaces of their own are added to it and taken away again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import helm_python
import pytest

from dev.cluster.control_plane import control_plane, played_nodes
from dev.cluster.programs import ensure_programs
from tests.cluster.kubectl import Kubectl, Namespace
from tests.cluster.needs import brought, of_a_cluster, of_a_namespace
from tests.cluster.release import Release

OURS = "acende.test/namespace=yes"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(scope="session")
def kubectl() -> Iterator[Kubectl]:
    """A cluster with nodes, and with what an operator brings."""
    with contextlib.ExitStack() as stack:
        theirs = bool(os.environ.get("ACENDE_TEST_CLUSTER"))
        kubeconfig = (
            Path(os.environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
            if theirs
            else stack.enter_context(control_plane())
        )
        kubectl = Kubectl(str(ensure_programs() / "kubectl"), kubeconfig)
        stack.enter_context(played_nodes(kubeconfig, reserved=theirs))
        stack.enter_context(brought(kubectl, of_a_cluster()))
        yield kubectl
        # While there are nodes to end their pods.
        kubectl("wait", "--for=delete", "namespace", "-l", OURS, "--timeout=60s")


@pytest.fixture
def namespace(kubectl: Kubectl) -> Iterator[Namespace]:
    """A namespace of this test's own, with the Secrets that the release refers to."""
    name = f"acende-test-{uuid4().hex[:8]}"
    labels = {**RESTRICTED, **dict([OURS.split("=")])}
    kubectl.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    namespace = Namespace(kubectl, name)
    # Its controllers give it these two; what is there afterwards is told from what was there before.
    for what in ("serviceaccount/default", "configmap/kube-root-ca.crt"):
        kubectl("wait", "--for=create", what, "--namespace", name, "--timeout=30s")
    namespace.create(*of_a_namespace())
    yield namespace
    kubectl("delete", "namespace", name, "--wait=false")


@pytest.fixture
def release(namespace: Namespace) -> Iterator[Release]:
    """The chart in that namespace, not installed yet."""
    with helm_python.Config(kubeconfig_path=namespace.kubectl.kubeconfig, namespace=namespace.name) as config:
        yield Release(namespace, config)
