"""What a terminal would show of the bytes of a CLI."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text import MASK
from vendors.expressions import expression
from vendors.screen import (
    Beyond,
    Screen,
    after_echo,
    after_hint,
    begins,
    decoded,
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


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200))
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    assert shown(text.encode()) == text
    assert decoded(text.encode()) == text


@pytest.mark.parametrize("begins", [b"\x1b", b"\x1b[", b"\x1b(", b"\r", b"a"])
def test_what_comes_in_pieces_is_shown_as_what_comes_at_once(begins: bytes) -> None:
    for words in product((b"\x1b", b"[", b"(", b"\r", b"9", b"D", b"a", b"\b", b"\n"), repeat=3):
        raw = begins + b"".join(words)
        for cut in range(1, len(raw)):
            screen, whole = Screen(), Screen()
            lines = [*screen.feed(raw[:cut]), *screen.feed(raw[cut:])]
            assert lines == whole.feed(raw), (raw, cut)
            assert screen.line() == whole.line(), (raw, cut)


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
    assert begins(wrapped.split("\n"), command)
    assert after_echo(f"{wrapped}\n{out}", command) == out


def test_a_long_echo_that_was_scrolled_is_taken_off_by_its_head() -> None:
    command = "service-port 100 vlan 100 gpon 0/1/0 ont 0 gemport 1 multi-service user-vlan 100"
    text = f"{command[:70]}$\nout"
    assert begins(text.split("\n"), command)
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


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a\xc3", "aÃ"),
        (b"abc\x1b[Dx", "abx"),
        (b"abc\x1b[2Dx", "axc"),
        (b"abc\x1b[9Dx", "xbc"),
        (b"abc\x1b[2;9Dx", "axc"),
        (b"abc\x1b[00002Dx", "axc"),
        (b"abc\x1b[00002;00009Dx", "axc"),
        (b"abc\x1b[?2Dx", "abx"),
        (b"a\x1b[Cb", "a b"),
        (b"a\x1b[3Cb", "a   b"),
        (b"a\x1b[3C\x07", "a"),
        (b"abc\x1b[Gx", "xbc"),
        (b"abc\x1b[1Gx", "xbc"),
        (b"abc\x1b[0Gx", "xbc"),
        (b"abc\x1b[3Gx", "abx"),
        (b"abc\x1b[2G\x1b[K", "a"),
        (b"abc\x1b[Zx", "abcx"),
        (b"a\x1b(Bc", "ac"),
        (b"a\x1b)Bc", "ac"),
        (b"a\x1b=b\x1b>c\x1b7d\x1b8e", "abcde"),
        (b"a\x1bxb", "axb"),
        (b"a\x1b[2\xe9b", "a\xe9b"),
        (b"ab\x1b[2\bx", "ax"),
        (b"\bx", "x"),
        (b"abc\b\bx", "axc"),
        (b"abc   \b\b\b\b", "abc"),
        (b"abc\rx", "xbc"),
        (b"x" * 5_000 + b"\x1b[K", "x" * 5_000),
        (b"\x1b[4096Cx", " " * 4_096 + "x"),
        (b"x" * 65_536, "x" * 65_536),
    ],
)
def test_control_codes_move_the_cursor_and_show_nothing(raw: bytes, text: str) -> None:
    assert shown(raw) == text


@pytest.mark.parametrize(
    "raw",
    [
        b"x" * 65_537,
        b"\b" + b"x" * 65_536,
        b"\x1b[000002Dx",
        b"\x1b[2;000009Dx",
        b"\x1b[4097C",
        b"\x1b[4098G",
    ],
)
def test_one_more_than_the_limit_is_beyond_it(raw: bytes) -> None:
    with pytest.raises(Beyond):
        shown(raw)


@pytest.mark.parametrize(
    ("pieces", "line", "at_end"),
    [
        ([], "", True),
        ([b"abc"], "abc", True),
        ([b"abc\r"], "abc", False),
        ([b"abc\r", b""], "abc", False),
        ([b"abc", b"\r"], "abc", False),
        ([b"abc\r", b"\r"], "abc", False),
        ([b"abc\r", b"x"], "xbc", False),
        ([b"abc\r", b"xyz"], "xyz", True),
        ([b"\r"], "", True),
        ([b"\r", b"abc"], "abc", True),
        ([b"a\bb"], "b", True),
        ([b"a\bb\r"], "b", False),
        ([b"ab\b"], "ab", False),
        ([b"abc\x1b"], "abc", False),
        ([b"abc\x1b", b"[2", b"Dx"], "axc", False),
        ([b"abc\x1b("], "abc", False),
        ([b"\x1b[K"], "", True),
        ([b"\x1b[K\r"], "", True),
        ([b"\x1b[K", b"abc"], "abc", True),
        ([b"\x1b[K", b"abc", b"def"], "abcdef", True),
        ([b"\xc3", b"\xa9"], "é", True),
        ([b"x\r\n--More--"], "--More--", True),
        ([b"x\r\n--More--\b\b\b"], "--More--", False),
    ],
)
def test_the_cursor_stands_at_the_end_of_its_line_or_not(
    pieces: list[bytes], line: str, at_end: bool
) -> None:
    screen = Screen()
    for piece in pieces:
        screen.feed(piece)
    assert screen.line() == (line, at_end)


def test_a_line_begins_anew_after_its_end() -> None:
    screen = Screen()
    assert screen.feed(b"abc\r\ndef\r\r\n\r\ngh") == ["abc", "def", ""]
    assert screen.feed(b"i\b\n") == ["ghi"]
    assert screen.feed(b"", end=True) == []


# ---------------------------------------------------------------------------------------------------------- echoes, hints


@pytest.mark.parametrize(
    ("text", "line", "head", "rest"),
    [
        ("other\ndone", "ppp 1 joe secret", "ppp 1 joe ", "other\ndone"),
        ("ppp 1 jo ******\ndone", "ppp 1 joe secret", "ppp 1 joe ", "ppp 1 jo ******\ndone"),
        ("\n ppp 1 joe ****\ndone", "ppp 1 joe secret", "ppp 1 joe ", "done"),
        ("show x y\nout", "show x", None, "show x y\nout"),
        ("show", "show x", None, "show"),
        ("show x\nshow x\nout\n  ^\n", "show x", None, "out\n  ^\n"),
        ("show x\nshow x ^\nout", "show x", None, "show x ^\nout"),
    ],
)
def test_what_is_no_echo_stays(text: str, line: str, head: str | None, rest: str) -> None:
    assert after_echo(text, line, head) == rest


@pytest.mark.parametrize(
    ("above", "is_hint"),
    [(0, False), (1, True), (7, True), (8, False)],
)
def test_a_hint_repeats_the_line_below_its_own_and_soon(above: int, is_hint: bool) -> None:
    text = "\n" * above + " ont  add 1 2\nout\nput"
    assert after_hint(text, "ont add 1 2") == ("out\nput" if is_hint else text)


@pytest.mark.parametrize(
    ("lines", "line", "begins_so"),
    [
        (["sho", " w x"], "show x", True),
        (["show x y"], "show x", True),
        (["sho"], "show x", False),
        (["", "x show x"], "show x", False),
        (["a" * 30 + "$"], "a" * 90, True),
        (["a" * 29 + "$"], "a" * 90, False),
        ([], "", True),
    ],
)
def test_lines_begin_with_the_head_of_an_echo(lines: list[str], line: str, begins_so: bool) -> None:
    assert begins(lines, line) is begins_so


# --------------------------------------------------------------------------------------------------------------- masking


@pytest.mark.parametrize(
    ("text", "secret", "kept"),
    [
        ("abc x", "abc", f"{MASK} x"),
        ("x abc", "abc", f"x {MASK}"),
        ("xabc", "abc", "xabc"),
        ("y xabc", "abc", "y xabc"),
        ("abcx", "abc", "abcx"),
        ("1abc abc2", "abc", "1abc abc2"),
        ("éabcé", "abc", f"é{MASK}é"),
        ("-abc-", "abc", f"-{MASK}-"),
        ("a\nbc", "abc", MASK),
        ("a\n bc", "abc", MASK),
        ("a\n\nbc", "abc", "a\n\nbc"),
        ("a b c", "abc", MASK),
        ("abc", "a b c", MASK),
        ("aaa aa", "aa", f"aaa {MASK}"),
        ("abc abc", "abc", f"{MASK} {MASK}"),
        ("abc", "", "abc"),
        ("a b", " ", "a b"),
        ("a b", "abc", "a b"),
    ],
)
def test_a_secret_is_masked_where_it_stands_as_a_word(text: str, secret: str, kept: str) -> None:
    assert masked(text, [secret], ()) == kept


@pytest.mark.parametrize(
    ("text", "patterns", "kept"),
    [
        ("ab", ["(a)", "(b)"], MASK * 2),
        ("abc", ["(ab)", "(bc)"], MASK),
        ("abcd", ["(abcd)", "(bc)"], MASK),
        ("x abc y", ["(abc)", "(y)"], f"x {MASK} {MASK}"),
        ("key", [r"key(\S*)"], "key"),
    ],
)
def test_what_overlaps_is_one_mask_and_what_does_not_are_two(
    text: str, patterns: list[str], kept: str
) -> None:
    assert masked(text, (), [expression(pattern) for pattern in patterns]) == kept


KEY = expression(r"key ([a-z]+)")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("abc key xy\nz end", "abc key **\n* end"),
        ("abcdef key\n xyz end", f"abcdef key\n {MASK} end"),
        ("abcdef ke\ny xyz", "abcdef ke\ny xyz"),
        ("abcdefgh k\ney xyz end", f"abcdefgh k\ney {MASK} end"),
        ("abc key xy\nzzzzzzzzzz\nzz end", "abc key **\n**********\n** end"),
        ("0123456789\nabc key xy\nz key w", f"0123456789\nabc key **\n* key {MASK}"),
        ("abc key xy\nz end 1234\nkey w", "abc key **\n* end 1234\nkey " + MASK),
        ("abc key xy\n\nz", f"abc key {MASK}\n\nz"),
        ("abc key xy\n  z", f"abc key {MASK}\n  z"),
        ("abc key xy\n \nz", f"abc key {MASK}\n \nz"),
        ("abc key xy\n z", "abc key **\n z"),
        ("abc key xyz\nz", f"abc key {MASK}\nz"),
        ("abc key x\nz", f"abc key {MASK}\nz"),
        ("abc key xy\n", f"abc key {MASK}\n"),
        ("abc key xy", f"abc key {MASK}"),
        ("key xyzuvw\nz end\nkey xy\nz", "key ******\n* end\nkey " + MASK + "\nz"),
        ("\nabc key xy\nz end", "\nabc key **\n* end"),
    ],
)
def test_a_line_that_is_broken_at_ten_columns_is_looked_at_as_a_whole(text: str, kept: str) -> None:
    assert masked(text, (), [KEY], 10) == kept


def test_a_mask_in_a_broken_line_is_as_long_as_what_it_hides_wherever_it_begins() -> None:
    assert masked("abc def xy\nz", ["abc", "xyz"], (), 10) == "*** def **\n*"
    assert masked("abc def xy\nz\nabc", ["abc"], (), 10) == f"*** def xy\nz\n{MASK}"


@pytest.mark.parametrize(
    ("text", "line", "secrets", "kept"),
    [
        ("ppp abc\nxabc", "ppp abc", ["abc"], f"ppp {MASK}\nxabc"),
        ("ppp abc\nx a b", "ppp abc", ["abc"], f"ppp {MASK}\nx {MASK}"),
        ("ppp abc\nx a", "ppp abc", ["abc"], f"ppp {MASK}\nx {MASK}"),
        ("ppp abc\nx c", "ppp abc", ["abc"], f"ppp {MASK}\nx c"),
        ("ppp ab", "ppp abc", ["abc"], ""),
        ("ppp ab", "ppp abc", [""], "ppp ab"),
        ("ppp abc\nok", "ppp abc", [" ", "abc"], f"ppp {MASK}\nok"),
        ("p a\nok a", "p a", ["a"], f"p {MASK}\nok {MASK}"),
        ("a\nx", "a", ["a"], f"{MASK}\nx"),
    ],
)
def test_of_what_was_cut_no_beginning_of_a_secret_is_kept(
    text: str, line: str, secrets: list[str], kept: str
) -> None:
    assert masked_fragment(text, [(line, secrets)]) == kept
