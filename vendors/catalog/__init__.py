"""The ONU models that come with Acende: one YAML file for each brand, and what is known to be no ONU."""

from functools import cache
from pathlib import Path

from schemas.catalog import Brand, Catalogue, NotOnus
from schemas.yaml import read, validate

FOLDER = Path(__file__).parent
_NOT_ONUS = "not_onus.yaml"


@cache
def shipped() -> Catalogue:
    """The shipped catalogue. Raises ConfigError for a damaged file."""
    brands = [validate(read(path), Brand) for path in sorted(FOLDER.glob("*.yaml")) if path.name != _NOT_ONUS]
    return Catalogue(tuple(brands), validate(read(FOLDER / _NOT_ONUS), NotOnus).not_onus)
