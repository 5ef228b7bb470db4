"""Wishes and observations in which only what differs is said."""

from typing import Any

from pydantic import SecretStr

from schemas.onu import (
    DesiredOnu,
    GemPort,
    LanPort,
    Management,
    OnuService,
    ServicePort,
    Tcont,
    Wan,
    Wifi,
)
from schemas.place import PonPort
from vendors.contract import Adapter, Dialogue, Flow, Observation, Registration, T
from vendors.zte_common.parse.registry import parse
from vendors.zte_titan import adapter as titan
from vendors.zte_zxan import adapter as zxan

SERIAL = "ZTEGC1192DD7"
PORT = PonPort(frame=1, slot=2, port=3)
PLACE = {"shelf": 1, "slot": 1, "port": 3}
STATE = """OnuIndex   Admin State  OMCC State  Phase State  Channel
--------------------------------------------------------------
1/1/1:1     enable       enable      working      1(GPON)
1/1/1:4     enable       disable     OffLine      1(GPON)
ONU Number: 1/2
"""
ZXAN: Adapter = zxan
TITAN: Adapter = titan
WAN = Wan(
    mode="pppoe",
    vlan=600,
    vlan_profile="VP",
    login="joao@isp",
    password=SecretStr("segredo1"),
    lan_ports=(1, 2),
    wifi=(1,),
)


def onu(**differs: Any) -> DesiredOnu:
    """A bridge with one service."""
    usual: dict[str, Any] = {
        "serial": SERIAL,
        "port": PORT,
        "onu_type": "ZTE-F660",
        "tconts": (Tcont(index=1, profile="100M"),),
        "gem_ports": (GemPort(index=1, tcont=1),),
        "service_ports": (ServicePort(gem_port=1, vlan=600, user_vlan=600),),
        "onu_services": (OnuService(name="HSI", gem_port=1, vlan=600),),
        "lan_ports": (LanPort(port=1, vlan=600),),
    }
    return DesiredOnu(**usual | differs)


def found(**differs: Any) -> Registration:
    """What `onu()` looks like once it is registered as ONU 4."""
    usual: dict[str, Any] = {
        "port": PORT,
        "onu_id": 4,
        "raw_serial": SERIAL,
        "online": True,
        "onu_type": "ZTE-F660",
        "tconts": (Tcont(index=1, profile="100M"),),
        "gem_ports": (GemPort(index=1, tcont=1),),
        "flows": (Flow(index=1, service=ServicePort(gem_port=1, vlan=600, user_vlan=600)),),
        "onu_services": (OnuService(name="HSI", gem_port=1, vlan=600),),
        "lan_ports": (LanPort(port=1, vlan=600),),
        "wifi": (),
    }
    return Registration(**usual | differs)


def seen(*registrations: Registration, used: tuple[int, ...] = (), **differs: Any) -> Observation:
    """What an OLT shows."""
    return Observation(
        serial=SERIAL, port=PORT, registrations=registrations, used_onu_ids=frozenset(used), **differs
    )


def lines(adapter: Adapter, desired: DesiredOnu | None, observed: Observation) -> list[str]:
    """The plan as a person would type it, its modes in front."""
    return [" > ".join((*command.path[1:], command.text)) for command in adapter.plan(desired, observed)]


def play(dialogue: Dialogue[T], replies: dict[str, str]) -> T:
    """Carry a dialogue with an OLT that says always the same; a question it does not know is a test's mistake."""
    try:
        batch = next(dialogue)
        while True:
            assert batch, "a dialogue asks something each time"
            batch = dialogue.send(tuple(replies[" > ".join((*c.path[1:], c.text))] for c in batch))
    except StopIteration as end:
        learnt: T = end.value
        return learnt


__all__ = [
    "PORT",
    "SERIAL",
    "TITAN",
    "WAN",
    "ZXAN",
    "Flow",
    "GemPort",
    "LanPort",
    "Management",
    "OnuService",
    "ServicePort",
    "Tcont",
    "Wan",
    "Wifi",
    "found",
    "lines",
    "onu",
    "play",
    "seen",
]


def read(command: str, *lines: str) -> dict[str, Any]:
    """What these lines mean as the reply to `command`."""
    return parse(command, "\n".join(lines) + "\n")
