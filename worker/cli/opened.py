"""The database, opened for a command."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.configuration import Configuration
from worker import opening, settings
from worker.cli.failure import Failure, Status
from worker.settings import Settings
from worker.store import revisions
from worker.store.db import Store
from worker.store.url import parse_url


@contextmanager
def opened(*, configured: bool = False) -> Iterator[tuple[Settings, Store, Configuration | None]]:
    """Settings, database and, where `configured`, the configuration files. Raises what `root.ending` knows."""
    known = settings.load()
    config = opening.configuration(known) if configured else None
    store = opening.open_store(known, config)
    try:
        _require_file(known)
        store.read_sync(revisions.check)
        yield known, store, config
    finally:
        store.close()


def _require_file(known: Settings) -> None:
    url = parse_url(known.database_url.get_secret_value())
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise Failure(f"there is no database {url.database} yet: `acende run` makes it", Status.UNAVAILABLE)
