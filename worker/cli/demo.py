"""`acende demo`."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.yaml import ConfigError
from worker.cli.failure import Failure, Status

app = typer.Typer(add_completion=False)


@app.command()
def demo(
    folder: Annotated[
        Path | None, typer.Option(help="Where the run is kept; without it a new folder.")
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="A Kafka that runs, on topics of the demo's own; without it one is started.",
        ),
    ] = None,
    morning: Annotated[Path | None, typer.Option(help="Another morning than dev/demo/morning.yaml.")] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep everything running at the end, until Ctrl-C.")
    ] = False,
    worker: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="A worker that runs elsewhere, with the configuration of --folder and the Kafka of --kafka.",
        ),
    ] = None,
    olts_at: Annotated[
        str | None,
        typer.Option(
            metavar="HOST", help="Where that worker reaches the simulated OLTs; default: this machine."
        ),
    ] = None,
) -> None:
    """A morning of installations on a real Kafka and simulated OLTs, shown live. Needs nothing but this machine."""
    if worker and not (kafka and folder):
        raise Failure("--worker needs --kafka and --folder, which that worker uses too", Status.USAGE)
    try:
        from dev.demo.play import MORNING, Options, play  # noqa: PLC0415 - an installation may be without it
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] != "dev":
            raise
        raise Failure("this installation has no demo: run it from a clone, with `make demo`") from None
    try:
        right = play(Options(folder, kafka, morning or MORNING, stay, worker, olts_at))
    except ConfigError as error:
        raise Failure(str(error), Status.CONFIGURATION) from None
    except FileExistsError as error:
        raise Failure(f"{error.filename} is there from an earlier run: name another folder") from None
    except (RuntimeError, OSError) as error:
        raise Failure(str(error), Status.UNAVAILABLE) from None
    if not right:
        raise typer.Exit(Status.NO)
