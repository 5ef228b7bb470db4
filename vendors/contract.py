"""What a vendor is: a module of pure functions and a platform definition. No I/O here or in any vendor.

A dialogue is a generator: it yields a batch of independent commands and is handed their replies, so that the session may
send a batch in one write and pay one round trip for it. Dependent commands are separate yields.
"""

import re
import unicodedata
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Protocol, TypeVar

from pydantic import BeforeValidator, SecretStr, field_validator

from schemas.base import Frozen
from schemas.onu import (
    DesiredOnu,
    GemPort,
    LanPort,
    Management,
    OnuId,
    OnuService,
    ServicePort,
    Tcont,
    Wan,
    Wifi,
)
from schemas.place import PonPort
from schemas.serial import Serial
from schemas.text import MASK
from vendors.noise import Notice

T = TypeVar("T")
_LINE = re.compile(r"[\x20-\x7e]+")


class Command(Frozen):
    """One line for the CLI.

    `parts` are joined without blanks; a secret stands as a part of its own, in the clear only in `reveal`.
    `path` are the lines that lead from the privileged mode to the mode in which it is valid, outermost first
    (`("config", "interface gpon 0/1")`): the session enters and leaves modes by itself and keeps the stack.
    `answers` are the questions this command may be asked (expression, searched in the last line) and what to answer;
    a question that no row explains ends the session as `UnknownReply`.
    `secret` names the field of the wish whose secret it carries (`wan.password`, `wifi.1.key`); `carries` are the other
    fields that the OLT does not show and that the plan brings with this line: once it is accepted, they are applied.
    """

    parts: tuple[str | SecretStr, ...]
    path: tuple[str, ...] = ()
    effect: Literal["read", "write", "save"] = "write"
    timeout_s: float = 30.0
    answers: tuple[tuple[str, str], ...] = ()
    secret: str | None = None
    carries: frozenset[str] = frozenset()

    @field_validator("parts")
    @classmethod
    def _one_line(cls, parts: tuple[str | SecretStr, ...]) -> tuple[str | SecretStr, ...]:
        line = "".join(part if isinstance(part, str) else part.get_secret_value() for part in parts)
        if not _LINE.fullmatch(line) or "?" in line:
            raise ValueError("a command is one line of printable ASCII without '?'")
        return parts

    @property
    def text(self) -> str:
        """The line with every secret masked: for people, logs, hashes and error messages."""
        return "".join(part if isinstance(part, str) else MASK for part in self.parts)

    def reveal(self) -> str:
        """The line as it is sent. For `Session` and simulators' tests only."""
        return "".join(part if isinstance(part, str) else part.get_secret_value() for part in self.parts)


def read(text: str, *path: str, timeout_s: float = 30.0) -> Command:
    """A question to the OLT: changes nothing, may be asked again."""
    return Command(parts=(text,), path=path, effect="read", timeout_s=timeout_s)


def write(*parts: str | SecretStr, path: tuple[str, ...], **more: Any) -> Command:
    """A change."""
    return Command(parts=parts, path=path, effect="write", **more)


Dialogue = Generator[tuple[Command, ...], tuple[str, ...], T]
"""Yields batches of independent commands, is handed as many replies, returns what it learnt."""


_ODD = frozenset({"Cc", "Cs", "Co", "Cn"})
_REPORTED_MAX = 200
_LEVELS_DBM = (-60.0, 30.0)


def reported(value: object) -> object:
    """What a device says, as it may be kept and published: what cannot be printed stands as \ufffd, what is too long is cut."""
    if not isinstance(value, str):
        return value
    if not value.isprintable():
        value = "".join("\ufffd" if unicodedata.category(one) in _ODD else one for one in value)
    return value if len(value) <= _REPORTED_MAX else value[: _REPORTED_MAX - 1] + "…"


def _level(value: object) -> object:
    low, high = _LEVELS_DBM
    return value if isinstance(value, int | float) and low <= value <= high else None


def _metres(value: object) -> object:
    return value if isinstance(value, int) and value >= 0 else None


Reported = Annotated[str, BeforeValidator(reported)]
"""A text that a device reports."""
Dbm = Annotated[float | None, BeforeValidator(_level)]
"""An optical level in dBm; None for one that no optics has."""


class Sighting(Frozen):
    """An ONU that the OLT sees lit and not registered. `serial` is None where what is printed is no serial."""

    port: PonPort
    serial: Serial | None
    raw_serial: Reported
    model: Reported | None = None
    """As the ONU reports it, where the OLT tells."""


