"""Files of the embedded database: 0600 whatever the umask, for they hold passwords and customers."""

import os
from contextlib import suppress
from pathlib import Path

_MODE = 0o600
_BESIDE = ("", "-wal", "-shm", "-journal")


def make_private(file: Path) -> None:
    """Have only its owner read and write `file`, which is made where it is not there. Raises OSError.

    One that is there is not opened: closing it would end the locks that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
    _narrow(file)


def narrow_database(file: Path) -> None:
    """The same for a database that is there and for what SQLite keeps beside it, as far as they are ours."""
    for suffix in _BESIDE:
        with suppress(OSError):
            _narrow(Path(f"{file}{suffix}"))


def _narrow(file: Path) -> None:
    if file.stat().st_mode & 0o777 != _MODE:
        file.chmod(_MODE)
