"""What an ONU answers over OMCI: its equipment, its Ethernet ports, its WAN connections and IP hosts, and the rest."""

from collections.abc import Sequence

from vendors.errors import UnknownReply
from vendors.zte_common.parse.blocks import alike, blocks, each_once, fields, pairs
from vendors.zte_common.parse.clean import solid
from vendors.zte_common.parse.values import Row


def equipment(lines: Sequence[str]) -> Row:
    """`show gpon remote-onu equip`."""
    found = fields(lines, first="Vendor ID")
    if "sn" not in found:
        raise UnknownReply("the serial number is missing: the reply is cut")
    return {"equipment": found}


def ethernet(lines: Sequence[str]) -> Row:
    """`show gpon remote-onu interface eth`: one block for each port."""
    found = each_once(blocks(lines, first="Interface"), "interface")
    return {"ports": [_port(block) for block in alike(found)]}


def wan(lines: Sequence[str]) -> Row:
    """`show gpon remote-onu wan-ip`: one block for each connection."""
    return {"wans": each_once(blocks(lines, first="WAN id"), "wan_id")}


def hosts(lines: Sequence[str]) -> Row:
    """`show gpon remote-onu ip-host`: one block for each host."""
    return {"hosts": alike(each_once(blocks(lines, first="Host ID"), "host_id"))}


def others(lines: Sequence[str]) -> Row:
    """Any other `show gpon remote-onu`, and the T-CONTs and ports of an ONU: fields, a block from each first label on.

    No capture shows one.
    """
    named = pairs(solid(lines))
    if len(named) < 2:
        raise UnknownReply("no fields, or cut")
    return {"blocks": blocks(lines, first=named[0][0])}


def _port(block: Row) -> Row:
    if len(block) < 2:
        raise UnknownReply("a port without fields: the reply is cut")
    kind, _, number = str(block["interface"]).partition("_")
    slot, _, port = number.partition("/")
    if not kind or not slot.isdecimal() or not port.isdecimal() or len(number) > 9:
        raise UnknownReply("the name of an Ethernet port was expected")
    return {"kind": kind, "slot": int(slot), "port": int(port), **block}
