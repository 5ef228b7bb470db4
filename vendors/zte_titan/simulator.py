"""A C600, C620 or C650 that is not there. With software `V1...` it refuses to show a section by its name."""

import re
from dataclasses import dataclass
from typing import Any

from schemas.place import PonPort
from vendors.simulator.rows import Refusal
from vendors.simulator.shell import Device, on
from vendors.zte_common.simulator import render
from vendors.zte_common.simulator.base import PORT
from vendors.zte_common.simulator.dialect import TITAN_LOOK, Dialect, seed
from vendors.zte_common.simulator.settings import SettingShell
from vendors.zte_titan.grammar import GRAMMAR

_OLT = re.compile(rf"gpon_olt-{PORT}")
_ONU = re.compile(rf"gpon_onu-{PORT}:(?P<onu>\d{{1,3}})")
_VPORT = re.compile(rf"vport-{PORT}\.(?P<onu>\d{{1,3}}):(?P<vport>\d{{1,2}})")
_UPLINK = re.compile(r"x?gei-\d{1,2}/\d{1,2}/\d{1,2}")


@dataclass
class TitanShell(SettingShell):
    """The CLI of C6xx."""

    dialect = Dialect(
        family="zte_titan",
        grammar=GRAMMAR,
        nothing_v1="%Error 223310: No related information to show.",
        nothing="%Error 223310: No related information to show.",
        gone="%Error 222397: The entry is not existed.",
        onu_mode="config-gpon-onu-mng",
        look=TITAN_LOOK,
    )

    def _named(self, name: str) -> tuple[str, Any]:
        """The interface of an ONU that is not there may be entered; a virtual port comes with its GEM port."""
        if found := _OLT.fullmatch(name):
            return "olt", (self.port_of(found), 0)
        if found := _ONU.fullmatch(name):
            return "onu", (self.port_of(found), int(found["onu"]))
        if found := _VPORT.fullmatch(name):
            onu = self.olt.onu(self.port_of(found), int(found["onu"]))
            if int(found["vport"]) not in self.olt.gem_ports(onu):
                raise Refusal("no_such_port", name)
            return "vport", (*onu.key, int(found["vport"]))
        if _UPLINK.fullmatch(name):
            return "uplink", (PonPort(frame=0, slot=0, port=0), 0)
        raise Refusal("no_such_port", name)

    @on(r"bind-onu (?P<onu>\d+) profile (?P<kind>line|service) (?P<name>\S+)", "olt")
    def _bind(self, found: re.Match[str]) -> str:
        onu = self.olt.onu(self.mode.about[0], int(found["onu"]))
        self.olt.modify(onu, **{f"{found['kind']}_profile": found["name"]})
        return ""

    @on(r"admin (?P<state>enable|disable)", "onu")
    def _admin(self, found: re.Match[str]) -> str:
        self.olt.set_active(self.here(), found["state"] == "enable")
        return ""

    @on(r"qos traffic-policy (?P<policy>\S+) direction egress", "vport")
    def _policy(self, found: re.Match[str]) -> str:
        return self._rate(self.here(), self.mode.about[2], downstream_profile=found["policy"])

    @on(
        r"service-port (?P<n>\d+) user-vlan (?P<user>\d+|untagged) vlan (?P<vlan>\d+)(?: svlan (?P<svlan>\d+))?"
        r"(?: ingress (?P<ingress>\S+))?(?: egress (?P<egress>\S+))?",
        "vport",
    )
    def _service_port(self, found: re.Match[str]) -> str:
        rates = {"upstream_profile": found["ingress"], "downstream_profile": found["egress"]}
        return self._add_flow(found, self.mode.about[2], **rates)

    @on(r"no service-port (?P<n>\d+)", "vport")
    def _no_service_port(self, found: re.Match[str]) -> str:
        return self._drop_flow(int(found["n"]), self.mode.about[2])

    @on(r"service (?P<name>\S+) gemport (?P<gem>\d+)(?: vlan (?P<vlan>\d+))?", "management")
    def _service(self, found: re.Match[str]) -> str:
        return self._set_service(found)

    @on(
        r"wan-ip (?P<n>\d) ipv4 mode (?P<mode>pppoe|dhcp)(?: username (?P<login>\S+))?(?: password (?P<password>\S+))?"
        r" vlan-profile (?P<profile>\S+) host (?P<host>\d)",
        "management",
    )
    def _wan_ip(self, found: re.Match[str]) -> str:
        return self._set_wan_ip(found)

    @on(r"no wan-ip (?P<n>\d) ipv4", "management")
    def _no_wan_ip(self, found: re.Match[str]) -> str:
        return self._drop_wan_ip(int(found["n"]))

    # ---------------------------------------------------------------------------------------------- configuration

    @on(r"show running-config-interface (?P<name>\S+)")
    def _running(self, found: re.Match[str]) -> str:
        if self.dialect.old(self.olt):
            return self.unknown(found.string)
        mode, about = self._named(found["name"])
        if mode == "onu":
            self.olt.onu(*about)
            return self._tagged("xpon", self._block("onu", about) + self._block("management", about))
        return self._tagged("MSAN" if mode == "vport" else "xpon", self._block(mode, about))

    @on(r"show this", "olt", "onu", "vport", "management")
    def _this(self, found: re.Match[str]) -> str:
        del found
        tag = "MSAN" if self.mode.name == "vport" else "xpon"
        return self._tagged(tag, self._block(self.mode.name, self.mode.about))

    @staticmethod
    def _tagged(tag: str, text: str) -> str:
        return f"!<{tag}>\n{text}!</{tag}>\n"

    def _block(self, mode: str, about: Any) -> str:
        port, onu_id = about[:2]
        if mode == "olt":
            lines = render.olt_lines(self.olt, self.olt.on_port(port))
            return render.block(f"interface {GRAMMAR.olt(port)}", lines, "$")
        onu = self.olt.onu(port, onu_id)
        name = GRAMMAR.onu(port, onu_id)
        if mode == "onu":
            lines = render.interface_lines(self.dialect, self.olt, onu)
            return render.block(f"interface {name}", lines, "$")
        if mode == "vport":
            head = GRAMMAR.flow_path(port, onu_id, about[2])[-1]
            return render.block(head, render.vport_lines(self.olt, onu, about[2]), "$")
        if mode != "management":
            raise Refusal("unsupported", mode)
        return render.block(f"pon-onu-mng {name}", render.management_lines(self.dialect, onu), "$")


DEVICE = Device(
    look=TITAN_LOOK, shell=TitanShell, numbering="vport", onu_ids=range(1, 129), first_port=1, seed=seed
)
