"""The one catalogue of reason codes: what happened and what to do next, in Portuguese and English.

Texts hold `{placeholders}`; `Reason.say` fills them with values that cannot break out of their place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from events.reason_tables import olts, orders, records
from events.reason_tables.row import Fault, Kind, Row

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_VALUE_MAX = 200


@dataclass(frozen=True)
class Texts:
    """A reason as people read it."""

    text_pt: str
    text_en: str
    action_pt: str
    action_en: str


@dataclass(frozen=True)
class Reason:
    """One code. `retryable`: once its cause is removed the same may be asked again."""

    code: str
    kind: Kind
    retryable: bool
    texts: Texts
    fault: Fault | None = None
    """Where the cause of a failure lies; None where the code is not said of one."""

    @property
    def outside(self) -> bool:
        """Whether the cause lies where Acende and the OLTs can do nothing about it."""
        return self.fault in {"erp", "field"}

    @cached_property
    def placeholders(self) -> frozenset[str]:
        """Names that `say` fills."""
        every = (self.texts.text_pt, self.texts.text_en, self.texts.action_pt, self.texts.action_en)
        return frozenset(chain.from_iterable(map(_PLACEHOLDER.findall, every)))

    def say(self, params: Mapping[str, object] | None = None) -> Texts:
        """The texts with their placeholders filled. A value that is missing reads `?`; never a secret's place."""
        values = params or {}
        texts = self.texts
        return Texts(
            _fill(texts.text_pt, values),
            _fill(texts.text_en, values),
            _fill(texts.action_pt, values),
            _fill(texts.action_en, values),
        )

    def kept(self, params: Mapping[str, object] | None) -> dict[str, str]:
        """`params` as an event carries them: text, one line, at most 200 characters each."""
        return {name: clean(value) for name, value in (params or {}).items() if value is not None}


def clean(value: object) -> str:
    """`value` as one short line."""
    text = _UNPRINTABLE.sub(" ", str(value)).strip()
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"


def _fill(text: str, values: Mapping[str, object]) -> str:
    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        return "?" if found is None else clean(found) or "?"

    return _PLACEHOLDER.sub(value, text)


def _reason(row: Row) -> Reason:
    return Reason(row.code, row.kind, row.retryable, Texts(row.pt, row.en, row.do_pt, row.do_en), row.fault)


REASONS: dict[str, Reason] = {row.code: _reason(row) for row in (*orders.ROWS, *olts.ROWS, *records.ROWS)}
"""Every code, by its name."""


def reason(code: str) -> Reason:
    """The catalogue's entry. A code that is not in it is a bug of ours and reads as `internal_error`."""
    return REASONS.get(code) or REASONS["internal_error"]
