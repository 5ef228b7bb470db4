"""What an OLT does not show is compared by digests; plans are hashed and shown without secrets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from schemas.onu import LanPort, Wan, Wifi
from schemas.place import Place, PonPort
from schemas.text import MASK
from tests.support.secrets import OLT_PASSWORD
from tests.unit.config.samples import configuration
from tests.unit.config.test_resolve import order as install
from tests.unit.config.test_resolve import rules
from tests.unit.provision.builders import SERIAL, desired, registered, seen
from vendors.contract import Command, write
from vendors.huawei_smartax import adapter
from worker import wish
from worker.facts import Order, Unit
from worker.notes import Notes
from worker.reconcile import noticed
from worker.store.digests import digest
from worker.store.orders import Brief, Failure
from worker.wish import Wish, authorising, kept, masked, plan_hash, shown, unseen, wish_for, with_current

KEY = b"0123456789abcdef"


def keyed(name: str, value: str) -> str:
    return digest(KEY, "olt-1", SERIAL, name, value)


def pppoe(password: str = OLT_PASSWORD, vlan: int = 100) -> Wan:
    return Wan(mode="pppoe", vlan=vlan, login="ana", password=SecretStr(password))


WIFI = Wifi(index=1, name="casa", key=SecretStr("chave-secreta"))


def test_passwords_are_unseen_even_where_nothing_is_registered() -> None:
    assert set(unseen(desired(wan=pppoe(), wifi=(WIFI,)), seen())) == {"wan.password", "wifi.1.key"}


def test_what_the_olt_says_it_does_not_show_is_unseen_too() -> None:
    found = seen(registered(unread={"wan", "lan_ports", "wifi"}))
    wanted = desired(wan=pppoe(), lan_ports=(LanPort(port=1, vlan=100),))
    assert set(unseen(wanted, found)) == {"wan.password", "wan", "lan_ports"}


def test_no_password_stands_in_the_text_of_another_field() -> None:
    found = seen(registered(unread={"wan"}))
    assert OLT_PASSWORD not in unseen(desired(wan=pppoe()), found)["wan"]


def test_only_what_was_applied_with_the_same_value_is_current() -> None:
    kept = {"wan.password": keyed("wan.password", OLT_PASSWORD), "wan": keyed("wan", "another")}
    found = seen(registered(unread={"wan"}))
    current = with_current(found, desired(wan=pppoe()), kept, keyed)
    assert current.secrets_current == {"wan.password"}
    changed = with_current(found, desired(wan=pppoe("outra-senha")), kept, keyed)
    assert changed.secrets_current == frozenset()


def test_nothing_is_current_where_nothing_is_registered() -> None:
    kept = {"wan.password": keyed("wan.password", OLT_PASSWORD)}
    assert with_current(seen(), desired(wan=pppoe()), kept, keyed).secrets_current == frozenset()


def test_equal_passwords_of_two_customers_have_different_digests() -> None:
    assert digest(KEY, "olt-1", SERIAL, "wan.password", "x") != digest(
        KEY, "olt-1", "HWTC00000001", "wan.password", "x"
    )


def _line(text: str, *more: str | SecretStr) -> Command:
    return write(text, *more, path=("config",))


def test_the_hash_and_the_kept_plan_hold_no_secret() -> None:
    one = (_line("password ", SecretStr("alfa1234")),)
    other = (_line("password ", SecretStr("beta1234")),)
    assert plan_hash(one) == plan_hash(other)
    assert masked(one) == [{"mode": ["config"], "line": "password ********"}]
    assert plan_hash(one) != plan_hash((_line("password"),))


def test_authorising_ends_with_the_last_line_that_names_the_serial() -> None:
    plan = (_line("undo x"), _line(f"ont add 0 sn-auth {SERIAL}"), _line("service-port 1"))
    assert authorising(plan, SERIAL) == 2
    assert authorising(plan[2:], SERIAL) == 0
    assert authorising((_line("ont add 0 sn-auth 485754431A2B3C4D"),), SERIAL) == 1


def test_light_at_the_place_is_noticed_and_kept() -> None:
    place = Place(olt="olt-1", port=desired().port)
    lit = noticed(Notes(), seen(lit=desired().port, model="EG8145V5"), place)
    assert (lit.lit, lit.model_seen) == (True, "EG8145V5")
    later = noticed(lit, seen(registered(model=None)), place, after=True)
    assert (later.lit, later.model_seen) == (True, "EG8145V5")


# ---------------------------------------------------------------------------------------------- from an order to a wish


HUAWEI = Place(olt="olt-a", port=desired().port)
ROUTER = rules("{name: tudo, give: {line_profile: 10, wan: {mode: pppoe, vlan: 100}, wifi: [{index: 1}]}}")


def brief(model: str | None = "EG8145V5", *, unit: str = SERIAL, serial: str | None = None) -> Brief:
    found = Order("OS-1", serial=serial)
    return Brief(found, install(), Unit(unit, received={"model": model} if model else None), (), None, False)


def made(
    stock: str | None = "EG8145V5", seen_model: str | None = None, services: str = ROUTER, **more: Any
) -> Any:
    return wish_for(brief(stock, **more), HUAWEI, seen_model, configuration(services), adapter)


def test_a_wish_says_what_of_it_the_platform_cannot_do_and_why() -> None:
    found = made()
    assert isinstance(found, Wish)
    assert found.desired.serial == SERIAL
    assert {"wifi.1"} <= found.limits
    told = {one.field: one for one in found.skipped}
    assert found.limits <= told.keys()
    assert told["wifi.1"].code == "no_command_on_platform"
    assert told["wifi.1"].text_pt != told["wifi.1"].text_en


def test_the_serial_that_the_order_names_goes_before_that_of_its_unit() -> None:
    assert made(serial="HWTC00000001").desired.serial == "HWTC00000001"
    assert made(unit="HWTC00000002").desired.serial == "HWTC00000002"


def test_what_is_required_and_cannot_be_done_fails_before_anything_is_sent() -> None:
    found = made(
        services=rules("{name: tudo, required: [wifi], give: {line_profile: 10, wifi: [{index: 1}]}}")
    )
    assert isinstance(found, Failure)
    assert (found.code, found.params["fields"]) == ("wish_required", "wifi.1")


def test_a_unit_that_is_no_onu_has_no_wish() -> None:
    found = made("RB750")
    assert isinstance(found, Failure)
    assert found.code == "not_an_onu"


@pytest.mark.parametrize(
    ("stock", "reported", "differ"),
    [
        ("EG8145V5", "EG8145V5", False),
        ("EG8145V5", None, False),
        (None, "EG8145V5", False),
        ("EG8145V5", "never-heard-of", False),
        ("EG8145V5", "HG8245H", True),
    ],
)
def test_two_models_differ_where_the_catalogue_knows_both(
    stock: str | None, reported: str | None, differ: bool
) -> None:
    expected = {"model_seen": reported, "model_stock": stock} if differ else None
    assert made(stock, reported).models_differ == expected


def test_fields_are_found_by_their_dotted_names() -> None:
    wanted = desired(
        wan=pppoe(), wifi=(WIFI,), lan_ports=(LanPort(port=1, vlan=100), LanPort(port=2, vlan=200))
    )
    names = {
        "wan.login",
        "wan.vlan",
        "wifi.1.name",
        "lan_ports.2",
        "lan_ports.9",
        "wifi.2.name",
        "nothing.at.all",
    }
    found = unseen(wanted, seen(registered(unread=names)))
    assert found["wan.login"] == "ana"
    assert found["wan.vlan"] == "100"
    assert found["wifi.1.name"] == "casa"
    assert '"vlan":200' in found["lan_ports.2"]
    assert not found.keys() & {"lan_ports.9", "wifi.2.name", "nothing.at.all"}
    assert found["wan.password"] == OLT_PASSWORD


def test_what_an_olt_has_is_kept_without_what_tells_of_a_person() -> None:
    there = registered(description="Ana, Rua 1", wan=pppoe(), wifi=(WIFI,))
    [row] = shown((there,))
    assert row["description"] == row["wan"]["login"] == row["wifi"][0]["name"] == MASK
    [known] = shown((there,), {"ana", "casa"})
    assert (known["wan"]["login"], known["wifi"][0]["name"], known["description"]) == ("ana", "casa", MASK)
    assert shown((registered(description=None),))[0]["description"] is None


def test_a_kept_plan_names_nobody() -> None:
    plan = (_line("ont add 0 desc "), _line("display ont Ana"))
    lines = kept(plan, adapter.PLATFORM, ["Ana"])
    assert [line["mode"] for line in lines] == [["config"], ["config"]]
    assert "Ana" not in str(lines)
    assert masked(plan)[1]["line"] == "display ont Ana"


def test_the_hash_of_a_plan_knows_its_modes_and_its_order() -> None:
    one, two = write("a", path=("x",)), write("b", path=("x",))
    assert plan_hash((one, two)) != plan_hash((two, one))
    assert plan_hash((one,)) != plan_hash((write("a", path=("y",)),))
    assert plan_hash((one,)) != plan_hash((write("a", path=()),))


@pytest.mark.parametrize(
    ("stock", "seen_as", "olt", "differ"),
    [
        ("AN5506-04-FA", "EG8145V5", "olt-a", True),
        ("EG8145V5", "EG8145V5", "olt-a", False),
        ("EchoLife EG8145V5", "EG8145V5", "olt-a", False),
        ("EG8145V5", "UNHEARD-OF", "olt-a", False),
        ("UNHEARD-OF", "EG8145V5", "olt-a", False),
        (None, "EG8145V5", "olt-a", False),
        ("EG8145V5", None, "olt-a", False),
        ("EG8145V5", "AN5506-02-B", "no-such-olt", True),
    ],
)
def test_stock_and_olt_differ_where_the_catalogue_knows_both_as_two_models(
    stock: str | None, seen_as: str | None, olt: str, *, differ: bool
) -> None:
    told = wish._models_differ(
        stock, seen_as, Place(olt=olt, port=PonPort(frame=0, slot=1, port=0)), configuration()
    )
    assert told == ({"model_seen": seen_as, "model_stock": stock} if differ else None)
