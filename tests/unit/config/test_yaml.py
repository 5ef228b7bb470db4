"""Whoever writes a wrong file learns the line and what was expected; no value is repeated, nothing raises otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.machine import ROOT
from schemas.inventory import Inventory
from schemas.services import Services
from schemas.yaml import ConfigError, parse, read
from tests.support.secrets import OLT_PASSWORD
from tests.unit.config.samples import INVENTORY, SERVICES, failure, problems

EXAMPLES = ROOT / "dev" / "config"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("7", 7),
        ("-7", -7),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12e3", "12e3"),
        ("1:30", "1:30"),
        ("2026-03-02", "2026-03-02"),
        ("-27.5", -27.5),
        (".5", ".5"),
        (".nan", ".nan"),
        ("0/1/0", "0/1/0"),
        ("'7'", "7"),
        ("9" * 30, "9" * 30),
        ("!!str 7", "7"),
        ("=", "="),
    ],
)
def test_a_plain_value_means_what_it_looks_like(written: str, value: object) -> None:
    assert parse(f"a: {written}", "f.yaml").data == {"a": value}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("a: 1\na: 2\n", "2: a: this member stands twice"),
        ("a:\n  b: 1\n  b: 2\n", "3: a.b: this member stands twice"),
        ("a: [1\nb: 2\n", "2: expected YAML: did not find expected ',' or ']'"),
        ("a:\n\t- 1\n", "2: expected YAML: found character that cannot start any token"),
        ("a: 1\n---\nb: 2\n", "2: expected YAML: but found another document"),
        ("a: *nowhere\n", "1: expected YAML: found undefined alias"),
        ("x: 1\na: !!python/object/apply:os.system [true]\n", None),
        ("a: !secret x\n", "1: a: expected a plain value, without a tag"),
        ("a: !!int x\n", "1: a: expected a number"),
        ("a: !!binary x\n", "1: a: expected a plain value, without a tag"),
        ("? [1, 2]\n: 3\n", "1: expected a text as the name of a member"),
        ("a: &x [*x]\n", "1: a[0]: nested too deeply, or too much of it"),
        ("a: {<<: 3}\n", "1: a: expected a mapping after <<"),
        (b"a: 1\nb: \xff\n", "2: expected UTF-8 text"),
        (b"a: 1\nb: a\x00b\n", None),
    ],
)
def test_text_that_is_no_yaml_is_told_with_its_line(text: str | bytes, problem: str | None) -> None:
    found = problems(text)
    if problem is None:
        assert len(found) <= 1
    else:
        assert found == [problem]


def test_an_alias_of_a_python_object_builds_nothing() -> None:
    assert parse("a: !!python/object/apply:os.system [x]", "f.yaml").data == {"a": ["x"]}


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 3000, "a: " + "[" * 60 + "]" * 60])
def test_deep_nesting_is_refused(text: str) -> None:
    assert len(problems(text)) >= 1


def test_a_bomb_of_aliases_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.yaml._NODES_MAX", 10_000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert "too much of it" in problems("\n".join(lines))[0]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse(b"\xef\xbb\xbfa: 1", "f.yaml").data == {"a": 1}


def test_what_is_merged_stands_below_what_is_written() -> None:
    text = (
        "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nx: {<<: *base, b: 9}\ny: {<<: [*more, *base]}\n"
    )
    data = parse(text, "f.yaml").data
    assert (data["x"], data["y"]) == ({"a": 1, "b": 9}, {"a": 1, "b": 3, "c": 4})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ConfigError, match=f"{path}: cannot be read: "):
            read(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemas.yaml._BYTES_MAX", 3)
    (tmp_path / "f.yaml").write_text("a: 1\n")
    with pytest.raises(ConfigError, match="expected a file of at most 3 bytes"):
        read(tmp_path / "f.yaml")


def swapped(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("10.0.0.2", "10.0.0.2, port: abc", "8: olts[1].port: expected a whole number"),
        ("10.0.0.2", "10.0.0.2, port: 70000", "8: olts[1].port: expected a number of at most 65535"),
        ("10.0.0.2", "10.0.0.2, prot: 22", "8: olts[1].prot: no such member here; did you mean `port`?"),
        ("10.0.0.2", "10.0.0.2, zzzzzz: 22", "8: olts[1].zzzzzz: no such member here"),
        ("10.0.0.2", "10.0.0.2 x", "8: olts[1].address: expected an IP address or a host name"),
        ("telnet", "ftp", "8: olts[1].transport: expected 'ssh' or 'telnet'"),
        ("telnet", "[telnet]", "8: olts[1].transport: expected 'ssh' or 'telnet'"),
        ("site: norte, ", "", "8: olts[1].site: this member is required"),
        ("site: norte", "site: nor te", "8: olts[1].site: expected a word of letters, digits and . _ -"),
        ("site: norte", "site: 7", "8: olts[1].site: expected a text"),
        ("id: olt-b", "id: olt-a", "6: olts: two OLTs have the id olt-a"),
        ("{env: OLT_PASSWORD}", OLT_PASSWORD, "5: credentials.default.password: expected {env: NAME} or {file: PATH}: no credential is written into this file"),
        ("{env: OLT_PASSWORD}", "{env: A, file: b}", "5: credentials.default.password: expected one of env and file"),
        ("{env: OLT_PASSWORD}", "{}", "5: credentials.default.password: expected one of env and file"),
        ("{env: OLT_PASSWORD}", "{env: 'a b'}", None),
    ],
)  # fmt: skip
def test_a_wrong_inventory_is_told_by_line_member_and_expectation(
    old: str, new: str, expected: str | None
) -> None:
    found = problems(swapped(INVENTORY, old, new), Inventory)
    assert len(found) == 1
    assert expected is None or found == [expected]
    assert OLT_PASSWORD not in found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("models: []\n", ["1: models: expected at least 1"]),
        ("models:\n  - name: a\n", ["2: models[0].give: this member is required"]),
        (
            "models:\n- {name: a, give: {}}\n- {name: a, give: {}}\n",
            ["1: two provisioning models are called a"],
        ),
        (
            "models:\n- name: a\n  give:\n    service_ports:\n      - gem_port: 1\n        vlan: 5000\n",
            ["6: models[0].give.service_ports[0].vlan: expected a number of at most 4094"],
        ),
        (
            "models:\n- name: a\n  give:\n    wan:\n      mode: pppoe\n",
            ["4: models[0].give.wan: wan of mode pppoe needs a vlan"],
        ),
        (
            "models:\n- name: a\n  when: {mode: 3, plan: [ok, '']}\n  give: {line_profile: 'a b'}\n",
            [
                "3: models[0].when.plan[1]: expected at least 1 characters",
                "3: models[0].when.mode: expected 'bridge' or 'router'",
                "4: models[0].give.line_profile: expected a word of letters, digits and . : / @ + , _ -",
            ],
        ),
        (
            "models:\n- name: a\n  give: {line_profile: '${A b}'}\n",
            [
                "3: models[0].give.line_profile: a reference is written ${name}: lower case letters, digits and _"
            ],
        ),
        (
            "models:\n- name: a\n  give: {}\nvariables:\n- set: {v: {first: 3}}\n",
            ["5: variables[0]: {first: …} needs a range of ports in when.pon, such as 0/1/0-15"],
        ),
        (
            "models:\n- name: a\n  give: {}\nvariables:\n- when: {pon: 0/1}\n  set: {v: 3}\n",
            ["5: variables[0].when.pon: expected PON ports such as 0/1/3, 0/1/0-15 or 0/1/*"],
        ),
        (
            "models:\n- name: a\n  give: {}\noptical: {onu_rx_min_dbm: -8, onu_rx_max_dbm: -27}\n",
            ["4: optical: onu_rx_min_dbm must be below onu_rx_max_dbm"],
        ),
        ("- 1\n", ["1: expected members, each with its name"]),
        ("models: {a: 1}\n", ["1: models: expected a list"]),
    ],
)
def test_wrong_services_are_told_all_at_once(text: str, expected: list[str]) -> None:
    assert sorted(problems(text, Services)) == sorted(expected)


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


def _reads(text: str | bytes, model: Any) -> None:
    error = failure(text, model)
    lines = (text if isinstance(text, str) else text.decode("utf-8", "replace")).count("\n") + 1
    assert error is None or error.problems
    for problem in error.problems if error else ():
        assert problem.line is None or 1 <= problem.line <= lines + 1
        assert problem.expected


@given(st.text(max_size=200) | st.binary(max_size=200), st.sampled_from([Inventory, Services]))
def test_any_text_is_a_configuration_or_a_list_of_problems(text: str | bytes, model: Any) -> None:
    _reads(text, model)


@given(GARBAGE, st.sampled_from([Inventory, Services]))
def test_any_yaml_is_a_configuration_or_a_list_of_problems(data: object, model: Any) -> None:
    _reads(yaml.safe_dump(data, allow_unicode=True), model)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([(Inventory, "inventory.yaml"), (Services, "services.yaml")]))
def test_a_good_file_with_one_part_replaced_is_good_or_told(
    data: st.DataObject, which: tuple[Any, str]
) -> None:
    model, name = which
    document = parse((EXAMPLES / name).read_bytes(), name)
    where: list[Any]
    *where, last = data.draw(st.sampled_from([path for path in document.lines if path]))
    place: Any = document.data
    for part in where:
        place = place[part]
    place[last] = data.draw(GARBAGE)
    _reads(yaml.safe_dump(document.data, allow_unicode=True), model)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([(Inventory, "inventory.yaml"), (Services, "services.yaml")]))
def test_a_good_file_with_a_line_lost_or_damaged_is_good_or_told(
    data: st.DataObject, which: tuple[Any, str]
) -> None:
    model, name = which
    lines = (EXAMPLES / name).read_text("utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.text(max_size=20) | st.just("") | st.just(" " + lines[at]) | st.just(lines[at][1:])
    )
    _reads("\n".join(lines), model)


def test_the_sample_configurations_are_good() -> None:
    assert problems(INVENTORY, Inventory) == problems(SERVICES, Services) == []
