"""Who may have a connection to the HTTP side, and for how long: strangers take no descriptor that OLTs and database need.

Where there are too many connections, of one peer or of all, the one that has waited longest for its client is closed for a new
one, and the new one only where all have a request in hand. A probe, which sends its request at once, is answered throughout.
"""

import asyncio
import resource
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from worker import logs

log = logs.get(__name__)
HEADERS_S = 5.0
"""From connecting, or from the answer before, until the headers of a request are there."""
ANSWER_S = 10.0
"""From there until the client has taken the answer."""
HEADERS_MAX = 16_384
"""Bytes of headers."""
_MOST = 64
_LEAST = 16
_SHARE = 8
"""HTTP has this part of the process's descriptors at most."""
_PEERS = 4
"""And one peer this part of them."""


@dataclass(frozen=True)
class Limits:
    """Connections at most: of all, of one peer, and of those that are accepted at a time."""

    most: int
    per_peer: int
    at_a_time: int

    @classmethod
    def of(cls, descriptors: int) -> "Limits":
        """For a process that may have so many descriptors."""
        most = max(_LEAST, min(_MOST, descriptors // _SHARE))
        return cls(most, most // _PEERS, most // _PEERS // 2)

    @classmethod
    def here(cls) -> "Limits":
        """For this process."""
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return cls.of(_MOST * _SHARE if soft == resource.RLIM_INFINITY else soft)


@dataclass
class Gate:
    """The connections that there are, those first that have waited longest."""

    limits: Limits
    _open: "dict[GatedProtocol, None]" = field(default_factory=dict)

    def admit(self, new: "GatedProtocol") -> bool:
        """Whether a new connection may stay; another is closed for it where need be."""
        peers = [one for one in self._open if one.peer == new.peer]
        if len(peers) >= self.limits.per_peer:
            why, among = "connections of one peer", peers
        elif len(self._open) >= self.limits.most:
            why, among = "connections", list(self._open)
        else:
            self._open[new] = None
            return True
        victim = next((one for one in among if one.waits), None)
        if victim:
            self._open[new] = None
        (victim or new).hang_up(f"too many {why}")
        return victim is not None

    def again(self, one: "GatedProtocol") -> None:
        """A connection begins to wait for its client anew."""
        if one in self._open:
            del self._open[one]
            self._open[one] = None

    def leave(self, one: "GatedProtocol") -> None:
        """A connection is no more."""
        self._open.pop(one, None)


class GatedConfig(uvicorn.Config):
    """uvicorn's settings with our limits."""

    def __init__(self, app: Any, **more: Any) -> None:
        self.gate = Gate(Limits.here())
        super().__init__(
            app,
            http=GatedProtocol,
            ws="none",
            h11_max_incomplete_event_size=HEADERS_MAX,
            # asyncio accepts so many at a time, and where a descriptor is missing it writes a traceback for each of them.
            backlog=self.gate.limits.at_a_time,
            **more,
        )


class GatedProtocol(H11Protocol):
    """One connection, hung up on where it is not admitted or its time is over."""

    config: GatedConfig
    peer: str = ""
    _time: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether the client is to send a request."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        super().connection_made(transport)
        self.peer = self.client[0] if self.client else ""
        if self.config.gate.admit(self):
            self._within(HEADERS_S, "no request")

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._within(ANSWER_S, "answer not taken")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.waits:
            self.config.gate.again(self)
            self._within(HEADERS_S, "no request")
        else:  # the next one came with it
            self._within(ANSWER_S, "answer not taken")

    def connection_lost(self, exc: Exception | None) -> None:
        self.config.gate.leave(self)
        if self._time:
            self._time.cancel()
        super().connection_lost(exc)

    def hang_up(self, why: str) -> None:
        """Close at once, without an answer."""
        if not self.transport.is_closing():
            log.warning("http_connection_closed", peer=self.peer, why=why)
        self.config.gate.leave(self)
        self.transport.abort()

    def _within(self, seconds: float, why: str) -> None:
        if self._time:
            self._time.cancel()
        self._time = self.loop.call_later(seconds, self.hang_up, why)
