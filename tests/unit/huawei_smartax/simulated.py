"""A simulated SmartAX OLT without sockets: a shell that is spoken to directly, and dialogues carried over it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from schemas.onu import DesiredOnu
from schemas.place import PonPort
from vendors.contract import Command, Dialogue, Observation, write
from vendors.huawei_smartax import adapter
from vendors.huawei_smartax.simulator import DEVICE
from vendors.simulator.model import Olt
from vendors.simulator.rows import Board, PluggedOnu, Profile
from vendors.simulator.shell import Shell, Terminal

T = TypeVar("T")
PORT = PonPort(frame=0, slot=1, port=3)
SERIAL = "HWTC1A2B3C4D"


def an_olt(**more: Any) -> Olt:
    """An OLT with a GPON and an XGS-PON board, profiles 10 and 11, and one box lit on 0/1/3."""
    boards = (Board(0, 1), Board(0, 3, "H901XSHF", "xgs-pon"), Board(0, 9, "H902MPLA", None))
    given: dict[str, Any] = {"clock": lambda: 1000.0, "boards": boards}
    olt = Olt(name="OLT-A", **(given | more))
    olt.onu_ids = DEVICE.onu_ids
    if DEVICE.seed:
        DEVICE.seed(olt)
    gems = {"tconts": {0: "1", 1: "10"}, "gems": {1: 1, 2: 1}, "mappings": {1: [100], 2: [200]}}
    olt.profiles += [
        Profile("dba", "dba_10", 10, {"type": 4, "max": 1024000}),
        Profile("line", "line_10", 10, gems),
        Profile("line", "line_11", 11, {"gems": {2: 1}}),
        Profile("service", "srv_20", 20),
        Profile("service", "srv_21", 21),
        Profile("traffic", "1G-UP", 8, {"cir": 1048576, "pir": 1048576}),
        Profile("traffic", "1G-DOWN", 9, {"cir": 1048576, "pir": 1048576}),
        Profile("wan", "wan_0", 0),
        Profile("tr069", "ACS", 1),
    ]
    olt.plug(PluggedOnu(SERIAL, PORT))
    return olt


@dataclass
class Spoken:
    """One session. `said` are the commands that changed something."""

    olt: Olt
    shell: Shell = field(init=False)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shell = DEVICE.shell(self.olt, Terminal())
        self.shell.open()
        for line in ("enable", "undo smart", "undo interactive", "scroll"):
            self.line(line)

    def line(self, text: str) -> str:
        """The reply to a line, questions answered with y."""
        reply = self.shell.feed(text)
        shown = reply.text
        while self.shell.asking:
            shown += self.shell.prompt() + "y\n"
            shown += self.shell.feed("y").text
        return shown

    def captured(self, text: str) -> str:
        """The reply as a terminal shows it: prompt, echo, prompt."""
        before = self.shell.prompt()
        reply = self.line(text)
        return f"{before}{text} \n{reply}\n{self.shell.prompt()}"

    def send(self, command: Command) -> str:
        """Run a command in its mode."""
        for line in command.path:
            adapter.check(write(line, path=()), self.line(line))
        reply = self.line(command.reveal())
        if command.path:
            self.line("return")
        if command.effect != "read":
            self.said.append(command.text)
            adapter.check(command, reply)
        return reply

    def send_all(self, commands: Iterable[Command]) -> None:
        """Run commands in order."""
        for command in commands:
            self.send(command)

    def hold(self, dialogue: Dialogue[T]) -> T:
        """Carry a dialogue."""
        try:
            batch = next(dialogue)
            while True:
                batch = dialogue.send(tuple(self.send(command) for command in batch))
        except StopIteration as finished:
            learnt: T = finished.value
            return learnt

    def observe(self, serial: str = SERIAL, port: PonPort | None = PORT) -> Observation:
        """What the OLT has."""
        return self.hold(adapter.observe(serial, port))

    def reconcile(self, desired: DesiredOnu | None, **known: Any) -> Observation:
        """Plan and apply; the observation after it."""
        for command in adapter.plan(desired, self.observe().model_copy(update=known)):
            self.send(command)
        return self.observe().model_copy(update=known)
