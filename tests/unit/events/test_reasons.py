"""Every failure has one code, and each code says what happened and what to do, in both languages."""

from __future__ import annotations

import ast
import re

import pytest

from dev.machine import ROOT
from events.reason_tables import olts, orders, records
from events.reasons import REASONS, clean, reason
from events.stages import Stage
from vendors import errors

PORTUGUESE = re.compile(
    r"\b(a|o|as|os|da|do|de|na|no|em|ou|e|não|para|uma?|Aguarde|Aguardando|Nada|Troque)\b", re.IGNORECASE
)
WANTED = """
unit_not_received no_light serial_differs_from_stock serial_claimed two_units_bound serial_seen_twice unknown_model
not_an_onu no_provisioning_model olt_unknown order_too_old serial_registered_elsewhere secret_expired
cancel_after_completion wish_required serial_already_registered profile_missing port_full olt_syntax olt_refused olt_busy
olt_unreachable not_converged unknown_reply olt_login_refused olt_host_key_changed internal_error olt_deadline not_online
attempts_exhausted platform_changed not_json not_utf8 empty_value too_large unknown_type unsupported_version invalid_data
naive_time not_storable bad_envelope no_command_on_platform onu_rx_low onu_rx_high
""".split()


def _error_codes() -> set[str]:
    """Every code of the tree of errors: its classes' own, and those that its docstrings name."""
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)
    ]
    own = {kind.code for kind in classes if issubclass(kind, errors.ProvisioningError)}
    named = re.search(r"one of: ([a-z_, ]+)\.", errors.OrderRejected.__doc__ or "")
    assert named
    return own | set(named[1].split(", "))


def _codes_in_sources() -> set[str]:
    """Codes that vendors and the worker write as `code="…"`."""
    found: set[str] = set()
    for package in ("vendors", "worker"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                name = (
                    getattr(node.func, "id", getattr(node.func, "attr", ""))
                    if isinstance(node, ast.Call)
                    else ""
                )
                if isinstance(node, ast.Call) and name in {
                    "OrderRejected",
                    "Failure",
                    "Unresolved",
                    "Skip",
                    "reason",
                }:
                    values = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
                    if name == "OrderRejected":
                        values = values[1:]
                    found |= {
                        value.value
                        for value in values
                        if isinstance(value, ast.Constant) and isinstance(value.value, str)
                    }
    return {code for code in found if re.fullmatch(r"[a-z_]+", code)}


def test_every_code_that_is_raised_or_published_is_in_the_catalogue() -> None:
    assert _error_codes() <= REASONS.keys()
    assert set(WANTED) <= REASONS.keys()


def test_every_code_that_the_sources_write_is_in_the_catalogue() -> None:
    skips = {"lan_ports", "wifi"}
    assert _codes_in_sources() - skips <= REASONS.keys()


def test_no_code_stands_twice() -> None:
    codes = [row.code for row in (*orders.ROWS, *olts.ROWS, *records.ROWS)]
    assert len(codes) == len(set(codes)) == len(REASONS)


@pytest.mark.parametrize("code", REASONS)
def test_each_code_is_said_in_both_languages(code: str) -> None:
    found = REASONS[code]
    texts = found.texts
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,63}", code)
    for text in (texts.text_pt, texts.text_en, texts.action_pt, texts.action_en):
        assert text.strip() == text
        assert text.endswith(".")
        assert text[0].isupper() or text[0] == "{"
    assert texts.text_pt != texts.text_en
    assert texts.action_pt != texts.action_en
    assert PORTUGUESE.search(texts.text_pt), texts.text_pt
    assert PORTUGUESE.search(texts.action_pt), texts.action_pt
    assert not re.search(r"\b(the|is|of|and|not)\b", texts.text_pt + texts.action_pt)


@pytest.mark.parametrize("code", REASONS)
def test_both_languages_say_the_same_particulars(code: str) -> None:
    texts = REASONS[code].texts
    holes = [
        set(re.findall(r"\{(\w+)\}", text))
        for text in (texts.text_pt, texts.text_en, texts.action_pt, texts.action_en)
    ]
    assert holes[0] == holes[1]
    assert holes[2] == holes[3]
    assert not {"password", "key", "login", "name", "customer_name"} & REASONS[code].placeholders


@pytest.mark.parametrize("code", REASONS)
def test_a_text_is_whole_with_and_without_its_particulars(code: str) -> None:
    found = REASONS[code]
    for params in (None, {}, dict.fromkeys(found.placeholders, "X")):
        said = found.say(params)
        assert not re.search(r"[{}]", said.text_pt + said.text_en + said.action_pt + said.action_en)


def test_particulars_cannot_break_out_of_their_place() -> None:
    said = reason("serial_claimed").say(
        {"serial": "{other_order}\r\n\x1b[2J{0.__class__}", "other_order": "x" * 5000}
    )
    assert said.text_pt.startswith("A ONU {other_order} [2J{0.__class__} já pertence à ordem xxx")
    assert "\n" not in said.text_pt
    assert len(said.text_pt) < 300


def test_a_blank_particular_reads_as_unknown() -> None:
    assert "ordem ?." in reason("serial_claimed").say({"serial": "", "other_order": None}).text_pt


def test_particulars_are_kept_as_short_lines() -> None:
    kept = reason("serial_claimed").kept({"serial": "HWTC1A2B3C4D", "other_order": None, "n": 3})
    assert kept == {"serial": "HWTC1A2B3C4D", "n": "3"}
    assert len(clean("x" * 1000)) == 200


def test_an_unknown_code_is_a_bug_of_ours_and_says_so() -> None:
    assert reason("no_such_code") is REASONS["internal_error"]


@pytest.mark.parametrize("stage", Stage)
def test_each_stage_is_said_in_both_languages(stage: Stage) -> None:
    assert stage.text_pt.endswith(".")
    assert stage.text_en.endswith(".")
    assert stage.text_pt != stage.text_en


def test_what_has_failed_may_be_asked_again() -> None:
    assert all(found.retryable for found in REASONS.values() if found.kind in {"failed", "cancelled"})


def test_every_failure_says_where_its_cause_lies_and_nothing_else_does() -> None:
    assert {code for code, found in REASONS.items() if found.fault} == {
        code for code, found in REASONS.items() if found.kind == "failed"
    }


@pytest.mark.parametrize(
    ("code", "outside"),
    [("order_incomplete", True), ("no_light", True), ("port_full", False), ("internal_error", False)],
)
def test_the_cause_lies_outside_where_the_erp_or_people_at_the_customer_s_are_at_fault(
    code: str, outside: bool
) -> None:
    assert reason(code).outside is outside
