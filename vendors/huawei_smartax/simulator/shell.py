"""The shell's commands that change something: ONTs, what is in them, service-ports, saving."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from schemas.serial import canonical_serial
from vendors.huawei_smartax.simulator import words
from vendors.huawei_smartax.simulator.displays import port_of
from vendors.huawei_smartax.simulator.profiles import Profiles
from vendors.simulator.rows import Flow, Host, Lan, Refusal, Registered, Wan
from vendors.simulator.shell import Reply, on

_ONT = r"(\d+) (\d+)"
_KEY = r"\"?([^\" ]+)\"?"
_ADD = (
    r"ont (add|confirm) (\d+)(?:(?: ontid)? (\d+))? sn-auth \"?([0-9A-Za-z]+)\"? omci ont-lineprofile-(?:id|name) "
    rf"{_KEY} ont-srvprofile-(?:id|name) {_KEY}(?: desc (?:\"([^\"]{{0,64}})\"|(\S+)))?"
)
_FLOW = (
    r"service-port(?: (\d+))? vlan (\d+) x?gpon (\d+)/(\d+)/(\d+) ont (\d+) gemport (\d+) multi-service"
    r" user-vlan (\d+|untagged) tag-transform (translate|transparent|translate-and-add)"
    r"(?: inner-vlan (\d+))?(?: inner-priority \d+)?"
    rf"(?: inbound traffic-table (?:index|name) {_KEY})?(?: outbound traffic-table (?:index|name) {_KEY})?"
)
_RELEASED = """\
  The number of total service virtual port in this
  operation:       {count}
  Deleting start...

  Deleting end:
  The number of total service virtual port which need be
  deleted:   {count}
  The number of total service virtual port which have been
  deleted: {count}
"""
_WARNING = """\
  Warning: The operation will delete multiple or all service ports and cause interruptions of many user services.
  It will take several minutes, and console may timeout,
  please use command idle-timeout to set time limit
