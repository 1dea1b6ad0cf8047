"""MatMul, Gemm and Conv whose operands the model computes, against ONNX Runtime, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import parser

from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import UnsupportedOperator
from tests.rtlgen.on_grids import agree, drawn, model
from tests.rtlgen.quantized_oracle import Oracle

MATRICES = [
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((3,), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (1, 3, 3, 2)),
    ((2, 1, 1, 3), (2, 3, 1)),
]


def by_operand(op_type, shapes, order="ab", **attributes):
    """All operands as variables, and then each of the first two as a constant."""
    given = dict(zip(order, shapes, strict=True))
    yield model(op_type, given, {}, **attributes)
    for name in order[:2]:
        inputs = {n: s for n, s in given.items() if n != name}
        yield model(op_type, inputs, {name: drawn(given[name], 9)}, list(order), **attributes)


@pytest.mark.parametrize(("a", "b"), MATRICES)
def test_matmul(a, b):
    for proto in by_operand("MatMul", (a, b)):
        agree(proto)


@pytest.mark.parametrize("c", [None, (), (1,), (4,), (2, 1), (1, 4), (2, 4)])
@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"transA": 1},
        {"transB": 1},
        {"transA": 1, "transB": 1, "alpha": 0.5, "beta": -2.0},
        {"alpha": -0.75},
        {"alpha": 0.0},
        {"beta": 0.25},
        {"beta": 0.0},
    ],
)
def test_gemm(attributes, c):
    a = (3, 2) if attributes.get("transA") else (2, 3)
    b = (4, 3) if attributes.get("transB") else (3, 4)
    shapes = (a, b) if c is None else (a, b, c)
    for proto in by_operand("Gemm", shapes, "abc"[: len(shapes)], **attributes):
        agree(proto)
    if c is not None:  # a constant beside two variables
        constants = {"c": drawn(c, 7)}
        agree(model("Gemm", {"a": a, "b": b}, constants, **attributes))
        agree(model("Gemm", {"a": a}, {"b": drawn(b, 8), **constants}, **attributes))


CONVOLUTIONS = [
    ((1, 1, 1), (1, 1, 1), {}),
    ((1, 2, 5), (3, 2, 3), {"pads": [1, 2]}),
    ((2, 2, 4), (2, 1, 2), {"group": 2, "strides": [2]}),
    ((1, 3, 4, 3), (3, 1, 2, 2), {"group": 3, "dilations": [2, 1]}),
    ((1, 2, 4, 3), (2, 2, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ((1, 2, 3, 3), (4, 2, 1, 1), {}),
    ((1, 1, 3, 2, 3), (2, 1, 2, 2, 2), {"pads": [1, 0, 0, 0, 1, 1]}),
    ((1, 2, 3, 3, 2), (2, 1, 2, 1, 2), {"group": 2, "strides": [2, 1, 1]}),
    ((1, 1, 4, 2, 3), (1, 1, 2, 2, 2), {"dilations": [2, 1, 2], "auto_pad": "SAME_LOWER"}),
    ((1, 1, 3, 3, 4), (2, 1, 3, 2, 2), {"auto_pad": "VALID", "kernel_shape": [3, 2, 2]}),
]


@pytest.mark.parametrize(("x", "w", "attributes"), CONVOLUTIONS)
def test_conv(x, w, attributes):
    if attributes.get("dilations") and attributes.get("auto_pad"):
        attributes = {**attributes, "auto_pad": "NOTSET"}
    for proto in by_operand("Conv", (x, w), "xw", **attributes):
        agree(proto)
    for proto in by_operand("Conv", (x, w, w[:1]), "xwb", **attributes):
        agree(proto)
    agree(model("Conv", {"x": x}, {"w": drawn(w, 3), "b": drawn(w[:1], 4)}, **attributes))


INTEGERS = "int8[1, 2, 3] x, uint8[1, 2, 3] w"


@pytest.mark.parametrize(
    "body",
    [
        "[c] y = Conv <pads = [1, 1]> (a, b)",
        "[c] y = Conv <pads = [1, 1]> (b, a)",
        "[u] u = Transpose <perm = [0, 2, 1]> (b) [c] y = MatMul (a, u)",
        "[r] r = ReduceSum <keepdims = 0> (b, l) [c] y = Conv (a, b, r)",
    ],
)
def test_scales_and_zero_points_are_real(body):
    """Padding is a real zero, which neither zero point is a code of."""
    proto = parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 21]> net ({INTEGERS}) => (float[] y) '
        "<float s = {0.3}, int8 z = {-3}, float t = {0.7}, uint8 o = {128}, int64[2] l = {1, 2}> "
        f"{{ [p] a = DequantizeLinear (x, s, z) [q] b = DequantizeLinear (w, t, o) {body} }}"
    )
    random = np.random.default_rng(0)
    x = random.integers(-128, 128, (6, 1, 2, 3)).astype(np.int8)
    w = random.integers(0, 256, (6, 1, 2, 3)).astype(np.uint8)
    codings, oracle = quantize(load(proto)), Oracle(proto)
    codes = {n: codings.inputs[n].encode(v, n) for n, v in (("x", x), ("w", w))}
    (got,) = (codings.outputs[n].decode(y) for n, y in codings.graph.predict(codes).items())
    for k in range(len(x)):
        want = oracle.run({"x": x[k], "w": w[k]})["y"]
        np.testing.assert_allclose(got[k], want, 1e-12, 1e-9)


def test_a_deformed_convolution_is_refused():
    proto = model(
        "DeformConv", {"x": (1, 1, 3)}, {"w": np.ones((1, 1, 1)), "o": np.ones((1, 1, 3))}
    )
    with pytest.raises(UnsupportedOperator, match=r"^node 'node': operator DeformConv is not supp"):
        quantize(load(proto))
