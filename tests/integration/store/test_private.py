"""What the embedded database keeps in files, only its owner reads, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from worker.store.backup import backup
from worker.store.db import Store
from worker.store.errors import StoreUnavailable
from worker.store.migrate import upgrade


@pytest.fixture(params=[0o000, 0o022, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}


PRIVATE = dict.fromkeys(
    ("acende.db", "acende.db-wal", "acende.db-shm", "acende.db.worker.lock", "copy.db"), "0o600"
)


@pytest.mark.usefixtures("umask")
def test_database_log_index_lock_and_copies_are_private(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/acende.db"
    upgrade(url)
    store = Store.open(url)
    store.lock_for_worker()
    store.run_sync(lambda conn: conn.execute(text("DELETE FROM inbox")))
    backup(url, tmp_path / "copy.db")
    assert modes(tmp_path) == PRIVATE
    store.close()


def test_files_of_an_earlier_release_are_narrowed_while_others_use_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/acende.db"
    upgrade(url)
    earlier = Store.open(url)
    earlier.lock_for_worker()
    earlier.run_sync(lambda conn: conn.execute(text("DELETE FROM inbox")))
    for file in tmp_path.iterdir():
        file.chmod(0o664)
    later = Store.open(url)
    with pytest.raises(Exception, match="another worker runs"):
        later.lock_for_worker()
    later.run_sync(lambda conn: conn.execute(text("DELETE FROM inbox")))
    earlier.run_sync(lambda conn: conn.execute(text("DELETE FROM inbox")))
    assert set(modes(tmp_path).values()) == {"0o600"}
    earlier.close()
    later.close()


def test_by_an_address_of_sqlites_own_too(tmp_path: Path) -> None:
    before = os.umask(0)
    store = Store.open(f"sqlite:///file:{tmp_path}/acende.db?uri=true")
    store.run_sync(lambda conn: conn.execute(text("CREATE TABLE x (y)")))
    assert set(modes(tmp_path).values()) == {"0o600"}
    store.close()
    os.umask(before)


def test_where_no_file_can_be_made_the_database_is_not_available(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/no/acende.db")
    with pytest.raises(StoreUnavailable, match="unable to open"):
        store.read_sync(lambda conn: conn.execute(text("SELECT 1")))
    store.close()
