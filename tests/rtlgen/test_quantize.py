"""Networks, random and chosen, against qonnx and ONNX's reference."""

from __future__ import annotations

import warnings

import numpy as np
import onnx
import pytest

from rtlgen.frontend import load
from rtlgen.passes import run
from rtlgen.quantize import Codings, quantize
from sim.errors import RtlgenError
from tests.rtlgen.qonnx_text import QUANT, Q, text
from tests.rtlgen.quantized_oracle import Oracle
from tests.rtlgen.random_networks import network

SAMPLES = 12
REFUSED = (
    "Split of",
    "Pad of",
    "in two ways",
    "no common unit",
    "no fixed-point format",
    "needs a table",
    "no code on the grid",
    "not on its grid",
    "offsets that no common grid",
)
"""What random networks may run into; each has a test of its own."""


def predict(codings: Codings, x) -> dict[str, np.ndarray]:
    graph = run(codings.graph)
    given = x if isinstance(x, dict) else dict.fromkeys(codings.inputs, x)
    codes = {name: encoding.encode(given[name], name) for name, encoding in codings.inputs.items()}
    return {n: codings.outputs[n].decode(y) for n, y in graph.predict(codes).items()}


def compare(proto: onnx.ModelProto, x, codings: Codings) -> int:
    """How many samples were too close to an edge for float64, and differ; no other may differ."""
    ours, oracle, near = predict(codings, x), Oracle(proto), 0
    for i in range(len(x)):
        want = oracle.run({proto.graph.input[0].name: x[i][None]})
        for name, y in ours.items():
            got = y[i if len(y) > 1 else 0]
            assert got.shape == want[name].shape
            alike = np.allclose(got, want[name], rtol=1e-9, atol=1e-9)
            assert alike or oracle.near, f"sample {i}: {got} instead of {want[name]}"
            near += not alike
    return near


def unless_refused(proto: onnx.ModelProto) -> Codings | None:
    try:
        return quantize(load(proto))
    except RtlgenError as caught:
        error = caught
    assert any(reason in str(error) for reason in REFUSED), str(error)
    return None


@pytest.mark.parametrize("scales", ["po2", "any"])
@pytest.mark.parametrize("seed", range(0, 240, 8))
def test_random_networks(seed, scales):
    agree(range(seed, seed + 8), scales, qdq=False)


@pytest.mark.parametrize("scales", ["po2", "any"])
@pytest.mark.parametrize("seed", range(0, 120, 8))
def test_random_qdq_networks(seed, scales):
    agree(range(seed, seed + 8), scales, qdq=True)


def agree(seeds, scales, *, qdq):
    differing = refused = 0
    for each in seeds:
        net = network(each, scales, qdq=qdq)
        proto = net.model()
        x = np.random.default_rng(each).normal(0, 1.5, (SAMPLES, *net.inputs["x"][1:]))
        x = np.rint(x * 16) / 16 if scales == "po2" else x
        codings = unless_refused(proto)
        if codings is None:
            refused += 1
        else:
            differing += compare(proto, x, codings)
    assert refused <= 4
    assert differing == 0  # float64 is a good judge: edges are met exactly, or not closely


def both(proto, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare(proto, np.asarray(x, float), quantize(load(proto))) == 0


X = np.random.default_rng(0).normal(0, 1.5, (40, 4))


@pytest.mark.parametrize(
    "body",
    [
        # every way in which a constant meets constants or several tensors
        ("[sum] y = Sum (q, k, one)",),
        ("[sum] y = Sum (q, q, k)",),
        ("[max] y = Max (k, q, one)",),
        ("[min] y = Min (q, k, q)",),
        (f"[kq] c = {QUANT} (k, s, z, b)", "[add] d = Add (c, one)", "[mul] y = Mul (q, d)"),
        (f"[kq] c = {QUANT} (k, s, z, b)", "[relu] d = Relu (c)", "[sub] y = Sub (d, q)"),
        (f"[wq] v = {QUANT} (w, s, z, b)", "[relu] r = Relu (v)", "[fc] y = MatMul (q, r)"),
        (f"[wq] v = {QUANT} (w, s, z, b)", "[up] r = Add (v, k1)", "[fc] y = MatMul (q, r)"),
        (f"[kq] c = {QUANT} (k, s, z, b)", "[div] d = Div (c, k)", "[add] y = Add (q, d)"),
        ("[fc] y = MatMul (w2, t)",),
        # growing shapes
        ("[add] y = Add (q, tall)",),
        ("[mul] y = Mul (tall, q)",),
        ("[max] m = Max (q, tall)", f"[mq] y = {QUANT} (m, s, z, b)"),
        ("[add] y = Add (q, deep)",),
        # products of computed tensors
        ("[t] u = Transpose <perm = [1, 0]> (q)", "[outer] y = MatMul (u, q)"),
        ("[t] u = Transpose <perm = [1, 0]> (q)", "[inner] y = Gemm <alpha = 0.5> (q, u)"),
    ],
)
def test_constants_and_shapes(body):
    proto = text(
        Q,
        "[t4] t = Transpose <perm = [1, 0]> (q)",
        *body,
        k="float[4] k = {0.5, -0.25, 1, -1.5}",
        one="float one = {0.75}",
        k1="float k1 = {0.3}",
        tall="float[3, 1] tall = {1, -2, 0.5}",
        deep="float[1, 1, 1] deep = {0.5}",
        w2="float[2, 4] w2 = {1, 0.5, -1, 2, 0.25, 1, 1, -0.5}",
    )
    both(proto, X)


def test_a_vector_is_multiplied_from_the_left():
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        f"[wq] v = {QUANT} (w, s4, z, b)",
        "[flat] f = Reshape (q, four)",
        "[fc] y = MatMul (v, f)",
        w="float[3, 4] w = {1, 2, 3, 4, -1, -2, 1, 0.5, 0.2, 0.4, 3, 1}",
        s4="float[3, 1] s4 = {0.5, 0.3, 0.7}",
        four="int64[1] four = {4}",
    )
    both(proto, X)


