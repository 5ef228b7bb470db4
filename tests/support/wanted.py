"""What an OLT must look like for a wish, said from the wish alone: an independent judge of plans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.onu import DesiredOnu, ServicePort
from vendors.simulator.model import Olt
from vendors.simulator.rows import ProfileKind

Row = dict[str, Any]
PROFILES: tuple[tuple[str, ProfileKind], ...] = (("line_profile", "line"), ("service_profile", "service"))
"""Named by number or by name; the OLT keeps one of them."""


def wanted(wish: DesiredOnu, not_done: Iterable[str] = ()) -> Row:
    """The registration that a wish describes, in the words of `Olt.snapshot`, by column.

    `not_done`: fields of the wish that the platform cannot do (`service_ports.1.upstream_profile`, `wifi`).
    """
    skipped = set(not_done)
    wish = wish.without({name for name in skipped if name.startswith("wifi.")})
    whole = {
        "serial": wish.serial,
        "description": wish.description,
        "line_profile": wish.line_profile,
        "service_profile": wish.service_profile,
        "onu_type": wish.onu_type,
        "tconts": {row.index: {"profile": row.profile, "name": row.name} for row in wish.tconts},
        "gems": {row.index: {"tcont": row.tcont} for row in wish.gem_ports},
        "flows": sorted((_flow(row) for row in wish.service_ports), key=_order),
        "services": {row.name: {"gem_port": row.gem_port, "vlan": row.vlan} for row in wish.onu_services},
        "lans": {row.port: _lan(row.mode, row.vlan, row.priority) for row in wish.lan_ports},
        "wans": _wans(wish),
        "ssids": {row.index: {"name": row.name, "key": _clear(row.key)} for row in wish.wifi},
        "hosts": _hosts(wish),
    }
    names = {"wifi": "ssids", "wan": "wans", "management": "hosts", "lan_ports": "lans"}
    dropped = {names.get(name, name) for name in skipped}
    return {name: value for name, value in whole.items() if name not in dropped and value is not None}


def _flow(row: ServicePort) -> Row:
    return {
        "gem_port": row.gem_port,
        "vlan": row.vlan,
        "user_vlan": row.user_vlan,
        "inner_vlan": row.inner_vlan,
        "transform": row.transform,
    }


def _lan(mode: str, vlan: int | None, priority: int) -> Row:
    return {"mode": mode, "vlan": vlan, "priority": priority}


def _wans(wish: DesiredOnu) -> dict[int, Row]:
    wan = wish.wan
    if wan is None:
        return {}
    row = {"mode": wan.mode, "vlan": wan.vlan, "login": wan.login, "password": _clear(wan.password)}
    return {wan.index: row}


def _hosts(wish: DesiredOnu) -> dict[int, Row]:
    host = wish.management
    if host is None:
        return {}
    row = {"vlan": host.vlan, "priority": host.priority, "tr069_profile": host.tr069_profile}
    return {host.index: row}


def _clear(secret: Any) -> str | None:
    return secret.get_secret_value() if secret else None


def _order(flow: Row) -> str:
    return f"{flow['gem_port']:05}{flow['user_vlan'] or 0:05}{flow['vlan']:05}"


def shown(olt: Olt, serial: str) -> list[tuple[str, Row]]:
    """Where the OLT has a serial registered, and its state as `snapshot` tells it."""
    return [
        (str(found.port), row)
        for found, row in zip(olt.registered.values(), olt.snapshot().values(), strict=True)
        if found.serial == serial
    ]


def differences(wish: DesiredOnu | None, serial: str, olt: Olt, not_done: Iterable[str] = ()) -> list[str]:
    """What on the OLT is not as the wish says; nothing when it is. `wish` None: the serial is registered nowhere."""
    places = shown(olt, serial)
    if wish is None:
        return [f"still registered on {port}" for port, _ in places]
    if [port for port, _ in places] != [str(wish.port)]:
        return [f"registered on {[port for port, _ in places]}, wanted on {wish.port}"]
    expected, state = wanted(wish, not_done), dict(places[0][1])
    state["lans"] = {
        port: lan for port, lan in state["lans"].items() if port in expected.get("lans", {}) or _set(lan)
    }
    state["flows"] = sorted(state["flows"], key=_order)
    for name, kind in PROFILES:
        if name in expected:
            expected[name] = olt.profile(kind, expected[name]).key
    for name in ("ssids", "hosts"):
        # What a wish says nothing of may stay in the ONU: no command is known that takes it out everywhere.
        state[name] = {key: row for key, row in state[name].items() if key in expected.get(name, {})}
    return [text for name, value in expected.items() for text in _compared(name, value, state[name])]


def _set(lan: Row) -> bool:
    """Whether a LAN port is set to anything; transparent is how it is delivered."""
    return (lan["mode"], lan["vlan"]) != ("transparent", None)


def _compared(name: str, wished: Any, found: Any) -> list[str]:
    if isinstance(wished, Mapping) and isinstance(found, Mapping):
        if name.count(".") == 0 and set(wished) != set(found):
            return [f"{name}: {sorted(map(str, found))}, wanted {sorted(map(str, wished))}"]
        return [text for key in wished for text in _compared(f"{name}.{key}", wished[key], found[key])]
    if isinstance(wished, list):
        if len(wished) != len(found):
            return [f"{name}: {len(found)} rows, wanted {len(wished)}"]
        pairs = enumerate(zip(wished, found, strict=True))
        return [text for at, (one, other) in pairs for text in _compared(f"{name}.{at}", one, other)]
    return [] if wished == found else [f"{name}: another value than wanted"]
