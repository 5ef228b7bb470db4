"""The attributes of an event (CloudEvents 1.0), and for each type the whole event."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, create_model

from events.base import EventData, EventTime
from events.inputs import INPUTS, InputData

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]+$"


def _number_as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


EventId = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=_PRINTABLE), BeforeValidator(_number_as_text)
]
EventSource = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_PRINTABLE)]


class Attributes(EventData):
    """The attributes that are read. What is absent comes from the record itself."""

    specversion: Literal["1.0"] | None = Field(
        None, description="Version of CloudEvents; absent in plain JSON."
    )
    id: EventId | None = Field(
        None,
        description="With `source` the event's identity. Absent: made of topic, partition and offset.",
        examples=["7f3a2c1e-0001"],
    )
    source: EventSource | None = Field(
        None, description="Who says so. Absent: the topic.", examples=["/erp/stock"]
    )
    time: EventTime | None = Field(
        None,
        description="When it became true; facts are ordered by it. Absent: the record's timestamp.",
        examples=["2026-03-02T09:31:08-03:00"],
    )
    traceparent: Any = Field(None, description="W3C trace context, passed through.")


def _envelope(model: type[InputData]) -> Any:
    named: Any = Literal[model.TYPE]
    return create_model(
        f"{model.__name__}Event",
        __base__=Attributes,
        __doc__=model.__doc__,
        type=(named, Field(description="What the event is.")),
        data=(model, Field(description="The event's own members.")),
    )


ENVELOPES: dict[str, Any] = {name: _envelope(model) for name, model in INPUTS.items()}
"""The model of a whole event, by its type."""