@pytest.mark.parametrize("mode", ["", ", count_include_pad = 1", ", ceil_mode = 1"])
@pytest.mark.parametrize("zero", ["0", "3"])
def test_averages_of_channels_with_scales_of_their_own(mode, zero):
    proto = text(
        f"[quant] q = {QUANT} (x, s2, z, b)",
        "[norm] n = Mul (q, k)",
        "[up] a = Add (n, j)",
        f"[pool] y = AveragePool <kernel_shape = [2], pads = [1, 0], strides = [2] {mode}> (a)",
        inputs="float[1, 2, 5] x",
        s2="float[2, 1] s2 = {0.3, 0.7}",
        z=f"float z = {{{zero}}}",
        k="float[2, 1] k = {0.123, -0.7}",
        j="float[2, 1] j = {1, 0.37}",
    )
    x = np.random.default_rng(1).normal(0, 1, (20, 2, 5))
    both(proto, x)


def test_depthwise_convolution_keeps_the_scales_of_channels_apart():
    proto = text(
        f"[quant] q = {QUANT} (x, s2, z, b)",
        "[norm] n = Mul (q, k)",
        "[conv] y = Conv <group = 2> (n, w)",
        inputs="float[1, 2, 5] x",
        s2="float[2, 1] s2 = {0.3, 0.7}",
        k="float[2, 1] k = {0.123, -0.7}",
        w="float[4, 1, 2] w = {1, 2, 0.5, -1, 3, 1, 1, 0.25}",
    )
    both(proto, np.random.default_rng(1).normal(0, 1, (20, 2, 5)))


def test_names_are_the_models():
    proto = text(
        Q,
        "[fc] g = Gemm (q, w, bias)",
        "[norm] n = Mul (g, gain)",
        "[relu] y = Relu (n)",
        bias="float[2] bias = {0.5, 1}",
        gain="float[2] gain = {0.5, 2}",
    )
    graph = quantize(load(proto)).graph
    assert list(graph.constants) == ["w", "bias", "gain"]
    assert [node.name for node in graph.nodes] == ["fc", "norm", "relu", "norm"]
    assert graph.outputs == ("y",)


@pytest.mark.parametrize("pool", ["MaxPool <kernel_shape = [2], pads = [1, 0]>", "GlobalMaxPool"])
@pytest.mark.parametrize(
    "factors",
    [
        "float[2, 1] k = {-0.7, 0.123}",  # channels turned round
        "float[5] k = {0.5, -0.25, 1, 2, -1}",  # elements of a window turned round
        "float[5] k = {0.5, 0.5, 0.5, 0.5, 0.5}",
    ],
)
@pytest.mark.parametrize("offset", ["float[1] j = {0.3}", "float[5] j = {0.5, 0.25, 0, -1, 2}"])
def test_the_largest_number_is_not_always_the_largest_code(pool, factors, offset):
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[by] n = Mul (q, k)",
        "[up] a = Add (n, j)",
        f"[pool] p = {pool} (a)",
        f"[last] y = {QUANT} (p, s, z, c)",
        inputs="float[1, 2, 5] x",
        k=factors,
        j=offset,
        c="float c = {6}",
    )
    both(proto, np.random.default_rng(1).normal(0, 1, (40, 2, 5)))


@pytest.mark.parametrize("side", ["q, v", "q, u"])
def test_scales_of_output_channels(side):
    transposed = int(side == "q, u")
    shape, scales = ("[3, 4]", "[3, 1]") if transposed else ("[4, 3]", "[3]")
    numbers = ", ".join(str(k / 8 - 0.7) for k in range(12))
    proto = text(
        Q,
        f"[wq] {side[-1]} = {QUANT} (m, n, z, b)",
        f"[fc] y = Gemm <transB = {transposed}, alpha = 0.5> ({side}, bias)",
        m=f"float{shape} m = {{{numbers}}}",
        n=f"float{scales} n = {{0.1, 0.37, 0.05}}",
        bias="float[3] bias = {0.3, 1, -2}",
    )
    both(proto, X)
    gemm = quantize(load(proto)).graph.nodes[0]
    assert quantize(load(proto)).graph.constants[gemm.inputs[1]].magnitude <= 8  # no common unit


@pytest.mark.parametrize("axis", [0, 1])
def test_a_constant_on_the_left(axis):
    proto = text(
        Q,
        f"[wq] v = {QUANT} (m, n, z, b)",
        "[t] t = Transpose (q)",
        f"[fc] y = Gemm <transA = {axis}> (v, t)",
        m=f"float{'[4, 3]' if axis else '[3, 4]'} m = {{1, 2, 3, 4, 5, 6, 0.7, 0.3, -2, -1, 0, 1}}",
        n=f"float{'[3]' if axis else '[3, 1]'} n = {{0.3, 0.5, 0.7}}",
    )
    both(proto, X)
    graph = quantize(load(proto)).graph
    assert graph.constants[graph.nodes[1].inputs[0]].magnitude <= 8
