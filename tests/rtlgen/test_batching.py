"""The float network on many samples at once: what it is on each of them alone."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser
from onnx.reference import ReferenceEvaluator

from rtlgen.frontend import evaluation, load
from rtlgen.frontend.evaluation import evaluate

HEADER = '<ir_version: 9, opset_import: ["" : 18]>'
SAMPLES = 5
CONSTANTS = (
    "float[3] v = {1, -2, 0.5}, float[2, 1] column = {1, -1}, float[1, 3] row = {0.5, 2, -1}, "
    "float[3, 2] w = {1, 2, -1, 0.5, 3, -2}, float[2, 2] left = {1, 2, -1, 0.5}, "
    "float[2, 2] c = {1, 2, 3, 4}, float[1, 2] b = {1, 2}, float[1, 1, 1, 2] deep = {1, 2}, "
    "float[2, 2, 2, 2] k = {1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6, -7, -8}, "
    "float[4, 1, 3] k1 = {1, 2, 3, -1, 0, 1, 0.5, 0, 2, 1, 1, 1}, float[2] kb = {1, -1}, "
    "float[4, 1, 3, 1] kg = {1, 2, 3, -1, 0, 1, 0.5, 0, 2, 1, 1, 1}, float[1, 2, 1, 1] slope = "
    "{0.5, 2}, int64 one = {1}, int64 zero = {0}, int64[1] zeros = {0}, int64[2] flat = {1, -1}"
)
MODELS = [
    ("1, 3", "y = Add (x, v)"),
    ("3", "y = Mul (x, column)"),  # of more axes than the data
    ("2, 3", "h = ReduceSum <keepdims = 0> (x, zeros) y = Add (x, h)"),  # of more than the other
    ("1, 3", "y = Clip (x)"),
    ("1, 3", "y = MatMul (x, w)"),
    ("4, 5, 3", "y = MatMul (x, w)"),
    ("3", "y = MatMul (x, w)"),
    ("2, 3", "y = MatMul (x, v)"),
    ("2, 3", "y = MatMul (left, x)"),
    ("2, 2", "t = Transpose <perm = [1, 0]> (x) y = MatMul (x, t)"),
    ("1, 3", "y = Gemm <alpha = 0.5, beta = 2.0> (x, w, b)"),
    ("2, 3", "y = Gemm (x, w, c)"),
    ("3, 2", "y = Gemm <transA = 1> (x, w, c)"),
    ("1, 2, 4, 5", "y = Conv <pads = [0, 1, 2, 0], strides = [2, 1]> (x, k, kb)"),
    ("1, 2, 7, 6", 'y = Conv <auto_pad = "SAME_LOWER", strides = [2, 3]> (x, k)'),
    ("1, 2, 7, 6", "y = Conv <dilations = [2, 3], pads = [1, 1, 1, 1]> (x, k)"),
    ("3, 4, 5", "y = Conv <group = 4> (x, k1)"),
    ("1, 2, 5, 1", "y = Conv <group = 2, strides = [2, 1]> (x, kg)"),
    ("1, 2, 2, 2", "y = Conv (x, k)"),
    ("1, 2, 4, 4", "y = MaxPool <kernel_shape = [3, 3], pads = [1, 1, 1, 1]> (x)"),
    ("1, 2, 4, 4", "y = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x)"),
    ("2, 2, 4, 4", "y = GlobalAveragePool (x)"),
    ("1, 2, 4, 4", "y = PRelu (x, slope)"),
    ("2, 3", "y = CumSum (x, zero)"),  # along what counts samples if there is one of them
    ("1, 3", "y = Softmax <axis = 0> (x)"),
    ("2, 3", "y = Softmax <axis = -1> (x)"),
    ("1, 3", "y = Concat <axis = 0> (x, row, x)"),
    ("2, 3", "y = Reshape (x, flat)"),
    ("1, 3", "h, g = TopK (x, k2) y = Add (h, h)"),
    ("1, 2, 3, 2", "y = BatchNormalization (x, kb, kb, kb, kc)"),
    ("1, 3", "i = ArgMax <axis = 1> (x) f = Cast <to = 1> (i) y = Add (f, row)"),
]


@pytest.mark.parametrize(("shape", "body"), MODELS)
def test_the_same_as_each_alone(shape, body):
    proto = parser.parse_model(
        f"{HEADER}\nnet (float[{shape}] x) => (float[] y) "
        f"<{CONSTANTS}, int64[1] k2 = {{2}}, float[2] kc = {{0.5, 3}}> {{ {body} }}"
    )
    x = np.random.default_rng(0).normal(size=(SAMPLES, *map(int, shape.split(","))))
    model, reference = load(proto), ReferenceEvaluator(proto)
    (values,) = evaluate(model, {"x": x})
    assert {len(value) for value in values.values()} == {SAMPLES}
    for found, row in zip(values["y"], x.astype(np.float32), strict=True):
        (wanted,) = reference.run(None, {"x": row})
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


QUANTIZED = parser.parse_model(
    '<ir_version: 9, opset_import: ["" : 18, "qonnx.custom_op.general" : 1]>\n'
    "net (float[2, 3] x) => (float[2, 2] y) <float[3, 2] w = {1, 2, -1, 0.5, 3, -2}, "
    "float s = {0.25}, float z = {0}, float b = {4}> "
    "{ q = qonnx.custom_op.general.Quant <signed: int = 1, narrow: int = 0, rounding_mode: string "
    '= "ROUND"> (w, s, z, b) y = MatMul (x, q) }'
)


def test_constants_that_nodes_compute_are_values_too():
    x = np.random.default_rng(0).normal(size=(SAMPLES, 2, 3))
    (values,) = evaluate(load(QUANTIZED), {"x": x})
    weights = np.clip([[1, 2], [-1, 0.5], [3, -2]], -2, 1.75)
    np.testing.assert_array_equal(values["q"], [weights] * SAMPLES)
    np.testing.assert_allclose(values["y"], x @ weights, rtol=1e-5)


def test_some_samples_at_a_time(monkeypatch):
    x = np.random.default_rng(0).normal(size=(SAMPLES, 2, 3))
    (whole,) = evaluate(load(QUANTIZED), {"x": x})
    monkeypatch.setattr(evaluation, "NUMBERS", 2 * (6 + 6 + 4 + 6 + 3))
    parts = list(evaluate(load(QUANTIZED), {"x": x}))
    assert [len(part["y"]) for part in parts] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([part["y"] for part in parts]), whole["y"])
