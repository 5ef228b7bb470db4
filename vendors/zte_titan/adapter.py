"""C600, C620 and C650. Commands and replies: tests/transcripts/zte_zxan; what is guessed is marked where it stands."""

from collections.abc import Iterator, Sequence

from vendors.contract import Command, Dialogue, read
from vendors.errors import UnknownReply
from vendors.zte_common.adapter import ZteAdapter
from vendors.zte_common.dialogues import lines_of, refused, section
from vendors.zte_common.grammar import Grammar
from vendors.zte_common.registered import Shown
from vendors.zte_titan.grammar import GRAMMAR
from vendors.zte_titan.platform import PLATFORM as _PLATFORM


def _read_config(grammar: Grammar, shown: Sequence[Shown]) -> Dialogue[None]:
    """Interface, inside and virtual ports of each ONU.

    C620 knows `show running-config-interface`; where software refuses it, `show this` in each mode tells the same. A mode is
    entered only for ONUs that the OLT has named: the interface of one that is not there may be entered too.
    """
    for found in shown:
        by_name = yield from _interface(grammar, found)
        yield from _rest(grammar, found, by_name)


def _interface(grammar: Grammar, found: Shown) -> Dialogue[bool]:
    """Reads the interface, and the inside where it comes with it; whether sections are shown by name."""
    asked = read(f"show running-config-interface {grammar.onu(found.port, found.onu_id)}")
    [reply] = yield (asked,)
    by_name = not refused(asked, reply)
    if not by_name:
        asked = read("show this", *grammar.onu_path(found.port, found.onu_id))
        [reply] = yield (asked,)
    value = lines_of(asked, reply)
    interface = section(value, "interface", found)
    if interface is None:
        raise UnknownReply("no configuration of the interface", command=asked.text, reply=reply)
    found.interface = interface
    found.management = section(value, "pon-onu-mng", found) or ()
    return by_name


def _rest(grammar: Grammar, found: Shown, by_name: bool) -> Dialogue[None]:
    """The virtual ports, one for each GEM port, and the inside of the ONU where it was not shown yet."""
    vports = [row["gemport"] for row in found.interface if row.get("statement") == "gemport"]
    asked = list(_vport_reads(grammar, found, vports, by_name))
    if not found.management:
        asked.append(read("show this", *grammar.management_path(found.port, found.onu_id)))
    if not asked:
        return
    replies = yield tuple(asked)
    for vport, command, reply in zip(vports, asked, replies, strict=False):
        found.vports[vport] = section(lines_of(command, reply), "interface", found, vport) or ()
    if len(asked) > len(vports):
        found.management = section(lines_of(asked[-1], replies[-1]), "pon-onu-mng", found) or ()


def _vport_reads(grammar: Grammar, found: Shown, vports: Sequence[int], by_name: bool) -> Iterator[Command]:
    for vport in vports:
        path = grammar.flow_path(found.port, found.onu_id, vport)
        if by_name:
            yield read(f"show running-config-{path[-1]}")
        else:
            yield read("show this", *path)


_zte = ZteAdapter(_PLATFORM, GRAMMAR, ("show pon onu uncfg",), _read_config)
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
