"""Alarms that a ZTE OLT prints to a terminal, in the middle of whatever else it prints.

No capture of a ZXAN or TITAN shows one: the form is that of ZTE's own alarm manual for its routers
(`18:57:30 08/26/2008 UTC alarm 33281 occurred %EPON% ... sent by NPC3`), so this is a guess.
"""

from vendors.noise import Notice, without

ALARM = Notice(
    r"^(?:\d\d:\d\d:\d\d \d\d/\d\d/\d{4} \w{3,5} )?(?:An? )?(?:[Aa]larm|[Nn]otification) \d{1,9} ",
    last=r"sent by [^\n]{1,60}$",
    most=4,
)


def without_alarms(text: str) -> str:
    """`text` without the alarms in it."""
    return without((ALARM,), text)
