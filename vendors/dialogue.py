"""Carrying a vendor's dialogue: send what it yields, hand back each reply."""

from collections.abc import Callable, Generator
from functools import wraps
from typing import ParamSpec, Protocol

from pydantic import ValidationError

from vendors.contract import Command, Dialogue, T
from vendors.errors import ProvisioningError, UnknownReply

P = ParamSpec("P")


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


def explained(
    dialogue: Callable[P, Generator[tuple[Command, ...], tuple[str, ...], T]],
) -> Callable[P, Dialogue[T]]:
    """The dialogue, but whatever it stumbles over is an UnknownReply that names what was asked and what came."""

    @wraps(dialogue)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> Dialogue[T]:
        asked: tuple[Command, ...] = ()
        replies: tuple[str, ...] = ()
        inner = dialogue(*args, **kwargs)
        try:
            asked = next(inner)
            while True:
                replies = yield asked
                asked = inner.send(replies)
        except StopIteration as finished:
            learnt: T = finished.value
            return learnt
        except UnknownReply as error:
            if error.command:
                raise
            raise _unexplained(str(error), asked, replies) from error
        except ProvisioningError:
            raise
        except Exception as error:
            raise _unexplained(_stumbled(error), asked, replies) from error

    return guarded


def _unexplained(why: str, asked: tuple[Command, ...], replies: tuple[str, ...]) -> UnknownReply:
    return UnknownReply(
        why, command=" / ".join(command.text for command in asked), reply="\n".join(replies), reading=True
    )


def _stumbled(error: Exception) -> str:
    """What it was, without the values: they are the device's."""
    if isinstance(error, ValidationError):
        where = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        return f"a value that cannot be: {where}"
    return f"a form that no rule explains ({type(error).__name__})"
