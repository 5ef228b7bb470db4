"""`acende db upgrade`, `acende db downgrade`."""

from collections.abc import Callable
from typing import Annotated

import typer

from worker import settings
from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.output import Json
from worker.settings import ConfigurationError
from worker.store import migrate
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


def _migrate(work: Callable[[str], str], *, as_json: bool) -> None:
    try:
        revision = work(settings.load().database_url.get_secret_value())
    except ValueError as error:
        raise ConfigurationError(f"ACENDE_DATABASE_URL: {error}") from None
    output.print_json({"revision": revision}) if as_json else output.console().print(
        f"the database is at revision {revision}"
    )
