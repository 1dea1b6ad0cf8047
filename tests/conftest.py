"""Every run is the same: it draws the same examples, and can be interrupted."""

import os
import signal

import pytest
from hypothesis import settings

from tests.notes import noted

os.environ.setdefault("RTLGEN_CACHE", "")  # no plan of an earlier search

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# Whoever starts tests in the background of a shell has them ignore what Ctrl-C sends.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """Random samples are clipped by most formats; what tells of it has tests of its own."""
    config.addinivalue_line("filterwarnings", "ignore::rtlgen.clipping.OutOfFormat")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for heading, lines in noted(terminalreporter).items():
        terminalreporter.section(heading)
        for line in lines:
            terminalreporter.line(line)
