"""`acende demo`."""

from importlib import import_module
from importlib.util import find_spec

import typer

from worker.cli.failure import Failure, Status

app = typer.Typer()
HOME = "worker.demo"


@app.command()
def demo() -> None:
    """A morning of installations on a real Kafka and simulated OLTs, shown live. Needs nothing but this machine."""
    if find_spec(HOME) is None:
        raise Failure("this installation has no demo: run it from a clone, with `make demo`", Status.NO)
    if status := import_module(HOME).main():
        raise typer.Exit(status)
