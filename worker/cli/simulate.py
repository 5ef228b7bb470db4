"""`acende simulate`."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from schemas.inventory import Inventory, Olt
from schemas.loading import load_inventory
from schemas.yaml import ConfigError, Document, read, validate
from vendors.registry import PLATFORMS
from vendors.simulator.fleet import Fleet, FleetOlt
from worker import settings
from worker.cli import output
from worker.cli.failure import Failure, Status
from worker.cli.output import Json
from worker.credentials import CredentialMissing, read_login
from worker.settings import ConfigurationError
from worker.simulate import Account, CannotServe, Served, run_fleet

app = typer.Typer(add_completion=False)
_COLUMNS = ("OLT", "platform", "transport", "address", "port")
_SHOWN = ("id", "platform", "transport", "address", "port", "host_key")


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
        _judge(read(path), olts)
        plan = _fleet(fleet, olts) if fleet else None
        accounts = {olt.id: _account(olts, olt) for olt in olts.olts}
    except (ConfigError, CredentialMissing) as error:
        raise ConfigurationError(str(error)) from None
    if keys:
        _make(keys)
    try:
        asyncio.run(_serve(olts, accounts, plan, host, keys, as_json=as_json))
    except CannotServe as error:
        raise ConfigurationError(f"{fleet or path}: {error}") from None
    except OSError as error:
        raise Failure(f"cannot serve: {error.strerror or error}", Status.UNAVAILABLE) from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"--keys: {folder}: {error.strerror}") from None


def _fleet(file: Path, olts: Inventory) -> Fleet:
    """The fleet of a file. Raises ConfigError."""
    document = read(file)
    fleet = validate(document, Fleet)
    if strange := [name for name in fleet.olts if olts.olt(name) is None]:
        expected = f"expected an OLT of the inventory: {', '.join(olts.by_id)}"
        raise ConfigError([document.problem(("olts", name), expected) for name in strange])
    return fleet


def _judge(document: Document, olts: Inventory) -> None:
    """Judge what the inventory says of its simulated OLTs. Raises ConfigError."""
    for number, olt in enumerate(olts.olts):
        if olt.simulator is not None:
            validate(document.part(("olts", number, "simulator")), FleetOlt)


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
    ready = partial(_show, olts, as_json=as_json)
    await run_fleet(olts, lambda olt: accounts[olt.id], plan, ready=ready, stop=stop, host=host, keys=keys)


def _show(olts: Inventory, served: tuple[Served, ...], *, as_json: bool) -> None:
    rows = [one.olt for one in served]
    if as_json:
        output.print_json([row.model_dump(mode="json", include=set(_SHOWN)) for row in rows])
        return
    console = output.console()
    cells = [[getattr(row, name) for name in _SHOWN[:-1]] for row in rows]
    console.print(output.table("Simulated OLTs", _COLUMNS, cells))
    for row in rows:
        if row.host_key and row.host_key != olts.by_id[row.id].host_key:
            console.print(
                Text(f"{row.id} is not as pinned; for the inventory: host_key: {row.host_key}"),
                soft_wrap=True,
            )
    console.print("Served until Ctrl-C.")
