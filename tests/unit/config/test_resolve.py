"""From an order, a unit and a place to what the ONU is to be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.inputs import InstallStarted
from events.reasons import REASONS
from schemas.onu import DesiredOnu
from schemas.place import Place, PonPort
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.config.samples import INVENTORY, configuration
from vendors.zte_zxan import adapter as zxan
from worker.resolve import Resolved, Skip, Unit, Unresolved, resolve

SERIAL = "HWTC1A2B3C4D"
HERE = Place(olt="olt-a", port=PonPort(frame=0, slot=1, port=3))
ZTE = Place(olt="olt-b", port=PonPort(frame=1, slot=2, port=3))


def order(**more: Any) -> InstallStarted:
    base = {
        "service_order_id": "OS-1",
        "customer_id": "7",
        "contract_id": "9",
        "customer_name": "Maria",
        "plan_code": "FIBRA-300",
        "mode": "router",
        "technician_id": "4",
        "started_at": datetime(2026, 3, 2, tzinfo=UTC),
        "pppoe_login": "maria@isp",
        "pppoe_password": PPPOE_PASSWORD,
        "wifi_name": "Casa",
        "wifi_key": WIFI_KEY,
    }
    return InstallStarted.model_validate(base | more)


def rules(*members: str) -> str:
    """A services.yaml of these rules, each in YAML's flow style; what follows `---` are other members of the file."""
    own = [member for member in members if not member.startswith("---")]
    more = [member.removeprefix("---").strip() for member in members if member.startswith("---")]
    return "\n".join(["models:", *(f"  - {member}" for member in own), *more])


def outcome(
    services: str, model: str | None = "EG8145V5", place: Place = HERE, seen: str | None = None, **more: Any
) -> Resolved | Unresolved:
    erased = more.pop("erased", False)
    olts = more.pop("inventory", INVENTORY)
    return resolve(
        order(**more), Unit(SERIAL, model, seen), place, configuration(services, olts), secrets_erased=erased
    )


def resolved(*found: Any, **more: Any) -> Resolved:
    got = outcome(*found, **more)
    assert isinstance(got, Resolved), got
    return got


def unresolved(*found: Any, **more: Any) -> Unresolved:
    got = outcome(*found, **more)
    assert isinstance(got, Unresolved), got
    assert REASONS[got.code].placeholders <= got.params.keys()
    return got


ALL = rules("{name: tudo, give: {line_profile: 10}}")


# ------------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("when", "more", "taken"),
    [
        pytest.param("{}", {}, True, id="no-condition"),
        pytest.param("{plan: FIBRA-300}", {}, True, id="plan"),
        pytest.param("{plan: FIBRA-600}", {}, False, id="other-plan"),
        pytest.param("{plan: fibra-300}", {}, False, id="a-plans-case-counts"),
        pytest.param("{plan: [EMPRESA-*, FIBRA-*]}", {}, True, id="one-of-several"),
        pytest.param("{plan: FIBRA-3??}", {}, True, id="question-marks"),
        pytest.param("{plan: FIBRA-3?}", {}, False, id="a-question-mark-is-one-character"),
        pytest.param("{plan: FIBRA}", {}, False, id="a-pattern-fits-the-whole"),
        pytest.param("{plan: FIBRA.300}", {}, False, id="a-dot-is-a-dot"),
        pytest.param("{mode: router}", {}, True, id="mode"),
        pytest.param("{mode: bridge}", {}, False, id="other-mode"),
        pytest.param("{onu: EG8145V5}", {}, True, id="model"),
        pytest.param("{onu: eg8145*}", {}, True, id="a-models-case-does-not-count"),
        pytest.param(
            "{onu: EG8145V5}", {"model": "ONU Huawei EG8145V5"}, True, id="model-as-stock-writes-it"
        ),
        pytest.param("{onu: EchoLife EG8145V5}", {}, True, id="by-an-alias"),
        pytest.param("{onu: F670L}", {}, False, id="other-model"),
        pytest.param("{onu: XPTO*}", {"model": "XPTO-9"}, True, id="a-model-that-only-the-rule-knows"),
        pytest.param("{onu_class: router}", {}, True, id="class"),
        pytest.param("{onu_class: bridge}", {}, False, id="other-class"),
        pytest.param("{onu_class: bridge}", {"model": "HG8010H"}, True, id="class-not-mode"),
        pytest.param("{olt: olt-*}", {}, True, id="olt"),
        pytest.param("{olt: olt-b}", {}, False, id="other-olt"),
        pytest.param("{site: centro}", {}, True, id="site"),
        pytest.param("{site: norte}", {}, False, id="other-site"),
        pytest.param("{platform: huawei_*}", {}, True, id="platform"),
        pytest.param("{platform: zte_*}", {}, False, id="other-platform"),
        pytest.param("{plan: FIBRA-*, mode: router, onu: EG*, site: centro}", {}, True, id="all-of-them"),
        pytest.param("{plan: FIBRA-*, mode: router, onu: EG*, site: norte}", {}, False, id="all-but-one"),
    ],
)
def test_a_rule_is_taken_where_all_its_conditions_hold(when: str, more: dict[str, Any], taken: bool) -> None:
    services = rules(f"{{name: first, when: {when}, give: {{}}}}", "{name: second, give: {}}")
    assert resolved(services, **more).rule == ("first" if taken else "second")


