"""Sessions that were captured from real OLTs, spoken by our side: the same lines go out, the same replies come back."""

from __future__ import annotations

import pytest

from dev.machine import ROOT
from tests.unit.session.streams import Script, line
from vendors.contract import Adapter, read, write
from vendors.errors import OrderRejected, ProvisioningError
from vendors.huawei_smartax import adapter as huawei
from vendors.modes import ModeStack
from vendors.session import Exchange, Habits, OltTarget, Session
from vendors.zte_titan import adapter as titan
from vendors.zte_zxan import adapter as zxan

TRANSCRIPTS = ROOT / "tests" / "transcripts"
MA5800 = "POP03_OLT1_GPON_HUAWEI"
CLU = "CLU-CEN-01-OLT-013"
EA5800 = "EA5800-X2"


def capture(vendor: str, name: str) -> str:
    return (TRANSCRIPTS / vendor / name).read_bytes().decode().replace("\r\n", "\n")


def between(text: str, start: str, end: str) -> bytes:
    """From `start` (which is what was typed) to the end of `end`, as bytes with CR LF."""
    begin = text.index(start)
    stop = text.index(end, begin + len(start)) + len(end)
    return text[begin:stop].replace("\n", "\r\n").encode()


def session(adapter: Adapter, script: Script, prompt: str, heard: list[Exchange]) -> Session:
    """A session that has just logged in."""
    host = prompt.split("#", maxsplit=1)[0]
    target = OltTarget.model_validate(
        {"address": "192.0.2.1", "port": 22, "username": "acende", "password": "x", "pipeline": "off"}
    )
    made = line(script, adapter.PLATFORM, host)
    return Session(
        adapter, made, ModeStack(prompt), target, heard.append, lambda _: None, lambda: 0.0, Habits()
    )


async def test_the_modes_and_the_unknown_commands_of_an_ma5800() -> None:
    text = capture("huawei_smartax", "ma5800-mode-changes-and-unknown-command.txt")
    text += f"\n\n{MA5800}(config)#"  # the capture ends with the reply; a prompt follows any reply
    script = Script(
        answers=[
            [between(text, "show\n", f"{MA5800}#")],
            [between(text, "config\n", f"{MA5800}(config)#")],
            [between(text, "sho?", f"{MA5800}(config)#").replace(b"sho?", b"sho")],
        ]
    )
    heard: list[Exchange] = []
    made = session(huawei, script, f"{MA5800}#", heard)
    [unknown] = await made.send((read("show"),))
    assert unknown.endswith("  % Unknown command, the error locates at '^'")
    [again] = await made.send((read("sho", "config"),))
    assert again.endswith("  % Unknown command, the error locates at '^'")
    assert script.written == b"show\nconfig\nsho\n"
    for reply in (unknown, again):
        with pytest.raises(ProvisioningError):
            huawei.check(write("show", path=()), reply)
    await made.line.close()


async def test_the_hint_before_the_service_ports_of_an_ma5800_is_accepted_and_cut() -> None:
    text = capture("huawei_smartax", "ma5800-telnet-login-and-service-port-all.txt")
    hint = between(text, "display service-port all ", "{ <cr>|e2e<K>|sort-by<K>||<K> }: ")
    rest = text[text.index("  Command:") :].replace("\n", "\r\n").encode()
    script = Script(
        answers=[
            [between(text, "config ", f"{CLU}(config)#")],
            [hint],
            [b"\r\n\r\n" + rest + f"\r\n\r\n{CLU}(config)#".encode()],
        ]
    )
    made = session(huawei, script, f"{CLU}#", [])
    [reply] = await made.send((read("display service-port all", "config"),))
    assert script.written == b"config\ndisplay service-port all\n\n"
    assert reply.startswith("  Switch-Oriented Flow List\n  -----")
    assert "Command:" not in reply
    assert "<cr>" not in reply
    await made.line.close()


async def test_an_ont_is_deleted_as_an_ea5800_was_seen_to_do_it() -> None:
    text = capture("huawei_smartax", "ea5800x2-ont-delete-with-service-port.txt")
    board, config = f"{EA5800}(config-if-gpon-0/1)#", f"{EA5800}(config)#"
    undo = "undo service-port vlan 13 gpon 0/1/0 ont 0 gemport 11"
    refused = between(text, "ont delete 0 0\n", "ports")
    asked = between(text, undo, "(y/n)[n]:")
    answered = between(text, "y\n  The number of total", "deleted: 1")
    deleted = text[text.rindex("ont delete 0 0") :].replace("\n", "\r\n").encode()
    script = Script(
        answers=[
            [b"config\r\n\r\n" + config.encode()],
            [b"interface gpon 0/1\r\n\r\n" + board.encode()],
            [refused + b"\r\n\r\n" + board.encode()],
            [b"quit\r\n\r\n" + config.encode()],
            [asked],
            [answered + b"\r\n\r\n" + config.encode()],
            [b"interface gpon 0/1\r\n\r\n" + board.encode()],
            [deleted + b"\r\n" + board.encode()],
        ]
    )
    heard: list[Exchange] = []
    made = session(huawei, script, f"{EA5800}#", heard)
    delete = write("ont delete 0 0", path=("config", "interface gpon 0/1"))
    [reply] = await made.send((delete,))
    with pytest.raises(ProvisioningError, match="some service virtual ports"):
        huawei.check(delete, reply)
    release = write(undo, path=("config",), answers=((r"\(y/n\)\[n\]:", "y"),))
    [reply] = await made.send((release,))
    huawei.check(release, reply)
    [reply] = await made.send((delete,))
    huawei.check(delete, reply)
    assert [exchange.command for exchange in heard] == [delete.text, undo, delete.text]
    assert script.written.decode().split("\n")[4:6] == [undo, "y"]
    await made.line.close()


