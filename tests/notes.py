"""Lines that the tests measure, shown together at the end; pytest-xdist brings them along."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

KEY = "note"


def noting(request: pytest.FixtureRequest, heading: str) -> Callable[[str], None]:
    """Have a line shown at the end of the session, under a heading."""

    def note(line: str) -> None:
        request.node.user_properties.append((KEY, (heading, line)))

    return note


def noted(reporter: pytest.TerminalReporter) -> dict[str, list[str]]:
    """The lines under each heading, in the order of the tests' names."""
    found: dict[str, list[str]] = {}
    for report in sorted(_reports(reporter), key=lambda report: report.nodeid):
        for key, value in report.user_properties:
            if key == KEY:
                heading, line = value
                found.setdefault(heading, []).append(line)
    return found


def _reports(reporter: pytest.TerminalReporter) -> Iterator[pytest.TestReport]:
    for reports in reporter.stats.values():
        yield from (r for r in reports if getattr(r, "when", None) == "call")
