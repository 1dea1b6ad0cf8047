"""Reductions behind real scales and offsets, against ONNX's reference."""

import numpy as np
import pytest

from rtlgen import generate
from rtlgen.frontend import load
from rtlgen.quantize import quantize
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import both

X = np.random.default_rng(0).normal(0, 1.5, (40, 2, 3, 4))
SCALES = {
    "one": "float s = {0.25}",
    "odd": "float s = {0.3}",
    "channels": "float[2, 1, 1] s = {0.3, 0.7}",
    "elements": "float[4] s = {0.25, 0.5, 0.3, 0.75}",
}
AXES = ("[1]", "[-1]", "[1, 3]", "[2, 3]", "[0]", "[1, 2, 3]")


def network(scale, *body, zero="0", **constants):
    """A quantizer, factors and offsets of channels that are not alike, and what follows."""
    return text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        *body,
        inputs="float[1, 2, 3, 4] x",
        s=SCALES[scale],
        z=f"float z = {{{zero}}}",
        axes="int64[2] axes = {-1, 1}",
        axis="int64 axis = {1}",
        **constants,
    )


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("op", ["ReduceMax", "ReduceMin", "ReduceMean", "ReduceL1"])
@pytest.mark.parametrize("axes", AXES)
def test_reductions(op, axes, scale, zero):
    both(network(scale, f"[r] y = {op} <axes = {axes}, keepdims = 0> (q)", zero=zero), X)


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    "body",
    [
        "[r] y = ReduceSum <keepdims = 0> (q, axes)",
        "[r] y = ReduceSum (q)",
        "[r] y = CumSum <exclusive = 1> (q, axis)",
        "[r] y = CumSum <reverse = 1> (q, axis)",
        "[r] y = ReduceSumSquare <axes = [2]> (q)",
        "[r] y = ReduceProd <axes = [2, 1]> (q)",
        "[r] y = LpPool <kernel_shape = [2, 2], p = 1, pads = [1, 0, 0, 1]> (q)",
        "[n] n = Neg (q) [r] y = ReduceMax <axes = [1]> (n)",
        "[n] n = Neg (q) [r] y = ReduceMin <axes = [3, 2]> (n)",
        "[n] n = Relu (q) [r] y = ReduceMin <axes = [3, 2]> (n)",
        "[n] n = Relu (q) [r] y = ReduceMean <axes = [3, 1]> (n)",
    ],
)
def test_sums_and_products(body, scale, zero):
    both(network(scale, body, zero=zero), X)


@pytest.mark.parametrize("op", ["ReduceMax", "ReduceMin", "ReduceMean"])
@pytest.mark.parametrize(
    ("scale", "factors", "axes"),
    [
        ("odd", "{-0.7, 0.123}", "[2, 3]"),
        ("one", "{-0.5, 0.75}", "[1]"),
        ("one", "{-0.5, -1}", "[3, 1]"),
    ],
)
def test_channels_that_are_turned_round(op, scale, factors, axes):
    proto = network(
        scale,
        "[by] n = Mul (q, k)",
        "[up] a = Add (n, j)",
        f"[r] r = {op} <axes = {axes}> (a)",
        f"[last] y = {QUANT} (r, t, z, c)",
        k=f"float[2, 1, 1] k = {factors}",
        j="float[2, 1, 1] j = {0.25, -0.5}",
        t="float t = {0.125}",
        c="float c = {6}",
    )
    both(proto, X)


@pytest.mark.parametrize(
    "body",
    [
        "[r] y = ReduceMax <axes = [1, 3]> (q)",
        "[r] y = ReduceMean <axes = [1, 3]> (q)",
        "[r] y = CumSum (q, axis)",
        "[r] y = ReduceSumSquare <axes = [3]> (q)",
        "[r] y = ReduceProd <axes = [1]> (q)",
    ],
)
def test_designs_are_proved(body):
    design = generate(network("odd", body))
    assert not design.proof().unproved


def test_an_extreme_of_rounded_numbers_needs_no_format():
    graph = quantize(load(network("one", "[r] y = ReduceMin <axes = [1]> (q)"))).graph
    assert [type(node.op).__name__ for node in graph.nodes] == ["ReduceMin"]
