"""Replies written by hand in the forms of other firmware, boards and collectors, through the door of `acende parse`."""

import json
from typing import Any

import pytest
import yaml

from tests.unit.huawei_smartax.captures import FOLDER
from worker.cli.failure import Failure, Status
from worker.cli.reply import understood

VARIANTS = FOLDER / "variants"
INDEX: dict[str, dict[str, Any]] = yaml.safe_load((VARIANTS / "variants.yaml").read_text())
READ = [name for name, entry in INDEX.items() if not entry.get("status")]
REFUSED = [name for name, entry in INDEX.items() if entry.get("status")]


def answered(name: str) -> Any:
    return json.loads(understood("huawei_smartax", INDEX[name]["command"], str(VARIANTS / f"{name}.txt")))


def test_every_variant_is_named_with_its_command_and_its_reason() -> None:
    assert {path.stem for path in VARIANTS.glob("*.txt")} == INDEX.keys()
    assert {path.stem for path in VARIANTS.glob("*.json")} == set(READ)
    assert all(entry.keys() >= {"command", "why"} for entry in INDEX.values())


@pytest.mark.parametrize("name", READ)
def test_a_variant_is_read_in_full(name: str) -> None:
    assert answered(name) == json.loads((VARIANTS / f"{name}.json").read_text())


@pytest.mark.parametrize("name", REFUSED)
def test_a_variant_that_cannot_be_vouched_for_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Failure) as refused:
        answered(name)
    assert refused.value.status is Status.UNVOUCHED
    assert "bug" not in str(refused.value)


def test_blanks_taken_off_line_ends_change_nothing() -> None:
    """An editor takes off the padding that tells where a text was broken."""
    assert answered("ont-info-port-blanks-taken-off") == answered("ont-info-port-wrapped-descriptions")
