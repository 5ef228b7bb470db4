"""Events on their way out: CloudEvents 1.0 in structured mode, the same bytes for the same event."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_core import to_json

from events.inputs import InputData
from events.outputs import DeadLetter, Output

SOURCE = "acende"
"""Who our events say they are from, unless a setting says otherwise."""
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


@dataclass(frozen=True)
class CloudEvent:
    """An event to be written. `time` is aware; `subject` is what it is about (the serial)."""

    id: str
    data: Output | DeadLetter | InputData
    time: datetime
    source: str = SOURCE
    subject: str | None = None
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The name of its type, with its version."""
        return self.data.TYPE


@dataclass(frozen=True)
class OutRecord:
    """A record to be published."""

    key: str
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def final_id(service_order_id: str, revision: int) -> str:
    """The one id of the final event of this revision of the order."""
    return f"{service_order_id}/{revision}/final"


def progress_id(service_order_id: str, sequence: int) -> str:
    """The id of a progress record."""
    return f"{service_order_id}/progress/{sequence}"


def dead_letter_id(topic: str, partition: int, offset: int) -> str:
    """The id of the dead letter of a record."""
    return f"{topic}/{partition}/{offset}"


def to_record(event: CloudEvent, key: str) -> OutRecord:
    """The record of an event; secrets in it are masked. Output keys: service order id; dead letters: topic/partition."""
    return OutRecord(key, _structured(event, event.data.model_dump_json()), _headers(event))


def input_record(event: CloudEvent, key: str) -> OutRecord:
    """The record of an input event with its passwords in the clear, as an ERP sends it: `publish`, the demo, tests."""
    return OutRecord(key, _structured(event, _revealed(event.data)), _headers(event))


def _headers(event: CloudEvent) -> dict[str, str]:
    trace = {"traceparent": event.traceparent} if event.traceparent else {}
    return {"content-type": CONTENT_TYPE, **trace}


def _structured(event: CloudEvent, data: str) -> bytes:
    envelope = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "time": event.time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        **({"subject": event.subject} if event.subject else {}),
        **({"traceparent": event.traceparent} if event.traceparent else {}),
    }
    return b'%b,"data":%b}' % (to_json(envelope)[:-1], data.encode())


def _revealed(data: BaseModel) -> str:
    shown: dict[str, Any] = data.model_dump(mode="json", exclude_unset=True)
    for name in shown:
        if isinstance(value := getattr(data, name), SecretStr):
            shown[name] = value.get_secret_value()
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
