"""A morning, as `morning.yaml` tells it: what hangs on the fibre, what the ERP says and when, and how each order must end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from schemas.config import ConfigModel
from schemas.serial import Serial
from schemas.text import ErpId, Name
from schemas.yaml import read, validate
from vendors.simulator.faults import Fault
from vendors.simulator.fleet import FleetOnu

Seconds = Annotated[float, Field(ge=0, le=3600)]
Said = Literal["received", "bound", "unbound", "started", "cancelled"]
Done = Literal["light", "plug", "unplug"]


class Box(FleetOnu):
    """An ONU on the fibre of an OLT."""

    olt: Name


class Happening(ConfigModel):
    """Something that happens: the ERP says it on Kafka, or a technician does it to the box."""

    at: Seconds = Field(description="When, in seconds from the start of the morning.")
    what: Said | Done
    true_at: float | None = Field(
        None, description="The fact's own time, where it arrives late. Seconds too."
    )
    times: Annotated[int, Field(ge=1, le=9)] = Field(1, description="How often the same record is written.")
    data: dict[str, Any] = Field({}, description="Members of the event, or the box that is plugged in.")
    new_password: bool = Field(
        False, description="The customer's PPPoE password is another one from here on."
    )


class Expected(ConfigModel):
    """How an order must end: written by hand, from what ought to be."""

    outcome: Literal["completed", "failed", "cancelled"]
    code: str | None = Field(None, description="Reason code of a failure.")
    place: str | None = Field(
        None, description="OLT and PON port of the result; null where none was reached."
    )
    revision: Annotated[int, Field(ge=1)] | None = Field(1, description="null: whichever.")
    serial: Serial | None = Field(None, description="Where it is not the box's.")
    changed: bool | None = Field(None, description="Whether anything had to be sent; null: either.")
    attempts: int | None = Field(None, description="How often it had to begin; null: however often.")
    warnings: tuple[str, ...] = ()

    @property
    def least_revision(self) -> int:
        """The first whose result may be the last."""
        return self.revision or 1


class Installation(ConfigModel):
    """One order and its story."""

    order: ErpId
    story: Annotated[str, Field(max_length=48)]
    box: Box | None = Field(None, description="What is on the fibre when the morning begins.")
    serial: str | None = Field(None, description="As the ERP writes it; default: the box's.")
    model: str | None = Field(None, description="As stock calls it; default: what the box reports.")
    contract: ErpId | None = Field(None, description="Default: one of the order's own.")
    plan: ErpId = "FIBRA-300"
    mode: Literal["router", "bridge"] = "router"
    asks: dict[str, Any] = Field({}, description="More members of install.started; null leaves one out.")
    at: Seconds | None = Field(
        None, description="The usual: received and bound in stock, then started, from here."
    )
    happens: tuple[Happening, ...] = ()
    expect: Expected

    @model_validator(mode="after")
    def _begins_somehow(self) -> Installation:
        if (self.at is None) == (not self.happens):
            raise ValueError("expected one of at and happens")
        return self

    @property
    def steps(self) -> tuple[Happening, ...]:
        """All that happens."""
        if self.at is None:
            return self.happens
        usual: tuple[Said, ...] = ("received", "bound", "started")
        return tuple(Happening(at=self.at + 0.4 * number, what=what) for number, what in enumerate(usual))


class Stray(ConfigModel):
    """A record on an input topic that belongs to no order. `code`: of its dead letter; null: it is passed over."""

    at: Seconds
    topic: Literal["equipment", "install"]
    value: str
    code: str | None


class Morning(ConfigModel):
    """The file."""

    settings: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], str | float] = Field(
        {}, description="Of the worker, without ACENDE_: waits that last hours in the field."
    )
    faults: dict[Name, tuple[Fault, ...]] = Field({}, description="Accidents, by OLT.")
    installations: Annotated[tuple[Installation, ...], Field(min_length=1)]
    strays: tuple[Stray, ...] = ()

    @model_validator(mode="after")
    def _orders_once(self) -> Morning:
        orders = [one.order for one in self.installations]
        if twice := sorted({order for order in orders if orders.count(order) > 1}):
            raise ValueError(f"two installations have the order {twice[0]}")
        return self

    def olts(self) -> set[str]:
        """Every OLT that it speaks of."""
        return {one.box.olt for one in self.installations if one.box} | self.faults.keys()

    def boxes(self, olt: str) -> tuple[FleetOnu, ...]:
        """What hangs on an OLT at the start."""
        return tuple(one.box for one in self.installations if one.box and one.box.olt == olt)


def load(path: Path) -> Morning:
    """The morning of a file. Raises ConfigError with every line that is wrong."""
    return validate(read(path), Morning)