def test_the_first_rule_that_fits_wins() -> None:
    assert (
        resolved(rules("{name: a, give: {line_profile: 1}}", "{name: b, give: {line_profile: 2}}")).rule
        == "a"
    )


def test_no_rule_is_a_named_failure() -> None:
    got = unresolved(rules("{name: a, when: {plan: OUTRO}, give: {}}"))
    assert got == Unresolved(
        "no_provisioning_model", {"plan": "FIBRA-300", "mode": "router", "olt": "olt-a", "model": "EG8145V5"}
    )


def test_an_olt_that_has_left_the_inventory_is_named() -> None:
    gone = Place(olt="olt-z", port=HERE.port)
    assert unresolved(ALL, place=gone) == Unresolved("olt_unknown", {"olt": "olt-z"})


@pytest.mark.parametrize("model", ["ARCHER C6", "ESCADA 7M"])
def test_what_is_no_onu_is_named(model: str) -> None:
    assert unresolved(ALL, model) == Unresolved("not_an_onu", {"serial": SERIAL, "model": model})


BY_CLASS = "{name: classe, when: {onu_class: router}, give: {}}"
BY_MODEL = "{name: modelo, when: {onu: EG8145V5}, give: {}}"


@pytest.mark.parametrize(
    ("services", "model", "seen", "rule"),
    [
        pytest.param(
            rules(BY_MODEL, BY_CLASS), "XPTO", "EG8145V5", "classe", id="the-rules-class-comes-first"
        ),
        pytest.param(rules(BY_MODEL), "XPTO", "EG8145V5", "modelo", id="then-what-the-olt-reports"),
        pytest.param(rules(BY_MODEL), None, "EG8145V5", "modelo", id="a-unit-that-stock-does-not-know"),
        pytest.param(rules(BY_CLASS), None, None, "classe", id="nothing-known-at-all"),
        pytest.param(ALL, "XPTO", None, "tudo", id="a-rule-for-any-onu"),
        pytest.param(
            rules(BY_MODEL, BY_CLASS), "HG8145V5", "EG8145V5", "classe", id="stock-is-believed-first"
        ),
    ],
)
def test_an_unknown_model_is_taken_by_class_then_by_report(
    services: str, model: str | None, seen: str | None, rule: str
) -> None:
    assert resolved(services, model, seen=seen).rule == rule


def test_the_class_of_an_unknown_model_is_the_mode_of_its_order() -> None:
    assert unresolved(rules(BY_CLASS), "XPTO", mode="bridge").code == "unknown_model"


def test_an_unknown_model_that_no_rule_takes_has_its_nearest_names() -> None:
    got = unresolved(rules(BY_MODEL), "EG8145V6", seen="ZZZ")
    assert got == Unresolved(
        "unknown_model", {"model": "EG8145V6", "nearest": "EG8145X6, EG8145V5, HG8145V5"}
    )


