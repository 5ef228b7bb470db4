"""Settings: what can be set is read."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dev.machine import ROOT
from worker.batch import Reading
from worker.settings import Settings

CODE = "".join(file.read_text() for file in sorted((ROOT / "worker").rglob("*.py")))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_setting_is_read_somewhere(name: str) -> None:
    assert re.search(rf"\.{name}\b", CODE)


def test_records_are_read_with_the_tolerance_and_the_zone_that_are_set() -> None:
    reading = Reading.of(Settings(future_tolerance_s=60, source_timezone="America/Sao_Paulo"), None)
    assert (reading.future_tolerance, reading.source_timezone) == (
        timedelta(seconds=60),
        ZoneInfo("America/Sao_Paulo"),
    )
    assert reading.is_onu_model("EG8145V5") is False
