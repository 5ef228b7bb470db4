"""pytest plugin: what tests have to tell, passed or not, at the end of the run: `record_property("told", "one line")`."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    for report in reports:
        if isinstance(report, pytest.TestReport) and report.when == "call":
            for name, value in report.user_properties:
                if name == "told":
                    terminalreporter.write_line(str(value))
