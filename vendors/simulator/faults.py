"""Accidents on demand: what goes wrong with a simulated OLT, and when. Written in Python by tests, in YAML for fleets."""

import re
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.base import Frozen

AtCommand = Literal[
    "drop",
    "freeze",
    "garble_prompt",
    "alarm",
    "latin1",
    "slow",
    "duplicate_echo",
    "rename",
    "busy",
    "refuse",
    "unknown",
]
AtLogin = Literal["refuse_login", "too_many_users"]


class Fault(Frozen):
    """One accident.

    It strikes at the `nth` command that `pattern` finds (all commands, answers and passwords not counted), `times` times in a
    row (None: from then on always); `drop` and `freeze` may strike at a byte of the output instead; `refuse_login` and
    `too_many_users` at a login.

    drop: the line goes dead, `before` the command takes effect, `after` it but before any reply, or in the `middle` of the
    reply. freeze: the same, but silently, for `seconds` (None: for ever). garble_prompt: the next prompt is `text`, or
    unreadable. alarm, latin1: `text` (or the vendor's alarm) in the middle of the reply. slow: `seconds` per line of the
    reply. duplicate_echo: the echo twice. rename: the OLT is called `text` from then on. busy: for `seconds` from the first
    strike, whatever `pattern` finds is answered as busy. refuse: `text` (or the vendor's refusal) and no effect. unknown:
    `text` (or something nobody has seen), `before` (no effect) or `after` (with effect).
    """

    kind: AtCommand | AtLogin
    pattern: str = ""
    nth: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] | None = 1
    when: Literal["before", "after", "middle"] = "after"
    at_byte: Annotated[int, Field(ge=0)] | None = None
    seconds: Annotated[float, Field(ge=0)] | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        re.compile(self.pattern)
        if self.at_byte is not None and self.kind not in {"drop", "freeze"}:
            raise ValueError("at_byte is for drop and freeze")
        if self.kind == "rename" and not self.text:
            raise ValueError("rename needs a text")
        return self


@dataclass
class _Armed:
    fault: Fault
    seen: int = 0
    struck: int = 0
    until: float | None = None
    """busy: when it ends."""

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times


@dataclass
class FaultPlan:
    """The faults of one OLT, counted over all its sessions."""

    armed: list[_Armed] = field(default_factory=list)
    sent: int = 0
    """Bytes of output since the plan was made or cleared."""
    struck: list[str] = field(default_factory=list)
    """The kinds that have struck, in order."""

    def add(self, *faults: Fault) -> None:
        """Arm faults."""
        self.armed += [_Armed(fault) for fault in faults]

    def clear(self) -> None:
        """Disarm everything and count anew."""
        self.armed.clear()
        self.struck.clear()
        self.sent = 0

    def at_command(self, line: str, now: float) -> list[Fault]:
        """The faults that strike at this command."""
        return [
            row.fault for row in self.armed if row.fault.at_byte is None and self._strikes(row, line, now)
        ]

    def at_login(self, kind: AtLogin) -> bool:
        """Whether a login is to be refused, or told that there is no room."""
        for row in self.armed:
            if row.fault.kind == kind and not row.spent:
                self._strike(row)
                return True
        return False

    def at_bytes(self, count: int) -> tuple[int, Fault] | None:
        """The fault that strikes within the next `count` bytes, and after how many of them."""
        for row in self.armed:
            at = row.fault.at_byte
            if at is not None and not row.spent and self.sent <= at < self.sent + count:
                self._strike(row)
                return at - self.sent, row.fault
        return None

    def _strikes(self, row: _Armed, line: str, now: float) -> bool:
        fault = row.fault
        if fault.kind in {"refuse_login", "too_many_users"} or not re.search(fault.pattern, line):
            return False
        row.seen += 1
        if fault.kind == "busy" and fault.seconds is not None:
            return self._is_busy(row, now)
        if row.seen < fault.nth or row.spent:
            return False
        self._strike(row)
        return True

    def _is_busy(self, row: _Armed, now: float) -> bool:
        if row.until is None and row.seen >= row.fault.nth:
            row.until = now + (row.fault.seconds or 0.0)
        if row.until is None or now >= row.until:
            return False
        self._strike(row)
        return True

    def _strike(self, row: _Armed) -> None:
        row.struck += 1
        self.struck.append(row.fault.kind)
