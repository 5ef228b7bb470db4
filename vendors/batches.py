"""Which commands may be sent in one write."""

from collections.abc import Iterator, Sequence

from vendors.contract import Command
from vendors.target import Pipeline

_LONGEST_IN_PIPELINE = 60
"""Characters of a line whose echo fits on a line of 80 columns behind its prompt."""


def grouped(batch: Sequence[Command], pipeline: Pipeline, limit: int) -> Iterator[tuple[Command, ...]]:
    """`batch` cut into runs that may be sent in one write: no questions, no saving, no long lines, changes in one mode."""
    run: list[Command] = []
    for command in batch:
        joins = (
            bool(run) and len(run) < limit and (run[-1].path == command.path or not changes([*run, command]))
        )
        joins = joins and pipelines(run[-1], pipeline) and pipelines(command, pipeline)
        if run and not joins:
            yield tuple(run)
            run = []
        run.append(command)
    if run:
        yield tuple(run)


def pipelines(command: Command, pipeline: Pipeline) -> bool:
    """Whether other lines may be sent in one write with this one."""
    if command.answers or command.effect == "save" or len(command.reveal()) > _LONGEST_IN_PIPELINE:
        return False
    return pipeline == "writes" or (pipeline == "reads" and command.effect == "read")


def changes(group: Sequence[Command]) -> bool:
    """Whether one of them changes something."""
    return any(command.effect != "read" for command in group)
