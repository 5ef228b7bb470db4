"""pytest plugin: `@pytest.mark.needs("prometheus")` leaves a test out where that program is not installed.

The run ends with a sentence that says which tests were left out and how to get the program. With
`ACENDE_TEST_COMPLETE=1` in the environment, as in continuous integration, such a test fails instead.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter

import pytest

COMPLETE = "ACENDE_TEST_COMPLETE"
HOW_TO_GET = {
    "prometheus": "Debian, Ubuntu: apt install prometheus; macOS: brew install prometheus",
    "promtool": "it comes with Prometheus. Debian, Ubuntu: apt install prometheus; macOS: brew install prometheus",
}
"""How each program that no wheel brings is installed."""
_LEFT_OUT = "left_out"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(program, ...): left out where a program is not installed")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: what a test cannot use is not started for it."""
    needed = dict.fromkeys(program for mark in item.iter_markers("needs") for program in mark.args)
    for program in needed:
        if shutil.which(program) is None:
            sentence = f"{program} is not installed ({HOW_TO_GET[program]})"
            if os.environ.get(COMPLETE) == "1":
                pytest.fail(f"{COMPLETE} is set, and {sentence}", pytrace=False)
            item.user_properties.append((_LEFT_OUT, program))
            pytest.skip(sentence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, by file and program."""
    left_out = Counter(
        (str(program), report.nodeid.partition("::")[0])
        for report in terminalreporter.stats.get("skipped", ())
        for name, program in report.user_properties
        if name == _LEFT_OUT
    )
    for program in sorted({program for program, _ in left_out}):
        files = [f"{file} ({count})" for (of, file), count in sorted(left_out.items()) if of == program]
        terminalreporter.write_line(
            f"Left out, for {program} is not installed: tests of {', '.join(files)}. To get it: {HOW_TO_GET[program]}.",
            yellow=True,
        )
