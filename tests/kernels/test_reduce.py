"""Reductions and running sums."""

import pytest

from kernels.base import OnnxNode
from kernels.reduce import CumSum, ReduceMax, ReduceMin, ReduceSum
from sim.errors import ShapeError, UnsupportedAttribute
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed

AXES = (
    ("one element", {}, (1,)),
    ("no axis", {}, ()),
    ("all", {}, (2, 3)),
    ("all, dropped", {"keepdims": 0}, (2, 3)),
    ("empty axes", {"axes": ()}, (2, 3)),
    ("nothing", {"axes": (), "noop_with_empty_axes": 1}, (2, 3)),
    ("nothing given", {"noop_with_empty_axes": 1, "keepdims": 0}, (2, 3)),
    ("axes beside noop", {"axes": (1,), "noop_with_empty_axes": 1}, (2, 3)),
    ("first", {"axes": (0,)}, (3, 2)),
    ("last", {"axes": (-1,), "keepdims": 0}, (2, 2, 3)),
    ("middle", {"axes": (1,)}, (2, 3, 2)),
    ("two apart", {"axes": (2, 0), "keepdims": 0}, (3, 2, 2)),
    ("two, negative", {"axes": (-1, -2)}, (2, 2, 3)),
    ("of one", {"axes": (1,)}, (2, 1, 3)),
)
RUNS = (
    ("one element", {"axis": 0}, (1,)),
    ("first", {"axis": 0}, (4, 2)),
    ("last", {"axis": -1}, (2, 5)),
    ("middle, exclusive", {"axis": 1, "exclusive": 1}, (2, 3, 2)),
    ("one, exclusive", {"axis": 1, "exclusive": 1}, (2, 1)),
    ("reverse", {"axis": 1, "reverse": 1}, (2, 3)),
    ("both", {"axis": -2, "reverse": 1, "exclusive": 1}, (4, 2)),
)
CASES = (
    *(
        Case(n, op(**fields), (mixed(*shape) if shape else alike(),))
        for op in (ReduceSum, ReduceMax, ReduceMin)
        for n, fields, shape in AXES
    ),
    *(Case(n, CumSum(**fields), (mixed(*shape),)) for n, fields, shape in RUNS),
    Case("alike", CumSum(axis=1), (alike(1, 9),)),
    Case("zeros", ReduceSum(), (alike(3, lo=0, hi=0),)),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED = {"stream-latency": ["CumSum-first", "CumSum-middle, exclusive", "CumSum-both"]}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


def test_axes_must_be_known():
    node = OnnxNode("sum", "ReduceSum", ("x", "where"), ("y",))
    with pytest.raises(UnsupportedAttribute) as error:
        ReduceSum.from_onnx(node)
    assert str(error.value) == (
        "node 'sum': input 1 of ReduceSum, 'where', must be a constant, but the model computes "
        "it; make it an initializer"
    )


def test_nothing_has_no_largest_element():
    with pytest.raises(ShapeError) as error:
        ReduceMax(axes=(1,)).forward(alike(2, 0))
    assert str(error.value) == "there are no elements along axes (1,) of shape [2, 0]"
