"""ONU models by every name they go by, and what is known to be no ONU."""

from __future__ import annotations

import pytest

from schemas.catalog import plain
from vendors.catalog import shipped

CATALOGUE = shipped()


def test_the_catalogue_holds_the_models_that_are_met_most() -> None:
    assert len(CATALOGUE.models) >= 20
    assert len({model.name for model in CATALOGUE.models}) == len(CATALOGUE.models)


def test_no_name_means_two_models() -> None:
    owners: dict[str, set[str]] = {}
    for model in CATALOGUE.models:
        for name in {plain(name) for name in (model.name, *model.aliases)}:
            owners.setdefault(name, set()).add(model.name)
    assert not {name: models for name, models in owners.items() if len(models) > 1}


def test_no_report_means_two_models() -> None:
    owners: dict[tuple[str, str], set[str]] = {}
    for model in CATALOGUE.models:
        for brand, names in model.reported.items():
            for name in names:
                owners.setdefault((brand, plain(name)), set()).add(model.name)
    assert not {name: models for name, models in owners.items() if len(models) > 1}


def test_each_model_says_how_surely_it_is_known() -> None:
    for model in CATALOGUE.models:
        assert model.source.endswith(".")
        assert model.lan_ports is not None or "not confirmed" in model.source


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("EG8145V5", "EG8145V5"),
        ("eg8145-v5", "EG8145V5"),
        ("ONU HUAWEI EG8145V5", "EG8145V5"),
        ("EchoLife EG8145V5", "EG8145V5"),
        ("Roteador ONU Huawei HG8145V5", "HG8145V5"),
        ("ONT ZTE F670L", "F670L"),
        ("ZXHN F670L", "F670L"),
        ("ONU 110", "ONU 110 B"),
        ("Intelbras ONU 110 B", "ONU 110 B"),
        ("WiFiber 121 AC", "WiFiber 121 AC"),
        ("AN5506-04-F", "AN5506-04-FA"),
        ("TP-LINK XC220-G3", "TP-Link XC220-G3"),
        ("XC220 G3", "TP-Link XC220-G3"),
    ],
)
def test_a_model_is_found_by_what_people_write(name: str, model: str) -> None:
    found = CATALOGUE.find(name)
    assert found is not None
    assert found.name == model
    assert CATALOGUE.is_onu(name)
    assert not CATALOGUE.is_not_onu(name)


@pytest.mark.parametrize(
    "name", [None, "", " ", "ONU", "ONU HUAWEI", "PRO", "EG8145", "GPON", "ROTEADOR", "-"]
)
def test_what_names_no_model_is_none(name: str | None) -> None:
    assert CATALOGUE.find(name) is None


@pytest.mark.parametrize(
    ("report", "brand", "model"),
    [
        ("EG8145V5", "huawei", "EG8145V5"),
        ("R1v2", "zte", "ONU 110 B"),
        ("HG8010H", "zte", "HG8010H"),
        ("F612V6.0", "zte", "F612"),
        ("121AC", "intelbras", "WiFiber 121 AC"),
        ("ZTE-F660", "zte", "F660"),
    ],
)
def test_a_model_is_found_by_what_an_olt_reports(report: str, brand: str, model: str) -> None:
    found = CATALOGUE.seen(report, brand)
    assert found is not None
    assert found.name == model


def test_a_report_of_one_brands_olts_means_nothing_on_anothers() -> None:
    assert CATALOGUE.seen("F612V6.0", "huawei") is None
    assert CATALOGUE.seen(None, "huawei") is None


@pytest.mark.parametrize(
    "name",
    [
        "ARCHER C6",
        "Roteador TP-Link Archer",
        "TV BOX MXQ 4K",
        "ESCADA 7M",
        "Power Meter",
        "MIKROTIK RB750Gr3",
    ],
)
def test_what_is_known_to_be_no_onu_is_told(name: str) -> None:
    assert CATALOGUE.is_not_onu(name)
    assert not CATALOGUE.is_onu(name)


@pytest.mark.parametrize("name", ["ONU ROTEADOR XPTO", "ROTEADOR GPON NOVO", "EG8145V5", "XPTO-9", ""])
def test_what_may_be_an_onu_is_not_taken_for_something_else(name: str) -> None:
    assert not CATALOGUE.is_not_onu(name)


@pytest.mark.parametrize(
    ("name", "first"),
    [("EG8145V6", "EG8145X6"), ("F670", "F670L"), ("HG8245", "HG8245H"), ("AN5506-04", "AN5506-04-FA")],
)
def test_a_wrong_name_has_its_nearest(name: str, first: str) -> None:
    near = CATALOGUE.nearest(name)
    assert first in near
    assert len(near) <= 3


def test_a_name_that_is_like_none_has_none_near() -> None:
    assert CATALOGUE.nearest("???") == CATALOGUE.nearest("") == CATALOGUE.nearest(None) == ()
