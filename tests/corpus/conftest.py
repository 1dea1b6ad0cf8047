"""Numbers that the tests measure, shown together at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.notes import noting


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Have a line shown at the end of the session."""
    return noting(request, "measured on the corpus")
