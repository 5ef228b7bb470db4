"""Every captured reply is read as its JSON says, or refused where the collector cut its end off."""

import json

import pytest

from tests.unit.huawei_smartax.captures import FOLDER, Captured, index, replies
from vendors.errors import UnknownReply
from vendors.huawei_smartax.parse import parse

CUT = {
    "ma5608t-display-ont-info-by-sn",
    "ma5800x7-xgspon-display-ont-info-by-sn",
    "ma5800x7-xgspon-display-ont-optical-info-one",
    "ma5800-telnet-login-and-service-port-all.4",
}
WHOLE = [reply for reply in replies() if not reply.cut]


def named(reply: Captured) -> str:
    return reply.name


def test_every_capture_is_named_and_every_json_belongs_to_one() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == index().keys()
    assert {path.stem for path in FOLDER.glob("*.json")} == {reply.name for reply in WHOLE}
    assert {reply.name for reply in replies() if reply.cut} == CUT


@pytest.mark.parametrize("reply", WHOLE, ids=named)
def test_a_reply_is_read_in_full(reply: Captured) -> None:
    assert parse(reply.command, reply.raw) == json.loads(reply.expected.read_text())


@pytest.mark.parametrize("reply", [reply for reply in replies() if reply.cut], ids=named)
def test_a_reply_without_its_end_is_refused(reply: Captured) -> None:
    with pytest.raises(UnknownReply):
        parse(reply.command, reply.raw)
