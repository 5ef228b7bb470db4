"""From an open connection to the privileged prompt: credentials, banners, `enable`, the first lines of a session."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from vendors.errors import LoginRefused, LoginStep, OltBusy, OltUnreachable, UnknownReply
from vendors.expressions import Expression, expression
from vendors.line import LOGIN_LIMIT, Broken, Expressions, Line, Typed, Unexplained, literal
from vendors.quoting import quoted, without_secrets
from vendors.screen import head_of, squeezed

_KEPT = 4_000
"""Characters of what an OLT said that an error holds."""
_MOST_PAGES = 20
_MOST_REDRAWN = 5
"""Times that the user name is given: its prompt is drawn again after an alarm."""
_MOST_EMPTY = 8
"""Empty lines after which a prompt that is never the same twice is given up."""
_NUDGE_S = 5.0
"""Some OLTs print nothing before the first Enter."""
_QUIET_S = 1.0
"""So long a line stands before it is taken for what the OLT waits at, where nothing about it is known."""
_UNCHANGED_S = 5.0
"""So long a line stands after two empty lines before it is told as one that nobody understands."""
_ODD_HOST = r"[^\n]{0,99}?\S"
"""A host name of any characters: what precedes the sign, or the mode before it."""


@dataclass(frozen=True)
class Account:
    """Who logs in."""

    username: str
    password: SecretStr
    enable_secret: SecretStr | None = None


async def log_in(line: Line, account: Account, timeout_s: float) -> str:
    """The privileged prompt, once every line of `Platform.prepare` has been sent.

    Pins the host name in `line`: that of the line that comes after each of two empty lines. Raises LoginRefused, OltBusy,
    OltUnreachable and UnknownReply, this also for a line at which the OLT waits and which is no prompt.
    """
    login = _Login(line, account, timeout_s)
    line.allow(LOGIN_LIMIT, "a login")
    try:
        return await login.run()
    except Broken as end:
        raise login.verdict(end) from end
    except Unexplained as question:
        raise UnknownReply(
            "the OLT asks a question at its login", reply=login.redacted(question.text)
        ) from question


class _Login:
    """The conversation up to a privileged prompt. Each secret is sent once for each step."""

    def __init__(self, line: Line, account: Account, timeout_s: float) -> None:
        self._line = line
        self._platform = line.platform
        self._account = account
        self._until = asyncio.get_running_loop().time() + timeout_s
        self._busy = _any_of(self._platform.login_busy)
        self._refused = _any_of(self._platform.login_refused)
        self._user_prompt = expression(self._platform.user_prompt)
        self._password_prompt = expression(self._platform.password_prompt)
        self._odd = Expressions.of(self._platform, host_pattern=_ODD_HOST).prompt
        self._host = ""
        self._step: LoginStep = "cli"
        self._users = 0
        self._secret_sent = False
        self._pages = 0
        self._questions = 0
        self._reacted_at = 0
        self._judged = 0
        """How many of the lines that came were judged."""

    async def run(self) -> str:
        """The privileged prompt, after the session's first lines."""
        prompt = await self._learnt()
        if self._is_unprivileged(prompt):
            prompt = await self._enabled()
        for text in self._platform.prepare:
            said = (await self._line.run([Typed(text, text)]))[-1]
            if said.prompt != prompt.rstrip():
                raise UnknownReply(
                    "a session's first lines changed the mode", command=text, reply=self.redacted(said.text)
                )
        return prompt.rstrip()

    # ------------------------------------------------------------------------------------------------- the prompt

    async def _learnt(self) -> str:
        """The line that comes after each of two empty lines, if it is a prompt; its host name is pinned.

        A banner may end like a prompt; it does not do so again.
        """
        shown, answers = "", [""]
        for empty_lines in range(_MOST_EMPTY):
            line, came = await self._standing(shown)
            answers = [answers[-1], line if came and empty_lines else ""]
            if answers == [line, line] and self._pinned(line):
                self._forget()
                return line
            if empty_lines > 1 and line == shown and not await self._more(_UNCHANGED_S - _QUIET_S):
                raise self._not_understood("the OLT waits at a line that is no prompt", line)
            shown = line
            self._forget()
            self._line.write("")
        raise self._not_understood("the OLT's prompt is another one after every empty line", shown)

    async def _standing(self, before: str) -> tuple[str, bool]:
        """The line at which the OLT waits, and whether it came after the last empty line (else it is `before`).

        What looks like a prompt is taken at once, any other line when it has stood for a while.
        """
        quiet, silent_s = False, 0.0
        while True:
            self._judge()
            line = self._line.waiting() or ""
            if (
                line.strip()
                and not self._asked(line, quiet=quiet)
                and (quiet or self._is_prompt(line, before))
            ):
                return line.rstrip(), True
            if quiet and not self._line.received:
                if before and not self._line.find.prompt.search(before):
                    return before, False
                silent_s += _QUIET_S
                if not before and _NUDGE_S <= silent_s < _NUDGE_S + _QUIET_S:
                    self._line.write("")
            quiet = not await self._more(_QUIET_S)

    def _is_prompt(self, line: str, before: str) -> bool:
        if self._line.find.prompt.search(line):
            return True
        return line.rstrip() == before and self._odd.search(line) is not None

    def _pinned(self, prompt: str) -> bool:
        """Whether the line is a prompt; its host name is no other's from then on."""
        found = self._line.find.prompt.search(prompt) or self._odd.search(prompt)
        if found is None:
            return False
        self._host = found["host"]
        self._line.find = Expressions.of(self._platform, self._host)
        return True

    def _not_understood(self, why: str, line: str) -> UnknownReply:
        line = without_secrets(self._platform, line, self._secrets())
        return UnknownReply(f"{why}: {line}", reply=line)

    # --------------------------------------------------------------------------------------------- privileged mode

    def _is_unprivileged(self, prompt: str) -> bool:
        wanted = self._platform.unprivileged
        return wanted is not None and bool(
            expression(wanted.replace("{host}", literal(self._host))).search(prompt)
        )

    async def _enabled(self) -> str:
        """The privileged prompt, by `enable` and its own secret."""
        self._step, self._users, self._secret_sent = "enable", 0, False
        self._forget()
        self._line.write(self._platform.enable)
        quiet = False
        while True:
            self._judge()
            line = self._line.waiting() or ""
            if self._line.prompt():
                if not self._is_unprivileged(line):
                    self._forget()
                    return line
                if self._echoed(self._platform.enable):
                    raise LoginRefused(
                        "the account has no privileged mode", step="enable", sent=self._secret_sent
                    )
            elif line:
                self._asked(line, quiet=quiet)
            quiet = not await self._more(_QUIET_S)

    def _echoed(self, text: str) -> bool:
        """Whether a line has been taken; a prompt before that answers the line before it."""
        return head_of(text) in squeezed("".join(self._line.settled[:8]))

    # -------------------------------------------------------------------------------------------------- what comes

    async def _more(self, timeout_s: float) -> bool:
        left = self._until - asyncio.get_running_loop().time()
        if left <= 0:
            raise Broken("no prompt in time", self._line.text())
        return await self._line.more(min(timeout_s, left))

    def _forget(self) -> None:
        self._line.forget()
        self._reacted_at = self._judged = 0

    def _judge(self) -> None:
        """Raise what the OLT says of the login, if it says it in what came since the last look."""
        settled = self._line.settled
        new = [*settled[self._judged :], self._line.waiting() or ""]
        self._judged = len(settled)
        self._refuse("\n".join(new))

    def _refuse(self, text: str) -> None:
        if self._busy and self._busy.search(text):
            raise OltBusy("the OLT says so at its login", reply=self.redacted(text))
        if self._refused and self._refused.search(text):
            raise LoginRefused(
                "the OLT says so at its login",
                step=self._step,
                sent=self._secret_sent,
                reply=self.redacted(text),
            )

    def verdict(self, end: Broken) -> OltBusy | LoginRefused | OltUnreachable:
        """What a connection that ended during the login means."""
        try:
            self._refuse(end.text)
        except (OltBusy, LoginRefused) as said:
            return said
        return OltUnreachable(f"no login: {end.why}", command="login", reply=self.redacted(end.text))

    def redacted(self, text: str) -> str:
        """The beginning of `text` without secrets, nor what tells of a person."""
        return quoted(self._platform, text, (self._account.username,), self._secrets(), most=_KEPT)

    def _secrets(self) -> list[str]:
        given = (self._account.password, self._account.enable_secret)
        return [secret.get_secret_value() for secret in given if secret]

    def _asked(self, line: str, *, quiet: bool) -> bool:
        """Whether the OLT asks for something here; it is answered once."""
        if self._user_prompt.search(line):
            self._give_user(quiet=quiet)
        elif self._password_prompt.search(line):
            self._once(self._give_password)
        elif self._line.find.pager and self._line.find.pager.search(line):
            self._once(self._next_page)
        elif self._line.find.hint and self._line.find.hint.search(line):
            self._once(lambda: self._line.write(""))
        else:
            return self._questioned(line)
        return True

    def _questioned(self, line: str) -> bool:
        """Whether a banner asks a question: answered if the platform knows it, once in a login."""
        known = (said for asked, said in self._platform.login_answers if expression(asked).search(line))
        answer = next(known, None)
        if answer is not None and (not self._questions or self._line.received == self._reacted_at):
            self._once(lambda: self._agree(answer))
        elif self._line.find.question.search(line):
            raise Unexplained(self._line.text())
        return answer is not None

    def _once(self, react: Callable[[], None]) -> None:
        """React, if something came since the last time."""
        if self._line.received != self._reacted_at:
            self._reacted_at = self._line.received
            react()

    def _agree(self, answer: str) -> None:
        self._questions += 1
        self._line.write(answer)

    def _next_page(self) -> None:
        self._pages += 1
        if self._pages > _MOST_PAGES:
            raise Broken("a banner without an end", self._line.text())
        self._line.write(self._platform.pager_next, end=False)

    def _give_user(self, *, quiet: bool) -> None:
        """Once; again where the prompt is drawn again before the password was sent, and nothing follows it."""
        if self._secret_sent:
            raise self._refusal("the OLT asks for the user name again")
        if not self._users or quiet:
            self._once(self._type_user)

    def _type_user(self) -> None:
        self._users += 1
        if self._users > _MOST_REDRAWN:
            raise Broken("the OLT asks for the user name again and again", self._line.text())
        self._line.write(self._account.username)

    def _give_password(self) -> None:
        secret = self._account.enable_secret if self._step == "enable" else self._account.password
        if secret is None:
            raise self._refusal("the OLT asks for an enable password, and the inventory has none")
        if self._secret_sent:
            raise self._refusal("the OLT asks for the password again")
        self._secret_sent = True
        self._line.write(secret.get_secret_value())

    def _refusal(self, why: str) -> LoginRefused:
        return LoginRefused(
            why, step=self._step, sent=self._secret_sent, reply=self.redacted(self._line.text())
        )


def _any_of(texts: Sequence[str]) -> Expression | None:
    return expression("|".join(f"(?:{text})" for text in texts), any_case=True) if texts else None
