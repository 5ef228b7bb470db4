"""`acende db upgrade`."""

import typer

from worker import settings
from worker.cli import output
from worker.cli.output import Json
from worker.settings import ConfigurationError
from worker.store import migrate

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The database.")


@app.callback()
def group() -> None:
    """The database."""


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the database to the tables that this version needs. Safe to run twice, and beside running workers."""
    url = settings.load().database_url.get_secret_value()
    try:
        revision = migrate.upgrade(url)
    except ValueError as error:
        raise ConfigurationError(f"ACENDE_DATABASE_URL: {error}") from None
    output.print_json({"revision": revision}) if as_json else output.console().print(
        f"the database is at revision {revision}"
    )
