"""`inventory.yaml`: the OLTs, how to reach them and where their credentials are found. No secret stands in it."""

import base64
import binascii
import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from schemas.config import ConfigModel
from schemas.text import Name

_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_IPV6 = re.compile(r"[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9_.-]{1,15})?")
_DESCRIPTION_FIELD = re.compile(r"\{([^{}]*)\}")
DESCRIPTION_FIELDS = ("service_order_id", "contract_id", "customer_id", "plan_code", "serial")
"""What a description template may hold. No names of people, no logins."""


def _address(text: str) -> str:
    if _HOST.fullmatch(text) or (":" in text and _IPV6.fullmatch(text)):
        return text
    raise ValueError("expected an IP address or a host name")


def _host_key(text: str) -> str:
    words = text.split()
    if len(words) < 2:
        raise ValueError("expected an SSH public key: its type and its base64, such as `ssh-ed25519 AAAA…`")
    kind, key = words[:2]
    if _key_type(key) != kind:
        raise ValueError("the base64 of this SSH key is damaged, or of another type than the line says")
    return f"{kind} {key}"


def _key_type(key: str) -> str | None:
    """The type that an SSH public key's own bytes name (RFC 4253, 6.6)."""
    try:
        blob = base64.b64decode(key, validate=True)
        size = int.from_bytes(blob[:4], "big")
        return blob[4 : 4 + size].decode("ascii") if len(blob) > 4 + size else None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _description(text: str) -> str:
    for name in _DESCRIPTION_FIELD.findall(text):
        if name not in DESCRIPTION_FIELDS:
            raise ValueError(
                "a description may hold " + ", ".join(f"{{{field}}}" for field in DESCRIPTION_FIELDS)
            )
    rest = _DESCRIPTION_FIELD.sub("", text)
    if not re.fullmatch(r"[A-Za-z0-9_.@+/:,-]*", rest):
        raise ValueError("a description is ASCII letters, digits and _ . @ + / : , - without blanks")
    return text


Address = Annotated[str, AfterValidator(_address)]
HostKey = Annotated[str, AfterValidator(_host_key)]
DescriptionTemplate = Annotated[
    str, StringConstraints(min_length=1, max_length=100), AfterValidator(_description)
]
Algorithm = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9@.+-]{1,63}$")]


class SecretRef(ConfigModel):
    """Where a value is found: the name of an environment variable, or a file whose first line it is."""

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")] | None = Field(
        None, description="An environment variable.", examples=["OLT_PASSWORD"]
    )
    file: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        None, description="A file.", examples=["/run/secrets/olt-password"]
    )

    @model_validator(mode="before")
    @classmethod
    def _never_inline(cls, value: Any) -> Any:
        if isinstance(value, dict | SecretRef):
            return value
        raise ValueError("expected {env: NAME} or {file: PATH}: no credential is written into this file")

    @model_validator(mode="after")
    def _one(self) -> "SecretRef":
        if (self.env is None) == (self.file is None):
            raise ValueError("expected one of env and file")
        return self


class Credentials(ConfigModel):
    """An account on OLTs, by reference."""

    username: SecretRef = Field(description="Who logs in.", examples=[{"env": "OLT_USER"}])
    password: SecretRef = Field(description="Its password.", examples=[{"file": "/run/secrets/olt-password"}])
    enable_password: SecretRef | None = Field(
        None, description="Where `enable` asks for one.", examples=[{"env": "OLT_ENABLE"}]
    )


class SshAlgorithms(ConfigModel):
    """What this OLT is offered instead of the platform's list, preferred first: old firmware knows only old ones."""

    key_exchange: tuple[Algorithm, ...] = Field(
        (), description="Key exchange.", examples=[["diffie-hellman-group14-sha1"]]
    )
    host_key: tuple[Algorithm, ...] = Field((), description="Host keys.", examples=[["ssh-rsa"]])
    ciphers: tuple[Algorithm, ...] = Field((), description="Ciphers.", examples=[["aes128-cbc"]])
    macs: tuple[Algorithm, ...] = Field((), description="Message authentication.", examples=[["hmac-sha1"]])


