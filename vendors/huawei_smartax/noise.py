"""What the device prints to a terminal unasked, in the middle of anything: alarms, and how far saving has come."""

from vendors.noise import Notice

ALARM = Notice(r"^[ \t]*! ?\S", last=r"--- END[ \t]*$", torn="--- END", most=42, before=2, after=1)
"""With the blank lines around it, for it may stand in the middle of a sentence."""
SAVING = Notice(
    r"^[ \t]*(?:The percentage of saved data on [^\n]{1,80}|The data (?:of|is) [^\n]{1,80}sav[^\n]{1,40}"
    r"|System data has been saved completely\.?|Configuration file had been saved successfully\.?)[ \t]*$"
)
"""Words of drivers; no capture shows them."""
ADVICE = Notice(
    r"^[ \t]*Warning: The user password is set by other administrator or NMS, it is[ \t]*$",
    last=r"^[ \t]*recommended to change the password\.[ \t]*$",
    most=2,
)
"""MA5800 of 2021, behind the first prompt."""
