"""How the toy's command line looks."""

from vendors.contract import Platform
from vendors.noise import Notice

PLATFORM = Platform(
    name="toy",
    prompt=r"^{host}(\([a-z0-9/-]+\))?#\s?$",
    user_prompt=r"login: $",
    password_prompt=r"secret: $",
    prepare=("no paging", "no hints"),
    leave="up",
    logout=(("bye", "y"),),
    pager=r"^-- next --$",
    hint=r"^<more\?> $",
    question=r"\[y/n\] $",
    login_refused=(r"wrong name or secret",),
    login_busy=(r"no line free",),
    noise=(Notice(r"^\* ALARM "),),
    personal=(r"^ppp \d+ \d+ (\S+)", r"\bdescription (\S+)"),
    redactions=(r"^ppp\s+\d+\s+\S+\s+(\S+)$",),
)
