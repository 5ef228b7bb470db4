"""Which mode a CLI is in: a stack of the lines by which it was entered, each with the prompt it led to."""

from dataclasses import dataclass, field

from vendors.contract import Platform


@dataclass(frozen=True)
class Move:
    """A line that changes the mode. `depth`: how many modes are entered after it."""

    text: str
    depth: int
    enters: bool


@dataclass
class ModeStack:
    """Starts in the privileged mode, whose prompt is `base`."""

    base: str
    entered: list[tuple[str, str]] = field(default_factory=list)

    @property
    def prompt(self) -> str:
        """The prompt of the present mode."""
        return self.entered[-1][1] if self.entered else self.base

    @property
    def path(self) -> tuple[str, ...]:
        """The lines that led here."""
        return tuple(text for text, _ in self.entered)

    def moves(
        self, path: tuple[str, ...], platform: Platform, start: tuple[str, ...] | None = None
    ) -> list[Move]:
        """The lines that lead to `path` from here, or from `start`: out of what it does not share, then into the rest."""
        here = self.path if start is None else start
        common = _common(here, path)
        up = len(here) - common
        if up > 1 and common == 0 and platform.top:
            leaving = [Move(platform.top, 0, enters=False)]
        else:
            leaving = [Move(platform.leave, len(here) - step, enters=False) for step in range(1, up + 1)]
        entering = [Move(text, common + step, enters=True) for step, text in enumerate(path[common:], 1)]
        return leaving + entering

    def arrive(self, move: Move, prompt: str) -> bool:
        """Note where a line led. False if it did not lead where it should have: nothing is noted then.

        Entering makes the prompt another one; leaving brings back the one that was there.
        """
        if move.enters:
            if prompt == self.prompt:
                return False
            self.entered.append((move.text, prompt))
            return True
        wanted = self.entered[move.depth - 1][1] if move.depth else self.base
        if prompt != wanted:
            return False
        del self.entered[move.depth :]
        return True


def _common(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """How many lines both begin with."""
    for count, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return count
    return min(len(first), len(second))
