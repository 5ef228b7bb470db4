"""An OLT that keeps account of what it was made to do, and of what it had to refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from schemas.place import PonPort
from schemas.serial import canonical_serial
from vendors.simulator.model import Olt
from vendors.simulator.rows import Flow, Gem, Profile, Refusal, Registered, Row, Tcont


@dataclass
class WatchedOlt(Olt):
    """`done` counts (`register`, serial), (`unregister`, serial) and (`flow`, serial, GEM port, user VLAN).

    `refused` is what contradicted the OLT's state: done a second time, or not there.
    """

    done: Counter[tuple[str, ...]] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)

    @contextmanager
    def _account(self, *what: object) -> Iterator[None]:
        try:
            yield
        except Refusal as error:
            self.refused.append(f"{' '.join(map(str, what))}: {error.kind}")
            raise

    def register(self, port: PonPort, onu_id: int, serial: str, **fields: Any) -> Registered:
        with self._account("register", serial, port, onu_id):
            found = super().register(port, onu_id, serial, **fields)
        self.done["register", canonical_serial(serial)] += 1
        return found

    def unregister(self, port: PonPort, onu_id: int, *, cascade: bool = False) -> None:
        held = self.registered.get((port, onu_id))
        with self._account("unregister", port, onu_id):
            super().unregister(port, onu_id, cascade=cascade)
        self.done["unregister", held.serial if held else ""] += 1

    def add_flow(self, flow: Flow) -> None:
        with self._account("add", flow):
            super().add_flow(flow)
        serial = self.onu(flow.port, flow.onu_id).serial
        self.done["flow", serial, str(flow.gem_port), str(flow.user_vlan)] += 1

    def remove_flows(self, flows: Iterable[Flow]) -> int:
        with self._account("remove service-ports"):
            return super().remove_flows(flows)

    def modify(self, found: Registered, **fields: Any) -> None:
        with self._account("modify", found.serial, *fields):
            super().modify(found, **fields)

    def set_tcont(self, found: Registered, tcont: Tcont) -> None:
        with self._account("T-CONT of", found.serial, tcont.index):
            super().set_tcont(found, tcont)

    def set_gem(self, found: Registered, gem: Gem) -> None:
        with self._account("GEM port of", found.serial, gem.index):
            super().set_gem(found, gem)

    def configure(self, found: Registered, *rows: Row) -> None:
        with self._account("configure", found.serial):
            super().configure(found, *rows)

    def unconfigure(self, found: Registered, row: Row) -> None:
        with self._account("unconfigure", found.serial):
            super().unconfigure(found, row)

    def add_profile(self, profile: Profile) -> None:
        with self._account("add profile", profile.name):
            super().add_profile(profile)
