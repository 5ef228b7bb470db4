"""`acende schemas`."""

from typing import Annotated

import typer

from events.inputs import INPUTS
from events.jsonschema import schema
from events.outputs import OUTPUTS
from worker.cli import output
from worker.cli.failure import Failure
from worker.cli.output import Json

app = typer.Typer(add_completion=False)


@app.command()
def schemas(
    event: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="Print the JSON Schema of this type.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The events: their types, or the JSON Schema of one."""
    if event is None:
        _list(as_json=as_json)
    elif event not in INPUTS and event not in OUTPUTS:
        raise Failure(f"no event type {event!r}; `acende schemas` lists them")
    elif as_json or not output.console().is_terminal:
        output.print_json(schema(event))
    else:
        output.console().print_json(data=schema(event))


def _list(*, as_json: bool) -> None:
    found = [{"type": name, "direction": "in", "means": _means(model)} for name, model in INPUTS.items()]
    found += [{"type": name, "direction": "out", "means": _means(model)} for name, model in OUTPUTS.items()]
    if as_json:
        output.print_json(found)
        return
    rows = [list(one.values()) for one in found]
    output.console().print(output.table("Events", ("type", "", "means"), rows))


def _means(model: type[object]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]
