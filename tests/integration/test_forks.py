"""A fork is what the program is that Python starts: its output, its status, its end by a signal, its asker's end."""

import asyncio
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil

from dev.machine import ROOT
from tests.support import forks
from tests.support.until import until

ENV = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}
READS = ("publish", "-", "--dry-run")


def _real(folder: Path, *words: str, stdin: bytes = b"") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "worker.cli", *words]
    done = subprocess.run(command, cwd=folder, env=ENV, input=stdin, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


async def test_a_fork_prints_and_ends_as_the_program_itself(tmp_path: Path) -> None:
    (tmp_path / "inventory.yaml").write_text("olts: []\n")
    for words in (["schemas"], ["config", "check"], ["orders", "--no-such"], ["publish", "-", "--dry-run"]):
        found = await forks.ran(words, tmp_path, ENV, stdin=b"{}\n")
        assert found == await asyncio.to_thread(_real, tmp_path, *words, stdin=b"{}\n"), words


async def test_a_fork_is_ended_by_signals(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    with os.fdopen(reads, "rb") as stdin, os.fdopen(writes, "wb"):
        for number in (signal.SIGKILL, signal.SIGTERM):
            program = await forks.started(READS, tmp_path, ENV, stdin=stdin)
            assert program.returncode is None
            program.send_signal(number)
            assert await program.wait() == program.returncode == -number


async def test_a_fork_goes_with_who_asked_for_it(tmp_path: Path) -> None:
    shim = await asyncio.create_subprocess_exec(
        forks.shims() / "acende", *READS, cwd=tmp_path, env=ENV, stdin=asyncio.subprocess.PIPE
    )
    server = psutil.Process(forks.server().process.pid)
    await until(partial(_runs, server, True), 20)
    shim.kill()
    await shim.wait()
    await until(partial(_runs, server, False), 20)


async def _runs(server: psutil.Process, expected: bool) -> bool:
    return expected is any(child.status() != psutil.STATUS_ZOMBIE for child in server.children())


async def test_a_shell_finds_the_fork_under_the_program_s_name(tmp_path: Path) -> None:
    env = ENV | {"PATH": f"{forks.shims()}:{os.environ['PATH']}"}
    for line in ("acende schemas | head -n 1", "acende retry </dev/null 2>&1; echo $?"):
        shell = await asyncio.create_subprocess_shell(
            line, cwd=tmp_path, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await shell.communicate()
        assert said.decode() == _shell(tmp_path, line.replace("acende", f"{sys.executable} -m worker.cli"))


def _shell(folder: Path, line: str) -> str:
    done = subprocess.run(line, shell=True, cwd=folder, env=ENV, capture_output=True, check=False)
    return done.stdout.decode()
