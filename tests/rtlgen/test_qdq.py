"""QuantizeLinear and DequantizeLinear against onnxruntime and ONNX's reference; refusals."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, calibrate
from rtlgen.formats import Formats
from rtlgen.frontend import load
from rtlgen.network import read
from rtlgen.quantize import check, quantize
from sim.errors import (
    ModelError,
    NotQuantized,
    RtlgenError,
    ShapeError,
    UnsupportedAttribute,
    UnsupportedOperator,
)
from tests.rtlgen.quantized_oracle import Oracle

X = np.concatenate([np.arange(-80, 80) / 16, [1e6, -1e6, 70.5, -70.5]]).reshape(-1, 4)
Q = "[q] q = QuantizeLinear (x, s, z)"
PAIR = f"{Q} [d] y = DequantizeLinear (q, s, z)"
ROUNDED = f"{Q} [d] d = DequantizeLinear (q, s, z)"


def text(*body, constants="float s = {0.25}, int8 z = {3}", opset=21, **ports):
    inputs, outputs = ports.get("inputs", "float[1, 4] x"), ports.get("outputs", "float[1, 4] y")
    return parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : {opset}]>\n'
        f"net ({inputs}) => ({outputs}) <{constants}> {{ {' '.join(body)} }}"
    )


def codings_of(proto, **config):
    return quantize(load(proto), Formats.parse(config, "config") if config else None)


def predicted(proto, x, **config) -> dict[str, np.ndarray]:
    codings = codings_of(proto, **config)
    codes = {name: encoding.encode(x, name) for name, encoding in codings.inputs.items()}
    return {n: codings.outputs[n].decode(y) for n, y in codings.graph.predict(codes).items()}


def agree(proto, x, **config):
    """All outputs are those of the reference in double precision; integers exactly.

    Its sums and products of real numbers round to 2**-53, while another code is another step.
    """
    ours, oracle = predicted(proto, x, **config), Oracle(proto)
    for i, sample in enumerate(x):
        want = oracle.run({proto.graph.input[0].name: sample[None]})
        for name, y in ours.items():
            exact = want[name].dtype.kind != "f"
            np.testing.assert_allclose(y[i], want[name].astype(float), 0, 0 if exact else 1e-9)


# -- codes ---------------------------------------------------------------------------------------

TYPES = ("INT8", "UINT8", "INT16", "UINT16", "INT4", "UINT4", "INT2", "UINT2")


def quantizer(kind: str, scale, zero, axis: int, *, pair: bool) -> onnx.ModelProto:
    """One QuantizeLinear, and a DequantizeLinear if it is to be a pair."""
    dtype = getattr(TensorProto, kind)
    numbers = np.asarray(zero, helper.tensor_dtype_to_np_dtype(dtype))
    constants = [
        numpy_helper.from_array(np.asarray(scale, np.float32), "s"),
        numpy_helper.from_array(numbers, "z"),
    ]
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=axis)]
    if pair:
        nodes.append(helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=axis))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 4))
    y = helper.make_tensor_value_info(*(("y", 1) if pair else ("q", dtype)), (1, 4))
    graph = helper.make_graph(nodes, "net", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=10)


def zeros(kind: str) -> tuple[int, ...]:
    width, signed = int(kind.strip("UINT")), kind[0] != "U"
    lo = -(1 << width - 1) if signed else 0
    return (lo, lo + (1 << width) - 1, 0, 1, 1 << width - 2)


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("kind", TYPES)
def test_codes_are_those_of_the_reference(kind, pair):
    """Ties are rounded to even before the zero point is added, which may be odd."""
    for scale, zero in product((0.25, 0.5, 2.0, 0.3), zeros(kind)):
        agree(quantizer(kind, scale, zero, 1, pair=pair), X)


@pytest.mark.parametrize("axis", [1, -1])
@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize("kind", ["INT8", "UINT8", "INT4"])
def test_codes_of_channels_are_those_of_the_reference(kind, pair, axis):
    lo, hi, *_ = zeros(kind)
    for zero in ([lo, hi, lo, 1], [1, 1, 1, 1], [lo] * 4, [0, 3, 2, 1]):
        agree(quantizer(kind, [0.25, 0.5, 0.3, 2], zero, axis, pair=pair), X)


@pytest.mark.parametrize("pair", [False, True])
@pytest.mark.parametrize(
    ("axis", "size", "shape"), [(1, 2, (1, 2)), (-1, 3, (1, 2)), (1, 4, (1, 1)), (0, 1, (1, 4))]
)
def test_codes_of_blocks_are_those_of_the_reference(axis, size, shape, pair):
    """The last block of an axis may be smaller than the others."""
    scale = np.resize([0.25, 0.3, 2, 0.5], shape)
    for kind, zero in product(("INT8", "UINT4"), (0, 3)):
        proto = quantizer(kind, scale, np.full(shape, zero), axis, pair=pair)
        for node in proto.graph.node:
            node.attribute.append(helper.make_attribute("block_size", size))
        agree(proto, X)


@pytest.mark.parametrize("kind", ["INT4", "UINT8"])
def test_weights_in_blocks(kind):
    """Blocks along the axis that is summed over."""
    dtype = helper.tensor_dtype_to_np_dtype(getattr(TensorProto, kind))
    proto = text(
        f"{ROUNDED} [wd] v = DequantizeLinear <axis = 0, block_size = 2> (w, t)",
        "[fc] y = MatMul (d, v)",
        constants="float s = {0.3}, int8 z = {3}, float[2, 3] t = {0.25, 1, 0.3, 0.5, 0.25, 0.1}",
    )
    weights = np.array([1, 2, 3, 4, 5, 6, 7, 0, 1, 7, 2, 5]).reshape(4, 3).astype(dtype)
    proto.graph.initializer.append(numpy_helper.from_array(weights, "w"))
    agree(proto, X)


def test_ranges_with_blocks():
    proto = text(
        "[d] d = DequantizeLinear <block_size = 2> (x, s) [q] q = QuantizeLinear <block_size = 2> "
        "(d, s) [e] y = DequantizeLinear <block_size = 2> (q, s)",
        constants="float[1, 2] s = {0.5, 0.25}",
        inputs="uint8[1, 4] x",
    )
    x = INT8.astype(np.uint8)
    found = calibrate.observe(load(proto), {"x": x[:, None].astype(float)}).ranges
    want = [ReferenceEvaluator(proto).run(None, {"x": row[None]})[0] for row in x]
    assert found["y"][1].tolist() == np.maximum(*want).tolist()


@pytest.mark.parametrize("kind", ["INT8", "UINT8", "INT16", "UINT16"])
def test_codes_are_those_of_onnxruntime(kind):
    """In single precision, which divides by a power of two exactly."""
    for scale, zero in product((0.25, 0.5, 2.0), zeros(kind)):
        proto = quantizer(kind, scale, zero, 1, pair=False)
        proto.opset_import[0].version = 21
        session = onnxruntime.InferenceSession(proto.SerializeToString())
        want = [session.run(None, {"x": row[None].astype(np.float32)})[0] for row in X]
        np.testing.assert_array_equal(predicted(proto, X)["q"], want)


def test_the_sum_of_ties_and_odd_zero_points():
    """What adding before rounding would get wrong: 0.5 + 1 rounds to 2, but 0.5 to 0."""
    got = predicted(quantizer("INT8", 1.0, 1, 1, pair=False), np.array([[0.5, 1.5, -0.5, -1.5]]))
    assert got["q"].tolist() == [[[1, 3, 1, -1]]]


# -- networks ------------------------------------------------------------------------------------

WEIGHTS = "int8[4, 2] w = {1, -2, 3, 100, -128, 127, 7, 0}, float s = {0.3}, int8 z = {3}"
FC = "[wd] v = DequantizeLinear (w, t) [fc] y = MatMul (d, v)"


@pytest.mark.parametrize(
    ("body", "more"),
    [
        ((ROUNDED, FC), "float t = {0.7}"),
        (
            (ROUNDED, "[wd] v = DequantizeLinear <axis = 1> (w, t)", "[fc] y = MatMul (d, v)"),
            "float[2] t = {0.7, 0.1}",
        ),
        (  # two readers of the same integers
            (ROUNDED, "[b] b = DequantizeLinear (q, t, z)", "[sum] y = Add (d, b)"),
            "float t = {0.6}",
        ),
        (  # moves and comparisons of integers
            (
                f"{Q} [u] u = Transpose (q) [r] r = Reshape (u, l)",
                "[p] p = MaxPool <kernel_shape = [2]> (r) [d] y = DequantizeLinear (p, s, z)",
            ),
            "int64[3] l = {1, 2, 2}",
        ),
        ((f"{Q} [r] r = Relu (q) [d] y = DequantizeLinear (r, s, z)",), "float t = {1}"),
        (  # a constant that a pair rounds
            (
                f"{ROUNDED} [cq] c = QuantizeLinear (k, t, u)",
                "[cd] e = DequantizeLinear (c, t, u) [by] y = Mul (d, e)",
            ),
            "float[4] k = {0.1, 0.35, -3, 2}, float t = {0.1}, uint8 u = {5}",
        ),
        (  # biases of 32 bits
            (
                f"{ROUNDED} [wd] v = DequantizeLinear (w, s)",
                "[bd] c = DequantizeLinear (b, t) [fc] y = Gemm (d, v, c)",
            ),
            "int32[2] b = {100000, -3}, float t = {0.09}",
        ),
        (  # no zero point: uint8, or what an attribute says
            ("[q] q = QuantizeLinear (x, s) [d] y = DequantizeLinear (q, s)",),
            "float t = {1}",
        ),
        (
            ("[q] q = QuantizeLinear <output_dtype = 5> (x, s) [d] y = DequantizeLinear (q, s)",),
            "float t = {1}",
        ),
    ],
)
def test_networks(body, more):
    agree(text(*body, constants=f"{WEIGHTS}, {more}"), X)


@pytest.mark.parametrize("zero", [-128, 3])
def test_padding_is_a_real_zero(zero):
    proto = text(
        f"{ROUNDED} [wd] v = DequantizeLinear (w, s) [conv] c = Conv <pads = [1, 2]> (d, v)",
        "[r] r = QuantizeLinear (c, t, z) [e] y = DequantizeLinear (r, t, z)",
        constants="int8[2, 1, 3] w = {1, -2, 3, 5, 7, 1}, float s = {0.3}, float t = {0.9}, "
        f"int8 z = {{{zero}}}",
        inputs="float[1, 1, 4] x",
    )
    agree(proto, X[:, None])
    *_, last = codings_of(proto).graph.nodes
    assert last.op.to.shape == (1, 1, 1)  # the same at the edge as in the middle


def test_weights_keep_the_integers_of_the_file():
    proto = text(ROUNDED, FC, constants=WEIGHTS + ", float t = {0.7}")
    graph = codings_of(proto).graph
    product = next(node for node in graph.nodes if node.name == "fc")
    weights = graph.constants[product.inputs[1]]
    integers = numpy_helper.to_array(proto.graph.initializer[0])
    np.testing.assert_array_equal(weights.codes[0], integers)
    assert (product.inputs[1], weights.exp) == ("w", 0)


def test_weights_without_a_zero_in_the_middle():
    proto = text(
        ROUNDED,
        "[wd] v = DequantizeLinear (u, s, o) [fc] y = MatMul (d, v)",
        constants="uint8[4, 1] u = {0, 128, 130, 255}, uint8 o = {128}, float s = {0.3}, "
        "int8 z = {3}",
    )
    agree(proto, X)
    codes = [c.codes.reshape(-1).tolist() for n, c in codings_of(proto).graph.constants.items()]
    assert [-128, 0, 2, 127] in codes


def test_large_biases_are_exact():
    """Which single precision, and so the reference, does not hold."""
    proto = text(
        ROUNDED,
        "[bd] c = DequantizeLinear (b, t) [sum] y = Add (d, c)",
        constants="float s = {0.3}, int8 z = {0}, int32[4] b = {2147483647, -2147483647, 3, 0}, "
        "float t = {0.1}",
    )
    decoding = codings_of(proto).outputs["y"]
    step = Fraction(float(np.float32(0.1)))
    offsets = np.broadcast_to(decoding.offset, (1, 4))[0]
    assert [int((o - offsets[3]) / step) for o in offsets] == [2147483647, -2147483647, 3, 0]


# -- ports ---------------------------------------------------------------------------------------


def test_an_input_has_the_integers_of_its_quantizer():
    encoding = codings_of(text(PAIR)).inputs["x"]
    assert (encoding.type.lo[0, 0], encoding.type.hi[0, 0]) == (-128, 127)
    assert (encoding.scale[0], encoding.offset[0]) == (Fraction(1, 4), Fraction(-3, 4))


def test_codes_are_not_wider_than_the_type():
    """After a ReLU, whose zero point is the lowest integer, there is no offset, and no sign."""
    proto = text(
        f"{ROUNDED} [k] m = Mul (d, c)",
        "[r] r = QuantizeLinear (m, t, l) [e] y = DequantizeLinear (r, t, l)",
        constants="float s = {0.3}, int8 z = {3}, float c = {0.7}, float t = {0.1}, "
        "int8 l = {-128}",
    )
    graph = codings_of(proto).graph
    assert (graph.types()["y"].lo.min(), graph.types()["y"].hi.max()) == (0, 255)
    agree(proto, X)


INT8 = np.array([[-128, -1, 0, 127], [3, 4, 5, 6]], np.int8)


@pytest.mark.parametrize(
    "body",
    [
        "[d] y = DequantizeLinear (x, s, z)",
        "[d] d = DequantizeLinear (x, s, z) [r] y = Relu (d)",
        "[d] d = DequantizeLinear (x, s, z) [e] e = DequantizeLinear (x, t, z) [m] y = Max (d, e)",
        "[t] u = Transpose (x) [d] y = DequantizeLinear (u, s, z)",
        f"[d] d = DequantizeLinear (x, s, z) {FC}",
    ],
)
@pytest.mark.parametrize("config", [{}, {"formats": {"x": "s8 e0"}}])
def test_an_integer_input_is_its_own_codes(body, config):
    proto = text(body, constants=WEIGHTS + ", float t = {0.7}", inputs="int8[1, 4] x")
    agree(proto, INT8, **config)
    codings = codings_of(proto, **config)
    (encoding,) = codings.inputs.values()
    assert encoding.encode(INT8, "x").codes.reshape(2, 4).tolist() == INT8.tolist()
    assert (encoding.scale[0], encoding.offset[0]) == (1, 0)


def test_an_integer_output_is_its_own_codes():
    proto = text("[q] y = QuantizeLinear (x, s, z)", outputs="int8[1, 4] y")
    agree(proto, X)
    codings = codings_of(proto)
    assert codings.outputs["y"].identical
    assert codings.graph.types()["y"].exp.max() == 0


def test_integers_in_and_out():
    proto = text(
        "[d] d = DequantizeLinear (x, s, z) [r] r = Relu (d) [q] y = QuantizeLinear (r, t, z)",
        constants="float s = {0.3}, float t = {0.17}, int8 z = {3}",
        inputs="int8[1, 4] x",
        outputs="int8[1, 4] y",
    )
    agree(proto, INT8)


def test_predict_takes_real_numbers():
    network = read(text(PAIR), Options())
    assert network.predict(np.array([0.3, 100, -100, 0])).tolist() == [0.25, 31, -32.75, 0]


# -- calibration ---------------------------------------------------------------------------------


def test_ranges_are_those_of_the_reference():
    proto = text(
        "[t] t = Transpose (x) [d] d = DequantizeLinear <axis = 0> (t, s) [r] y = Relu (d)",
        constants="float[4] s = {0.5, 0.25, 1, 2}",
        inputs="int8[1, 4] x",
    )
    found = calibrate.observe(load(proto), {"x": INT8[:, None].astype(float)}).ranges
    want = [ReferenceEvaluator(proto).run(None, {"x": row[None]})[0] for row in INT8]
    assert found["y"][0].tolist() == np.minimum(*want).tolist()
    assert found["y"][1].tolist() == np.maximum(*want).tolist()


def test_what_is_quantized_is_not_rounded_again():
    proto = text(ROUNDED, FC, constants=WEIGHTS + ", float t = {0.7}")
    formats = Formats.parse({"defaults": {"activations": "s3 e0", "weights": "s3 e0"}}, "config")
    assert not quantize(load(proto), formats).chosen


# -- refusals ------------------------------------------------------------------------------------


def refused(proto, error: type[RtlgenError], message: str):
    with pytest.raises(error) as caught:
        check(load(proto))
    assert type(caught.value) is error
    assert str(caught.value) == message


TO_INTEGERS = "[q] y = QuantizeLinear{} (x, s, z)"
FROM_INTEGERS = "[d] y = DequantizeLinear{} (x, s, z)"
UINT8 = {"outputs": "uint8[1, 4] y"}
INT = {"inputs": "int8[1, 4] x"}
USUAL = "float s = {0.25}, uint8 z = {3}"
TO = "node 'q': operator QuantizeLinear is not supported "
FROM = "node 'd': operator DequantizeLinear is not supported "
COMPUTED = ", must be a constant, but the model computes it; make it an initializer"
KNOWN = "supported are int2, int4, int8, int16, int32, uint2, uint4, uint8, uint16"


@pytest.mark.parametrize(
    ("body", "constants", "ports", "message"),
    [
        (
            TO_INTEGERS.format("<precision = 10>"),
            USUAL,
            UINT8,
            TO + "with precision=10; supported is 0 or 1",
        ),
        (
            FROM_INTEGERS.format("<output_dtype = 11>"),
            "float s = {0.25}, int8 z = {3}",
            INT,
            FROM + "with output_dtype=11; supported is 0 or 1 or 10 or 16",
        ),
        (
            TO_INTEGERS.format(""),
            "float[1, 2] s = {0.25, 1}, uint8[1, 2] z = {3, 4}",
            UINT8,
            TO + "with a scale of shape [1, 2]; supported is one scale, or one for each index "
            "along an axis",
        ),
        (
            TO_INTEGERS.format(""),
            "int32 s = {2}, uint8 z = {3}",
            {**UINT8, "inputs": "int32[1, 4] x"},
            TO + "with a scale of type int32; supported is a scale that is a float",
        ),
        (
            TO_INTEGERS.format(""),
            "float s = {0}, uint8 z = {3}",
            UINT8,
            TO + "with a scale of 0.0; supported is scales above zero",
        ),
        (
            TO_INTEGERS.format(""),
            "uint8 z = {3}",
            {**UINT8, "inputs": "float[1, 4] x, float s"},
            "node 'q': input 1 of QuantizeLinear, 's'" + COMPUTED,
        ),
        (
            TO_INTEGERS.format("<block_size = 2>"),
            "uint8[1, 2] z = {3, 4}",
            {**UINT8, "inputs": "float[1, 4] x, float[1, 2] s"},
            "node 'q': input 1 of QuantizeLinear, 's'" + COMPUTED,
        ),
        (
            FROM_INTEGERS.format(""),
            "float s = {3}",
            {"inputs": "int8[1, 4] x, int8 z"},
            "node 'd': input 2 of DequantizeLinear, 'z'" + COMPUTED,
        ),
    ],
)
def test_refused_attributes_and_parameters(body, constants, ports, message):
    refused(text(body, constants=constants, opset=25, **ports), UnsupportedAttribute, message)


@pytest.mark.parametrize(
    ("body", "constants", "ports", "message"),
    [
        (
            "[q] y = QuantizeLinear <output_dtype = 17> (x, s)",
            "float s = {0.25}",
            {"outputs": "float8e4m3fn[1, 4] y"},
            TO + f"to float8_e4m3fn; {KNOWN}; quantize with one of them",
        ),
        (
            "[d] y = DequantizeLinear (x, s)",
            "float s = {0.25}",
            {"inputs": "float8e5m2[1, 4] x"},
            FROM + f"from float8_e5m2; {KNOWN}; quantize with one of them",
        ),
    ],
)
def test_refused_types(body, constants, ports, message):
    refused(text(body, constants=constants, opset=25, **ports), UnsupportedOperator, message)


@pytest.mark.parametrize("kind", ["FLOAT4E2M1", "FLOAT8E4M3FN", "FLOAT8E5M2FNUZ"])
def test_refused_floats(kind):
    proto = quantizer("INT8", 0.25, 0, 1, pair=False)
    del proto.graph.node[0].input[2]
    dtype = getattr(TensorProto, kind)
    proto.graph.node[0].attribute.append(helper.make_attribute("output_dtype", dtype))
    proto.graph.output[0].type.tensor_type.elem_type = dtype
    with pytest.raises(UnsupportedOperator, match=r"is not supported to float[48]_e.*; supported "):
        load(proto)


def test_two_types_of_one_integer():
    message = "node 'd': its zero point 'z' is uint8, but 'x' is int8; export the network again"
    refused(text(FROM_INTEGERS.format(""), constants=USUAL, **INT), ModelError, message)


def test_no_such_axis():
    constants = "float[4] s = {1, 2, 3, 4}, uint8[4] z = {1, 2, 3, 4}"
    message = (
        "node 'q': there is no axis 2 in its input 'x' of shape [1, 4]; export the network again"
    )
    refused(
        text(TO_INTEGERS.format("<axis = 2>"), constants=constants, **UINT8), ShapeError, message
    )


@pytest.mark.parametrize("size", [3, -2])
def test_blocks_that_do_not_fit(size):
    body = TO_INTEGERS.format(f"<block_size = {size}>")
    constants = "float[1, 4] s = {1, 2, 3, 4}, uint8[1, 4] z = {1, 2, 3, 4}"
    message = (
        f"node 'q': a scale of shape [1, 4] has no number for each block of {size} along axis 1 "
        f"of data of shape [1, 4]; export the network again"
    )
    refused(text(body, constants=constants, **UINT8), ShapeError, message)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (PAIR, "node 'q': a scale of shape [3]"),
        (PAIR.replace("(x, s, z)", "(x, k, o)"), "node 'd': a scale of shape [3]"),
    ],
)
def test_too_few_scales(body, what):
    constants = (
        "float[3] s = {1, 2, 3}, int8[3] z = {1, 2, 3}, float[4] k = {1, 2, 3, 4}, "
        "int8[4] o = {1, 2, 3, 4}"
    )
    with pytest.raises(ShapeError) as caught:
        codings_of(text(body, constants=constants))
    assert str(caught.value).startswith(what)
    assert str(caught.value).endswith(
        "of shape [3] does not fit data of shape [1, 4]; give one number, or one for each channel"
    )


def test_integers_that_are_read_after_two_moves():
    proto = text(
        "[t] t = Transpose (x) [a] a = DequantizeLinear (t, s, z) [u] u = Transpose (a) "
        "[b] b = DequantizeLinear (x, s, z) [sum] y = Add (u, b)",
        inputs="int8[1, 4] x",
    )
    with pytest.raises(NotQuantized) as caught:
        codings_of(proto)
    assert str(caught.value) == (
        "node 'b': the input 'x' is quantized in two places; give the input a format: "
        "--config FILE or --calibrate DATA.npz"
    )
    agree(proto, INT8, formats={"x": "s8 e0"})


def test_what_nobody_knows_is_refused_first():
    proto = text(f"[f] f = com.example.Foo (x) {PAIR.replace('(x', '(f')}")
    with pytest.raises(UnsupportedOperator, match=r"^node 'f': operator com\.example::Foo "):
        check(load(proto))
