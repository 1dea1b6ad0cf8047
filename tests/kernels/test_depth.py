"""Operators that move elements between channels and space."""

import pytest

from kernels.depth import DepthMode, DepthToSpace, SpaceToDepth
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed
from tests.oracles import newest

CASES = (
    *(
        case
        for mode in DepthMode
        for case in (
            Case(f"{mode.name}, one", DepthToSpace(1, mode), (alike(1, 1, 1, 1),)),
            Case(f"{mode.name}, one block", DepthToSpace(2, mode), (mixed(1, 4, 1, 1),)),
            Case(f"{mode.name}, odd", DepthToSpace(3, mode), (mixed(1, 18, 2, 1),)),
            Case(f"{mode.name}, batch", DepthToSpace(2, mode), (mixed(2, 8, 1, 3),)),
        )
    ),
    Case("one", SpaceToDepth(1), (alike(1, 1, 1, 1),)),
    Case("one block", SpaceToDepth(2), (mixed(1, 1, 2, 2),)),
    Case("odd", SpaceToDepth(3), (mixed(1, 2, 6, 3),)),
    Case("batch", SpaceToDepth(2), (mixed(2, 2, 2, 6),)),
    Case("CRD", SpaceToDepth(2, DepthMode.CRD), (mixed(1, 3, 2, 4),), newest),
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
