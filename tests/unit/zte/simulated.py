"""An adapter and a simulated OLT without a line between them: modes are entered as the session does, replies are cleaned of nothing."""

from dataclasses import dataclass, field

from pydantic import SecretStr

from schemas.onu import DesiredOnu, GemPort, LanPort, Management, OnuService, ServicePort, Tcont, Wan, Wifi
from schemas.place import PonPort
from tests.unit.zte.builders import PORT, SERIAL, TITAN, ZXAN
from vendors.contract import Adapter, Command, Dialogue, Observation, T
from vendors.simulator.model import Olt
from vendors.simulator.rows import Board, PluggedOnu, Profile
from vendors.simulator.shell import Device, Shell, Terminal
from vendors.zte_titan.simulator import DEVICE as TITAN_DEVICE
from vendors.zte_zxan.simulator import DEVICE as ZXAN_DEVICE

PASSWORDS = {"wan.password": "segredo1", "wifi.1.key": "chave-wifi-1"}


class Cut(Exception):
    """The line broke, by order of the test."""


@dataclass
class Bench:
    """One OLT, and who works on it."""

    adapter: Adapter
    device: Device
    olt: Olt
    sent: list[Command] = field(default_factory=list)
    cut_after: int | None = None
    now: float = 0.0
    lines: list[str] = field(default_factory=list)
    """What is typed at the OLT's own shell by hand."""

    def __post_init__(self) -> None:
        self.olt.clock = lambda: self.now
        self.shell: Shell = self.device.shell(self.olt, Terminal(width=511))
        self.shell.open()
        self.shell.feed("terminal length 0")

    def type(self, *lines: str) -> str:
        """Type lines; what the last one answers."""
        text = ""
        for line in lines:
            text = self.shell.feed(line).text
        return text

    def send(self, command: Command) -> str:
        self.type("end", *command.path)
        reply = self.type(command.reveal())
        if command.effect != "read":
            self.sent.append(command)
            if self.cut_after is not None and len(self.sent) >= self.cut_after:
                raise Cut
        return reply

    def hold(self, dialogue: Dialogue[T]) -> T:
        try:
            batch = next(dialogue)
            while True:
                batch = dialogue.send(tuple(self.send(command) for command in batch))
        except StopIteration as end:
            learnt: T = end.value
            return learnt

    def observe(self, *current: str) -> Observation:
        seen = self.hold(self.adapter.observe(SERIAL, PORT))
        return seen.model_copy(update={"secrets_current": frozenset(current)})

    def reconcile(self, desired: DesiredOnu | None, *current: str) -> list[Command]:
        """Send the plan; what had to be sent."""
        plan = self.adapter.plan(desired, self.observe(*current))
        for command in plan:
            self.adapter.check(command, self.send(command))
        return list(plan)


def bench(family: str, version: str = "V2.1.0") -> Bench:
    """An OLT with profiles, a box that is lit, and a neighbour whose number the OLT proposes again."""
    adapter, device = (ZXAN, ZXAN_DEVICE) if family == "zte_zxan" else (TITAN, TITAN_DEVICE)
    olt = Olt(
        name="ZXAN",
        boards=(Board(1, 2, "GTGH", first_port=1), Board(1, 4, "SMXA", technology=None)),
        numbering=device.numbering,
        onu_ids=device.onu_ids,
        version=version,
        clock=lambda: 0.0,
    )
    assert device.seed
    device.seed(olt)
    for kind, name in (
        ("dba", "1G"),
        ("dba", "100M"),
        ("traffic", "UP"),
        ("traffic", "DOWN"),
        ("onu_type", "ZTE-F660"),
    ):
        olt.profiles.append(Profile(kind, name))  # type: ignore[arg-type]
    olt.profiles.append(Profile("vlan", "VP", fields={"cvlan": 600}))
    olt.plug(PluggedOnu(SERIAL, PORT, model="XPON GGC665"))
    made = Bench(adapter, device, olt)
    olt.register(PORT, 2, "HWTC12345678", onu_type="ALL")
    return made


def router(adapter: Adapter, **differs: object) -> DesiredOnu:
    """Two services, a WAN connection, Wi-Fi, TR-069: everything that the family has words for."""
    titan = adapter is TITAN
    flow = {"upstream_profile": "UP", "downstream_profile": "DOWN"} if titan else {}
    rates = {"downstream_profile": "DOWN"} | ({} if titan else {"upstream_profile": "UP"})
    wish = DesiredOnu(
        serial=SERIAL,
        port=PORT,
        description="os-4711",
        onu_type="ZTE-F660",
        tconts=(Tcont(index=1, profile="1G"), Tcont(index=2, profile="100M", name="MGMT")),
        gem_ports=(GemPort(index=1, tcont=1, **rates), GemPort(index=2, tcont=2)),
        service_ports=(
            ServicePort(gem_port=1, vlan=1402, user_vlan=600, inner_vlan=600, transform="translate-and-add", **flow),
            ServicePort(gem_port=2, vlan=88, user_vlan=88),
        ),
        onu_services=(OnuService(name="HSI", gem_port=1, vlan=600), OnuService(name="MGMT", gem_port=2, vlan=88)),
        lan_ports=(LanPort(port=1, vlan=600), LanPort(port=2, mode="hybrid", vlan=600), LanPort(port=3, mode="trunk")),
        wan=Wan(
            mode="pppoe", vlan=600, vlan_profile="VP", login="joao@isp", lan_ports=(1, 2), wifi=(1,),
            password=SecretStr(PASSWORDS["wan.password"]),
        ),
        wifi=(Wifi(index=1, name="Casa", key=SecretStr(PASSWORDS["wifi.1.key"])),),
        management=Management(vlan=88, priority=2, tr069_profile="http://192.0.2.1:7547"),
    )  # fmt: skip
    return wish.model_copy(update=differs)


ELSEWHERE = PonPort(frame=1, slot=2, port=9)
