"""From the files of an installation to its configuration: every problem at once, each with file and line."""

from collections.abc import Collection, Iterator
from pathlib import Path

from schemas.catalog import Catalogue
from schemas.configuration import Configuration
from schemas.inventory import Inventory
from schemas.services import Services, contradictions
from schemas.yaml import ConfigError, Document, Problem, read, validate


def load_inventory(path: Path, *, platforms: Collection[str] | None = None, pinned: bool = True) -> Inventory:
    """The inventory of a file. Raises ConfigError.

    `platforms` are those that exist, None: any. `pinned`: an OLT on SSH must have its host key (`acende trust` reads
    the inventory without).
    """
    return _inventory(path, platforms, pinned=pinned)[0]


def load_services(path: Path) -> Services:
    """The provisioning models of a file. Raises ConfigError."""
    return _services(path)[0]


def load_configuration(
    inventory: Path, services: Path, catalogue: Catalogue, *, platforms: Collection[str] | None = None
) -> Configuration:
    """All of it. Raises ConfigError with the problems of both files."""
    problems: list[Problem] = []
    olts: tuple[Inventory, str] | None = None
    given: tuple[Services, str] | None = None
    try:
        olts = _inventory(inventory, platforms, pinned=True)
    except ConfigError as error:
        problems += error.problems
    try:
        given = _services(services)
    except ConfigError as error:
        problems += error.problems
    if olts is None or given is None:
        raise ConfigError(problems)
    return Configuration(olts[0], given[0], catalogue, {"inventory": olts[1], "services": given[1]})


def _inventory(path: Path, platforms: Collection[str] | None, *, pinned: bool) -> tuple[Inventory, str]:
    """It and the SHA-256 of its file."""
    document = read(path)
    inventory = validate(document, Inventory)
    if problems := list(_inventory_problems(document, inventory, platforms, pinned)):
        raise ConfigError(problems)
    return inventory, document.sha256


def _services(path: Path) -> tuple[Services, str]:
    """They and the SHA-256 of their file."""
    document = read(path)
    services = validate(document, Services)
    if problems := [document.problem(where, text) for where, text in contradictions(services)]:
        raise ConfigError(problems)
    return services, document.sha256


def _inventory_problems(
    document: Document, inventory: Inventory, platforms: Collection[str] | None, pinned: bool
) -> Iterator[Problem]:
    for number, olt in enumerate(inventory.olts):
        where = ("olts", number)
        if olt.credentials not in inventory.credentials:
            known = ", ".join(sorted(inventory.credentials)) or "none"
            yield document.problem(
                (*where, "credentials"), f"expected the name of credentials in this file: {known}"
            )
        if platforms is not None and olt.platform not in platforms:
            yield document.problem(
                (*where, "platform"), "expected a platform: " + ", ".join(sorted(platforms))
            )
        if pinned and olt.transport == "ssh" and olt.host_key is None:
            missing = f"{olt.id} is reached over SSH and needs its host key: run `acende trust {olt.id}`"
            yield document.problem(where, missing, "host_key")
