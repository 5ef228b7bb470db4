"""Databases at the newest revision. An SQLite file is migrated once for a process, and copied for each test."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import make_url

from worker.store.migrate import upgrade


def migrate(url: str) -> None:
    """Have the database at `url` be as `upgrade` leaves it."""
    at = make_url(url)
    if at.get_backend_name() != "sqlite" or Path(str(at.database)).exists():
        upgrade(url)
    else:
        shutil.copy(_file(), str(at.database))


@cache
def _file() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="acende-migrated-")
    _folders.append(folder)
    file = Path(folder.name) / "acende.db"
    upgrade(f"sqlite:///{file}")
    return file


_folders: list[tempfile.TemporaryDirectory[str]] = []
"""Each goes with this process."""
