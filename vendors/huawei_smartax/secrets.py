"""What of the device's output is a secret: group 1 of each expression (multi-line mode)."""

_VALUE = r"(\"[^\"]{0,160}\"|\"[^\n]*|[^\s\"]\S*)"
"""In quotation marks, which a wrapped line may part, or one word."""
SECRETS = (
    rf"\b(?:password|cipher|checkcode-auth|password-auth|shared-key|community (?:read|write))\s+{_VALUE}",
    rf"\btr069-server-profile [^\n]{{1,200}}?\suser\s+(?:\"[^\"\n]*\"|[^\s\"]\S*)\s+{_VALUE}",
    r"^\s*(?:Password|Checkcode)\s*: *(0x(?!0{20}\s*$)\S[^\n]*|(?!0x)\S[^\n]*)$",
)
"""A TR-069 profile's password stands behind its user without a word of its own (MA5800)."""
