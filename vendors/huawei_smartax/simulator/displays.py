"""The shell's `display` commands."""

import re
from dataclasses import dataclass

from schemas.place import PonPort
from schemas.serial import canonical_serial
from vendors.huawei_smartax.simulator import render, render_live, render_ont, words
from vendors.huawei_smartax.simulator.basics import Basics
from vendors.simulator.rows import Flow, PluggedOnu, Refusal, Registered
from vendors.simulator.shell import Reply, on

_ANY = ("privileged", "config", "board")
_EXEC = ("privileged", "config")
_FSP = r"(\d+)[/ ](\d+)[/ ](\d+)"
_HERE = r"(\d+)"
_SN = r"\"?([0-9A-Za-z]+)\"?"


def port_of(asked: re.Match[str], first: int = 1) -> PonPort:
    """The PON port in three groups of a match."""
    return PonPort(frame=int(asked[first]), slot=int(asked[first + 1]), port=int(asked[first + 2]))


@dataclass
class Displays(Basics):
    """Questions; nothing here changes the model."""

    def here(self, port: str) -> PonPort:
        """A port of the board whose mode this is."""
        frame, slot = self.mode.about
        return PonPort(frame=frame, slot=slot, port=int(port))

    def _ont(self, port: PonPort, onu_id: str) -> Registered:
        self.olt.check_port(port)
        return self.olt.onu(port, int(onu_id))

    # --------------------------------------------------------------------------------------------------- finding

    @on("display ont autofind all", *_ANY)
    def _autofind_all(self, _: re.Match[str]) -> str:
        return self._autofound(self.olt.unregistered())

    @on(f"display ont autofind {_HERE}", "board")
    def _autofind(self, asked: re.Match[str]) -> str:
        return self._autofound(self.olt.unregistered(self.here(asked[1])))

    def _autofound(self, onus: list[PluggedOnu]) -> str:
        if not onus:
            return words.failure("The automatically found ONTs do not exist")
        return render_ont.autofind(self.olt, onus, old=self.old)

    @on(f"display ont info by-sn {_SN}", *_EXEC)
    def _by_sn(self, asked: re.Match[str]) -> str:
        try:
            serial = canonical_serial(asked[1])
        except ValueError:
            return words.caret(len(self.prompt()) + asked.start(1), "Parameter error")
        found = self.olt.by_serial(serial)
        return render_ont.block(self.olt, found) if found else "  The required ONT does not exist\n"

    @on(r"display ont info by-desc \"?([^\"]+)\"?", *_EXEC)
    def _by_desc(self, asked: re.Match[str]) -> str:
        found = [one for one in self.olt.registered.values() if one.description == asked[1]]
        return render_ont.block(self.olt, found) if found else "  The required ONT does not exist\n"

    # ----------------------------------------------------------------------------------------------------- a port

    @on(f"display ont info {_FSP}(?: all)?", *_EXEC)
    def _port_list(self, asked: re.Match[str]) -> str:
        return self._listed(port_of(asked))

    @on(f"display ont info {_HERE} all", "board")
    def _port_list_here(self, asked: re.Match[str]) -> str:
        return self._listed(self.here(asked[1]))

    def _listed(self, port: PonPort) -> str:
        self.olt.check_port(port)
        if not self.olt.on_port(port):
            return words.failure("There is no ONT available")
        return render_ont.port_list(self.olt, port)

    @on(f"display ont info summary {_FSP}", *_ANY)
    def _summary(self, asked: re.Match[str]) -> str:
        port = port_of(asked)
        self.olt.check_port(port)
        if not self.olt.on_port(port):
            return "  There is no ONT available\n"
        return f"  Command is being executed. Please wait\n{render_ont.summary(self.olt, port)}"

    # ---------------------------------------------------------------------------------------------------- one ONT

    @on(rf"display ont info {_FSP} (\d+)", *_EXEC)
    def _info(self, asked: re.Match[str]) -> str:
        return render_ont.block(self.olt, [self._ont(port_of(asked), asked[4])])

    @on(rf"display ont info {_HERE} (\d+)", "board")
    def _info_here(self, asked: re.Match[str]) -> str:
        return render_ont.block(self.olt, [self._ont(self.here(asked[1]), asked[2])])

    @on(f"display ont optical-info {_HERE} all", "board")
    def _optics_all(self, asked: re.Match[str]) -> str:
        return render_live.optics_all(self.olt, self.olt.on_port(self.here(asked[1])))

    @on(
        rf"display ont (optical-info|version|wan-info|wlan-info|ipconfig|register-info|port state) {_HERE} (\d+)"
        r"(?: eth-port all)?",
        "board",
    )
    def _of_ont_here(self, asked: re.Match[str]) -> str:
        return self._of_ont(asked[1], self._ont(self.here(asked[2]), asked[3]))

    @on(rf"display ont (version|wan-info|wlan-info|register-info) {_FSP} (\d+)", *_EXEC)
    def _of_ont_anywhere(self, asked: re.Match[str]) -> str:
        return self._of_ont(asked[1], self._ont(port_of(asked, 2), asked[5]))

    def _of_ont(self, what: str, found: Registered) -> str:
        what = " ".join(what.split())
        if what == "ipconfig":
            return render_live.ip_hosts(found)
        if what == "register-info":
            return render_live.history(self.olt, found)
        box = self._online(found)
        match what:
            case "optical-info":
                ten_gig = self.olt.board(found.port.frame, found.port.slot).technology != "gpon"
                return render_live.optics(box.optics, ten_gig=ten_gig)
            case "version":
                return render_live.version(found, box)
            case "wan-info":
                return render_live.wan_info(found, old=self.old)
            case "wlan-info":
                return render_live.wlan_info(found, box)
        return render_live.eth_ports(box, found.onu_id)

    def _online(self, found: Registered) -> PluggedOnu:
        box = self.olt.box(found)
        if box is None or render_ont.states(self.olt, found)[0] != "online":
            raise Refusal("onu_offline", found.key)
        return box

    @on(rf"display ont gemport {_HERE} ontid (\d+)", "board")
    def _gem_ports(self, asked: re.Match[str]) -> str:
        return render_live.gem_ports(self.olt, self._ont(self.here(asked[1]), asked[2]))

    @on(rf"display current-configuration ont {_FSP} (\d+)", *_ANY)
    def _configuration(self, asked: re.Match[str]) -> str:
        found = self._ont(port_of(asked), asked[4])
        return render.configuration(self.olt, found, wraps=self.olt.version.startswith("MA5600"))

    # ----------------------------------------------------------------------------------------------- service-ports

    @on("display service-port all", *_ANY)
    def _flows(self, _: re.Match[str]) -> str:
        return self._shown(sorted(self.olt.flows, key=lambda flow: flow.index))

    @on(rf"display service-port port {_FSP}(?: ont (\d+))?(?: gemport (\d+))?", *_ANY)
    def _flows_of(self, asked: re.Match[str]) -> str:
        mine = self.olt.flows_of(port_of(asked), None if asked[4] is None else int(asked[4]))
        return self._shown([flow for flow in mine if asked[5] is None or flow.gem_port == int(asked[5])])

    @on(r"display service-port vlan (\d+)", *_ANY)
    def _flows_in(self, asked: re.Match[str]) -> str:
        return self._shown([flow for flow in self.olt.flows if flow.vlan == int(asked[1])])

    def _shown(self, flows: list[Flow]) -> str:
        if not flows:
            return words.failure("No service virtual port can be operated")
        return render.flows(self.olt, flows)

    @on("display service-port next-free-index", *_ANY)
    def _next_free(self, _: re.Match[str]) -> str:
        return f"  Next valid free service virtual port ID: {self.olt.free_service_port()}\n"

    @on(r"display service-port (\d+)", *_ANY)
    def _one_flow(self, asked: re.Match[str]) -> str:
        return render.flow(self.olt, self.olt.flow(int(asked[1])))

    @on("display mac-address(?: all)?", *_ANY)
    def _macs(self, _: re.Match[str]) -> str:
        return self._addresses(self.olt.flows)

    @on(rf"display mac-address port {_FSP}(?: ont (\d+))?", *_ANY)
    def _macs_of(self, asked: re.Match[str]) -> str:
        return self._addresses(self.olt.flows_of(port_of(asked), None if asked[4] is None else int(asked[4])))

    def _addresses(self, flows: list[Flow]) -> str:
        if not any(render.is_up(self.olt, flow) for flow in flows):
            return words.failure("There is not any MAC address record")
        return render.macs(self.olt, flows)

    # ---------------------------------------------------------------------------------------------------- profiles

    @on("display ont-lineprofile gpon all", *_ANY)
    def _line_profiles(self, _: re.Match[str]) -> str:
        return render.profile_list(self.olt, "line", 78)

    @on("display ont-srvprofile gpon all", *_ANY)
    def _service_profiles(self, _: re.Match[str]) -> str:
        return render.profile_list(self.olt, "service", 77)

    @on(r"display ont-(line|srv)profile gpon profile-id (\d+)", *_ANY)
    def _profile(self, asked: re.Match[str]) -> str:
        return render.profile(
            self.olt, self.olt.profile("line" if asked[1] == "line" else "service", asked[2])
        )

    @on("display dba-profile all", *_ANY)
    def _dba_profiles(self, _: re.Match[str]) -> str:
        return render.dba_profiles(self.olt)

    @on(r"display traffic table ip(?: from-index \d+| all)?", *_ANY)
    def _traffic_tables(self, _: re.Match[str]) -> str:
        return render.traffic_tables(self.olt)

    @on(r"display traffic table ip index (\d+)", *_ANY)
    def _traffic_table(self, asked: re.Match[str]) -> str:
        return render.traffic_table(self.olt.profile("traffic", asked[1]))

    # -------------------------------------------------------------------------------------------------- the device

    @on("display version", "user", *_ANY)
    def _version(self, _: re.Match[str]) -> str:
        return render.version(self.olt)

    @on(r"display board (\d+)", *_ANY)
    def _boards(self, asked: re.Match[str]) -> str:
        return render.boards(self.olt, int(asked[1]))

    @on(r"display (cpu|mem)(?: \d+/\d+)?", *_ANY)
    def _load(self, asked: re.Match[str]) -> str:
        return "  CPU occupancy: 17%\n" if asked[1] == "cpu" else "  Memory occupancy: 79%\n"

    @on("display sysuptime", *_ANY)
    def _uptime(self, _: re.Match[str]) -> str:
        return "  System up time: 11 day 22 hour 5 minute 17 second\n"

    @on(r"display temperature(?: \d+)?", *_ANY)
    def _temperature(self, _: re.Match[str]) -> str:
        rows = (
            f"  SlotID: {board.slot:>2}      BoardName: {render.board_name(board.name):<14} Temperature:   42C( 107F)\n"
            for board in self.olt.boards
        )
        return "\n".join(rows)

    @on("display sysman service state", *_ANY)
    def _services(self, _: re.Match[str]) -> str:
        return render.sysman()

    @on(r"display port info (\d+)", "board")
    def _port_info(self, asked: re.Match[str]) -> Reply:
        port = self.here(asked[1])
        technology = self.olt.check_port(port).technology
        line = render_ont.rule(59)
        rows = (
            ("F/S/P", port),
            ("Min distance(km)", 0),
            ("Max distance(km)", 20),
            ("Autofind", "Enable"),
            ("FEC check", "Disable"),
            ("Admin State", "On"),
        )
        text = "".join(f"  {label:<43}{value}\n" for label, value in rows)
        channel = "GPON" if technology == "gpon" else "XGSPON"
        return Reply(
            f"{line}{text}{line}  Channel 0 Information              \n{line}"
            f"  {'Channel Type':<43}{channel}\n  {'Online ONT number threshold':<43}Disable\n{line}"
        )
