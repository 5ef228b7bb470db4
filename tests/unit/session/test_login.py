"""From banner to privileged prompt, with the logins that were captured from real OLTs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from dev.machine import ROOT
from tests.support.secrets import ENABLE_PASSWORD, OLT_PASSWORD
from tests.unit.session.streams import Script, line
from vendors.contract import Platform
from vendors.errors import LoginRefused, OltBusy, OltUnreachable, UnknownReply
from vendors.huawei_smartax.platform import PLATFORM as HUAWEI
from vendors.login import Account, log_in
from vendors.zte_titan.platform import PLATFORM as TITAN
from vendors.zte_zxan.platform import PLATFORM as ZXAN

TRANSCRIPTS = ROOT / "tests" / "transcripts"
ACCOUNT = Account("acende", SecretStr(OLT_PASSWORD), SecretStr(ENABLE_PASSWORD))
POOR = Account("acende", SecretStr(OLT_PASSWORD))
PLAIN = Platform(
    name="plain",
    prompt=r"^{host}[>#]$",
    unprivileged=r"^{host}>$",
    login_refused=("bad password",),
    login_busy=("no line free",),
    pager=r"^--More--$",
)


def captured(vendor: str, name: str) -> bytes:
    """A capture with CR LF at every line's end."""
    text = Path(TRANSCRIPTS / vendor / name).read_bytes().replace(b"\r\n", b"\n")
    return text.rstrip(b"\n").replace(b"\n", b"\r\n")


def prepared(platform: Platform, prompt: bytes) -> list[Sequence[bytes | None]]:
    """The answers to a platform's first lines."""
    return [[text.encode() + b"\r\n" + prompt] for text in platform.prepare]


async def logged_in(
    script: Script, platform: Platform, account: Account = ACCOUNT, timeout_s: float = 2.0
) -> str:
    made = line(script, platform)
    try:
        return await log_in(made, account, timeout_s)
    finally:
        await made.close()


async def test_the_captured_ssh_login_of_an_ma5800_ends_in_its_privileged_prompt() -> None:
    # The capture stops at the last-login block; its device's prompt is in the capture of its modes.
    banner = captured("huawei_smartax", "ma5800-ssh-login-banner.txt")
    modes = captured("huawei_smartax", "ma5800-mode-changes-and-unknown-command.txt")
    user = modes.split(b">")[0] + b">"
    host = user[:-1].decode()
    start = banner.index(b"\r\n\r\n\r\n")  # what stands before came during the authentication
    enable = modes[: modes.index(b"#") + 1].removeprefix(user)
    script = Script(
        opening=[banner[start : start + 200], banner[start + 200 :] + b"\r\n\r\n" + user],
        answers=[
            [b"\r\n\r\n" + user],
            [b"\r\n\r\n" + user],
            [enable],
            *prepared(HUAWEI, f"\r\n{host}#".encode()),
        ],
    )
    assert await logged_in(script, HUAWEI) == f"{host}#"
    assert script.written.decode().split("\n")[:4] == ["", "", "enable", "undo smart"]


async def test_the_captured_telnet_login_of_an_ma5800_is_understood() -> None:
    capture = captured("huawei_smartax", "ma5800-telnet-login-and-service-port-all.txt")
    head, _, rest = capture.partition(b"CLU-CEN-01-OLT-013>")
    user = b"CLU-CEN-01-OLT-013>"
    enable = rest[: rest.index(b"#") + 1]
    script = Script(
        opening=[b"\r\n>>User name:"],
        answers=[
            [b"acende\r\n>>User password:"],
            [head + user],
            [b"\r\n\r\n" + user],
            [b"\r\n\r\n" + user],
            [enable],
            *prepared(HUAWEI, b"\r\nCLU-CEN-01-OLT-013#"),
        ],
    )
    assert await logged_in(script, HUAWEI) == "CLU-CEN-01-OLT-013#"
    assert script.written.decode().split("\n")[:5] == ["acende", OLT_PASSWORD, "", "", "enable"]


async def test_the_captured_telnet_login_of_a_titan_is_understood() -> None:
    banner = captured("zte_zxan", "titan-telnet-login-banner.txt")
    script = Script(
        opening=[b"\r\nUsername:"],
        answers=[
            [b"acende\r\nPassword:"],
            [b"\r\n" + banner],
            [b"\r\nZXAN#"],
            [b"\r\nZXAN#"],
            *prepared(TITAN, b"ZXAN#"),
        ],
    )
    assert await logged_in(script, TITAN) == "ZXAN#"
    assert script.written.decode().split("\n")[:4] == ["acende", OLT_PASSWORD, "", ""]


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_banner_that_ends_like_a_prompt_is_none(size: int) -> None:
    banner = b"\r\n#### Welcome to POP-3#\r\nUnauthorised>\r\nZXAN#"
    script = Script(
        opening=[banner[at : at + size] for at in range(0, len(banner), size)],
    )
    script.answers = [*[[b"\r\nZXAN#"]] * 2, *prepared(TITAN, b"ZXAN#")]
    assert await logged_in(script, TITAN) == "ZXAN#"


