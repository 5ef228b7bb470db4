"""What of the device's lines and displays is a secret, or tells of a person: group 1 of each expression (multi-line mode)."""

_VALUE = r"(\"[^\"]{0,160}\"|\"[^\n]*|[^\s\"]\S*)"
"""In quotation marks, which a wrapped line may part, or one word."""
_KIND = r"(?:(?:cipher|simple|plain|irreversible-cipher|encrypted|hex)\s+)?"
_BEHIND = r"(?:[ \t]+|[ \t]*\n(?=\"))"
"""Between a word that ends many a line and its value: a line ends there only where the value is in quotation marks."""
_NAMED = r"(?:\"[^\"]{0,160}\"|[^\s\"]\S*)"

SECRETS = (
    rf"\b(?:password|checkcode-auth|password-auth|shared-key|pre-shared-key|key-string)\s+{_KIND}{_VALUE}",
    rf"(?<!password )(?<!shared-key )\bcipher\s+{_VALUE}",
    rf"\bcommunity\s+(?:(?:read|write)\s+)?{_KIND}(?!(?:read|write|cipher|complexity-check|mib-view)\b){_VALUE}",
    rf"\b(?:securityname|security-name)\s+{_KIND}{_VALUE}",
    (
        rf"\b(?:authentication|privacy|auth|priv)-(?:mode|protocol)[ \t]+(?!simple\b)[\w-]{{1,20}}{_BEHIND}(?:\d{{1,3}}[ \t]+)?"
        rf"{_KIND}(?!(?:privacy|priv|auth|acl|local|radius)\b|{_NAMED}-mode\b){_VALUE}"
    ),
    rf"\bauthentication-mode[ \t]+simple{_BEHIND}{_KIND}{_VALUE}",
    rf"\btr069-server-profile [^#]{{1,400}}?\suser\s+(?:user-name\s+)?{_NAMED}{_BEHIND}(?:password\s+)?{_VALUE}",
    r"\bterminal user name \S+ \S+ (\S+)",
    (
        r"(?i)^[ \t|]*(?:(?:ont|acs|user|wpa|wlan|snmp|trap|shared|authentication)[ _-])?"
        r"(?:password|checkcode|shared[ _-]key|pre-?shared[ _-]key|key|community(?:[ _-]?name)?|security[ _-]?name)"
        r"[ \t]*:[ \t]*(0x(?!0{20}[ \t]*$)\S[^\n]*|(?!0x)\S[^\n]*)$"
    ),
)
"""A TR-069 profile's password stands behind its user without a word of its own (MA5800)."""
PERSONAL = (
    rf"\b(?:username|user-name|desc|description|loid-auth|ssid)\s+{_VALUE}",
    rf"\buser\s+(?!user-name\b|name\b|account\b){_VALUE}",
    r"(?i)^[ \t|]*(?:ont[ -])?(?:description|loid|ssid|user[ -]?name|login|contact|location)[ \t]*:[ \t]*(\S[^\n]*)$",
)
