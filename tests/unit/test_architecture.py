"""The drawing in ARCHITECTURE.md is true: imports point one way, and each library has one home."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.machine import ROOT

PACKAGES = ("schemas", "events", "vendors", "worker")
MAY_IMPORT = {
    "schemas": {"schemas"},
    "events": {"events", "schemas"},
    "vendors": {"vendors", "schemas"},
    "worker": {"worker", "events", "vendors", "schemas"},
}
ABOVE = {"tests", "bench", "dev"}
DEMO = re.compile(r"worker/cli")  # `acende demo` starts a laptop's Kafka

# Libraries that may be imported only where the path matches.
HOMES = {
    "scrapli": r"vendors/session\.py",
    "asyncssh": r"vendors/session\.py|vendors/simulator/.*|vendors/\w+/simulator\.py",
    "socket": r"vendors/session\.py|vendors/simulator/.*|worker/.*",
    "sqlalchemy": r"worker/store/.*",
    "alembic": r"worker/store/.*",
    "sqlite3": r"worker/store/.*",
    "psycopg": r"worker/store/.*",
    "aiokafka": r"worker/.*",
    "faststream": r"worker/.*",
    "typer": r"worker/.*",
    "structlog": r"worker/.*",
    "prometheus_client": r"worker/.*",
    "opentelemetry": r"worker/tracing\.py",
    "starlette": r"worker/.*",
}
FORBIDDEN = re.compile(
    r"/wor[k]/(?:main|shared|\.library)|/roo[t]/"  # a developer's machine
    r"|pyp[i]\.(?:org|python)|pythonhoste[d]\.org|repo1?\.maven|maven\.apache\.org/maven2"  # registries
    r"|registry\.npm[j]s|proxy\.golan[g]\.org|crates\.i[o]",
    re.IGNORECASE,
)


def _sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names of the modules that `tree` imports, inside functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _imports() -> list[tuple[str, str]]:
    """(file, imported module) of every import of the four packages."""
    return [
        (path.relative_to(ROOT).as_posix(), name)
        for path in _sources()
        for name in imported(ast.parse(path.read_text()))
    ]


def _arrow_is_wrong(file: str, name: str) -> bool:
    own, other = file.split("/")[0], name.split(".")[0]
    if other in ABOVE:
        return not (other == "dev" and DEMO.match(file))
    return not other or (other in PACKAGES and other not in MAY_IMPORT[own])


def _homeless(file: str, name: str) -> bool:
    home = HOMES.get(name.split(".")[0])
    return home is not None and re.fullmatch(home, file) is None


def test_imports_point_one_way() -> None:
    wrong = [f"{file} imports {name}" for file, name in _imports() if _arrow_is_wrong(file, name)]
    assert not wrong, "\n".join(wrong)


def test_each_library_is_imported_only_in_its_home() -> None:
    wrong = [f"{file} imports {name}" for file, name in _imports() if _homeless(file, name)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("schemas/onu.py", "events"),
        ("vendors/contract.py", "worker.store"),
        ("events/inputs.py", "vendors"),
        ("worker/app.py", "dev.kafka"),
        ("worker/app.py", "tests.support"),
        ("vendors/zte_zxan/parse.py", ".platform"),
    ],
)
def test_a_wrong_arrow_would_be_seen(file: str, name: str) -> None:
    assert _arrow_is_wrong(file, name)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("vendors/zte_zxan/adapter.py", "asyncssh"),
        ("worker/provision/loop.py", "scrapli.driver"),
        ("worker/ingest.py", "sqlalchemy.exc"),
        ("events/inputs.py", "aiokafka"),
    ],
)
def test_a_library_away_from_home_would_be_seen(file: str, name: str) -> None:
    assert _homeless(file, name)


def test_imports_inside_functions_count() -> None:
    source = "def f():\n    import scrapli.driver\n    from worker.store import db\n"
    assert list(imported(ast.parse(source))) == ["scrapli.driver", "worker.store"]


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_registry_or_a_developers_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]}"
        for path in _tracked()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if (match := FORBIDDEN.search(line))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_500_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 500
