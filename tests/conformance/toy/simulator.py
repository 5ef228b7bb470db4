"""The toy from the other side."""

import re
from dataclasses import dataclass

from schemas.place import PonPort
from schemas.serial import serial_or_none
from vendors.simulator.rows import Flow, Refusal, Registered, Wan
from vendors.simulator.shell import Device, Look, Mode, ModeShell, Reply, on

LOOK = Look(
    user_prompt="login: ",
    password_prompt="secret: ",
    ssh_password_prompt="({user}) password: ",
    login_refused="wrong name or secret\n",
    too_many_of_user="no line free\n",
    too_many="no line free\n",
    pager="-- next --",
    pager_erase="\x1b[10D          \x1b[10D",
    alarm="* ALARM fan 2 of shelf 0\n",
    refusal="E02 refused\n",
    busy="E06 busy\n",
)
_WORDS = {
    "serial_exists": "E01 serial is registered",
    "port_full": "E03 port is full",
    "no_such_profile": "E04 no such profile",
    "busy": "E06 busy",
}


def _table(rows: list[list[object]]) -> str:
    lines = [" ".join("-" if cell in {None, ""} else str(cell) for cell in row) for row in rows]
    return "\n".join([*lines, f"total: {len(rows)}"]) + "\n"


@dataclass
class ToyShell(ModeShell):
    """Modes: privileged, config, pon."""

    page_length: int = 8
    hints: bool = True

    def __post_init__(self) -> None:
        self.stack = [Mode("privileged", "{host}#")]

    def open(self) -> str:
        return "\n#### The toy. Authorised users only ####\n\n"

    def refused(self, refusal: Refusal, line: str) -> str:
        return _WORDS.get(refusal.kind, f"E02 {refusal.kind}") + "\n"

    def unknown(self, line: str) -> str:
        return "E05 what?\n"

    @property
    def port(self) -> PonPort:
        port: PonPort = self.mode.about
        return port

    def _onu(self, line: re.Match[str]) -> Registered:
        return self.olt.onu(self.port, int(line["id"]))

    @on("no paging")
    def _no_paging(self, line: re.Match[str]) -> str:
        self.page_length = 0
        return ""

    @on("no hints")
    def _no_hints(self, line: re.Match[str]) -> str:
        self.hints = False
        return ""

    @on("bye", "privileged")
    def _bye(self, line: re.Match[str]) -> Reply:
        return self.ask("leave? [y/n] ", lambda answer: Reply(hang_up=answer == "y"))

    @on("configure", "privileged")
    def _configure(self, line: re.Match[str]) -> str:
        self.stack.append(Mode("config", "{host}(config)#"))
        return ""

    @on(r"pon (?P<port>[\d/]+)", "config")
    def _pon(self, line: re.Match[str]) -> str:
        port = PonPort.model_validate(line["port"])
        self.olt.check_port(port)
        self.stack.append(Mode("pon", f"{{host}}(pon-{port})#", port))
        return ""

    @on("up", "config", "pon")
    def _up(self, line: re.Match[str]) -> str:
        self.stack.pop()
        return ""

    @on("show version")
    def _version(self, line: re.Match[str]) -> str:
        return "toy 1.0\n"

    @on("show seen")
    def _seen(self, line: re.Match[str]) -> Reply:
        text = _table([[onu.serial, onu.port, onu.model] for onu in self.olt.unregistered()])
        return self.ask("<more?> ", lambda _: Reply(text)) if self.hints else Reply(text)

    @on(r"show onu (?P<serial>\S+)")
    def _show(self, line: re.Match[str]) -> str:
        found = self.olt.by_serial(serial_or_none(line["serial"]) or "")
        return _table([self._row(registered) for registered in found])

    def _row(self, found: Registered) -> list[object]:
        phase = self.olt.phase(found)
        row = [found.serial, found.port, found.onu_id, phase, found.line_profile, found.description]
        if phase != "online":
            return [*row, "", "", "", ""]
        optics = self.olt.online(found).optics
        return [*row, optics.onu_rx_dbm, optics.onu_tx_dbm, optics.olt_rx_dbm, optics.distance_m]

    @on(r"show ids (?P<port>\S+)")
    def _ids(self, line: re.Match[str]) -> str:
        port = PonPort.model_validate(line["port"])
        return _table([[found.onu_id] for found in self.olt.on_port(port)])

    @on(r"show flows (?P<id>\d+)", "pon")
    def _flows(self, line: re.Match[str]) -> str:
        flows = self.olt.flows_of(self.port, int(line["id"]))
        return _table([[flow.index, flow.gem_port, flow.vlan, flow.user_vlan] for flow in flows])

    @on(r"show ppp (?P<id>\d+)", "pon")
    def _show_ppp(self, line: re.Match[str]) -> str:
        return _table([["ppp", wan.vlan, wan.login, wan.password] for wan in self._onu(line).wans.values()])

    @on(
        r"onu (?P<id>\d+) serial (?P<serial>\S+) profile (?P<profile>\S+)( description (?P<text>\S+))?", "pon"
    )
    def _register(self, line: re.Match[str]) -> str:
        self.olt.register(
            self.port,
            int(line["id"]),
            line["serial"],
            line_profile=line["profile"],
            description=line["text"] or "",
        )
        return "done\n"

    @on(r"onu (?P<id>\d+) profile (?P<profile>\S+)", "pon")
    def _profile(self, line: re.Match[str]) -> str:
        self.olt.modify(self._onu(line), line_profile=line["profile"])
        return "done\n"

    @on(r"no onu (?P<id>\d+)", "pon")
    def _remove(self, line: re.Match[str]) -> Reply:
        onu_id = self._onu(line).onu_id

        def answered(answer: str) -> Reply:
            if answer != "y":
                return Reply("E02 left alone\n")
            self.olt.unregister(self.port, onu_id, cascade=True)
            return Reply("done\n")

        return self.ask("sure? [y/n] ", answered)

    @on(r"flow (?P<id>\d+) (?P<number>\d+) gem (?P<gem>\d+) vlan (?P<vlan>\d+) user (?P<user>\d+|-)", "pon")
    def _flow(self, line: re.Match[str]) -> str:
        user = None if line["user"] == "-" else int(line["user"])
        number, gem, vlan = int(line["number"]), int(line["gem"]), int(line["vlan"])
        self.olt.add_flow(Flow(number, self.port, int(line["id"]), gem, vlan, user))
        return "done\n"

    @on(r"no flow (?P<id>\d+) (?P<number>\d+)", "pon")
    def _no_flow(self, line: re.Match[str]) -> str:
        flows = self.olt.flows_of(self.port, int(line["id"]))
        self.olt.remove_flows(flow for flow in flows if flow.index == int(line["number"]))
        return "done\n"

    @on(r"ppp (?P<id>\d+) (?P<vlan>\d+) (?P<login>\S+) (?P<password>\S+)", "pon")
    def _ppp(self, line: re.Match[str]) -> str:
        row = Wan(1, "pppoe", int(line["vlan"]), login=line["login"], password=line["password"])
        self.olt.configure(self._onu(line), row)
        return "done\n"

    @on(r"no ppp (?P<id>\d+)", "pon")
    def _no_ppp(self, line: re.Match[str]) -> str:
        self.olt.unconfigure(self._onu(line), Wan(1, "pppoe"))
        return "done\n"

    @on("save", "privileged")
    def _save(self, line: re.Match[str]) -> Reply:
        self.olt.save()
        return Reply("done\n", seconds=self.olt.save_s)


DEVICE = Device(look=LOOK, shell=ToyShell, numbering="onu", onu_ids=range(1, 65))
