"""How the SmartAX CLI is spoken to: prompts, pager, hints, login, what to mask."""

from vendors.contract import Platform
from vendors.huawei_smartax.noise import ADVICE, ALARM, SAVING
from vendors.huawei_smartax.secrets import PERSONAL, SECRETS

PLATFORM = Platform(
    name="huawei_smartax",
    prompt=r"^[ ]{0,2}{host}(?:\([^()\s]{1,60}\))?(?:[>#]|%%)\s?$",
    user_prompt=r"(?i)>?>?user name[^\n]*:\s*$",
    password_prompt=r"(?i)(?:>>)?(?:\([^()\s]*\) )?(?:user )?password:\s*$",
    unprivileged=r"^[ ]{0,2}{host}>\s?$",
    # `undo smart` ends the hints, `undo interactive` the questions. Some firmware knows `scroll` only with a number, and
    # pages again after 512 lines: the pager's expression stays the fallback, as do those of hints and questions.
    prepare=("undo smart", "undo interactive", "scroll 512", "scroll"),
    leave="quit",
    top="return",
    logout=(("quit", "y"),),
    pager=r"-{3,4} ?More ?\( ?Press 'Q' to break ?\) ?-{3,4}\s*$",
    pager_next=" ",
    hint=r"^\s*\{[^{}\n]*<cr>[^{}\n]*\}\s*:\s*$",
    # A hint without `<cr>` is a question too: the command is not complete, and Enter does not end it.
    question=r"(?i)(?:\(y/n\)\s*\[[yn]\]|\[y/n\]|\[yes/no\]|yes\.no)\s*:?\s*$|^\s*\{[^{}\n]*\}\s*:\s*$",
    # Some sites have a banner agreed to (netmiko's driver answers it so; no capture).
    login_answers=((r"(?i)yes[ ./]no\W*$", "yes"),),
    login_refused=("Username or password invalid", "Username or Domain invalid"),
    login_busy=(
        "Reenter times have reached the upper limit",
        "the number of login users exceeds",
        "number of users has reached the upper limit",
    ),
    noise=(ALARM, SAVING, ADVICE),
    redactions=SECRETS,
    personal=PERSONAL,
    line_end="\n",
    pipeline="reads",
    batch_limit=20,
)
