"""What is wrong in the end: with what was published, and with what stands on the OLTs. No fault: an empty list."""

from __future__ import annotations

import copy
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from tests.crash.bus import Published
from tests.crash.desk import Order
from tests.crash.town import Site
from tests.crash.wanted import registration
from tests.support.secrets import WIFI_KEY

# ------------------------------------------------------------------------------------------------- what was published


def faults_of_events(
    orders: Sequence[Order], results: Sequence[Published], progress: Sequence[Published]
) -> list[str]:
    """Every order has its finals, one id for each revision; sequences rise, and none is missing."""
    by_order: dict[str, list[Published]] = defaultdict(list)
    for record in (*results, *progress):
        by_order[record.order].append(record)
    unknown = [f"{name} was never asked for" for name in by_order.keys() - {order.id for order in orders}]
    return unknown + [
        f"{order.id}: {fault}" for order in orders for fault in _of_one(order, by_order[order.id])
    ]


def _of_one(order: Order, records: Sequence[Published]) -> Iterable[str]:
    yield from _repeated(records)
    finals = {record.id: record for record in records if record.kind != "progress"}
    ids = Counter(final.data["revision"] for final in finals.values())
    yield from (f"revision {revision} has {count} final ids" for revision, count in ids.items() if count > 1)
    last = max((record.data["revision"] for record in records), default=0)
    ended = [final for final in finals.values() if final.data["revision"] == last]
    if not ended:
        yield f"revision {last} has no final event"
    yield from (
        f"the last final is {final.kind} ({final.data.get('code')}), not {order.ends} ({order.code})"
        for final in ended
        if (final.kind, final.data.get("code") if order.code else None) != (order.ends, order.code)
    )
    yield from _sequences(records)


def _repeated(records: Sequence[Published]) -> Iterable[str]:
    """A record that was published again must be the same."""
    values: dict[str, set[bytes]] = defaultdict(set)
    for record in records:
        values[record.id].add(record.value)
    return [
        f"event {name} was published in {len(found)} versions"
        for name, found in values.items()
        if len(found) > 1
    ]


def _sequences(records: Sequence[Published]) -> Iterable[str]:
    """Over both topics every number once; on each topic in their order, repetitions aside."""
    numbers = {record.id: record.data["sequence"] for record in records}
    if sorted(numbers.values()) != list(range(1, len(numbers) + 1)):
        yield f"sequence numbers {sorted(numbers.values())}"
    for topic in {record.topic for record in records}:
        first = dict.fromkeys(record.id for record in records if record.topic == topic)
        heard = [numbers[name] for name in first]
        if heard != sorted(heard):
            yield f"out of sequence on {topic}: {heard}"


# ------------------------------------------------------------------------------------------------------------ the OLTs


def faults_of_olts(
    orders: Sequence[Order], sites: dict[str, Site], most: Counter[tuple[str, str]]
) -> list[str]:
    """Each OLT holds what the orders and the people before them put there, saved, and nothing was done twice."""
    return [
        f"{site.kind.olt}: {fault}"
        for site in sites.values()
        for fault in (*_state(site, orders), *_doings(site, most))
    ]


def _state(site: Site, orders: Sequence[Order]) -> Iterable[str]:
    wanted = {(key.split(":")[0], row["serial"]): row for key, row in site.before.items()}
    for order in orders:
        if order.ends == "completed" and order.site is site:
            wanted[str(order.port), order.serial] = _wanted(order)
    found = {(key.split(":")[0], row["serial"]): row for key, row in site.olt.snapshot().items()}
    yield from (f"{place} is left over" for place in found.keys() - wanted.keys())
    yield from (f"{place} is missing" for place in wanted.keys() - found.keys())
    for place in wanted.keys() & found.keys():
        columns = _differing(wanted[place], found[place])
        if site.kind.brand == "ZTE" and found[place]["description"] == "":
            # A line of its own, sent once after the registration: a worker that dies in between leaves none.
            columns.discard("description")
        yield from (f"{place}: {column}" for column in sorted(columns))
    if len(found) != len(site.olt.registered):
        yield "a serial is registered twice on one port"
    owners = site.olt.registered.keys()
    yield from (
        f"service-port {flow.index} belongs to nobody" for flow in site.olt.flows if flow.onu not in owners
    )
    if site.olt.profiles != site.profiles:
        yield "profiles have changed"
    if site.olt.unsaved:
        yield "the configuration is not saved"


def _wanted(order: Order) -> dict[str, Any]:
    olt = order.site.kind.olt
    return registration(olt, order.serial, order.id, order.mode, order.password, WIFI_KEY)


def _differing(wanted: dict[str, Any], found: dict[str, Any]) -> set[str]:
    """Columns that are not as wanted; their values may be passwords."""
    one, other = _numberless(wanted), _numberless(found)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def _numberless(row: dict[str, Any]) -> dict[str, Any]:
    """Without the numbers of service-ports, which the OLT's writer chooses; ordered by what they carry."""
    row = copy.deepcopy(row)
    for flow in row["flows"]:
        flow.pop("index", None)
    return row | {"flows": sorted(row["flows"], key=lambda flow: (flow["gem_port"], flow["user_vlan"]))}


def _doings(site: Site, most: Counter[tuple[str, str]]) -> Iterable[str]:
    """Nothing was done that the OLT's state contradicted, nor oftener than the orders asked for."""
    yield from (f"had to refuse: {what}" for what in site.olt.refused)
    for what, count in site.olt.done.items():
        if count > (limit := most[site.kind.olt, what[1]]):
            yield f"{' '.join(what)} was done {count} times, at most {limit} were asked for"
