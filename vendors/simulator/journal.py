"""What an OLT was sent, byte by byte: tests look here for lines nobody meant and for secrets in the wrong place."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Received:
    """One line as it arrived, without its line end. `waiting` is what the shell had printed last: prompt or question."""

    session: int
    user: str
    waiting: str
    line: bytes
    hidden: bool = False
    """A password: it was not echoed."""
    at: float = 0.0


@dataclass
class Journal:
    """Lines, raw bytes and logins of all sessions of one OLT, in the order of arrival."""

    lines: list[Received] = field(default_factory=list)
    raw: dict[int, bytearray] = field(default_factory=dict)
    """By session, everything that came after the login, telnet options taken out."""
    logins: list[str] = field(default_factory=list)
    """`user: accepted|refused|busy|dropped`."""
    offered: list[tuple[str, str]] = field(default_factory=list)
    """User and password of every attempt to log in."""

    def commands(self) -> list[str]:
        """Every line that was not empty and not a password, as text."""
        return [row.line.decode("latin-1") for row in self.lines if row.line and not row.hidden]

    def clear(self) -> None:
        """Forget everything."""
        self.lines.clear()
        self.raw.clear()
        self.logins.clear()
        self.offered.clear()