def test_a_plan_that_no_rule_takes_is_not_blamed_on_the_model() -> None:
    assert unresolved(rules("{name: a, when: {plan: OUTRO, onu: EG8145V5}, give: {}}"), "XPTO").code == (
        "no_provisioning_model"
    )


def test_the_isps_own_models_come_before_the_catalogue() -> None:
    own = "--- onus: [{name: 'ARCHER*', onu_class: router, lan_ports: 2}]"
    give = "{name: a, when: {onu_class: router}, give: {lan_ports: [{vlan: 100}]}}"
    got = resolved(rules(give, own), "Archer XPON")
    assert [port.port for port in got.desired.lan_ports] == [1, 2]
    assert got.model == "Archer XPON"


# -------------------------------------------------------------------------------------------------------------- gives


def test_everything_that_a_rule_gives_is_wanted() -> None:
    give = """{
      onu_type: ZTE-F670L, line_profile: 10, service_profile: srv,
      tconts: [{index: 1, profile: UP, name: HSI}],
      gem_ports: [{index: 1, tcont: 1, name: HSI, upstream_profile: U, downstream_profile: D}],
      service_ports: [
        {gem_port: 1, vlan: 1000, user_vlan: 100, upstream_profile: 8, downstream_profile: 9},
        {gem_port: 1, vlan: 2000, user_vlan: 200, inner_vlan: 300, transform: translate-and-add}],
      onu_services: [{name: HSI, gem_port: 1, vlan: 100, type: internet, priority: 0}],
      lan_ports: [{ports: [1, 2], vlan: 100}, {ports: all, mode: transparent}],
      wan: {mode: pppoe, vlan: 100, vlan_profile: VP, wan_profile: 3, lan_ports: all, wifi: 1},
      wifi: [{index: 1}, {index: 5, suffix: -5G}],
      management: {vlan: 3500, tr069_profile: 1}}"""
    got = resolved(rules(f"{{name: a, give: {give}}}"))
    assert got.desired == DesiredOnu.model_validate(
        {
            "serial": SERIAL,
            "port": HERE.port,
            "description": "OS-1",
            "onu_type": "ZTE-F670L",
            "line_profile": "10",
            "service_profile": "srv",
            "tconts": [{"index": 1, "profile": "UP", "name": "HSI"}],
            "gem_ports": [
                {"index": 1, "tcont": 1, "name": "HSI", "upstream_profile": "U", "downstream_profile": "D"}
            ],
            "service_ports": [
                {
                    "gem_port": 1,
                    "vlan": 1000,
                    "user_vlan": 100,
                    "upstream_profile": "8",
                    "downstream_profile": "9",
                },
                {
                    "gem_port": 1,
                    "vlan": 2000,
                    "user_vlan": 200,
                    "inner_vlan": 300,
                    "transform": "translate-and-add",
                },
            ],
            "onu_services": [{"name": "HSI", "gem_port": 1, "vlan": 100, "type": "internet", "priority": 0}],
            "lan_ports": [
                {"port": 1, "vlan": 100},
                {"port": 2, "vlan": 100},
                {"port": 3, "mode": "transparent"},
                {"port": 4, "mode": "transparent"},
            ],
            "wan": {
                "mode": "pppoe",
                "vlan": 100,
                "vlan_profile": "VP",
                "wan_profile": "3",
                "login": "maria@isp",
                "password": PPPOE_PASSWORD,
                "lan_ports": [1, 2, 3, 4],
                "wifi": [1],
            },
            "wifi": [
                {"index": 1, "name": "Casa", "key": WIFI_KEY},
                {"index": 5, "name": "Casa-5G", "key": WIFI_KEY},
            ],
            "management": {"vlan": 3500, "tr069_profile": "1"},
        }
    )
    assert got.skipped == ()
    assert PPPOE_PASSWORD not in repr(got)


def give(**members: str) -> str:
    return rules(
        "{name: a, give: {" + ", ".join(f"{name}: {value}" for name, value in members.items()) + "}}"
    )


def test_bridge_is_no_wan_of_the_onu() -> None:
    assert resolved(give(wan="{mode: bridge}")).desired.wan is None


