"""Any character in any field: refused by its type, or on the OLT exactly as meant; and no line that nobody meant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.onu import DesiredOnu
from tests.conformance.case import case_of
from tests.conformance.conftest import Kind, kinds
from tests.conformance.work import Site
from tests.support.olts import bench
from vendors.registry import PLATFORMS, vendor
from vendors.simulator.rows import Profile

ALLOWED = "abcXYZ019_.@+/:,-"
ANY = st.text(min_size=1, max_size=40)
FITTING = st.text(alphabet=ALLOWED, min_size=8, max_size=31).filter(lambda text: not text.startswith("-"))
NASTY = st.sampled_from(
    [
        "a?b",
        "a\nno onu 1",
        "a\rreload",
        "a b",
        'a"b',
        "a'b",
        "a;b",
        "a|b",
        "-x",
        "!x",
        "a\tb",
        "a\x1b[Ab",
        "a\x00",
        "ção",
        "{x}",
    ]
)


class Desk:
    """A site and the loop that serves it; no dataclass, for Hypothesis prints those with all that is in them."""

    def __init__(self, site: Site, loop: asyncio.Runner) -> None:
        self.site = site
        self.loop = loop


@pytest.fixture(params=kinds(), ids=str)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """An OLT that is served over telnet for all examples of a test."""
    kind: Kind = request.param
    site = Site(case_of(kind.platform, PLATFORMS[kind.platform]), vendor(kind.platform).device, kind.version)
    with asyncio.Runner() as loop:
        served = bench(site.case.adapter, site.device, "telnet", olt=site.new_olt())
        site.bench = loop.run(served.__aenter__())
        yield Desk(site, loop)
        loop.run(served.__aexit__(None, None, None))


@given(data=st.data())
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_line_arrives_that_nobody_meant(desk: Desk, data: st.DataObject) -> None:
    site, loop = desk.site, desk.loop
    names = list(site.case.texts)
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True), label="fields")
    texts = {name: data.draw(st.one_of(FITTING, FITTING, NASTY, ANY), label=name) for name in chosen}
    assume(not any(site.case.texts[name] and text.isdigit() for name, text in texts.items()))
    if (wish := _wish(site.case.wishes["full"], texts)) is None:
        return
    site.start_anew()
    _make_profiles(site, wish)
    loop.run(site.run(wish))
    assert site.wrong(wish) == []
    only_what_was_meant(site)
    assert loop.run(site.run(wish)) == 0


def _wish(base: DesiredOnu, texts: dict[str, str]) -> DesiredOnu | None:
    """The wish with these texts; None where a type refuses one."""
    plain = _clear(base)
    for name, text in texts.items():
        _put(plain, name.split("."), text)
    try:
        return DesiredOnu.model_validate(plain)
    except ValidationError:
        return None


def _clear(wish: DesiredOnu) -> Any:
    """A wish as plain values, secrets in the clear."""
    plain: Any = wish.model_dump(mode="python")
    if wish.wan and wish.wan.password:
        plain["wan"]["password"] = wish.wan.password.get_secret_value()
    for row, wifi in zip(plain["wifi"], wish.wifi, strict=True):
        row["key"] = wifi.key.get_secret_value() if wifi.key else None
    return plain


def _put(plain: Any, where: list[str], text: str) -> None:
    for part in where[:-1]:
        plain = plain[int(part)] if part.isdigit() else plain[part]
    plain[where[-1]] = text


def _make_profiles(site: Site, wish: DesiredOnu) -> None:
    """Have the profiles exist that the wish names, like the one that the base wish names."""
    base, named = _clear(site.case.wishes["full"]), _clear(wish)
    for at, (name, kind) in enumerate(site.case.texts.items()):
        if kind is None or (text := _get(named, name)) == _get(base, name):
            continue
        like = site.olt.profile(kind, _get(base, name))
        number = None if like.number is None else 3000 + at
        if not any(row.kind == kind and text in {row.name, row.key} for row in site.olt.profiles):
            site.olt.profiles.append(Profile(kind, text, number, like.fields))


def _get(plain: Any, name: str) -> str:
    for part in name.split("."):
        plain = plain[int(part)] if part.isdigit() else plain[part]
    return str(plain)


def only_what_was_meant(site: Site) -> None:
    """Every byte after the login is a line of the plan, a question, a mode, or what begins and ends a session."""
    platform = site.case.adapter.PLATFORM
    meant = {"", platform.enable, platform.leave, platform.top, *platform.prepare}
    meant |= {text for pair in platform.logout for text in pair}
    modes = {line for exchange in site.bench.exchanges for line in exchange.path}
    commands = {exchange.command for exchange in site.bench.exchanges if "********" not in exchange.command}
    heads = [
        exchange.command.split("********")[0]
        for exchange in site.bench.exchanges
        if "********" in exchange.command
    ]
    for raw in site.olt.journal.raw.values():
        for line in raw.decode("latin-1").split("\n"):
            known = line in meant or line in modes or line in commands
            assert known or any(line.startswith(head) for head in heads), repr(line)
            assert all(" " <= character <= "~" for character in line)
            assert "?" not in line
