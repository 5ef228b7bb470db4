"""What the conformance suite needs to know of the toy."""

from pydantic import SecretStr

from schemas.onu import DesiredOnu, ServicePort, Wan
from schemas.place import PonPort
from tests.conformance.case import SERIAL, Case
from tests.conformance.toy import adapter
from tests.support.secrets import PPPOE_PASSWORD
from vendors.simulator.model import Olt
from vendors.simulator.rows import Profile

PORT = PonPort.model_validate("0/1/0")


def prepare(olt: Olt) -> None:
    """Two line profiles."""
    olt.profiles += [
        Profile("line", "home", fields={"gems": {1: 1, 2: 1}}),
        Profile("line", "office", fields={"gems": {1: 1, 3: 1}}),
    ]


PLAIN = DesiredOnu(
    serial=SERIAL,
    port=PORT,
    line_profile="home",
    service_ports=(ServicePort(gem_port=1, vlan=100, user_vlan=10),),
)
CASE = Case(
    adapter=adapter,
    port=PORT,
    elsewhere=PonPort.model_validate("0/2/5"),
    prepare=prepare,
    wishes={
        "plain": PLAIN,
        "untagged": PLAIN.model_copy(update={"service_ports": (ServicePort(gem_port=2, vlan=7),)}),
        "full": PLAIN.model_copy(
            update={
                "line_profile": "office",
                "service_ports": (*PLAIN.service_ports, ServicePort(gem_port=3, vlan=300, user_vlan=30)),
                "wan": Wan(mode="pppoe", vlan=10, login="joe@isp", password=SecretStr(PPPOE_PASSWORD)),
            }
        ),
    },
    registration={"line_profile": "home"},
    texts={"line_profile": "line", "description": None, "wan.login": None, "wan.password": None},
)
