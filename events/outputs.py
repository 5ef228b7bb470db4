"""Events that Acende publishes. Times are RFC 3339 in UTC, powers in dBm, durations in seconds.

Finals (`Completed`, `Failed`, `Cancelled`) and `Progress` of one order share one `sequence`. A consumer drops a record
whose event id it has seen, and takes the one with the highest `sequence` as what holds now.
"""

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, Field, JsonValue, WithJsonSchema

from events.base import ResultData
from events.stages import Stage
from schemas.onu import DesiredOnu, LanPort, OnuId, ServicePort, Vlan
from schemas.place import PonPortText
from schemas.serial import Serial as AnySerial
from schemas.text import CliWord, ErpId, Label, Name

ReasonCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$", examples=["serial_claimed"])]
"""A code of `events.reasons`."""
Serial = Annotated[AnySerial, WithJsonSchema({"type": "string", "pattern": r"^[A-Z0-9]{4}[0-9A-F]{8}$"})]
"""A canonical serial."""
Text = Annotated[str, Field(max_length=2000)]
Dbm = Annotated[float, Field(ge=-60, le=30)]
Params = dict[str, str]
"""What fills the placeholders of a reason's texts: serial, other order, OLT, nearest names."""


class Identified(ResultData):
    """Which order, in which revision, and which record of it this is."""

    service_order_id: ErpId = Field(description="The ERP's key of the order.", examples=["OS-48211"])
    revision: int = Field(
        ge=1,
        description="Counts what was wanted of this order: a changed wish is a new revision.",
        examples=[1],
    )
    sequence: int = Field(
        ge=1, description="Rises with every record of this order, over both output topics.", examples=[7]
    )
    serial: Serial | None = Field(
        None, description="The ONU, canonical: 4 characters and 8 hex digits. Null where none is known.",
        examples=["HWTC1A2B3C4D"],
    )  # fmt: skip
    customer_id: ErpId | None = Field(None, description="As the order names it.", examples=["10233"])
    contract_id: ErpId | None = Field(None, description="As the order names it.", examples=["77120"])


class Progress(Identified):
    """A live order reached a stage, or there is something to say of it that ends nothing."""

    TYPE: ClassVar[str] = "acende.provisioning.progress.v1"
    stage: Stage | None = Field(
        None,
        description="Where the order stands; null for news of an order that is not live.",
        examples=["queued"],
    )
    since: AwareDatetime = Field(description="Since when it stands there.", examples=["2026-03-02T12:31:07Z"])
    attempt: int = Field(0, ge=0, description="The attempt at hand, 0 before the first.", examples=[1])
    code: ReasonCode | None = Field(
        None,
        description="Why it stands there, or what happened (`cancel_after_completion`).",
        examples=["olt_busy"],
    )
    params: Params = Field({}, description="What fills the texts.")
    text_pt: Text = Field(description="For technicians and support.", examples=["Na fila da OLT."])
    text_en: Text = Field(description="The same in English.", examples=["In the queue of the OLT."])


class Where(ResultData):
    """One registration of an ONU on an OLT."""

    olt_id: Name = Field(description="Key of the inventory.", examples=["olt-centro-1"])
    pon_port: PonPortText = Field(description="frame/slot/port as the OLT numbers them.", examples=["0/1/0"])
    onu_id: OnuId | None = Field(None, description="The ONU's number on the port.", examples=[17])
    serial: Serial | None = Field(None, description="The ONU.", examples=["HWTC1A2B3C4D"])


class Left(Where):
    """A registration that stays where it is, and why."""

    code: ReasonCode = Field(description="Why it was left.", examples=["left_online"])
    text_pt: Text = Field(description="For technicians and support.")
    text_en: Text = Field(description="The same in English.")


class Skipped(ResultData):
    """A wish that was not applied, and why."""

    field: str = Field(max_length=100, description="The field of the wish.", examples=["wifi.1"])
    code: ReasonCode = Field(description="Why not.", examples=["no_command_on_platform"])
    text_pt: Text = Field(description="For technicians and support.")
    text_en: Text = Field(description="The same in English.")


class Warned(ResultData):
    """Something to look at while the technician is still there; the customer is served all the same."""

    code: ReasonCode = Field(description="What was noticed.", examples=["onu_rx_low"])
    value: float | None = Field(None, description="What was measured, dBm.", examples=[-28.4])
    limit: float | None = Field(None, description="The limit it lies beyond, dBm.", examples=[-27.0])
    text_pt: Text = Field(description="For technicians and support.")
    text_en: Text = Field(description="The same in English.")
    action_pt: Text = Field(description="What to do now.")
    action_en: Text = Field(description="The same in English.")


