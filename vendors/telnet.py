"""The client's side of telnet options (RFC 854, 1073), without I/O: what is text, and what is to be answered."""

from dataclasses import dataclass

from vendors.screen import Beyond

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
ECHO, SUPPRESS_GO_AHEAD, WINDOW_SIZE = 1, 3, 31
_LIMIT = 65_536
"""Bytes of options on one connection: devices send some dozens, and a few an hour to keep it alive."""
_LONGEST = 1_024
"""Bytes of one option."""


@dataclass
class TelnetOptions:
    """Lets the device echo, tells it a wide window so that it does not wrap, refuses the rest."""

    columns: int = 511
    rows: int = 511
    _rest: bytes = b""
    _offered: bool = False
    _seen: int = 0
    """Bytes of options so far."""

    def offer(self) -> bytes:
        """What a client may send first."""
        self._offered = True
        return bytes([IAC, WILL, WINDOW_SIZE])

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """The text in `data`, and what to answer. An option that is cut in two waits for its other half. Raises Beyond."""
        data, self._rest = self._rest + data, b""
        text, answer = bytearray(), bytearray()
        at = 0
        while (found := data.find(IAC, at)) >= 0:
            text += data[at:found]
            length = _length(data, found)
            if length is None and len(data) - found <= _LONGEST:
                self._rest = data[found:]
                return bytes(text), bytes(answer)
            length = length or len(data) - found
            option = data[found : found + length]
            self._count(option)
            text += b"\xff" if option == bytes([IAC, IAC]) else b""
            answer += self._answer(option)
            at = found + length
        return bytes(text + data[at:]), bytes(answer)

    def _count(self, option: bytes) -> None:
        if len(option) > _LONGEST:
            raise Beyond(f"a telnet option of more than {_LONGEST} bytes")
        self._seen += len(option) if option[1] != IAC else 0
        if self._seen > _LIMIT:
            raise Beyond(f"more than {_LIMIT // 1024} kB of telnet options")

    def _answer(self, option: bytes) -> bytes:
        if len(option) != 3:
            return b""
        verb, code = option[1], option[2]
        if verb == DO and code == WINDOW_SIZE:
            agreed, self._offered = self._offered, True
            return (b"" if agreed else bytes([IAC, WILL, code])) + self._window()
        if verb == DO:
            return bytes([IAC, WILL if code == SUPPRESS_GO_AHEAD else WONT, code])
        if verb == WILL:
            return bytes([IAC, DO if code in {ECHO, SUPPRESS_GO_AHEAD} else DONT, code])
        return b""

    def _window(self) -> bytes:
        size = self.columns.to_bytes(2) + self.rows.to_bytes(2)
        return bytes([IAC, SB, WINDOW_SIZE]) + size.replace(b"\xff", b"\xff\xff") + bytes([IAC, SE])


def _length(data: bytes, at: int) -> int | None:
    """The length of the option at `at`; None while some of it is missing."""
    if len(data) < at + 2:
        return None
    if data[at + 1] == SB:
        end = data.find(bytes([IAC, SE]), at)
        return None if end < 0 else end + 2 - at
    length = 3 if data[at + 1] in {DO, DONT, WILL, WONT} else 2
    return length if len(data) >= at + length else None