class Olt(ConfigModel):
    """One OLT."""

    id: Name = Field(description="What events and commands call it.", examples=["olt-centro-1"])
    site: Name = Field(description="The site whose orders it may serve.", examples=["centro"])
    platform: Name = Field(
        description="How it is spoken to.", examples=["huawei_smartax", "zte_zxan", "zte_titan"]
    )
    address: Address = Field(description="IP address or host name.", examples=["10.20.0.11"])
    transport: Literal["ssh", "telnet"] = Field("ssh", description="telnet sends passwords in the clear.")
    port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="Default 22 for SSH, 23 for telnet.", examples=[2222]
    )
    credentials: Name = Field("default", description="Key of `credentials`.")
    sessions: Annotated[int, Field(ge=1, le=16)] = Field(
        1, description="CLI sessions Acende may hold on it at once, over all workers."
    )
    host_key: HostKey | None = Field(
        None,
        description="Its SSH public key, as `acende trust` prints it. SSH without it is an error.",
        examples=["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHMZYi10i5md9QPxXc3f2j4UPBje4ljdmqqSZ8nzcN+X"],
    )
    ssh: SshAlgorithms = Field(SshAlgorithms(), description="SSH algorithms of old firmware.")
    pipeline: Literal["off", "reads", "writes"] | None = Field(
        None,
        description="Which independent commands go out in one write, for one round trip; default: the platform's.",
        examples=["off"],
    )
    description: DescriptionTemplate | None = Field(
        None, description="Instead of the inventory's template.", examples=["{contract_id}"]
    )
    command_timeout_s: Annotated[float, Field(gt=0, le=600)] | None = Field(
        None, description="Seconds for one command on a slow OLT, instead of the platform's.", examples=[60]
    )
    simulator: dict[str, Any] | None = Field(
        None,
        description="What hangs on it when `acende simulate` plays it. Read by nothing else.",
        examples=[{"time_to_online_s": 8}],
    )

    @property
    def tcp_port(self) -> int:
        """The port to connect to."""
        return self.port or (22 if self.transport == "ssh" else 23)


class Inventory(ConfigModel):
    """Every OLT that Acende may work on."""

    description: DescriptionTemplate = Field(
        "{service_order_id}",
        description="What an OLT shows for an ONU: ASCII, cut at 32 characters, written once.",
    )
    credentials: dict[Name, Credentials] = Field({}, description="Accounts, by the name that OLTs use.")
    olts: tuple[Olt, ...] = Field(min_length=1, description="The OLTs.")

    @field_validator("olts")
    @classmethod
    def _ids_once(cls, olts: tuple[Olt, ...]) -> tuple[Olt, ...]:
        seen: set[str] = set()
        for olt in olts:
            if olt.id in seen:
                raise ValueError(f"two OLTs have the id {olt.id}")
            seen.add(olt.id)
        return olts

    @cached_property
    def by_id(self) -> dict[str, Olt]:
        """The OLTs by id."""
        return {olt.id: olt for olt in self.olts}

    def olt(self, olt_id: str) -> Olt | None:
        """The OLT of this id, if the inventory has it."""
        return self.by_id.get(olt_id)

    def at(self, site: str | None) -> tuple[Olt, ...]:
        """The OLTs of a site, in the order of the file; all where no site is named."""
        return self.olts if site is None else tuple(olt for olt in self.olts if olt.site == site)

    def description_of(self, olt: Olt) -> str:
        """The template of the description on this OLT."""
        return olt.description or self.description

    def credentials_of(self, olt: Olt) -> Credentials:
        """The account on this OLT. Raises KeyError where the inventory has none (the loader refuses that)."""
        return self.credentials[olt.credentials]
