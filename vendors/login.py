"""From an open connection to the privileged prompt: credentials, banners, `enable`, the first lines of a session."""

import re
from dataclasses import dataclass

from pydantic import SecretStr

from vendors.contract import Platform
from vendors.errors import LoginRefused, OltBusy, OltUnreachable, UnknownReply
from vendors.line import Broken, Expressions, Line, Typed, Unexplained
from vendors.quoting import quoted
from vendors.screen import last_line

_MOST_PAGES = 20
_NUDGE_S = 5.0
"""Some OLTs print nothing before the first Enter."""


@dataclass(frozen=True)
class Account:
    """Who logs in."""

    username: str
    password: SecretStr
    enable_secret: SecretStr | None = None


async def log_in(line: Line, account: Account, timeout_s: float) -> str:
    """The privileged prompt, once every line of `Platform.prepare` has been sent.

    Pins the host name in `line`. Raises LoginRefused, OltBusy, OltUnreachable, UnknownReply.
    """
    try:
        prompt = await _Login(line, account, timeout_s).run()
        return await _prepare(line, prompt)
    except Broken as end:
        raise _verdict(line.platform, account, end) from end
    except Unexplained as question:
        text = _redacted(account, line.platform, question.text)
        raise UnknownReply("the OLT asks a question at its login", reply=text) from question


class _Login:
    """The conversation up to a privileged prompt."""

    def __init__(self, line: Line, account: Account, timeout_s: float) -> None:
        self._line = line
        self._platform = line.platform
        self._account = account
        self._timeout_s = timeout_s
        self._user_asked = 0
        self._password_asked = 0
        self._pages = 0
        self._questions = 0
        self._nudges = 0
        self._reacted_at = 0
        self._enabling = False

    async def run(self) -> str:
        await self._to_prompt()
        # A banner may end like a prompt; it does not do so again after an empty line.
        found = await self._to_prompt("")
        self._line.find = Expressions.of(self._platform, found["host"])
        if not self._is_unprivileged(found[0]):
            return found[0]
        self._enabling, self._password_asked = True, 0
        prompt = (await self._to_prompt(self._platform.enable))[0]
        if self._is_unprivileged(prompt):
            raise LoginRefused("the account has no privileged mode")
        return prompt

    def _is_unprivileged(self, prompt: str) -> bool:
        expression = self._platform.unprivileged
        if expression is None:
            return False
        return re.search(expression.replace("{host}", self._platform.host_pattern), prompt) is not None

    async def _to_prompt(self, text: str | None = None) -> re.Match[str]:
        """Send `text`, if any, answer what is asked, and return the prompt."""
        if text is not None:
            self._line.write(text)
        while True:
            _refuse(self._platform, self._account, self._line.text())
            if found := self._line.prompt():
                self._line.buffer.clear()
                self._reacted_at = 0
                return found
            self._react()
            await self._wait()

    async def _wait(self) -> None:
        if await self._line.more(min(_NUDGE_S, self._timeout_s)):
            return
        self._nudges += 1
        if self._nudges * _NUDGE_S > self._timeout_s:
            raise Broken("no prompt in time", self._line.text())
        if self._nudges == 1 and not self._line.buffer:
            self._line.write("")

    def _react(self) -> None:
        """Answer what is asked last, once."""
        text, at_end = last_line(self._line.buffer)
        if not at_end or len(self._line.buffer) == self._reacted_at:
            return
        self._reacted_at = len(self._line.buffer)
        if re.search(self._platform.user_prompt, text):
            self._give_user()
        elif re.search(self._platform.password_prompt, text):
            self._give_password()
        else:
            self._pass_by(text)

    def _pass_by(self, text: str) -> None:
        find = self._line.find
        if find.pager and find.pager.search(text):
            self._next_page()
        elif find.hint and find.hint.search(text):
            self._line.write("")
        elif answer := self._answer(text):
            self._line.write(answer)
        elif find.question.search(text):
            raise Unexplained(self._line.text())

    def _answer(self, text: str) -> str | None:
        """What a banner's question is answered with, if the platform knows it; once in a login."""
        known = (said for asked, said in self._platform.login_answers if re.search(asked, text))
        if self._questions or (answer := next(known, None)) is None:
            return None
        self._questions += 1
        return answer

    def _next_page(self) -> None:
        self._pages += 1
        if self._pages > _MOST_PAGES:
            raise Broken("a banner without an end", self._line.text())
        self._line.write(self._platform.pager_next, end=False)

    def _give_user(self) -> None:
        self._user_asked += 1
        if self._user_asked > 1:
            raise LoginRefused("the OLT asks for the user name again")
        self._line.write(self._account.username)

    def _give_password(self) -> None:
        self._password_asked += 1
        secret = self._account.enable_secret if self._enabling else self._account.password
        if secret is None:
            raise LoginRefused("the OLT asks for an enable password, and the inventory has none")
        if self._password_asked > 1:
            raise LoginRefused("the OLT asks for the password again")
        self._line.write(secret.get_secret_value())


async def _prepare(line: Line, prompt: str) -> str:
    for text in line.platform.prepare:
        said = (await line.run([Typed(text, text)]))[-1]
        if said.prompt != prompt.rstrip():
            raise UnknownReply("a session's first lines changed the mode", command=text, reply=said.text)
    return prompt.rstrip()


def _refuse(platform: Platform, account: Account, text: str) -> None:
    """Raise what the OLT says of the login, if it says it in `text`."""
    for expressions, error in ((platform.login_busy, OltBusy), (platform.login_refused, LoginRefused)):
        if any(re.search(expression, text, re.IGNORECASE) for expression in expressions):
            raise error("the OLT says so at its login", reply=_redacted(account, platform, text))


def _verdict(platform: Platform, account: Account, end: Broken) -> OltUnreachable:
    """What a connection that ended during the login means."""
    _refuse(platform, account, end.text)
    return OltUnreachable(f"no login: {end.why}", reply=_redacted(account, platform, end.text))


def _redacted(account: Account, platform: Platform, text: str) -> str:
    secrets = [secret.get_secret_value() for secret in (account.password, account.enable_secret) if secret]
    return quoted(platform, text, (account.username,), secrets)
