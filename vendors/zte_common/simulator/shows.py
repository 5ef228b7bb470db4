"""What a ZTE shell answers to `show`."""

import re
from dataclasses import dataclass

from vendors.simulator.rows import Refusal, Registered
from vendors.simulator.shell import on
from vendors.zte_common.simulator import displays
from vendors.zte_common.simulator.base import PORT, FrameShell

OLT = rf"gpon[-_]olt[-_]{PORT}"
ONU = rf"gpon[-_]onu[-_]{PORT}:(?P<onu>\d{{1,3}})"


@dataclass
class ShowShell(FrameShell):
    """Displays. They are known in every mode but the user's."""

    def _asked(self, found: re.Match[str]) -> Registered:
        return self.olt.onu(self.port_of(found), int(found["onu"]))

    def _right(self, name: str) -> None:
        """Refuse the other family's spelling."""
        titan = name.startswith(("gpon_", "vport-"))
        if titan is not self.dialect.titan:
            raise Refusal("no_such_port", name)

    @on(r"show gpon onu uncfg(?: (?P<name>gpon-olt_(?P<frame>\d+)/(?P<slot>\d+)/(?P<port>\d+)))?")
    def _gpon_uncfg(self, found: re.Match[str]) -> str:
        if self.dialect.titan:
            return self.unknown(found.string)
        port = self.port_of(found) if found["name"] else None
        return displays.gpon_uncfg(self.dialect, self.olt, port)

    @on(r"show pon onu uncfg")
    def _pon_uncfg(self, found: re.Match[str]) -> str:
        if self.dialect.old(self.olt) and not self.dialect.titan:
            return self.unknown(found.string)
        return displays.pon_uncfg(self.dialect, self.olt)

    @on(r"show gpon onu by sn (?P<sn>\S+)")
    def _by_sn(self, found: re.Match[str]) -> str:
        if len(found["sn"]) != 12:
            return self.dialect.parameter(found.string, found.start("sn"))
        return displays.by_serial(self.dialect, self.olt, found["sn"].upper())

    @on(rf"show gpon onu state(?: (?P<name>{OLT})(?: (?P<onu>\d+))?)?")
    def _state(self, found: re.Match[str]) -> str:
        return displays.state(self.dialect, self.olt, self._listed(found))

    @on(rf"show gpon onu baseinfo(?: (?P<name>{OLT})(?: (?P<onu>\d+))?)?")
    def _baseinfo(self, found: re.Match[str]) -> str:
        return displays.baseinfo(self.dialect, self.olt, self._listed(found))

    def _listed(self, found: re.Match[str]) -> list[Registered]:
        if found["name"] is None:
            order = sorted(self.olt.registered, key=lambda key: (key[0].slot, key[0].port, key[1]))
            return [self.olt.registered[key] for key in order]
        self._right(found["name"])
        here = self.olt.on_port(self.port_of(found))
        return [onu for onu in here if found["onu"] is None or onu.onu_id == int(found["onu"])]

    @on(rf"show gpon onu detail-info (?P<name>{ONU})")
    def _detail(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        return displays.detail(self.dialect, self.olt, self._asked(found))

    @on(rf"show pon power attenuation (?P<name>{ONU})")
    def _attenuation(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        return displays.attenuation(self.olt, self._asked(found))

    @on(rf"show pon power (?P<which>onu-rx|onu-tx|olt-rx) (?P<name>{OLT})")
    def _port_levels(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        onus = self.olt.on_port(self.port_of(found))
        return displays.levels(self.dialect, self.olt, onus, found["which"])

    @on(rf"show pon power (?P<which>onu-rx|onu-tx|olt-rx) (?P<name>{ONU})")
    def _onu_levels(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        return displays.levels(self.dialect, self.olt, [self._asked(found)], found["which"])

    @on(rf"show gpon remote-onu equip (?P<name>{ONU})")
    def _equipment(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        return displays.equipment(displays.need_box(self.olt, self._asked(found)))

    @on(rf"show gpon remote-onu interface eth (?P<name>{ONU})")
    def _ethernet(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        onu = self._asked(found)
        return displays.ethernet(displays.need_box(self.olt, onu), 1 if onu.onu_type == "ALL" else 0)

    @on(rf"show mac gpon onu (?P<name>{ONU})")
    def _macs(self, found: re.Match[str]) -> str:
        self._right(found["name"])
        return displays.macs(self.dialect, self.olt, self._asked(found))

    @on(r"show card")
    def _cards(self, found: re.Match[str]) -> str:
        del found
        return displays.cards(self.dialect, self.olt)

    @on(r"show vlan summary")
    def _vlans(self, found: re.Match[str]) -> str:
        del found
        return displays.vlans(self.olt)

    @on(r"show gpon profile (?P<kind>tcont|traffic)")
    def _profiles(self, found: re.Match[str]) -> str:
        return displays.profiles(self.olt, {"tcont": "dba"}.get(found["kind"], "traffic"))

    @on(r"show gpon onu profile vlan")
    def _vlan_profiles(self, found: re.Match[str]) -> str:
        del found
        return displays.vlan_profiles(self.dialect, self.olt)

    @on(r"show onu-type(?: gpon)?")
    def _onu_types(self, found: re.Match[str]) -> str:
        del found
        return displays.onu_types(self.olt)
