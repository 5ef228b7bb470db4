"""Programs of Acende as processes of their own, without the second of CPU that Python takes to import all they need.

One process has imported everything and does nothing else; each program is a fork of it, with its arguments, environment,
folder and standard streams. Whoever is forked can be killed, stopped and waited for as any other process. It does not show
that a program starts by itself: tests/integration/cli/test_processes.py, the demo and the image's tests start the real one.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from dev.machine import ROOT

_Request = dict[str, Any]
_LONGEST = 1 << 20
_COMMANDS = "worker.cli.root"
_IMPORTED = ("worker.app", "worker.bus", "worker.store.migrate", "sqlalchemy.dialects.postgresql.psycopg")
_SHIM = """#!{python} -IS
import os, signal, socket, sys, json
here = socket.socket(socket.AF_UNIX)
here.connect({path!r})
request = {{"module": "worker.cli", "words": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd()}}
with here:
    socket.send_fds(here, [json.dumps(request).encode() + b"\\n"], [0, 1, 2])
    said = here.makefile()
    pid = int(said.readline())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    status = int(said.readline())
os._exit(status if status >= 0 else 128 - status)
"""


class Forked:
    """A program that runs: what `asyncio.subprocess.Process` offers, and no pipes."""

    def __init__(self, pid: int, told: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self._writer = writer
        self._watch = asyncio.create_task(self._ended(told), name=f"forked-{pid}")
        self.returncode: int | None = None

    async def _ended(self, told: asyncio.StreamReader) -> int:
        self.returncode = int(await told.readline())
        self._writer.close()
        return self.returncode

    async def wait(self) -> int:
        """Its status; negative, the signal that ended it."""
        return await asyncio.shield(self._watch)

    def send_signal(self, number: int) -> None:
        """Raises ProcessLookupError where it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


async def started(
    words: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    module: str = "worker.cli",
) -> Forked:
    """`python -m module WORDS…` in that folder; streams that are not given are the null device."""
    reader, writer = await asyncio.open_unix_connection(server().path, limit=_LONGEST)
    request = {"module": module, "words": list(words), "env": dict(env), "folder": str(folder)}
    with open(os.devnull, "r+b") as null:  # noqa: ASYNC230, PTH123 - the null device does not block
        streams = [(given or null).fileno() for given in (stdin, stdout, stderr)]
        with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as own:
            socket.send_fds(own, [json.dumps(request).encode() + b"\n"], streams)
    return Forked(int(await reader.readline()), reader, writer)


async def ran(
    words: Sequence[str], folder: Path, env: Mapping[str, str], stdin: bytes = b""
) -> tuple[int, str, str]:
    """Run `acende WORDS…` to its end; its status, standard output and standard error."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        program = await started(words, folder, env, stdin=given, stdout=out, stderr=err)
        status = await program.wait()
        return status, _read(out), _read(err)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def shims() -> Path:
    """A folder for `PATH`: its `acende` asks for a fork, with the streams, environment and folder that it was given."""
    return server().folder


class _Server:
    """The process that is forked, and the folder with its socket; gone with this process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="acende-forks-"))
        self.path = str(self.folder / "socket")
        shim = self.folder / "acende"
        shim.write_text(_SHIM.format(python=sys.executable, path=self.path))
        shim.chmod(0o755)
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forks", self.path],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        assert self.process.stdout
        assert self.process.stdout.readline(), (self.folder / "log").read_text()
        atexit.register(self.end)

    def end(self) -> None:
        """End it and what it has forked."""
        self.process.communicate()
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


_running: list[_Server] = []


def server() -> _Server:
    if not _running:
        _running.append(_Server())
    return _running[0]


# ------------------------------------------------------------------------------------------- in the process of its own


def _imports() -> None:
    for name in (*import_module(_COMMANDS).COMMANDS.values(), *_IMPORTED):
        import_module(name)
    gc.collect()
    gc.freeze()


class _Forker:
    """Forks for whoever asks, tells each its program's status, and ends a program whose asker has gone."""

    def __init__(self, path: str) -> None:
        self._asked: dict[int, socket.socket] = {}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._woken, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._ready = selectors.DefaultSelector()
        self._ready.register(sys.stdin, selectors.EVENT_READ, self._end)
        self._ready.register(self._listener, selectors.EVENT_READ, self._fork)
        self._ready.register(self._woken, selectors.EVENT_READ, self._tell)

    def serve(self) -> _Request:
        """Returns in a fork alone, with what it is to be; the server ends with its standard input."""
        print(flush=True)
        while True:
            for key, _ in self._ready.select():
                if request := key.data():
                    return request  # type: ignore[no-any-return]

    def _fork(self) -> _Request | None:
        asker = self._listener.accept()[0]
        data, streams, _flags, _address = socket.recv_fds(asker, _LONGEST, 3)
        while not data.endswith(b"\n"):
            data += asker.recv(_LONGEST)
        pid = os.fork()
        if not pid:
            self._leave([asker, *self._asked.values()], streams)
            return dict(json.loads(data))
        for stream in streams:
            os.close(stream)
        asker.sendall(b"%d\n" % pid)
        self._asked[pid] = asker
        self._ready.register(asker, selectors.EVENT_READ, partial(self._gone, pid))
        return None

    def _leave(self, askers: Sequence[socket.socket], streams: Sequence[int]) -> None:
        """Have nothing of the server any more, and these standard streams."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._ready.close()
        for own in (self._listener, self._woken, self._wakes, *askers):
            own.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)

    def _tell(self) -> None:
        self._woken.recv(4096)
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, how = ended
                asker = self._asked.pop(pid)
                self._ready.unregister(asker)
                with asker, contextlib.suppress(OSError):
                    asker.sendall(b"%d\n" % os.waitstatus_to_exitcode(how))

    def _gone(self, pid: int) -> None:
        if pid in self._asked:
            os.kill(pid, signal.SIGKILL)

    def _end(self) -> None:
        for pid in self._asked:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _main(path: str) -> None:
    _imports()
    request = _Forker(path).serve()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    sys.argv[1:] = request["words"]
    runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main(sys.argv[1])
