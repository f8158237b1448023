"""What the slow lane measured, as a page: `python -m pytest -m slow --figures FILE`.

A test hands its figures to pytest's own `record_property`; how long it took is known anyway.
"""

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

Record = Callable[[str, object], None]  # of the fixture record_property
HEAD = """\
# The slow lane

Written by `make slow` on {at:%Y-%m-%d %H:%M} UTC; Python {python}, {machine}. Every test in it
passed. Seconds are measured here and asserted nowhere: they depend on the machine.

| test | seconds | measured |
| --- | ---: | --- |
"""


class Figures:
    """A plugin of pytest. The page is written only when no test failed."""

    def __init__(self, page: Path) -> None:
        self._page = page
        self._rows: list[tuple[str, float, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            measured = ", ".join(f"{name} {value}" for name, value in report.user_properties)
            self._rows.append((report.nodeid.removeprefix("tests/"), report.duration, measured))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        if exitstatus == pytest.ExitCode.OK:
            self._page.write_text(page(self._rows, datetime.now(UTC)), "utf-8")


def page(rows: list[tuple[str, float, str]], at: datetime) -> str:
    """The figures as Markdown, the longest first."""
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    lines = [
        f"| {name.replace('|', '/')} | {seconds:.1f} | {measured} |\n"
        for name, seconds, measured in sorted(rows, key=lambda row: -row[1])
    ]
    return HEAD.format(at=at, python=platform.python_version(), machine=machine) + "".join(lines)
