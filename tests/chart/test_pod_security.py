"""The judge of pods finds every breach of the standard `restricted`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.pod_security import violations

Spec = dict[str, Any]
GOOD: Spec = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "a",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "volumes": [{"name": "tmp", "emptyDir": {}}],
}


def test_a_pod_that_keeps_to_it_has_no_violation() -> None:
    assert violations(GOOD) == []


def own(**more: Any) -> Callable[[Spec], Any]:
    return lambda spec: spec["containers"][0]["securityContext"].update(more)


def pod(**more: Any) -> Callable[[Spec], Any]:
    return lambda spec: spec["securityContext"].update(more)


@pytest.mark.parametrize(
    ("breach", "said"),
    [
        (lambda spec: spec.update(hostNetwork=True), "hostNetwork"),
        (lambda spec: spec.update(hostPID=True), "hostPID"),
        (lambda spec: spec["volumes"].append({"name": "x", "hostPath": {"path": "/"}}), "volume hostPath"),
        (lambda spec: spec["volumes"].append({"name": "x", "nfs": {}}), "volume nfs"),
        (lambda spec: spec["containers"][0].update(ports=[{"hostPort": 80}]), "a: hostPort"),
        (lambda spec: spec.update(initContainers=[{"name": "i"}]), "i: allowPrivilegeEscalation"),
        (pod(runAsNonRoot=None), "a: runAsNonRoot"),
        (pod(runAsUser=0), "runAsUser 0"),
        (pod(seccompProfile={"type": "Unconfined"}), "a: seccompProfile"),
        (pod(sysctls=[{"name": "kernel.msgmax"}]), "sysctl kernel.msgmax"),
        (pod(seLinuxOptions={"type": "spc_t"}), "seLinuxOptions"),
        (own(privileged=True), "a: privileged"),
        (own(allowPrivilegeEscalation=None), "a: allowPrivilegeEscalation"),
        (own(capabilities={"drop": ["NET_RAW"]}), "a: capabilities are not dropped"),
        (own(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}), "a: capability SYS_ADMIN"),
        (own(runAsNonRoot=False), "a: runAsNonRoot"),
        (own(procMount="Unmasked"), "a: procMount"),
        (own(appArmorProfile={"type": "Unconfined"}), "a: appArmorProfile"),
    ],
)
def test_a_breach_is_found(breach: Callable[[Spec], Any], said: str) -> None:
    spec = copy.deepcopy(GOOD)
    breach(spec)
    assert said in violations(spec)
