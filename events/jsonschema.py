"""The published schemas: `python -m events.jsonschema [--check]` writes or checks `schemas/json/*.json`.

One file for each version of an event, for the whole event in CloudEvents' structured mode. What a reader does not know
is to be ignored: an event gains members without a new version.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, create_model

import schemas
from events.attributes import ENVELOPES
from events.base import ResultData
from events.outputs import OUTPUTS

FOLDER = Path(schemas.__file__).parent / "json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class OutAttributes(ResultData):
    """The attributes of the events that Acende publishes."""

    specversion: Literal["1.0"] = Field(description="Version of CloudEvents.")
    id: str = Field(min_length=1, description="With `source` the event's identity: drop what you have seen.")
    source: str = Field(min_length=1, description="Who says so.", examples=["acende"])
    time: AwareDatetime = Field(
        description="When it became true, UTC.", examples=["2026-03-02T12:31:09.120Z"]
    )
    datacontenttype: Literal["application/json"]
    subject: str | None = Field(None, description="The serial of the ONU, where one is known.")
    traceparent: str | None = Field(None, description="W3C trace context of the event that led here.")


def _out_envelope(model: type[BaseModel], event_type: str) -> type[BaseModel]:
    named: Any = Literal[event_type]
    return create_model(
        f"{model.__name__}Event",
        __base__=OutAttributes,
        __doc__=model.__doc__,
        type=(named, Field(description="What the event is.")),
        data=(model, Field(description="The event's own members.")),
    )


def schema(event_type: str) -> dict[str, Any]:
    """The JSON Schema of one event type. Raises KeyError for a type that is not ours."""
    if event_type in ENVELOPES:
        found = ENVELOPES[event_type].model_json_schema(mode="validation")
    else:
        found = _out_envelope(OUTPUTS[event_type], event_type).model_json_schema(mode="serialization")
    return {"$schema": _DIALECT, "$id": f"urn:acende:event:{event_type}", **_open(found)}


def _open(tree: Any) -> Any:
    """`tree` without the ban on members that are not named: readers ignore them."""
    if isinstance(tree, dict):
        return {
            name: _open(value)
            for name, value in tree.items()
            if (name, value) != ("additionalProperties", False)
        }
    return [_open(value) for value in tree] if isinstance(tree, list) else tree


def files() -> Iterator[tuple[str, str]]:
    """Name and content of every file."""
    for event_type in (*ENVELOPES, *OUTPUTS):
        yield f"{event_type}.json", json.dumps(schema(event_type), ensure_ascii=False, indent=2) + "\n"


def stale(folder: Path = FOLDER) -> list[str]:
    """Names of files that differ from the models, are missing, or have no model."""
    wanted = dict(files())
    present = {path.name for path in folder.glob("*.json")}
    differing = [
        name for name in wanted if name in present and (folder / name).read_text("utf-8") != wanted[name]
    ]
    return sorted([*differing, *(wanted.keys() ^ present)])


def write(folder: Path = FOLDER) -> None:
    """Write every file, and remove those without a model."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = dict(files())
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content, "utf-8")


def main(arguments: list[str]) -> int:
    """Write the files; with `--check` only compare: status 1 if any is stale."""
    if arguments == ["--check"]:
        found = stale()
        for name in found:
            sys.stderr.write(f"schemas/json/{name} is stale: run python -m events.jsonschema\n")
        return 1 if found else 0
    if arguments:
        sys.stderr.write("usage: python -m events.jsonschema [--check]\n")
        return 2
    write()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
