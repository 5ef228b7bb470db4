"""Carrying a vendor's dialogue: send what it yields, hand back each reply."""

from typing import Protocol

from vendors.contract import Command, Dialogue, T


class Sender(Protocol):
    """What a dialogue needs of a session."""

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]:
        """The replies, in the order of the commands."""
        ...


async def hold(session: Sender, dialogue: Dialogue[T]) -> T:
    """What the dialogue learnt. Raises what `send` raises, and what the dialogue makes of the replies."""
    try:
        batch = next(dialogue)
        while True:
            batch = dialogue.send(await session.send(batch))
    except StopIteration as finished:
        learnt: T = finished.value
        return learnt
