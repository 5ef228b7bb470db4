"""`acende config check`, `schemas`, `db upgrade`, `db downgrade`, and what settings and files that are wrong are told with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dev.postgres import Database
from events.inputs import INPUTS
from events.outputs import OUTPUTS
from tests.integration.cli.conftest import acende, both
from tests.support.installation import started
from tests.support.secrets import DATABASE_PASSWORD, OLT_PASSWORD, PPPOE_PASSWORD
from tests.unit.config.samples import HOST_KEY
from worker.cli.failure import Status

INVENTORY = f"""\
credentials:
  default:
    username: {{env: ACENDE_OLT_USERNAME}}
    password: {{env: ACENDE_OLT_PASSWORD}}
olts:
  - id: olt-centro-1
    site: centro
    platform: huawei_smartax
    address: 127.0.0.1
    transport: ssh
    sessions: 2
    host_key: {HOST_KEY}
    simulator:
      time_to_online_s: 8
  - {{id: olt-norte-1, site: norte, platform: huawei_smartax, address: 127.0.0.1, transport: telnet}}
  - id: olt-sul-1
    site: sul
    platform: zte_zxan
    address: 127.0.0.1
    transport: telnet
"""
SERVICES = """\
models:
  - name: huawei-router
    when: {mode: router, plan: "FIBRA-*", platform: huawei_smartax}
    give:
      line_profile: 10
      service_profile: 20
      service_ports: [{gem_port: 1, vlan: "${internet_vlan}", user_vlan: 100, upstream_profile: "${up}"}]
      wan: {mode: pppoe, vlan: 100}
      wifi: [{index: 1}]
  - name: huawei-bridge
    when: {mode: bridge, plan: "FIBRA-*", platform: huawei_smartax}
    give:
      line_profile: 10
      service_profile: 20
      service_ports:
        - {gem_port: 1, vlan: 1000, user_vlan: 100, inner_vlan: 300, transform: translate-and-add}
  - name: zte-bridge
    when: {mode: bridge, plan: "FIBRA-*", platform: "zte_*"}
    give:
      onu_type: ALL
      tconts: [{index: 1, profile: UP150M}]
      gem_ports: [{index: 1, tcont: 1}]
      service_ports: [{gem_port: 1, vlan: 1000, user_vlan: 100}]
variables:
  - when: {plan: FIBRA-600}
    set: {up: 31}
  - set: {up: 15, internet_vlan: 1000}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration in which nothing is wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inventory.yaml").write_text(INVENTORY)
    (tmp_path / "services.yaml").write_text(SERVICES)
    monkeypatch.setenv("ACENDE_OLT_USERNAME", "acende")
    monkeypatch.setenv("ACENDE_OLT_PASSWORD", OLT_PASSWORD)
    return tmp_path


