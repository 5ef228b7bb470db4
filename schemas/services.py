"""`services.yaml`: what an ONU is given. Provisioning models by plan, mode, ONU and OLT; the first that fits is taken."""

from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from schemas.config import ConfigModel, NumberAsText, OneOrMore
from schemas.onu import Number, Priority, Vlan
from schemas.optics import OpticalLimits
from schemas.patterns import Glob, PonRange
from schemas.templates import OrReference
from schemas.text import CliWord, Name

WISHES = ("tconts", "gem_ports", "service_ports", "onu_services", "lan_ports", "wan", "wifi", "management")
"""Parts of a wish that `required` may name."""

VlanOr = Annotated[Vlan, OrReference()]
"""A VLAN, or a reference to a variable."""
Word = Annotated[CliWord, NumberAsText, OrReference()]
"""The name (or number) of something on the OLT; may hold references."""
OnuModel = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Globs = Annotated[tuple[Glob, ...], OneOrMore]
Variable = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
VariableValue = Annotated[int, Field(ge=0, le=4_294_967_295)] | CliWord


class When(ConfigModel):
    """Where something applies: every condition that is given must hold; `*` and `?` stand for any characters."""

    plan: Globs | None = Field(None, description="Plan codes.", examples=[["FIBRA-*"]])
    mode: Literal["bridge", "router"] | None = Field(None, description="The mode that the order names.")
    onu: Globs | None = Field(
        None, description="ONU models, by catalogue name or as stock writes them; case does not count.",
        examples=[["EG8145V5", "HG8145*"]],
    )  # fmt: skip
    onu_class: Literal["bridge", "router"] | None = Field(
        None, description="The ONU's class in the catalogue."
    )
    olt: Globs | None = Field(None, description="Ids of OLTs.")
    site: Globs | None = Field(None, description="Sites.")
    platform: Globs | None = Field(None, description="Platforms of OLTs.")


class TcontGive(ConfigModel):
    """A T-CONT with its DBA / T-CONT profile."""

    index: Number
    profile: Word
    name: Word | None = None


class GemPortGive(ConfigModel):
    """A GEM port in a T-CONT, with its traffic profiles."""

    index: Number
    tcont: Number
    name: Word | None = None
    upstream_profile: Word | None = None
    downstream_profile: Word | None = None


class ServicePortGive(ConfigModel):
    """A service flow: single tag, translated, or QinQ (`inner_vlan` with `translate-and-add`)."""

    gem_port: Number
    vlan: VlanOr = Field(description="The tag towards the network; the S-VLAN of QinQ.")
    user_vlan: VlanOr | None = Field(None, description="The tag from the ONU; none for untagged.")
    inner_vlan: VlanOr | None = Field(None, description="The C-VLAN of QinQ.")
    transform: Literal["translate", "transparent", "translate-and-add"] = "translate"
    upstream_profile: Word | None = None
    downstream_profile: Word | None = None


class OnuServiceGive(ConfigModel):
    """A service inside the ONU."""

    name: Word
    gem_port: Number
    vlan: VlanOr | None = None
    type: Word | None = None
    priority: Priority | None = None


LanPortNumber = Annotated[int, Field(ge=1, le=32)]
LanPorts = Literal["all"] | Annotated[tuple[LanPortNumber, ...], OneOrMore]


class LanPortGive(ConfigModel):
    """The VLAN mode of LAN ports: `all` are those the catalogue knows of the model."""

    ports: LanPorts = "all"
    mode: Literal["tag", "transparent", "trunk", "hybrid"] = "tag"
    vlan: VlanOr | None = None
    priority: Priority = 0


class WanGive(ConfigModel):
    """The ONU's own WAN, pushed over OMCI. PPPoE login and password come from the order; bridge means none."""

    mode: Literal["bridge", "pppoe", "dhcp"]
    vlan: VlanOr | None = None
    index: Annotated[int, Field(ge=0, le=7)] = 1
    priority: Priority = 0
    vlan_profile: Word | None = None
    wan_profile: Word | None = None
    lan_ports: LanPorts = ()
    wifi: Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], OneOrMore] = ()

    @model_validator(mode="after")
    def _has_vlan(self) -> "WanGive":
        if self.mode != "bridge" and self.vlan is None:
            raise ValueError(f"wan of mode {self.mode} needs a vlan")
        return self


