"""`acende parse`, for `acende --help`; `worker.cli.main` calls `reply` by itself."""

from typing import Annotated

import typer

from worker.cli.reply import main

app = typer.Typer(add_completion=False)


@app.command()
def parse(
    platform: Annotated[str, typer.Argument(metavar="PLATFORM")],
    command: Annotated[str, typer.Argument(metavar="COMMAND")],
    file: Annotated[str, typer.Argument(metavar="[FILE]")] = "-",
) -> None:
    """Print as JSON what an adapter understands of one raw device reply."""
    raise typer.Exit(main([platform, command, file]))
