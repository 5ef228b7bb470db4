"""What both adapters share: everything but the words and the way a configuration is read back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.onu import DesiredOnu
from schemas.place import PonPort
from vendors.contract import (
    Command,
    Dialogue,
    Health,
    NotApplied,
    Observation,
    Platform,
    Registration,
    Serving,
    Sighting,
)
from vendors.zte_common import dialogues, plan, refusals
from vendors.zte_common.grammar import Grammar
from vendors.zte_common.parse.registry import parse

_DARK = frozenset({"los", "losi", "dyinggasp", "offline", "lofi", "unknown"})
_FAILED = frozenset({"authfailed", "auth failed"})


@dataclass(frozen=True)
class ZteAdapter:
    """The adapter of one family; its module offers these methods as functions."""

    PLATFORM: Platform
    grammar: Grammar
    lists: tuple[str, ...]
    """The commands that list ONUs which are not registered; the first is known to all software of the family."""
    read_config: dialogues.ReadConfig
    parse: Callable[[str, str], dict[str, Any]] = parse

    def discover(self) -> Dialogue[tuple[Sighting, ...]]:
        """See `vendors.contract.Adapter`."""
        return dialogues.discover(self.lists)

    def observe(self, serial: str, port: PonPort | None) -> Dialogue[Observation]:
        """See `vendors.contract.Adapter`."""
        return dialogues.observe(self.grammar, self.lists, self.read_config, serial, port)

    def plan(self, desired: DesiredOnu | None, observed: Observation) -> tuple[Command, ...]:
        """See `vendors.contract.Adapter`."""
        return plan.plan(self.grammar, desired, observed)

    def limits(self, desired: DesiredOnu, firmware: str | None = None) -> tuple[NotApplied, ...]:
        """See `vendors.contract.Adapter`. Nothing depends on the software."""
        del firmware
        return self.grammar.doable(desired)[1]

    def serving(self, found: Registration) -> Serving:
        """By the phase alone: `config: fail` was seen on ONUs that worked."""
        phase = found.states.get("phase", "").casefold()
        if phase == "working":
            return "online"
        if phase in _FAILED or found.states.get("admin", "").casefold() == "disable":
            return "failed"
        return "dark" if phase in _DARK else "configuring"

    def check(self, command: Command, reply: str) -> None:
        """See `vendors.contract.Adapter`."""
        refusals.check(command, reply)

    def save(self) -> tuple[Command, ...]:
        """`write`, in the privileged mode only; a large OLT is silent for half a minute."""
        return (Command(parts=("write",), effect="save", timeout_s=150.0),)

    def health(self) -> Dialogue[Health]:
        """See `vendors.contract.Adapter`."""
        return dialogues.health()
