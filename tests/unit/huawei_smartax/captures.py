"""The SmartAX captures and the replies they hold."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "transcripts" / "huawei_smartax"
_TYPED = re.compile(r"^ {0,2}[A-Za-z0-9][\w.-]*(?:\([^()\s]*\))?[>#](\S[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True)
class Captured:
    """One reply of a capture: where its JSON stands, and whether its end was cut off by the collector."""

    name: str
    command: str
    raw: str
    cut: bool

    @property
    def expected(self) -> Path:
        return FOLDER / f"{self.name}.json"


def split(text: str) -> list[tuple[str, str]]:
    """The commands of a session, typed at its prompts, each with its reply as captured (echo included)."""
    starts = list(_TYPED.finditer(text.replace("\r\n", " \n")))
    text = text.replace("\r\n", " \n")
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return [(start[1].strip(), text[start.start() : end]) for start, end in zip(starts, ends, strict=True)]


@cache
def index() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load((FOLDER / "replies.yaml").read_text())
    return loaded


def text(name: str) -> str:
    """A capture as it stands in its file, line ends included."""
    with (FOLDER / f"{name}.txt").open(newline="") as file:
        return file.read()


@cache
def replies() -> tuple[Captured, ...]:
    """Every reply of every capture; banners are tests of the session."""
    found: list[Captured] = []
    for name, entry in index().items():
        if entry.get("banner"):
            continue
        if not entry.get("session"):
            found.append(Captured(name, entry["command"], text(name), entry.get("cut", False)))
            continue
        for number, (command, raw) in enumerate(split(text(name)), start=1):
            found.append(Captured(f"{name}.{number}", command, raw, number > entry.get("cut_after", number)))
    return tuple(found)
