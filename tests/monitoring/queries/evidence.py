"""What the diagnosis commands of a runbook print while the plant is broken that way.

`python -m tests.monitoring.queries.evidence` (`make runbooks`) breaks a plant in every way, runs the commands, and writes
beneath each of them what it printed; naming alerts, only theirs. The tests run the same and compare.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dev.machine import ROOT, say
from tests.monitoring.queries.breakages import SCENES, alerts_of, broken
from tests.monitoring.queries.expressions import alerts, quicker_rules
from tests.monitoring.queries.plant import Plant, plant
from tests.monitoring.queries.watch import Ledger
from tests.support.secrets import leaked

RUNBOOKS = ROOT / "docs/runbooks"
LINES = 12
"""So many lines of output are kept."""
MORE = "…"
AGAIN = 0.3
"""The part of the words written down that must be printed again: which orders wait, and where, is another matter each time."""
BROKEN_S = 75.0
HEALTHY_S = 20.0

_DIAGNOSIS = re.compile(r"^## Diagnosis\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```console\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_PROMPT = "$ "


@dataclass(frozen=True)
class Step:
    """A command of a runbook and what it printed when that was written down."""

    command: str
    printed: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As it stands in the runbook."""
        return "\n".join([_PROMPT + self.command, *self.printed, ""])


def runbook(alert: str) -> Path:
    """The page of an alert."""
    return RUNBOOKS / f"{alert}.md"


def steps(text: str) -> list[Step]:
    """The commands of a page's diagnosis."""
    return [
        step
        for section in _DIAGNOSIS.findall(text)
        for block in _BLOCK.findall(section)
        for step in _steps(block)
    ]


def _steps(block: str) -> Iterator[Step]:
    command: list[str] = []
    printed: list[str] = []
    for line in block.splitlines():
        if command and command[-1].endswith("\\") and not printed:
            command.append(line)
        elif line.startswith(_PROMPT):
            if command:
                yield Step("\n".join(command), tuple(printed))
            command, printed = [line.removeprefix(_PROMPT)], []
        else:
            printed.append(line)
    if command:
        yield Step("\n".join(command), tuple(printed))


def rewritten(text: str, ran: Sequence[Step]) -> str:
    """The page with what its commands printed now."""
    new = iter(ran)

    def block(found: re.Match[str]) -> str:
        return "```console\n" + "".join(str(next(new)) for _ in _steps(found[1])) + "```\n"

    return _DIAGNOSIS.sub(lambda section: _BLOCK.sub(block, section[0]), text)


# ----------------------------------------------------------------------------------------------------------- what varies

_TIDY = (
    (re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(\.\d+)?"), r"2026-03-02\g<1>09:30:00"),
    (re.compile(r"@\[\d+(\.\d+)?\]"), "@[1772443800]"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:2222"),
    (re.compile(r"\bport \d{4,5}\b"), "port 5432"),
    (re.compile(r"\b(w\d)-[0-9a-f]{8}\b"), r"\g<1>-5f1c07ab"),
    (re.compile(r"\b(ssh-\w+|ecdsa-[\w-]+) AAAA[\w+/=]+"), r"\g<1> AAAA…"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "0193…"),
    (re.compile(r"\b(\d+\.\d{3})\d+\b"), r"\g<1>"),
)
_WORD = re.compile(r"\b[^\W\d_]{3,}(?:_[^\W\d_]+)*\b")


def tidy(said: str, folder: Path) -> tuple[str, ...]:
    """What was printed, without what is of one run or one machine only, and without its end where it is long."""
    said = said.replace(f"{folder}/", "").replace(str(ROOT), "/opt/acende")
    for pattern, instead in _TIDY:
        said = pattern.sub(instead, said)
    lines = [line.rstrip() for line in said.splitlines()]
    lines = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines[:LINES] + ([MORE] if len(lines) > LINES else []))


def words(lines: Sequence[str]) -> set[str]:
    """What stays the same: neither numbers nor serials, and in whatever order."""
    return set(_WORD.findall(" ".join(lines)))


# --------------------------------------------------------------------------------------------------------------- running


async def ran(here: Plant, alert: str) -> list[Step]:
    """The commands of an alert's runbook with what they print now. Raises AssertionError where one does not run."""
    found = []
    for step in steps(runbook(alert).read_text()):
        status, said = await here.shell(step.command)
        printed = tidy(said, here.folder)
        assert leaked(said) == [], f"{alert}: a password is printed by: {step.command}"
        assert printed, f"{alert}: nothing is printed by: {step.command}"
        assert status not in {-1, 2, 126, 127}, f"{alert}: {step.command}\n{said}"
        assert "Traceback" not in said, f"{alert}: {step.command}\n{said}"
        found.append(replace(step, printed=printed))
    return found


async def faults(here: Plant, alert: str) -> list[str]:
    """What is wrong with what an alert's runbook says that its commands print."""
    try:
        now = await ran(here, alert)
    except AssertionError as error:
        return [str(error)]
    before = steps(runbook(alert).read_text())
    pairs = [(old, new) for old, new in zip(before, now, strict=True) if not _alike(old, new)]
    return [f"{alert}: another output than written down:\n{old}---- now\n{new}" for old, new in pairs]


def _alike(old: Step, new: Step) -> bool:
    """A count alone has no words: then it is enough that a number is printed again."""
    kept = words(old.printed)
    return bool(old.printed) and len(kept & words(new.printed)) >= AGAIN * len(kept)


async def write(wanted: Sequence[str]) -> list[str]:
    """Break a plant in every way that these alerts need, and write down what their commands print; what went wrong."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="acende-runbooks-") as name:
        folder = Path(name)
        async with plant(folder, quicker_rules(folder)) as here:
            await asyncio.sleep(HEALTHY_S)
            for scene in SCENES:
                if told := [alert for alert in alerts_of(scene) if alert in wanted]:
                    say(", ".join(told))
                    async with broken(here, scene):
                        found = await _written(here, told)
                    say("\n".join(found) or "  written")
                    wrong += found
    return wrong


async def _written(here: Plant, told: Sequence[str]) -> list[str]:
    queries = [query for alert in told for query in alerts()[alert]]
    wrong = await Ledger(here.prometheus).within(BROKEN_S, queries)
    return wrong + [fault for alert in told for fault in await _write(here, alert)]


async def _write(here: Plant, alert: str) -> list[str]:
    path = runbook(alert)
    try:
        found = await ran(here, alert)
    except AssertionError as error:
        return [str(error)]
    path.write_text(rewritten(path.read_text(), found))
    return []


def main() -> None:
    """Write; a status of 1, and what went wrong, where something did."""
    wrong = asyncio.run(write(sys.argv[1:] or list(alerts())))
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