class Flow(Frozen):
    """A service-port as observed: `index` is the OLT's number for it."""

    index: int
    service: ServicePort
    up: bool | None = None


class Optics(Frozen):
    """Optical levels in dBm; None where the OLT shows none. `distance_m` in metres."""

    onu_rx_dbm: Dbm = None
    onu_tx_dbm: Dbm = None
    olt_rx_dbm: Dbm = None
    distance_m: Annotated[int | None, BeforeValidator(_metres)] = None


class Registration(Frozen):
    """What the OLT has for a serial in one place. A part it does not show is None (unlike: shown and empty)."""

    port: PonPort
    onu_id: OnuId
    raw_serial: Reported
    online: bool
    states: dict[str, Reported] = {}
    """The OLT's own words, such as run, config and match state."""
    down_cause: Reported | None = None
    model: Reported | None = None
    description: Reported | None = None
    onu_type: Reported | None = None
    line_profile: Reported | None = None
    service_profile: Reported | None = None
    line_profile_name: Reported | None = None
    service_profile_name: Reported | None = None
    tconts: tuple[Tcont, ...] | None = None
    gem_ports: tuple[GemPort, ...] | None = None
    flows: tuple[Flow, ...] | None = None
    onu_services: tuple[OnuService, ...] | None = None
    lan_ports: tuple[LanPort, ...] | None = None
    wan: Wan | None = None
    wifi: tuple[Wifi, ...] | None = None
    management: Management | None = None
    unread: frozenset[str] = frozenset()
    """Fields of the wish that this platform or this ONU cannot show; compared by digest like passwords."""
    more: dict[str, str] = {}
    """What only this vendor's own `plan` reads."""
    optics: Optics | None = None


class Observation(Frozen):
    """What one OLT shows about one serial, and the numbers in use where it is to be registered."""

    serial: Serial
    port: PonPort | None
    """The port that was asked about, None where it is not known."""
    registrations: tuple[Registration, ...] = ()
    """Every place of this OLT where the serial is registered."""
    sighting: Sighting | None = None
    """The serial seen lit and unregistered on this OLT."""
    used_onu_ids: frozenset[int] = frozenset()
    """ONU ids in use on `port`, whosever they are."""
    onus_free: int | None = None
    """How many more ONUs `port` has numbers for; None where no port was asked about."""
    firmware: Reported | None = None
    """The OLT's software, where `plan` depends on it."""
    more: dict[str, str] = {}
    """What only this vendor's own `plan` reads, of the OLT or of `port`."""
    left_out: tuple[str, ...] = ()
    """Rows of lists that could not be read. None of them is about what was asked, and no number is free because of them."""
    secrets_current: frozenset[str] = frozenset()
    """Names of secrets and unread fields whose digest equals what was last applied and accepted here: filled in by
    the worker. `plan` sends the others."""

    @property
    def printed(self) -> str | None:
        """The serial as this OLT prints it: a command that names it says it so."""
        lit = (self.sighting,) if self.sighting else ()
        return next((one.raw_serial for one in (*lit, *self.registrations) if one.raw_serial), None)

    def at(self, port: PonPort) -> Registration | None:
        """The registration of the serial on `port`, if any."""
        return next((found for found in self.registrations if found.port == port), None)


def brought(plan: Iterable[Command]) -> frozenset[str]:
    """Fields that no OLT shows and that are applied once this plan has been accepted."""
    return frozenset(name for command in plan for name in (*command.carries, command.secret) if name)


class NotApplied(Frozen):
    """A wish that the platform cannot do: the field of the wish and the reason code."""

    field: str
    reason: str


Serving = Literal["online", "configuring", "dark", "failed"]
"""online: serves. configuring: lit, not ready yet. dark: no light. failed: lit, and will not serve by itself."""


class Health(Frozen):
    """Headroom and load of an OLT, where the platform tells."""

    version: Reported | None = None
    onus: int | None = None
    service_ports: int | None = None