@pytest.mark.parametrize(
    ("platform", "text"),
    [
        (HUAWEI, "  Username or password invalid.\r\n>>User name:"),
        (ZXAN, "%Error 20209: No username or bad password\r\nUsername:"),
        (TITAN, "% Username or password error\r\nUsername:"),
        (PLAIN, "bad password"),
    ],
)
async def test_a_refused_login_says_so(platform: Platform, text: str) -> None:
    script = Script(
        [b"User name:" if platform is HUAWEI else b"Username:"], [[b"\r\nPassword:"], [text.encode()]]
    )
    with pytest.raises(LoginRefused):
        await logged_in(script, platform)
    assert script.written.count(b"\n") == 2, "a refused login is not tried again"


async def test_being_asked_for_the_password_again_is_a_refusal_too() -> None:
    with pytest.raises(LoginRefused):
        await logged_in(Script([b"Password:"], [[b"\r\nPassword:"]]), PLAIN)
    with pytest.raises(LoginRefused):
        await logged_in(Script([b"Username:"], [[b"\r\nPassword:"], [b"\r\nSorry.\r\nUsername:"]]), PLAIN)


@pytest.mark.parametrize(
    ("platform", "text"),
    [(HUAWEI, "  Reenter times have reached the upper limit.\r\n"), (PLAIN, "no line free")],
)
@pytest.mark.parametrize("closes", [False, True])
async def test_one_session_too_many_is_busy_and_no_refusal(
    platform: Platform, text: str, closes: bool
) -> None:
    end: list[bytes | None] = [None] if closes else []
    script = Script([text.encode(), *end] if closes else [text.encode()])  # type: ignore[list-item]
    with pytest.raises(OltBusy):
        await logged_in(script, platform)


async def test_a_connection_that_ends_during_the_login_is_unreachable_and_not_refused() -> None:
    with pytest.raises(OltUnreachable):
        await logged_in(Script([b"Username:"], [[b"\r\nPassword:"], [None]]), PLAIN)


async def test_an_enable_password_is_given_once() -> None:
    script = Script([b"OLT>"], [[b"\r\nOLT>"], [b"\r\nOLT>"], [b"enable\r\nPassword:"], [b"\r\nOLT#"]])
    assert await logged_in(script, PLAIN) == "OLT#"
    assert script.written.decode().split("\n") == ["", "", "enable", ENABLE_PASSWORD, ""]


@pytest.mark.parametrize("answers", [[b"\r\nOLT>"], [b"\r\nPassword:"]])
async def test_an_account_without_a_privileged_mode_is_refused(answers: list[bytes]) -> None:
    script = Script([b"OLT>"], [[b"\r\nOLT>"], [b"\r\nOLT>"], [b"enable\r\nPassword:"], answers])
    with pytest.raises(LoginRefused):
        await logged_in(script, PLAIN)


async def test_an_enable_password_that_nobody_gave_is_a_refused_login() -> None:
    with pytest.raises(LoginRefused, match="enable password"):
        await logged_in(
            Script([b"OLT>"], [[b"\r\nOLT>"], [b"\r\nOLT>"], [b"enable\r\nPassword:"]]), PLAIN, POOR
        )


async def test_a_question_at_the_login_is_not_answered() -> None:
    script = Script([b"Accept the terms? (y/n)[n]:"])
    with pytest.raises(UnknownReply):
        await logged_in(script, PLAIN)
    assert not script.written


async def test_a_long_banner_is_paged_through() -> None:
    script = Script(
        [b"rules\r\n--More--"], [[b"\r        \rmore rules\r\nOLT#"], [b"\r\nOLT#"], [b"\r\nOLT#"]]
    )
    assert await logged_in(script, PLAIN) == "OLT#"
    assert script.written == b" \n\n"


async def test_a_host_name_like_no_other_is_pinned_as_it_is() -> None:
    made = line(Script([b"POP.3_A-1@x#"], [[b"\r\nPOP.3_A-1@x#"]] * 2), PLAIN)
    assert await log_in(made, ACCOUNT, 2.0) == "POP.3_A-1@x#"
    assert made.find.prompt.search("POP.3_A-1@x#")
    assert not made.find.prompt.search("POPx3_A-1@x#")
    await made.close()


