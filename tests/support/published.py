"""An independent judge of what is published: the JSON Schemas as they lie in schemas/json, read by a library that is not ours."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache

import jsonschema

from dev.machine import ROOT

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time", ValueError)
def _is_date_time(value: object) -> bool:
    """The library leaves times unchecked unless another one is installed beside it."""
    if isinstance(value, str):
        datetime.fromisoformat(value)
        return _RFC_3339.fullmatch(value) is not None
    return True


@cache
def validator(event_type: str) -> jsonschema.Draft202012Validator:
    """Judges whole events of a type, formats included."""
    schema = json.loads((ROOT / f"schemas/json/{event_type}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
