"""Alarms that a ZTE OLT prints to a terminal, in the middle of whatever else it prints.

No capture of a ZXAN or TITAN shows one: the form is that of ZTE's own alarm manual for its routers
(`18:57:30 08/26/2008 UTC alarm 33281 occurred %EPON% ... sent by NPC3`), so this is a guess.
"""

import re

ALARM = (
    r"(?m)^(?:\d\d:\d\d:\d\d \d\d/\d\d/\d{4} \w{3,5} )?(?:An? )?(?:[Aa]larm|[Nn]otification) \d{1,9} "
    r"(?:[^\n]{0,200}\n){0,3}?[^\n]{0,200}sent by [^\n]{1,60}(?:\n|\Z)"
)
_ALARM = re.compile(ALARM)


def without_alarms(text: str) -> str:
    """`text` without the alarms in it."""
    return _ALARM.sub("", text)
