"""Names of the topics. The type says what an event is, not the topic: any input may arrive on any input topic."""

from pydantic import Field

from events.inputs import EquipmentBound, EquipmentReceived, EquipmentUnbound
from schemas.base import Frozen


class Topics(Frozen):
    """Where events are read and written."""

    equipment: str = Field("erp.equipment", description="Units of stock: received, bound, unbound.")
    install: str = Field("erp.install", description="Installations: started, cancelled.")
    progress: str = Field("onu.provisioning.progress", description="Where live orders stand.")
    results: str = Field("onu.provisioning.results", description="Completed, failed, cancelled.")
    dead_letters: str = Field("onu.dead-letters", description="Records that could not be applied.")

    @property
    def inputs(self) -> tuple[str, ...]:
        """The topics that are read, each once."""
        return tuple(dict.fromkeys((self.equipment, self.install)))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The topics that are written, each once."""
        return tuple(dict.fromkeys((self.progress, self.results, self.dead_letters)))

    def of_output(self, event_type: str) -> str:
        """The topic of an output event's type."""
        if event_type == "acende.provisioning.progress.v1":
            return self.progress
        return self.dead_letters if event_type == "acende.dead-letter.v1" else self.results

    def of_input(self, event_type: str) -> str:
        """The topic to which `acende publish` sends an input event of this type."""
        units = {EquipmentReceived.TYPE, EquipmentBound.TYPE, EquipmentUnbound.TYPE}
        return self.equipment if event_type in units else self.install