def test_dhcp_needs_no_login() -> None:
    wan = resolved(give(wan="{mode: dhcp, vlan: 100}"), pppoe_login=None, pppoe_password=None).desired.wan
    assert wan is not None
    assert (wan.mode, wan.login, wan.password) == ("dhcp", None, None)


@pytest.mark.parametrize("member", ["pppoe_login", "pppoe_password"])
def test_pppoe_without_login_or_password_says_what_the_order_lacks(member: str) -> None:
    got = unresolved(give(wan="{mode: pppoe, vlan: 100}"), **{member: None})
    assert got == Unresolved("order_incomplete", {"field": member})


@pytest.mark.parametrize(
    ("services", "lost"),
    [(give(wan="{mode: pppoe, vlan: 100}"), "pppoe_password"), (give(wifi="[{index: 1}]"), "wifi_key")],
)
def test_an_erased_password_that_is_needed_is_named(services: str, lost: str) -> None:
    assert unresolved(services, erased=True, **{lost: None}) == Unresolved("secret_expired")


def test_an_erased_password_that_nothing_needs_harms_nothing() -> None:
    assert resolved(ALL, erased=True, pppoe_password=None, wifi_key=None).rule == "tudo"


def test_an_order_without_a_network_name_is_served_without_wifi() -> None:
    got = resolved(give(wifi="[{index: 1}, {index: 5}]"), wifi_name=None)
    assert got.desired.wifi == ()
    assert got.skipped == (Skip("wifi.1", "not_in_order"), Skip("wifi.5", "not_in_order"))


def test_a_required_network_without_a_name_fails_before_anything_is_sent() -> None:
    services = rules("{name: a, required: wifi, give: {wifi: [{index: 1}]}}")
    assert unresolved(services, wifi_name=None) == Unresolved("order_incomplete", {"field": "wifi_name"})


def test_an_open_network_has_no_key() -> None:
    [wifi] = resolved(give(wifi="[{index: 1}]"), wifi_key=None).desired.wifi
    assert wifi.key is None


def test_an_onu_without_wifi_is_given_none() -> None:
    services = give(wifi="[{index: 1}]")
    assert resolved(services, "HG8010H").skipped == (Skip("wifi.1", "not_on_this_onu"),)
    required = rules("{name: a, required: [wifi], give: {wifi: [{index: 1}]}}")
    assert unresolved(required, "HG8010H") == Unresolved("wish_required", {"fields": "wifi"})


def test_a_network_name_stays_within_32_characters_with_its_band() -> None:
    [wifi] = resolved(give(wifi="[{index: 5, suffix: -5G}]"), wifi_name="x" * 32).desired.wifi
    assert wifi.name == "x" * 29 + "-5G"


def test_only_the_first_port_of_an_unknown_model_is_set() -> None:
    got = resolved(give(lan_ports="[{vlan: 100}]"), "XPTO")
    assert [port.port for port in got.desired.lan_ports] == [1]
    assert got.skipped == (Skip("lan_ports", "lan_ports_unknown"),)


def test_a_port_that_the_onu_does_not_have_is_left_out() -> None:
    services = give(lan_ports="[{ports: [1, 2], vlan: 100}]", wan="{mode: dhcp, vlan: 9, lan_ports: [1, 2]}")
    got = resolved(services, "HG8010H")
    assert [port.port for port in got.desired.lan_ports] == [1]
    assert got.desired.wan is not None
    assert got.desired.wan.lan_ports == (1,)
    absent = (Skip("lan_ports.2", "not_on_this_onu"), Skip("wan.lan_ports.2", "not_on_this_onu"))
    assert got.skipped == absent


def test_required_wishes_are_held_against_what_the_platform_cannot_do() -> None:
    got = resolved(rules("{name: a, required: [wan, lan_ports], give: {}}"))
    assert got.refused(["wifi.1", "wan.wifi", "lan_ports.2"]) == ("wan.wifi", "lan_ports.2")
    assert got.refused([]) == ()


