"""Captures of every platform, spoilt at random, through everything that reads a reply.

Whatever a device says, an adapter answers with a value or raises a ProvisioningError.
"""

import json
import random
from collections.abc import Callable
from functools import cache, partial

from schemas.place import PonPort
from tests.support.mutations import MUTATIONS
from tests.unit.huawei_smartax import captures as huawei
from tests.unit.zte import captures as zte
from vendors.contract import Command, Dialogue, T, read, write
from vendors.errors import ProvisioningError, UnknownReply
from vendors.registry import vendor

SERIAL, PORT = "HWTC1A2B3C4D", PonPort(frame=0, slot=1, port=0)
_STEPS = 12
"""No dialogue asks more often."""


@cache
def replies() -> dict[str, list[tuple[str, str]]]:
    """Command and reply, by platform."""
    pieces = [(piece.command, piece.raw) for piece in (*zte.all_pieces(), *zte.variants()) if piece.raw]
    return {
        "huawei_smartax": [(one.command, one.raw) for one in huawei.replies()],
        "zte_zxan": pieces,
        "zte_titan": pieces,
    }


def trial(chance: random.Random) -> None:
    """One capture, spoilt once or twice."""
    known = replies()
    platform = chance.choice(sorted(known))
    adapter = vendor(platform).adapter
    command, raw = chance.choice(known[platform])
    others = [other for _, other in known[platform]]
    for _ in range(chance.randrange(1, 3)):
        if raw:
            raw = chance.choice(MUTATIONS)(raw, others, chance)
    if (value := _said(lambda: adapter.parse(command, raw))) is not None:
        json.dumps(value)
    for sent in (write(command, path=()), read(command)) if _typable(command) else ():
        _said(partial(adapter.check, sent, raw))
    if chance.random() < 0.2:
        _said(lambda: _asked(adapter.discover(), raw, known[platform], chance))
        _said(lambda: _asked(adapter.observe(SERIAL, PORT), raw, known[platform], chance))


def _typable(command: str) -> bool:
    return command.isascii() and command.isprintable() and "?" not in command and bool(command)


def _said(what: Callable[[], T]) -> T | None:
    try:
        return what()
    except ProvisioningError:
        return None


def _asked(
    dialogue: Dialogue[object],
    raw: str,
    known: list[tuple[str, str]],
    chance: random.Random,
) -> None:
    """A dialogue with an OLT that answers each question with a capture to a like one, or with the spoilt reply."""
    batch = next(dialogue)
    for _ in range(_STEPS):
        try:
            batch = dialogue.send(tuple(_answer(one, raw, known, chance) for one in batch))
        except StopIteration:
            return
        except UnknownReply as error:
            if not error.command:
                raise ValueError("an odd reply without its command") from error
            raise


def _answer(command: Command, raw: str, known: list[tuple[str, str]], chance: random.Random) -> str:
    alike = [reply for asked, reply in known if asked.split()[:4] == command.text.split()[:4]]
    return raw if chance.random() < 0.3 or not alike else chance.choice(alike)
