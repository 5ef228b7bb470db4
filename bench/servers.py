"""The real servers of a benchmark run: one Kafka, one PostgreSQL, both as durable as in production."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from dev.kafka import kafka_broker
from dev.postgres import Database, postgres_server
from worker.store.migrate import upgrade


class Servers:
    """Started when they are first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._bootstrap: str | None = None
        self._postgres: Database | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def bootstrap(self) -> str:
        """Where Kafka is."""
        if self._bootstrap is None:
            self._bootstrap = self._stack.enter_context(kafka_broker()).bootstrap
        return self._bootstrap

    @property
    def postgres(self) -> Database:
        """A PostgreSQL that waits for the disk at each commit."""
        if self._postgres is None:
            self._postgres = self._stack.enter_context(postgres_server(durable=True))
        return self._postgres

    @contextmanager
    def database(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of an empty, migrated database of one worker's own, gone with the block."""
        name = f"bench_{secrets.token_hex(4)}"
        if kind == "sqlite":
            url = f"sqlite:///{folder / name}.db"
            upgrade(url)
            yield url
            return
        self.postgres.create_database(name)
        try:
            url = self.postgres.url(name)
            upgrade(url)
            yield url
        finally:
            self.postgres.drop_database(name)