async def test_first_lines_that_are_refused_are_ignored() -> None:
    script = Script(
        [b"Z#"],
        [
            [b"\r\nZ#"],
            [b"\r\nZ#"],
            [b"terminal length 0\r\n                ^\r\n%Error 20200: Invalid input\r\nZ#"],
        ],
    )
    assert await logged_in(script, ZXAN) == "Z#"


async def test_no_password_is_in_an_error() -> None:
    echoed = f"Username:acende\r\nPassword:{OLT_PASSWORD}\r\nbad password"
    with pytest.raises(LoginRefused) as refused:
        await logged_in(Script([b"Password:"], [[echoed.encode()]]), PLAIN)
    assert OLT_PASSWORD not in repr(vars(refused.value)) + str(refused.value)


async def test_a_refusal_shows_neither_a_secret_that_a_line_end_cuts_nor_the_login_in_any_case() -> None:
    echoed = f"{OLT_PASSWORD[:4]}\r\n{OLT_PASSWORD[4:]} of ACENDE\r\nbad password"
    with pytest.raises(LoginRefused) as refused:
        await logged_in(Script([b"Password:"], [[echoed.encode()]]), PLAIN)
    assert not {OLT_PASSWORD[:4], OLT_PASSWORD[4:], "ACENDE"} & set(refused.value.reply.split())
    assert "of ********\nbad password" in refused.value.reply


BANNER = b"\r\nFor authorized use only. Do you agree? [YES/NO]:"


async def test_the_banner_of_a_site_is_agreed_to_once_where_the_platform_knows_it() -> None:
    script = Script(
        [b">>User name:"],
        [
            [b"acende\r\n>>User password:"],
            [BANNER],
            [b"yes\r\n\r\nOLT#"],
            [b"\r\nOLT#"],
            [b"\r\nOLT#"],
            *prepared(HUAWEI, b"\r\nOLT#"),
        ],
    )
    assert await logged_in(script, HUAWEI) == "OLT#"
    asked_again = Script(
        [b">>User name:"], [[b"acende\r\n>>User password:"], [BANNER], [b"yes\r\n" + BANNER]]
    )
    with pytest.raises(UnknownReply):
        await logged_in(asked_again, HUAWEI)


# ------------------------------------------------------------------------------------- what is refused, and what is not


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vendors.login._QUIET_S", 0.05)
    monkeypatch.setattr("vendors.login._UNCHANGED_S", 0.2)


ALARM = b"\r\n  ! 1 [2024-01-01 00:00:00]:\r\n  ALARM NAME : fan\r\n  --- END\r\n\r\n"


@pytest.mark.parametrize("again", [b"\r\n>>User name:", ALARM + b">>User name:", b"\r\nnote\r\n>>User name:"])
async def test_a_user_prompt_drawn_again_before_the_password_was_sent_is_a_redraw(
    quick: None, again: bytes
) -> None:
    script = Script(
        [b">>User name:"],
        [
            [b"acende" + again],
            [b"acende\r\n>>User password:"],
            *[[b"\r\nOLT#"]] * 3,
            *prepared(HUAWEI, b"\r\nOLT#"),
        ],
    )
    assert await logged_in(script, HUAWEI) == "OLT#"
    assert script.written.decode().split("\n")[:3] == ["acende", "acende", OLT_PASSWORD]


async def test_a_user_prompt_that_is_drawn_over_and_over_is_no_refusal(quick: None) -> None:
    script = Script([b"Username:"], [[b"\r\nUsername:"]] * 20)
    with pytest.raises(OltUnreachable, match="again and again"):
        await logged_in(script, PLAIN)
    assert OLT_PASSWORD.encode() not in script.written


async def test_an_alarm_behind_the_user_prompt_leaves_it_what_is_waited_at(quick: None) -> None:
    script = Script(
        [b">>User name:" + ALARM],
        [[b"acende\r\n>>User password:"], *[[b"\r\nOLT#"]] * 3, *prepared(HUAWEI, b"\r\nOLT#")],
    )
    assert await logged_in(script, HUAWEI) == "OLT#"


@pytest.mark.parametrize(
    "after", [b"\r\nUsername:", b"\r\nSorry.\r\nUsername:", b"\r\nPassword:", b"\r\nbad password\r\n"]
)
async def test_what_asks_again_after_the_password_was_sent_refuses_it_worded_or_not(
    quick: None, after: bytes
) -> None:
    script = Script([b"Username:"], [[b"\r\nUsername:"], [b"\r\nPassword:"], [after], [after]])
    with pytest.raises(LoginRefused) as refused:
        await logged_in(script, PLAIN)
    assert (refused.value.step, refused.value.sent) == ("cli", True)
    assert script.written.decode().count(OLT_PASSWORD) == 1
    assert OLT_PASSWORD not in refused.value.reply


