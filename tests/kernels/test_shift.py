"""Shifts by computed places."""

import numpy as np
import pytest

from kernels.shift import Shift
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed


def scaled(op, values):
    x, places = values
    return [np.ldexp(x, (-op.step * np.broadcast_to(places, x.shape)).astype(int))]


CASES = (
    Case("one bit", Shift(1, 1), (alike(2), alike(2, lo=0, hi=1, exp=0)), scaled),
    Case("exhaustive", Shift(1, 2), (alike(1), alike(1, lo=0, hi=3, exp=0)), scaled),
    Case("by two", Shift(2, 2), (mixed(3, 2, seed=1), alike(3, 1, lo=0, hi=3, exp=0)), scaled),
    Case("not all places", Shift(3, 3), (mixed(2, 2), alike(2, 1, lo=0, hi=5, exp=0)), scaled),
    Case("even places", Shift(1, 3), (alike(2), alike(2, lo=0, hi=3, exp=1)), scaled),
    Case("never one", Shift(1, 2), (alike(2), alike(2, lo=2, hi=3, exp=0)), scaled),
    Case("wide", Shift(2, 5), (alike(2, lo=0, hi=1 << 70), alike(2, lo=0, hi=31, exp=0)), None),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == []
