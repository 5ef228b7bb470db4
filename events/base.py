"""What every event's data is."""

from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import ConfigDict, ValidationInfo, ValidatorFunctionWrapHandler, WithJsonSchema, WrapValidator
from pydantic_core import PydanticCustomError

from schemas.base import Frozen

SOURCE_TIMEZONE = "source_timezone"
"""Key of the validation context: the zone (`tzinfo`) in which times without one are read."""


class EventData(Frozen):
    """Data of an event that we read: senders may add fields before we know them."""

    model_config = ConfigDict(extra="ignore")


class ResultData(Frozen):
    """Data of an event that we write: nothing in it that its schema does not name."""


def in_utc(time: datetime, zone: tzinfo | None) -> datetime:
    """`time` in UTC; a naive one is read in `zone`.

    Raises PydanticCustomError (`naive_time`) where there is no zone, ValueError where it lies outside the years 1 to 9999.
    """
    if time.tzinfo is None:
        if zone is None:
            raise PydanticCustomError("naive_time", "has no zone, and no ACENDE_SOURCE_TIMEZONE is set")
        time = time.replace(tzinfo=zone)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar") from None


def _event_time(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> datetime:
    if not isinstance(value, datetime) and not (isinstance(value, str) and "-" in value[:5]):
        raise ValueError("expected a time of RFC 3339, such as 2026-03-02T09:31:07-03:00")
    time: datetime = handler(value)
    return in_utc(time, info.context.get(SOURCE_TIMEZONE) if info.context else None)


EventTime = Annotated[
    datetime,
    WrapValidator(_event_time),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time of RFC 3339, kept in UTC. Without a zone it is read in the zone of the context, if there is one."""
