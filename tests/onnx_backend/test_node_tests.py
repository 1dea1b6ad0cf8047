"""ONNX's own tests of all operators: each passes in fixed point, or is refused by name."""

from __future__ import annotations

import pytest

from tests.onnx_backend import listing
from tests.onnx_backend.judging import PASSED
from tests.onnx_backend.suite import VERSION, by_operator

MADE_FOR, LISTED = listing.read()
SLOW = {"QuantizeLinear"}

same_version = pytest.mark.skipif(
    VERSION != MADE_FOR, reason=f"the list is for ONNX {MADE_FOR}; this is {VERSION}"
)


def marked(operator: str):
    return pytest.param(operator, marks=[pytest.mark.slow] if operator in SLOW else [])


@same_version
def test_the_list_has_all_operators():
    assert sorted(LISTED) == sorted(by_operator())


@pytest.mark.parametrize("operator", [marked(operator) for operator in LISTED])
@same_version
def test_operator(operator, note):
    found = listing.table(listing.outcomes(by_operator()[operator]))
    refused = {kind: len(names) for kind, names in found.items() if kind != PASSED}
    shown = ", ".join(f"{count} {kind}" for kind, count in refused.items())
    note(f"{operator:<30} {found[PASSED]:4} passed {sum(refused.values()):4} refused  {shown}")
    assert found == LISTED[operator]
