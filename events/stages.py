"""The stages of an order on its way to light, with their names for people."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a live order stands. The order of the members is the usual order of events."""

    WAITING_FOR_EQUIPMENT = "waiting_for_equipment"
    WAITING_FOR_LIGHT = "waiting_for_light"
    QUEUED = "queued"
    DISCOVERING = "discovering"
    AUTHORISING = "authorising"
    CONFIGURING = "configuring"
    VERIFYING = "verifying"

    @property
    def text_pt(self) -> str:
        """For technicians and support, in Brazilian Portuguese."""
        return _TEXTS[self][0]

    @property
    def text_en(self) -> str:
        """The same in English."""
        return _TEXTS[self][1]


_TEXTS = {
    Stage.WAITING_FOR_EQUIPMENT: (
        "Aguardando a ONU aparecer no estoque ou ser informada na ordem.",
        "Waiting for the ONU to appear in stock or to be named by the order.",
    ),
    Stage.WAITING_FOR_LIGHT: (
        "Aguardando a ONU acender: ligue a ONU e conecte a fibra.",
        "Waiting for the ONU to light up: power it and connect the fibre.",
    ),
    Stage.QUEUED: ("Na fila da OLT.", "In the queue of the OLT."),
    Stage.DISCOVERING: ("Procurando a ONU nas OLTs.", "Looking for the ONU on the OLTs."),
    Stage.AUTHORISING: ("Autorizando a ONU na OLT.", "Authorising the ONU on the OLT."),
    Stage.CONFIGURING: ("Configurando os serviços do cliente.", "Configuring the customer's services."),
    Stage.VERIFYING: (
        "Conferindo se a ONU ficou online e medindo os sinais ópticos.",
        "Checking that the ONU is online and measuring the optical levels.",
    ),
}
