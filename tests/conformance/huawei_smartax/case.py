"""What the conformance suite needs to know of SmartAX."""

from pydantic import SecretStr

from schemas.onu import DesiredOnu, LanPort, Management, ServicePort, Wan
from schemas.place import PonPort
from tests.conformance.case import SERIAL, Case
from tests.support.secrets import PPPOE_PASSWORD
from vendors.huawei_smartax import adapter
from vendors.simulator.model import Olt
from vendors.simulator.rows import Profile

PORT = PonPort.model_validate("0/1/3")


def prepare(olt: Olt) -> None:
    """Line profiles with their GEM ports, service profiles, traffic tables, WAN and TR-069 profiles."""
    gems = {"tconts": {1: "1"}, "gems": {1: 1, 2: 1}}
    olt.profiles += [
        Profile("line", "home", 10, gems),
        Profile("line", "office", 11, {"tconts": {1: "1"}, "gems": {1: 1, 2: 1, 3: 1}}),
        Profile("service", "sfu", 20),
        Profile("service", "hgu", 21),
        Profile("traffic", "up", 8, {"cir": 51200, "pir": 51200}),
        Profile("traffic", "down", 9, {"cir": 512000, "pir": 512000}),
        Profile("wan", "route", 0),
        Profile("tr069", "acs", 1),
    ]


PLAIN = DesiredOnu(
    serial=SERIAL,
    port=PORT,
    line_profile="10",
    service_profile="20",
    service_ports=(
        ServicePort(gem_port=1, vlan=100, user_vlan=100, upstream_profile="8", downstream_profile="9"),
    ),
)
FULL = PLAIN.model_copy(
    update={
        "line_profile": "11",
        "service_profile": "21",
        "service_ports": (
            *PLAIN.service_ports,
            ServicePort(gem_port=2, vlan=2000, user_vlan=41, inner_vlan=1001, transform="translate-and-add"),
            ServicePort(gem_port=3, vlan=1000, user_vlan=1000),
        ),
        "wan": Wan(
            mode="pppoe",
            vlan=100,
            login="joe@isp",
            password=SecretStr(PPPOE_PASSWORD),
            wan_profile="0",
            lan_ports=(1, 2),
        ),
        "management": Management(vlan=1000, priority=2, tr069_profile="1"),
    }
)
CASE = Case(
    adapter=adapter,
    port=PORT,
    elsewhere=PonPort.model_validate("0/2/5"),
    prepare=prepare,
    wishes={
        "plain": PLAIN,
        "bridge": PLAIN.model_copy(
            update={"lan_ports": (LanPort(port=1, vlan=100), LanPort(port=2, vlan=100, priority=5))}
        ),
        "untagged": PLAIN.model_copy(update={"service_ports": (ServicePort(gem_port=2, vlan=7),)}),
        "full": FULL,
    },
    registration={"line_profile": "10", "service_profile": "20"},
    texts={
        "line_profile": "line",
        "service_profile": "service",
        "description": None,
        "wan.login": None,
        "wan.password": None,
    },
)
