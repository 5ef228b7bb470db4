"""Replies of devices, spoilt in the ways that captures are spoilt, and what `acende parse` makes of them."""

import io
import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.cli.failure import Status
from worker.cli.reply import main

Mutation = Callable[[str, Sequence[str], random.Random], str]
"""A reply, replies to take foreign lines from, chance: the reply spoilt."""

BYTES = "\x00\x01\x08\x0d\x1b\x7f\x85\xff\xe7 \n#>%^-:!$/()"
LIMIT_S = 2.0
"""Processor time that one reply of a few kilobytes may take at most."""


@dataclass(frozen=True)
class Outcome:
    """How `acende parse` ended: `value` is None unless the reply was understood."""

    status: int
    value: dict[str, Any] | None
    said: str


def parsed(platform: str, command: str, raw: str, folder: Path) -> Outcome:
    """The outcome of one `acende parse`, after what must hold for any bytes: JSON or one sentence, soon, and no bug."""
    file = folder / "reply.txt"
    file.write_bytes(raw.encode("utf-8", "surrogateescape"))
    out, err = io.StringIO(), io.StringIO()
    begun = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        status = main([platform, command, str(file)])
    took, said = time.process_time() - begun, err.getvalue()
    assert took < LIMIT_S, (took, platform, command, raw)
    if status == Status.DONE:
        value = json.loads(out.getvalue())
        assert isinstance(value, dict), (platform, command, raw)
        assert not said, (platform, command, raw, said)
        return Outcome(status, value, "")
    assert status == Status.UNVOUCHED, (status, platform, command, raw)
    assert said.startswith("acende parse: "), (platform, command, raw, said)
    assert said.count("\n") == 1, (platform, command, raw, said)
    assert "bug in the parser" not in said, (platform, command, raw, said)
    assert not out.getvalue(), (platform, command, raw)
    return Outcome(status, None, said)


def cut(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """Ends anywhere before its end."""
    return raw[: chance.randrange(len(raw))]


def beheaded(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """Begins anywhere after its beginning."""
    return raw[chance.randrange(1, len(raw) + 1) :]


def foreign(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """A line of another reply stands in it."""
    lines = raw.split("\n")
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(chance.choice(others).split("\n")))
    return "\n".join(lines)


def joined(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """Another reply follows."""
    return raw + chance.choice(others)


def doubled(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """A few lines are there twice."""
    lines = raw.split("\n")
    start = chance.randrange(len(lines))
    end = min(len(lines), start + chance.randrange(1, 5))
    return "\n".join([*lines[:end], *lines[start:]])


def lost(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """A line is missing."""
    lines = raw.split("\n")
    del lines[chance.randrange(len(lines))]
    return "\n".join(lines)


def hole(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """Some characters in the middle are missing."""
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start + chance.randrange(1, 120) :]


def binary(raw: str, others: Sequence[str], chance: random.Random) -> str:
    """Some characters are others."""
    text = list(raw)
    for _ in range(chance.randrange(1, 6)):
        text[chance.randrange(len(text))] = chance.choice(BYTES)
    return "".join(text)


MUTATIONS: tuple[Mutation, ...] = (cut, beheaded, foreign, joined, doubled, lost, hole, binary)


def alarmed(*alarms: str) -> Mutation:
    """The mutation that has one of these alarms, a platform's own, print itself before a line."""

    def mutation(raw: str, others: Sequence[str], chance: random.Random) -> str:
        lines = raw.split("\n")
        lines.insert(chance.randrange(len(lines) + 1), chance.choice(alarms))
        return "\n".join(lines)

    mutation.__name__ = "alarmed"
    return mutation
