"""Fetch now what the servers need later, with progress: `python -m dev.setup kafka [postgres]`.

Quick when everything is there.
"""

from __future__ import annotations

import subprocess
import sys

from dev import kafka, machine, postgres
from dev.jars import FetchFailed, ensure_jars, jars_dir

JAVA_LOCK = machine.ROOT / "requirements-java.lock"


def _pull(image: str) -> bool:
    """Have Docker fetch `image` if it works and has not; True if the image is there afterwards."""
    if not machine.docker_works():
        return False
    if machine.docker_has(image):
        return True
    machine.say(f"Fetching {image} with Docker")
    return subprocess.run(["docker", "pull", image], check=False).returncode == 0


def _install_java() -> None:
    machine.say("No Java 17 or newer here: fetching one as a wheel (35 MB)")
    install = ["-m", "pip", "install", "--require-hashes", "--no-deps", "-r", str(JAVA_LOCK)]
    subprocess.run([sys.executable, *install], check=True)


def set_up_kafka() -> None:
    """Have an image or the jars, and a Java for them."""
    if jars_dir().is_dir() and machine.java():
        return
    if _pull(kafka.IMAGE):
        return
    if machine.maven() is None:
        raise machine.Lacking(machine.kafka_lacks() or machine.NO_JARS)
    if machine.java() is None:
        _install_java()
    ensure_jars()


def set_up_postgres() -> None:
    """Have an image where Docker works; elsewhere the installed server or the wheel is there already."""
    if not _pull(postgres.IMAGE) and machine.postgres_binaries() is None:
        raise machine.Lacking(machine.NO_POSTGRES)


SET_UP = {"kafka": set_up_kafka, "postgres": set_up_postgres}


def main(names: list[str]) -> str | None:
    """Set up what is named; the sentence that says what is lacking, or None."""
    try:
        for name in names:
            SET_UP[name]()
    except (machine.Lacking, FetchFailed) as error:
        return str(error)
    except subprocess.CalledProcessError as error:
        return f"{error.cmd[0]} failed with status {error.returncode}."
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
