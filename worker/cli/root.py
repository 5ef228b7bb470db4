"""The commands, and how each of them ends."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib import import_module
from typing import Any

import structlog
import typer
from typer.core import TyperGroup
from typer.main import get_command

from vendors.errors import ProvisioningError
from worker.cli.failure import Failure, Status
from worker.terminal import plain

COMMANDS = {
    "run": "worker.cli.run",
    "simulate": "worker.cli.simulate",
    "demo": "worker.cli.demo",
    "publish": "worker.cli.publish",
    "orders": "worker.cli.orders",
    "status": "worker.cli.status",
    "plan": "worker.cli.plan",
    "retry": "worker.cli.retry",
    "cancel": "worker.cli.cancel",
    "olts": "worker.cli.olts",
    "olt": "worker.cli.olt",
    "trust": "worker.cli.trust",
    "dead-letters": "worker.cli.dead_letters",
    "config": "worker.cli.config",
    "schemas": "worker.cli.schemas",
    "purge": "worker.cli.purge",
    "db": "worker.cli.db",
    "clock": "worker.cli.clock",
    "rebuild": "worker.cli.rebuild",
    "topics": "worker.cli.topics",
    "check": "worker.cli.check",
    "parse": "worker.cli.parse",
}
"""Each command's module, whose `app` it is."""


class Commands(TyperGroup):
    """Imports a command's module when the command is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        command = get_command(import_module(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Commands,
    name="acende",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def acende() -> None:
    """Zero-touch ONU provisioning: from stock to light. Settings are ACENDE_… variables: docs/configuration.md."""


def run(arguments: list[str]) -> int:
    """Run one command; its status. Whatever goes wrong is one sentence on standard error, never a traceback."""
    try:
        with nullcontext() if arguments[:1] == ["run"] else _quiet():
            app(arguments, prog_name="acende")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Status.NO
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the end of the line
        status, sentence = ending(error)
        sys.stderr.write(plain(f"acende: {sentence}\n"))
        return status
    return Status.DONE


@contextmanager
def _quiet() -> Iterator[None]:
    """What a command has to say is its output, and one sentence where it fails: nothing is logged."""
    before, level = structlog.get_config(), logging.root.manager.disable
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(level)


def ending(error: Exception) -> tuple[Status, str]:
    """The status and the sentence for what a command raised."""
    from worker.settings import ConfigurationError  # noqa: PLC0415 - only where something went wrong
    from worker.store.errors import DataRefused, StoreFaulty, StoreUnavailable, WorkerRuns  # noqa: PLC0415

    match error:
        case Failure():
            return error.status, str(error)
        case ConfigurationError():
            return Status.CONFIGURATION, str(error)
        case DataRefused():
            return Status.USAGE, "the database does not take a character of what was typed"
        case StoreUnavailable():
            return Status.UNAVAILABLE, f"database not available: {error}"
        case StoreFaulty():
            return Status.UNAVAILABLE, f"the database does not do what this version asks: {error}"
        case WorkerRuns() | ProvisioningError():
            return Status.UNAVAILABLE, str(error)
    if type(error).__module__.startswith("aiokafka"):
        from worker.kafka_said import kafka_says  # noqa: PLC0415

        return Status.UNAVAILABLE, kafka_says(error)
    return Status.BUG, f"a bug: {_place(error)}"


def _place(error: Exception) -> str:
    from worker.logs import describe  # noqa: PLC0415

    told = describe(error)
    return f"{told['error']} at {(told['at'] or ['?'])[-1]}"
