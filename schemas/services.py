"""`services.yaml`: what an ONU is given. Provisioning models by plan, mode, ONU and OLT; the first that fits is taken."""

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from schemas.config import ConfigModel, NumberAsText, OneOrMore
from schemas.onu import Number, Priority, Vlan, adding
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
    mode: Literal["bridge", "router"] | None = Field(
        None, description="The mode that the order names.", examples=["router"]
    )
    onu: Globs | None = Field(
        None, description="ONU models, by catalogue name or as stock writes them; case does not count.",
        examples=[["EG8145V5", "HG8145*"]],
    )  # fmt: skip
    onu_class: Literal["bridge", "router"] | None = Field(
        None, description="The ONU's class in the catalogue.", examples=["router"]
    )
    olt: Globs | None = Field(None, description="Ids of OLTs.", examples=[["olt-centro-*"]])
    site: Globs | None = Field(None, description="Sites.", examples=["centro"])
    platform: Globs | None = Field(None, description="Platforms of OLTs.", examples=["zte_*"])


class TcontGive(ConfigModel):
    """A T-CONT of the ONU. On Huawei it stands in the line profile instead."""

    index: Number = Field(description="Its number in the ONU.", examples=[1])
    profile: Word = Field(
        description="The OLT's DBA / T-CONT profile, by name or number.", examples=["UP150M"]
    )
    name: Word | None = Field(None, description="What the OLT calls it.", examples=["HSI"])


class GemPortGive(ConfigModel):
    """A GEM port in a T-CONT. On Huawei it stands in the line profile instead."""

    index: Number = Field(description="Its number in the ONU.", examples=[1])
    tcont: Number = Field(description="The T-CONT of this model that carries it.", examples=[1])
    name: Word | None = Field(None, description="What the OLT calls it.", examples=["HSI"])
    upstream_profile: Word | None = Field(
        None, description="Traffic profile towards the network.", examples=["UP150M"]
    )
    downstream_profile: Word | None = Field(
        None, description="Traffic profile towards the ONU.", examples=["DW300M"]
    )


class ServicePortGive(ConfigModel):
    """A service flow of the OLT: single tag, translated, or QinQ (`inner_vlan`)."""

    gem_port: Number = Field(description="The GEM port that carries it.", examples=[1])
    vlan: VlanOr = Field(
        description="The tag towards the network; the S-VLAN of QinQ.", examples=[1000, "${internet_vlan}"]
    )
    user_vlan: VlanOr | None = Field(
        None, description="The tag from the ONU; none for untagged.", examples=[100]
    )
    inner_vlan: VlanOr | None = Field(None, description="The C-VLAN of QinQ.", examples=[300])
    transform: Literal["translate", "transparent", "translate-and-add"] = Field(
        "translate",
        description="What becomes of the ONU's tag: replaced, kept, or kept below `vlan`. Where `inner_vlan` is given and "
        "this is not: translate-and-add.",
    )
    upstream_profile: Word | None = Field(
        None,
        description="Rate towards the network: a traffic table's number or name (Huawei).",
        examples=[15],
    )
    downstream_profile: Word | None = Field(
        None, description="Rate towards the ONU: the same.", examples=[30]
    )

    @model_validator(mode="before")
    @classmethod
    def _inner_vlan_adds(cls, value: Any) -> Any:
        return adding(value)


class OnuServiceGive(ConfigModel):
    """A service inside the ONU (ZTE: `service NAME gemport N vlan V`)."""

    name: Word = Field(description="What the ONU calls it.", examples=["HSI"])
    gem_port: Number = Field(description="The GEM port that carries it.", examples=[1])
    vlan: VlanOr | None = Field(None, description="Its VLAN in the ONU.", examples=[100])
    type: Word | None = Field(
        None, description="Its type, where the OLT asks for one.", examples=["internet"]
    )
    priority: Priority | None = Field(None, description="802.1p priority (CoS).", examples=[0])


