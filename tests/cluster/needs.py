"""What an operator has in the cluster beside the chart: Secrets, other people's kinds of objects, a volume."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.cluster.kubectl import Kubectl, Manifest, Refused
from tests.cluster.release import STORAGE
from tests.support.secrets import DATABASE_PASSWORD, OLT_PASSWORD, SASL_PASSWORD

KINDS = {
    "servicemonitors.monitoring.coreos.com": ("v1", "ServiceMonitor"),
    "podmonitors.monitoring.coreos.com": ("v1", "PodMonitor"),
    "prometheusrules.monitoring.coreos.com": ("v1", "PrometheusRule"),
    "scaledobjects.keda.sh": ("v1alpha1", "ScaledObject"),
    "kafkatopics.kafka.strimzi.io": ("v1", "KafkaTopic"),
}
"""Of the Prometheus operator, KEDA and Strimzi. Their names are theirs; their schemas here let everything in."""

SECRETS: Mapping[str, Mapping[str, str]] = {
    "acende-database": {"url": f"postgresql+psycopg://acende:{DATABASE_PASSWORD}@postgres.postgres/acende"},
    "acende-digest": {"digest-key": "a key of 16 characters or more"},
    "acende-olts": {"ACENDE_OLT_USERNAME": "acende", "ACENDE_OLT_PASSWORD": OLT_PASSWORD},
    "acende-kafka": {"username": "acende", "password": SASL_PASSWORD},
    "acende-kafka-tls": {"ca.crt": "-", "tls.crt": "-", "tls.key": "-", "password": SASL_PASSWORD},
    "more": {"MORE": "-"},
}
"""Every Secret that a file of `helm/acende/ci` names."""


def of_a_cluster() -> list[Manifest]:
    """What belongs to no namespace: kinds, a priority, a class of volumes with one volume."""
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": STORAGE},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": STORAGE},
        "spec": {
            "storageClassName": STORAGE,
            "capacity": {"storage": "8Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/nowhere"},
        },
    }
    priority = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "high"},
        "value": 1000,
    }
    return [*(_kind(name, *more) for name, more in KINDS.items()), storage_class, volume, priority]


def _kind(name: str, version: str, kind: str) -> Manifest:
    plural, _, group = name.partition(".")
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": anything, "status": anything}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }


def of_a_namespace() -> list[Manifest]:
    """The Secrets, and the ConfigMaps of those who make their own."""
    secrets = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": dict(keys)}
        for name, keys in SECRETS.items()
    ]
    files = {"olts": "inventory.yaml", "plans": "services.yaml"}
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {file: "{}"}}
        for name, file in files.items()
    ]
    return [*secrets, *maps]


@contextlib.contextmanager
def brought(kubectl: Kubectl, manifests: list[Manifest]) -> Iterator[None]:
    """Have them in the cluster during the block; those that were there are left as they are."""
    with contextlib.ExitStack() as stack:
        for manifest in manifests:
            what = [manifest["kind"], manifest["metadata"]["name"]]
            with contextlib.suppress(Refused):
                kubectl("get", *what)
                continue
            kubectl.create(manifest)
            stack.callback(kubectl, "delete", *what, "--wait=false")
        yield


# --------------------------------------------------------------------------------------------------------- a kubelet's part


Reference = tuple[str, str, str | None]
"""Kind, name, and the key where one is asked for."""


def dangling(pod: Mapping[str, Any], there: Mapping[tuple[str, str], Manifest]) -> list[str]:
    """What a pod refers to that is not `there` (objects by kind and name): a kubelet would not start it."""
    wanted: list[Reference] = [("ServiceAccount", pod["spec"]["serviceAccountName"], None)]
    for container in pod["spec"]["containers"]:
        wanted += [_from(one["secretRef"]["name"]) for one in container.get("envFrom", ())]
        refs = [
            one["valueFrom"]["secretKeyRef"]
            for one in container.get("env", ())
            if "secretKeyRef" in one.get("valueFrom", {})
        ]
        wanted += [("Secret", one["name"], one["key"]) for one in refs]
    for volume in pod["spec"]["volumes"]:
        if "secret" in volume:
            wanted.append(_from(volume["secret"]["secretName"]))
        if "configMap" in volume:
            wanted.append(("ConfigMap", volume["configMap"]["name"], None))
        if "persistentVolumeClaim" in volume:
            wanted.append(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], None))
    return [
        f"{kind} {name} {key or ''}".strip() for kind, name, key in wanted if not _has(there, kind, name, key)
    ]


def _from(secret: str) -> Reference:
    return ("Secret", secret, None)


def _has(there: Mapping[tuple[str, str], Manifest], kind: str, name: str, key: str | None) -> bool:
    found = there.get((kind, name))
    return found is not None and (key is None or key in found["data"])
