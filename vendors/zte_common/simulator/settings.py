"""What a ZTE shell does when it configures an ONU: from its registration to what is inside it."""

import re
from dataclasses import dataclass, replace

from vendors.simulator.rows import Flow, Gem, Host, Lan, OnuServiceRow, Refusal, Registered, Ssid, Tcont, Wan
from vendors.simulator.shell import Reply, on
from vendors.zte_common.simulator.shows import ShowShell

_REBOOT = "Confirm to reboot? [yes/no]:"
UNI = r"(?P<kind>eth|wifi)_(?P<unislot>\d)/(?P<uni>\d{1,2})"
_WORD = r"[!-~]+"


def _numbers(text: str | None) -> tuple[int, ...]:
    return tuple(int(part) for part in (text or "").split(",") if part)


@dataclass
class SettingShell(ShowShell):
    """Registration, T-CONTs, GEM ports, and what is told the ONU over OMCI."""

    # ------------------------------------------------------------------------------------------------ PON port

    @on(r"onu (?P<onu>\d{1,3}) type (?P<type>\S+) sn (?P<sn>[A-Za-z0-9]{4}[0-9A-Fa-f]{8})", "olt")
    def _register(self, found: re.Match[str]) -> str:
        port, _ = self.mode.about
        self.olt.register(port, int(found["onu"]), found["sn"], onu_type=found["type"])
        return self.dialect.success(self.olt)

    @on(r"no onu (?P<onu>\d{1,3})", "olt")
    def _unregister(self, found: re.Match[str]) -> str:
        port, _ = self.mode.about
        self.olt.unregister(port, int(found["onu"]), cascade=True)
        return self.dialect.success(self.olt)

    # ---------------------------------------------------------------------------------------------------- ONU

    @on(rf"(?P<what>name|description) (?P<text>{_WORD}(?: {_WORD})*)", "onu")
    def _text(self, found: re.Match[str]) -> str:
        onu = self.here()
        if getattr(onu, found["what"]) != found["text"]:
            self.olt.modify(onu, **{found["what"]: found["text"]})
        return ""

    @on(r"sn-bind (?:enable sn|disable)", "onu")
    def _sn_bind(self, found: re.Match[str]) -> str:
        del found
        self.here()
        return ""

    @on(rf"tcont (?P<n>\d+)(?: name (?P<name>{_WORD}))? profile (?P<profile>{_WORD})", "onu")
    def _tcont(self, found: re.Match[str]) -> str:
        self.olt.set_tcont(self.here(), Tcont(int(found["n"]), found["profile"], found["name"]))
        return ""

    @on(r"no tcont (?P<n>\d+)", "onu")
    def _no_tcont(self, found: re.Match[str]) -> str:
        self.olt.remove_tcont(self.here(), int(found["n"]))
        return ""

    @on(
        rf"gemport (?P<n>\d+)(?: name (?P<name>{_WORD}))?(?: unicast)? tcont (?P<tcont>\d+)(?: dir both)?",
        "onu",
    )
    def _gem(self, found: re.Match[str]) -> str:
        onu, number = self.here(), int(found["n"])
        if number in onu.gems:
            raise Refusal("flow_exists", number)
        self.olt.set_gem(onu, Gem(number, int(found["tcont"]), found["name"]))
        return ""

    @on(r"no gemport (?P<n>\d+)", "onu")
    def _no_gem(self, found: re.Match[str]) -> str:
        onu, number = self.here(), int(found["n"])
        self.olt.remove_gem(onu, number)
        onu.more.get("switchport", set()).discard(number)
        return ""

    def _rate(self, onu: Registered, number: int, **profiles: str | None) -> str:
        if number not in onu.gems:
            raise Refusal("no_such_gem", number)
        self.olt.set_gem(onu, replace(onu.gems[number], **profiles))  # type: ignore[arg-type]
        return ""

    def _add_flow(self, found: re.Match[str], gem_port: int, **profiles: str | None) -> str:
        """A service-port; `svlan` is the outer tag, and `vlan` then the inner one."""
        onu = self.here()
        vlan, outer = int(found["vlan"]), found["svlan"]
        user = None if found["user"] == "untagged" else int(found["user"])
        flow = Flow(
            index=int(found["n"]),
            port=onu.port,
            onu_id=onu.onu_id,
            gem_port=gem_port,
            vlan=int(outer) if outer else vlan,
            user_vlan=user,
            inner_vlan=vlan if outer else None,
            transform="translate-and-add" if outer else "translate",
            vport=gem_port,
            **profiles,
        )
        self.olt.add_flow(flow)
        return ""

    def _drop_flow(self, index: int, vport: int | None) -> str:
        onu = self.here()
        flows = self.olt.flows_of(*onu.key)
        self.olt.remove_flows(flow for flow in flows if flow.index == index and vport in {None, flow.vport})
        return ""

    # -------------------------------------------------------------------------------------------- inside the ONU

    def _set_service(self, found: re.Match[str], **more: str | int | None) -> str:
        onu = self.here()
        if found["name"] in onu.services:
            raise Refusal("flow_exists", found["name"])
        vlan = int(found["vlan"]) if found["vlan"] else None
        self.olt.configure(onu, OnuServiceRow(found["name"], int(found["gem"]), vlan, **more))  # type: ignore[arg-type]
        return ""

    @on(rf"no service (?P<name>{_WORD})", "management")
    def _no_service(self, found: re.Match[str]) -> str:
        onu = self.here()
        self.olt.unconfigure(onu, OnuServiceRow(found["name"], 0))
        return ""

    @on(
        rf"vlan port {UNI} mode (?P<mode>tag|hybrid|trunk|transparent)(?: (?:def-)?vlan (?P<vlan>\d+))?",
        "management",
    )
    def _lan(self, found: re.Match[str]) -> str:
        onu = self.here()
        self._check_uni(onu, found)
        if (found["mode"] in {"tag", "hybrid"}) is (found["vlan"] is None):
            return self.dialect.incomplete()
        vlan = int(found["vlan"]) if found["vlan"] else None
        self.olt.configure(onu, Lan(int(found["uni"]), found["mode"], vlan))
        return ""

    def _check_uni(self, onu: Registered, found: re.Match[str]) -> None:
        if found["unislot"] != ("1" if onu.onu_type == "ALL" else "0"):
            raise Refusal("no_such_uni", found["uni"])

    @on(rf"ssid ctrl {UNI} name (?P<name>{_WORD})", "management")
    def _ssid(self, found: re.Match[str]) -> str:
        return self._set_ssid(found, name=found["name"])

    @on(rf"ssid auth wpa {UNI} key (?P<key>{_WORD})", "management")
    def _ssid_key(self, found: re.Match[str]) -> str:
        if not 8 <= len(found["key"]) <= 63:
            return self.dialect.parameter(found.string, found.start("key"))
        return self._set_ssid(found, key=found["key"])

    def _set_ssid(self, found: re.Match[str], **fields: str) -> str:
        onu = self.here()
        self._check_uni(onu, found)
        index = int(found["uni"])
        self.olt.configure(onu, replace(onu.ssids.get(index, Ssid(index)), **fields))  # type: ignore[arg-type]
        return ""

    def _set_wan_ip(self, found: re.Match[str]) -> str:
        onu, index = self.here(), int(found["host"])
        if index in onu.wans:
            raise Refusal("flow_exists", index)
        profile = self.olt.profile("vlan", found["profile"])
        wan = Wan(
            index,
            found["mode"],
            vlan=profile.fields.get("cvlan"),
            vlan_profile=profile.name,
            login=found["login"],
            password=found["password"],
        )
        self.olt.configure(onu, wan)
        return ""

    def _drop_wan_ip(self, index: int) -> str:
        onu = self.here()
        if index in onu.wans and onu.wans[index].internet:
            raise Refusal("gem_in_use", index)
        self.olt.unconfigure(onu, Wan(index, ""))
        return ""

    @on(
        r"wan (?P<n>\d)(?: ethuni (?P<ethuni>[\d,]+))?(?: ssid (?P<ssid>[\d,]+))? service internet host (?P<host>\d)",
        "management",
    )
    def _wan(self, found: re.Match[str]) -> str:
        onu = self.here()
        wan = onu.wans.get(int(found["host"]))
        if wan is None:
            raise Refusal("no_such_service_port", found["host"])
        bound = replace(wan, lan_ports=_numbers(found["ethuni"]), wifi=_numbers(found["ssid"]), internet=True)
        self.olt.configure(onu, bound)
        return ""

    @on(r"no wan (?P<n>\d)", "management")
    def _no_wan(self, found: re.Match[str]) -> str:
        onu = self.here()
        wan = onu.wans.get(int(found["n"]))
        if wan is None or not wan.internet:
            raise Refusal("no_such_service_port", found["n"])
        self.olt.configure(onu, replace(wan, lan_ports=(), wifi=(), internet=False))
        return ""

    @on(r"tr069-mgmt 1 state (?P<state>lock|unlock)", "management")
    def _tr069_state(self, found: re.Match[str]) -> str:
        return self._set_tr069(state=found["state"])

    @on(rf"tr069-mgmt 1 acs (?P<acs>{_WORD})", "management")
    def _tr069_acs(self, found: re.Match[str]) -> str:
        return self._set_tr069(acs=found["acs"])

    def _set_tr069(self, **fields: str) -> str:
        onu = self.here()
        self.olt.modify(onu, more=onu.more | {"tr069": onu.more.get("tr069", {}) | fields})
        return self._follow_acs(onu)

    @on(r"tr069-mgmt 1 tag pri (?P<pri>[0-7]) vlan (?P<vlan>\d+)", "management")
    def _tr069_tag(self, found: re.Match[str]) -> str:
        onu = self.here()
        self.olt.configure(onu, Host(0, int(found["vlan"]), int(found["pri"])))
        return self._follow_acs(onu)

    def _follow_acs(self, onu: Registered) -> str:
        """The ACS is no profile here, so the model does not check it."""
        if host := onu.hosts.get(0):
            host.tr069_profile = onu.more.get("tr069", {}).get("acs")
        return ""

    @on(
        r"(?:wan-ip .*ping-response .*|security-mn?gm?t? .*|interface (?:eth|wifi) .* state (?:lock|unlock)|veip 1.*"
        r"|dhcp-ip .*|mgmt-ip .*|loop-detect .*|voip.*)",
        "management",
    )
    def _other(self, found: re.Match[str]) -> str:
        onu = self.here()
        lines = [*onu.more.get("lines", ()), found.string]
        self.olt.modify(onu, more=onu.more | {"lines": lines})
        return ""

    @on(r"reboot", "management")
    def _reboot(self, found: re.Match[str]) -> Reply:
        del found
        return self.ask(_REBOOT, self._rebooted)

    def _rebooted(self, answer: str) -> str:
        if answer.strip() not in {"yes", "no"}:
            return "%Error 20205: Invalid answer.\n"
        if answer.strip() == "yes":
            try:
                self.olt.restart(self.here())
            except Refusal as refusal:
                return self.refused(refusal, "reboot")
        return ""
