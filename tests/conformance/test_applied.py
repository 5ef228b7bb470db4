"""Said is true: each field of any wish is on the OLT, or told as not applied, or nothing was sent at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from events.outputs import Applied
from schemas.onu import DesiredOnu, ServicePort
from tests.conformance.case import SERIAL
from tests.conformance.test_texts import Desk, desk
from tests.conformance.work import Site
from vendors.contract import Observation, brought
from vendors.errors import OrderRejected
from vendors.simulator.rows import Flow, Registered
from worker.applied import unconfirmed, within
from worker.wish import unseen, with_current

__all__ = ["desk"]
VLANS = st.sampled_from([100, 600, 1402, 2000, 4094])
PRIORITIES = st.sampled_from([0, 0, 5])
WORDS = st.sampled_from(["HSI", "VOZ", "a.b"])
NETWORKS = WORDS | st.sampled_from(["Casa da Maria", "São João", 'a"b?'])
INDEXES = st.integers(1, 3)
TRANSFORMS = st.sampled_from(["translate", "transparent", "translate-and-add"])
QUICK = settings(
    max_examples=40,
    phases=(Phase.generate, Phase.reuse),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(data=st.data())
@QUICK
def test_each_field_of_any_wish_is_applied_or_told(desk: Desk, data: st.DataObject) -> None:
    site = desk.site
    site.start_anew()
    for number in range(data.draw(st.integers(1, 2), label="wishes")):
        wish = data.draw(wishes(site), label=f"wish {number}")
        changes = site.olt.changes
        try:
            applied, untold = desk.loop.run(provisioned(site, wish))
        except OrderRejected:
            assert site.olt.changes == changes, "refused after the first write"
            continue
        lies = {field for field in wish.fields() if not within(field, untold)}
        lies -= set(on_the_olt(site, wish.without(untold)))
        first = number == 0
        assert {field for field in lies if first or field != "description"} == set()
        assert applied == Applied.of(wish.without(untold))


async def provisioned(site: Site, wish: DesiredOnu) -> tuple[Applied, frozenset[str]]:
    """Work on the OLT as the worker does; what it tells as applied, and the fields that it tells are not."""
    adapter = site.case.adapter
    async with site.bench.session() as session:
        before = await site.observe(session, wish)
        limits = [limit.field for limit in adapter.limits(wish, before.firmware)]
        plan = adapter.plan(wish, before)
        await site.apply(session, plan)
        sure = before.secrets_current | brought(plan)
        seen = await site.observe(session, wish)
    site.known = {name: value for name, value in unseen(wish, seen).items() if name in sure}
    after: Observation = with_current(seen, wish, site.known, lambda _, value: value)
    assert adapter.plan(wish, after) == ()
    told = unconfirmed(wish, limits, after, adapter.PLATFORM.never_shown)
    untold = frozenset([*limits, *(one.field for one in told)])
    return Applied.of(wish.without(untold)), untold


# ------------------------------------------------------------------------------------------------------------- wishes


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


@st.composite
def wishes(draw: st.DrawFn, site: Site) -> DesiredOnu:
    """Any wish whose profiles are on the OLT: those that the platform's own wishes name."""
    named = list(site.case.wishes.values())

    def some(*path: str) -> st.SearchStrategy[Any]:
        found = [value for wish in named for value in _reached(wish, path) if value is not None]
        return st.sampled_from(sorted(set(found), key=str)) if found else st.none()

    tconts = draw(st.lists(st.sampled_from([1, 2]), min_size=1, unique=True))
    gems = draw(st.dictionaries(INDEXES, st.sampled_from(tconts), min_size=1, max_size=3))
    # GEM ports that are the line profile's are in every profile of the platform's wishes.
    carried = _gems_of_profiles(site) or set(gems)
    gem = st.sampled_from(sorted(carried & set(gems) or carried))
    flows = draw(
        st.lists(
            st.fixed_dictionaries(
                {"gem_port": gem, "vlan": VLANS},
                optional={
                    "user_vlan": maybe(VLANS),
                    "inner_vlan": maybe(VLANS),
                    "transform": TRANSFORMS,
                    "upstream_profile": some("service_ports", "upstream_profile"),
                    "downstream_profile": some("service_ports", "downstream_profile"),
                },
            ),
            max_size=3,
            unique_by=(
                lambda row: (row["gem_port"], row.get("user_vlan")),
                lambda row: (row["gem_port"], _from_onu(row)),
            ),
        )
    )
    ports = draw(st.lists(st.integers(1, 4), max_size=2, unique=True))
    networks = draw(st.lists(st.integers(1, 4), max_size=2, unique=True))
    whole: dict[str, Any] = {
        "serial": SERIAL,
        "port": site.case.port,
        "description": draw(maybe(WORDS)),
        "onu_type": draw(some("onu_type")),
        "line_profile": draw(some("line_profile")),
        "service_profile": draw(some("service_profile")),
        "tconts": [
            {"index": index, "profile": draw(some("tconts", "profile")) or "x", "name": draw(maybe(WORDS))}
            for index in tconts
        ],
        "gem_ports": [
            {
                "index": index,
                "tcont": tcont,
                "name": draw(maybe(WORDS)),
                "upstream_profile": draw(maybe(some("gem_ports", "upstream_profile"))),
                "downstream_profile": draw(maybe(some("gem_ports", "downstream_profile"))),
            }
            for index, tcont in gems.items()
        ],
        "service_ports": flows,
        "onu_services": [
            {
                "name": name,
                "gem_port": draw(st.sampled_from(sorted(gems))),
                "vlan": draw(maybe(VLANS)),
                "type": draw(maybe(st.just("internet"))),
                "priority": draw(maybe(PRIORITIES)),
            }
            for name in draw(st.lists(WORDS, max_size=2, unique=True))
        ],
        "lan_ports": [
            {
                "port": port,
                "mode": draw(st.sampled_from(["tag", "transparent", "trunk", "hybrid"])),
                "vlan": draw(maybe(VLANS)),
                "priority": draw(PRIORITIES),
            }
            for port in ports
        ],
        "wan": draw(maybe(_wan(some))),
        "wifi": [
            {
                "index": index,
                "name": draw(NETWORKS),
                "key": draw(maybe(st.just("chave-12345678"))),
            }
            for index in networks
        ],
        "management": draw(
            maybe(
                st.fixed_dictionaries(
                    {"vlan": VLANS, "index": st.sampled_from([0, 0, 1]), "priority": PRIORITIES},
                    optional={"tr069_profile": some("management", "tr069_profile")},
                )
            )
        ),
    }
    return DesiredOnu.model_validate(whole)


