"""The inventory: OLTs, how they are reached, and credentials that are only named."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.inventory import Credentials, Inventory
from schemas.loading import load_configuration, load_inventory
from schemas.yaml import ConfigError
from tests.support.secrets import ENABLE_PASSWORD, OLT_PASSWORD
from tests.unit.config.samples import HOST_KEY, INVENTORY, SERVICES, inventory, problems
from vendors.catalog import shipped
from worker.credentials import CredentialMissing, missing, read_login

PLATFORMS = ("huawei_smartax", "zte_titan", "zte_zxan")


def written(folder: Path, text: str, name: str = "inventory.yaml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def one(**more: str) -> str:
    """An inventory of one OLT whose members differ like this."""
    row = {"id": "a", "site": "s", "platform": "p", "address": "10.0.0.1", "host_key": HOST_KEY} | more
    members = ", ".join(f"{name}: {value}" for name, value in row.items())
    return f"olts:\n  - {{{members}}}\n"


def test_olts_are_found_by_id_and_by_site() -> None:
    found = inventory()
    assert (found.olt("olt-a"), found.olt("olt-z")) == (found.olts[0], None)
    assert [olt.id for olt in found.at("norte")] == ["olt-b"]
    assert [olt.id for olt in found.at(None)] == ["olt-a", "olt-b"]
    assert found.at("sul") == ()


@pytest.mark.parametrize(("transport", "port"), [("ssh", 22), ("telnet", 23)])
def test_the_port_is_the_transports_unless_it_is_said(transport: str, port: int) -> None:
    assert inventory(one(transport=transport)).olts[0].tcp_port == port
    assert inventory(one(transport=transport, port="2201")).olts[0].tcp_port == 2201


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "olt-1", "olt-1.isp.example", "'2001:db8::1'", "'fe80::1%eth0'"]
)
def test_an_address_is_an_ip_address_or_a_host_name(address: str) -> None:
    assert inventory(one(address=address)).olts[0].address == address.strip("'")


@pytest.mark.parametrize(
    "address", ["-oProxyCommand=x", "10.0.0.1;reboot", "'a b'", "a..b", "user@host", "'http://a'", "a" * 254]
)
def test_nothing_else_is_an_address(address: str) -> None:
    assert problems(one(address=address), Inventory) == [
        "2: olts[0].address: expected an IP address or a host name"
    ]


@pytest.mark.parametrize("key", [f"'{HOST_KEY} root@olt'", f"'  {HOST_KEY}  '"])
def test_a_host_key_is_kept_without_its_comment(key: str) -> None:
    assert inventory(one(host_key=key)).olts[0].host_key == HOST_KEY


@pytest.mark.parametrize(
    "key",
    ["ssh-ed25519", "ssh-ed25519 !!!", f"'{HOST_KEY[:-9]}='", HOST_KEY.replace("ed25519 ", "rsa ", 1), "''"],
)
def test_a_damaged_host_key_is_refused(key: str) -> None:
    if key == f"'{HOST_KEY[:-9]}='":
        key = "ssh-ed25519 AAAA"
    [problem] = problems(one(host_key=key), Inventory)
    assert problem.startswith("2: olts[0].host_key: ")


@pytest.mark.parametrize("template", ["{service_order_id}", "acende-{contract_id}", "{plan_code}/{serial}"])
def test_a_description_is_a_template_of_harmless_members(template: str) -> None:
    assert inventory(f'description: "{template}"\n' + one()).description == template


@pytest.mark.parametrize(
    "template",
    [
        "{customer_name}",
        "{pppoe_login}",
        "{}",
        "{serial.__class__}",
        "{serial!r}",
        "{serial",
        "a b",
        "é",
        "a?",
        "",
    ],
)
def test_a_description_holds_nothing_else(template: str) -> None:
    assert len(problems(f'description: "{template}"\n' + one(), Inventory)) == 1


def test_an_olt_may_have_its_own_description() -> None:
    found = inventory(one(description="'{serial}'"))
    assert found.description_of(found.olts[0]) == "{serial}"
    assert inventory(one()).description_of(inventory(one()).olts[0]) == "{service_order_id}"


def test_off_is_a_word(tmp_path: Path) -> None:
    assert inventory(one(pipeline="off")).olts[0].pipeline == "off"


def test_ssh_needs_its_host_key_and_the_message_says_how_to_get_it(tmp_path: Path) -> None:
    path = written(tmp_path, INVENTORY.replace(f", host_key: {HOST_KEY}", ""))
    with pytest.raises(ConfigError) as caught:
        load_inventory(path, platforms=PLATFORMS)
    assert str(caught.value) == (
        f"{path}:7: olts[0].host_key: olt-a is reached over SSH and needs its host key: run `acende trust olt-a`"
    )
    assert load_inventory(path, pinned=False).olts[0].host_key is None


def test_every_reference_of_the_inventory_resolves(tmp_path: Path) -> None:
    text = INVENTORY.replace("site: norte", f"credentials: {OLT_PASSWORD}, site: norte").replace(
        "zte_zxan", "zte"
    )
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_inventory(path, platforms=PLATFORMS)
    assert str(caught.value).splitlines() == [
        f"{path}:8: olts[1].credentials: expected the name of credentials in this file: default",
        f"{path}:8: olts[1].platform: expected a platform: huawei_smartax, zte_titan, zte_zxan",
    ]


def test_the_problems_of_both_files_are_told_together(tmp_path: Path) -> None:
    olts = written(tmp_path, INVENTORY.replace("telnet", "ftp"))
    given = written(tmp_path, SERVICES.replace("give", "gives"), "services.yaml")
    with pytest.raises(ConfigError) as caught:
        load_configuration(olts, given, shipped())
    assert {Path(problem.file).name for problem in caught.value.problems} == {
        "inventory.yaml",
        "services.yaml",
    }


def test_good_files_are_one_configuration(tmp_path: Path) -> None:
    found = load_configuration(written(tmp_path, INVENTORY), written(tmp_path, SERVICES, "s.yaml"), shipped())
    assert (len(found.inventory.olts), len(found.services.models)) == (2, 1)


def credentials(**more: object) -> Credentials:
    base = {"username": {"env": "OLT_USER"}, "password": {"env": "OLT_PASSWORD"}}
    return Credentials.model_validate(base | more)


def test_credentials_are_read_where_they_are_kept(tmp_path: Path) -> None:
    secret = tmp_path / "enable"
    secret.write_text(f"{ENABLE_PASSWORD}\n")
    found = read_login(
        credentials(enable_password={"file": str(secret)}),
        {"OLT_USER": "acende", "OLT_PASSWORD": OLT_PASSWORD},
    )
    assert found.enable_password is not None
    assert (found.username, found.password.get_secret_value()) == ("acende", OLT_PASSWORD)
    assert found.enable_password.get_secret_value() == ENABLE_PASSWORD
    assert OLT_PASSWORD not in repr(found)
    assert ENABLE_PASSWORD not in repr(found)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "the environment variable OLT_USER is not set"),
        ({"username": {"file": "/nowhere/x"}}, "/nowhere/x cannot be read (FileNotFoundError)"),
    ],
)
def test_a_reference_that_leads_nowhere_is_named(more: dict[str, object], said: str) -> None:
    with pytest.raises(CredentialMissing) as caught:
        read_login(credentials(**more), {"OLT_PASSWORD": OLT_PASSWORD})
    assert str(caught.value) == said


def test_an_empty_file_is_no_credential(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    with pytest.raises(CredentialMissing, match="is empty"):
        read_login(credentials(username={"file": str(tmp_path / "empty")}), {})


def test_missing_credentials_are_told_for_those_that_olts_use() -> None:
    assert list(missing(inventory(), {"OLT_USER": "a"})) == [
        ("default", "the environment variable OLT_PASSWORD is not set")
    ]
    assert list(missing(inventory(), {"OLT_USER": "a", "OLT_PASSWORD": "b"})) == []


CARRIED = "tconts: [{index: 1, profile: P}], gem_ports: [{index: 1, tcont: 1}]"


@pytest.mark.parametrize(
    ("given", "where", "expected"),
    [
        (
            "tconts: [{index: 1, profile: P}], gem_ports: [{index: 1, tcont: 2}]",
            "gem_ports[0].tcont",
            "there is no T-CONT 2 in this model",
        ),
        ("gem_ports: [{index: 1, tcont: 1}]", "gem_ports[0].tcont", "there is no T-CONT 1 in this model"),
        (
            f"{CARRIED}, service_ports: [{{gem_port: 1, vlan: 3}}, {{gem_port: 2, vlan: 3}}]",
            "service_ports[1].gem_port",
            "there is no GEM port 2 in this model",
        ),
        (
            f"{CARRIED}, onu_services: [{{name: HSI, gem_port: 2}}]",
            "onu_services[0].gem_port",
            "there is no GEM port 2 in this model",
        ),
        ("tconts: [{index: 1, profile: P}, {index: 1, profile: Q}]", "tconts", "T-CONT 1 stands twice"),
    ],
)
def test_a_model_whose_parts_contradict_each_other_is_refused_before_any_order(
    tmp_path: Path, given: str, where: str, expected: str
) -> None:
    olts = written(tmp_path, INVENTORY)
    path = written(tmp_path, f"models:\n  - name: tudo\n    give: {{{given}}}\n", "services.yaml")
    with pytest.raises(ConfigError) as caught:
        load_configuration(olts, path, shipped())
    assert str(caught.value) == f"{path}:3: models[0].give.{where}: {expected}"


def test_a_model_may_name_gem_ports_that_the_line_profile_defines(tmp_path: Path) -> None:
    given = "give: {line_profile: 10, service_profile: 20, service_ports: [{gem_port: 7, vlan: 3}]}"
    path = written(tmp_path, f"models:\n  - name: tudo\n    {given}\n", "services.yaml")
    assert load_configuration(written(tmp_path, INVENTORY), path, shipped()).services.models
