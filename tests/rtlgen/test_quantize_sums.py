"""Sums, means and extremes of any number of values, with scales and shapes of their own."""

import numpy as np
import pytest

from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import both

X = np.random.default_rng(0).normal(0, 1.5, (16, 2, 3))


@pytest.mark.parametrize("scale", ["float s = {0.3}", "float[2, 1] s = {0.25, 0.5}"])
@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("op", ["Sum", "Mean", "Max", "Min"])
@pytest.mark.parametrize(
    "inputs",
    [
        "q",
        "q, q",
        "q, t",
        "q, k",
        "k, q, t",
        "r, q, t, k",
        "q, h, r",
        "tall, q",
        "c, q, c",
        "q, tall, t",
    ],
)
def test_of_any_number(op, inputs, zero, scale):
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[turned] n = Neg (q)",
        "[cut] t = Slice (n, from, to, axis)",
        "[twice] d = Add (q, q)",
        "[up] r = Relu (d)",
        "[half] h = Mul (q, two)",
        f"[sum] y = {op} ({inputs})",
        inputs="float[1, 2, 3] x",
        s=scale,
        z=f"float z = {{{zero}}}",
        k="float[3] k = {0.3, -0.75, 0}",
        c="float c = {0.6}",
        tall="float[4, 1, 1] tall = {1, -0.5, 0, 2}",
        two="float two = {2}",
        first="int64[1] from = {1}",
        last="int64[1] to = {2}",
        axis="int64[1] axis = {2}",
    )
    both(proto, X)
