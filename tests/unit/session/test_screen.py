"""What a terminal would show of the bytes of a CLI."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text import MASK
from vendors.screen import (
    after_echo,
    after_hint,
    decoded,
    echoes,
    last_line,
    masked,
    masked_fragment,
    shown,
    squeezed,
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(b"a\r\nb\r\n", "a\nb\n", id="cr-lf"),
        pytest.param(b"a\r\r\nb", "a\nb", id="cr-cr-lf"),
        pytest.param(b"\n\rabc", "\nabc", id="lf-cr"),
        pytest.param(
            b"---- More ----\x1b[14D              \x1b[14Dnext", "next", id="pager-erased-by-escape-codes"
        ),
        pytest.param(b"--More--\r        \rnext", "next", id="pager-erased-by-carriage-returns"),
        pytest.param(b"--More--" + b"\b \b" * 8 + b"next", "next", id="pager-erased-by-backspaces"),
        pytest.param(b"abc \x1b[1Ddef", "abcdef", id="echo-that-wraps-at-column-80"),
        pytest.param(b"\x1b[31mred\x1b[0m", "red", id="colours"),
        pytest.param(b"half\x1b[Kgone", "halfgone", id="erase-to-the-end"),
        pytest.param(b"Jo\xe3o", "João", id="latin-1"),
        pytest.param("João".encode(), "João", id="utf-8"),
        pytest.param(b"a\x00b\x07c", "abc", id="other-control-codes"),
        pytest.param(b"a\tb", "a\tb", id="tab-stays"),
    ],
)
def test_what_was_erased_or_written_over_is_gone(raw: bytes, text: str) -> None:
    assert shown(raw) == text


@given(st.binary(max_size=300))
def test_any_bytes_are_shown(raw: bytes) -> None:
    assert isinstance(shown(raw), str)
    assert isinstance(last_line(raw)[0], str)


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text.encode()) == text
    assert decoded(text.encode()) == text


def test_a_pager_being_erased_is_no_pager() -> None:
    assert last_line(b"x\r\n--More--") == ("--More--", True)
    assert last_line(b"x\r\n--More--\b\b\b") == ("--More--", False)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("show x\nout\n", "out\n"),
        ("show x \nout\n", "out\n"),
        ("\n\nshow x\n\nout", "\nout"),
        ("sho\nw x\nout", "out"),
        ("show x\nshow x\nout", "out"),
        ("show x\nshow x\n  ^\n%Error", "show x\n  ^\n%Error"),
        ("no echo\nout", "no echo\nout"),
        ("show xy\nout", "show xy\nout"),
        ("show x", ""),
    ],
)
def test_the_echo_is_taken_off(text: str, rest: str) -> None:
    assert after_echo(text, "show x") == rest


@given(
    st.text(alphabet="abc-0/ ", min_size=1, max_size=60).map(str.strip).filter(bool),
    st.lists(st.integers(0, 59), max_size=4),
    st.text(alphabet="xyz\n", max_size=40),
)
def test_an_echo_wrapped_anywhere_is_taken_off(command: str, wraps: list[int], out: str) -> None:
    wrapped = command
    for at in sorted({wrap for wrap in wraps if wrap < len(command)}, reverse=True):
        wrapped = wrapped[:at] + "\n" + wrapped[at:]
    assert echoes(wrapped, command)
    assert after_echo(f"{wrapped}\n{out}", command) == out


def test_a_long_echo_that_was_scrolled_is_taken_off_by_its_head() -> None:
    command = "service-port 100 vlan 100 gpon 0/1/0 ont 0 gemport 1 multi-service user-vlan 100"
    text = f"{command[:70]}$\nout"
    assert echoes(text, command)
    assert after_echo(text, command) == "out"


def test_an_echo_whose_secret_the_device_masks_is_taken_off() -> None:
    assert after_echo("ppp 1 joe ******\ndone", "ppp 1 joe secret", "ppp 1 joe ") == "done"


def test_what_a_hint_repeats_is_taken_off() -> None:
    text = "{ <cr>|ont-type<K> }: \n\n  Command:\n          ont add 1 2 \n  Number : 1"
    assert after_hint(text, "ont add 1 2") == "  Number : 1"
    assert after_hint("a\nb", "ont add 1 2") == "a\nb"


def test_secrets_and_redactions_are_masked_but_not_what_merely_contains_them() -> None:
    redactions = [re.compile(r"^password (\S+)$", re.MULTILINE)]
    assert masked("user joe\npassword abc", [], redactions) == f"user joe\npassword {MASK}"
    assert masked("ppp joe 12 vlan 120", ["12"], []) == f"ppp joe {MASK} vlan 120"
    assert masked("a.b+c (a.b+c)", ["a.b+c"], []) == f"{MASK} ({MASK})"


def test_a_redaction_whose_group_took_no_part_changes_nothing() -> None:
    assert masked("key", [], [re.compile(r"key( \S+)?")]) == "key"


def test_squeezed_has_no_blanks() -> None:
    assert squeezed(" a b\n\tc ") == "abc"


@given(st.integers(0, 200), st.booleans())
def test_what_was_cut_anywhere_shows_no_piece_of_a_secret(cut: int, wraps: bool) -> None:
    secret = "Zr9K7Qx4bT"
    line = f"ppp 1 joe {secret} end"
    wrapped = line[:14] + "\r\n" + line[14:] if wraps else line
    whole = f"{wrapped}\n{wrapped}\n      ^\n%Error: what is {secret}?\nOLT#"
    kept = masked_fragment(shown(whole[:cut].encode()), [(line, [secret])])
    assert not [at for at in range(len(secret) - 1) if secret[at : at + 2] in kept]
    assert cut < len(whole) or "%Error" in kept


def test_what_was_cut_is_kept_where_there_is_no_secret() -> None:
    assert masked_fragment("show x\nro", [("show x", [])]) == "show x\nro"
