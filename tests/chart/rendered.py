"""The chart as Helm's own code renders it, to be asked in the words of its objects."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import helm_python
import pytest
import yaml

from dev.machine import ROOT

CHART = ROOT / "helm/acende"
COMBINATIONS = sorted((CHART / "ci").glob("*-values.yaml"))
RELEASE, NAMESPACE = "acende", "noc"
Object = dict[str, Any]

every_combination = pytest.mark.parametrize(
    "file", COMBINATIONS, ids=lambda file: file.name.removesuffix("-values.yaml")
)


@cache
def chart() -> helm_python.Chart:
    """The chart, loaded once."""
    return helm_python.Chart.load(CHART)


def values(name: str, **changes: Any) -> dict[str, Any]:
    """Values of a combination, with changes by path: `values("keda", pdb__enabled=False)`."""
    found: dict[str, Any] = yaml.safe_load((CHART / f"ci/{name}-values.yaml").read_text())
    return changed(found, **changes)


def changed(found: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with changes: `replicas=2`, `kafka__tls__caKey="x"`."""
    made = copy.deepcopy(dict(found))
    for path, value in changes.items():
        *above, last = path.split("__")
        part = made
        for name in above:
            part = part.setdefault(name, {})
        part[last] = value
    return made


@dataclass(frozen=True)
class Release:
    """What a release consists of, hooks included."""

    objects: tuple[Object, ...]
    notes: str

    def all(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind: str, name: str) -> Object:
        """The object of this kind and name."""
        [found] = [one for one in self.all(kind) if one["metadata"]["name"] == name]
        return found

    def names(self, kind: str) -> set[str]:
        """Names of the objects of a kind."""
        return {one["metadata"]["name"] for one in self.all(kind)}

    def pods(self) -> Iterator[tuple[str, Object]]:
        """Every pod template, with the name of its owner."""
        for one in self.objects:
            if one["kind"] in {"Deployment", "Job"}:
                yield f"{one['kind']}/{one['metadata']['name']}", one["spec"]["template"]

    def workers(self) -> list[Object]:
        """The Deployments whose pods run workers."""
        return [one for one in self.all("Deployment") if container(one)["args"] == ["run"]]


def render(given: Mapping[str, Any], *, name: str = RELEASE) -> Release:
    """Render the chart. Raises HelmError, with the sentence that refuses the values."""
    made = chart().render(dict(given), name=name, namespace=NAMESPACE)
    objects = tuple(
        one
        for path, text in sorted(made.items())
        if path.endswith(".yaml")
        for one in yaml.safe_load_all(text)
        if one
    )
    return Release(objects, next(text for path, text in made.items() if path.endswith("NOTES.txt")))


def rendered(name: str, **changes: Any) -> Release:
    """A combination, with changes."""
    return render(values(name, **changes))


@cache
def of(file: Path) -> Release:
    """The combination of a file, rendered once: to be read, not changed."""
    return render(yaml.safe_load(file.read_text()))


def refused(given: Mapping[str, Any]) -> str:
    """The sentences with which the chart refuses values."""
    with pytest.raises(helm_python.HelmError) as caught:
        render(given)
    return str(caught.value)


# -------------------------------------------------------------------------------------------------- parts of an object


def container(owner: Object) -> Object:
    """The one container of a Deployment or Job."""
    [found] = owner["spec"]["template"]["spec"]["containers"]
    return dict(found)


def environment(owner: Object) -> dict[str, Any]:
    """Its environment: the text of each variable, or from where it comes."""
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in container(owner).get("env", ())}


def hooks(one: Object) -> set[str]:
    """When Helm runs it as a hook; nothing for what belongs to the release."""
    return set(filter(None, one["metadata"].get("annotations", {}).get("helm.sh/hook", "").split(",")))


def weight(one: Object) -> int:
    """Its place among the hooks."""
    return int(one["metadata"]["annotations"]["helm.sh/hook-weight"])
