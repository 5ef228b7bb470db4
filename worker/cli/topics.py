"""`acende topics`."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from worker import settings, topics
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.topics import FOREVER, KEEP_HOURS, PARTITIONS, REPLICATION, Topic

app = typer.Typer(add_completion=False)
_COLUMNS = ("topic", "", "partitions", "replication", "differs")


@app.command("topics")
def command(
    create: Annotated[
        bool, typer.Option("--create", help="Create those that lack. What exists is never changed.")
    ] = False,
    partitions: Annotated[int, typer.Option(min=1, help="Partitions each should have.")] = PARTITIONS,
    replication: Annotated[
        int, typer.Option(min=-1, help="Replicas each should have; -1: the broker's default.")
    ] = REPLICATION,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=HOURS",
            help=f"How long one is kept, -1 for ever (may be repeated): {', '.join(KEEP_HOURS)}.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Whether Kafka has the topics, and as they should be. Without --create, status 1 where one lacks."""
    if replication == 0:
        raise Failure("--replication is 1 or more, or -1 for the broker's default", Status.USAGE)
    known = settings.load()
    shapes = topics.wanted(known.topics, partitions, replication, _hours(keep or ()))
    found = asyncio.run(topics.look(known, shapes, create=create))
    if as_json:
        output.print_json([_told(one) for one in found])
    else:
        output.console().print(output.table("Topics", _COLUMNS, [_row(one) for one in found]))
    if lacking := [one.name for one in found if one.found is None]:
        raise Failure(f"{', '.join(lacking)}: no such topic; --create makes it")


def _hours(given: Sequence[str]) -> Mapping[str, int]:
    """Hours by what a topic is for. Raises Failure."""
    found = {}
    for one in given:
        use, _, hours = one.partition("=")
        if use not in KEEP_HOURS or not (hours == str(FOREVER) or (hours.isdigit() and int(hours) > 0)):
            raise Failure(
                f"--keep {one}: expected NAME=HOURS with a name of: {', '.join(KEEP_HOURS)}", Status.USAGE
            )
        found[use] = int(hours)
    return found


def _state(one: Topic) -> str:
    if one.found is None:
        return "lacks"
    return "created" if one.created else "is there"


def _row(one: Topic) -> list[Any]:
    shape = one.found
    return [one.name, _state(one), shape and shape.partitions, shape and shape.replication, one.differences]


def _told(one: Topic) -> dict[str, Any]:
    shape = one.found and {
        "partitions": one.found.partitions,
        "replication": one.found.replication,
        "config": {name: one.found.config.get(name) for name in one.wanted.config},
    }
    return {"topic": one.name, "state": _state(one), "found": shape, "differs": one.differences}