def _wan(some: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "mode": st.sampled_from(["pppoe", "dhcp"]),
            "vlan": VLANS,
            "index": st.sampled_from([1, 1, 2]),
            "priority": PRIORITIES,
            "vlan_profile": maybe(some("wan", "vlan_profile")),
            "wan_profile": maybe(some("wan", "wan_profile")),
            "login": st.just("joe@isp"),
            "password": st.sampled_from(["senha-um", "senha-dois"]),
            "lan_ports": st.lists(st.integers(1, 4), max_size=2, unique=True),
            "wifi": st.lists(st.integers(1, 4), max_size=2, unique=True),
        }
    )


def _reached(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    for row in value if isinstance(value, tuple) else (value,):
        if row is None:
            continue
        found = getattr(row, path[0])
        if path[1:]:
            yield from _reached(found, path[1:])
        else:
            yield found


def _gems_of_profiles(site: Site) -> set[int]:
    """GEM ports that every line profile of the platform's wishes has; none where line profiles do not hold them."""
    keys = {key for wish in site.case.wishes.values() if (key := wish.line_profile)}
    held = [set(site.olt.profile("line", key).fields.get("gems", ())) for key in keys]
    return set.intersection(*held) if held else set()


def _from_onu(row: Mapping[str, Any]) -> int | None:
    """The tag from the ONU by which an OLT tells two flows of a GEM port apart."""
    found: int | None = row["vlan"] if row.get("transform") == "transparent" else row.get("user_vlan")
    return found


# ------------------------------------------------------------------------------------------------------------ the OLT


def on_the_olt(site: Site, wish: DesiredOnu) -> Iterator[str]:
    """The fields of the wish that the simulated OLT has, each judged by the device's own rows."""
    [found] = site.olt.by_serial(SERIAL)
    has = dict(_rows(site, found))
    for field, value in _values(wish):
        if field in has and _same(site, field, value, has[field]):
            yield field
    for flow in wish.service_ports:
        if any(_does(flow, row) for row in site.olt.flows_of(*found.key)):
            yield from (
                field for field in wish.fields() if field.startswith(f"service_ports.{flow.gem_port}.")
            )


def _values(wish: DesiredOnu) -> Iterator[tuple[str, Any]]:
    for field in wish.fields():
        part, _, rest = field.partition(".")
        value = getattr(wish, part)
        if isinstance(value, tuple):
            row, name = next(
                (row, rest.removeprefix(f"{key}."))
                for row in value
                if rest.startswith(f"{(key := str(_key(row)))}.")
            )
            yield field, getattr(row, name)
        else:
            yield field, getattr(value, rest) if rest else value


def _key(row: Any) -> Any:
    names = ("index", "port", "name", "gem_port")
    return next(getattr(row, name) for name in names if name in type(row).model_fields)


def _same(site: Site, field: str, wished: Any, found: Any) -> bool:
    plain = wished.get_secret_value() if hasattr(wished, "get_secret_value") else wished
    if field in {"line_profile", "service_profile"}:
        kind: Any = field.removesuffix("_profile")
        return bool(site.olt.profile(kind, plain).key == site.olt.profile(kind, found).key)
    if isinstance(plain, tuple):
        return sorted(plain) == sorted(found)
    return bool(plain == found)


def _rows(site: Site, found: Registered) -> Iterator[tuple[str, Any]]:
    """What the device holds, by the names of a wish's fields."""
    for name in ("description", "onu_type", "line_profile", "service_profile"):
        if (value := getattr(found, name)) is not None:
            yield name, value
    shelves: dict[str, Any] = {
        "tconts": found.tconts,
        "gem_ports": found.gems,
        "onu_services": found.services,
        "lan_ports": found.lans,
        "wifi": found.ssids,
    }
    for part, shelf in shelves.items():
        for key, row in shelf.items():
            yield from ((f"{part}.{key}.{name}", value) for name, value in vars(row).items())
    for port in range(1, 5):
        if port not in found.lans:
            yield f"lan_ports.{port}.mode", "transparent"
    for wan in found.wans.values():
        yield from ((f"wan.{name}", value) for name, value in vars(wan).items())
    for host in found.hosts.values():
        yield from ((f"management.{name}", value) for name, value in vars(host).items())


def _does(wished: ServicePort, row: Flow) -> bool:
    """Whether a service-port does what is wished: by what becomes of a frame, not by words."""
    rates = (wished.upstream_profile, wished.downstream_profile)
    return (wished.gem_port, *rates) == (
        row.gem_port,
        row.upstream_profile,
        row.downstream_profile,
    ) and _tags(wished) == _tags(row)


def _tags(flow: Any) -> tuple[int | None, int, int | None]:
    """The tag from the ONU, the outer one towards the network, and the one below it."""
    user, inner = flow.user_vlan, flow.inner_vlan
    if flow.transform == "transparent":
        user, inner = flow.user_vlan or flow.vlan, None
    if flow.transform == "translate-and-add":
        inner = inner or user
    return user, flow.vlan, inner
