"""Values for tests of provisioning: each builder states only what differs."""

from __future__ import annotations

from typing import Any

from schemas.onu import DesiredOnu, ServicePort
from schemas.optics import OpticalLimits
from schemas.place import PonPort
from vendors.contract import Observation, Optics, Registration, Sighting
from worker.resolve import Resolved
from worker.wish import Wish

SERIAL = "HWTC1A2B3C4D"
HERE = PonPort(frame=0, slot=1, port=0)
THERE = PonPort(frame=0, slot=1, port=7)
GOOD = Optics(onu_rx_dbm=-19.5, onu_tx_dbm=2.1, olt_rx_dbm=-21.0, distance_m=1074)


def desired(**more: Any) -> DesiredOnu:
    base = {"serial": SERIAL, "port": HERE, "service_ports": (ServicePort(gem_port=1, vlan=100),)}
    return DesiredOnu.model_validate(base | more)


def registered(port: PonPort = HERE, **more: Any) -> Registration:
    base = {"port": port, "onu_id": 3, "raw_serial": SERIAL, "online": True, "optics": GOOD}
    return Registration.model_validate(base | more)


def seen(*found: Registration, lit: PonPort | None = None, model: str | None = None) -> Observation:
    sighting = Sighting(port=lit, serial=SERIAL, raw_serial=SERIAL, model=model) if lit else None
    return Observation(serial=SERIAL, port=HERE, registrations=found, sighting=sighting)


def wish(wanted: DesiredOnu | None = None, **more: Any) -> Wish:
    resolved = Resolved(wanted or desired(), "regra", frozenset(), OpticalLimits(), "EG8145V5")
    return Wish(wanted or desired(), resolved, **more)