class Optical(ResultData):
    """Optical levels in dBm; null where the OLT shows none."""

    onu_rx_dbm: Dbm | None = Field(None, description="Received by the ONU.", examples=[-19.4])
    onu_tx_dbm: Dbm | None = Field(None, description="Sent by the ONU.", examples=[2.3])
    olt_rx_dbm: Dbm | None = Field(None, description="Received by the OLT from this ONU.", examples=[-22.1])


class Applied(ResultData):
    """What the OLT and the ONU were given. No passwords and no names of networks."""

    line_profile: CliWord | None = Field(None, description="By name or number.", examples=["10"])
    service_profile: CliWord | None = Field(None, description="By name or number.", examples=["20"])
    onu_type: CliWord | None = Field(None, description="The OLT's own name of it.", examples=["ZTE-F670L"])
    vlans: tuple[Vlan, ...] = Field((), description="Every VLAN in use, ascending.", examples=[[100, 1402]])
    service_ports: tuple[ServicePort, ...] = Field((), description="Service flows, with their rate profiles.")
    lan_ports: tuple[LanPort, ...] = Field((), description="VLAN modes of Ethernet ports.")
    wan_mode: str | None = Field(
        None, description="pppoe or dhcp; null where the ONU makes no connection itself."
    )
    wan_vlan: Vlan | None = Field(None, description="VLAN of the WAN connection.")
    management_vlan: Vlan | None = Field(None, description="VLAN of the management host.")
    tr069_profile: CliWord | None = Field(None, description="TR-069 server profile.")
    wifi: tuple[int, ...] = Field((), description="Numbers of the networks that were configured.")

    @classmethod
    def of(cls, wish: DesiredOnu) -> "Applied":
        """All of a wish that may be published."""
        return cls(
            line_profile=wish.line_profile,
            service_profile=wish.service_profile,
            onu_type=wish.onu_type,
            vlans=_vlans(wish),
            service_ports=wish.service_ports,
            lan_ports=wish.lan_ports,
            wan_mode=wish.wan.mode if wish.wan else None,
            wan_vlan=wish.wan.vlan if wish.wan else None,
            management_vlan=wish.management.vlan if wish.management else None,
            tr069_profile=wish.management.tr069_profile if wish.management else None,
            wifi=tuple(wifi.index for wifi in wish.wifi),
        )


def _vlans(wish: DesiredOnu) -> tuple[int, ...]:
    found = [vlan for flow in wish.service_ports for vlan in (flow.vlan, flow.inner_vlan)]
    found += [port.vlan for port in wish.lan_ports]
    found += [service.vlan for service in wish.onu_services]
    found += [wish.wan.vlan] if wish.wan else []
    found += [wish.management.vlan] if wish.management else []
    return tuple(sorted({vlan for vlan in found if vlan}))


class Final(Identified):
    """What all final results tell of the unit, the place and the work."""

    stock_item_id: ErpId | None = Field(None, description="The unit in stock.", examples=["PAT-90311"])
    model_stock: Label | None = Field(None, description="The model as stock knows it.", examples=["EG8145V5"])
    model_seen: Label | None = Field(
        None, description="The model as the OLT reports it.", examples=["EG8145V5"]
    )
    olt_id: Name | None = Field(None, description="Key of the inventory.", examples=["olt-centro-1"])
    pon_port: PonPortText | None = Field(None, description="frame/slot/port.", examples=["0/1/0"])
    onu_id: OnuId | None = Field(None, description="The ONU's number on the port.", examples=[17])
    attempts: int = Field(
        0, ge=0, description="Attempts that were opened on an OLT in this revision.", examples=[1]
    )
    durations_s: dict[Stage, Annotated[float, Field(ge=0)]] = Field(
        {}, description="Seconds spent in each stage of this revision.",
        examples=[{"waiting_for_light": 41.2, "configuring": 2.7}],
    )  # fmt: skip
    left: tuple[Left, ...] = Field((), description="Registrations of this order that stay, and why.")
    own: tuple[Where, ...] = Field(
        (),
        description="Registrations that Acende made for this order and has not removed: a cancellation removes them.",
    )
    asked_at: AwareDatetime | None = Field(
        None,
        description="Time of the request, a person's retry or the cancellation that this answers.",
        examples=["2026-03-02T12:31:07Z"],
    )


