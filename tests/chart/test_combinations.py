"""Every supported combination: linted, rendered, and held against what a cluster takes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import helm_python
import jsonschema
import pytest
import yaml
from referencing import Registry, Resource

from schemas.loading import load_configuration
from tests.chart import custom
from tests.chart.pod_security import violations
from tests.chart.rendered import (
    CHART,
    COMBINATIONS,
    NAMESPACE,
    Object,
    Release,
    environment,
    every_combination,
    hooks,
    of,
    rendered,
)
from vendors.catalog import shipped
from vendors.registry import PLATFORMS
from worker import wiring
from worker.config_check import check
from worker.settings import PREFIX, Settings

SCHEMAS = files("kubernetes_validate") / "kubernetes-json-schema"
VERSIONS = sorted(
    {
        found[1]
        for folder in SCHEMAS.iterdir()
        if (found := re.fullmatch(r"v([\d.]+)-local-strict", folder.name))
    },
    key=lambda version: [int(number) for number in version.split(".")],
)[-4:]
LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?")
DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


@every_combination
def test_helm_lints_it_strictly_without_a_remark(file: Path) -> None:
    report = helm_python.lint(CHART, yaml.safe_load(file.read_text()), strict=True, namespace=NAMESPACE)
    assert [one for one in report["messages"] if one["severity"] > 1] == []
    assert report["errors"] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_object_strictly(version: str) -> None:
    strict = Strict(version)
    for file in COMBINATIONS:
        for one in of(file).objects:
            if (one["apiVersion"], one["kind"]) not in custom.SPECS:
                strict.judge(one)


def test_four_versions_of_kubernetes_are_tried() -> None:
    assert len(VERSIONS) == 4


def test_kubernetes_would_refuse_a_field_that_it_does_not_know() -> None:
    one = rendered("postgres-all-in-one").one("Deployment", "acende")
    one["spec"]["replica"] = 2
    with pytest.raises(jsonschema.ValidationError, match="replica"):
        Strict(VERSIONS[-1]).judge(one)


class Strict:
    """Kubernetes' own strict schemas of one version."""

    def __init__(self, version: str) -> None:
        folder = SCHEMAS / f"v{version}-local-strict"
        self.read: Callable[[str], Any] = cache(lambda name: json.loads((folder / name).read_text()))
        definitions = Resource.from_contents(self.read("_definitions.json"))
        self.registry: Any = definitions @ Registry()

    def judge(self, one: Object) -> None:
        """Raises ValidationError."""
        group, _, version = one["apiVersion"].rpartition("/")
        prefix = f"{group.split('.')[0]}-" if group else ""
        schema = self.read(f"{one['kind'].lower()}-{prefix}{version}.json")
        jsonschema.Draft202012Validator(schema, registry=self.registry).validate(one)


@every_combination
def test_custom_resources_have_the_fields_of_their_definitions(file: Path) -> None:
    for one in of(file).objects:
        if (one["apiVersion"], one["kind"]) in custom.SPECS:
            jsonschema.validate(one, custom.schema(one))


def test_every_kind_of_custom_resource_is_tried() -> None:
    seen = {(one["apiVersion"], one["kind"]) for file in COMBINATIONS for one in of(file).objects}
    assert set(custom.SPECS) <= seen


@every_combination
def test_every_pod_may_run_in_a_restricted_namespace(file: Path) -> None:
    assert [(name, said) for name, pod in of(file).pods() if (said := violations(pod["spec"]))] == []


