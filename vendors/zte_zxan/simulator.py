"""A C300 or C320 that is not there. `Olt.version` decides its software: `V1...` or, by default, `V2.1.0`."""

import re
from dataclasses import dataclass

from schemas.place import PonPort
from vendors.simulator.rows import Refusal
from vendors.simulator.shell import Device, on
from vendors.zte_common.simulator import render
from vendors.zte_common.simulator.base import PORT
from vendors.zte_common.simulator.dialect import ZXAN_LOOK, Dialect, seed
from vendors.zte_common.simulator.settings import SettingShell
from vendors.zte_zxan.grammar import GRAMMAR

_OLT = re.compile(rf"gpon-olt_{PORT}")
_ONU = re.compile(rf"gpon-onu_{PORT}:(?P<onu>\d{{1,3}})")
_UPLINK = re.compile(r"x?gei_\d{1,2}/\d{1,2}/\d{1,2}")


@dataclass
class ZxanShell(SettingShell):
    """The CLI of C3xx."""

    dialect = Dialect(
        family="zte_zxan",
        grammar=GRAMMAR,
        nothing_v1="%Code 32310-GPONSRV : No related information to show.",
        nothing="%Code 62310-GPONSRV : No related information to show.",
        gone="%Code 62397-GPONSRV : The entry is not existed",
        onu_mode="gpon-onu-mng",
        look=ZXAN_LOOK,
    )

    def _named(self, name: str) -> tuple[str, tuple[PonPort, int]]:
        if found := _OLT.fullmatch(name):
            return "olt", (self.port_of(found), 0)
        if found := _ONU.fullmatch(name):
            return "onu", self.olt.onu(self.port_of(found), int(found["onu"])).key
        if _UPLINK.fullmatch(name):
            return "uplink", (PonPort(frame=0, slot=0, port=0), 0)
        raise Refusal("no_such_port", name)

    @on(r"gemport (?P<n>\d+) traffic-limit(?: upstream (?P<up>\S+))?(?: downstream (?P<down>\S+))?", "onu")
    def _limit(self, found: re.Match[str]) -> str:
        rates = {"upstream_profile": found["up"], "downstream_profile": found["down"]}
        given = {name: profile for name, profile in rates.items() if profile}
        return self._rate(self.here(), int(found["n"]), **given)

    @on(r"switchport mode hybrid vport (?P<n>\d+)", "onu")
    def _switchport(self, found: re.Match[str]) -> str:
        onu, number = self.here(), int(found["n"])
        if number not in onu.gems:
            raise Refusal("no_such_gem", number)
        onu.more.setdefault("switchport", set()).add(number)
        return ""

    @on(
        r"service-port (?P<n>\d+) vport (?P<vport>\d+) user-vlan (?P<user>\d+|untagged) vlan (?P<vlan>\d+)"
        r"(?: svlan (?P<svlan>\d+))?",
        "onu",
    )
    def _service_port(self, found: re.Match[str]) -> str:
        return self._add_flow(found, int(found["vport"]))

    @on(r"no service-port (?P<n>\d+)", "onu")
    def _no_service_port(self, found: re.Match[str]) -> str:
        return self._drop_flow(int(found["n"]), None)

    @on(
        r"service (?P<name>\S+)(?: type (?P<type>\S+))? gemport (?P<gem>\d+)(?: cos (?P<cos>[0-7]))?(?: vlan (?P<vlan>\d+))?",
        "management",
    )
    def _service(self, found: re.Match[str]) -> str:
        priority = int(found["cos"]) if found["cos"] else None
        return self._set_service(found, type=found["type"], priority=priority)

    @on(
        r"wan-ip (?P<n>\d) mode (?P<mode>pppoe|dhcp)(?: username (?P<login>\S+))?(?: password (?P<password>\S+))?"
        r" vlan-profile (?P<profile>\S+) host (?P<host>\d)",
        "management",
    )
    def _wan_ip(self, found: re.Match[str]) -> str:
        return self._set_wan_ip(found)

    @on(r"no wan-ip (?P<n>\d)", "management")
    def _no_wan_ip(self, found: re.Match[str]) -> str:
        return self._drop_wan_ip(int(found["n"]))

    # ---------------------------------------------------------------------------------------------- configuration

    @on(r"show run(?:ning-config)? interface (?P<name>\S+)")
    def _running(self, found: re.Match[str]) -> str:
        mode, about = self._named(found["name"])
        return "Building configuration...\n!\n" + self._interface_block(mode, about) + "end\n"

    @on(r"show onu running config (?P<name>\S+)")
    def _inside(self, found: re.Match[str]) -> str:
        mode, about = self._named(found["name"])
        if mode != "onu":
            raise Refusal("no_such_port", found["name"])
        return self._management_block(about)

    @on(r"show this", "olt", "onu", "management")
    def _this(self, found: re.Match[str]) -> str:
        del found
        if self.mode.name == "management":
            return self._management_block(self.mode.about)
        return self._interface_block(self.mode.name, self.mode.about)

    def _interface_block(self, mode: str, about: tuple[PonPort, int]) -> str:
        port, onu_id = about
        if mode == "olt":
            lines = render.olt_lines(self.olt, self.olt.on_port(port))
            return render.block(f"interface {GRAMMAR.olt(port)}", lines, "!")
        if mode != "onu":
            raise Refusal("unsupported", mode)
        lines = render.interface_lines(self.dialect, self.olt, self.olt.onu(port, onu_id))
        return render.block(f"interface {GRAMMAR.onu(port, onu_id)}", lines, "!")

    def _management_block(self, about: tuple[PonPort, int]) -> str:
        lines = render.management_lines(self.dialect, self.olt.onu(*about))
        return render.block(f"pon-onu-mng {GRAMMAR.onu(*about)}", lines, "!")


DEVICE = Device(
    look=ZXAN_LOOK, shell=ZxanShell, numbering="onu", onu_ids=range(1, 129), first_port=1, seed=seed
)
