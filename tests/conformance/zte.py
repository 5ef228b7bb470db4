"""What both families of ZTE have in common in the conformance suite."""

from typing import Any

from pydantic import SecretStr

from schemas.onu import DesiredOnu, GemPort, LanPort, Management, OnuService, ServicePort, Tcont, Wan, Wifi
from schemas.place import PonPort
from tests.conformance.case import SERIAL, Case
from tests.support.secrets import PPPOE_PASSWORD, WIFI_KEY
from vendors.contract import Adapter
from vendors.simulator.model import Olt
from vendors.simulator.rows import Profile

PORT = PonPort.model_validate("1/1/3")
PLAIN = DesiredOnu(
    serial=SERIAL,
    port=PORT,
    onu_type="F660",
    tconts=(Tcont(index=1, profile="100M"),),
    gem_ports=(GemPort(index=1, tcont=1),),
    service_ports=(ServicePort(gem_port=1, vlan=600, user_vlan=600),),
)
BRIDGE = {
    "onu_services": (OnuService(name="HSI", gem_port=1, vlan=600),),
    "lan_ports": (LanPort(port=1, vlan=600), LanPort(port=2, mode="hybrid", vlan=600)),
}
FULL = {
    "tconts": (Tcont(index=1, profile="1G"), Tcont(index=2, profile="100M", name="MGMT")),
    "gem_ports": (GemPort(index=1, tcont=1, downstream_profile="DOWN"), GemPort(index=2, tcont=2)),
    "service_ports": (
        ServicePort(gem_port=1, vlan=1402, user_vlan=600, inner_vlan=600, transform="translate-and-add"),
        ServicePort(gem_port=2, vlan=88, user_vlan=88),
    ),
    "onu_services": (
        OnuService(name="HSI", gem_port=1, vlan=600),
        OnuService(name="MGMT", gem_port=2, vlan=88),
    ),
    "wan": Wan(
        mode="pppoe",
        vlan=600,
        vlan_profile="VP",
        login="joe@isp",
        password=SecretStr(PPPOE_PASSWORD),
        lan_ports=(1, 2),
        wifi=(1,),
    ),
    "wifi": (Wifi(index=1, name="Casa", key=SecretStr(WIFI_KEY)),),
    "management": Management(vlan=88, priority=2, tr069_profile="http://192.0.2.1:7547"),
}


def prepare(olt: Olt) -> None:
    """T-CONT and traffic profiles, an ONU type, a VLAN profile."""
    olt.profiles += [Profile("dba", "1G"), Profile("dba", "100M"), Profile("traffic", "DOWN")]
    olt.profiles += [Profile("onu_type", "F660"), Profile("vlan", "VP", fields={"cvlan": 600})]


def zte(adapter: Adapter, **more: Any) -> Case:
    """The case of a family."""
    return Case(
        adapter=adapter,
        port=PORT,
        elsewhere=PonPort.model_validate("1/2/5"),
        prepare=prepare,
        wishes={
            "plain": PLAIN,
            "bridge": PLAIN.model_copy(update=BRIDGE),
            "full": PLAIN.model_copy(update=FULL),
        },
        registration={"onu_type": "F660"},
        texts={
            "onu_type": "onu_type",
            "tconts.0.profile": "dba",
            "tconts.1.name": None,
            "onu_services.0.name": None,
            "description": None,
            "wan.login": None,
            "wan.password": None,
            "wifi.0.name": None,
            "wifi.0.key": None,
        },
        **more,
    )
