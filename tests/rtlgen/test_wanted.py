"""Which values have a step for each element: those whose elements meet in products alone."""

from __future__ import annotations

import pytest
from onnx import parser

from rtlgen.frontend import load
from rtlgen.wanted import apart

HEADER = '<ir_version: 9, opset_import: ["" : 17]>'
CONSTANTS = (
    "float[3, 2] w = {1, 2, 3, 4, 5, 6}, float[2, 2] v = {1, 2, 3, 4}, float[3] c = {1, 2, 3}, "
    "float[1, 1, 2] k = {1, 2}, float[3] ones = {1, 1, 1}, int64[1] flat = {-1}, "
    "int64[3] line = {1, 1, -1}, float two = {2}, float[3] zeros = {0, 0, 0}"
)


@pytest.mark.parametrize(
    ("shape", "body", "expected"),
    [
        ("1, 3", "y = MatMul (x, w)", "x"),
        ("3", "y = MatMul (x, w)", "x"),
        ("3, 1", "t = Transpose <perm = [1, 0]> (x) y = Gemm (t, w)", "x t"),
        ("1, 3", "h = MatMul (x, w) r = Relu (h) y = MatMul (r, v)", "x h r"),
        ("1, 3", "n = Sub (x, c) s = Mul (n, c) y = MatMul (s, w)", "x n s"),
        ("1, 3", "b = BatchNormalization (x, ones, c, zeros, ones) y = MatMul (b, w)", "x b"),
        ("1, 3", "f = Reshape (x, flat) y = MatMul (f, w)", "x f"),
        ("2, 3", "y = MatMul (x, w)", ""),  # no vector
        ("1, 3", "l = Reshape (x, line) y = Conv (l, k)", ""),  # one kernel for all elements
        ("1, 3", "m = MatMul (x, w) s = ReduceMax (x) y = Add (m, s)", ""),
        ("1, 3", "a = Relu (x) b = Add (a, x) y = MatMul (b, w)", "b"),
        ("1, 3", "s = Softmax (x) y = MatMul (s, w)", ""),
        ("1, 3, 7", "p = GlobalAveragePool (x) f = Flatten (p) y = MatMul (f, w)", ""),
        ("1, 3", "t = Tanh (x) y = MatMul (t, w)", ""),  # one table for all elements
        ("1, 3", "h = MatMul (x, w) t = Tanh (h) y = MatMul (t, v)", "x"),
        ("1, 3", "t = Transpose <perm = [1, 0]> (x) y = MatMul (x, t)", ""),
    ],
)
def test_vectors_that_meet_in_products_alone(shape, body, expected):
    proto = f"{HEADER}\nnet (float[{shape}] x) => (float[] y) <{CONSTANTS}> {{ {body} }}"
    model = load(parser.parse_model(proto))
    assert apart(model) == set(expected.split())