class WifiGive(ConfigModel):
    """A Wi-Fi network; name and key come from the order. `suffix` tells the bands apart (`-5G`)."""

    index: Annotated[int, Field(ge=1, le=16)] = 1
    suffix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,8}$")] = ""


class ManagementGive(ConfigModel):
    """The management IP host (DHCP) and its TR-069 profile."""

    vlan: VlanOr
    index: Annotated[int, Field(ge=0, le=7)] = 0
    priority: Priority = 0
    tr069_profile: Word | None = None


class Give(ConfigModel):
    """What the ONU is given."""

    onu_type: Word | None = Field(None, description="The OLT's name of the ONU type (ZTE).")
    line_profile: Word | None = Field(None, description="Line profile, by name or number (Huawei).")
    service_profile: Word | None = Field(None, description="Service profile, by name or number (Huawei).")
    tconts: tuple[TcontGive, ...] = ()
    gem_ports: tuple[GemPortGive, ...] = ()
    service_ports: tuple[ServicePortGive, ...] = ()
    onu_services: tuple[OnuServiceGive, ...] = ()
    lan_ports: tuple[LanPortGive, ...] = ()
    wan: WanGive | None = None
    wifi: tuple[WifiGive, ...] = ()
    management: ManagementGive | None = None


Wish = Literal[
    "tconts", "gem_ports", "service_ports", "onu_services", "lan_ports", "wan", "wifi", "management"
]


class ProvisioningModel(ConfigModel):
    """One rule: when it applies, and what it gives."""

    name: Name = Field(
        description="What results and `config check` call it.", examples=["huawei-router-pppoe"]
    )
    when: When = Field(When(), description="Nothing given: always.")
    give: Give
    required: Annotated[tuple[Wish, ...], OneOrMore] = Field(
        (), description="Wishes without which the order fails before anything is sent."
    )
    optical: OpticalLimits | None = Field(None, description="Instead of the file's limits.")


class Counted(ConfigModel):
    """A number that rises by one with each PON port of the range in `when.pon`."""

    first: Annotated[int, Field(ge=0, le=4_294_967_295)]


class VariableWhen(When):
    """Where a variable has its value: also by PON port."""

    pon: PonRange | None = Field(None, description="PON ports.", examples=["0/1/0-15", "0/2/*"])


class Variables(ConfigModel):
    """Values for `${names}`. Of the entries that apply, the first that sets a name decides it."""

    when: VariableWhen = Field(VariableWhen(), description="Nothing given: always.")
    set: dict[Variable, VariableValue | Counted]

    @model_validator(mode="after")
    def _counted_over_a_range(self) -> "Variables":
        counted = any(isinstance(value, Counted) for value in self.set.values())
        if counted and (self.when.pon is None or self.when.pon.first is None):
            raise ValueError("{first: …} needs a range of ports in when.pon, such as 0/1/0-15")
        return self


class OnuKind(ConfigModel):
    """An ONU model of this ISP that the shipped catalogue lacks, or a pattern of such names."""

    name: Glob = Field(
        description="As stock writes it; `*` and `?` stand for any characters.", examples=["XPON-AC*"]
    )
    onu_class: Literal["bridge", "router"]
    lan_ports: Annotated[int, Field(ge=1, le=32)] | None = None


class Services(ConfigModel):
    """The whole file."""

    models: tuple[ProvisioningModel, ...] = Field(min_length=1, description="First match wins.")
    variables: tuple[Variables, ...] = ()
    onus: tuple[OnuKind, ...] = Field(
        (), description="Models beside the shipped catalogue; first match wins."
    )
    optical: OpticalLimits = OpticalLimits()

    @model_validator(mode="before")
    @classmethod
    def _names_once(cls, value: Any) -> Any:
        models = value.get("models") if isinstance(value, dict) else None
        names = (
            [model.get("name") for model in models if isinstance(model, dict)]
            if isinstance(models, list)
            else []
        )
        texts = [name for name in names if isinstance(name, str)]
        if twice := sorted({name for name in texts if texts.count(name) > 1}):
            raise ValueError(f"two provisioning models are called {twice[0]}")
        return value

    @cached_property
    def by_name(self) -> dict[str, ProvisioningModel]:
        """The provisioning models by name."""
        return {model.name: model for model in self.models}
