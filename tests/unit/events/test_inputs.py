"""What ERPs may write in the members of an event, and what they may not."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.inputs import INPUTS, InstallStarted
from schemas.place import PonPort
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from tests.unit.events.samples import accepted, event, received, refused, started

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def install(**more: Any) -> InstallStarted:
    data = accepted(event(started(**more))).data
    assert isinstance(data, InstallStarted)
    return data


@pytest.mark.parametrize(
    "written",
    [
        "HWTC1A2B3C4D",
        "hwtc1a2b3c4d",
        "485754431A2B3C4D",
        "485754431a2b3c4d",
        "HWTC-1A2B3C4D",
        " HWTC1A2B3C4D ",
    ],
)
def test_a_serial_is_one_serial_in_whatever_form(written: str) -> None:
    assert install(serial=written).serial == "HWTC1A2B3C4D"


@pytest.mark.parametrize("blank", [None, ""])
@pytest.mark.parametrize(
    "member", ["serial", "site", "olt_id", "pon_port", "cto_port", "pppoe_password", "wifi_key", "wifi_name"]
)
def test_an_optional_member_that_is_blank_is_absent(member: str, blank: str | None) -> None:
    assert getattr(install(**{member: blank}), member) is None


@pytest.mark.parametrize("blank", [None, ""])
def test_a_blank_priority_is_the_usual_one(blank: str | None) -> None:
    assert install(priority=blank).priority == 5


def test_of_what_an_order_does_not_say_only_its_priority_is_known() -> None:
    needed = {name for name, one in InstallStarted.model_fields.items() if one.is_required()}
    request = InstallStarted.model_validate({name: started()[name] for name in needed})
    unsaid = InstallStarted.model_fields.keys() - needed
    assert {name: value for name in unsaid if (value := getattr(request, name)) is not None} == {
        "priority": 5
    }


def test_a_number_is_read_as_a_key_of_the_erp() -> None:
    assert install(customer_id=10233).customer_id == "10233"


def test_members_that_nobody_knows_are_ignored() -> None:
    assert install(fidelidade={"meses": 12}).service_order_id == "OS-48211"


def test_a_pon_port_is_read_as_its_numbers() -> None:
    assert install(olt_id="olt-1", pon_port=" 0/ 1/0 ").pon_port == PonPort(frame=0, slot=1, port=0)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-03-02T09:31:07-03:00", "2026-03-02T12:31:07+00:00"),
        ("2026-03-02 09:31:07-03:00", "2026-03-02T12:31:07+00:00"),
        ("2026-03-02T12:31:07.5Z", "2026-03-02T12:31:07.500000+00:00"),
    ],
)
def test_times_are_kept_in_utc(written: str, utc: str) -> None:
    assert install(started_at=written).started_at.isoformat() == utc


def test_a_time_without_a_zone_is_read_in_the_senders() -> None:
    data = accepted(event(started(started_at="2026-03-02T09:31:07")), SAO_PAULO).data
    assert isinstance(data, InstallStarted)
    assert data.started_at.isoformat() == "2026-03-02T12:31:07+00:00"


def test_a_time_without_a_zone_is_refused_where_no_zone_is_set() -> None:
    outcome = refused(event(started(started_at="2026-03-02T09:31:07")))
    assert outcome.code == "naive_time"
    assert outcome.where == ("data.started_at: has no zone, and no ACENDE_SOURCE_TIMEZONE is set",)


@pytest.mark.parametrize(
    "value", [1772454667, "1772454667", "hoje", "0000-00-00 00:00:00", True, "2026-03-02", {}]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    assert refused(event(started(started_at=value))).where[0].startswith("data.started_at: ")


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_the_calendar_raises_nothing(value: str) -> None:
    assert refused(event(started(started_at=value))).where == ("data.started_at: lies outside the calendar",)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("service_order_id", "OS 1"),
        ("service_order_id", "OS-1\n"),
        ("service_order_id", ""),
        ("service_order_id", "-rf"),
        ("service_order_id", True),
        ("service_order_id", 1.5),
        ("service_order_id", 10**70),
        ("plan_code", "FIBRA?"),
        ("mode", "Router"),
        ("serial", "54:A5:1B:2C:3D:4E"),
        ("serial", "HWTC1A2B3C4"),
        ("serial", 485754431),
        ("pon_port", "0/1"),
        ("pon_port", "0/1/0; reboot"),
        ("cto_port", 0),
        ("pppoe_login", "maria silva"),
        ("pppoe_login", 'maria"x'),
        ("pppoe_login", "maria\r\nundo"),
        ("pppoe_password", "com espaço"),
        ("pppoe_password", "a?b"),
        ("pppoe_password", "a\tb"),
        ("wifi_key", "curta"),
        ("wifi_key", "x" * 64),
        ("wifi_name", "x" * 33),
        ("wifi_name", "ã" * 17),
        ("wifi_name", "Casa\x1b[A"),
        ("wifi_name", "Casa\x85"),
        ("customer_name", "a\x00b"),
        ("customer_name", "x" * 201),
        ("expected_rx_dbm", -51),
        ("priority", 10),
    ],
)
def test_what_a_member_cannot_be_is_refused_without_repeating_it(member: str, value: object) -> None:
    outcome = refused(event(started(**{member: value})))
    assert (outcome.code, outcome.type) == ("invalid_data", InstallStarted.TYPE)
    assert [line.split(": ")[0] for line in outcome.where] == [f"data.{member}"]
    assert str(value) not in outcome.where[0] or str(value) in {"", "0/1"}


@pytest.mark.parametrize("member", ["service_order_id", "customer_name", "plan_code", "mode", "started_at"])
def test_a_required_member_is_missed(member: str) -> None:
    data = started()
    del data[member]
    assert refused(event(data)).where == (f"data.{member}: this member is required",)


def test_a_name_may_be_in_any_script() -> None:
    assert install(customer_name="José Ñandú 李雷 ☎").customer_name == "José Ñandú 李雷 ☎"


@pytest.mark.parametrize(
    "name",
    [
        "Casa da Maria",
        " Casa ",
        "Família São João",
        '"Casa" $1?',
        "😀" * 8,
        "李雷",
        "-x",
        "!",
        "x" * 32,
        "ã" * 16,
    ],
)
def test_the_name_of_a_network_is_any_32_bytes_without_controls(name: str) -> None:
    assert install(wifi_name=name).wifi_name == name


def test_passwords_are_secret_until_they_are_asked_for() -> None:
    data = install()
    assert data.pppoe_password is not None
    assert data.wifi_key is not None
    assert (data.pppoe_password.get_secret_value(), data.wifi_key.get_secret_value()) == (
        PPPOE_PASSWORD,
        WIFI_KEY,
    )
    assert PPPOE_PASSWORD not in f"{data!r}{data}{data.model_dump_json()}"


@given(st.text())
def test_a_refusal_of_a_password_never_repeats_it(text: str) -> None:
    secret = f"{PPPOE_PASSWORD} {text}"
    outcome = refused(event(started(pppoe_password=secret)))
    assert PPPOE_PASSWORD not in repr(outcome)


@given(
    st.text(max_size=80),
    st.sampled_from(["service_order_id", "pppoe_login", "plan_code", "site", "olt_id"]),
)
def test_what_may_reach_a_cli_is_one_word_of_printable_ascii(text: str, member: str) -> None:
    from events.envelope import Event
    from tests.unit.events.samples import parsed

    outcome = parsed(event(started(**{member: text})))
    if isinstance(outcome, Event):
        word = getattr(outcome.data, member)
        assert word is None or (
            word.isascii() and word.isprintable() and not set(word) & set(" ?\"'`|;&<>\\")
        )


def test_every_member_is_documented_and_most_have_an_example() -> None:
    for model in INPUTS.values():
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"
            assert field.examples or "password" in name or "key" in name, f"{model.__name__}.{name}"


def test_received_units_keep_what_stock_says() -> None:
    data = accepted(event(received(service_order_id="OS-1", mac="54:22:F8:1A:2B:3C"))).data
    assert data.model_dump(exclude_none=True)["stock_item_id"] == "PAT-90311"