def test_limits_are_the_rules_or_the_files() -> None:
    file = "--- optical: {onu_rx_min_dbm: -26}"
    own = "{name: own, when: {mode: bridge}, give: {}, optical: {onu_rx_min_dbm: -24}}"
    services = rules(own, "{name: b, give: {}}", file)
    assert resolved(services, mode="bridge").optical.onu_rx_min_dbm == -24
    assert resolved(services).optical.onu_rx_min_dbm == -26
    assert resolved(ALL).optical.onu_rx_min_dbm == -27


# -------------------------------------------------------------------------------------------------------- description


@pytest.mark.parametrize(
    ("template", "more", "shown"),
    [
        ("{service_order_id}", {}, "OS-1"),
        ("{contract_id}/{customer_id}", {}, "9/7"),
        ("acende:{serial}", {}, f"acende:{SERIAL}"),
        ("{service_order_id}", {"service_order_id": "x" * 64}, "x" * 32),
        ("-{service_order_id}", {}, "OS-1"),
        ("--", {}, None),
    ],
)
def test_a_description_fits_the_olt(template: str, more: dict[str, Any], shown: str | None) -> None:
    olts = f'description: "{template}"\n{INVENTORY}'
    assert resolved(ALL, inventory=olts, **more).desired.description == shown


def test_no_personal_data_stands_in_the_description() -> None:
    text = resolved(ALL).desired.description or ""
    assert "Maria" not in text
    assert "maria" not in text


# ---------------------------------------------------------------------------------------------------------- variables


VLAN = "{name: a, give: {service_ports: [{gem_port: 1, vlan: '${v}'}]}}"


@pytest.mark.parametrize(
    ("variables", "vlan"),
    [
        pytest.param("[{set: {v: 7}}]", 7, id="everywhere"),
        pytest.param("[{when: {site: centro}, set: {v: 8}}, {set: {v: 7}}]", 8, id="first-that-applies"),
        pytest.param("[{when: {site: norte}, set: {v: 8}}, {set: {v: 7}}]", 7, id="not-here"),
        pytest.param("[{when: {site: centro}, set: {w: 8}}, {set: {v: 7}}]", 7, id="each-name-by-itself"),
        pytest.param("[{when: {plan: FIBRA-*}, set: {v: 8}}]", 8, id="by-plan"),
        pytest.param("[{when: {onu: EG*}, set: {v: 8}}]", 8, id="by-model"),
        pytest.param("[{when: {pon: 0/1/3}, set: {v: 8}}]", 8, id="by-port"),
        pytest.param("[{when: {pon: 0/1/*}, set: {v: 8}}]", 8, id="by-slot"),
        pytest.param("[{when: {pon: 0/1/0-15}, set: {v: {first: 2000}}}]", 2003, id="counted"),
        pytest.param("[{when: {pon: 0/1/2-15}, set: {v: {first: 2000}}}]", 2001, id="counted-from-the-first"),
        pytest.param("[{set: {v: '2000'}}]", 2000, id="text-of-a-number"),
    ],
)
def test_a_variable_has_the_value_of_its_place(variables: str, vlan: int) -> None:
    [flow] = resolved(rules(VLAN, f"--- variables: {variables}")).desired.service_ports
    assert flow.vlan == vlan


def test_a_variable_without_a_value_here_is_named() -> None:
    got = unresolved(rules(VLAN, "--- variables: [{when: {pon: 0/1/0-2}, set: {v: 8}}]"))
    assert got == Unresolved(
        "service_variable_missing", {"rule": "a", "variable": "v", "place": "olt-a 0/1/3"}
    )


@pytest.mark.parametrize("value", ["5000", "0", "abc"])
def test_a_value_that_does_not_fit_is_named_by_its_field(value: str) -> None:
    got = unresolved(rules(VLAN, f"--- variables: [{{set: {{v: {value}}}}}]"))
    assert got == Unresolved("services_invalid", {"rule": "a", "field": "service_ports.0.vlan"})


def test_a_reference_may_stand_inside_a_name() -> None:
    services = give(line_profile="'${site}-${plan}-${slot}.${port}'")
    assert resolved(services).desired.line_profile == "centro-FIBRA-300-1.3"


