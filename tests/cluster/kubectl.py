"""A cluster, asked and changed with kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

Manifest = dict[str, Any]
T = TypeVar("T")


class Refused(RuntimeError):
    """What the API server, or kubectl, says against it."""


@dataclass(frozen=True)
class Kubectl:
    """`program` on the cluster of `kubeconfig`."""

    program: str
    kubeconfig: Path

    def __call__(self, *arguments: str, given: str | None = None) -> str:
        """What it prints. Raises Refused."""
        command = [self.program, f"--kubeconfig={self.kubeconfig}", *arguments]
        ran = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, check=False)
        if ran.returncode != 0:
            raise Refused(ran.stderr.strip())
        return ran.stdout

    def create(self, *manifests: Mapping[str, Any]) -> None:
        """Create objects. Raises Refused for the first that is not let in."""
        whole = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self("create", "-f", "-", given=json.dumps(whole))

    def get(self, kinds: str, *more: str) -> list[Manifest]:
        """Objects of these kinds, separated by commas."""
        items: list[Manifest] = json.loads(self("get", kinds, "-o", "json", *more))["items"]
        return items


@dataclass(frozen=True)
class Namespace:
    """One namespace of a cluster."""

    kubectl: Kubectl
    name: str

    def create(self, *manifests: Mapping[str, Any]) -> None:
        """Create objects in it. Raises Refused."""
        self.kubectl.create(
            *({**one, "metadata": {**one["metadata"], "namespace": self.name}} for one in manifests)
        )

    def get(self, kinds: str, *more: str) -> list[Manifest]:
        """Its objects of these kinds."""
        return self.kubectl.get(kinds, "--namespace", self.name, *more)

    def pods(self, component: str = "") -> dict[str, Manifest]:
        """The pods that are not going, by uid, of one component or of all."""
        labels = ["-l", f"app.kubernetes.io/component={component}"] if component else []
        found = self.get("pods", *labels)
        return {pod["metadata"]["uid"]: pod for pod in found if "deletionTimestamp" not in pod["metadata"]}

    def everything(self) -> set[tuple[str, str]]:
        """Kind and name of every object in it, whatever made it; events aside, which the cluster forgets by itself."""
        kinds = self.kubectl("api-resources", "--namespaced", "--verbs=list,delete", "-o", "name").split()
        listed = self.get(",".join(kind for kind in kinds if not kind.startswith("events")))
        return {(one["kind"], one["metadata"]["name"]) for one in listed}


def ready(pods: Iterable[Manifest]) -> list[str]:
    """Names of those that take work."""
    return sorted(
        pod["metadata"]["name"]
        for pod in pods
        if any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"]["conditions"])
    )


def eventually(look: Callable[[], T], within_s: float = 30.0) -> T:
    """What `look` finds as soon as that is true, or at last."""
    deadline = time.monotonic() + within_s
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found
