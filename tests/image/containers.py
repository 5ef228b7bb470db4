"""Dockerfile and compose.yaml as they are read by those who build and start from them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

import yaml

from dev.machine import ROOT


@dataclass(frozen=True)
class Instruction:
    """One instruction. `stage`: its number, from 0; before the first FROM it is -1."""

    stage: int
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its arguments, in the form of a JSON list or of a line."""
        if self.text.startswith("["):
            found: list[str] = json.loads(self.text)
            return found
        return self.text.split()


def dockerfile() -> list[Instruction]:
    """Every instruction of the Dockerfile."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    found, stage = [], -1
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, text = line.partition(" ")
            stage += name == "FROM"
            found.append(Instruction(stage, name, re.sub(r"\s+", " ", text).strip()))
    return found


def final() -> list[Instruction]:
    """Those of the last stage."""
    every = dockerfile()
    return [one for one in every if one.stage == every[-1].stage]


def last(name: str) -> Instruction:
    """The one that counts, of those that replace each other."""
    return [one for one in final() if one.name == name][-1]


def in_the_context(path: str) -> bool:
    """Whether a file or folder of the repository is sent to the builder, by `.dockerignore`: the last line that fits decides."""
    sent = True
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        inside = path == pattern or path.startswith(f"{pattern}/") or fnmatch(path, pattern)
        if line and not line.startswith("#") and inside:
            sent = line.startswith("!")
    return sent


def compose() -> dict[str, Any]:
    """The document of compose.yaml."""
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def services() -> dict[str, dict[str, Any]]:
    """Its services."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found
