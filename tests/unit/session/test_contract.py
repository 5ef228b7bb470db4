"""What commands, observations and errors hold, and what of a device's words is kept."""

from __future__ import annotations

from typing import Any

import asyncssh
import pytest
from pydantic import SecretStr

from schemas.place import PonPort
from vendors import session
from vendors.contract import (
    Command,
    Observation,
    Optics,
    Platform,
    Registration,
    Sighting,
    brought,
    read,
    reported,
    write,
)
from vendors.errors import (
    HostKeyChanged,
    LoginRefused,
    NotConverged,
    OltBusy,
    OltUnreachable,
    OrderRejected,
    ProvisioningError,
    UnknownReply,
)
from vendors.left_out import LeftOut, refuse_about, refuse_unsure
from vendors.target import OltTarget

SERIAL, HEX = "HWTC1A2B3C4D", "485754431A2B3C4D"
HERE, ELSEWHERE = PonPort(frame=0, slot=1, port=2), PonPort(frame=0, slot=1, port=3)


@pytest.mark.parametrize("line", ["", "a\nb", "a\tb", "ação", "a?"])
def test_a_command_is_one_line_that_can_be_typed(line: str) -> None:
    with pytest.raises(ValueError, match="one line of printable ASCII"):
        Command(parts=(line,))
    with pytest.raises(ValueError, match="one line of printable ASCII"):
        Command(parts=("key ", SecretStr(line or "\n")))


def test_a_secret_is_masked_in_what_is_said_and_sent_in_the_clear() -> None:
    command = write("user ana password ", SecretStr("s3cret!x"), " end", path=("config",))
    assert (command.text, command.reveal()) == (
        "user ana password ******** end",
        "user ana password s3cret!x end",
    )
    assert (command.effect, read("show", "config").effect, read("show", "config").path) == (
        "write",
        "read",
        ("config",),
    )


def test_what_a_plan_brings_is_what_its_lines_carry() -> None:
    plan = (
        write("a", path=(), carries=frozenset({"wan", "lan_ports"})),
        write("b", path=(), secret="wan.password"),
        write("c", path=()),
    )
    assert brought(plan) == {"wan", "lan_ports", "wan.password"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("São João", "São João"),
        ("a\x85b\x07", "a\ufffdb\ufffd"),
        ("a\u2028b", "a\u2028b"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        (7, 7),
        (None, None),
    ],
)
def test_what_a_device_reports_is_printable_and_short(said: object, kept: object) -> None:
    assert reported(said) == kept


@pytest.mark.parametrize(
    ("level", "kept"), [(-60, -60), (-60.1, None), (30.0, 30.0), (30.1, None), ("-20", None), (None, None)]
)
def test_a_level_that_no_optics_has_is_none(level: Any, kept: float | None) -> None:
    assert Optics(onu_rx_dbm=level).onu_rx_dbm == kept


@pytest.mark.parametrize(("metres", "kept"), [(0, 0), (1, 1), (-1, None), ("7", None), (None, None)])
def test_a_distance_is_a_number_of_metres(metres: Any, kept: int | None) -> None:
    assert Optics(distance_m=metres).distance_m == kept


def registered(port: PonPort, raw: str) -> Registration:
    return Registration(port=port, onu_id=1, raw_serial=raw, online=True)


@pytest.mark.parametrize(
    ("lit", "there", "printed"),
    [
        (None, [], None),
        ("LIT", ["ONE"], "LIT"),
        ("", ["", "TWO"], "TWO"),
        (None, ["ONE", "TWO"], "ONE"),
        (None, [""], None),
    ],
)
def test_a_serial_is_written_as_the_olt_prints_it(
    lit: str | None, there: list[str], printed: str | None
) -> None:
    sighting = None if lit is None else Sighting(port=HERE, serial=SERIAL, raw_serial=lit)
    places = tuple(registered(HERE, raw) for raw in there)
    assert Observation(serial=SERIAL, port=HERE, registrations=places, sighting=sighting).printed == printed


def test_a_registration_is_found_by_its_port() -> None:
    here, there = registered(HERE, "A"), registered(ELSEWHERE, "B")
    seen = Observation(serial=SERIAL, port=HERE, registrations=(there, here))
    assert (seen.at(HERE), seen.at(ELSEWHERE), seen.at(PonPort(frame=9, slot=1, port=2))) == (
        here,
        there,
        None,
    )


# ---------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "reason", "retryable"),
    [
        (ProvisioningError("x"), "internal_error", False),
        (OltUnreachable("x"), "olt_unreachable", True),
        (OltBusy("x"), "olt_busy", True),
        (NotConverged("x"), "not_converged", True),
        (NotConverged("x", code="serial_already_registered"), "serial_already_registered", True),
        (OrderRejected("x"), "olt_refused", False),
        (OrderRejected("x", code="port_full"), "port_full", False),
        (LoginRefused("x", step="cli"), "olt_login_refused", False),
        (HostKeyChanged("x"), "olt_host_key_changed", False),
        (UnknownReply("x"), "unknown_reply", False),
    ],
)
def test_an_error_has_its_reason_and_is_tried_again_or_not(
    error: ProvisioningError, reason: str, retryable: bool
) -> None:
    assert (error.reason, error.retryable, error.command, error.reply, str(error)) == (
        reason,
        retryable,
        "",
        "",
        "x",
    )


