"""What can go wrong between us and an OLT.

ProvisioningError
├── Retryable             observe and plan again after a pause
│   ├── OltUnreachable      no login, or the line dropped; the last command may have run
│   ├── OltBusy             configuration locked, or no free CLI line: uses up no attempt
│   └── NotConverged        every command was accepted, but the OLT does not show it yet
└── Permanent             publish the failure; a person or a new order must act
    ├── OrderRejected       the OLT refused: profile missing, port full, …
    ├── LoginRefused        credentials or privilege level: opens the OLT's breaker
    ├── HostKeyChanged      not the OLT we knew: opens the OLT's breaker
    └── UnknownReply        output no rule explains: new firmware, or a bug here
"""

from typing import ClassVar, Literal

LoginStep = Literal["ssh", "cli", "enable"]
"""Where a secret is asked for: by SSH, by the command line itself, by its privileged mode."""


class ProvisioningError(Exception):
    """`code` is the reason code published for it; `command` is masked and `reply` redacted before they come here."""

    code: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, command: str = "", reply: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.command = command
        self.reply = reply
        self.reason = code or self.code


class Retryable(ProvisioningError):
    retryable = True


class OltUnreachable(Retryable):
    """No login, or the line dropped. `maybe_sent`: a command was on the wire, its outcome is unknown.

    `silent`: no connection came about at all.
    """

    code = "olt_unreachable"

    def __init__(
        self,
        message: str,
        *,
        command: str = "",
        reply: str = "",
        maybe_sent: bool = False,
        silent: bool = False,
    ) -> None:
        super().__init__(message, command=command, reply=reply)
        self.maybe_sent = maybe_sent
        self.silent = silent


class OltBusy(Retryable):
    code = "olt_busy"


class NotConverged(Retryable):
    code = "not_converged"


class Permanent(ProvisioningError):
    pass


class OrderRejected(Permanent):
    """`code` may be one of: olt_refused, serial_already_registered, profile_missing, port_full, olt_syntax."""

    code = "olt_refused"


class LoginRefused(Permanent):
    """`step`: where. `sent`: whether its secret was; it is sent at most once for each step of a connection."""

    code = "olt_login_refused"

    def __init__(
        self, message: str, *, step: LoginStep, sent: bool = True, command: str = "", reply: str = ""
    ) -> None:
        super().__init__(message, command=command, reply=reply)
        self.step = step
        self.sent = sent


class HostKeyChanged(Permanent):
    code = "olt_host_key_changed"


class UnknownReply(Permanent):
    """`reading`: nothing was being changed, so the OLT may be asked again."""

    code = "unknown_reply"

    def __init__(self, message: str, *, command: str = "", reply: str = "", reading: bool = False) -> None:
        super().__init__(message, command=command, reply=reply)
        self.reading = reading
