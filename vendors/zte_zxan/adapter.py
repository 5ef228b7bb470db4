"""C300 and C320. Commands and replies: tests/transcripts/zte_zxan; what is guessed is marked where it stands."""

from collections.abc import Sequence

from vendors.contract import Dialogue, read
from vendors.errors import UnknownReply
from vendors.zte_common.adapter import ZteAdapter
from vendors.zte_common.dialogues import answer, lines_of, section
from vendors.zte_common.grammar import Grammar
from vendors.zte_common.registered import Shown
from vendors.zte_zxan.grammar import GRAMMAR
from vendors.zte_zxan.platform import PLATFORM as _PLATFORM


def _read_config(grammar: Grammar, shown: Sequence[Shown]) -> Dialogue[None]:
    """The interface of each ONU, and the inside of it."""
    if not shown:
        return
    asked = tuple(
        read(f"{show} {grammar.onu(found.port, found.onu_id)}")
        for found in shown
        for show in ("show running-config interface", "show onu running config")
    )
    replies = yield asked
    for number, found in enumerate(shown):
        outside, inside = asked[2 * number : 2 * number + 2]
        interface = section(answer(outside, replies[2 * number]), "interface", found)
        if interface is None:
            raise UnknownReply(
                "no configuration of the interface", command=outside.text, reply=replies[2 * number]
            )
        found.interface = interface
        found.management = section(lines_of(inside, replies[2 * number + 1]), "pon-onu-mng", found) or ()


_zte = ZteAdapter(_PLATFORM, GRAMMAR, ("show gpon onu uncfg", "show pon onu uncfg"), _read_config)
PLATFORM = _zte.PLATFORM
discover = _zte.discover
observe = _zte.observe
plan = _zte.plan
limits = _zte.limits
serving = _zte.serving
check = _zte.check
save = _zte.save
health = _zte.health
parse = _zte.parse