def test_a_value_cannot_bring_in_what_a_cli_would_interpret() -> None:
    services = give(line_profile="'x${plan}'")
    assert resolved(services, plan_code="A" * 60).desired.line_profile == "x" + "A" * 60
    assert unresolved(services, plan_code="A" * 64).code == "services_invalid"


ERP_ID = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,63}", fullmatch=True)
ORDERS = st.fixed_dictionaries(
    {"service_order_id": ERP_ID, "plan_code": ERP_ID, "mode": st.sampled_from(["bridge", "router"])},
    optional={name: st.none() for name in ("pppoe_login", "pppoe_password", "wifi_name", "wifi_key")},
)


@given(ORDERS, st.sampled_from([None, "EG8145V5", "XPTO", "ESCADA"]), st.booleans())
def test_any_order_is_resolved_or_has_a_reason(more: dict[str, Any], model: str | None, erased: bool) -> None:
    services = rules(
        "{name: a, when: {mode: router}, give: {wan: {mode: pppoe, vlan: 9}, wifi: [{index: 1}]}}",
        "{name: b, give: {line_profile: '${plan}', lan_ports: [{vlan: 9}]}}",
    )
    got = outcome(services, model, erased=erased, **more)
    assert isinstance(got, Resolved) or got.code in REASONS


def test_an_inner_vlan_without_a_transform_is_added() -> None:
    flows = "service_ports: [{gem_port: 1, vlan: 2000, user_vlan: 41, inner_vlan: '${c_vlan}'}]"
    rule = f"{{name: tudo, give: {{line_profile: 10, {flows}}}}}"
    [flow] = resolved(rules(rule, "--- variables: [{set: {c_vlan: 300}}]")).desired.service_ports
    assert (flow.transform, flow.inner_vlan) == ("translate-and-add", 300)


def test_a_row_that_is_given_twice_is_named_before_anything_is_sent() -> None:
    tconts = "tconts: [{index: 1, profile: UP}, {index: 1, profile: DOWN}]"
    found = unresolved(rules(f"{{name: tudo, give: {{{tconts}}}}}"))
    assert (found.code, found.params["field"]) == ("services_invalid", "tconts")


@pytest.mark.parametrize(
    ("name", "written"), [("ã" * 16, "ã" * 14 + "-5G"), ("😀" * 8, "😀" * 7 + "-5G"), ("a b", "a b-5G")]
)
def test_no_character_of_a_network_name_is_cut_in_two_by_its_band(name: str, written: str) -> None:
    [wifi] = resolved(give(wifi="[{index: 5, suffix: -5G}]"), wifi_name=name).desired.wifi
    assert wifi.name == written


def test_a_required_network_whose_name_cannot_be_written_is_refused_before_anything_is_sent() -> None:
    services = rules("{name: a, required: wifi, give: {wifi: [{index: 1}]}}")
    got = resolved(services, place=ZTE, wifi_name="Casa da Maria")
    limits = zxan.limits(got.desired.model_copy(update={"serial": "ZTEG1A2B3C4D"}))
    assert got.refused(limit.field for limit in limits) == ("wifi.1",)


def test_all_ports_of_a_connection_are_told_where_they_are_not_known() -> None:
    services = give(wan="{mode: dhcp, vlan: 9, lan_ports: all}")
    got = resolved(services, "XPTO")
    assert got.desired.wan is not None
    assert got.desired.wan.lan_ports == (1,)
    assert got.skipped == (Skip("wan.lan_ports", "lan_ports_unknown"),)


@pytest.mark.parametrize("stock", ["XPTO", None])
def test_all_ports_are_those_of_the_model_that_the_olt_reports_where_stock_knows_none(
    stock: str | None,
) -> None:
    services = give(wan="{mode: dhcp, vlan: 9, lan_ports: all}", lan_ports="[{vlan: 9}]")
    got = resolved(services, stock, seen="EG8145V5")
    assert got.desired.wan is not None
    assert got.desired.wan.lan_ports == (1, 2, 3, 4)
    assert [lan.port for lan in got.desired.lan_ports] == [1, 2, 3, 4]
    assert got.skipped == ()
