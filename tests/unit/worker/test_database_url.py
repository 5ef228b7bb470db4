"""No error about the database's URL repeats any part of it, whatever is wrong with it and whoever tells it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from tests.integration.cli.conftest import acende
from worker import app, logs
from worker.settings import Settings
from worker.store.db import Store
from worker.store.errors import StoreError
from worker.store.url import parse_url, unquoted

PIECES = ("cnSECRET", "rest7")
WRONG = [
    "postgresql://acendeu:cnSECRET@rest7@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@cnSECRET@rest7.invalid/acendedb",
    "postgresql://acendeu:x@cnSECRET:rest7@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@cnSECRET/rest7@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@cnSECRET?rest7@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@cnSECRET?rest7=1@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@cnSECRET:99999/rest7",
    "postgresql://acendeu:x@cnSECRET:-1/rest7",
    "postgresql://acendeu:cnSECRET#rest7@127.0.0.1:port/acendedb",
    "postgresql://acendeu:cnSECRET rest7@127.0.0.1:1/acendedb",
    "postgresql://acendeu:x@[cnSECRET]:rest7/acendedb",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?sslmode=cnSECRET",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?connect_timeout=cnSECRET",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?cnSECRET=rest7",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?plugin=cnSECRET",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?sslmode=cnSECRET&sslmode=rest7",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?host=cnSECRET:rest7",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?sslrootcert=/cnSECRET/rest7&sslmode=verify-full",
    "postgresql://acendeu:x@127.0.0.1:1/acendedb?options=cnSECRET&options=rest7",
    "postgresql://acendeu:x@" + "cnSECRET" * 40 + "/acendedb",
    "postgresql://acendeu:x@cnSECRET..rest7/acendedb",
    "postgresql://acendeu:x@cnSECRET\nrest7/acendedb",
    "postgresql://cnSECRET.invalid,rest7.invalid/acendedb",
    "postgresql+cnSECRET://acendeu:rest7@127.0.0.1:1/acendedb",
    "cnSECRET://acendeu:rest7@127.0.0.1:1/acendedb",
    "acendeu:cnSECRET@127.0.0.1/rest7",
    "postgresql//acendeu:cnSECRET@127.0.0.1/rest7",
    "mysql://acendeu:cnSECRET@127.0.0.1/rest7",
    "sqlite://acendeu:cnSECRET@rest7/acende.db",
    "sqlite:///acende.db?timeout=cnSECRET",
    "sqlite:///acende.db?detect_types=cnSECRET",
    "sqlite:///acende.db?cnSECRET=rest7",
    "",
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and a network whose name server knows nobody, at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", _unknown)


def _unknown(host: str, *_: object, **__: object) -> None:
    raise socket.gaierror(socket.EAI_NONAME, f"Name or service not known: {host}")


def silent(said: str) -> None:
    for piece in PIECES:
        assert piece.lower() not in said.lower(), said


def opened(url: str) -> str:
    """What is said where the database is opened and looked at."""
    try:
        store = Store.open(url, timeout_s=2)
    except ValueError as error:
        return str(error)
    try:
        store.read_sync(lambda conn: conn.exec_driver_sql("SELECT no_such_thing"))
    except StoreError as error:
        return str(error)
    finally:
        store.close()
    raise AssertionError


@pytest.mark.parametrize("url", WRONG)
def test_opening_says_no_part_of_the_url(url: str, recwarn: pytest.WarningsRecorder) -> None:
    silent(opened(url))
    assert not list(recwarn)


@pytest.mark.parametrize("url", WRONG)
@pytest.mark.parametrize("command", [("orders",), ("check",), ("db", "upgrade"), ("db", "backup", "copy.db")])
def test_no_command_says_any_part_of_it(
    url: str, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if command[0] == "check":
        monkeypatch.setattr("worker.cli.check._topics", lambda _: "")
    monkeypatch.setenv("ACENDE_DATABASE_URL", url)
    monkeypatch.setenv("ACENDE_DATABASE_TIMEOUT_S", "2")
    ran = acende(*command)
    silent(ran.out + ran.err)
    assert ran.status != 70, ran.err


@contextlib.contextmanager
def logged() -> Iterator[io.StringIO]:
    """All that a worker would write."""
    config, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.set_up(Settings(), stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.configure(**config)


@pytest.mark.parametrize("url", WRONG)
async def test_no_line_of_a_waiting_worker_holds_any_part_of_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_RETRY_S", 0.01)
    with logged() as stream:
        try:
            worker = app.Worker(
                Settings(roles=("publish",), database_url=SecretStr(url), database_timeout_s=2)
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            silent(str(error))
            return
        stop = asyncio.Event()
        waiting = asyncio.create_task(worker._database(stop, lambda: None))
        await asyncio.sleep(0.3)
        stop.set()
        await waiting
        await worker.store.aclose()
    silent(stream.getvalue())


def test_what_a_server_says_is_told_without_the_parts_that_it_repeats() -> None:
    text = 'connection to server at "cnSECRET.example", port 6543 failed: FATAL: no user "ana" in "acende_7"; ananas'
    found = unquoted(parse_url("postgresql://ana:p%40w@cnSECRET.example:6543/acende_7?sslmode=require"))(text)
    assert found == (
        'connection to server at "********", port ******** failed: FATAL: no user "********" in "********"; ananas'
    )


def test_what_is_well_is_taken_as_it_is() -> None:
    url = "postgresql+psycopg://ana:p%40w@/acende?host=/run/postgresql&connect_timeout=3&sslmode=prefer"
    assert parse_url(url).query == {"host": "/run/postgresql", "connect_timeout": "3", "sslmode": "prefer"}
    assert parse_url("postgresql://ana:x@one,two:5433/acende").host == "one,two"
    assert parse_url("postgresql://ana@azure:x@[::1]/acende").username == "ana@azure"
    assert parse_url("sqlite:///a@b.db?timeout=3").database == "a@b.db"


@pytest.mark.parametrize(
    ("url", "spelt"),
    [
        ("postgresql://a:se/cre/t@h/d", "se/cre/t"),
        ("postgresql://a:se%40cre%2Ft@h/d", "se%40cre%2Ft"),
        ("postgresql://a:se%40cre%2Ft@h/d", "se@cre/t"),
        ("postgresql://a:se@cre@t@h/d", "se@cre@t"),
        ("postgresql://h/d?user=a&password=se%40cre%2Ft", "se@cre/t"),
    ],
)
def test_the_redactor_knows_the_password_as_it_is_written_and_as_it_is_meant(url: str, spelt: str) -> None:
    redactor = logs.Redactor(logs.secrets_of(Settings(database_url=SecretStr(url))))
    assert redactor.text(f"the password {spelt} is wrong") == "the password ******** is wrong"
