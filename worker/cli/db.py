"""`acende db upgrade|downgrade|backup`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from worker import settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.settings import ConfigurationError
from worker.store import backup as copies
from worker.store import migrate
from worker.store.backup import NotEmbedded
from worker.store.migrate import MigrationRefused

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The database.")


@app.callback()
def group() -> None:
    """The database."""


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the database to the tables that this version needs. Safe to run twice, and beside running workers."""
    _migrate(migrate.upgrade, as_json=as_json)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="The one that the older version needs: 0001, …")],
    lose: Annotated[
        bool,
        typer.Option(
            "--lose-data", help="Also where data are lost for which the older tables have no place."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Take the database back to the tables of an older version, while no worker runs."""
    try:
        _migrate(lambda url: migrate.downgrade(url, revision, lose=lose), as_json=as_json)
    except MigrationRefused as error:
        raise Failure(f"{error}") from None


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="A new file.")], as_json: Json = False) -> None:
    """Copy the SQLite database into a file, beside a running worker. The copy holds passwords: keep it as you keep those."""
    try:
        size = copies.backup(settings.load().database_url.get_secret_value(), file)
    except NotEmbedded:
        raise Failure("PostgreSQL is backed up by its own tools: pg_dump, or base backups and WAL") from None
    except FileExistsError:
        raise Failure(f"{file} is there already") from None
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}", Status.UNAVAILABLE) from None
    except ValueError as error:
        raise ConfigurationError(f"ACENDE_DATABASE_URL: {error}") from None
    output.print_json({"file": file, "bytes": size}) if as_json else output.console().print(
        f"{file}: {size} bytes", markup=False
    )


def _migrate(work: Callable[[str], str], *, as_json: bool) -> None:
    try:
        revision = work(settings.load().database_url.get_secret_value())
    except ValueError as error:
        raise ConfigurationError(f"ACENDE_DATABASE_URL: {error}") from None
    output.print_json({"revision": revision}) if as_json else output.console().print(
        f"the database is at revision {revision}"
    )
