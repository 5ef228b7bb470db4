"""No command, and no line of the log, lets what others wrote move a terminal's cursor."""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

import pytest
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from worker import terminal
from worker.cli import output, reply, root
from worker.cli.failure import Failure

C0 = "".join(map(chr, [*range(10), *range(11, 32), 127]))
C1 = "".join(map(chr, range(0x80, 0xA0)))
MARKS = "\u00ad\u200e\u202a\u202e\u2066\u2028\u2029\ufeff\U000e0001"
EVIL = f"a{C0}b{C1}c{MARKS}d"


def quiet(said: str) -> bool:
    return all(sign.isprintable() or sign == "\n" for sign in said)


def test_a_text_keeps_what_can_be_read() -> None:
    assert terminal.plain("João\nção 123 ✓") == "João\nção 123 ✓"
    assert terminal.plain("a\x9b2Jb\x1b[2Jc\x7f") == "a\ufffd2Jb\ufffd[2Jc\ufffd"
    assert quiet(terminal.plain(EVIL))
    assert terminal.plain("a\tb") == "a       b"


def test_json_means_the_same_and_shows_no_control_character() -> None:
    value = {EVIL: [EVIL, "João ✓"], "n": 1}
    for indent in (None, 2):
        said = terminal.json_text(value, indent)
        assert quiet(said)
        assert json.loads(said) == value
    assert "João ✓" in terminal.json_text(value)


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize(
    "shown",
    [
        EVIL,
        Text(EVIL),
        Text.assemble((EVIL, "bold"), EVIL),
        output.table(EVIL, (EVIL, "b"), [[EVIL, {"x": EVIL}], [[EVIL], None]]),
        output.pairs([(EVIL, EVIL)]),
        Group(Text(EVIL), Panel(EVIL)),
    ],
)
def test_whatever_is_printed_moves_no_cursor(
    shown: object, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(terminal=is_terminal)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    output.console().print(shown, markup=False)
    said = re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()) if is_terminal else screen.getvalue()
    assert "d" in said
    assert quiet(said), said


def test_json_and_errors_of_commands_move_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    output.print_json({"a": EVIL})
    assert quiet(said := capsys.readouterr().out)
    assert json.loads(said) == {"a": EVIL}

    def fail(*_: object, **__: object) -> None:
        raise Failure(f"nothing is known of {EVIL}")

    monkeypatch.setattr(root, "app", fail)
    assert root.run(["status", "x"]) == 1
    assert quiet(capsys.readouterr().err)

    file = tmp_path / "reply"
    file.write_bytes(f"display version\r\n VERSION : {C1}MA5800\r\n".encode())
    reply.main(["huawei_smartax", "display version", str(file)])
    told = capsys.readouterr()
    assert quiet(told.out + told.err)


def test_only_the_console_and_one_writer_of_json_print() -> None:
    """Whoever prints past them would print what strangers wrote as it is."""
    allowed = {
        "output.py": {"sys.stdout.write(json_text(to_jsonable_python(data))"},
        "root.py": {"sys.stderr.write(plain("},
        "reply.py": {"sys.stdout.write(USAGE", "sys.stdout.write(understood(", "sys.stderr.write(plain("},
        "dead_letters.py": {"sys.stdout.buffer.write(_raw("},
    }
    found: list[str] = []
    for file in sorted(Path(output.__file__).parent.glob("*.py")):
        for line in file.read_text().splitlines():
            bare = re.search(r"(?<![\w.])print\(|\.write\(|typer\.echo\(|(?<![\w_])Console\(", line)
            fine = any(line.strip().startswith(one) for one in allowed.get(file.name, ()))
            if bare and not fine and "class _Screen(Console)" not in line:
                found.append(f"{file.name}: {line.strip()}")
    assert found == []
