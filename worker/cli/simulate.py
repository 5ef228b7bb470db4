"""`acende simulate`."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from schemas.inventory import Inventory, Olt
from schemas.loading import load_inventory
from schemas.yaml import ConfigError, read, validate
from vendors.registry import PLATFORMS
from vendors.simulator.fleet import Fleet
from worker import settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.credentials import CredentialMissing, read_login
from worker.settings import ConfigurationError
from worker.simulate import Account, Served, run_fleet

app = typer.Typer()


@app.command()
def simulate(
    inventory: Annotated[
        Path | None, typer.Option(help="Inventory file; default: ACENDE_INVENTORY_FILE.")
    ] = None,
    fleet: Annotated[
        Path | None, typer.Option(help="What hangs on the OLTs; default: the inventory's `simulator`.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    keys: Annotated[
        Path | None, typer.Option(help="Folder of SSH host keys; without it each start has new ones.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve a simulated OLT for every OLT of an inventory, over SSH and telnet, until Ctrl-C: for rehearsals."""
    path = inventory or settings.load().inventory_file
    try:
        olts = load_inventory(path, platforms=PLATFORMS, pinned=False)
        plan = validate(read(fleet), Fleet) if fleet else None
    except ConfigError as error:
        raise ConfigurationError(str(error)) from None
    accounts = _accounts(olts)
    if keys:
        keys.mkdir(parents=True, exist_ok=True)
    try:
        asyncio.run(_serve(olts, accounts, plan, host, keys, as_json=as_json))
    except OSError as error:
        raise Failure(f"cannot listen: {error.strerror or error}", Status.UNAVAILABLE) from None
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise ConfigurationError(
            f"{path}: simulator.{where}: {error.errors(include_input=False)[0]['msg']}"
        ) from None


def _accounts(olts: Inventory) -> dict[str, Account]:
    try:
        return {olt.id: _account(olts, olt) for olt in olts.olts}
    except CredentialMissing as error:
        raise ConfigurationError(str(error)) from None


def _account(olts: Inventory, olt: Olt) -> Account:
    login = read_login(olts.credentials_of(olt), os.environ)
    enable = login.enable_password.get_secret_value() if login.enable_password else None
    return Account(login.username, login.password.get_secret_value(), enable)


async def _serve(
    olts: Inventory,
    accounts: dict[str, Account],
    plan: Fleet | None,
    host: str,
    keys: Path | None,
    *,
    as_json: bool,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ready = partial(_show, as_json=as_json)
    await run_fleet(olts, lambda olt: accounts[olt.id], plan, ready=ready, stop=stop, host=host, keys=keys)


def _show(served: tuple[Served, ...], *, as_json: bool) -> None:
    rows = [one.olt for one in served]
    if as_json:
        output.print_json([row.model_dump(mode="json", include=set(_SHOWN)) for row in rows])
        return
    cells = [[getattr(row, name) for name in _SHOWN] for row in rows]
    output.console().print(output.table("Simulated OLTs", _SHOWN, cells))


_SHOWN = ("id", "platform", "transport", "address", "port", "host_key")