class Completed(Final):
    """The ONU is authorised, configured, online and measured."""

    TYPE: ClassVar[str] = "acende.provisioning.completed.v1"
    serial: Serial = Field(description="The ONU, canonical.", examples=["HWTC1A2B3C4D"])
    olt_id: Name = Field(description="Key of the inventory.", examples=["olt-centro-1"])
    pon_port: PonPortText = Field(description="frame/slot/port.", examples=["0/1/0"])
    onu_id: OnuId = Field(description="The ONU's number on the port.", examples=[17])
    model_rule: Name | None = Field(
        None,
        description="The provisioning model of services.yaml that was taken.",
        examples=["router-pppoe-huawei"],
    )
    applied: Applied = Field(description="Profiles and VLANs.")
    not_applied: tuple[Skipped, ...] = Field((), description="Wishes that were not applied, and why.")
    optical: Optical = Field(description="Levels read when the ONU was online.")
    distance_m: int | None = Field(None, ge=0, description="Length of the fibre, metres.", examples=[1074])
    warnings: tuple[Warned, ...] = Field((), description="What to look at while the technician is there.")
    changed: bool = Field(description="Whether anything had to be sent to the OLT.", examples=[True])
    plan_hash: str | None = Field(
        None,
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 of the plan with its secrets masked; null if none was needed.",
    )


class Explained(Final):
    """A final that carries a reason code and its texts."""

    code: ReasonCode = Field(description="Why. See the catalogue of reason codes.", examples=["no_light"])
    params: Params = Field({}, description="What fills the texts.")
    retryable: bool = Field(description="Whether the same may be asked again.", examples=[True])
    text_pt: Text = Field(description="What happened, for technicians and support.")
    text_en: Text = Field(description="The same in English.")
    action_pt: Text = Field(description="What to do next, for technicians and support.")
    action_en: Text = Field(description="The same in English.")
    last_stage: Stage | None = Field(
        None, description="The stage that was reached.", examples=["waiting_for_light"]
    )
    removed: tuple[Where, ...] = Field((), description="Registrations that were removed.")


class Failed(Explained):
    """Acende has given up on this revision."""

    TYPE: ClassVar[str] = "acende.provisioning.failed.v1"
    parked: bool = Field(False, description="The attempts ran out: a person decides. `acende retry` goes on.")


class Cancelled(Explained):
    """The order was cancelled; what it owned is removed, or listed under `left`."""

    TYPE: ClassVar[str] = "acende.provisioning.cancelled.v1"


class Header(ResultData):
    """A header of a record that was set aside: its name and the size of its value, never the value."""

    name: str = Field(
        max_length=200, description="Masked unless it is a plain word.", examples=["content-type"]
    )
    size: int | None = Field(None, description="Bytes; null for a null value.", examples=[24])


class DeadLetter(ResultData):
    """A record that could not be applied: where it lies, why, and its shape with every doubtful value masked."""

    TYPE: ClassVar[str] = "acende.dead-letter.v1"
    topic: str = Field(max_length=300, description="The topic it lies in.", examples=["erp.install"])
    partition: int = Field(ge=0, description="The partition it lies in.", examples=[3])
    offset: int = Field(ge=0, description="Where it lies there.", examples=[88121])
    timestamp: AwareDatetime | None = Field(None, description="The record's timestamp.")
    key: str | None = Field(
        None,
        max_length=200,
        description="The record's key, if it is a plain identifier; else null.",
        examples=["OS-48211"],
    )
    key_size: int | None = Field(None, ge=0, description="Bytes of the key; null for a null key.")
    size: int | None = Field(
        None, ge=0, description="Bytes of the value; null for a null value.", examples=[713]
    )
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="Of the value, null for a null value."
    )
    headers: tuple[Header, ...] = Field((), description="At most 50.")
    code: ReasonCode = Field(description="Why it was set aside.", examples=["invalid_data"])
    where: tuple[str, ...] = Field(
        (), description="Where in the document: members and what was expected there. Names we do not know are masked.",
        examples=[["data.started_at: Input should be a valid datetime"]],
    )  # fmt: skip
    event_type: str | None = Field(None, max_length=200, description="The type, if it is one of ours.")
    document: JsonValue = Field(
        None, description="The document, if it is JSON: values of fields not known to be harmless are masked, long "
        "parts are cut. Null where it is no JSON.",
    )  # fmt: skip
    text_pt: Text = Field(description="What is wrong with it, for support.")
    text_en: Text = Field(description="The same in English.")
    action_pt: Text = Field(description="What to do next.")
    action_en: Text = Field(description="The same in English.")


Output = Progress | Completed | Failed | Cancelled
OUTPUTS: dict[str, type[Output] | type[DeadLetter]] = {
    model.TYPE: model for model in (Progress, Completed, Failed, Cancelled, DeadLetter)
}