async def test_the_enable_password_is_another_one_than_the_logins_and_each_is_sent_once() -> None:
    script = Script(
        [b"Username:"],
        [[b"\r\nPassword:"], *[[b"\r\nOLT>"]] * 3, [b"enable\r\nPassword:"], [b"\r\nOLT#"]],
    )
    assert await logged_in(script, PLAIN) == "OLT#"
    assert script.written.decode().split("\n") == [
        "acende", OLT_PASSWORD, "", "", "enable", ENABLE_PASSWORD, "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "sent"), [([b"\r\nPassword:"], True), ([b"\r\nOLT>"], True), ([b"\r\nUsername:"], True)]
)
async def test_a_refused_enable_password_is_not_the_logins(answers: list[bytes], sent: bool) -> None:
    script = Script(
        [b"Username:"],
        [[b"\r\nPassword:"], *[[b"\r\nOLT>"]] * 3, [b"enable\r\nPassword:"], answers],
    )
    with pytest.raises(LoginRefused) as refused:
        await logged_in(script, PLAIN)
    assert (refused.value.step, refused.value.sent) == ("enable", sent)
    assert script.written.decode().count(ENABLE_PASSWORD) == 1


async def test_an_enable_password_that_nobody_gave_was_not_sent() -> None:
    script = Script([b"OLT>"], [*[[b"\r\nOLT>"]] * 2, [b"enable\r\nPassword:"]])
    with pytest.raises(LoginRefused) as refused:
        await logged_in(script, PLAIN, POOR)
    assert (refused.value.step, refused.value.sent) == ("enable", False)


async def test_a_prompt_that_answers_a_line_before_enable_is_no_account_without_a_privileged_mode() -> None:
    script = Script([b"OLT>"], [*[[b"\r\nOLT>"]] * 2, [b"\r\nOLT>", b"enable\r\nOLT#"]])
    assert await logged_in(script, PLAIN) == "OLT#"


# ------------------------------------------------------------------------------------------------- the learnt prompt

HOSTS = [
    "POP 3",
    "GPON/2",
    "OLT#1",
    "[norte] A",
    "São José",
    "A [1]/é #2",
    "OLT>B",
    "(x)",
    "OLT (norte)",
    "a:b",
    "%%",
]


@pytest.mark.parametrize("platform", [HUAWEI, ZXAN, TITAN], ids=lambda platform: str(platform.name))
@pytest.mark.parametrize("coded", ["utf-8", "latin-1"])
@pytest.mark.parametrize("host", HOSTS)
async def test_a_host_name_of_any_characters_is_learnt_and_matched_literally(
    quick: None, host: str, coded: str, platform: Platform
) -> None:
    user, privileged = f"\r\n{host}>".encode(coded), f"\r\n{host}#".encode(coded)
    enabled = b"enable" + privileged
    script = Script([user], [[user], [user], [enabled], *prepared(platform, privileged)])
    made = line(script, platform)
    assert await log_in(made, ACCOUNT, 5.0) == f"{host}#"
    assert made.find.prompt.search(f"{host}(config)#")
    assert not made.find.prompt.search(f"x{host}(config)#")
    assert not made.find.prompt.search("OLT-1#")
    assert not made.find.prompt.search(f"{host.replace(' ', 'x').replace('#', 'x').replace('/', 'x')}y#")
    await made.close()


@pytest.mark.parametrize(
    "said", [b"\r\nPress F1 to go on", b"\r\nMain menu, choice 1-9", "\r\n\u2592\u2592 ".encode()]
)
@pytest.mark.parametrize("reacts", [True, False])
async def test_a_line_that_stays_after_two_empty_lines_and_is_no_prompt_is_told_as_it_stands(
    quick: None, said: bytes, reacts: bool
) -> None:
    script = Script([b"Welcome\r\n" + said], [[said] if reacts else []] * 9)
    with pytest.raises(UnknownReply, match=re.escape(said.decode().strip())) as told:
        await logged_in(script, PLAIN)
    assert told.value.reply == said.decode().strip()
    assert script.written == b"\n\n"