def change(file: Path, old: str, new: str) -> int:
    """Replace a text that stands in a file; the line where it stood."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


# ---------------------------------------------------------------------------------------------------- config check


def test_a_good_configuration_shows_what_every_rule_takes(folder: Path) -> None:
    ran = acende("config", "check")
    assert (ran.status, ran.err) == (0, "")
    assert "note: services.yaml:2: models[0]: wifi.1 is not applied on huawei_smartax" in ran.out
    for rule in ("huawei-router", "huawei-bridge", "zte-bridge", "(none)"):
        assert rule in ran.out
    told = acende("config", "check", "--json").json()
    assert told.keys() == {"remarks", "combinations", "complete"}
    assert told["remarks"][0].keys() == {"level", "file", "line", "where", "text"}
    assert told["combinations"][0].keys() == {"plan", "mode", "model", "olt", "rule"}


def test_a_fault_that_only_a_check_finds_has_its_line(folder: Path) -> None:
    line = change(folder / "services.yaml", "${internet_vlan}", "${vlan_da_internet}")
    ran = acende("config", "check")
    assert "faults in services.yaml" in ran.failed(1)
    assert "error: services.yaml:" in ran.out
    assert "no variable is called vlan_da_internet" in ran.out
    told = json.loads(acende("config", "check", "--json").out)
    [error] = [one for one in told["remarks"] if one["text"].startswith("no variable is called")]
    assert (error["level"], error["where"], line - error["line"]) == ("error", "models[0].give", 3)


WRONG = [
    ("inventory.yaml", "platform: zte_zxan", "platform: zte_zxam", "expected a platform: "),
    ("inventory.yaml", "transport: ssh", "transport: serial", "expected 'ssh' or 'telnet'"),
    ("inventory.yaml", "sessions: 2", "sessions: muitas", "expected a whole number"),
    ("inventory.yaml", "sessions: 2", "sesions: 2", "no such member here; did you mean `sessions`?"),
    (
        "inventory.yaml",
        "password: {env: ACENDE_OLT_PASSWORD}",
        f"password: {OLT_PASSWORD}",
        "expected {env: NAME}",
    ),
    ("services.yaml", "mode: pppoe, vlan: 100", "mode: pppoe, vlan: 5000", "4094"),
    ("services.yaml", "transform: translate-and-add", "transform: qinq", "expected 'translate'"),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"), WRONG, ids=[row[2].split(":")[0] for row in WRONG]
)
def test_a_file_that_is_wrong_is_told_with_file_line_and_what_was_expected(
    folder: Path, name: str, old: str, new: str, expected: str
) -> None:
    line = change(folder / name, old, new)
    for words in (("config", "check"), ("plan", "OS-1"), ("retry", "OS-1", "--why", "x")):
        said = acende(*words).failed(4)
        assert said.startswith(f"{name}:{line}: ")
        assert expected in said
    told = json.loads(acende("config", "check", "--json").out)
    assert (told["remarks"][0]["file"], told["remarks"][0]["line"]) == (name, line)


def test_credentials_that_are_missing_are_a_warning_of_the_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACENDE_OLT_PASSWORD")
    ran = acende("config", "check")
    assert ran.status == 0
    assert (
        "warning: inventory.yaml:2: credentials.default: the environment variable ACENDE_OLT_PASSWORD"
        in ran.out
    )


def test_one_combination_shows_its_rule_and_what_it_gives(folder: Path) -> None:
    asked = ("config", "check", "--plan", "FIBRA-600", "--model", "EG8145V5", "--olt", "olt-centro-1")
    page = acende(*asked).out
    assert "huawei-router" in page
    assert "upstream_profile=31" in page
    assert "********" in page
    [one] = acende(*asked, "--port", "0/2/3", "--json").json()
    assert one.keys() == {"plan", "mode", "model", "olt", "rule", "gives", "not_applied", "passed"}
    assert one["rule"] == "huawei-router"


def test_without_an_olt_every_olt_is_shown(folder: Path) -> None:
    ran = acende("config", "check", "--plan", "FIBRA-600", "--mode", "bridge")
    assert ran.status == 0
    assert [line.split()[:2] for line in ran.out.splitlines()[-3:]] == [
        ["olt-centro-1", "huawei-bridge"], ["olt-norte-1", "huawei-bridge"], ["olt-sul-1", "zte-bridge"],
    ]  # fmt: skip


def test_what_no_rule_takes_is_not_done(folder: Path) -> None:
    ran = acende("config", "check", "--plan", "RADIO", "--olt", "olt-sul-1")
    assert ran.failed(1) == "no rule gives this ONU what it needs on olt-sul-1"
    assert "no_provisioning_model" in ran.out
    assert (
        acende("config", "check", "--plan", "X", "--olt", "olt-9").failed(1)
        == "the inventory has no OLT 'olt-9'"
    )


@pytest.mark.parametrize(
    "words", [("--plan", "X", "--mode", "x"), ("--plan", "X", "--port", "1"), ("--olt", "olt-sul-1")]
)
def test_a_combination_is_asked_for_in_full(folder: Path, words: tuple[str, ...]) -> None:
    assert "--" in acende("config", "check", *words).failed(2)


# ------------------------------------------------------------------------------------------------------------ files


@pytest.mark.parametrize("words", [("config", "check"), ("trust", "x"), ("simulate",), ("plan", "OS-1")])
def test_a_file_that_is_not_there_is_named(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "inventory.yaml").unlink()
    assert acende(*words).failed(4) == "inventory.yaml: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "inventory.yaml: the file is empty"),
        (b"olts: [", "inventory.yaml:2: expected YAML"),
        (b"a:\n\xff", "inventory.yaml:2: expected UTF-8 text"),
        (b"[]", "inventory.yaml:1: expected members, each with its name"),
        (b"olts: !!python/object:os.system {}", "inventory.yaml:1: olts: expected "),
    ],
)
def test_any_file_is_read_or_refused_with_its_line(folder: Path, content: bytes, says: str) -> None:
    (folder / "inventory.yaml").write_bytes(content)
    assert acende("config", "check").failed(4).startswith(says)


def test_what_hangs_on_simulated_olts_is_judged_with_its_line(folder: Path) -> None:
    line = change(folder / "inventory.yaml", "time_to_online_s: 8", "time_to_onlin_s: 8")
    assert (
        acende("simulate")
        .failed(4)
        .startswith(f"inventory.yaml:{line}: time_to_onlin_s: no such member here")
    )
    fleet = folder / "fleet.yaml"
    fleet.write_text("olts:\n  olt-9:\n    onus: []\n")
    change(folder / "inventory.yaml", "time_to_onlin_s", "time_to_online_s")
    assert (
        acende("simulate", "--fleet", "fleet.yaml")
        .failed(4)
        .startswith("fleet.yaml:2: olts.olt-9: expected an OLT of the inventory: olt-centro-1")
    )
    fleet.write_text("olts: {olt-sul-1: {onus: [{serial: ZTEG1A2B3C4D, port: 9/9/9, onu_id: 1}]}}")
    assert "olt-sul-1: what hangs on it does not fit: no_such_board" in acende(
        "simulate", "--fleet", "fleet.yaml"
    ).failed(4)


# --------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("variable", "value", "words", "status", "says"),
    [
        ("ACENDE_LEASE_S", "abc", ("orders",), 4, "ACENDE_LEASE_S: Input should be a valid number"),
        ("ACENDE_DIGEST_KEY", "kurz", ("orders",), 4, "ACENDE_DIGEST_KEY: has fewer than 16 characters"),
        (
            "ACENDE_KAFKA_SERVERS",
            "a:b",
            ("dead-letters", "list"),
            4,
            "ACENDE_KAFKA_SERVERS: expected host:port",
        ),
        ("ACENDE_ROLES", "tudo", ("run",), 4, "ACENDE_ROLES: Input should be 'ingest'"),
        (
            "ACENDE_DATABASE_URL",
            f"mysql://u:{DATABASE_PASSWORD}@h/x",
            ("orders",),
            4,
            "the database is SQLite",
        ),
        ("ACENDE_DATABASE_URL", f"nada {DATABASE_PASSWORD}", ("db", "upgrade"), 4, "cannot be read"),
        (
            "ACENDE_DATABASE_URL",
            f"postgresql://u:{DATABASE_PASSWORD}@h:porta/x",
            ("orders",),
            4,
            "DATABASE_URL",
        ),
        (
            "ACENDE_DATABASE_URL",
            f"postgresql://u:{DATABASE_PASSWORD}@127.0.0.1:1/x",
            ("orders",),
            5,
            "refused",
        ),
        (
            "ACENDE_DATABASE_URL",
            f"postgresql://u:{DATABASE_PASSWORD}@127.0.0.1:1/x",
            ("db", "upgrade"),
            5,
            "refused",
        ),
        ("ACENDE_SAVE_TIMEOUT_S", "601", ("orders",), 4, "ACENDE_SAVE_TIMEOUT_S: "),
        ("ACENDE_COMMAND_TIMEOUT_S", "601", ("orders",), 4, "ACENDE_COMMAND_TIMEOUT_S: "),
        ("ACENDE_CONNECT_TIMEOUT_S", "601", ("orders",), 4, "ACENDE_CONNECT_TIMEOUT_S: "),
        (
            "ACENDE_DATABASE_URL",
            "sqlite:////no/such/folder/x.db",
            ("db", "upgrade"),
            5,
            "database not available",
        ),
        ("ACENDE_DATABASE_URL", "sqlite:///no.db", ("status", "x"), 5, "there is no database no.db yet"),
        ("ACENDE_DATABASE_URL", "sqlite:///services.yaml", ("orders",), 5, "file is not a database"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_its_value_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: tuple[str, ...], status: int, says: str
) -> None:  # fmt: skip
    monkeypatch.setenv(variable, value)
    said = acende(*words).failed(status)
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_wrong_password_of_the_database_is_told_without_it(
    monkeypatch: pytest.MonkeyPatch, postgres_server: Database
) -> None:
    other = f"{PPPOE_PASSWORD}-errada"
    url = (
        f"postgresql://{postgres_server.user}:{other}@{postgres_server.host}:{postgres_server.port}/postgres"
    )
    monkeypatch.setenv("ACENDE_DATABASE_URL", url)
    assert "authentication failed" in acende("orders").failed(5)


# --------------------------------------------------------------------------------------------------------------- db


@both
def test_the_database_is_brought_to_this_version_as_often_as_one_likes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACENDE_DATABASE_URL", database_url)
    ran = acende("orders")
    assert ran.status == Status.UNAVAILABLE
    first = acende("db", "upgrade", "--json").json()["revision"]
    assert acende("db", "upgrade").out == f"the database is at revision {first}\n"
    assert acende("orders", "--json").json() == []


@both
def test_the_database_is_taken_back_to_an_older_versions_tables_and_says_where_it_cannot(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACENDE_DATABASE_URL", database_url)
    acende("db", "upgrade")
    assert "there is no revision 7: 0001" in acende("db", "downgrade", "7").failed(1)
    assert acende("db", "downgrade", "0001").out == "the database is at revision 0001\n"
    assert "run `acende db upgrade`" in acende("orders").failed(5)
    assert acende("db", "upgrade", "--json").json()["revision"] != "0001"


def test_a_database_that_was_not_upgraded_says_what_to_do(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACENDE_DATABASE_URL", postgres_url)
    assert "run `acende db upgrade`" in acende("orders").failed(5)


# ----------------------------------------------------------------------------------------------------------- schemas


def test_every_event_type_is_listed_with_its_meaning() -> None:
    found = acende("schemas", "--json").json()
    assert {row["type"] for row in found} == {*INPUTS, *OUTPUTS}
    assert {row["direction"] for row in found} == {"in", "out"}
    assert all(row["means"].endswith(".") for row in found)
    assert "acende.install.started.v1" in acende("schemas").out


def test_a_schema_judges_events() -> None:
    schema: dict[str, Any] = acende("schemas", "acende.install.started.v1").json()
    judge = jsonschema.Draft202012Validator(schema)
    event = {"specversion": "1.0", "id": "1", "source": "/erp", **started()}
    assert not list(judge.iter_errors(event))
    assert list(judge.iter_errors({**event, "data": {}}))
    coloured = acende("schemas", "acende.install.started.v1", terminal=True)
    assert json.loads(coloured.out) == schema
    assert "no event type 'x'" in acende("schemas", "x").failed(1)
