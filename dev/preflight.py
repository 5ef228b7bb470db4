"""Say in one sentence what this machine lacks, before anything is downloaded: `python3 dev/preflight.py [kafka]`.

Runs on the machine's own Python, however old: nothing is imported or written here that an old one cannot read.
"""

import sys
from importlib.util import find_spec
from os.path import abspath, dirname


def python_lacks():
    # type: () -> str | None
    """What this Python lacks for a virtual environment; None if nothing."""
    if sys.version_info < (3, 11):  # this file runs before anything has checked it
        return (
            "Acende needs Python 3.11 or newer and this is %d.%d: install one (Debian, Ubuntu: apt install python3.11 "
            "python3.11-venv; macOS: brew install python@3.13) or name yours with make PYTHON=/path/to/python3."
        ) % sys.version_info[:2]
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return (
            "This Python (%s) lacks the module venv: install it (Debian, Ubuntu: apt install python3-venv) "
            "or name another Python with make PYTHON=/path/to/python3." % sys.executable
        )
    return None


def main(needs):
    # type: (list[str]) -> str | None
    """The first thing that is lacking; None if nothing is."""
    lacking = python_lacks()
    if lacking is None and "kafka" in needs:
        sys.path.insert(0, dirname(dirname(abspath(__file__))))
        from dev.machine import kafka_lacks  # noqa: PLC0415 - needs a Python that was checked first

        lacking = kafka_lacks()
    return lacking


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