"""


@dataclass
class SmartAxShell(Profiles):
    """One session with a SmartAX OLT."""

    # ----------------------------------------------------------------------------------------------- registration

    @on(_ADD, "board")
    def _add(self, asked: re.Match[str]) -> str:
        port = self.here(asked[2])
        try:
            serial = canonical_serial(asked[4])
        except ValueError:
            return words.caret(len(self.prompt()) + asked.start(4), "Parameter error")
        self.olt.check_port(port)
        if asked[1] == "confirm" and all(onu.serial != serial for onu in self.olt.unregistered(port)):
            return words.failure("The automatically found ONTs do not exist")
        onu_id = self.olt.free_onu_id(port) if asked[3] is None else int(asked[3])
        self.olt.register(
            port,
            onu_id,
            serial,
            line_profile=self.olt.profile("line", asked[5]).key,
            service_profile=self.olt.profile("service", asked[6]).key,
            description=_ascii(asked[7] or asked[8] or ""),
        )
        return f"  Number of ONTs that can be added: 1, success: 1\n  PortID :{port.port}, ONTID :{onu_id}\n"

    def _target(self, asked: re.Match[str]) -> Registered:
        return self.olt.onu(self.here(asked[1]), int(asked[2]))

    @on(f"ont delete {_ONT}", "board")
    def _delete(self, asked: re.Match[str]) -> str:
        found = self._target(asked)
        self.olt.unregister(found.port, found.onu_id)
        return "  Number of ONTs that can be deleted: 1, success: 1\n"

    @on(rf"ont modify {_ONT} ont-(line|srv)profile-(?:id|name) {_KEY}", "board")
    def _modify(self, asked: re.Match[str]) -> str:
        found = self._target(asked)
        if asked[3] == "line":
            self.olt.modify(found, line_profile=self.olt.profile("line", asked[4]).key)
        else:
            self.olt.modify(found, service_profile=self.olt.profile("service", asked[4]).key)
        return ""

    @on(rf"ont modify {_ONT} desc \"([^\"]{{0,64}})\"", "board")
    def _describe(self, asked: re.Match[str]) -> str:
        self.olt.modify(self._target(asked), description=_ascii(asked[3]))
        return ""

    @on(f"ont (activate|deactivate) {_ONT}", "board")
    def _activate(self, asked: re.Match[str]) -> str:
        found = self.olt.onu(self.here(asked[2]), int(asked[3]))
        self.olt.set_active(found, asked[1] == "activate")
        return ""

    @on(f"ont (?:reset|re-register) {_ONT}", "board")
    def _reset(self, asked: re.Match[str]) -> Reply:
        found = self._target(asked)
        self.olt.online(found)
        return self.confirm("Are you sure to reset the ONT(s)?", lambda: self._restart(found))

    def _restart(self, found: Registered) -> str:
        self.olt.restart(found)
        return ""

    # ------------------------------------------------------------------------------------------------- in the ONT

    @on(rf"ont port native-vlan {_ONT} eth (\d+) vlan (\d+)(?: priority (\d))?", "board")
    def _native_vlan(self, asked: re.Match[str]) -> str:
        found, port, vlan = self._target(asked), int(asked[3]), int(asked[4])
        if vlan == 1:
            found.lans.pop(port, None)
            self.olt.changes += 1
            return ""
        self.olt.configure(found, Lan(port, "tag", vlan, int(asked[5] or 0)))
        return ""

    @on(rf"ont port route {_ONT} eth (\d+) (enable|disable)", "board")
    def _route(self, asked: re.Match[str]) -> str:
        found, port = self._target(asked), int(asked[3])
        routes = set(found.more.get("routes", ()))
        (routes.add if asked[4] == "enable" else routes.discard)(port)
        found.more["routes"] = tuple(sorted(routes))
        self.olt.changes += 1
        self._routed(found)
        return ""

    def _routed(self, found: Registered) -> None:
        """The routed ports are those of the customer's WAN."""
        wan = found.wans.get(found.more.get("internet", -1)) or next(iter(found.wans.values()), None)
        if wan is not None:
            wan.lan_ports = found.more.get("routes", ())

    @on(rf"ont ipconfig {_ONT}(?: ip-index (\d+))? dhcp vlan (\d+)(?: priority (\d))?", "board")
    def _dhcp(self, asked: re.Match[str]) -> str:
        found, index = self._target(asked), int(asked[3] or 0)
        if found.more.get("internet") == index:
            found.wans.pop(index, None)
            self.olt.configure(found, Wan(index, "dhcp", int(asked[4]), int(asked[5] or 0), internet=True))
        else:
            self.olt.configure(
                found, Host(index, int(asked[4]), int(asked[5] or 0), tr069_profile=found.more.get("tr069"))
            )
        return ""

    @on(
        rf"ont ipconfig {_ONT}(?: ip-index (\d+))? pppoe vlan (\d+)(?: priority (\d))?"
        r"(?: user-account username \"?([^\" ]+)\"?(?: password \"?([^\" ]+)\"?)?)?",
        "board",
    )
    def _pppoe(self, asked: re.Match[str]) -> str:
        found, index = self._target(asked), int(asked[3] or 0)
        before = found.wans.get(index) or Wan(index, "pppoe")
        wan = replace(
            before,
            mode="pppoe",
            vlan=int(asked[4]),
            priority=int(asked[5] or 0),
            login=asked[6],
            password=asked[7],
        )
        if found.wans.get(index) == wan:
            raise Refusal("repeated", index)
        found.hosts.pop(index, None)
        self.olt.configure(found, wan)
        self._routed(found)
        return ""

    @on(rf"undo ont ipconfig {_ONT}(?: ip-index (\d+))?", "board")
    def _undo_ipconfig(self, asked: re.Match[str]) -> str:
        found, index = self._target(asked), int(asked[3] or 0)
        if found.hosts.pop(index, None) is None and found.wans.pop(index, None) is None:
            raise Refusal("repeated", index)
        if found.more.get("internet") == index:
            del found.more["internet"]
        self.olt.changes += 1
        return ""

    @on(rf"ont internet-config {_ONT} ip-index (\d+)", "board")
    def _internet(self, asked: re.Match[str]) -> str:
        if self.old:
            return words.caret(len(self.prompt()) + len("ont "), "Unknown command")
        found, index = self._target(asked), int(asked[3])
        if host := found.hosts.pop(index, None):
            found.wans[index] = Wan(index, "dhcp", host.vlan, host.priority)
        if index not in found.wans:
            return words.failure("The IP host does not exist")
        found.more["internet"] = index
        found.wans[index].internet = True
        self.olt.changes += 1
        self._routed(found)
        return ""

    @on(rf"ont wan-config {_ONT} ip-index (\d+) profile-(?:id|name) {_KEY}", "board")
    def _wan_config(self, asked: re.Match[str]) -> str:
        if self.old:
            return words.caret(len(self.prompt()) + len("ont "), "Unknown command")
        found, index = self._target(asked), int(asked[3])
        if index not in found.wans:
            return words.failure("The IP host does not exist")
        self.olt.configure(
            found, replace(found.wans[index], wan_profile=self.olt.profile("wan", asked[4]).key)
        )
        return ""

    @on(rf"ont tr069-server-config {_ONT} profile-(?:id|name) {_KEY}", "board")
    def _tr069(self, asked: re.Match[str]) -> str:
        found, profile = self._target(asked), self.olt.profile("tr069", asked[3])
        self._bind(found, profile.key)
        return ""

    @on(f"undo ont tr069-server-config {_ONT}", "board")
    def _undo_tr069(self, asked: re.Match[str]) -> str:
        self._bind(self._target(asked), None)
        return ""

    def _bind(self, found: Registered, key: str | None) -> None:
        if found.more.get("tr069") == key:
            raise Refusal("repeated", key)
        found.more["tr069"] = key
        for host in found.hosts.values():
            host.tr069_profile = key
        self.olt.changes += 1

    # ----------------------------------------------------------------------------------------------- service-ports

    @on(_FLOW, "config")
    def _service_port(self, asked: re.Match[str]) -> str:
        user, inner = asked[8], asked[10]
        if (asked[9] == "translate-and-add") != (inner is not None):
            return words.caret(len(self.prompt()) + asked.end(), "Incomplete command")
        flow = Flow(
            index=self.olt.free_service_port() if asked[1] is None else int(asked[1]),
            port=port_of(asked, 3),
            onu_id=int(asked[6]),
            gem_port=int(asked[7]),
            vlan=int(asked[2]),
            user_vlan=None if user == "untagged" else int(user),
            inner_vlan=int(inner) if inner else None,
            transform=asked[9],
            upstream_profile=self._table(asked[11]),
            downstream_profile=self._table(asked[12]),
        )
        self.olt.check_port(flow.port)
        self.olt.add_flow(flow)
        return ""

    def _table(self, key: str | None) -> str | None:
        """A traffic table is kept by its number, under whatever name it was given."""
        return None if key is None else self.olt.profile("traffic", key).key

    @on(r"undo service-port (\d+)", "config")
    def _undo_service_port(self, asked: re.Match[str]) -> str:
        self.olt.remove_flows([self.olt.flow(int(asked[1]))])
        return ""

    @on(r"undo service-port port (\d+)/(\d+)/(\d+)(?: ont (\d+))?(?: gemport (\d+))?", "config")
    def _undo_of_port(self, asked: re.Match[str]) -> Reply:
        port = port_of(asked)
        return self._undo_many(
            lambda flow: flow.port == port and _is(asked[4], flow.onu_id) and _is(asked[5], flow.gem_port)
        )

    @on(
        r"undo service-port vlan (\d+)(?: gpon (\d+)/(\d+)/(\d+)(?: ont (\d+))?(?: gemport (\d+))?)?",
        "config",
    )
    def _undo_of_vlan(self, asked: re.Match[str]) -> Reply:
        vlan = int(asked[1])
        port = port_of(asked, 2) if asked[2] else None
        return self._undo_many(
            lambda flow: (
                flow.vlan == vlan
                and port in {None, flow.port}
                and _is(asked[5], flow.onu_id)
                and _is(asked[6], flow.gem_port)
            )
        )

    def _undo_many(self, concerned: Callable[[Flow], bool]) -> Reply:
        if not any(concerned(flow) for flow in self.olt.flows):
            return Reply(words.failure("No service virtual port can be operated"))
        return self.confirm(
            "Are you sure to release service virtual port(s)?",
            lambda: _RELEASED.format(
                count=self.olt.remove_flows([flow for flow in self.olt.flows if concerned(flow)])
            ),
            _WARNING,
        )

    # ------------------------------------------------------------------------------------------------------ saving

    @on("save(?: configuration| data)?", "privileged", "config")
    def _save(self, _: re.Match[str]) -> str:
        if self.olt.busy:
            return "  System is busy, please save data later\n"
        self.olt.save()
        return "  It will take several minutes to save configuration file, please wait...\n"


def _ascii(text: str) -> str:
    """Letters that are not ASCII are dropped without a word."""
    return text.encode("ascii", "ignore").decode()


def _is(asked: str | None, value: int) -> bool:
    return asked is None or int(asked) == value
