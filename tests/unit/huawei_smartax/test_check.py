"""What replies to changes mean."""

import pytest

from vendors.contract import Command, write
from vendors.errors import NotConverged, OltBusy, OrderRejected, ProvisioningError, UnknownReply
from vendors.huawei_smartax import adapter

BOARD = ("config", "interface gpon 0/1")
ADD = write(
    'ont add 3 0 sn-auth "485754431A2B3C4D" omci ont-lineprofile-id 1 ont-srvprofile-id 1', path=BOARD
)
FLOW = write(
    "service-port 7 vlan 100 gpon 0/1/3 ont 0 gemport 1 multi-service user-vlan 100", path=("config",)
)
UNDO = write("undo service-port 7", path=("config",))
DELETE = write("ont delete 3 0", path=BOARD)
LAN = write("ont port native-vlan 3 0 eth 1 vlan 100 priority 0", path=BOARD)
SYNTAX = "                    ^\n  % {}, the error locates at '^'"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (ADD, "  Number of ONTs that can be added: 1, success: 1\n  PortID :3, ONTID :0\n"),
        (FLOW, ""),
        (UNDO, "\n"),
        (UNDO, "  Failure: The service virtual port does not exist"),
        (DELETE, "  Number of ONTs that can be deleted: 1, success: 1\n"),
        (DELETE, "  Failure: The ONT does not exist"),
        (LAN, "  Set ONT port(s) native VLAN configuration, success: 1, failed: 0"),
        (LAN, "  Failure: Make configuration repeatedly"),
        (adapter.save()[0], "  It will take several minutes to save configuration file, please wait...\n"),
    ],
)
def test_accepted(command: Command, reply: str) -> None:
    adapter.check(command, reply)


@pytest.mark.parametrize(
    ("command", "reply", "error", "code"),
    [
        (ADD, "  Failure: SN already exists", NotConverged, "serial_already_registered"),
        (ADD, "  Failure: The ONT SN already exists", NotConverged, "serial_already_registered"),
        (ADD, "  Failure: The ONT ID has already existed", NotConverged, "not_converged"),
        (ADD, "  Failure: The line profile does not exist", OrderRejected, "profile_missing"),
        (ADD, "  Failure: The service profile does not exist", OrderRejected, "profile_missing"),
        (ADD, "  Failure: The number of ONTs reaches the upper limit", OrderRejected, "port_full"),
        (ADD, "  Failure: The bandwidth is not enough", OrderRejected, "olt_refused"),
        (ADD, "  Number of ONTs that can be added: 1, success: 0\n", OrderRejected, "olt_refused"),
        (
            ADD,
            "  Number of ONTs that can be added: 1, success: 1\n  PortID :3, ONTID :4\n",
            UnknownReply,
            "unknown_reply",
        ),
        (ADD, SYNTAX.format("Unknown command"), OrderRejected, "olt_syntax"),
        (ADD, SYNTAX.format("Parameter error"), OrderRejected, "olt_syntax"),
        (ADD, SYNTAX.format("Incomplete command"), OrderRejected, "olt_syntax"),
        (ADD, SYNTAX.format("Too many parameters"), OrderRejected, "olt_syntax"),
        (ADD, "", UnknownReply, "unknown_reply"),
        (FLOW, "  Failure: System is busy, please retry after a while", OltBusy, "olt_busy"),
        (FLOW, "  System is busy, please save data later", OltBusy, "olt_busy"),
        (
            FLOW,
            "  It will take several minutes to save configuration file, please wait...",
            OltBusy,
            "olt_busy",
        ),
        (
            FLOW,
            (
                "  Failure: Command can not be executed rightly, the\n  cause is: Loading (backuping,rollbacking...) command"
                "\n  being executed. Please retry later"
            ),
            OltBusy,
            "olt_busy",
        ),
        (FLOW, "  Failure: The traffic table does not exist", OrderRejected, "profile_missing"),
        (FLOW, "  Failure: VLAN does not exist", OrderRejected, "olt_refused"),
        (
            FLOW,
            "  Failure: Service virtual port has existed already\n  Conflicted service virtual port index: 123",
            NotConverged,
            "not_converged",
        ),
        (FLOW, "  Notice 4711: flux capacitor realigned", UnknownReply, "unknown_reply"),
        (
            DELETE,
            "  Failure: This configured object has some service virtual\n  ports",
            NotConverged,
            "not_converged",
        ),
        (DELETE, "  Number of ONTs that can be deleted: 1, success: 0\n", OrderRejected, "olt_refused"),
        (
            LAN,
            "  Set ONT port(s) native VLAN configuration, success: 0, failed: 1",
            OrderRejected,
            "olt_refused",
        ),
        (
            LAN,
            "  Failure: The current HG configuration method of the ONT does\n  not support this operation",
            OrderRejected,
            "olt_refused",
        ),
        (
            write("interface gpon 0/9", path=("config",)),
            "  Failure: This board does not exist",
            OrderRejected,
            "olt_refused",
        ),
    ],
)
def test_refused(command: Command, reply: str, error: type[ProvisioningError], code: str) -> None:
    with pytest.raises(error) as refused:
        adapter.check(command, reply)
    assert refused.value.reason == code
    assert refused.value.command == command.text