class Adapter(Protocol):
    """The contract that mypy checks vendors' adapter modules against."""

    PLATFORM: "Platform"

    def discover(self) -> Dialogue[tuple[Sighting, ...]]:
        """Every ONU of the OLT that is lit and not registered."""
        ...

    def observe(self, serial: str, port: PonPort | None) -> Dialogue[Observation]:
        """What the OLT has for `serial` anywhere, in full, and what is in use on `port`."""
        ...

    def plan(self, desired: DesiredOnu | None, observed: Observation) -> tuple[Command, ...]:
        """Commands that turn `observed` into `desired` (None: not registered); none when they already agree.

        Removes before it adds; removes every registration in `observed` that is not on `desired.port` (the worker
        takes out beforehand what must not be touched). Numbers are picked here. Raises OrderRejected (`port_full`).
        """
        ...

    def limits(self, desired: DesiredOnu, firmware: str | None = None) -> tuple[NotApplied, ...]:
        """What of `desired` this platform, its software or this ONU cannot do; `plan` leaves it out."""
        ...

    def serving(self, found: Registration) -> Serving:
        """What the OLT's states mean for the customer, judged per platform."""
        ...

    def check(self, command: Command, reply: str) -> None:
        """Raise the error that a refusal means. A reply to a write that no rule explains is UnknownReply."""
        ...

    def save(self) -> tuple[Command, ...]:
        """The commands that make the running configuration permanent; `effect` is save, time-out 150 s."""
        ...

    def health(self) -> Dialogue[Health]:
        """Version and headroom."""
        ...

    def parse(self, command: str, reply: str) -> dict[str, Any]:
        """Every row and field of one raw reply as JSON-able values, for `acende parse`.

        A device's own refusal or "not there" is a value. Raises UnknownReply for what cannot be vouched for.
        """
        ...


@dataclass(frozen=True)
class Platform:
    """All that the session has to know of a CLI. Expressions are searched in text without CR and escape codes."""

    name: str
    prompt: str
    """Any prompt of any mode, anchored to the last line, with `{host}` for the host name: learnt at the first login
    by matching with `host_pattern` in its place, then escaped and pinned."""
    host_pattern: str = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
    user_prompt: str = r"(?i)user ?name[^\n]*:\s*$"
    password_prompt: str = r"(?i)password:\s*$"
    unprivileged: str | None = None
    """Expression of the prompt after which `enable` is sent."""
    enable: str = "enable"
    prepare: tuple[str, ...] = ()
    """Lines sent once per session (pager, hints and questions off); a refusal of one of them is ignored."""
    leave: str = "quit"
    """One mode up."""
    top: str | None = None
    """Back to the privileged mode at once, where the platform has it."""
    logout: tuple[tuple[str, str | None], ...] = (("quit", "y"),)
    """Lines that end the session, each with the answer to its question."""
    pager: str | None = None
    pager_next: str = " "
    hint: str | None = None
    """Expression of an automatic hint at the end of the buffer, answered by a line end."""
    question: str = r"(?i)(\(y/n\)\s*\[[yn]\]|\[yes/no\])\s*:?\s*$"
    """Expression of any question at the end of the buffer; answered only by a row of `Command.answers`."""
    login_answers: tuple[tuple[str, str], ...] = ()
    """Questions that a site's banner asks at login (expression, searched in the last line) and what to answer."""
    personal: tuple[str, ...] = ()
    """Expressions (multi-line) whose group 1 names a customer in a line or a display (a login, an SSID, a description):
    masked, besides secrets, wherever a device is quoted (`vendors.quoting`)."""
    login_refused: tuple[str, ...] = ()
    """Texts that truly refuse the credentials."""
    login_busy: tuple[str, ...] = ()
    """Texts that say: no free line, or too many sessions of this account."""
    never_shown: tuple[str, ...] = ("wan.password", "wifi.*.key")
    """Fields of a wish that no display of this platform shows, `*` for any number: known to be right only where the line
    that brings them was accepted."""
    noise: tuple[Notice, ...] = ()
    """Alarms and notices that may stand in the middle of any output: cut out."""
    redactions: tuple[str, ...] = ()
    """Expressions (multi-line) whose group 1 is a secret: masked in every reply."""
    width: int | None = None
    """Where the device breaks lines in the middle of a word, whatever the terminal says: put together before a redaction
    is looked for. A line that begins with two blanks, or holds nothing, goes on with none."""
    line_end: str = "\n"
    pipeline: Literal["off", "reads", "writes"] = "reads"
    """Whether a batch is sent in one write."""
    batch_limit: int = 20
    ssh: dict[str, Any] = field(default_factory=dict)
    """Arguments for the SSH transport that every OLT of this platform needs."""
