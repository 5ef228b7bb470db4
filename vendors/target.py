"""Where an OLT is, and who logs in."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr

from schemas.base import Frozen
from schemas.inventory import Olt
from vendors.contract import Command
from vendors.line import REPLY_LIMIT

Pipeline = Literal["off", "reads", "writes"]


def _one_line(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x20-\x7e]{1,128}", secret.get_secret_value()):
        raise ValueError("a password is one line of printable ASCII, at most 128 characters")
    return secret


Password = Annotated[SecretStr, AfterValidator(_one_line)]


class OltTarget(Frozen):
    """Where an OLT is and who logs in. `host_key` is the pinned key (`ssh-ed25519 AAAA…`), required for SSH.

    `ssh` are further options for asyncssh, such as the algorithms of old firmware.
    """

    address: str
    port: Annotated[int, Field(ge=1, le=65535)]
    transport: Literal["ssh", "telnet"] = "ssh"
    username: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")]
    password: Password
    enable_secret: Password | None = None
    host_key: str | None = None
    ssh: dict[str, Any] = {}
    pipeline: Pipeline | None = None
    """Instead of the platform's."""
    command_timeout_s: float | None = None
    """Instead of a command's own, saving aside."""
    save_timeout_s: float | None = None
    """Instead of saving's own."""
    reply_limit: Annotated[int, Field(gt=0)] = REPLY_LIMIT
    """Bytes of the reply to what is sent at once; the OLT is hung up on beyond."""

    @classmethod
    def of(
        cls, olt: Olt, username: str, password: SecretStr, enable_secret: SecretStr | None = None
    ) -> "OltTarget":
        """An OLT of the inventory, its credentials resolved. Raises ValueError for credentials that cannot be typed."""
        return cls(
            address=olt.address,
            port=olt.tcp_port,
            transport=olt.transport,
            username=username,
            password=password,
            enable_secret=enable_secret,
            host_key=olt.host_key,
            ssh=ssh_options(olt),
            pipeline=olt.pipeline,
            command_timeout_s=olt.command_timeout_s,
        )

    def timeout_s(self, command: Command) -> float:
        """How long this OLT may take over a command, seconds."""
        asked_s = self.save_timeout_s if command.effect == "save" else self.command_timeout_s
        return asked_s or command.timeout_s


def ssh_options(olt: Olt) -> dict[str, Any]:
    """The algorithms of an OLT as asyncssh takes them."""
    offered = {
        "kex_algs": olt.ssh.key_exchange,
        "server_host_key_algs": olt.ssh.host_key,
        "encryption_algs": olt.ssh.ciphers,
        "mac_algs": olt.ssh.macs,
    }
    return {name: list(algorithms) for name, algorithms in offered.items() if algorithms}
