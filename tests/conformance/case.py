"""What the suite has to know of a platform beyond its contract: `tests/conformance/<platform>/case.py` says it as `CASE`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from schemas.onu import DesiredOnu
from schemas.place import PonPort
from vendors.contract import Adapter
from vendors.simulator.model import Olt
from vendors.simulator.rows import ProfileKind

SERIAL = "ZTEG1A2B3C4D"


@dataclass(frozen=True)
class Case:
    """Wishes that the platform can fulfil, all for `SERIAL` on `port`, and an OLT on which they can be."""

    adapter: Adapter
    port: PonPort
    elsewhere: PonPort
    """Another PON of the same OLT."""
    prepare: Callable[[Olt], None]
    """Profiles and the like. Boards and boxes are the suite's."""
    wishes: Mapping[str, DesiredOnu]
    """At least `plain` (one service) and `full` (everything the platform does, secrets included)."""
    registration: Mapping[str, Any] = field(default_factory=dict)
    """How another customer's ONU is registered."""
    texts: Mapping[str, ProfileKind | None] = field(default_factory=dict)
    """Fields of the wish `full` that hold text, dotted (`wan.login`), with the kind of profile that the text names."""
    versions: tuple[str, ...] = ()
    """Software that the simulator knows; the first is the usual one."""


def case_of(platform: str, package: str) -> Case:
    """The case of a platform. A platform in the tests has it in its own folder."""
    folder = package if package.startswith("tests.") else f"tests.conformance.{platform}"
    case: Case = import_module(f"{folder}.case").CASE
    return case
