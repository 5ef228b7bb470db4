"""The generated documents are what the code says, and the code says it of every member and every reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from dev.docs import __main__ as docs
from dev.docs import models
from dev.machine import ROOT
from events.reasons import REASONS
from events.stages import Stage
from schemas.config import ConfigModel
from schemas.inventory import Inventory
from schemas.services import Services
from vendors.registry import PLATFORMS
from worker.cli.words import PARKED, STATES
from worker.settings import Settings

FILES = (Inventory, Services)


def test_the_documents_are_fresh() -> None:
    assert docs.stale() == [], "run make docs"
    assert docs.main(["--check"]) == 0


def test_a_changed_and_a_missing_document_are_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert docs.main([], tmp_path) == 0
    assert docs.stale(tmp_path) == []
    (tmp_path / "docs/services.md").write_text("x")
    (tmp_path / "docs/suporte/motivos.md").unlink()
    assert docs.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "docs/services.md is stale: run make docs",
        "docs/suporte/motivos.md is stale: run make docs",
    ]


def members() -> list[Any]:
    return [pytest.param(one, id=name) for model in FILES for name, one in models.members(model)]


def _is_plain(member: dict[str, Any]) -> bool:
    """Whether it is no part with members of its own."""
    return "$ref" not in str(member)


@pytest.mark.parametrize("member", members())
def test_every_member_of_a_configuration_file_has_its_meaning_and_an_example(member: dict[str, Any]) -> None:
    assert member.get("description")
    if _is_plain(member):
        assert member.get("examples") or member.get("default") is not None


def parts() -> list[type[BaseModel]]:
    found: dict[type[BaseModel], None] = {}
    waiting: list[type[BaseModel]] = [ConfigModel]
    while waiting:
        model = waiting.pop()
        found[model] = None
        waiting += model.__subclasses__()
    return [model for model in found if model.__module__.startswith("schemas.")]


@pytest.mark.parametrize("part", parts(), ids=lambda part: part.__name__)
def test_every_example_is_valid(part: type[BaseModel]) -> None:
    for name, field in part.model_fields.items():
        annotation: Any = part.__annotations__.get(name, field.annotation)
        judge: TypeAdapter[Any] = TypeAdapter(annotation)
        for example in field.examples or ():
            judge.validate_python(example)


def test_every_setting_has_its_meaning() -> None:
    reference = (ROOT / "docs/configuration.md").read_text()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `ACENDE_{name.upper()}` |" in reference


def test_every_reason_stands_in_the_catalogue_for_support_with_what_to_do() -> None:
    catalogue = (ROOT / "docs/suporte/motivos.md").read_text()
    rows = {line.split("`")[1]: line for line in catalogue.splitlines() if line.startswith("| `")}
    assert rows.keys() == REASONS.keys()
    for code, reason in REASONS.items():
        assert reason.texts.action_pt.split("{", maxsplit=1)[0] in rows[code]


def test_the_guide_explains_every_stage_and_every_state_in_the_words_that_support_sees() -> None:
    guide = (ROOT / "docs/suporte/README.md").read_text()
    explained = guide.split("## Ver uma ordem")[0]
    shown = [stage.text_pt for stage in Stage]
    shown += [words for state, words in STATES.items() if state != "unknown"] + [PARKED]
    assert [one for one in shown if one not in explained] == []


def test_the_table_of_platforms_has_a_row_for_each() -> None:
    table = (ROOT / "docs/vendors.md").read_text()
    assert [
        name
        for name, package in PLATFORMS.items()
        if package.startswith("vendors.") and f"| `{name}` |" not in table
    ] == []


def test_links_between_documents_lead_somewhere() -> None:
    for file in sorted((ROOT / "docs").rglob("*.md")):
        text = file.read_text()
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
            assert target.startswith("http") or (file.parent / target).exists(), (file, target)
        anchors = {
            re.sub(r"[^a-z0-9_-]", "", head.lower()) for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        for anchor in re.findall(r"\]\(#([^)]*)\)", text):
            assert anchor in anchors, (file, anchor)
