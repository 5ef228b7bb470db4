"""What devices report is cleaned before it stands in a model, so that every result that repeats it can be written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from events.outputs import Optical
from schemas.place import PonPort
from schemas.text import Label
from vendors.contract import Health, Optics, Registration, Sighting

HERE = PonPort(frame=0, slot=1, port=0)
LABEL: TypeAdapter[str] = TypeAdapter(Label)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(TEXTS)
def test_any_text_of_a_device_can_be_published(text: str) -> None:
    seen = Sighting(port=HERE, serial=None, raw_serial=text, model=text).model
    found = Registration(
        port=HERE, onu_id=1, raw_serial=text, online=True, model=text, down_cause=text, states={"run": text}
    )
    for one in (seen, found.model, found.down_cause, found.states["run"], Health(version=text).version):
        LABEL.validate_python(one)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("EG8145V5", "EG8145V5"),
        ("ONU da Conceição", "ONU da Conceição"),
        ("EG8145\x85V5", "EG8145\ufffdV5"),
        ("M" * 200, "M" * 200),
        ("M" * 300, "M" * 199 + "…"),
    ],
)
def test_a_text_is_kept_as_far_as_it_can_be(text: str, kept: str) -> None:
    assert Sighting(port=HERE, serial=None, raw_serial="x", model=text).model == kept


@given(st.one_of(st.none(), st.floats(), st.integers(), st.text()))
def test_a_level_that_no_optics_has_is_none(level: Any) -> None:
    read = Optics(onu_rx_dbm=level, onu_tx_dbm=level, olt_rx_dbm=level, distance_m=level)
    Optical(onu_rx_dbm=read.onu_rx_dbm, onu_tx_dbm=read.onu_tx_dbm, olt_rx_dbm=read.olt_rx_dbm)
    assert read.distance_m is None or read.distance_m >= 0


@pytest.mark.parametrize(
    ("level", "kept"), [(-19.4, -19.4), (-60, -60), (30, 30), (655.35, None), (-99, None)]
)
def test_a_level_is_kept_where_optics_have_it(level: float, kept: float | None) -> None:
    assert Optics(onu_rx_dbm=level).onu_rx_dbm == kept
