"""The configuration of one installation, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.catalog import Catalogue
from schemas.inventory import Inventory
from schemas.patterns import matches_model
from schemas.services import OnuKind, Services


@dataclass(frozen=True)
class Configuration:
    """What OLTs there are, what ONUs are given, and which ONU models there are."""

    inventory: Inventory
    services: Services
    catalogue: Catalogue
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the files `inventory` and `services` as they were read."""

    def own_onu(self, model: str) -> OnuKind | None:
        """What `services.yaml` itself says of this model."""
        name = model.strip()
        return next((own for own in self.services.onus if name and matches_model(name, (own.name,))), None)

    def is_onu(self, model: str) -> bool:
        """Whether a model name of stock is known as an ONU: for `parse_record`."""
        return self.own_onu(model) is not None or self.catalogue.is_onu(model)

    def is_not_onu(self, model: str) -> bool:
        """Whether a model name of stock is known to be something else: a router, a TV box, a ladder."""
        return self.own_onu(model) is None and self.catalogue.is_not_onu(model)
