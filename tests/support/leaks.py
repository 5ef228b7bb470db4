"""pytest plugin: a planted password in what a test prints, logs or reports fails that test.

Searched: captured standard output, standard error and log of every phase, the failure's text
(a warning is a failure), and the
`*.log`, `*.out`, `*.err` files below the test's tmp_path, where tests put the output of processes they start.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.support.secrets import leaked, without_secrets

OURS = ("schemas", "events", "vendors", "worker")
OUTPUT_FILES = ("*.log", "*.out", "*.err")


def pytest_configure() -> None:
    """Have quiet loggers speak: what a level hides today, an operator may turn on tomorrow."""
    logging.getLogger().setLevel(logging.INFO)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG)


def _files(item: pytest.Item) -> Iterator[tuple[str, str]]:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(folder, Path):
        for pattern in OUTPUT_FILES:
            for path in sorted(folder.rglob(pattern)):
                yield f"file {path.name}", path.read_text(errors="replace")


def _printed(item: pytest.Item, report: pytest.TestReport) -> Iterator[tuple[str, str]]:
    yield from report.sections
    if report.failed:
        yield "failure", report.longreprtext
    if report.when == "teardown":
        yield from _files(item)


def _fail(report: pytest.TestReport, found: list[str]) -> None:
    report.sections = [(title, without_secrets(text)) for title, text in report.sections]
    text = without_secrets(report.longreprtext)
    report.outcome = "failed"
    report.longrepr = "\n".join([text, "A planted password was printed:", *found]).lstrip()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    found = [f"  {name} in {where}" for where, text in _printed(item, report) for name in leaked(text)]
    if found:
        _fail(report, found)
    return report
