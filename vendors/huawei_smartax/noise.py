"""What the device prints to a terminal unasked, in the middle of anything: alarms, and how far saving has come."""

ALARM = (
    r"(?m)(?:^[ \t]*\n){0,2}^[ \t]*! ?\S[^\n]*\n(?:(?![^\n]*--- END)[^\n]*\n){0,40}[^\n]*--- END[ \t]*"
    r"(?:\n[ \t]*){0,1}(?:\n|\Z)"
)
"""With the blank lines around it, for it may stand in the middle of a sentence."""
SAVING = (
    r"(?m)^[ \t]*(?:The percentage of saved data on [^\n]{1,80}|The data (?:of|is) [^\n]{1,80}sav[^\n]{1,40}"
    r"|System data has been saved completely\.?|Configuration file had been saved successfully\.?)[ \t]*(?:\n|\Z)"
)
"""Words of drivers; no capture shows them."""
ADVICE = (
    r"(?m)^[ \t]*Warning: The user password is set by other administrator or NMS, it is[ \t]*\n"
    r"[ \t]*recommended to change the password\.[ \t]*(?:\n|\Z)"
)
"""MA5800 of 2021, behind the first prompt."""
