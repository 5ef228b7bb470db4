"""Events that the ERP publishes. Times are RFC 3339; naive ones are read in `ACENDE_SOURCE_TIMEZONE`.

Unknown members are ignored. An optional member that is null or an empty text is the same as one that is absent.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from events.base import EventData, EventTime
from schemas.place import PonPortText
from schemas.serial import TypedSerial, Undecided
from schemas.text import CliWord, ErpId, Label, Name, PppoePassword, WifiKey, WifiName

BLANK = BeforeValidator(lambda value: None if value == "" else value)
DEFAULT_PRIORITY = BeforeValidator(lambda value: 5 if value is None or value == "" else value)
_SERIAL = (
    "The PON serial on the label, in any form: `HWTC1A2B3C4D`, `485754431A2B3C4D`, `HWTC-1A2B3C4D`, lower case too. "
    "Not the product's serial, not the MAC."
)
_SERIALS = ["HWTC1A2B3C4D", "485754431A2B3C4D"]


class EquipmentReceived(EventData):
    """A unit entered stock, or stock corrects what it said of it."""

    TYPE: ClassVar[str] = "acende.equipment.received.v1"
    serial: TypedSerial = Field(description=_SERIAL, examples=_SERIALS)
    model: Label = Field(description="The model as the ERP knows it.", examples=["EG8145V5"])
    brand: Label = Field(description="The brand as the ERP knows it.", examples=["Huawei"])
    stock_item_id: ErpId = Field(description="The ERP's key of this unit.", examples=["PAT-90311"])
    product_id: ErpId = Field(description="The ERP's key of the product.", examples=["1207"])
    warehouse: Label = Field(description="Where it is kept.", examples=["Almoxarifado central"])
    received_at: EventTime = Field(
        description="When it entered stock.", examples=["2026-03-01T14:02:11-03:00"]
    )
    mac: Annotated[Label | None, BLANK] = Field(
        None, description="Its MAC address, as printed.", examples=["54:22:F8:1A:2B:3C"]
    )
    service_order_id: Annotated[ErpId | None, BLANK] = Field(
        None,
        description="The order it was bought or set aside for: the same as an `equipment.bound`.",
        examples=["OS-48211"],
    )
    customer_id: Annotated[ErpId | None, BLANK] = Field(
        None, description="The customer of that order.", examples=["10233"]
    )
    contract_id: Annotated[ErpId | None, BLANK] = Field(
        None, description="The contract of that order.", examples=["77120"]
    )


class EquipmentBound(EventData):
    """Stock lent the unit to this customer's order."""

    TYPE: ClassVar[str] = "acende.equipment.bound.v1"
    serial: TypedSerial = Field(description=_SERIAL, examples=_SERIALS)
    service_order_id: ErpId = Field(description="The order it is lent to.", examples=["OS-48211"])
    customer_id: ErpId = Field(description="The customer of the order.", examples=["10233"])
    contract_id: ErpId = Field(description="The contract of the order.", examples=["77120"])


class EquipmentUnbound(EventData):
    """The unit was given back by this customer's order."""

    TYPE: ClassVar[str] = "acende.equipment.unbound.v1"
    serial: TypedSerial = Field(description=_SERIAL, examples=_SERIALS)
    service_order_id: ErpId = Field(description="The order it was lent to.", examples=["OS-48211"])
    customer_id: ErpId = Field(description="The customer of the order.", examples=["10233"])
    contract_id: ErpId = Field(description="The contract of the order.", examples=["77120"])


class InstallStarted(EventData):
    """A technician started the installation, or asks again for it."""

    TYPE: ClassVar[str] = "acende.install.started.v1"
    service_order_id: ErpId = Field(description="The ERP's key of the order.", examples=["OS-48211"])
    customer_id: ErpId = Field(description="The ERP's key of the customer.", examples=["10233"])
    contract_id: ErpId = Field(description="The ERP's key of the contract.", examples=["77120"])
    customer_name: Label = Field(description="For people; never on an OLT.", examples=["Maria da Conceição"])
    plan_code: ErpId = Field(description="The plan, as services.yaml names it.", examples=["FIBRA-300"])
    mode: Literal["bridge", "router"] = Field(
        description="router: the ONU makes the connection; bridge: the customer's own router does.",
        examples=["router"],
    )
    technician_id: ErpId = Field(description="The ERP's key of the technician.", examples=["412"])
    started_at: EventTime = Field(
        description="When the technician started.", examples=["2026-03-02T09:31:07-03:00"]
    )
    serial: Annotated[TypedSerial | None, BLANK] = Field(
        None,
        description="The ONU's serial, scanned or typed by the technician. " + _SERIAL,
        examples=_SERIALS,
    )
    site: Annotated[Name | None, BLANK] = Field(
        None, description="The site whose OLTs are searched; all if absent.", examples=["centro"]
    )
    olt_id: Annotated[Name | None, BLANK] = Field(
        None, description="The OLT, as the inventory names it.", examples=["olt-centro-1"]
    )
    pon_port: Annotated[PonPortText | None, BLANK] = Field(
        None, description="The PON port of that OLT, frame/slot/port.", examples=["0/1/0"]
    )
    cto: Annotated[Label | None, BLANK] = Field(
        None, description="The CTO (distribution box).", examples=["CTO-117"]
    )
    cto_port: Annotated[Annotated[int, Field(ge=1, le=256)] | None, BLANK] = Field(
        None, description="Its port.", examples=[6]
    )
    pppoe_login: Annotated[CliWord | None, BLANK] = Field(
        None, description="For WAN PPPoE.", examples=["maria.conceicao@isp"]
    )
    pppoe_password: Annotated[PppoePassword | None, BLANK] = Field(
        None, description="For WAN PPPoE: 1 to 64 characters, no blanks, no quotes."
    )
    wifi_name: Annotated[WifiName | None, BLANK] = Field(
        None,
        description="SSID: 1 to 32 bytes of UTF-8, no control characters. What an OLT cannot write is told as not applied.",
        examples=["Casa da Maria"],
    )
    wifi_key: Annotated[WifiKey | None, BLANK] = Field(
        None, description="WPA passphrase: 8 to 63 characters, no blanks, no quotes."
    )
    expected_rx_dbm: Annotated[Annotated[float, Field(ge=-50, le=10, allow_inf_nan=False)] | None, BLANK] = (
        Field(None, description="Optical level expected at the ONU, dBm.", examples=[-19.5])
    )
    priority: Annotated[int, Field(ge=0, le=9), DEFAULT_PRIORITY] = Field(
        5, description="9 is served first.", examples=[5]
    )


class InstallCancelled(EventData):
    """The installation will not happen, or is undone."""

    TYPE: ClassVar[str] = "acende.install.cancelled.v1"
    service_order_id: ErpId = Field(description="The ERP's key of the order.", examples=["OS-48211"])
    reason: Label = Field(description="Why, for people.", examples=["Cliente desistiu"])


def is_undecided(data: "InputData") -> bool:
    """Whether the event names its serial in a form that may as well be a MAC address."""
    return isinstance(getattr(data, "serial", None), Undecided)


InputData = EquipmentReceived | EquipmentBound | EquipmentUnbound | InstallStarted | InstallCancelled
INPUTS: dict[str, type[InputData]] = {
    model.TYPE: model
    for model in (EquipmentReceived, EquipmentBound, EquipmentUnbound, InstallStarted, InstallCancelled)
}
