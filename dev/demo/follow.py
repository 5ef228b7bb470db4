"""What Acende publishes, read with a plain Kafka consumer: where each order stands, and whether it ended as expected."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.demo.morning import Installation

PROGRESS = "acende.provisioning.progress.v1"
DEAD_LETTER = "acende.dead-letter.v1"
WAITS = ("waiting_for_equipment", "waiting_for_light")
"""Stages in which Acende waits for people."""
Data = dict[str, Any]
Fleet = Mapping[str, Iterable[str]]
"""By serial, the places (OLT and PON port) where the OLTs themselves have it registered."""


@dataclass(frozen=True)
class News:
    """One record of an output topic. `outcome`: None for progress and dead letters."""

    id: str
    type: str
    data: Data = field(repr=False)

    @classmethod
    def read(cls, value: bytes) -> News:
        """The record's envelope."""
        event = json.loads(value)
        return cls(event["id"], event["type"], event["data"])

    @property
    def order(self) -> str | None:
        """The order it tells of."""
        return self.data.get("service_order_id")

    @property
    def outcome(self) -> str | None:
        """completed, failed or cancelled."""
        return None if self.type in {PROGRESS, DEAD_LETTER} else self.type.split(".")[2]

    @property
    def place(self) -> str | None:
        """OLT and PON port."""
        olt, port = self.data.get("olt_id"), self.data.get("pon_port")
        return f"{olt} {port}" if olt and port else None

    @property
    def seconds(self) -> float:
        """How long it took, without waiting for a unit or for light."""
        spent: dict[str, float] = self.data.get("durations_s", {})
        return sum(seconds for stage, seconds in spent.items() if stage not in WAITS)


@dataclass
class Followed:
    """All that the topics say of one order."""

    latest: News | None = None
    finals: defaultdict[int, dict[str, News]] = field(default_factory=lambda: defaultdict(dict))
    """By revision, by event id: of a revision there must be one."""

    @property
    def final(self) -> News | None:
        """The result, where there is one and nothing newer."""
        return self.latest if self.latest and self.latest.outcome else None


@dataclass
class Results:
    """The output topics, as far as they have been read."""

    orders: defaultdict[str, Followed] = field(default_factory=lambda: defaultdict(Followed))
    letters: dict[str, News] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def take(self, news: News) -> bool:
        """Note a record; False for one that was seen before: Kafka may hold the same id twice."""
        if news.id in self.seen:
            return False
        self.seen.add(news.id)
        if news.type == DEAD_LETTER:
            self.letters[news.id] = news
            return True
        followed = self.orders[news.order or ""]
        if followed.latest is None or news.data["sequence"] > followed.latest.data["sequence"]:
            followed.latest = news
        if news.outcome:
            followed.finals[news.data["revision"]][news.id] = news
        return True

    def ended(self, installation: Installation) -> bool:
        """Whether the order has the final result of its last revision."""
        final = self.orders[installation.order].final
        return final is not None and final.data["revision"] >= installation.expect.least_revision


def faults(installation: Installation, followed: Followed, fleet: Fleet) -> list[str]:
    """In which ways an order did not end as expected; none where it did."""
    final = followed.final
    if final is None:
        return ["no result"]
    found = differences(installation, final)
    found += [f"{len(ids)} results of revision {at}" for at, ids in followed.finals.items() if len(ids) != 1]
    if final.outcome != "failed" and (serial := final.data.get("serial")):
        shown = sorted(fleet.get(serial, ()))
        wanted = [final.place] if final.outcome == "completed" else []
        found += [f"the OLTs have it at {', '.join(shown) or 'no place'}"] if shown != wanted else []
    return found


def differences(installation: Installation, final: News) -> list[str]:
    """In which ways a result is not the expected one."""
    data, expected = final.data, installation.expect
    pairs: list[tuple[str, object, object]] = [
        ("outcome", expected.outcome, final.outcome),
        ("place", expected.place, final.place),
    ]
    if expected.outcome == "failed":
        pairs.append(("code", expected.code, data.get("code")))
    if expected.outcome == "completed":
        box = installation.box.serial if installation.box else None
        pairs.append(("serial", expected.serial or box, data.get("serial")))
        pairs.append(("warnings", list(expected.warnings), [one["code"] for one in data.get("warnings", ())]))
    optional = {name: getattr(expected, name) for name in ("revision", "changed", "attempts")}
    pairs += [(name, wanted, data.get(name)) for name, wanted in optional.items() if wanted is not None]
    return [f"{name}: {got} instead of {wanted}" for name, wanted, got in pairs if got != wanted]
