"""Write the locks from pyproject.toml: `python -m dev.lock [--upgrade]`.

Every version with its hashes, for every platform and Python 3.11 or newer; no address of an index, so that whoever
installs uses the index of their own configuration.
"""

from __future__ import annotations

import subprocess
import sys

from dev.machine import ROOT

LOCKS: dict[str, list[str]] = {
    "requirements.lock": ["pyproject.toml"],
    "requirements-dev.lock": ["pyproject.toml", "--extra", "dev", "--constraint", "requirements.lock"],
    "requirements-java.lock": ["--group", "java"],
}
HOW = [
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--quiet",
]


def lock(name: str, what: list[str], options: list[str]) -> None:
    """Write one lock; versions that it already has stay unless --upgrade is given."""
    command = ["uv", "pip", "compile", *what, *HOW, *options, "--output-file", name]
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True)


if __name__ == "__main__":
    for name, what in LOCKS.items():
        lock(name, what, sys.argv[1:])
