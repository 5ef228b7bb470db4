"""The small values that configurations are made of: patterns, references, limits of optical levels."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from events.reasons import REASONS
from schemas.optics import Finding, OpticalLimits
from schemas.patterns import PonRange, is_pattern, matches
from schemas.place import PonPort
from schemas.templates import UndefinedVariable, fill, references


@pytest.mark.parametrize(
    ("glob", "text", "fits"),
    [
        ("*", "", True),
        ("*", "a/b\nc", True),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("(a)+", "(a)+", True),
        ("\\d", "1", False),
    ],
)
def test_only_star_and_question_mark_are_patterns(glob: str, text: str, fits: bool) -> None:
    assert matches(text, (glob,)) is fits


@given(st.text(max_size=30))
def test_a_text_fits_itself_and_no_condition_fits_all(text: str) -> None:
    assert matches(text, (text,))
    assert matches(text, None)
    assert not matches(text, ())
    assert is_pattern(text) == bool({"*", "?"} & set(text))


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ("0/1/0-3", ["0/1/0", "0/1/3"], ["0/1/4", "0/2/0", "1/1/0"]),
        ("0/1/3", ["0/1/3"], ["0/1/2", "0/1/4"]),
        ("0/1/*", ["0/1/0", "0/1/99"], ["0/2/0"]),
    ],
)
def test_a_range_of_ports_holds_its_ports(written: str, inside: list[str], outside: list[str]) -> None:
    ports = PonRange.model_validate(written)
    assert all(ports.holds(PonPort.model_validate(port)) for port in inside)
    assert not any(ports.holds(PonPort.model_validate(port)) for port in outside)


@pytest.mark.parametrize("written", ["0/1/3-1", "0/1", "0/1/", "*/1/0", "0/1/a", "", 7, None, "0/1/123456"])
def test_what_is_no_range_of_ports_is_refused(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(PonRange).validate_python(written)


def test_references_are_found_and_filled_anywhere() -> None:
    tree = {"a": "${x}", "b": ["p-${y}-${x}", {"c": 7, "d": None}], "e": "plain"}
    assert references(tree) == {"x", "y"}
    assert fill(tree, {"x": 1, "y": "z"}) == {"a": "1", "b": ("p-z-1", {"c": 7, "d": None}), "e": "plain"}


def test_a_value_is_not_read_for_references_again() -> None:
    assert fill("${x}", {"x": "${y}", "y": "no"}) == "${y}"


def test_an_undefined_variable_is_named() -> None:
    with pytest.raises(UndefinedVariable) as caught:
        fill(["${x}", "${y}"], {"x": 1})
    assert caught.value.name == "y"


LIMITS = OpticalLimits(onu_tx_min_dbm=0.5, onu_tx_max_dbm=5, olt_rx_min_dbm=-30, olt_rx_max_dbm=-8)


@pytest.mark.parametrize(
    ("levels", "expected_dbm", "findings"),
    [
        ((-19.5, 2.3, -22.0), None, []),
        ((-27.0, 0.5, -30.0), None, []),
        ((-8.0, 5.0, -8.0), None, []),
        ((-27.01, 2.3, -22.0), None, [Finding("onu_rx_low", -27.01, -27)]),
        ((-7.99, 2.3, -22.0), None, [Finding("onu_rx_high", -7.99, -8)]),
        ((-19.5, 0.4, -22.0), None, [Finding("onu_tx_low", 0.4, 0.5)]),
        ((-19.5, 5.1, -22.0), None, [Finding("onu_tx_high", 5.1, 5)]),
        ((-19.5, 2.3, -30.1), None, [Finding("olt_rx_low", -30.1, -30)]),
        ((-19.5, 2.3, -7.9), None, [Finding("olt_rx_high", -7.9, -8)]),
        ((-19.5, None, None), -16.5, []),
        ((-19.5, None, None), -16.4, [Finding("rx_differs_from_expected", -19.5, -16.4)]),
        ((None, 2.3, -22.0), -19.0, [Finding("optics_unread", None, None)]),
        ((-28.0, 9.0, None), -19.0, [
            Finding("onu_rx_low", -28.0, -27), Finding("onu_tx_high", 9.0, 5), Finding("rx_differs_from_expected", -28, -19),
        ]),
    ],
)  # fmt: skip
def test_levels_beyond_their_limits_are_found(
    levels: tuple[float | None, float | None, float | None],
    expected_dbm: float | None,
    findings: list[Finding],
) -> None:
    found = LIMITS.judge(*levels, expected_dbm)
    assert list(found) == findings
    assert all(REASONS[finding.code].kind == "warning" for finding in found)


def test_the_usual_limits_judge_the_onus_reception_alone() -> None:
    assert OpticalLimits().judge(-28, 99, -99) == (Finding("onu_rx_low", -28, -27),)