LanPortNumber = Annotated[int, Field(ge=1, le=32)]
LanPorts = Literal["all"] | Annotated[tuple[LanPortNumber, ...], OneOrMore]


class LanPortGive(ConfigModel):
    """The VLAN mode of Ethernet ports of the ONU."""

    ports: LanPorts = Field(
        "all",
        description="Their numbers; `all`: those that the catalogue knows of the model.",
        examples=[[1, 2]],
    )
    mode: Literal["tag", "transparent", "trunk", "hybrid"] = Field(
        "tag", description="tag: `vlan` is the port's native VLAN, the customer sees no tag."
    )
    vlan: VlanOr | None = Field(None, description="The port's VLAN.", examples=[100])
    priority: Priority = Field(0, description="802.1p priority (CoS).")


class WanGive(ConfigModel):
    """The ONU's own WAN, pushed over OMCI. PPPoE login and password come from the order."""

    mode: Literal["bridge", "pppoe", "dhcp"] = Field(
        description="How the ONU connects; bridge: not at all.", examples=["pppoe"]
    )
    vlan: VlanOr | None = Field(
        None, description="VLAN of the connection. Needed unless the mode is bridge.", examples=[100]
    )
    index: Annotated[int, Field(ge=0, le=7)] = Field(1, description="The IP host of the ONU.")
    priority: Priority = Field(0, description="802.1p priority (CoS).")
    vlan_profile: Word | None = Field(
        None, description="VLAN profile of the OLT (ZTE).", examples=["internet"]
    )
    wan_profile: Word | None = Field(
        None, description="WAN profile of the OLT, by name or number (Huawei).", examples=[0]
    )
    lan_ports: LanPorts = Field((), description="Ethernet ports that use the connection.", examples=["all"])
    wifi: Annotated[tuple[Annotated[int, Field(ge=1, le=16)], ...], OneOrMore] = Field(
        (), description="Wi-Fi networks that use it, by index.", examples=[[1]]
    )

    @model_validator(mode="after")
    def _has_vlan(self) -> "WanGive":
        if self.mode != "bridge" and self.vlan is None:
            raise ValueError(f"wan of mode {self.mode} needs a vlan")
        return self


class WifiGive(ConfigModel):
    """A Wi-Fi network; name and key come from the order."""

    index: Annotated[int, Field(ge=1, le=16)] = Field(1, description="Its number in the ONU.")
    suffix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{0,8}$")] = Field(
        "", description="Added to the name, to tell the bands apart.", examples=["-5G"]
    )


class ManagementGive(ConfigModel):
    """The IP host by which the ISP reaches the ONU (DHCP), and its TR-069 profile."""

    vlan: VlanOr = Field(description="VLAN of management.", examples=[200])
    index: Annotated[int, Field(ge=0, le=7)] = Field(0, description="The IP host of the ONU.")
    priority: Priority = Field(0, description="802.1p priority (CoS).")
    tr069_profile: Word | None = Field(
        None, description="TR-069 server profile, by name or number.", examples=[1]
    )


class Give(ConfigModel):
    """What the ONU is given."""

    onu_type: Word | None = Field(
        None, description="The OLT's name of the ONU type (ZTE).", examples=["ZTE-F670L"]
    )
    line_profile: Word | None = Field(
        None, description="Line profile, by name or number (Huawei).", examples=[10]
    )
    service_profile: Word | None = Field(
        None, description="Service profile, by name or number (Huawei).", examples=[20]
    )
    tconts: tuple[TcontGive, ...] = Field((), description="T-CONTs (ZTE).")
    gem_ports: tuple[GemPortGive, ...] = Field((), description="GEM ports (ZTE).")
    service_ports: tuple[ServicePortGive, ...] = Field((), description="Service flows of the OLT.")
    onu_services: tuple[OnuServiceGive, ...] = Field((), description="Services inside the ONU (ZTE).")
    lan_ports: tuple[LanPortGive, ...] = Field((), description="VLAN modes of Ethernet ports.")
    wan: WanGive | None = Field(None, description="The ONU's own connection.")
    wifi: tuple[WifiGive, ...] = Field((), description="Wi-Fi networks.")
    management: ManagementGive | None = Field(None, description="How the ISP reaches the ONU.")


