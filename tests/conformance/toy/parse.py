"""`text -> rows`: a list, or UnknownReply. Every reply that lists something ends with its total."""

import re

from vendors.errors import UnknownReply

_TOTAL = re.compile(r"total: (\d+)")


def rows(command: str, reply: str, *columns: str) -> list[dict[str, str]]:
    """The rows of a table whose last line is its total; a hyphen stands for nothing."""
    lines = [line.strip() for line in reply.splitlines() if line.strip()]
    if not lines or not (total := _TOTAL.fullmatch(lines[-1])):
        raise UnknownReply("a table without its total", command=command, reply=reply)
    found = [line.split() for line in lines[:-1]]
    if len(found) != int(total[1]) or any(len(row) != len(columns) for row in found):
        raise UnknownReply("a table that does not add up", command=command, reply=reply)
    return [{name: value for name, value in zip(columns, row, strict=True) if value != "-"} for row in found]


SEEN = ("serial", "port", "model")
ONU = ("serial", "port", "id", "state", "profile", "description", "onu_rx", "onu_tx", "olt_rx", "distance")
FLOW = ("number", "gem", "vlan", "user")
PPP = ("word", "vlan", "login", "password")
ID = ("id",)
COLUMNS = (("seen", SEEN), ("onu", ONU), ("flows", FLOW), ("ppp", PPP), ("ids", ID))
