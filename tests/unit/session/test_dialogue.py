"""What a dialogue stumbles over names what was asked and what came, and how long an OLT may take."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from tests.support.secrets import OLT_PASSWORD
from vendors.contract import Command, Dialogue, read, write
from vendors.dialogue import explained, hold
from vendors.errors import OltUnreachable, ProvisioningError, UnknownReply
from vendors.target import OltTarget

ONE, TWO, THREE = (read(text) for text in ("display a", "display b", "display c"))


class Number(BaseModel):
    """A value that a device shows."""

    value: int


class Said:
    """A session that answers each command with what it is."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, ...]] = []

    async def send(self, batch: tuple[Command, ...]) -> tuple[str, ...]:
        self.sent.append(tuple(command.text for command in batch))
        return tuple(f"reply to {command.text}" for command in batch)


def stumbling(error: Exception | None) -> Dialogue[str]:
    first = yield (ONE,)
    second = yield (TWO, THREE)
    if error is not None:
        raise error
    return " | ".join((*first, *second))


async def test_each_question_waits_for_the_reply_to_the_one_before() -> None:
    session = Said()
    said = await hold(session, explained(stumbling)(None))
    assert said == "reply to display a | reply to display b | reply to display c"
    assert session.sent == [("display a",), ("display b", "display c")]


def _invalid() -> Exception:
    try:
        Number.model_validate({"value": "segredo"})
    except ValueError as error:
        return error
    raise AssertionError


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (UnknownReply("odd"), "odd"),
        (KeyError("segredo"), "a form that no rule explains (KeyError)"),
        (_invalid(), "a value that cannot be: value"),
    ],
)
async def test_whatever_a_dialogue_stumbles_over_names_the_question_and_the_reply(
    error: Exception, why: str
) -> None:
    with pytest.raises(UnknownReply) as found:
        await hold(Said(), explained(stumbling)(error))
    assert str(found.value).startswith(why)
    assert "segredo" not in str(found.value)
    assert found.value.command == "display b / display c"
    assert found.value.reply == "reply to display b\nreply to display c"
    assert found.value.reading


@pytest.mark.parametrize(
    "error", [UnknownReply("odd", command="display z", reply="z"), OltUnreachable("away")]
)
async def test_an_error_that_says_more_is_passed_on_as_it_is(error: ProvisioningError) -> None:
    with pytest.raises(type(error)) as found:
        await hold(Said(), explained(stumbling)(error))
    assert found.value is error


def target(**more: Any) -> OltTarget:
    return OltTarget(address="a", port=23, username="u", password=SecretStr(OLT_PASSWORD), **more)


@pytest.mark.parametrize(
    ("more", "line_s", "save_s"),
    [
        ({}, 7.0, 70.0),
        ({"command_timeout_s": 9}, 9.0, 70.0),
        ({"save_timeout_s": 90}, 7.0, 90.0),
        ({"command_timeout_s": 9, "save_timeout_s": 90}, 9.0, 90.0),
    ],
)
def test_an_olt_may_take_its_own_time_over_lines_and_over_saving(
    more: dict[str, Any], line_s: float, save_s: float
) -> None:
    line = write("x", path=()).model_copy(update={"timeout_s": 7.0})
    save = line.model_copy(update={"effect": "save", "timeout_s": 70.0})
    assert (target(**more).timeout_s(line), target(**more).timeout_s(save)) == (line_s, save_s)


@pytest.mark.parametrize("word", ["", "a\nb", "é", "x" * 129, "a\x7f"])
def test_a_password_that_cannot_be_typed_is_refused_without_being_quoted(word: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII") as found:
        OltTarget(address="a", port=23, username="u", password=SecretStr(word))
    assert not word or len(word) < 3 or word not in str(found.value)
