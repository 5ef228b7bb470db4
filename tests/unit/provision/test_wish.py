"""What an OLT does not show is compared by digests; plans are hashed and shown without secrets."""

from __future__ import annotations

from pydantic import SecretStr

from schemas.onu import LanPort, Wan, Wifi
from schemas.place import Place
from tests.support.secrets import OLT_PASSWORD
from tests.unit.provision.builders import SERIAL, desired, registered, seen
from vendors.contract import Command, write
from worker.notes import Notes
from worker.reconcile import noticed
from worker.store.digests import digest
from worker.wish import authorising, masked, plan_hash, unseen, with_current

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
