"""Modes, prompts, login levels, saving and leaving: the frame of a ZTE shell."""

import re
from dataclasses import dataclass
from typing import ClassVar

from schemas.place import PonPort
from vendors.simulator.rows import Profile, ProfileKind, Refusal, Registered
from vendors.simulator.shell import Mode, ModeShell, Reply, on
from vendors.zte_common.simulator.dialect import Dialect

PORT = r"(?P<frame>\d{1,2})/(?P<slot>\d{1,2})/(?P<port>\d{1,2})"
_LOGOUT = "The configuration is changed,confirm to logout without saving? [yes/no]:"
_SAVED = (
    "Backuping old configuration into flash...\n"
    "Collecting configuration into memory....\n"
    "Writing configuration into flash....[OK]\n"
)
_CONFIGURES = re.compile(r"(?!show\b|exit$|end$|terminal\b)")


@dataclass
class FrameShell(ModeShell):
    """Everything around the commands that are about ONUs."""

    dialect: ClassVar[Dialect]

    def __post_init__(self) -> None:
        """An account lands in the privileged mode, unless the OLT has a password for it (`more["enable"]`)."""
        self.page_length = 24
        self.stack = [Mode("user", "{host}>") if "enable" in self.olt.more else Mode("exec", "{host}#")]

    def open(self) -> str:
        """TITAN says when one was here last."""
        if not self.dialect.titan:
            return ""
        now = f"{self.olt.wall():%H:%M:%S %m-%d-%Y}"
        way = "TELNET" if self.terminal.transport == "telnet" else "SSH"
        peer = self.terminal.peer
        return (
            f"Login at {now} from {peer} through {way}.\n"
            f"The last successful login was performed at {now} from {peer} through {way}. "
            "Afterwards, 0 authentication failure occurred.\n"
        )

    def run(self, line: str) -> Reply:
        """While the configuration is being saved, nothing of it can be changed."""
        if self.olt.busy and self.mode.name not in {"user", "exec"} and _CONFIGURES.match(line):
            return Reply(self.dialect.look.busy)
        return super().run(line)

    def unknown(self, line: str) -> str:
        """A line that is not understood here."""
        return self.dialect.syntax(self.olt, line, 0)

    def refused(self, refusal: Refusal, line: str) -> str:
        """The family's words for a refusal."""
        return self.dialect.refused(refusal, line)

    def help(self, typed: str) -> str:
        """The words that may begin a line."""
        return "" if typed else "  show  Show information\n  exit  Exit from the mode\n"

    # --------------------------------------------------------------------------------------------------- levels

    @on(r"en(?:able)?", "user")
    def _enable(self, found: re.Match[str]) -> Reply:
        del found
        return self.ask("Password:", self._enabled, hidden=True)

    def _enabled(self, password: str) -> str:
        if password != self.olt.more["enable"]:
            return "%Error 20208: Bad password\n"
        self.stack = [Mode("exec", "{host}#")]
        return ""

    @on(r"terminal length (\d{1,3})", "exec")
    def _terminal_length(self, found: re.Match[str]) -> str:
        self.page_length = int(found[1])
        return ""

    @on(r"conf(?:i|ig|igure)? t(?:erminal)?", "exec")
    def _configure(self, found: re.Match[str]) -> str:
        del found
        self.stack.append(Mode("config", "{host}(config)#"))
        return self.dialect.configuring(self.olt)

    @on(r"end")
    def _end(self, found: re.Match[str]) -> str:
        del found
        del self.stack[1:]
        return ""

    @on(r"exit")
    def _exit(self, found: re.Match[str]) -> Reply:
        del found
        if len(self.stack) > 1:
            self.stack.pop()
            return Reply()
        if self.olt.unsaved and not self.dialect.titan and self.mode.name == "exec":
            return self.ask(_LOGOUT, self._leave)
        return Reply(hang_up=True)

    def _leave(self, answer: str) -> Reply:
        if answer.strip() == "yes":
            return Reply(hang_up=True)
        return Reply("" if answer.strip() == "no" else "%Error 20205: Invalid answer.\n")

    @on(r"wr(?:i|it|ite)?", "exec")
    def _write(self, found: re.Match[str]) -> Reply:
        del found
        self.olt.save()
        return Reply(_SAVED, seconds=self.olt.save_s)

    # --------------------------------------------------------------------------------------------------- modes

    @on(r"gpon", "config")
    def _gpon(self, found: re.Match[str]) -> str:
        del found
        self.stack.append(Mode("gpon", "{host}(config-gpon)#"))
        return ""

    @on(r"pon", "config")
    def _pon(self, found: re.Match[str]) -> str:
        del found
        self.stack.append(Mode("pon", "{host}(config-pon)#"))
        return ""

    @on(r"interface (?P<name>\S+)")
    def _interface(self, found: re.Match[str]) -> str:
        if self.mode.name in {"user", "exec"}:
            return self.unknown(found.string)
        name, about = self._named(found["name"])
        self._at_config()
        self.stack.append(Mode(name, "{host}(config-if)#", about))
        return ""

    @on(r"pon-onu-mng(?: (?P<name>\S+))?")
    def _management(self, found: re.Match[str]) -> str:
        if self.mode.name in {"user", "exec"}:
            return self.unknown(found.string)
        if found["name"] is None:
            return self.dialect.incomplete()
        name, about = self._named(found["name"])
        if name != "onu":
            raise Refusal("no_such_port", found["name"])
        self.olt.onu(*about)
        self._at_config()
        self.stack.append(Mode("management", self.dialect.onu_prompt(), about))
        return ""

    def _at_config(self) -> None:
        """An interface may be entered from another one."""
        del self.stack[2:]

    def _named(self, name: str) -> tuple[str, tuple[PonPort, int]]:
        """The mode that an interface name leads to, and what it is about (ONU 0: the PON port). Raises Refusal."""
        raise NotImplementedError

    # ------------------------------------------------------------------------------------------------- profiles

    @on(r"profile tcont (?P<name>\S+) type (?P<type>[1-5])(?P<rates>(?: \w+ \d+)*)", "gpon")
    def _tcont_profile(self, found: re.Match[str]) -> str:
        pairs = found["rates"].split()
        rates: dict[str, object] = {"type": int(found["type"])}
        rates |= dict(zip(pairs[::2], map(int, pairs[1::2]), strict=True))
        return self._add("dba", found["name"], rates)

    @on(r"profile traffic (?P<name>\S+) sir (?P<sir>\d+) pir (?P<pir>\d+)", "gpon")
    def _traffic_profile(self, found: re.Match[str]) -> str:
        return self._add("traffic", found["name"], {"sir": int(found["sir"]), "pir": int(found["pir"])})

    @on(r"onu profile vlan (?P<name>\S+) tag-mode tag cvlan (?P<cvlan>\d+)", "gpon")
    def _vlan_profile(self, found: re.Match[str]) -> str:
        return self._add("vlan", found["name"], {"cvlan": int(found["cvlan"])})

    @on(r"onu-type (?P<name>\S+) gpon(?: description (?P<description>\S+))?", "pon")
    def _onu_type(self, found: re.Match[str]) -> str:
        return self._add("onu_type", found["name"], {"description": found["description"] or ""})

    def _add(self, kind: ProfileKind, name: str, fields: dict[str, object]) -> str:
        self.olt.add_profile(Profile(kind, name, fields=fields))
        return self.dialect.success(self.olt).lstrip(".")

    # -------------------------------------------------------------------------------------------------- naming

    def port_of(self, found: re.Match[str]) -> PonPort:
        """The PON port that a line names. Raises Refusal for one that is not there."""
        port = PonPort(frame=int(found["frame"]), slot=int(found["slot"]), port=int(found["port"]))
        self.olt.check_port(port)
        return port

    def here(self) -> Registered:
        """The ONU whose mode this is. Raises Refusal."""
        port, onu_id = self.mode.about[:2]
        return self.olt.onu(port, onu_id)
