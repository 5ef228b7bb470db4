"""How the device behaves around its commands, and what every one of them has from the start."""

from vendors.simulator.model import Olt
from vendors.simulator.rows import Board, Profile
from vendors.simulator.shell import Look

_ERASE = "\x1b[37D" + " " * 37 + "\x1b[37D"
RULE = "  " + "-" * 77 + "\n"
ALARM = (
    "\n  ! 1[2026-01-01 10:00:00+00:00]:\n"
    "  ALARM NAME : The feed fiber is broken or OLT can not receive any expected\n"
    "               optical signals(LOS)\n"
    "  PARAMETERS : FrameID: 0, SlotID: 1, PortID: 0\n"
    "  --- END\n"
)
LOOK = Look(
    user_prompt=">>User name:",
    password_prompt=">>User password:",
    before_login="\n",
    ssh_instruction="User Authentication",
    ssh_password_prompt="({user}@{peer}) User password:",
    login_refused="\n  Username or password invalid.\n",
    too_many_of_user="\n  Reenter times have reached the upper limit.\n",
    too_many="\n  The number of login users exceeds the limit.\n",
    idle="\n  Configuration console time out, please retry to log on\n",
    pager="---- More ( Press 'Q' to break ) ----",
    pager_erase=_ERASE,
    echo_suffix=" ",
    echo_wrap=" \x1b[1D",
    cr_lf_is_two=True,
    before_prompt="\n",
    alarm=ALARM,
    refusal="  Failure: The bandwidth is not enough\n",
    busy="  Failure: System is busy, please retry after a while\n",
)


def seed(olt: Olt) -> None:
    """The default profiles, which no one can delete."""
    for profile in (
        Profile("dba", "dba-profile_1", 1, {"type": 1, "fix": 5120}),
        Profile("line", "line-profile_default_0", 0, {"gems": {}, "tconts": {0: "1"}}),
        Profile("service", "srv-profile_default_0", 0),
        Profile("traffic", "ip-traffic-table_6", 6),
    ):
        if not any(other.kind == profile.kind and other.key == profile.key for other in olt.profiles):
            olt.profiles.append(profile)


def product(version: str) -> str:
    """The chassis that runs such software."""
    return "MA5608T" if version.startswith("MA5600") else "MA5800-X7"


def banner(version: str, user_prompt_line: str) -> str:
    """What is printed after the login."""
    family = "MA5608T" if version.startswith("MA5600") else "MA5800"
    return (
        f"\n  Huawei Integrated Access Software ({family}).\n"
        "  Copyright(C) Huawei Technologies Co., Ltd. 2002-2023. All rights reserved.\n\n"
        f"{RULE}  User last login information:\n{RULE}"
        f"  Access Type : {user_prompt_line}\n"
        "  IP-Address  : 192.0.2.1\n"
        "  Login  Time : 2026-01-01 09:44:51+00:00\n"
        f"  Logout Time : 2026-01-01 09:45:02+00:00\n{RULE}"
        f"{RULE}  All user fail login information:\n{RULE}"
        f"  Access Type IP-Address           Time                          Login Times\n{RULE}"
        f"  Telnet      192.0.2.8            2025-12-11 19:59:06+00:00              30\n{RULE}"
    )


def word(version: str, board: Board) -> str:
    """How a PON board calls itself in commands: 10G boards of the MA5600T family `xgpon`, all others `gpon`."""
    return "xgpon" if version.startswith("MA5600") and board.technology != "gpon" else "gpon"
