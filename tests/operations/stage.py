"""Where a page is played: a shell in an installation's folder, and those who act beside the operator."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from aiokafka import AIOKafkaProducer

from dev.process import free_port
from schemas.place import PonPort
from tests.operations.pages import Deed, Typed, agree
from tests.support.forks import shims
from tests.support.installation import SHORT_LEASES, Installation, WorkerProcess, cancelled, received, started
from tests.support.secrets import ENABLE_PASSWORD, OLT_PASSWORD, without_secrets
from tests.support.until import until
from vendors.simulator.rows import PluggedOnu
from worker.store import timelines
from worker.store.db import Store

TOPICS = (
    "erp.equipment",
    "erp.install",
    "onu.provisioning.progress",
    "onu.provisioning.results",
    "onu.dead-letters",
)
_PASSWORDS = {"old": OLT_PASSWORD, "new": ENABLE_PASSWORD}
_ENDED = "--ended--"
_COMMAND_S = 250


@dataclass
class Stage:
    """One installation, the shell of its operator, its workers."""

    here: Installation
    mark: str
    shell: asyncio.subprocess.Process
    stack: AsyncExitStack
    port: str
    starts: int = 0
    workers: dict[str, WorkerProcess] = field(default_factory=dict)

    async def play(self, step: Typed | Deed) -> None:
        """Do one step of a page. Raises AssertionError with what was printed where it is not what the page shows."""
        if isinstance(step, Deed):
            name, *words = (
                step.words.split(maxsplit=1) if step.words.startswith("spoil") else shlex.split(step.words)
            )
            deeds: dict[str, Callable[..., Awaitable[None]]] = {
                "worker": self._worker, "stock": self._stock, "install": self._install, "cancel": self._cancel,
                "wait": self._wait, "plug": self._plug, "unplug": self._unplug, "spoil": self._spoil,
                "password": self._password, "key": self._key, "topics": self._topics, "database": self._database,
                "olt": self._olt, "login": self._login, "secret": self._secret, "sleep": self._sleep,
            }  # fmt: skip
            await deeds[name](*words)
            return
        status, printed = await self._type(self._own(step.command))
        printed = self._usual(printed)
        shown = without_secrets(f"line {step.line}: $ {step.command}\n{printed}(status {status})")
        assert agree(step.expected, printed.splitlines()), shown
        assert status == 0 or any(line.startswith("acende: ") for line in step.expected), shown

    async def _type(self, command: str) -> tuple[int, str]:
        assert self.shell.stdin
        self.shell.stdin.write(f"{{\n{command}\n}} 2>&1\nprintf '\\n%s %s\\n' {_ENDED} $?\n".encode())
        await self.shell.stdin.drain()
        lines: list[str] = []
        try:
            async with asyncio.timeout(_COMMAND_S):
                return await self._printed(lines)
        except TimeoutError:
            said = without_secrets("".join(lines))
            raise AssertionError(f"not within {_COMMAND_S} s: {command}\n{said}") from None

    async def _printed(self, lines: list[str]) -> tuple[int, str]:
        assert self.shell.stdout
        while True:
            line = (await self.shell.stdout.readline()).decode()
            assert line, "the shell has ended"
            if line.startswith(_ENDED):
                return int(line.split()[1]), "".join(lines)
            lines.append(line)

    def _own(self, command: str) -> str:
        """The command with the topics and the port of this installation."""
        for topic in TOPICS:
            command = command.replace(topic, f"{topic}.{self.mark}")
        return command.replace(":8080", f":{self.port}")

    def _usual(self, text: str) -> str:
        """As an installation with the usual topics, group and port prints it."""
        return text.replace(f".{self.mark}", "").replace(f":{self.port}", ":8080")

    # ------------------------------------------------------------------------------------------- the supervisor's part

    async def _worker(self, what: str, name: str = "w1") -> None:
        if what == "start":
            port = self.here.env["ACENDE_HTTP_PORT"] if name == "w1" else "0"
            self.starts += 1
            given = self.here.worker(f"{name}-{self.starts}", ACENDE_HTTP_PORT=port)
            self.workers[name] = await self.stack.enter_async_context(given)
            await self.workers[name].ready(60)
        else:
            assert await self.workers.pop(name).end() == 0

    async def _topics(self, what: str) -> None:
        assert what == "create"
        status, printed = await self._type("acende topics --create --partitions 2 --replication 1")
        assert status == 0, printed

    async def _database(self, what: str) -> None:
        assert what == "upgrade"
        status, printed = await self._type("acende db upgrade")
        assert status == 0, printed

    async def _sleep(self, seconds: str) -> None:
        await asyncio.sleep(float(seconds))

    # --------------------------------------------------------------------------------------------- the ERP and the field

    async def _tell(self, *events: dict[str, Any]) -> None:
        status, printed = await self._type(f"acende publish {self.here.write(*events)}")
        assert status == 0, printed

    async def _stock(self, *serials: str) -> None:
        await self._tell(*(received(serial) for serial in serials))

    async def _install(self, order: str, serial: str, *more: str) -> None:
        named = dict(word.split("=", 1) for word in more)
        await self._tell(started(order, serial if serial != "-" else None, contract_id=f"C-{order}", **named))

    async def _cancel(self, order: str) -> None:
        await self._tell(cancelled(order))

    async def _plug(self, serial: str, port: str, olt: str = "olt-centro-1") -> None:
        box = PluggedOnu(serial, PonPort.model_validate(port), "EG8145V5")
        self.here.served[olt].sim.olt.plug(box)

    async def _unplug(self, serial: str, olt: str = "olt-centro-1") -> None:
        self.here.served[olt].sim.olt.unplug(serial)

    async def _wait(self, order: str, state: str) -> None:
        async def look() -> bool:
            return await asyncio.to_thread(self._state, order) == state

        try:
            await until(look, 60, 0.2)
        except TimeoutError:
            raise AssertionError((await self._type(f"acende status {order}"))[1]) from None

    def _state(self, order: str) -> str | None:
        with _opened(self.here.env["ACENDE_DATABASE_URL"]) as store:
            found = store.read_sync(timelines.one, order)
        return found and ("parked" if found.parked else found.state)

    async def _spoil(self, what: str) -> None:
        """A record that cannot be applied on the installations' topic."""
        producer = AIOKafkaProducer(bootstrap_servers=self.here.env["ACENDE_KAFKA_SERVERS"])
        await producer.start()
        try:
            await producer.send_and_wait(self.here.env["ACENDE_TOPIC_INSTALL"], what.encode(), partition=0)
        finally:
            await producer.stop()

    # --------------------------------------------------------------------------------------------------------- the OLTs

    async def _login(self, where: str) -> None:
        """The inventory names a file with the password of the OLTs' account."""
        assert where == "file"
        await self._secret("old")
        file = self.here.folder / "inventory.yaml"
        rows = yaml.safe_load(file.read_text())
        rows["credentials"]["default"]["password"] = {"file": str(self.here.folder / "olt-password")}
        _write(file, rows)

    async def _secret(self, which: str) -> None:
        """That file is replaced."""
        new = self.here.folder / "olt-password.new"
        new.write_text(_PASSWORDS[which])
        new.replace(self.here.folder / "olt-password")

    async def _password(self, olt: str, which: str) -> None:
        """Somebody changes the password of the OLT's account."""
        self.here.served[olt].sim.users["acende"] = _PASSWORDS[which]

    async def _key(self, olt: str) -> None:
        """The OLT's board is replaced: it shows another host key."""
        sim = self.here.served[olt].sim
        port = self.here.served[olt].olt.tcp_port
        await sim.stop()
        await sim.serve_ssh(port=port)

    async def _olt(self, what: str, olt: str) -> None:
        """An OLT is not in the inventory yet: its entry is kept in a file of its own."""
        assert what == "new"
        file = self.here.folder / "inventory.yaml"
        rows = yaml.safe_load(file.read_text())
        [entry] = [row for row in rows["olts"] if row["id"] == olt]
        rows["olts"].remove(entry)
        _write(file, rows)
        entry.pop("host_key", None)
        entry.pop("simulator", None)
        _write(self.here.folder / f"{olt}.yaml", [entry])


