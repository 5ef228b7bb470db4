"""What holds of every command: it is listed, it explains itself, and however it ends it is one sentence."""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer

from tests.integration.cli.conftest import acende
from tests.support.secrets import OLT_PASSWORD, PPPOE_PASSWORD
from vendors.errors import OltUnreachable
from worker.cli import output, reply, root
from worker.cli.failure import Failure, Status
from worker.settings import ConfigurationError
from worker.store.errors import DataRefused, StoreFaulty, StoreUnavailable, WorkerRuns

COMMANDS = "run simulate demo publish orders status plan retry cancel olts olt trust dead-letters config schemas purge db rebuild topics check clock parse"
GROUPS = {
    "olt": "hold release reset-breaker",
    "dead-letters": "list show replay",
    "config": "check",
    "db": "upgrade",
    "clock": "accept",
}


def test_help_lists_every_command() -> None:
    page = acende("--help").out
    assert set(COMMANDS.split()) == set(root.COMMANDS)
    for command in root.COMMANDS:
        assert f" {command} " in page


@pytest.mark.parametrize("command", COMMANDS.split())
def test_every_command_explains_itself(command: str) -> None:
    ran = acende(command, "--help")
    assert (ran.status, ran.err) == (0, "")
    assert "Usage: acende " in ran.out
    for part in GROUPS.get(command, "").split():
        assert part in ran.out
        assert "--json" in acende(command, part, "--help").out


@pytest.mark.parametrize(
    "words",
    [
        ("nada",),
        ("orders", "--nada"),
        ("orders", "--limit", "0"),
        ("status",),
        ("olt", "nada", "x"),
        ("olt",),
    ],
)
def test_wrong_usage_is_status_2(words: tuple[str, ...]) -> None:
    ran = acende(*words)
    assert ran.status == Status.USAGE
    assert "Traceback" not in ran.err


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Have `acende orders` raise this."""
    module = types.ModuleType("tests_raising")
    module.app = app = typer.Typer(add_completion=False)  # type: ignore[attr-defined]

    @app.command()
    def command() -> None:
        secret = PPPOE_PASSWORD  # a local that a traceback with locals would show
        logging.getLogger("worker.x").error(secret)
        structlog.get_logger("worker.x").error(secret)
        raise error

    monkeypatch.setitem(sys.modules, "tests_raising", module)
    monkeypatch.setitem(root.COMMANDS, "orders", "tests_raising")


KAFKA = type("KafkaConnectionError", (Exception,), {"__module__": "aiokafka.errors"})


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (Failure("nicht da"), 1, "nicht da"),
        (Failure("anders", Status.USAGE), 2, "anders"),
        (ConfigurationError("ACENDE_X: fehlt"), 4, "ACENDE_X: fehlt"),
        (StoreUnavailable("weg"), 5, "database not available: weg"),
        (StoreFaulty("no table"), 5, "the database does not do what this version asks: no table"),
        (WorkerRuns("läuft"), 5, "läuft"),
        (DataRefused("DataError"), 2, "the database does not take a character of what was typed"),
        (OltUnreachable("no answer"), 5, "no answer"),
        (KAFKA("x"), 5, "Kafka is not available: see ACENDE_KAFKA_SERVERS"),
        (ValueError(OLT_PASSWORD), 70, "a bug: ValueError at "),
    ],
)
def test_whatever_goes_wrong_is_one_sentence_without_data(
    monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, says: str
) -> None:
    raising(monkeypatch, error)
    ran = acende("orders")
    assert says in ran.failed(status)
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


def test_ctrl_c_ends_a_command_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    ran = acende("orders")
    assert ran.status in {Status.INTERRUPTED, 1}
    assert "Traceback" not in ran.err


def test_after_a_command_logs_are_as_they_were() -> None:
    before = structlog.get_config(), logging.root.manager.disable
    acende("schemas")
    assert (structlog.get_config(), logging.root.manager.disable) == before


def test_a_machine_without_a_name_for_its_user_still_knows_who(monkeypatch: pytest.MonkeyPatch) -> None:

    def nobody() -> str:
        raise KeyError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert output.signed(None, "x") == ("unknown", "x")


# ------------------------------------------------------------------------------------------------------------- parse


REPLY = b"display ont autofind all\r\n  Failure: The automatically found ONTs do not exist\r\n\r\nMA5800#"


def parse(monkeypatch: pytest.MonkeyPatch, *words: str, stdin: bytes = b"") -> Any:
    """`acende parse` as `worker.cli.main` calls it."""
    monkeypatch.setattr(root, "run", lambda words: reply.main(words[1:]))
    return acende("parse", *words, stdin=stdin)


def test_parse_reads_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "reply.txt"
    file.write_bytes(REPLY)
    for words, stdin in (((str(file),), b""), (("-",), REPLY), ((), REPLY)):
        ran = acende("parse", "huawei_smartax", "display ont autofind all", *words, stdin=stdin)
        assert ran.status == 0, ran.err
        assert ran.out.startswith("{")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("nokia", "show"), 2, "no such platform; there are: "),
        (("huawei_smartax", "display version", "/no/such/file"), 2, "the reply cannot be read: No such file"),
        (("huawei_smartax", "display version", "/"), 2, "the reply cannot be read: Is a directory"),
        (("huawei_smartax", "display ont info 0 1", "-"), 3, ""),
    ],
)
def test_parse_says_in_one_sentence_what_it_cannot_vouch_for(
    words: tuple[str, ...], status: int, says: str
) -> None:
    ran = acende("parse", *words, stdin=b"\x00\xff ONT 1")
    assert ran.status == status
    assert ran.err.startswith("acende parse: ")
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert ran.out == ""


# ------------------------------------------------------------------------------------------------------------ output


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ((), "–"),
        (True, "yes"),
        ({"vlan": 100, "inner": None}, "vlan=100"),
        ([{"a": 1}, {"a": 2}], "a=1\na=2"),
        ([1, 2], "1, 2"),
        ("ação\n\tfim", "ação\n        fim"),
        ("a\x1b[2Jb\x07\u202e", "a\ufffd[2Jb\ufffd\ufffd"),
    ],
)
def test_a_cell_holds_nothing_that_a_terminal_acts_upon(value: object, shown: str) -> None:
    assert output.text(value) == shown


@pytest.mark.parametrize(
    "words",
    [("retry", "--code"), ("dead-letters", "replay", "--code"), ("dead-letters", "list", "--code")],
)
def test_a_reason_code_that_there_is_not_is_refused_with_the_nearest(words: tuple[str, ...]) -> None:
    said = (
        acende(*words, "invalid_dta", "--why", "x") if words[1] != "list" else acende(*words, "invalid_dta")
    )
    assert "the nearest is invalid_data" in said.failed(Status.USAGE)
