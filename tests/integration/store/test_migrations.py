"""Migrations and tables say the same."""

import pytest

from worker.store import migrate
from worker.store.db import Store
from worker.store.errors import StoreUnavailable


def test_migrations_make_exactly_the_tables(database_url: str) -> None:
    migrate.upgrade(database_url)
    store = Store.open(database_url)
    assert store.read_sync(migrate.differences) == []
    store.close()


def test_a_second_upgrade_changes_nothing(database_url: str) -> None:
    assert migrate.upgrade(database_url) == migrate.upgrade(database_url) == migrate.head()


def test_a_database_that_was_never_migrated_is_refused_with_the_command_to_run(database_url: str) -> None:
    store = Store.open(database_url)
    with pytest.raises(StoreUnavailable, match="run `acende db upgrade`"):
        store.read_sync(migrate.check)
    store.close()
    migrate.upgrade(database_url)
    store = Store.open(database_url)
    store.read_sync(migrate.check)
    store.close()
