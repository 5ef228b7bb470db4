"""`acende` on a database whose clock tests set: it is ahead by the seconds that stand in the file CHAOS_CLOCK names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from worker.store.db import Clock

CLOCK = "CHAOS_CLOCK"


def set_ahead(file: Path, seconds: float) -> None:
    """Set the clock of every process that reads this file, at once."""
    new = file.with_suffix(".new")
    new.write_text(str(seconds))
    new.replace(file)


def _follow(file: Path) -> None:
    shown = Clock.shown

    def stepped(clock: Clock, read: Callable[[], datetime]) -> datetime:
        clock.step = timedelta(seconds=float(file.read_text()))
        return shown(clock, read)

    Clock.shown = stepped  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    from worker.cli.root import run

    _follow(Path(os.environ[CLOCK]))
    sys.exit(run(sys.argv[1:]))
