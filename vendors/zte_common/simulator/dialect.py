"""How the two families, and their software, differ in what they print."""

from dataclasses import dataclass
from typing import Literal

from schemas.place import PonPort
from vendors.simulator.model import Olt
from vendors.simulator.rows import Profile, Refusal, RefusalKind
from vendors.simulator.shell import Look
from vendors.zte_common.grammar import Grammar

Family = Literal["zte_zxan", "zte_titan"]

_ALARM = "18:57:30 08/26/2008 UTC alarm 33281 occurred %GPON% onu los sent by NPC3\n"
_PAGER = " --More--"
_BANNER = (
    "        *********************************************************\n"
    "                Welcome to TITAN series OLT of ZTE Corporation\n"
    "        *********************************************************\n"
)
_EXISTS, _GONE, _USED = "The entry is existed", "The entry is not existed", "The entry is being used"

_ZXAN: dict[RefusalKind, str] = {
    "serial_exists": "%Code 62308-GPONSRV : GPON ONU sn already exists",
    "onu_id_exists": f"%Code 62396-GPONSRV : {_EXISTS}",
    "service_port_exists": f"%Code 62396-GPONSRV : {_EXISTS}",
    "flow_exists": f"%Code 62396-GPONSRV : {_EXISTS}",
    "profile_exists": f"%Code 62396-GPONSRV : {_EXISTS}",
    "port_full": "%Code 62390-GPONSRV : The number of ONU is full",
    "no_such_profile": "%Code 62321-GPONSRV : The profile is not existed",
    "no_such_uni": "%Code 63845-ONTMNG : UNI is not existed",
    "onu_offline": "%Code 63990-ONTMNG: ONT return error",
    "gem_in_use": f"%Code 62395-GPONSRV : {_USED}",
    "tcont_in_use": f"%Code 62395-GPONSRV : {_USED}",
    "profile_in_use": f"%Code 62395-GPONSRV : {_USED}",
    "busy": "%Code 62001-GPONSRV : System is busy",
}
_TITAN: dict[RefusalKind, str] = {
    "serial_exists": f"%Error 222391: {_EXISTS}. This is a re-create operation.",
    "onu_id_exists": f"%Error 222391: {_EXISTS}. This is a re-create operation.",
    "service_port_exists": f"%Error 222391: {_EXISTS}. This is a re-create operation.",
    "flow_exists": f"%Error 222391: {_EXISTS}. This is a re-create operation.",
    "profile_exists": f"%Error 222391: {_EXISTS}. This is a re-create operation.",
    "port_full": "%Error 222390: The number of ONU is full.",
    "no_such_profile": "%Error 223981: Profile does not exist.",
    "no_such_uni": "%Error 223845: UNI does not exist",
    "no_such_vlan": "%Error 223982: Please check if the port is in the VLAN.",
    "onu_offline": "%Error 223990: ONT return error.",
    "gem_in_use": f"%Error 222395: {_USED}.",
    "tcont_in_use": f"%Error 222395: {_USED}.",
    "profile_in_use": "%Error 230296: Profile is being used.",
    "busy": "%Error 222001: System is busy.",
}
"""Seen: 62397, 63990, 222391, 223845, 223981, 223982, 230296 and the words for a serial that exists. The others are guesses."""


@dataclass(frozen=True)
class Dialect:
    """One family. What its software decides is asked for with the OLT, whose `version` begins with `V1` or `V2`."""

    family: Family
    grammar: Grammar
    nothing_v1: str
    nothing: str
    gone: str
    onu_mode: str
    look: Look

    @property
    def titan(self) -> bool:
        """Whether this is C6xx."""
        return self.family == "zte_titan"

    def old(self, olt: Olt) -> bool:
        """Whether the software is of the V1 line."""
        return olt.version.startswith("V1")

    def empty(self, olt: Olt) -> str:
        """The empty answer."""
        return (self.nothing_v1 if self.old(olt) else self.nothing) + "\n"

    def success(self, olt: Olt) -> str:
        """What registering and removing an ONU answers."""
        return "" if self.titan or self.old(olt) else ".[Successful]\n"

    def syntax(self, olt: Olt, line: str, column: int) -> str:
        """A line that is not understood. TITAN repeats it."""
        if self.titan:
            return f"{line}\n{' ' * column}^\n%Error 140303: Invalid input detected at '^' marker.\n"
        tail = "" if self.old(olt) else "Invalid command\n"
        return f"{' ' * column}^\n%Error 20200: Invalid input detected at '^' marker.\n{tail}"

    def parameter(self, line: str, column: int) -> str:
        """A word of a known line that is wrong."""
        if self.titan:
            return f"{line}\n{' ' * column}^\n%Error 140303: Invalid input detected at '^' marker.\n"
        return f"{' ' * column}^\n%Error 20202: Invalid input detected at '^' marker. Invalid parameter\n"

    def incomplete(self) -> str:
        """A line that lacks words."""
        return "%Error 140305: Incomplete command.\n" if self.titan else "%Error 20203: Incomplete command.\n"

    def refused(self, refusal: Refusal, line: str) -> str:
        """The words for a refusal."""
        if refusal.kind in {"no_such_board", "no_such_port", "unsupported"}:
            return self.parameter(line, line.rfind(" ") + 1)
        words = _TITAN if self.titan else _ZXAN
        return words.get(refusal.kind, self.gone) + "\n"

    def configuring(self, olt: Olt) -> str:
        """What `configure terminal` answers."""
        text = "Enter configuration commands, one per line."
        if self.titan or self.old(olt):
            return f"{text}  End with CTRL/Z.\n"
        return f"%Info 20272: {text} End with CTRL/Z.\n"

    def onu_prompt(self) -> str:
        """The prompt inside an ONU."""
        return f"{{host}}({self.onu_mode})#"

    def interface(self, port: PonPort, onu_id: int | None = None) -> str:
        """A PON port or an ONU."""
        return self.grammar.olt(port) if onu_id is None else self.grammar.onu(port, onu_id)


def _look(refused: str, refusal: str, busy: str, banner: str = "") -> Look:
    return Look(
        before_login=banner,
        login_refused=refused + "\n",
        too_many="%Error 20213: Too many users.\n",
        too_many_of_user="%Error 20213: Too many users.\n",
        idle="",
        pager=_PAGER,
        pager_erase="\b" * len(_PAGER) + " " * len(_PAGER) + "\b" * len(_PAGER),
        hard_wrap=True,
        alarm=_ALARM,
        refusal=refusal + "\n",
        busy=busy + "\n",
    )


ZXAN_LOOK = _look(
    "%Error 20209: No username or bad password", "%Code 62399-GPONSRV : Operation failed", _ZXAN["busy"]
)
TITAN_LOOK = _look(
    "% Username or password error", "%Error 222399: Operation failed.", _TITAN["busy"], _BANNER
)


def seed(olt: Olt) -> None:
    """The profiles and software that every such device has."""
    if not olt.version.startswith("V"):
        olt.version = "V2.1.0"
    for profile in (
        Profile("dba", "default", fields={"type": 1, "fixed": 10000}),
        Profile("traffic", "default", fields={"sir": 9953280, "pir": 9953280}),
        Profile("onu_type", "ALL", fields={"description": "4eth,2pots,4wifi"}),
    ):
        if not any((other.kind, other.name) == (profile.kind, profile.name) for other in olt.profiles):
            olt.profiles.append(profile)
