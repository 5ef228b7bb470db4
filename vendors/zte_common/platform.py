"""What the session has to know of both command lines: they log in, page, ask and end alike."""

from vendors.contract import Platform
from vendors.zte_common.noise import ALARM

_MODE = r"\([A-Za-z][\w /:.-]{0,60}\)"
QUESTION = r"(?i)\[yes/no\]\s*:?\s*$"

_GOES_ON = r"(?!(?:vlan-profile|host|tag|pri|state|acs|privilege|mtu|mode|max-sessions)\b)"
"""A word of the line itself: a password in front of it that is one digit is no kind of cipher."""
_NAMED = "username|name|profile|service|type"
"""What a name follows, and that may be any word: `service password gemport 1`, `username key password K`."""


def _behind(word: str, secret: str) -> str:
    """What stands behind the word, where the word is not itself a name."""
    no_name = "".join(f"(?<!{named} )" for named in _NAMED.split("|"))
    return rf"(?:\b(?:{_NAMED}) +\S+ +|{no_name})\b{word}(?: +|[ ]*\n +)({secret})"


PERSONAL = (
    r"\busername(?: +|[ ]*\n +)(\S+)",
    r"\buser +(\S+) +password\b",
    r"^[ \t]*(?:ssid ctrl \S+ )?name +(\S[^\n]*)$",
    r"^[ \t]*description +(\S[^\n]*)$",
    r"\bloid +(\S+)",
    r"(?i)^[ \t]*(?:[a-z0-9-]{1,16}[ -])?(?:name|description|user[ -]?name|login|ssid|loid)[ \t]*:[ \t]*(\S[^\n]*)$",
)
"""What names a customer in lines and displays."""
REDACTIONS = (
    r"\b(?:message-digest-key|authentication-key) +\d+ +\w+ +((?:encrypt(?:ed)? +|\d +)?\S+)",
    r"(?:^|[ \t])//[^\s@]+@(\S+)",
    _behind("password", rf"(?:encrypted|\d{{1,2}}) +{_GOES_ON}\S+|\S+"),
    r"(?i)^[ \t]*password:[ \t]*(\S+)",
    _behind("key(?:-?\\d)?", r"\S+"),
    _behind("pw", r"(?!PW:)\S+"),
    r"\bPW:(\S+)",
    _behind("secret", r"(?:level +\d+ +)?(?:\d +)?\S+"),
    _behind("community", r"(?:encrypted +)?\S+"),
    _behind("(?:psk|passphrase)", r"\S+"),
    r"\bsnmp-server +host +(?:vrf +\S+ +)?\S+ +(?:(?:trap|inform)s? +)?version +(?:1|2c|3 +(?:auth|noauth|priv)) +(\S+)",
    r"\b(?:auth|priv) +(?:md5|sha\S*|3?des\S*|aes\S*) +((?:encrypted +)?\S+)",
    (
        r"(?i)^[ \t]*(?:[a-z-]{2,16}[ -])?(?:password|pre-?shared[ -]?key|(?:wpa|wep)[ -]?key\d?|community(?:[ -]?name)?)"
        r"[ \t]*:[ \t]*(\S[^\n]*)$"
    ),
    r"^\S{0,4}pon[-_]o(?:lt|nu)[-_]\S+ (?:.* )?[A-Z0-9]{4}[0-9A-F]{8} +(?!N/A\b|unknown\b|[A-Z0-9]{4}[0-9A-F]{8}\b)(\S+(?: \S+)*)",
)
"""The last: the password that a list of ONUs which are not registered prints behind the serial."""


def platform(name: str) -> Platform:
    """The platform of this name. A detail of an ONU holds a line `  Password:`: only one without a blank before it asks."""
    return Platform(
        name=name,
        prompt=rf"^{{host}}(?:{_MODE})?[>#]\s?$",
        user_prompt=r"(?i)^user ?name:\s*$",
        password_prompt=r"(?i)^password:\s*$",
        unprivileged=r"^{host}>\s?$",
        prepare=("terminal length 0",),
        leave="exit",
        top="end",
        logout=(("exit", "yes"),),
        pager=r" ?--More--\s*$",
        question=QUESTION,
        login_refused=(
            r"%Error 2020[89]",
            r"no username or bad password",
            r"% ?username or password error",
            r"bad password",
        ),
        # No capture shows these texts; some five sessions are allowed at a time.
        login_busy=(
            r"too many (?:users|connections|sessions)",
            r"(?:user|session|connection)s? .{0,40}(?:limit|maximum)",
        ),
        noise=(ALARM,),
        never_shown=("wan.password", "wifi.*.key", "wan.vlan"),
        redactions=REDACTIONS,
        width=80,
        personal=PERSONAL,
    )
