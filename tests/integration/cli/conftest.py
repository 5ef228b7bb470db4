"""Commands as they are typed, in this process: their status and all that they print, which never holds a secret."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stories.plant import KEY, SERVICES, Plant, plant
from tests.support.kafka import Topics
from tests.support.olts import USER
from tests.support.secrets import OLT_PASSWORD, leaked
from worker.cli.root import run

WHY = ("--why", "teste")
both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
"""Runs a test on SQLite and on PostgreSQL."""


@dataclass(frozen=True)
class Ran:
    """How a command ended. `raw` is standard output as bytes."""

    status: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        """What it printed, without colours."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.raw.decode())

    def json(self) -> Any:
        """What it printed as JSON; it must have succeeded."""
        assert (self.status, self.err) == (0, "")
        return json.loads(self.out)

    def failed(self, status: int) -> str:
        """Its one sentence; it must have ended with this status."""
        assert self.status == status, (self.status, self.out, self.err)
        assert self.err.startswith("acende: ")
        assert "Traceback" not in self.err
        return self.err.removeprefix("acende: ").strip()


class _Captured(io.TextIOWrapper):
    """Standard output or error of a command: a terminal, if it is to be one."""

    def __init__(self, *, terminal: bool = False) -> None:
        self.bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self.bytes, "utf-8", "backslashreplace", write_through=True)

    def isatty(self) -> bool:
        return self._terminal


def acende(*words: str, stdin: bytes = b"", terminal: bool = False, typed: bool = False) -> Ran:
    """Run a command in this thread. `terminal`: standard output is one. `typed`: standard input is one."""
    before = sys.stdin, sys.stdout, sys.stderr
    given = _Captured(terminal=typed)
    given.bytes.write(stdin)
    given.bytes.seek(0)
    out, err = _Captured(terminal=terminal), _Captured()
    sys.stdin, sys.stdout, sys.stderr = given, out, err
    try:
        status = run(list(words))
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    ran = Ran(int(status), out.bytes.getvalue(), err.bytes.getvalue().decode())
    if "--raw" not in words:
        assert leaked(ran.out + ran.err) == []
        codes = {sign for sign in ran.out + ran.err if not sign.isprintable()}
        assert codes <= ({"\n", "\r"} if terminal else {"\n"}), codes
    return ran


@dataclass
class Desk:
    """Where commands are typed: the folder with the configuration, its OLTs and its database."""

    folder: Path
    plant: Plant
    env: pytest.MonkeyPatch = field(repr=False)

    async def acende(self, *words: str, **more: Any) -> Ran:
        """Run a command beside the loop of the test."""
        return await asyncio.to_thread(acende, *words, **more)

    def write(self, name: str, content: str) -> str:
        """A file in the folder; its name."""
        (self.folder / name).write_text(content)
        return name

    def inventory(self, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
        """Write the inventory of the served OLTs, after `change`."""
        rows = self.plant.config.inventory.model_dump(mode="json", exclude_defaults=True)
        rows["credentials"] = {
            "default": {"username": {"env": "OLT_USER"}, "password": {"env": "OLT_PASSWORD"}}
        }
        change(rows)
        self.write("inventory.yaml", yaml.safe_dump(rows))


def set_up(folder: Path, env: pytest.MonkeyPatch, database_url: str) -> None:
    """The settings of an installation in `folder`, and none that the machine has."""
    env.chdir(folder)
    env.setenv("COLUMNS", "120")
    env.setenv("ACENDE_DATABASE_URL", database_url)
    env.setenv("ACENDE_DIGEST_KEY", KEY.decode())
    env.setenv("ACENDE_DATABASE_TIMEOUT_S", "2")
    env.setenv("OLT_USER", USER)
    env.setenv("OLT_PASSWORD", OLT_PASSWORD)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database: SQLite, or what a test marked `both` asks for."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[getattr(request, "param", "sqlite")]
    return str(request.getfixturevalue(fixture))


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database_url: str) -> AsyncIterator[Desk]:
    """One OLT, reached over SSH; no worker."""
    set_up(tmp_path, monkeypatch, database_url)
    async with plant(database_url, transports=("ssh",), alone=False) as made:
        await made.prepared()
        here = Desk(tmp_path, made, monkeypatch)
        here.inventory()
        here.write("services.yaml", yaml.safe_dump(SERVICES.model_dump(mode="json", exclude_defaults=True)))
        yield here


@pytest.fixture
def topics(kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Topics of the test's own, by what they are for; the commands are told their names."""
    monkeypatch.setenv("ACENDE_KAFKA_SERVERS", kafka_topics.bootstrap)
    named = {}
    for use in ("equipment", "install", "dead_letters"):
        named[use] = kafka_topics(use.replace("_", "-"))
        monkeypatch.setenv(f"ACENDE_TOPIC_{use.upper()}", named[use])
    return named