async def test_a_line_that_nobody_understands_is_told_without_its_secrets(quick: None) -> None:
    said = f"\r\nwelcome acende, {OLT_PASSWORD} is your password".encode()
    with pytest.raises(UnknownReply) as told:
        await logged_in(Script([said], [[said]] * 9), PLAIN)
    assert OLT_PASSWORD not in str(told.value) + told.value.reply
    assert "your password" in str(told.value)


async def test_a_prompt_that_is_never_the_same_is_told(quick: None) -> None:
    script = Script([b"0 #"], [[f"\r\n{number} #".encode()] for number in range(1, 30)])
    with pytest.raises(UnknownReply, match="another one after every empty line"):
        await logged_in(script, PLAIN)


async def test_a_banner_that_comes_in_late_pieces_is_not_learnt() -> None:
    script = Script(
        [b"Welcome to POP-3#"], [[b"\r\nUnauthorised>"], [b"\r\nZ#"], [b"\r\nZ#"], *prepared(ZXAN, b"Z#")]
    )
    assert await logged_in(script, ZXAN) == "Z#"


async def test_an_olt_that_is_slow_to_answer_an_empty_line_is_not_taken_for_one_that_does_not(
    quick: None,
) -> None:
    script = Script([b"OLT#"], [[], [b"\r\nOLT#"]])
    made = line(script, PLAIN)
    login = asyncio.create_task(log_in(made, ACCOUNT, 5.0))
    await asyncio.sleep(0.3)
    assert script.written == b"\n"
    script.say(b"\r\nOLT#")
    assert await login == "OLT#"
    await made.close()


async def test_an_agreement_to_which_the_olt_is_slow_to_answer_is_given_once(quick: None) -> None:
    script = Script([BANNER], [[], [b"\r\nOLT#"], [b"\r\nOLT#"], *prepared(HUAWEI, b"\r\nOLT#")])
    made = line(script, HUAWEI)
    login = asyncio.create_task(log_in(made, ACCOUNT, 5.0))
    await asyncio.sleep(0.2)
    assert script.written == b"yes\n"
    script.say(b"yes\r\n\r\nOLT#")
    assert await login == "OLT#"
    await made.close()


# --------------------------------------------------------------------------------------------------------- case by case

BARE = Platform(name="bare", prompt=r"^{host}[>#]$")
HINTS = Platform(name="hints", prompt=r"^{host}[>#]$", hint=r"^\{ <cr> \}:$", prepare=("first",))


async def test_a_platform_of_which_nothing_but_the_prompt_is_known_is_logged_in_to() -> None:
    script = Script(opening=[b"welcome\r\nOLT>"], answers=[[b"\r\nOLT>"]] * 2)
    assert await logged_in(script, BARE, POOR) == "OLT>"
    assert script.written == b"\n\n"


async def test_a_hint_in_a_banner_is_accepted() -> None:
    answers: list[Sequence[bytes | None]] = [[b"\r\nOLT#"], [b"\r\nOLT#"], [b"\r\nOLT#"], [b"first\r\nOLT#"]]
    script = Script(opening=[b"welcome\r\n{ <cr> }:"], answers=answers)
    assert await logged_in(script, HINTS) == "OLT#"
    assert script.written == b"\n\n\nfirst\n"


async def test_first_lines_that_change_the_mode_are_told() -> None:
    script = Script(opening=[b"OLT#"], answers=[[b"\r\nOLT#"], [b"\r\nOLT#"], [b"first\r\nOLT>"]])
    with pytest.raises(UnknownReply, match="a session's first lines changed the mode") as told:
        await logged_in(script, HINTS)
    assert told.value.command == "first"


@pytest.mark.parametrize(
    "said", [b"bad password\r\n", b"\r\nBAD PASSWORD", b"x\r\nso: Bad Password!\r\nbye\r\n"]
)
async def test_a_refusal_is_heard_in_any_line_and_in_any_case(said: bytes) -> None:
    with pytest.raises(LoginRefused, match="the OLT says so") as refused:
        await logged_in(Script(opening=[said, b""]), PLAIN)
    assert (refused.value.step, refused.value.sent) == ("cli", False)


@pytest.mark.parametrize(("pages", "turned"), [(20, True), (21, False)])
async def test_a_banner_has_twenty_pages_at_most(pages: int, turned: bool) -> None:
    page: Sequence[bytes | None] = [b"\r\nrules\r\n--More--"]
    script = Script(opening=[b"--More--"], answers=[*[page] * (pages - 1), *[[b"\r\nOLT#"]] * 3])
    if turned:
        assert await logged_in(script, PLAIN) == "OLT#"
    else:
        with pytest.raises(OltUnreachable, match="no login: a banner without an end"):
            await logged_in(script, PLAIN)
    assert script.written.count(b" ") == 20
