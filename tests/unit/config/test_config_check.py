"""`acende config check` finds what will fail before an order does, and says which rule takes what."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev.machine import ROOT
from schemas.configuration import Configuration
from schemas.loading import load_configuration
from schemas.place import PonPort
from schemas.yaml import parse
from tests.unit.config.samples import INVENTORY, configuration
from tests.unit.config.test_resolve import give, rules
from vendors.catalog import shipped
from vendors.registry import PLATFORMS, vendor
from vendors.simulator.fleet import FleetOlt
from worker.config_check import Combination, Remark, Report, check, which
from worker.resolve import Resolved, Unresolved

ADAPTERS = {platform: vendor(platform).adapter for platform in PLATFORMS}
EXAMPLES = ROOT / "dev" / "config"


def checked(services: str, inventory: str = INVENTORY) -> Report:
    return check(configuration(services, inventory), ADAPTERS)


def said(report: Report, level: str) -> list[str]:
    return [remark.text for remark in report.remarks if remark.level == level]


@pytest.fixture(scope="module")
def examples() -> Configuration:
    folder = Path(EXAMPLES)
    return load_configuration(
        folder / "inventory.yaml", folder / "services.yaml", shipped(), platforms=PLATFORMS
    )


def test_the_examples_have_no_error_and_no_warning(examples: Configuration) -> None:
    report = check(examples, ADAPTERS)
    assert report.complete
    assert [remark for remark in report.remarks if remark.level != "note"] == []
    assert {rule for _, rule in report.taken} >= set(examples.services.by_name)


def test_the_examples_simulators_can_be_built(examples: Configuration) -> None:
    for olt in examples.inventory.olts:
        assert FleetOlt.model_validate(olt.simulator).profiles


HUAWEI = "platform: huawei_smartax"
PROFILES = "line_profile: 1, service_profile: 2"


@pytest.mark.parametrize(
    ("services", "error"),
    [
        pytest.param(
            rules(
                f"{{name: a, when: {{{HUAWEI}}}, give: {{{PROFILES}, service_ports: [{{gem_port: 1, vlan: '${{v}}'}}]}}}}"
            ),
            "no variable is called v",
            id="no-such-variable",
        ),
        pytest.param(
            rules(
                f"{{name: a, when: {{{HUAWEI}}}, give: {{{PROFILES}, service_ports: [{{gem_port: 1, vlan: '${{v}}'}}]}}}}",
                "--- variables: [{when: {site: norte}, set: {v: 1}}]",
            ),
            "the variable v has no value on olt-a",
            id="no-value-here",
        ),
        pytest.param(
            rules(
                f"{{name: a, when: {{{HUAWEI}}}, give: {{{PROFILES}, service_ports: [{{gem_port: 1, vlan: '${{v}}'}}]}}}}",
                "--- variables: [{set: {v: 9999}}]",
            ),
            "service_ports.0.vlan is not valid once its references are filled, on olt-a",
            id="wrong-value",
        ),
        pytest.param(
            give(tconts="[{index: 1, profile: P}]", gem_ports="[{index: 1, tcont: 2}]"),
            "there is no T-CONT 2 in this model",
            id="no-such-tcont",
        ),
        pytest.param(
            give(
                tconts="[{index: 1, profile: P}]",
                gem_ports="[{index: 1, tcont: 1}]",
                service_ports="[{gem_port: 2, vlan: 3}]",
            ),
            "there is no GEM port 2 in this model",
            id="no-such-gem-port",
        ),
        pytest.param(
            give(tconts="[{index: 1, profile: P}, {index: 1, profile: Q}]"),
            "T-CONT 1 stands twice",
            id="twice",
        ),
        pytest.param(
            rules(
                f"{{name: a, when: {{{HUAWEI}}}, required: wifi, give: {{{PROFILES}, wifi: [{{index: 1}}]}}}}"
            ),
            "wifi.1 is not applied on huawei_smartax (no_command_on_platform) but is required",
            id="required-and-impossible",
        ),
        pytest.param(
            rules(f"{{name: a, when: {{{HUAWEI}}}, give: {{}}}}"),
            "huawei_smartax cannot be given this: a SmartAX ONT needs a line profile and a service profile (profile_missing)",
            id="cannot-be-planned",
        ),
    ],
)
def test_what_would_fail_is_an_error(services: str, error: str) -> None:
    report = checked(services)
    assert error in said(report, "error")
    assert error in [remark.text for remark in report.errors]


@pytest.mark.parametrize(
    ("services", "warning"),
    [
        pytest.param(
            rules("{name: a, give: {}}", "{name: b, when: {plan: X*}, give: {}}"),
            "b is never taken: a come first",
            id="shadowed",
        ),
        pytest.param(
            rules(
                "{name: a, when: {mode: bridge}, give: {}}",
                "{name: b, when: {mode: router}, give: {}}",
                "{name: c, give: {}}",
            ),
            "c is never taken: a, b come first",
            id="shadowed-by-two-together",
        ),
        pytest.param(
            rules("{name: a, when: {plan: 'F*'}, give: {}}", "{name: b, when: {plan: FIBRA-3*}, give: {}}"),
            "b is never taken: a come first",
            id="shadowed-by-a-wider-pattern",
        ),
        pytest.param(
            rules("{name: a, when: {platform: nokia}, give: {}}", "{name: b, give: {}}"),
            "a is never taken: nothing in the inventory and the catalogue fits it",
            id="fits-nothing",
        ),
        pytest.param(
            rules("{name: a, when: {olt: olt-aa}, give: {}}"),
            "no OLT of the inventory is called olt-aa; did you mean olt-a?",
            id="no-such-olt",
        ),
        pytest.param(
            rules("{name: a, when: {site: 'nort'}, give: {}}"),
            "no site of the inventory is called nort; did you mean norte?",
            id="no-such-site",
        ),
        pytest.param(
            rules("{name: a, when: {onu: EG8145V6}, give: {}}"),
            "the catalogue has no model EG8145V6; nearest: EG8145X6, EG8145V5, HG8145V5",
            id="no-such-model",
        ),
        pytest.param(
            rules("{name: a, give: {}}", "--- variables: [{set: {v: 1}}]"), "nothing refers to v", id="unused"
        ),
        pytest.param(
            rules("{name: a, give: {}}", "--- variables: [{set: {port: 1}}]"),
            "port is what the place itself is called: this value is not used",
            id="reserved",
        ),
        pytest.param(
            rules(
                f"{{name: a, when: {{{HUAWEI}}}, give: {{{PROFILES}, service_ports: [{{gem_port: 1, vlan: '${{v}}'}}]}}}}",
                "--- variables: [{when: {pon: 0/2/0-15}, set: {v: 5}}]",
            ),
            "the variable v has no value on olt-a 0/1/0",
            id="on-some-ports-only",
        ),
    ],
)
def test_what_is_odd_is_a_warning(services: str, warning: str) -> None:
    assert warning in said(checked(services), "warning")


def test_rules_that_are_each_taken_are_not_warned_of() -> None:
    services = rules(
        "{name: a, when: {plan: FIBRA-600}, give: {}}",
        "{name: b, when: {plan: 'FIBRA-*', onu: EG8145V5}, give: {}}",
        "{name: c, when: {plan: 'FIBRA-*', onu_class: router}, give: {}}",
        "{name: d, when: {site: norte}, give: {}}",
        "{name: e, give: {}}",
    )
    assert said(checked(services), "warning") == []


def test_what_the_platform_cannot_do_is_noted() -> None:
    services = rules(f"{{name: a, when: {{{HUAWEI}}}, give: {{{PROFILES}, wifi: [{{index: 1}}]}}}}")
    assert said(checked(services), "note") == [
        "wifi.1 is not applied on huawei_smartax (no_command_on_platform)"
    ]


def test_each_remark_has_the_line_of_its_part() -> None:
    text = "models:\n  - name: a\n    when:\n      site: nort\n    give: {}\n"
    document = parse(text, "services.yaml")
    remarks = {
        remark.text: document.problem(remark.where, remark.text).line for remark in checked(text).remarks
    }
    assert remarks["no site of the inventory is called nort; did you mean norte?"] == 4
    assert remarks["a is never taken: nothing in the inventory and the catalogue fits it"] == 2


def test_a_remark_is_made_once() -> None:
    remarks = checked(rules("{name: a, give: {}}")).remarks
    assert len(remarks) == len(set(remarks)) > 0
    assert all(isinstance(remark, Remark) for remark in remarks)


def test_too_many_combinations_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.config_check.COMBINATIONS_MAX", 3)
    report = checked(rules("{name: a, give: {}}"))
    assert (report.complete, len(report.taken)) == (False, 3)


def test_which_rule_takes_a_combination_and_what_it_gives(examples: Configuration) -> None:
    olt = examples.inventory.olt("olt-sul-1")
    assert olt is not None
    answer = which(Combination("FIBRA-600", "router", "ONT ZTE F670L", olt), None, examples, ADAPTERS)
    assert isinstance(answer.outcome, Resolved)
    assert answer.outcome.rule == "zte-router-pppoe"
    assert answer.passed == ("huawei-router-pppoe", "huawei-bridge", "huawei-empresa")
    assert [tcont.profile for tcont in answer.outcome.desired.tconts] == ["UP300M"]


def test_which_takes_the_port_that_is_asked(examples: Configuration) -> None:
    olt = examples.inventory.olt("olt-centro-1")
    assert olt is not None
    port = PonPort(frame=0, slot=2, port=3)
    answer = which(Combination("EMPRESA-1", "bridge", "HG8010H", olt), port, examples, ADAPTERS)
    assert isinstance(answer.outcome, Resolved)
    assert [flow.vlan for flow in answer.outcome.desired.service_ports] == [2019]


def test_which_says_why_nothing_takes_a_combination(examples: Configuration) -> None:
    olt = examples.inventory.olt("olt-sul-1")
    assert olt is not None
    answer = which(Combination("EMPRESA-1", "bridge", "F601", olt), None, examples, ADAPTERS)
    assert isinstance(answer.outcome, Unresolved)
    assert answer.outcome.code == "no_provisioning_model"
    assert len(answer.passed) == 5


@pytest.mark.parametrize(
    ("onu", "known"),
    [
        ("EG8145V5", True),
        ("ONU HUAWEI EG8145V5", True),
        ("eg-8145-v5", True),
        ("EG8145*", True),
        ("eg8145v?", True),
        ("EG8145V6", False),
        ("ONU HUAWEI EG8145V6", False),
        ("ONU EG8145V?", False),
    ],
)
def test_a_model_is_known_by_any_spelling_of_its_name_and_by_a_pattern_as_it_is_written(
    onu: str, *, known: bool
) -> None:
    warnings = said(checked(rules(f"{{name: a, when: {{onu: '{onu}'}}, give: {{}}}}")), "warning")
    assert any("the catalogue has no model" in text for text in warnings) is not known


@pytest.mark.parametrize("plan", ["plano com espaço", "x" * 65, ""])
def test_which_of_a_plan_that_no_erp_can_name_is_refused(examples: Configuration, plan: str) -> None:
    with pytest.raises(ValueError, match="plan_code"):
        which(Combination(plan, "bridge", None, examples.inventory.olts[0]), None, examples, ADAPTERS)


def test_what_the_onus_of_another_maker_do_not_take_is_a_note() -> None:
    wan = "wan: {mode: dhcp, vlan: 600, vlan_profile: VP}"
    give = f"give: {{onu_type: F660, {wan}}}"
    rule = f"{{name: rota, when: {{platform: zte_zxan, onu: EG8145V5}}, {give}, required: [wan]}}"
    report = checked(f"models:\n  - {rule}\n  - {{name: resto, give: {{{PROFILES}, onu_type: F660}}}}\n")
    assert said(report, "error") == []
    assert "wan is not applied to EG8145V5 on zte_zxan but is required" in said(report, "note")


def test_what_onus_of_other_makers_do_not_take_is_one_note_a_rule_that_names_their_models() -> None:
    parts = "wan: {mode: dhcp, vlan: 600, vlan_profile: VP}, wifi: [{index: 1}]"
    olts = (
        INVENTORY + "  - {id: olt-c, site: sul, platform: zte_titan, address: 10.0.0.3, transport: telnet}\n"
    )
    rule = f"{{name: rota, when: {{platform: zte_*}}, give: {{onu_type: F660, {parts}}}, required: [wan]}}"
    report = checked(f"models:\n  - {rule}\n  - {{name: resto, give: {{{PROFILES}}}}}\n", olts)
    [note] = [remark for remark in report.remarks if "not applied to" in remark.text]
    assert (note.level, note.where) == ("note", ("models", 0))
    routers, others = note.text.split("; ")[::-1]
    assert routers.startswith("wan, wifi.1 are not applied to ")
    assert routers.endswith(" on zte_titan, zte_zxan but wan is required")
    assert others.startswith("wan is not applied to ")
    assert others.endswith(" on zte_titan, zte_zxan but is required")
    assert "HG6143D" in routers
