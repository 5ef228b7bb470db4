"""Apache Kafka's own jars, fetched once with Maven."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import deque
from pathlib import Path

from dev import machine
from dev.certificates import java_truststore
from dev.process import locked

KAFKA_VERSION = "4.4.0"
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>acende</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
"""
TRUST_PASSWORD = "changeit"  # Java's own default; the file holds no secret
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FETCHED = re.compile(r"Downloaded from .*/([^/ ]+\.jar) \((\S+ \S+)")


class FetchFailed(RuntimeError):
    """Maven could not fetch the jars; the text ends with what it said."""


def jars_dir() -> Path:
    """Where the jars lie once they are fetched."""
    return machine.cache_dir() / f"kafka-{KAFKA_VERSION}"


def ensure_jars() -> Path:
    """Folder with Kafka's jars, fetched now if they are not there; several processes may ask at once.

    Raises Lacking where Maven or a Java for it is missing, FetchFailed where Maven fails.
    """
    jars = jars_dir()
    if jars.is_dir():
        return jars
    jars.parent.mkdir(parents=True, exist_ok=True)
    with locked(jars.parent / "kafka.lock"):
        if not jars.is_dir():
            _fetch(jars)
    return jars


def _fetch(jars: Path) -> None:
    maven, java = machine.maven(), machine.java()
    if maven is None:
        raise machine.Lacking(machine.kafka_lacks() or machine.NO_JARS)
    if java is None:
        raise machine.Lacking(machine.NO_JAVA)
    machine.say(
        f"Fetching Apache Kafka {KAFKA_VERSION} with Maven (45 jars, 43 MB, and Maven's own plugins) into {jars}"
    )
    half_done = jars.with_suffix(".part")
    shutil.rmtree(half_done, ignore_errors=True)
    half_done.mkdir()
    pom = half_done / "pom.xml"
    pom.write_text(POM)
    repository = half_done / "repository"  # not the home's: a user of a container may have none
    options = ["-DincludeScope=runtime", f"-DoutputDirectory={half_done}", f"-Dmaven.repo.local={repository}"]
    environment = _environment(java, half_done / "trust.p12")
    _run_maven([maven, "-B", "-f", str(pom), COPY, *options], environment)
    shutil.rmtree(repository)
    half_done.rename(jars)


def _environment(java: str, trust: Path) -> dict[str, str]:
    """Maven's environment: it finds an installed Java by itself, the wheel's it must be told.

    The wheel's Java brings its own list of authorities; behind a company's proxy only the machine's list will do.
    """
    if machine.installed_java():
        return dict(os.environ)
    told = {**os.environ, "JAVA_HOME": str(Path(java).resolve().parent.parent)}
    if authorities := machine.authorities():
        trust.write_bytes(java_truststore(authorities, TRUST_PASSWORD))
        options = f"-Djavax.net.ssl.trustStore={trust} -Djavax.net.ssl.trustStorePassword={TRUST_PASSWORD}"
        told["MAVEN_OPTS"] = f"{told.get('MAVEN_OPTS', '')} {options}".strip()
    return told


def _run_maven(command: list[str], environment: dict[str, str]) -> None:
    """Run Maven, a line on the terminal for each jar that arrives."""
    said: deque[str] = deque(maxlen=15)
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip())
            if arrived := FETCHED.search(line):
                machine.say(f"  {arrived[1]} ({arrived[2]})")
    if process.returncode != 0:
        raise FetchFailed("Maven could not fetch Apache Kafka:\n" + "\n".join(said))
