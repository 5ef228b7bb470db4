"""What a provision job keeps from one run to the next. Everything else is observed afresh."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Notes:
    """Kept in `job.payload`. Any member may be missing there."""

    attempts: int = 0
    """Attempts that were opened."""
    faults: int = 0
    """Tries that used up one of the attempts that the policy grants."""
    waits: int = 0
    """Pauses in a row because the OLT could not be used."""
    lit: bool = False
    """The unit was seen unregistered and lit at the place."""
    window: str | None = None
    """Since when (RFC 3339) the unit, configured and lit, is expected to be online."""
    changed: bool = False
    plan_hash: str | None = None
    model_seen: str | None = None
    former: tuple[tuple[str, str], ...] = ()
    """OLT and port of other registrations of the serial, seen offline by scans."""
    unread: int = 0
    """Tries in a row that ended with a reply to a question that no rule explains."""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Notes":
        """From a job's payload; what is not known here is passed over."""
        known = {name: kept[name] for name in cls.__dataclass_fields__ if name in kept}
        if "former" in known:
            known["former"] = tuple((olt, port) for olt, port in known["former"])
        return cls(**known)

    def kept(self) -> dict[str, Any]:
        """As the payload of a job."""
        return asdict(self) | {"former": [list(place) for place in self.former]}

    @property
    def window_at(self) -> datetime | None:
        """`window` as a time."""
        return datetime.fromisoformat(self.window) if self.window else None
