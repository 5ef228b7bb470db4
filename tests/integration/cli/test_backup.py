"""`acende db backup`: a copy of one moment, while a worker writes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

from tests.integration.cli.conftest import Desk
from tests.stories.plant import started

ORDERS = 40


async def _asked(desk: Desk) -> None:
    """Orders, one after another, each in a transaction that writes several tables."""
    for number in range(ORDERS):
        await desk.plant.tell(started(f"OS-{number}"))


async def test_a_copy_is_of_one_moment_however_much_is_written_meanwhile(desk: Desk) -> None:
    writing = asyncio.create_task(_asked(desk))
    copies: list[str] = []
    while not writing.done():
        copies.append(f"copy-{len(copies)}.db")
        told = (await desk.acende("db", "backup", copies[-1], "--json")).json()
        assert told == {"file": copies[-1], "bytes": (desk.folder / copies[-1]).stat().st_size}
    await writing
    for name in copies:
        file = desk.folder / name
        assert file.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(file)) as copy:
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            counts = [
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()
                for table in ("inbox", "service_order", "outbox")
            ]
        assert len(set(counts)) == 1, "each order is in all of them, or in none"
    assert sorted(file.name for file in desk.folder.glob("copy-*")) == sorted(copies), (
        "and nothing is left beside them"
    )


async def test_nothing_is_overwritten_and_what_cannot_be_written_is_a_sentence(desk: Desk) -> None:
    desk.write("there.db", "mine")
    assert (await desk.acende("db", "backup", "there.db")).failed(1) == "there.db is there already"
    assert (desk.folder / "there.db").read_text() == "mine"
    said = (await desk.acende("db", "backup", "no/such/folder.db")).failed(5)
    assert said == "no/such/folder.db: No such file or directory"


async def test_a_database_that_is_not_there_is_not_made(desk: Desk) -> None:
    desk.env.setenv("ACENDE_DATABASE_URL", "sqlite:///nowhere.db")
    assert "unable to open" in (await desk.acende("db", "backup", "copy.db")).failed(5)
    assert list(desk.folder.glob("copy.db*")) + list(desk.folder.glob("nowhere.db*")) == []
