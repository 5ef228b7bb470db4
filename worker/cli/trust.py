"""`acende trust`."""

import asyncio
from typing import Annotated

import typer

from schemas.loading import load_inventory
from schemas.yaml import ConfigError
from vendors.registry import PLATFORMS
from vendors.session import fetch_host_key
from vendors.target import ssh_options
from worker import settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.settings import ConfigurationError

app = typer.Typer()


@app.command()
def trust(olt: Annotated[str, typer.Argument(metavar="OLT")], as_json: Json = False) -> None:
    """Print the SSH host key line of an OLT for the inventory. Compare it with what the OLT itself shows."""
    try:
        inventory = load_inventory(settings.load().inventory_file, platforms=PLATFORMS, pinned=False)
    except ConfigError as error:
        raise ConfigurationError(str(error)) from None
    found = inventory.olt(olt)
    if found is None:
        raise Failure(f"the inventory has no OLT {olt!r}")
    if found.transport != "ssh":
        raise Failure(f"{olt} is reached over telnet, which has no host key", Status.NO)
    key = asyncio.run(fetch_host_key(found.address, found.tcp_port, options=ssh_options(found)))
    if as_json:
        changed = found.host_key is not None and found.host_key != key
        output.print_json({"olt": olt, "host_key": key, "pinned": found.host_key, "changed": changed})
    else:
        output.console().print(f"host_key: {key}", markup=False, soft_wrap=True)
