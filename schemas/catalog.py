"""ONU models: what they are called by people and by OLTs, and what they have. Also what is known to be no ONU."""

import difflib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from schemas.config import ConfigModel
from schemas.patterns import Glob, matches_model
from schemas.text import Name

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
OnuClass = Literal["bridge", "router"]
_SEPARATORS = re.compile(r"[\s_\-./()]+")
_PON_WORDS = frozenset({"ONU", "ONT", "GPON", "EPON", "XPON", "XGSPON"})
_NOISE = frozenset("ONU ONT GPON EPON XPON MODEM ROTEADOR ROUTER WIFI BRIDGE DE DA DO C COM".split())


class OnuModel(ConfigModel):
    """One model of ONU."""

    name: ModelName = Field(description="Its usual name.", examples=["EG8145V5"])
    onu_class: OnuClass = Field(description="bridge: an SFU; router: a home gateway.")
    technology: Literal["gpon", "epon", "xpon", "xgspon"] = Field(description="xpon: GPON and EPON.")
    lan_ports: Annotated[int, Field(ge=0, le=32)] | None = Field(
        None, description="Ethernet ports; null: not known."
    )
    pots: Annotated[int, Field(ge=0, le=32)] | None = Field(None, description="Telephone ports.")
    wifi: bool | None = Field(None, description="Whether it has Wi-Fi.")
    aliases: tuple[ModelName, ...] = Field((), description="Other names in shops and stock.")
    reported: dict[Name, tuple[ModelName, ...]] = Field(
        {}, description="What OLTs call it: by brand of the OLT, `any` for every brand."
    )
    source: str = Field(
        min_length=3, max_length=300, description="Where its ports are known from, and how surely."
    )


class Brand(ConfigModel):
    """One file of the catalogue."""

    brand: str = Field(min_length=2, max_length=40)
    vendor_ids: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4}$")], ...] = ()
    models: tuple[OnuModel, ...] = Field(min_length=1)


class NotOnu(ConfigModel):
    """Names of units that are no ONU."""

    kind: Name = Field(description="What it is.", examples=["tv_box"])
    names: tuple[Glob, ...] = Field(min_length=1)
    source: str = Field(min_length=3, max_length=300)


class NotOnus(ConfigModel):
    """The file of what is known to be no ONU."""

    not_onus: tuple[NotOnu, ...]


def _says_something(essence: str) -> bool:
    """Whether what is left of a name still tells a model: `PRO` alone does not."""
    return len(essence) >= 3 and any(character.isdigit() for character in essence)


def plain(name: str) -> str:
    """A model's name without what people write differently: case, blanks, dashes, dots."""
    return _SEPARATORS.sub("", name.upper())


@dataclass(frozen=True)
class Catalogue:
    """Every model of the shipped files."""

    brands: tuple[Brand, ...]
    not_onus: tuple[NotOnu, ...] = ()

    @cached_property
    def models(self) -> tuple[OnuModel, ...]:
        """All models, in the order of the files."""
        return tuple(model for brand in self.brands for model in brand.models)

    @cached_property
    def _by_name(self) -> dict[str, OnuModel]:
        found: dict[str, OnuModel] = {}
        for model in self.models:
            for name in (model.name, *model.aliases):
                found.setdefault(plain(name), model)
        for model in self.models:
            for name in (model.name, *model.aliases):
                if (essence := self._essence(name)) and _says_something(essence):
                    found.setdefault(essence, model)
        return found

    @cached_property
    def _by_report(self) -> dict[tuple[str, str], OnuModel]:
        found: dict[tuple[str, str], OnuModel] = {}
        for model in self.models:
            for brand, names in model.reported.items():
                for name in names:
                    found.setdefault((brand.lower(), plain(name)), model)
        return found

    @cached_property
    def _noise(self) -> frozenset[str]:
        return _NOISE | {word for brand in self.brands for word in _SEPARATORS.split(brand.brand.upper())}

    def _essence(self, name: str) -> str:
        """The name without brand and generic words: `ONU HUAWEI EG8145V5` is `EG8145V5`."""
        return "".join(word for word in _SEPARATORS.split(name.upper()) if word not in self._noise)

    def find(self, name: str | None) -> OnuModel | None:
        """The model that stock calls `name`; brand and words such as ONU may stand around it."""
        if not name:
            return None
        return self._by_name.get(plain(name)) or self._by_name.get(self._essence(name))

    def seen(self, name: str | None, olt_brand: str) -> OnuModel | None:
        """The model that an OLT of this brand reports as `name`."""
        if not name:
            return None
        key = plain(name)
        return (
            self._by_report.get((olt_brand.lower(), key))
            or self._by_report.get(("any", key))
            or self._by_name.get(key)
        )

    def is_onu(self, name: str) -> bool:
        """Whether the model is known as an ONU."""
        return self.find(name) is not None

    def is_not_onu(self, name: str) -> bool:
        """Whether the model is known to be something else: a router, a TV box, a ladder."""
        if self.is_onu(name) or _PON_WORDS & set(_SEPARATORS.split(name.upper())):
            return False
        return any(matches_model(name.strip(), entry.names) for entry in self.not_onus)

    def nearest(self, name: str | None, limit: int = 3) -> tuple[str, ...]:
        """Names of models that look like `name`, likeliest first."""
        if not name:
            return ()
        close = difflib.get_close_matches(
            self._essence(name) or plain(name), self._by_name, n=limit * 2, cutoff=0.6
        )
        return tuple(dict.fromkeys(self._by_name[key].name for key in close))[:limit]
