"""Operators on integers, of ONNX and of com.microsoft, one by one against onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, parser

from kernels.quant import Threshold
from rtlgen import Options
from rtlgen.frontend import load
from rtlgen.network import read
from rtlgen.quantize import quantize
from sim.errors import ModelError, RtlgenError, UnsupportedAttribute, UnsupportedOperator

SCALES = {  # powers of two, which make ties, and others
    "po2": "float s = {0.5}, float t = {0.25}, float r = {2}",
    "any": "float s = {0.3}, float t = {0.71}, float r = {1.93}",
}


def text(body: str, inputs: str, output: str = "uint8[] y", **constants: str) -> onnx.ModelProto:
    usual = {"zs": "uint8 zs = {3}", "zt": "uint8 zt = {128}", "zr": "uint8 zr = {7}"}
    given = ", ".join({"st": SCALES["any"], **usual, **constants}.values())
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1]> '
        f"net ({inputs}) => ({output}) <{given}> {{ {body} }}"
    )


def agree(proto: onnx.ModelProto, seed: int = 0, count: int = 20) -> None:
    """Every result on integers of the whole type is that of onnxruntime."""
    random, options = np.random.default_rng(seed), onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options)
    network = read(proto, Options(limit=10**6))
    for _ in range(count):
        feeds = {v.name: drawn(v, random) for v in proto.graph.input}
        (want,) = session.run(None, feeds)
        got = network.predict({name: x[None] for name, x in feeds.items()})
        np.testing.assert_allclose(np.reshape(got, want.shape), want, 1e-6 * (want.dtype == "f"))


def drawn(value: onnx.ValueInfoProto, random: np.random.Generator) -> np.ndarray:
    dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
    shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
    if dtype.kind == "f":
        return random.normal(size=shape).astype(dtype)
    ends = np.iinfo(dtype)
    return random.integers(ends.min, ends.max + 1, shape).astype(dtype)


IMAGE, MATRIX = "uint8[1, 2, 4] x", "uint8[2, 3] x"
W3 = "uint8[2, 2, 3] w = {1, 200, 130, 128, 127, 0, 255, 7, 128, 3, 90, 128}"
W8 = "int8[2, 2, 3] w = {1, -20, 63, -64, 12, 0, 25, 7, -1, 3, 90, 12}"
M3 = "uint8[3, 2] w = {1, 200, 130, 128, 127, 0}"
TWO = {"zero": "int8[2] zc = {0, 0}", "each": "float[2] c = {0.25, 0.71}"}
CONV = "y = QLinearConv{} (x, s, zs, w, {}, r, zr{})"
INT32 = "int32[] y"


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize(
    ("body", "constants"),
    [
        (CONV.format("", "t, zt", ""), {"w": W3}),
        (CONV.format("<pads = [1, 2], strides = [2]>", "t, zt", ""), {"w": W3}),
        (CONV.format("<pads = [2, 0], dilations = [2]>", "t, zt", ""), {"w": W3}),
        (
            CONV.format('<auto_pad = "SAME_UPPER", kernel_shape = [3]>', "t, zt", ", b"),
            {"w": W3, "b": "int32[2] b = {1000, -70000}"},
        ),
        (
            CONV.format("", "c, zc", ", b"),
            {"w": W8, "b": "int32[2] b = {1000, -700}", **TWO},
        ),
        (
            CONV.format("<group = 2, pads = [1, 1]>", "c, zc", ""),
            {"w": "int8[2, 1, 3] w = {1, -20, 63, -64, 12, 0}", **TWO},
        ),
        (CONV.format("", "t, zt", ""), {"w": "uint8[1, 2, 1] w = {128, 128}"}),  # zeros
    ],
)
def test_qlinear_conv(body, constants, scales):
    agree(text(body, IMAGE, st=SCALES[scales], **constants))


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize(
    ("body", "inputs", "constants"),
    [
        ("y = QLinearMatMul (x, s, zs, w, t, zt, r, zr)", MATRIX, {"w": M3}),
        ("y = QLinearMatMul (x, s, zs, w, t, zt, r, zr)", f"{MATRIX}, uint8[3, 4] w", {}),
        ("y = QLinearMatMul (x, s, zs, w, t, zt, r, zr)", "uint8[2, 2, 3] x, uint8[2, 3, 1] w", {}),
        (
            "y = QLinearMatMul (x, s, zs, w, c, zc, r, zr)",
            MATRIX,
            {"w": "int8[3, 2] w = {1, -20, 63, -64, 12, 0}", **TWO},
        ),
        (
            "y = QLinearMatMul (x, s, ys, w, t, ys, r, ys)",
            "int8[2, 3] x",
            {"w": "int8[3, 2] w = {1, -20, 63, -64, 12, 0}", "ys": "int8 ys = {-5}"},
        ),
    ],
)
def test_qlinear_matmul(body, inputs, constants, scales):
    output = "int8[] y" if "ys" in constants else "uint8[] y"
    agree(text(body, inputs, output, st=SCALES[scales], **constants))


@pytest.mark.parametrize(
    ("body", "inputs", "constants"),
    [
        ("y = ConvInteger (x, w, zs, zt)", IMAGE, {"w": W3}),
        ("y = ConvInteger (x, w)", IMAGE, {"w": W3}),
        ("y = ConvInteger <pads = [1, 2], strides = [2]> (x, w, zs)", IMAGE, {"w": W3}),
        ("y = ConvInteger <pads = [1, 1], dilations = [2]> (x, w, , zt)", IMAGE, {"w": W3}),
        ("y = MatMulInteger (x, w, zs, zt)", MATRIX, {"w": M3}),
        ("y = MatMulInteger (x, w)", f"{MATRIX}, int8[3, 2] w", {}),
        ("y = MatMulInteger (x, w, , zt)", "uint8[2, 2, 3] x, uint8[2, 3, 1] w", {}),
        (
            "y = MatMulInteger (x, w, zs, zw)",
            MATRIX,
            {"w": M3, "zw": "uint8[2] zw = {3, 200}"},
        ),
    ],
)
def test_integers(body, inputs, constants):
    agree(text(body, inputs, INT32, **constants))


def test_integers_by_row():
    """Which onnxruntime does not know: the definition is that of ONNX."""
    x = np.random.default_rng(0).integers(0, 256, (1, 2, 3)).astype(np.uint8)
    for zero in ("uint8[2] zr = {3, 200}", "uint8[2, 1] zr = {3, 200}"):
        proto = text("y = MatMulInteger (x, w, zr, zt)", MATRIX, INT32, w=M3, zr=zero)
        w = np.array([1, 200, 130, 128, 127, 0]).reshape(3, 2) - 128
        want = (x.astype(int) - [[3], [200]]) @ w
        np.testing.assert_array_equal(read(proto, Options()).predict(x), want)


def test_integers_go_on_as_numbers():
    """As dynamic quantization has it, but for its scale."""
    body = "i = MatMulInteger (x, w, zs, zt) f = Cast <to = 1> (i) y = Mul (f, s)"
    agree(text(body, MATRIX, "float[] y", w=M3))


AB = "uint8[2, 3] x, uint8[2, 3] v"
FEATURES = "uint8[1, 2, 3, 5] x"
GEMM = "y = com.microsoft.QGemm{} (x, s, zs, w, {}{}, r, zr)"


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize(
    ("body", "inputs", "constants"),
    [
        ("y = com.microsoft.QLinearAdd (x, s, zs, v, t, zt, r, zr)", AB, {}),
        ("y = com.microsoft.QLinearAdd (x, s, zs, v, t, zt, r, zr)", f"{MATRIX}, uint8[1] v", {}),
        ("y = com.microsoft.QLinearMul (x, s, zs, v, t, zt, r, zr)", AB, {}),
        ("y = com.microsoft.QLinearSigmoid (x, s, zs, h, zr)", MATRIX, {"h": "float h = {0.004}"}),
        ("y = com.microsoft.QLinearLeakyRelu <alpha = 0.25> (x, s, zt, r, zr)", MATRIX, {}),
        ("y = com.microsoft.QLinearGlobalAveragePool (x, s, zs, r, zr)", FEATURES, {}),
        ("y = com.microsoft.QLinearGlobalAveragePool (x, s, zs, r, zr)", "uint8[1, 9, 2, 2] x", {}),
        (
            (
                "y = com.microsoft.QLinearAveragePool <kernel_shape = [3, 3], strides = [1, 2], "
                "pads = [1, 0, 1, 1], count_include_pad = 1> (x, s, zs, r, zr)"
            ),
            FEATURES,
            {},
        ),
        (
            "y = com.microsoft.QLinearConcat <axis = 1> (r, zr, x, s, zs, v, t, zt, x, r, zr)",
            AB,
            {},
        ),
        ("y = com.microsoft.QLinearConcat <axis = 0> (r, zr, x, s, zs)", MATRIX, {}),
        (GEMM.format("", "t, zt", ", "), MATRIX, {"w": M3}),
        (
            GEMM.format("<alpha = 0.5, transA = 1, transB = 1>", "t, zt", ", b"),
            "uint8[3, 2] x",
            {"w": M3.replace("3, 2", "2, 3"), "b": "int32[2] b = {100, -7000}"},
        ),
        (
            GEMM.format("<transB = 1>", "c, zc", ", b"),
            MATRIX,
            {
                "w": "int8[2, 3] w = {1, -20, 63, -64, 12, 0}",
                "b": "int32[2] b = {100, -7000}",
                **TWO,
            },
        ),
        (
            GEMM.format("", "c, zc", ", b"),
            MATRIX,
            {
                "w": "int8[3, 2] w = {1, -20, 63, -64, 12, 0}",
                "b": "int32[2] b = {100, -7000}",
                **TWO,
            },
        ),
    ],
)
def test_microsoft(body, inputs, constants, scales):
    agree(text(body, inputs, st=SCALES[scales], **constants))


@pytest.mark.parametrize(
    ("body", "inputs", "constants"),
    [
        ("y = com.microsoft.QGemm (x, s, zs, w, t, zt)", MATRIX, {"w": M3}),
        ("y = com.microsoft.DequantizeLinear (x, s, zs)", MATRIX, {}),
        ("y = com.microsoft.DequantizeLinear <axis = 0> (x, c, zc)", "int8[2, 3] x", TWO),
        (
            (
                "d = DequantizeLinear (x, s, zs) q = com.microsoft.QuantizeLinear (d, r, zr) "
                "y = com.microsoft.DequantizeLinear (q, r, zr)"
            ),
            MATRIX,
            {},
        ),
        (
            (
                "d = DequantizeLinear (x, s, zs) y = com.microsoft.FusedMatMul <alpha = 0.5, "
                "transA = 1> (d, m)"
            ),
            MATRIX,
            {"m": "float[2, 2] m = {1, -2, 0.5, 0}"},
        ),
        (
            (
                "d = DequantizeLinear (x, s, zs) y = com.microsoft.FusedMatMul <transB = 1, "
                "transBatchA = 1, transBatchB = 1> (d, d)"
            ),
            "uint8[3, 2, 4] x",
            {},
        ),
        (
            (
                "d = DequantizeLinear (x, s, zs) y = com.microsoft.FusedConv <activation = "
                '"LeakyRelu", activation_params = [0.5]> (d, k)'
            ),
            IMAGE,
            {"k": "float[1, 2, 3] k = {1, -2, 0.5, 0, 1, -1}"},
        ),
        (
            (
                'd = DequantizeLinear (x, s, zs) y = com.microsoft.FusedConv <activation = "Relu", '
                "pads = [1, 1]> (d, k, g, d)"
            ),
            IMAGE,
            {
                "k": "float[2, 2, 3] k = {1, -2, 0.5, 0, 1, -1, 1, -2, 0.5, 0, 1, -1}",
                "g": "float[2] g = {1, -7}",
            },
        ),
        (
            (
                'd = DequantizeLinear (x, s, zs) y = com.microsoft.FusedConv <activation = "Clip", '
                "activation_params = [-1.0, 6.5]> (d, k)"
            ),
            IMAGE,
            {"k": "float[1, 2, 3] k = {1, -2, 0.5, 0, 1, -1}"},
        ),
        (
            (
                "d = DequantizeLinear (x, s, zs) y = com.microsoft.FusedGemm <activation = "
                '"LeakyRelu", activation_alpha = 0.5, alpha = 0.5> (d, m)'
            ),
            MATRIX,
            {"m": "float[3, 2] m = {1, -2, 0.5, 0, 1, -1}"},
        ),
    ],
)
def test_microsoft_in_real_numbers(body, inputs, constants):
    po2 = {"st": SCALES["po2"], "each": "float[2] c = {0.25, 0.5}"}
    agree(text(body, inputs, "float[] y", **{**constants, **po2}))


def test_a_sum_of_unlike_scales_is_a_line():
    """On all pairs of integers, by integers: a product and a cut, where no code of it is a tie."""
    body = "y = com.microsoft.QLinearAdd (x, s, zs, v, t, zt, t, zr)"
    network = read(text(body, "uint8[1, 1] x, uint8[1, 1] v"), Options())
    assert not [node for node in network.graph.nodes if isinstance(node.op, Threshold)]
    x, v = (axis.reshape(-1) for axis in np.indices((256, 256)))
    got = network.predict({"x": x[:, None], "v": v[:, None]})[:, 0]
    s, t, r = (int(np.ldexp(np.float64(np.float32(n)), 30)) for n in (0.3, 0.71, 0.71))
    total = (x.astype(object) - 3) * s + (v.astype(object) - 128) * t + 7 * r
    whole, rest = total // r, 2 * (total % r)
    even = whole + ((rest > r) | ((rest == r) & (whole % 2 == 1)))
    np.testing.assert_array_equal(got, np.clip(even, 0, 255).astype(float))


@pytest.mark.parametrize("kind", ["uint8", "int8"])
def test_integers_without_zero_points(kind):
    """Are those with zero points of zero."""
    inputs, zero = f"{kind}[2, 3] x, {kind}[2, 3] v", f"{kind} zs = {{0}}"
    body = "y = com.microsoft.QLinear{} (x, s, {zs}, v, t, {zs}, r, {zs})"
    x, v = (np.random.default_rng(seed).integers(0, 100, (9, 2, 3)).astype(kind) for seed in (0, 1))
    for op in ("Add", "Mul"):
        with_zeros = text(body.format(op, zs="zs"), inputs, f"{kind}[] y", zs=zero)
        agree(with_zeros)
        got, want = (
            read(proto, Options()).predict({"x": x, "v": v})
            for proto in (with_zeros, text(body.format(op, zs=""), inputs, f"{kind}[] y"))
        )
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_a_softmax_of_integers_is_one_of_numbers(axis):
    proto = text(
        f"y = com.microsoft.QLinearSoftmax <axis = {axis}, opset = 13> (x, s, zs, r, zr)", MATRIX
    )
    first, softmax, last = load(proto).nodes
    assert (first.op_type, first.inputs) == ("DequantizeLinear", ("x", "s", "zs"))
    assert (softmax.op_type, softmax.attributes["axis"]) == ("Softmax", axis % 2)
    assert (last.op_type, last.inputs[1:]) == ("QuantizeLinear", ("r", "zr"))


def test_shapes_are_waited_for():
    """A network of which onnx cannot infer a shape before its first operator is written out."""
    body = (
        "q = com.microsoft.QLinearAdd (x, s, zs, v, t, zt, r, zr) "
        "d = com.microsoft.DequantizeLinear (q, r, zr) "
        "y = com.microsoft.FusedMatMul <transB = 1> (d, m)"
    )
    agree(text(body, AB, "float[] y", st=SCALES["po2"], m="float[2, 3] m = {1, -2, 1, 0, 2, 1}"))


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            "[n] y = com.microsoft.QLinearAdd <beta = 1> (x, s, zs, x, t, zt, r, zr)",
            UnsupportedAttribute,
            "operator QLinearAdd is not supported with attribute beta=1; supported is no attribute",
        ),
        (
            "[n] y = com.microsoft.QLinearGlobalAveragePool <channels_last = 1> (x, s, zs, r, zr)",
            UnsupportedAttribute,
            (
                "operator QLinearGlobalAveragePool is not supported with channels_last=1; "
                "supported is channels_last=0"
            ),
        ),
        (
            "[n] y = com.microsoft.QLinearConcat (r, zr, x, s, zs)",
            UnsupportedAttribute,
            "operator QLinearConcat is not supported with no axis; supported is a given axis",
        ),
        (
            "[n] y = com.microsoft.QLinearSoftmax <axis = 0, opset = 11> (x, s, zs, r, zr)",
            UnsupportedAttribute,
            (
                "operator QLinearSoftmax is not supported with axis=0 in opset 11; supported is "
                "the last axis, or opset 13"
            ),
        ),
        (
            "[d] d = DequantizeLinear (x, s, zs) [n] y, a, b = DynamicQuantizeLinear (d)",
            UnsupportedOperator,
            (
                "operator DynamicQuantizeLinear is not supported: its scale depends on the data, "
                "while hardware has fixed formats; quantize the network statically "
                "(onnxruntime.quantization.quantize_static), or take the float model with "
                "--calibrate"
            ),
        ),
    ],
)
def test_refused(body, error, message):
    with pytest.raises(error) as caught:
        load(text(body, MATRIX))
    assert str(caught.value) == f"node 'n': {message}"


@pytest.mark.parametrize(
    "body",
    [
        "[n] y = QLinearMatMul (x, k, zs, w, t, zt, r, zr)",
        "[n] y = com.microsoft.QLinearAdd (x, s, zs, w, t, zt, k, zr)",
    ],
)
def test_computed_scales_are_refused(body):
    proto = text(body, "uint8[3, 3] x, uint8[3, 3] w, float k")
    with pytest.raises(ModelError, match=r"^node 'n': input \d of .*, 'k', must be a constant"):
        quantize(load(proto))


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ("QLinearAdd (x, s)", 4),
        ("QLinearAdd (x, , zs, x, t, zt, r, zr)", 1),
        ("QLinearAdd (x, s, zs, x, t, zt)", 6),
        ("QLinearConcat <axis = 1> (r, zr, x)", 3),
        ("QLinearSigmoid (x, s, zs)", 3),
        ("QLinearSoftmax (, s)", 0),
        ("QLinearSoftmax (x)", 1),
        ("QGemm (x, s, zs)", 4),
        ("FusedConv (x)", 1),
        ("FusedGemm (x)", 1),
        ("FusedMatMul (x)", 1),
        ("DequantizeLinear (x)", 1),
    ],
)
def test_missing_inputs(body, at):
    with pytest.raises(ModelError) as caught:
        load(text(f"[n] y = com.microsoft.{body}", MATRIX))
    op_type = body.split()[0]
    assert str(caught.value) == (f"node 'n': {op_type} has no input {at}; export the network again")


@pytest.mark.parametrize("op_type", ["FusedConv", "FusedGemm"])
def test_unknown_activations(op_type):
    body = f'[n] y = com.microsoft.{op_type} <activation = "Foo"> (x, x)'
    with pytest.raises(UnsupportedAttribute) as caught:
        load(text(body, MATRIX))
    assert str(caught.value) == (
        f"node 'n': operator {op_type} is not supported with activation='Foo'; supported is "
        "'Identity' or 'Relu' or 'LeakyRelu' or 'Tanh' or 'Sigmoid' or 'HardSigmoid' or 'Clip'"
    )


def test_an_unknown_operator_of_the_domain():
    with pytest.raises(RtlgenError, match=r"^node 'n': operator com\.microsoft::QAttention is not"):
        quantize(load(text("[n] y = com.microsoft.QAttention (x)", MATRIX)))
