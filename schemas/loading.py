"""From the files of an installation to its configuration: every problem at once, each with file and line."""

from collections.abc import Collection, Iterator
from pathlib import Path

from schemas.catalog import Catalogue
from schemas.configuration import Configuration
from schemas.inventory import Inventory
from schemas.services import Services
from schemas.yaml import ConfigError, Document, Problem, read, validate


def load_inventory(path: Path, *, platforms: Collection[str] | None = None, pinned: bool = True) -> Inventory:
    """The inventory of a file. Raises ConfigError.

    `platforms` are those that exist, None: any. `pinned`: an OLT on SSH must have its host key (`acende trust` reads
    the inventory without).
    """
    document = read(path)
    inventory = validate(document, Inventory)
    if problems := list(_inventory_problems(document, inventory, platforms, pinned)):
        raise ConfigError(problems)
    return inventory


def load_services(path: Path) -> Services:
    """The provisioning models of a file. Raises ConfigError."""
    return validate(read(path), Services)


def load_configuration(
    inventory: Path, services: Path, catalogue: Catalogue, *, platforms: Collection[str] | None = None
) -> Configuration:
    """All of it. Raises ConfigError with the problems of both files."""
    problems: list[Problem] = []
    olts: Inventory | None = None
    given: Services | None = None
    try:
        olts = load_inventory(inventory, platforms=platforms)
    except ConfigError as error:
        problems += error.problems
    try:
        given = load_services(services)
    except ConfigError as error:
        problems += error.problems
    if olts is None or given is None:
        raise ConfigError(problems)
    return Configuration(olts, given, catalogue)


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
