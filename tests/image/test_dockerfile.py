"""What the Dockerfile makes of an image, as far as its text tells."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from dev.machine import ROOT
from dev.process import free_port
from tests.image.containers import dockerfile, final, in_the_context, last

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_stage_begins_with_one_base_that_can_be_pinned_by_digest() -> None:
    bases = {one.words[0] for one in dockerfile() if one.name == "FROM"}
    assert bases == {"${PYTHON_IMAGE}"}
    [default] = [one.text for one in dockerfile() if one.stage < 0]
    assert default == "PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm"
    assert PROJECT["requires-python"] == ">=3.11"


def test_everything_copied_is_there_and_is_sent_to_the_builder() -> None:
    copied = [one.words[:-1] for one in dockerfile() if one.name == "COPY" and "--from" not in one.text]
    paths = [path for paths in copied for path in paths]
    assert {"requirements.lock", "worker", "schemas"} <= set(paths)
    assert [path for path in paths if not (ROOT / path).exists() or not in_the_context(path)] == []


@pytest.mark.parametrize(
    "path",
    [".git", ".venv", ".cache", "tests", "bench", "helm", "dev/cluster", "dev/dashboards", "compose.yaml"],
)
def test_nothing_else_is_sent_to_the_builder(path: str) -> None:
    assert not in_the_context(path)


def test_libraries_are_installed_as_locked_with_hashes_and_without_a_compiler() -> None:
    installs = [
        part
        for one in dockerfile()
        if one.name == "RUN"
        for part in one.text.split(" && ")
        if "pip" in part and " install " in part
    ]
    from_index = [part for part in installs if "--no-index" not in part]
    assert len(from_index) == 2
    assert all("--require-hashes --no-deps --only-binary=:all:" in part for part in from_index)
    assert not any(tool in one.text for one in dockerfile() for tool in ("apt-get", "apk ", "gcc", "curl"))


def test_the_final_stage_installs_nothing_and_has_no_pip() -> None:
    [run] = [one.text for one in final() if one.name == "RUN"]
    assert run.startswith("rm -rf /usr/local/lib/python3*/site-packages/pip* ")
    assert "install -d -o 10001" in run


def test_it_runs_as_a_user_by_number_that_is_not_root() -> None:
    user, _, group = last("USER").text.partition(":")
    assert int(user) == int(group) == 10001


def test_it_runs_a_worker_unless_told_otherwise() -> None:
    assert (last("ENTRYPOINT").words, last("CMD").words) == (["acende"], ["run"])
    assert "/opt/acende/bin:" in last("ENV").text


def test_it_says_what_it_is_and_from_which_revision() -> None:
    label, environment = last("LABEL").text, last("ENV").text
    assert f'org.opencontainers.image.description="{PROJECT["description"]}"' in label
    assert f'org.opencontainers.image.licenses="{PROJECT["license"]["text"]}"' in label
    assert 'org.opencontainers.image.revision="${REVISION}"' in label
    assert "ACENDE_REVISION=${REVISION}" in environment
    [version] = [one.text for one in final() if one.name == "ARG" and one.text.startswith("VERSION")]
    assert version == f"VERSION={PROJECT['version']}"


@contextmanager
def answering(status: int) -> Iterator[int]:
    """The port of a server that answers `/livez` with this status, and everything else with 404."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def health(port: int) -> int:
    """The status of the health check's command, on a worker at `port`."""
    [check] = [one for one in final() if one.name == "HEALTHCHECK"]
    _, _, command = check.text.partition("CMD ")
    python, *arguments = type(check)(check.stage, "CMD", command).words
    assert python == "python"
    environment = {**os.environ, "ACENDE_HTTP_PORT": str(port)}
    ran = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, check=False, timeout=30
    )
    return ran.returncode


def test_its_health_is_what_livez_says() -> None:
    with answering(200) as port:
        assert health(port) == 0
    with answering(503) as port:
        assert health(port) == 1
    assert health(free_port()) == 1
