"""values.yaml, its schema and the README say the same, and the same as the worker's code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml

from dev.docs import chart as docs
from events.topics import Topics
from tests.chart.rendered import CHART, chart, container, environment, rendered
from worker import topics
from worker.settings import Settings

SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
OURS = {"additionalProperties", "properties"}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return found


def paths(schema: dict[str, Any], above: str = "") -> Iterator[str]:
    """Every value that the schema knows, down to what it leaves open."""
    for name, member in resolved(schema).get("properties", {}).items():
        yield f"{above}{name}"
        yield from paths(member, f"{above}{name}.")


def written(values: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, member in values.items():
        yield f"{above}{name}"
        if isinstance(member, dict):
            yield from written(member, f"{above}{name}.")


def test_the_defaults_are_what_the_schema_takes() -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(DEFAULTS)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_value_of_the_schema_stands_in_values_yaml() -> None:
    # What Kubernetes or the worker's files define is theirs; a parent chart says `global`.
    theirs = re.compile(
        r"global$|settings\.|inventory|services\.|(.*\.)?resources\.|affinity\.|.*\.supplementalGroups$"
    )
    missing = set(paths(SCHEMA)) - set(written(DEFAULTS))
    assert {path for path in missing if not theirs.match(path)} == set()


def test_every_value_of_values_yaml_stands_in_the_schema() -> None:
    open_maps = re.compile(r".*(requests|limits|dashboards\.labels)\.")
    assert {
        path for path in set(written(DEFAULTS)) - set(paths(SCHEMA)) if not open_maps.match(path)
    } == set()


def objects(schema: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield at, schema
        for name, member in schema.items():
            yield from objects(member, f"{at}/{name}")


def test_every_object_of_the_schema_is_closed() -> None:
    assert [at for at, one in objects(SCHEMA) if one.get("additionalProperties") is not False] == []


def numbers(schema: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        kinds = schema.get("type")
        if {"integer", "number"} & set(
            [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else ()
        ):
            yield at, schema
        for name, member in schema.items():
            yield from numbers(member, f"{at}/{name}")


def test_every_number_has_a_least_value() -> None:
    bounded = {"minimum", "exclusiveMinimum"}
    open_ended = [at for at, one in numbers(SCHEMA) if not bounded & one.keys() and "/$defs/files." not in at]
    assert open_ended == []


def test_every_setting_of_the_worker_is_known_and_no_other() -> None:
    known = {f"ACENDE_{name.upper()}" for name in Settings.model_fields}
    assert set(SCHEMA["properties"]["settings"]["properties"]) == known


def test_generated_parts_are_fresh() -> None:
    assert (CHART / "values.schema.json").read_text() == docs.schema(), "run make docs"
    assert (CHART / "README.md").read_text() == docs.readme(), "run make docs"


def test_the_readme_has_a_row_for_every_value() -> None:
    text = (CHART / "README.md").read_text()
    leaves = docs.values((CHART / "values.yaml").read_text())
    assert len(leaves) > 100
    for value in leaves:
        assert f"| `{value.path}` |" in text
        assert value.meaning.endswith((".", "`"))


def test_a_value_of_which_nothing_is_said_is_found() -> None:
    with pytest.raises(ValueError, match=r"says nothing of a\.c"):
        docs.values("# === A\n\na:\n  # -- B.\n  b: 1\n  c: 2\n")


def test_a_comment_goes_on_until_its_value() -> None:
    [one] = docs.values("# === A\n\n# Not of it.\n# -- First\n# second.\nb: [1]\n")
    assert (one.path, one.default, one.meaning, one.section) == ("b", [1], "First second.", "A")


def test_the_defaults_of_topics_are_those_of_the_command() -> None:
    given = DEFAULTS["topics"]
    assert (given["partitions"], given["replicationFactor"]) == (topics.PARTITIONS, topics.REPLICATION)
    hours = {
        re.sub(r"[A-Z]", lambda upper: f"-{upper[0].lower()}", use): keep
        for use, keep in given["retentionHours"].items()
    }
    assert hours == topics.KEEP_HOURS


def test_the_topics_of_strimzi_are_those_of_the_settings() -> None:
    named = {one["spec"]["topicName"] for one in rendered("strimzi").all("KafkaTopic")}
    assert named == set(Topics().inputs) | set(Topics().outputs)


def test_the_graces_of_the_chart_are_those_of_the_worker() -> None:
    assert Settings().shutdown_grace_s == 200
    helpers = (CHART / "templates/_helpers.tpl").read_text()
    assert '"ACENDE_SHUTDOWN_GRACE_S" "otherwise" "200"' in helpers


def test_the_chart_is_of_this_version() -> None:
    version = re.search(
        r'^version = "(.+)"$', (CHART.parents[1] / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert version is not None
    assert chart().metadata["appVersion"] == version[1]
    assert re.fullmatch(r"\d+\.\d+\.\d+", chart().version)
    [one] = rendered("postgres-all-in-one").workers()
    assert container(one)["image"].endswith(f":{version[1]}")


def test_unset_values_of_kafka_bring_no_empty_variable() -> None:
    [one] = rendered("postgres-all-in-one").workers()
    assert "" not in environment(one).values()
    assert [name for name in environment(one) if "SASL" in name or "TLS" in name] == []
