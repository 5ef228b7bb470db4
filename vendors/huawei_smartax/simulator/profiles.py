"""The shell's commands for profiles, traffic tables and VLANs."""

import re
from dataclasses import dataclass, field
from typing import Any

from vendors.huawei_smartax.simulator import words
from vendors.huawei_smartax.simulator.displays import Displays
from vendors.simulator.rows import Profile, ProfileKind
from vendors.simulator.shell import on

_KEY = r"\"?([^\" ]+)\"?"
_NAMED = r"(?: profile-name \"?([^\" ]+)\"?)?"


@dataclass
class _Draft:
    """A profile being edited; `commit` makes it so."""

    kind: ProfileKind
    number: int
    name: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass
class Profiles(Displays):
    """Commands of the config mode and of the profiles' own modes."""

    def _edit(self, kind: ProfileKind, number: int, name: str | None, suffix: str) -> str:
        old = next((one for one in self.olt.profiles if one.kind == kind and one.number == number), None)
        fields = (
            {key: dict(value) if isinstance(value, dict) else value for key, value in old.fields.items()}
            if old
            else {}
        )
        draft = _Draft(kind, number, name or (old.name if old else f"{kind}-profile_{number}"), fields)
        return self.push(kind, suffix, draft)

    @on(rf"ont-lineprofile gpon profile-id (\d+){_NAMED}", "config")
    def _line(self, asked: re.Match[str]) -> str:
        return self._edit("line", int(asked[1]), asked[2], f"(config-gpon-lineprofile-{asked[1]})#")

    @on(rf"ont-srvprofile gpon profile-id (\d+){_NAMED}", "config")
    def _srv(self, asked: re.Match[str]) -> str:
        return self._edit("service", int(asked[1]), asked[2], f"(config-gpon-srvprofile-{asked[1]})#")

    @on(rf"ont wan-profile profile-id (\d+){_NAMED}", "config")
    def _wan_profile(self, asked: re.Match[str]) -> str:
        if self.old:
            return words.caret(len(self.prompt()) + len("ont "), "Unknown command")
        self._keep(_Draft("wan", int(asked[1]), asked[2] or f"wan-profile_{asked[1]}"))
        return self.push("wan", f"(config-wan-profile-{asked[1]})#")

    @on("connection-type (?:route|bridge)|nat (?:enable|disable)", "wan")
    def _wan_line(self, _: re.Match[str]) -> str:
        return ""

    @on(r"tcont (\d+) dba-profile-(?:id|name) " + _KEY, "line")
    def _tcont(self, asked: re.Match[str]) -> str:
        profile = self.olt.profile("dba", asked[2])
        self.mode.about.fields.setdefault("tconts", {})[int(asked[1])] = profile.key
        return ""

    @on(r"gem add (\d+) eth tcont (\d+)(?: encrypt (?:on|off))?(?: priority-queue \d)?", "line")
    def _gem(self, asked: re.Match[str]) -> str:
        draft = self.mode.about
        if int(asked[2]) not in draft.fields.get("tconts", {}):
            return words.failure("The T-CONT does not exist")
        if int(asked[1]) in draft.fields.get("gems", {}):
            return words.failure("GEM configuration exists")
        draft.fields.setdefault("gems", {})[int(asked[1])] = int(asked[2])
        return ""

    @on(r"gem mapping (\d+) (\d+) vlan (\d+)(?: priority \d)?", "line")
    def _mapping(self, asked: re.Match[str]) -> str:
        draft = self.mode.about
        if int(asked[1]) not in draft.fields.get("gems", {}):
            return words.failure("The GEM port does not exist")
        draft.fields.setdefault("mappings", {}).setdefault(int(asked[1]), []).append(int(asked[3]))
        return ""

    @on(r"tr069-management (enable|disable|ip-index \d+)", "line")
    def _management(self, asked: re.Match[str]) -> str:
        if not asked[1].startswith("ip-index"):
            self.mode.about.fields["tr069"] = asked[1].capitalize()
        return ""

    @on(
        r"ont-port .+|fec-upstream (?:enable|disable)|mapping-mode \S+",
        "line",
        "service",
    )
    def _accept_line(self, _: re.Match[str]) -> str:
        return ""

    @on(r"port vlan eth \d+ .+", "service")
    def _port_vlan(self, _: re.Match[str]) -> str:
        return "Set ONT port(s) VLAN configuration, success: 1, failed: 0\n"

    @on("commit", "line", "service")
    def _commit(self, _: re.Match[str]) -> str:
        self._keep(self.mode.about)
        return ""

    def _keep(self, draft: _Draft) -> None:
        """Make or change the profile."""
        for one in self.olt.profiles:
            if one.kind == draft.kind and one.number == draft.number:
                one.name, one.fields = draft.name, draft.fields
                self.olt.changes += 1
                return
        self.olt.add_profile(Profile(draft.kind, draft.name, draft.number, draft.fields))

    @on(rf"dba-profile add profile-id (\d+){_NAMED} type([1-5])((?: (?:fix|assure|max) \d+)+)", "config")
    def _dba(self, asked: re.Match[str]) -> str:
        fields: dict[str, Any] = {"type": int(asked[3])}
        fields |= {name: int(value) for name, value in re.findall(r"(fix|assure|max) (\d+)", asked[4])}
        self.olt.add_profile(Profile("dba", asked[2] or f"dba-profile_{asked[1]}", int(asked[1]), fields))
        return ""

    @on(
        r"traffic table ip index (\d+)(?: name \"?([^\" ]+)\"?)? cir (\d+)(?: pir (\d+))? priority (\d)"
        r"( priority-policy (?:local-setting|tag-in-package))?",
        "config",
    )
    def _traffic(self, asked: re.Match[str]) -> str:
        if asked[6] is None:
            return words.caret(len(self.prompt()) + asked.end(), "Incomplete command")
        if any(one.kind == "traffic" and one.number == int(asked[1]) for one in self.olt.profiles):
            return words.failure("The traffic table exists already")
        fields = {"cir": int(asked[3]), "pir": int(asked[4] or asked[3]), "priority": int(asked[5])}
        self.olt.add_profile(
            Profile("traffic", asked[2] or f"ip-traffic-table_{asked[1]}", int(asked[1]), fields)
        )
        return "  Create traffic descriptor record successfully\n"

    @on(rf"ont tr069-server-profile add profile-id (\d+){_NAMED} url {_KEY}(?: user .*)?", "config")
    def _tr069_profile(self, asked: re.Match[str]) -> str:
        name = asked[2] or f"tr069-server-profile_{asked[1]}"
        self.olt.add_profile(Profile("tr069", name, int(asked[1]), {"url": asked[3]}))
        return ""

    @on(r"vlan (\d+) smart", "config")
    def _vlan(self, asked: re.Match[str]) -> str:
        if self.olt.vlans is not None:
            self.olt.vlans.add(int(asked[1]))
        return ""

    @on(r"port vlan (\d+) \d+/\d+ \d+", "config")
    def _uplink(self, asked: re.Match[str]) -> str:
        known = self.olt.vlans is None or int(asked[1]) in self.olt.vlans
        return "" if known else words.failure("VLAN does not exist")

    @on(r"port (\d+) ont-auto-find (enable|disable)", "board")
    def _auto_find(self, asked: re.Match[str]) -> str:
        self.olt.check_port(self.here(asked[1]))
        return words.failure("Make configuration repeatedly") if asked[2] == "enable" else ""

    @on("gpon ont home-gateway config-method omci", "config")
    def _home_gateway(self, _: re.Match[str]) -> str:
        return ""
