"""`acende trust`."""

import asyncio
from typing import Annotated

import typer

from schemas.inventory import Olt
from schemas.loading import load_inventory
from schemas.yaml import ConfigError
from vendors.errors import ProvisioningError
from vendors.registry import PLATFORMS
from vendors.session import fetch_host_key
from vendors.target import ssh_options
from worker import settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.settings import ConfigurationError

app = typer.Typer(add_completion=False)


@app.command()
def trust(olt: Annotated[str, typer.Argument(metavar="OLT")], as_json: Json = False) -> None:
    """Print the SSH host key line of an OLT for the inventory. Compare it with what the OLT itself shows."""
    found = _in_inventory(olt)
    key = _shown(found)
    changed = found.host_key is not None and found.host_key != key
    if as_json:
        output.print_json({"olt": olt, "host_key": key, "pinned": found.host_key, "changed": changed})
    else:
        output.console().print(f"host_key: {key}", markup=False, soft_wrap=True)
    if changed:
        raise Failure(
            f"{olt} shows another host key than the inventory pins: find out why before you write it there"
        )


def _in_inventory(olt: str) -> Olt:
    try:
        inventory = load_inventory(settings.load().inventory_file, platforms=PLATFORMS, pinned=False)
    except ConfigError as error:
        raise ConfigurationError(str(error)) from None
    found = inventory.olt(olt)
    if found is None:
        raise Failure(f"the inventory has no OLT {olt!r}")
    if found.transport != "ssh":
        raise Failure(f"{olt} is reached over telnet, which has no host key")
    return found


def _shown(olt: Olt) -> str:
    try:
        return asyncio.run(fetch_host_key(olt.address, olt.tcp_port, options=ssh_options(olt)))
    except ProvisioningError as error:
        raise Failure(
            f"{olt.id} at {olt.address}:{olt.tcp_port} does not answer: {error}", Status.UNAVAILABLE
        ) from None
