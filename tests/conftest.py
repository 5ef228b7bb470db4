"""Fixtures: one real Kafka and one real PostgreSQL for the whole run, fresh topics and databases for each test.

What the machine lacks fails the test with the sentence that says so. Only what needs a program that no wheel brings is left
out where it is missing, and said at the end: tests/support/programs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from dev.postgres import Database
from tests.support.kafka import Topics
from tests.support.postgres import fresh_database
from tests.support.shared import Run, shared_server

pytest_plugins = ["tests.support.leaks", "tests.support.told", "tests.support.programs"]

# Two cores that run a broker too are slow now and then: how long an example took is no claim of ours.
settings.register_profile(
    "acende", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("acende")

RUN_FOLDER = "acende_run_folder"
run_key = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[run_key] = Run()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those of minutes first: none of them is alone at the end while the other processes have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[RUN_FOLDER] = str(node.config.stash[run_key].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    if run := config.stash.get(run_key, None):
        run.end()


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config) -> Path:
    """The folder that all processes of this test run share."""
    worker: dict[str, str] | None = getattr(pytestconfig, "workerinput", None)
    return Path(worker[RUN_FOLDER]) if worker else pytestconfig.stash[run_key].folder


@pytest.fixture(scope="session")
def kafka(run_folder: Path) -> str:
    """`host:port` of a real Apache Kafka, one for the whole run."""
    return str(shared_server(run_folder, "kafka")["bootstrap"])


@pytest.fixture
def kafka_topics(kafka: str) -> Topics:
    """Makes topics of this test's own: `kafka_topics("erp.install", partitions=3, config={...}) -> name`."""
    return Topics(kafka)


@pytest.fixture(scope="session")
def postgres_server(run_folder: Path) -> Database:
    """A real PostgreSQL, one for the whole run."""
    return Database(**shared_server(run_folder, "postgres"))


@pytest.fixture
def postgres_url(postgres_server: Database) -> Iterator[str]:
    """SQLAlchemy URL (psycopg 3) of an empty PostgreSQL database of this test's own."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of an SQLite file of this test's own, not there yet."""
    return f"sqlite:///{tmp_path / 'acende.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Runs the test twice: on SQLite and on PostgreSQL, each time with an empty database."""
    fixture = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    return str(request.getfixturevalue(fixture))