def _write(file: Path, rows: Any) -> None:
    file.write_text(yaml.safe_dump(rows, sort_keys=False, width=1000))


@contextmanager
def _opened(url: str) -> Any:
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


@asynccontextmanager
async def stage(here: Installation) -> AsyncIterator[Stage]:
    """A shell whose environment is that of the installation; with the block everything ends that was started."""
    mark = uuid4().hex[:8]
    uses = ("EQUIPMENT", "INSTALL", "PROGRESS", "RESULTS", "DEAD_LETTERS")
    here.env |= {f"ACENDE_TOPIC_{use}": f"{topic}.{mark}" for use, topic in zip(uses, TOPICS, strict=True)}
    here.env |= {"ACENDE_KAFKA_GROUP": f"acende.{mark}", "ACENDE_HTTP_PORT": str(free_port())}
    here.env |= SHORT_LEASES
    inventory = here.folder / "inventory.yaml"
    rows = yaml.safe_load(inventory.read_text())
    rows["olts"] = [{"id": row["id"], **row} for row in rows["olts"]]
    rows["olts"] = rows.pop("olts")  # last, as people write it
    _write(inventory, rows)
    path = f"{shims()}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    shell = await asyncio.create_subprocess_exec(
        "bash", "--norc", cwd=here.folder, env=here.env | {"PATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, limit=1 << 20,
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        made = Stage(here, mark, shell, stack, here.env["ACENDE_HTTP_PORT"])
        try:
            yield made
        finally:
            assert shell.stdin
            shell.stdin.write(b"kill $(jobs -p) 2>/dev/null; wait; exit\n")
            await shell.communicate()
