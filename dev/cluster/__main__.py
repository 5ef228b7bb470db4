"""Run a cluster until Ctrl-C: `python -m dev.cluster`. `python -m dev.cluster programs` only builds what it needs."""

from __future__ import annotations

import contextlib
import sys
import threading

from dev.cluster.control_plane import control_plane, played_nodes
from dev.cluster.programs import BuildFailed, ensure_programs
from dev.machine import Lacking, say
from dev.process import StartFailed


def main(arguments: list[str]) -> str | None:
    """Build, or build and run; the sentence that says what is lacking, or None."""
    try:
        programs = ensure_programs()
        if arguments != ["programs"]:
            with (
                control_plane() as kubeconfig,
                played_nodes(kubeconfig),
                contextlib.suppress(KeyboardInterrupt),
            ):
                say(f'export KUBECONFIG={kubeconfig} PATH="{programs}:$PATH"')
                say("The cluster is there until Ctrl-C. Its pods are scheduled, and run nothing.")
                threading.Event().wait()
    except (Lacking, BuildFailed, StartFailed) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
