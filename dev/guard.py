"""Run a program that cannot outlive the one that asked for it.

    python dev/guard.py --alive FILE [--signal NAME] [--user NAME] [--remove DIR] -- COMMAND...

Whoever asks holds a lock (flock) on FILE. The system drops it when that process ends, however it ends, SIGKILL
included; then COMMAND is stopped and DIR is removed. Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

GRACE_S = 5.0
PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent() -> None:
    """Have the system kill this process when its parent dies (Linux; elsewhere nothing)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until_unlocked(path: Path) -> None:
    """Return when nobody holds the lock on `path` any more."""
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def _signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def end(child: subprocess.Popen[bytes], number: int) -> None:
    """Stop `child` and its process group: by signal `number`, after five seconds by SIGKILL."""
    _signal_group(child, number)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def start(command: list[str], user: str | None) -> subprocess.Popen[bytes]:
    """Start `command` in its own process group, as `user` where one is named."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - no thread runs yet
        user=user,
        group=user_group(user) if user else None,
        extra_groups=[] if user else None,
    )


def user_group(user: str) -> int:
    """The user's own group id."""
    import pwd  # noqa: PLC0415 - not everywhere

    return pwd.getpwnam(user).pw_gid


def run(command: list[str], *, alive: Path, number: int, user: str | None) -> int | None:
    """Run `command`; return its status if it ended by itself, None if it was stopped."""
    over = threading.Event()
    for asked in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(asked, lambda *_: over.set())
    child = start(command, user)

    def watch_child() -> None:
        child.wait()
        over.set()

    def watch_lock() -> None:
        wait_until_unlocked(alive)
        over.set()

    for watch in (watch_child, watch_lock):
        threading.Thread(target=watch, daemon=True).start()
    over.wait()
    status = child.poll()
    end(child, number)
    return status


def main(arguments: list[str]) -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alive", type=Path, required=True)
    parser.add_argument("--signal", default="SIGTERM")
    parser.add_argument("--user")
    parser.add_argument("--remove", type=Path)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args(arguments)
    status = run(given.command, alive=given.alive, number=signal.Signals[given.signal], user=given.user)
    if status is None and given.remove:
        shutil.rmtree(given.remove, ignore_errors=True)
    return status or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