def test_an_error_claims_no_more_than_it_was_told() -> None:
    away = OltUnreachable("x", command="c", reply="r")
    assert (away.maybe_sent, away.silent, away.command, away.reply) == (False, False, "c", "r")
    both = OltUnreachable("x", maybe_sent=True, silent=True)
    assert (both.maybe_sent, both.silent) == (True, True)
    refused = LoginRefused("x", step="ssh", command="c", reply="r")
    assert (refused.step, refused.sent, refused.command, refused.reply) == ("ssh", True, "c", "r")
    assert not LoginRefused("x", step="ssh", sent=False).sent
    assert not UnknownReply("x").reading
    assert UnknownReply("x", reading=True).reading


# ----------------------------------------------------------------------------------------------------------- left out, time


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        (f"1 {SERIAL} x", SERIAL),
        (f"1 {HEX} (HWTC-1A2B3C4D)", SERIAL),
        (f"1 {SERIAL} HWTC1A2B3C4E", None),
        ("1 HWTC1A2B3C", None),
        ("1 HWTC1A2B3C4DX", None),
        ("", None),
    ],
)
def test_a_row_has_a_serial_where_it_has_exactly_one(text: str, serial: str | None) -> None:
    row = LeftOut.of(text, 7)
    assert (row.text, row.number, row.serial) == (text, 7, serial)
    assert LeftOut.of(text).number is None


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (LeftOut(text="", serial=SERIAL), True),
        (LeftOut(text="hwtc-1a2b 3c4d"), True),
        (LeftOut(text=HEX.lower()), True),
        (LeftOut(text="HWTC1A2B3C4E", serial="HWTC1A2B3C4E"), False),
    ],
)
def test_a_row_names_a_serial_in_any_form(row: LeftOut, names: bool) -> None:
    assert row.names(SERIAL) is names
    if names:
        with pytest.raises(UnknownReply, match="about what was asked") as told:
            refuse_about([LeftOut(text="x"), row], SERIAL)
        assert told.value.reading
    else:
        refuse_about([row], SERIAL)


@pytest.mark.parametrize(
    ("row", "serials", "sure"),
    [
        (LeftOut(text="", number=0, serial=SERIAL), True, True),
        (LeftOut(text="", number=0), False, True),
        (LeftOut(text="", number=0), True, False),
        (LeftOut(text="", serial=SERIAL), True, False),
        (LeftOut(text="", serial=SERIAL), False, False),
    ],
)
def test_a_row_without_its_number_or_its_serial_frees_nothing(
    row: LeftOut, serials: bool, sure: bool
) -> None:
    if sure:
        refuse_unsure([row], serials=serials)
        return
    with pytest.raises(UnknownReply, match="nothing is known to be free") as told:
        refuse_unsure([LeftOut(text="", number=1, serial=SERIAL), row], serials=serials)
    assert told.value.reading
    if row.number is not None:
        with pytest.raises(UnknownReply):
            refuse_unsure([row])


@pytest.mark.parametrize(
    ("limits", "command", "seconds"),
    [
        ({}, read("x", timeout_s=7), 7),
        ({"command_timeout_s": 5}, read("x", timeout_s=7), 5),
        ({"save_timeout_s": 5}, read("x", timeout_s=7), 7),
        ({"save_timeout_s": 5, "command_timeout_s": 6}, Command(parts=("w",), effect="save", timeout_s=7), 5),
        ({"command_timeout_s": 6}, Command(parts=("w",), effect="save", timeout_s=7), 7),
    ],
)
def test_an_olt_may_have_its_own_time_outs(
    limits: dict[str, float], command: Command, seconds: float
) -> None:
    target = OltTarget(address="192.0.2.1", port=22, username="a", password=SecretStr("b"), **limits)  # type: ignore[arg-type]
    assert target.timeout_s(command) == seconds


@pytest.mark.parametrize("transport", ["ssh", "telnet"])
def test_only_our_own_time_outs_end_a_login_that_is_silent(transport: Any) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    target = OltTarget(
        address="192.0.2.1", port=9, username="a", password=SecretStr("b"), transport=transport, host_key=key
    )
    made: Any = session._transport(target, Platform(name="x", prompt="#"), 7.0, lambda: None)
    told = made._base_transport_args
    assert (told.timeout_transport, told.timeout_socket, told.host, told.port) == (0, 7.0, "192.0.2.1", 9)


@pytest.mark.parametrize("password", ["", "a\nb", "ção", "x" * 129])
def test_a_password_can_be_typed(password: str) -> None:
    with pytest.raises(ValueError, match="one line of printable ASCII"):
        OltTarget(address="192.0.2.1", port=22, username="a", password=SecretStr(password))
