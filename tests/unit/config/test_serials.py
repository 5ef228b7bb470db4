"""Serials: one canonical form for whatever devices print, and a second opinion of what people write."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from events.outputs import Progress, Where
from schemas.serial import (
    KNOWN_VENDOR_IDS,
    Serial,
    Undecided,
    canonical_serial,
    hex_serial,
    looks_like_mac,
    readable_serial,
    typed_serial,
)

SERIAL: TypeAdapter[str] = TypeAdapter(Serial)
Form = Callable[[str, str], str]

vendor_ids = (
    st.text(string.ascii_uppercase + string.digits, min_size=4, max_size=4)
    | st.text("0123456789ABCDEF", min_size=4, max_size=4)
    | st.sampled_from(sorted(KNOWN_VENDOR_IDS))
)
numbers = st.text("0123456789ABCDEF", min_size=8, max_size=8)
FORMS: dict[str, Form] = {
    "canonical": lambda vendor, number: vendor + number,
    "dashed": lambda vendor, number: f"{vendor}-{number}",
    "blank": lambda vendor, number: f"{vendor} {number}",
    "hex": lambda vendor, number: vendor.encode().hex().upper() + number,
    "hex and readable": lambda vendor, number: f"{vendor.encode().hex()}{number} ({vendor}-{number})",
}
DOUBTFUL = "canonical"


@pytest.mark.parametrize("form", FORMS)
@given(vendor=vendor_ids, number=numbers, small=st.booleans(), space=st.sampled_from(["", " ", "\t\n"]))
def test_every_form_of_every_vendor_is_one_serial(
    form: str, vendor: str, number: str, small: bool, space: str
) -> None:
    written = FORMS[form](vendor, number)
    written = space + (written.lower() if small else written) + space
    serial = SERIAL.validate_python(written)
    assert serial == vendor + number
    assert SERIAL.validate_python(serial) == serial
    assert canonical_serial(hex_serial(serial)) == serial
    assert type(serial) is str


@pytest.mark.parametrize("form", FORMS)
@given(vendor=vendor_ids, number=numbers, small=st.booleans())
def test_only_twelve_bare_hex_digits_of_no_known_vendor_are_in_doubt(
    form: str, vendor: str, number: str, small: bool
) -> None:
    written = FORMS[form](vendor, number)
    serial = typed_serial(written.lower() if small else written)
    assert serial == vendor + number
    doubtful = form == DOUBTFUL and looks_like_mac(vendor + number)
    assert isinstance(serial, Undecided) == doubtful
    assert looks_like_mac(serial) == (
        set(vendor) <= set("0123456789ABCDEF") and vendor not in KNOWN_VENDOR_IDS
    )


@given(st.text(max_size=40) | st.text("0123456789abcdefABCDEFHWTCﬀ:.- ()", min_size=10, max_size=40))
def test_what_is_no_serial_is_refused_without_repeating_it(text: str) -> None:
    for read in (canonical_serial, typed_serial):
        said = _said(read, text)
        assert len(text) < 6 or text not in said or said == canonical_serial(said)


def _said(read: Callable[[str], str], text: str) -> str:
    """The serial, or what is wrong with the text."""
    try:
        return read(text)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize(
    "written", ["DD:18:B0:D0:B7:0C", "dd-18-b0-d0-b7-0c", "DD18.B0D0.B70C", "dd18-b0d0-b70c", "ﬀ18B0D0B70C"]
)
def test_a_mac_address_with_its_separators_is_never_a_serial(written: str) -> None:
    for read in (canonical_serial, typed_serial):
        with pytest.raises(ValueError, match=r"MAC address|not a PON serial"):
            read(written)


@pytest.mark.parametrize(
    ("printed", "digits"),
    [
        ("64643138B0D0B70C (dd18-B0D0B70C)", "64643138B0D0B70C"),
        ("64643138b0d0b70c", "64643138B0D0B70C"),
        ("44443138B0D0B70C (DD18-B0D0B70C)", "44443138B0D0B70C"),
        ("DD18B0D0B70C", "44443138B0D0B70C"),
        ("48575443A1B2C3D4", "44443138B0D0B70C"),
        ("", "44443138B0D0B70C"),
        (None, "44443138B0D0B70C"),
    ],
)
def test_a_command_quotes_the_hex_digits_that_the_device_printed(printed: str | None, digits: str) -> None:
    assert hex_serial("DD18B0D0B70C", printed) == digits


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("dd18B0D0B70C", "dd18B0D0B70C"),
        ("DD18B0D0B70C", "DD18B0D0B70C"),
        ("dd18-B0D0B70C", "DD18B0D0B70C"),
        ("44443138B0D0B70C", "DD18B0D0B70C"),
        ("ZTEGB0D0B70C", "DD18B0D0B70C"),
        (None, "DD18B0D0B70C"),
    ],
)
def test_a_command_quotes_the_characters_that_the_device_printed(printed: str | None, said: str) -> None:
    assert readable_serial("DD18B0D0B70C", printed) == said


@given(vendor=vendor_ids, number=numbers)
def test_what_we_publish_is_read_back_whatever_the_vendor(vendor: str, number: str) -> None:
    serial = vendor + number
    where = Where.model_validate({"olt_id": "olt-1", "pon_port": "0/1/0", "serial": serial})
    assert Where.model_validate_json(where.model_dump_json()) == where
    told = {"service_order_id": "OS-1", "revision": 1, "sequence": 1, "since": "2026-03-02T12:00:00Z"}
    progress = Progress.model_validate(told | {"serial": serial, "text_pt": "a", "text_en": "a"})
    assert Progress.model_validate_json(progress.model_dump_json()).serial == serial