@every_combination
def test_every_pod_goes_without_token_and_service_variables_on_a_read_only_root(file: Path) -> None:
    for name, pod in of(file).pods():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        for one in spec["containers"]:
            assert one["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert {"requests", "limits"} <= one["resources"].keys(), name


@every_combination
def test_names_fit_and_are_there_once(file: Path) -> None:
    release = of(file)
    count = Counter((one["kind"], one["metadata"]["name"]) for one in release.objects)
    assert [key for key, times in count.items() if times > 1] == []
    for one in release.objects:
        if one["kind"] != "KafkaTopic":
            assert DNS_LABEL.fullmatch(one["metadata"]["name"]), one["metadata"]["name"]
        for value in one["metadata"]["labels"].values():
            assert LABEL.fullmatch(value)
            assert len(value) <= 63


@every_combination
def test_every_object_bears_the_common_labels(file: Path) -> None:
    for one in of(file).objects:
        labels = one["metadata"]["labels"]
        assert labels["app.kubernetes.io/instance"] == "acende"
        assert labels["app.kubernetes.io/part-of"] == "acende"
        assert {f"app.kubernetes.io/{name}" for name in ("name", "version", "managed-by")} <= labels.keys()


def selectors(release: Release) -> Iterator[tuple[str, dict[str, str]]]:
    """What selects pods: by whom, and the labels."""
    for one in release.objects:
        name, spec = f"{one['kind']}/{one['metadata']['name']}", one.get("spec", {})
        match one["kind"]:
            case "Deployment" | "PodDisruptionBudget" | "PodMonitor":
                yield name, spec["selector"]["matchLabels"]
            case "Service":
                yield name, spec["selector"]
            case "NetworkPolicy":
                yield name, spec["podSelector"]["matchLabels"]


@every_combination
def test_every_selector_finds_pods(file: Path) -> None:
    release = of(file)
    labels = [pod["metadata"]["labels"] for _, pod in release.pods()]
    for name, wanted in selectors(release):
        assert [one for one in labels if wanted.items() <= one.items()], name


@every_combination
def test_the_service_finds_workers_only(file: Path) -> None:
    release = of(file)
    wanted = release.one("Service", "acende")["spec"]["selector"]
    found = {name for name, pod in release.pods() if wanted.items() <= pod["metadata"]["labels"].items()}
    assert found == {f"Deployment/{one['metadata']['name']}" for one in release.workers()}


@every_combination
def test_no_two_deployments_fight_for_a_pod(file: Path) -> None:
    release = of(file)
    for one in release.all("Deployment"):
        wanted = one["spec"]["selector"]["matchLabels"].items()
        owners = [name for name, pod in release.pods() if wanted <= pod["metadata"]["labels"].items()]
        assert owners == [f"Deployment/{one['metadata']['name']}"]


@every_combination
def test_every_acende_variable_is_a_setting(file: Path) -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | {"ACENDE_SECRETS_DIR"}
    release = of(file)
    owners = [*release.all("Deployment"), *release.all("Job")]
    unknown = {name for one in owners for name in environment(one) if name.startswith(PREFIX)} - known
    assert unknown == set()


@every_combination
def test_the_workers_settings_are_ones_that_they_take(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for one in of(file).workers():
        settings = {name: value for name, value in environment(one).items() if isinstance(value, str)}
        by_reference = {
            "ACENDE_DATABASE_URL": "postgresql+psycopg://host/name",
            "ACENDE_DIGEST_KEY": "0123456789abcdef",
            "ACENDE_KAFKA_SASL_USERNAME": "acende",
            "ACENDE_KAFKA_SASL_PASSWORD": "-",
        }
        for name, value in (by_reference | settings).items():
            monkeypatch.setenv(name, value)
        assert Settings().roles


@every_combination
def test_every_secret_is_a_reference(file: Path) -> None:
    secrets = {"ACENDE_DATABASE_URL", "ACENDE_DIGEST_KEY"} | {
        f"{PREFIX}{name.upper()}"
        for name, field in Settings.model_json_schema()["properties"].items()
        if "password" in json.dumps(field.get("anyOf", field)) and "format" in json.dumps(field)
    }
    release = of(file)
    assert release.all("Secret") == []
    for one in [*release.all("Deployment"), *release.all("Job")]:
        for name, value in environment(one).items():
            if name in secrets and not str(value).startswith("sqlite:"):
                assert "secretKeyRef" in value, name


@every_combination
def test_what_is_mounted_is_a_volume_and_the_other_way_round(file: Path) -> None:
    for name, pod in of(file).pods():
        [one] = pod["spec"]["containers"]
        mounted = {mount["name"] for mount in one["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["spec"]["volumes"]}, name


@every_combination
def test_pods_name_only_what_the_release_brings_in_time_or_the_values_name(file: Path) -> None:
    release = of(file)
    text = file.read_text()
    for one in [*release.all("Job"), *release.all("Deployment")]:
        early = {"pre-install"} <= hooks(one)
        here = [other for other in release.objects if bool(hooks(other)) == early]
        there = {(other["kind"], other["metadata"]["name"]) for other in here}
        for kind, name in _named(one):
            assert (kind, name) in there or re.search(rf"\b{re.escape(name)}\b", text), (
                one["metadata"]["name"],
                name,
            )


def _named(owner: Object) -> Iterator[tuple[str, str]]:
    spec = owner["spec"]["template"]["spec"]
    yield "ServiceAccount", spec["serviceAccountName"]
    for volume in spec["volumes"]:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"]


@every_combination
def test_the_worker_takes_inventory_and_services_as_they_are_rendered(file: Path, tmp_path: Path) -> None:
    release = of(file)
    found = {name: one["data"] for one in release.all("ConfigMap") for name in one["data"]}
    if {"inventory.yaml", "services.yaml"} <= found.keys():
        for name in ("inventory.yaml", "services.yaml"):
            (tmp_path / name).write_text(found[name][name])
        read = load_configuration(
            tmp_path / "inventory.yaml", tmp_path / "services.yaml", shipped(), platforms=PLATFORMS
        )
        adapters = {olt.platform: wiring.adapter(olt.platform) for olt in read.inventory.olts}
        assert check(read, adapters).errors == ()
    else:
        assert file.name == "existing-configmaps-values.yaml"


@every_combination
def test_the_notes_say_how_to_go_on(file: Path) -> None:
    notes = of(file).notes
    assert "helm test acende -n noc" in notes
    assert "<no value>" not in notes
    assert "map[" not in notes