Wish = Literal[
    "tconts", "gem_ports", "service_ports", "onu_services", "lan_ports", "wan", "wifi", "management"
]


class ProvisioningModel(ConfigModel):
    """One rule: when it applies, and what it gives."""

    name: Name = Field(
        description="What results and `config check` call it.", examples=["huawei-router-pppoe"]
    )
    when: When = Field(When(), description="Nothing given: always.")
    give: Give = Field(description="What the ONU is given then.")
    required: Annotated[tuple[Wish, ...], OneOrMore] = Field(
        (),
        description="Wishes without which the order fails before anything is sent; others are left out and told.",
        examples=[["wan"]],
    )
    optical: OpticalLimits | None = Field(None, description="Instead of the file's limits.")


class Counted(ConfigModel):
    """A number that rises by one with each PON port of the range in `when.pon`."""

    first: Annotated[int, Field(ge=0, le=4_294_967_295)] = Field(
        description="The number on the first port of the range.", examples=[2000]
    )


class VariableWhen(When):
    """Where a variable has its value: also by PON port."""

    pon: PonRange | None = Field(None, description="PON ports.", examples=["0/1/0-15", "0/2/*"])


class Variables(ConfigModel):
    """Values for `${names}`. Of the entries that apply, the first that sets a name decides it."""

    when: VariableWhen = Field(VariableWhen(), description="Nothing given: always.")
    set: dict[Variable, VariableValue | Counted] = Field(
        description="Values by name: a number, a word, or one that rises with each PON port.",
        examples=[{"internet_vlan": 1100}, {"pon_vlan": {"first": 2000}}],
    )

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
    onu_class: Literal["bridge", "router"] = Field(
        description="bridge: an SFU; router: a home gateway.", examples=["router"]
    )
    lan_ports: Annotated[int, Field(ge=1, le=32)] | None = Field(
        None, description="Ethernet ports, if known.", examples=[2]
    )


class Services(ConfigModel):
    """The whole file."""

    models: tuple[ProvisioningModel, ...] = Field(min_length=1, description="First match wins.")
    variables: tuple[Variables, ...] = Field((), description="Values for `${names}`; first match wins.")
    onus: tuple[OnuKind, ...] = Field(
        (), description="Models beside the shipped catalogue; first match wins."
    )
    optical: OpticalLimits = Field(OpticalLimits(), description="Levels beyond which results warn.")

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


# ------------------------------------------------------------------------------------- parts that contradict each other

Where = tuple[str | int, ...]


def contradictions(services: Services) -> Iterator[tuple[Where, str]]:
    """Parts of a model that refer to parts which it does not have, or that stand twice, with what is wrong: an OLT would
    refuse them after it has taken others.
    """
    for number, rule in enumerate(services.models):
        yield from _numbers(("models", number, "give"), rule.give)


def _numbers(where: Where, give: Give) -> Iterator[tuple[Where, str]]:
    gems = [gem.index for gem in give.gem_ports]
    tconts = [tcont.index for tcont in give.tconts]
    yield from _twice((*where, "gem_ports"), gems, "GEM port")
    yield from _twice((*where, "tconts"), tconts, "T-CONT")
    for at, gem in enumerate(give.gem_ports):
        if gem.tcont not in tconts:
            yield (*where, "gem_ports", at, "tcont"), f"there is no T-CONT {gem.tcont} in this model"
    for part in ("service_ports", "onu_services") if gems else ():
        for at, item in enumerate(getattr(give, part)):
            if item.gem_port not in gems:
                yield (*where, part, at, "gem_port"), f"there is no GEM port {item.gem_port} in this model"


def _twice(where: Where, numbers: list[int], kind: str) -> Iterator[tuple[Where, str]]:
    for number in sorted({number for number in numbers if numbers.count(number) > 1}):
        yield where, f"{kind} {number} stands twice"
