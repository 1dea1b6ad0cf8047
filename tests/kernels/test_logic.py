"""Comparison, logic and choice."""

import numpy as np
import pytest

from kernels.logic import And, GreaterOrEqual, Not, Or, Pick, Where, Xor
from sim.fixed import Fixed
from tests.cpp import STYLES
from tests.harness import Case, agree, agree_in_cpp, agree_in_verilog, alike, mixed, weights
from tests.oracles import reference


def booleans(op, values):
    """ONNX's reference on booleans; all inputs of logic, and the first of a choice."""
    first = [np.asarray(values[0]) != 0]
    rest = values[1:] if isinstance(op, Where) else [np.asarray(v) != 0 for v in values[1:]]
    return reference(op, [*first, *rest])


def bits(*shape):
    return alike(*shape, lo=0, hi=1, exp=0)


MASK = Fixed.constant([[1, 0, 1], [0, 0, 1]])
CASES = (
    *(
        Case(n, GreaterOrEqual(), pair)
        for n, pair in (
            ("two", (mixed(3, 4, seed=1), mixed(3, 4, seed=2))),
            ("broadcast", (mixed(3, 1, seed=1), mixed(2, 1, 4, seed=2))),
            ("one element", (mixed(1), mixed(1, seed=2))),
            ("every number", (alike(1, lo=-4, hi=3), alike(1, lo=-3, hi=5, exp=-2))),
            ("a constant", (mixed(2, 3), weights(3))),
            ("with itself", (mixed(3), mixed(3))),
        )
    ),
    Case("bits", Not(), (bits(2, 3),), booleans),
    Case("one element", Not(), (bits(1),), booleans),
    *(
        Case(n, op(), shapes, booleans)
        for op in (And, Or, Xor)
        for n, shapes in (
            ("bits", (bits(3), bits(3))),
            ("broadcast", (bits(2, 1), bits(3))),
            ("never", (bits(2), alike(2, lo=0, hi=0, exp=0))),
            ("always", (alike(2, lo=1, hi=1, exp=0), bits(2))),
        )
    ),
    *(
        Case(n, Where(), inputs, booleans)
        for n, inputs in (
            ("two", (bits(2, 3), mixed(2, 3), mixed(2, 3, seed=1))),
            ("broadcast", (bits(2, 1), mixed(1, 3), mixed(2, 1, 1, seed=1))),
            ("a constant", (bits(3), mixed(3), weights(1))),
            ("another", (bits(3), weights(3), mixed(3))),
            ("two constants", (bits(3), weights(3), weights(3, seed=1))),
            ("zero", (bits(4), mixed(4), Fixed.constant(0))),
            ("a single value", (alike(2, lo=1, hi=1, exp=0), mixed(2), mixed(2, seed=1))),
        )
    ),
    Case("two", Pick(MASK), (mixed(2, 3), mixed(2, 3, seed=1)), None),
    Case("broadcast", Pick(MASK), (mixed(1, 3), mixed(4, 2, 1, seed=1)), None),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_agrees(case):
    agree(case)


@pytest.mark.slow
def test_agrees_in_verilog(tmp_path):
    agree_in_verilog(CASES, tmp_path)


UNSTREAMED = {"stream-latency": ["Pick-two", "Pick-broadcast"]}
"""Cases that a style has no kernel for; each is refused by name."""


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES, ids=str)
def test_agrees_in_cpp(style, tmp_path):
    assert agree_in_cpp(CASES, tmp_path, style) == UNSTREAMED.get(str(style), [])


@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((3,), (4, 2, 1))])
def test_picking_is_choosing_by_a_constant(shapes):
    yes, no = (weights(*shape, seed=i) for i, shape in enumerate(shapes))
    assert Pick(MASK).forward(yes, no).to_float().tolist() == (
        Where().forward(MASK, yes, no).to_float().tolist()
    )
