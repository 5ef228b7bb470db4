"""Databases of a test's own on the run's one PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from uuid import uuid4

from dev.postgres import Database


@contextlib.contextmanager
def fresh_database(server: Database) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database, dropped when the block ends."""
    name = f"test_{uuid4().hex[:12]}"
    server.create_database(name)
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)
