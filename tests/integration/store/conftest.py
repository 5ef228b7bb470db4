"""A transaction on each database that is rolled back: what a statement does, without a database for each test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.support.postgres import fresh_database
from tests.unit.correlate.town import NOON, RULES
from worker.store.db import _AFTER, Clock, Context, Store
from worker.store.schema import metadata


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database with all tables and nothing in them, one of each kind for the whole run."""
    with contextlib.ExitStack() as stack:
        if request.param == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_server")))
        else:
            url = f"sqlite:///{tmp_path_factory.mktemp('store') / 'acende.db'}"
        store = Store.open(url)
        stack.callback(store.close)
        store.run_sync(metadata.create_all)
        yield store


@pytest.fixture
def conn(database: Store) -> Iterator[Connection]:
    """A transaction at noon, of which nothing stays."""
    with database._engine.connect() as connection:
        connection.info.pop(_AFTER, None)
        connection.execution_options(acende=Context(clock=Clock(stopped=NOON), rules=RULES))
        begun = connection.begin()
        yield connection
        begun.rollback()
