"""One sample and more of every event version is kept: what was once published must still be read."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from dev.machine import ROOT
from events.envelope import CloudEvent, RawRecord, to_record
from events.inputs import INPUTS
from events.outputs import OUTPUTS
from tests.support.published import validator
from tests.unit.events.samples import accepted

FOLDER = ROOT / "tests" / "golden" / "events"
SAMPLES = sorted(FOLDER.glob("*.json"))
INPUT_SAMPLES = [path for path in SAMPLES if json.loads(path.read_text("utf-8"))["type"] in INPUTS]
OUTPUT_SAMPLES = [path for path in SAMPLES if path not in INPUT_SAMPLES]
names = pytest.mark.parametrize


def sample(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_every_version_has_a_sample() -> None:
    assert {sample(path)["type"] for path in SAMPLES} == INPUTS.keys() | OUTPUTS.keys()


@names("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_its_published_schema(path: Path) -> None:
    document = sample(path)
    validator(document["type"]).validate(document)


@names("path", INPUT_SAMPLES, ids=lambda path: path.stem)
def test_todays_parser_reads_a_sample(path: Path) -> None:
    document = sample(path)
    event = accepted(RawRecord("t", 0, 0, 1, None, path.read_bytes()))
    assert (event.type, event.source, event.id) == (document["type"], document["source"], document["id"])
    assert event.data.model_fields_set == document["data"].keys()


@names("path", OUTPUT_SAMPLES, ids=lambda path: path.stem)
def test_todays_writer_writes_a_sample_again(path: Path) -> None:
    document = sample(path)
    data: Any = OUTPUTS[document["type"]].model_validate(document["data"])
    event = CloudEvent(
        document["id"],
        data,
        datetime.fromisoformat(document["time"]),
        document["source"],
        document.get("subject"),
        document.get("traceparent"),
    )
    assert json.loads(to_record(event, "k").value) == document


@names("event_type", OUTPUTS)
@names("member", ["id", "source", "type", "time", "specversion", "data"])
def test_a_schema_misses_an_attribute(event_type: str, member: str) -> None:
    document = sample(FOLDER / f"{event_type}.json")
    del document[member]
    assert not validator(event_type).is_valid(document)


@names("event_type", sorted(OUTPUTS.keys() | INPUTS.keys()))
def test_a_schema_lets_members_be_added(event_type: str) -> None:
    document = sample(FOLDER / f"{event_type}.json")
    document["later"] = document["data"]["later"] = {"more": [1]}
    assert validator(event_type).is_valid(document)


@names("event_type", sorted(OUTPUTS.keys() | INPUTS.keys()))
def test_a_schema_refuses_another_type(event_type: str) -> None:
    document = sample(FOLDER / f"{event_type}.json") | {"type": "acende.install.started.v9"}
    assert not validator(event_type).is_valid(document)


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    inner = {
        part
        for field in model.model_fields.values()
        for part in [field.annotation, *getattr(field.annotation, "__args__", ())]
        if isinstance(part, type) and issubclass(part, BaseModel)
    }
    return {model}.union(*map(_models, inner))


def test_every_member_that_is_published_is_documented() -> None:
    silent = [
        f"{model.__name__}.{name}"
        for output in OUTPUTS.values()
        for model in _models(output)
        if model.__module__ == "events.outputs"
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert not silent
