"""How an ONU must stand on its OLT in the end, written down by hand from `services.yaml`, in the words of `Olt.snapshot`."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
LOGIN = "ana@isp"
WIFI_NAME = "Casa"
VLANS = {"centro-1": 1100, "centro-2": 1100, "norte-1": 1201, "norte-2": 1202}
"""Of the Internet service, by OLT."""


def registration(
    olt: str, serial: str, description: str, mode: str, password: str | None, wifi_key: str | None
) -> Row:
    """The registration of a customer's ONU, all of it."""
    if olt.startswith("centro"):
        own = _huawei_router(password) if mode == "router" else _huawei_bridge()
    else:
        own = _zte_router(olt, password, wifi_key) if mode == "router" else _zte_bridge(olt)
    return BARE | own | {"serial": serial, "description": description}


BARE: Row = {
    "name": "",
    "active": True,
    "match_state": "match",
    "config_state": "normal",
    "onu_type": None,
    "line_profile": None,
    "service_profile": None,
    "tconts": {},
    "gems": {},
    "services": {},
    "lans": {},
    "wans": {},
    "ssids": {},
    "hosts": {},
    "more": {},
    "flows": [],
}


def _huawei_router(password: str | None) -> Row:
    return {
        "line_profile": "10",
        "service_profile": "20",
        "flows": [
            _flow(1, vlan=1100, user_vlan=100, upstream_profile="15", downstream_profile="30"),
            _flow(2, vlan=3500, user_vlan=200),
        ],
        "wans": {1: _pppoe(password, vlan=100)},
        "hosts": {0: {"index": 0, "mode": "dhcp", "vlan": 200, "priority": 0, "tr069_profile": "1"}},
        "more": {"internet": 1, "tr069": "1"},
    }


def _huawei_bridge() -> Row:
    return {
        "line_profile": "10",
        "service_profile": "20",
        "flows": [_flow(1, vlan=1100, user_vlan=100)],
        "lans": {port: _lan(port) for port in (1, 2)},
    }


def _zte_router(olt: str, password: str | None, wifi_key: str | None) -> Row:
    return {
        **_zte(olt),
        "tconts": {1: {"index": 1, "name": "HSI", "profile": "UP150M"}},
        "gems": {1: _gem(name="HSI", downstream_profile="DW300M")},
        "wans": {1: _pppoe(password, vlan=None, vlan_profile="internet", lan_ports=(1, 2), wifi=(1,))},
        "ssids": {1: {"index": 1, "name": WIFI_NAME, "key": wifi_key, "enabled": True}},
    }


def _zte_bridge(olt: str) -> Row:
    return {
        **_zte(olt),
        "tconts": {1: {"index": 1, "name": None, "profile": "UP150M"}},
        "gems": {1: _gem(name=None, downstream_profile=None)},
        "lans": {port: _lan(port) for port in (1, 2)},
    }


def _zte(olt: str) -> Row:
    return {
        "onu_type": "ZTE-F660",
        "flows": [_flow(1, vlan=VLANS[olt], user_vlan=100, vport=1)],
        "services": {"HSI": {"name": "HSI", "gem_port": 1, "vlan": 100, "type": None, "priority": None}},
        "more": {"switchport": {1}} if olt == "norte-1" else {},
    }


def _flow(gem_port: int, **more: Any) -> Row:
    """A service-port; its number is the OLT's affair."""
    bare = {"inner_vlan": None, "transform": "translate", "vport": None}
    return bare | {"upstream_profile": None, "downstream_profile": None, "gem_port": gem_port} | more


def _gem(**more: Any) -> Row:
    return {"index": 1, "tcont": 1, "upstream_profile": None, "encrypt": False} | more


def _lan(port: int) -> Row:
    return {"port": port, "mode": "tag", "vlan": 100, "priority": 0, "enabled": True}


def _pppoe(password: str | None, **more: Any) -> Row:
    bare = {"vlan_profile": None, "wan_profile": None, "lan_ports": (), "wifi": (), "priority": 0}
    own = {"index": 1, "mode": "pppoe", "login": LOGIN, "password": password, "internet": True}
    return bare | own | more
