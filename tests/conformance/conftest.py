"""One suite, every vendor: each of the registry's, and one that is there for the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from tests.conformance.case import case_of
from tests.conformance.work import Site
from tests.support.olts import Transport, bench
from vendors.registry import PLATFORMS, vendor

PLATFORMS["toy"] = "tests.conformance.toy"

TRANSPORTS: tuple[Transport, ...] = ("ssh", "telnet")


@dataclass(frozen=True)
class Kind:
    """A platform, and software that its simulator knows; None: the usual one."""

    platform: str
    version: str | None = field(default=None)

    def __str__(self) -> str:
        return self.platform if self.version is None else f"{self.platform}-{self.version}"


def kinds() -> list[Kind]:
    """Every platform with every software."""
    return [
        Kind(platform, version)
        for platform, package in PLATFORMS.items()
        for version in (case_of(platform, package).versions or (None,))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "site" in metafunc.fixturenames:
        metafunc.parametrize("kind", kinds(), ids=str)
        if "transport" not in metafunc.fixturenames or not _given(metafunc):
            metafunc.parametrize("transport", TRANSPORTS)


def _given(metafunc: pytest.Metafunc) -> bool:
    marks = metafunc.definition.iter_markers("parametrize")
    return any("transport" in str(mark.args[0]).split(",") for mark in marks)


@pytest.fixture
async def site(kind: Kind, transport: Transport) -> AsyncIterator[Site]:
    """An OLT of one kind, served over one transport, with other customers on it and one box that is lit."""
    case = case_of(kind.platform, PLATFORMS[kind.platform])
    device = vendor(kind.platform).device
    made = Site(case, device, kind.version)
    async with bench(case.adapter, device, transport, olt=made.new_olt()) as made.bench:
        yield made
