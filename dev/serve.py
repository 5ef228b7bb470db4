"""Run one server for several processes: `python -m dev.serve kafka|postgres --alive FILE --state FILE`.

Where it is reached is written to the state file as JSON ({"error": sentence} if it cannot be had). It serves until
nobody holds the lock (flock) on the alive file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dev.guard import wait_until_unlocked


@contextlib.contextmanager
def _kafka() -> Iterator[dict[str, Any]]:
    from dev.kafka import kafka_broker  # noqa: PLC0415 - the other server's libraries stay out

    with kafka_broker() as broker:
        yield asdict(broker)


@contextlib.contextmanager
def _postgres() -> Iterator[dict[str, Any]]:
    from dev.postgres import postgres_server  # noqa: PLC0415

    with postgres_server(password=os.environ.get("ACENDE_DEV_DATABASE_PASSWORD", "")) as server:
        yield asdict(server)


SERVERS = {"kafka": _kafka, "postgres": _postgres}


def _write(path: Path, state: dict[str, Any]) -> None:
    """Write the whole file or nothing of it, readable for its owner only."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps({**state, "pid": os.getpid()}))
    part.rename(path)


def serve(what: str, alive: Path, state: Path) -> None:
    """Start, say where, and stay as long as it is wanted."""
    try:
        with SERVERS[what]() as where:
            _write(state, where)
            wait_until_unlocked(alive)
    except RuntimeError as error:  # Lacking, StartFailed, FetchFailed
        _write(state, {"error": str(error)})
        sys.exit(str(error))


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=sorted(SERVERS))
    parser.add_argument("--alive", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    serve(given.what, given.alive, given.state)


if __name__ == "__main__":
    main()