async def test_the_session_inside_an_onu_of_a_titan() -> None:
    text = capture("zte_zxan", "titan-pon-onu-mng-session.txt")
    inside, wrong = "ZXAN(config-gpon-onu-mng)#", "wan-ip 1 ping-response enable traceroute-response enable"
    enter = "pon-onu-mng gpon_onu-1/2/16:26"
    service = "service 1 gemport 1 vlan 150"
    script = Script(
        answers=[
            [between(text, "configure terminal", "ZXAN(config)#")],
            [between(text, enter, inside)],
            [between(text, service, inside)],
            [between(text, wrong, inside)],
            [between(text, "end\n", "ZXAN#")],
            [b"show version\r\nZXAN#"],
        ]
    )
    made = session(titan, script, "ZXAN#", [])
    path = ("configure terminal", enter)
    assert await made.send((write(service, path=path),)) == ("",)
    [rejected] = await made.send((write(wrong, path=path),))
    assert rejected.startswith(wrong), "a rejected line is repeated above its caret, and stays"
    with pytest.raises(OrderRejected) as refused:
        titan.check(write(wrong, path=path), rejected)
    assert refused.value.reason == "olt_syntax"
    await made.send((read("show version"),))
    assert script.written.decode().split("\n") == [*path, service, wrong, "end", "show version", ""]
    await made.line.close()


ALARM = (
    "  ! 1 [01/01/2000 00:00:00-00:00]:\n\n"
    "  ALARM 11111 FAULT WARNING 0x2e112007 SERVICE QUALITY 17/01/2025 \n00:00:00-00:00\n"
    "  ALARM NAME  : The distribute fiber is broken or the OLT cannot receive \n"
    "                expected optical signals from the ONT(LOSi/LOBi)\n"
    "  PARAMETERS  : FrameID: 0, SlotID: 0, PortID: 1, ONT ID: 1, Equipment ID: \n                1H\n"
    "  DESCRIPTION : The OLT cannot receive expected optical signals from the ONT \n"
    "                in four consecutive frames\n  --- END\n\n"
)
PORTS = (
    "  -----------------------------------------------------------------------------\n"
    "  ONT-ID  ONT       ONT        Speed(Mbps)    Duplex    LinkState  RingStatus\n"
    "          port-ID   Port-type                                               \n"
    "  -----------------------------------------------------------------------------\n"
    "       0        1  GE                   1000      full      up         -\n"
    "       0        2  GE                      -      -         down       -\n"
    "  -----------------------------------------------------------------------------\n"
)
BOARD = "OLT(config-if-gpon-0/0)#"


@pytest.mark.parametrize("size", [1, 9, 10_000])
@pytest.mark.parametrize("place", ["in the table", "in the echo", "after the reply"])
async def test_an_alarm_of_an_ma5800_changes_nothing(place: str, size: int) -> None:
    asked = "display ont port state 0 0 eth-port all"
    said = {
        "in the table": f"{asked}\n{PORTS[:240]}{PORTS[240:].partition(chr(10))[0]}\n{ALARM}"
        + PORTS[240:].partition("\n")[2],
        "in the echo": f"display ont port state 0 0 eth\n{ALARM}{BOARD}{asked}\n{PORTS}",
        "after the reply": f"{asked}\n{PORTS}\n{ALARM}",
    }[place]
    data = (said + BOARD).replace("\n", "\r\n").encode()
    script = Script(
        answers=[
            [b"config\r\nOLT(config)#"],
            [b"interface gpon 0/0\r\n" + BOARD.encode()],
            [data[at : at + size] for at in range(0, len(data), size)],
        ]
    )
    made = session(huawei, script, "OLT#", [])
    [reply] = await made.send((read(asked, "config", "interface gpon 0/0"),))
    assert reply == PORTS.rstrip("\n")
    assert len(huawei.parse(asked, reply)["ports"]) == 2
    await made.line.close()


@pytest.mark.parametrize("password", ["s", "senha000", "a-password-of-28-characters0"])
@pytest.mark.parametrize("width", [80])
async def test_a_line_that_the_width_of_the_terminal_breaks_is_masked_and_still_put_together(
    password: str, width: int
) -> None:
    asked = "show onu running config gpon-onu_1/3/16:54"
    wan = f"  wan-ip 1 mode pppoe username cccccccccccc password {password} vlan-profile UJI-VLAN2101 host 1"
    for login in range(1, 40):
        logical = wan.replace("cccccccccccc", "c" * login)
        shown = "\n".join(logical[at : at + width] for at in range(0, len(logical), width))
        said = f"{asked}\npon-onu-mng gpon-onu_1/3/16:54\n  service HSI gemport 1 cos 0 vlan 2100\n{shown}\n!\nZXAN#"
        script = Script(answers=[[said.replace("\n", "\r\n").encode()]])
        made = session(zxan, script, "ZXAN#", [])
        [reply] = await made.send((read(asked),))
        await made.line.close()
        lines = zxan.parse(asked, reply)["sections"][0]["lines"]
        assert len(password) < 2 or password not in "".join(reply.split("\n"))
        assert (lines[1]["vlan_profile"], lines[1]["host"]) == ("UJI-VLAN2101", 1), reply
        assert set(lines[1]["password"]) == {"*"}
