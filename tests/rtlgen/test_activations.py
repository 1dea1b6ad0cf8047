"""Every curve between two quantizers, on all codes, against ONNX's reference in float64."""

from __future__ import annotations

import numpy as np
import pytest

from kernels.quant import Quantize, Threshold
from kernels.table import Table
from rtlgen.frontend import load
from rtlgen.quantize import quantize
from rtlgen.wanted import wanted
from sim.errors import NotQuantized, RtlgenError
from tests.rtlgen.qonnx_text import QUANT, Q, text
from tests.rtlgen.test_quantize import compare

CURVES = {
    "Elu": "v = Elu <alpha = 0.7> (q)",
    "Elu, default": "v = Elu (q)",
    "Selu": "v = Selu <alpha = 1.5, gamma = 0.9> (q)",
    "Celu": "v = Celu <alpha = 0.4> (q)",
    "Sigmoid": "v = Sigmoid (q)",
    "Tanh": "v = Tanh (q)",
    "Erf": "v = Erf (q)",
    "Exp": "v = Exp (q)",
    "Softplus": "v = Softplus (q)",
    "Softsign": "v = Softsign (q)",
    "Sin": "v = Sin (q)",
    "Cos": "v = Cos (q)",
    "Atan": "v = Atan (q)",
    "Sinh": "v = Sinh (q)",
    "Cosh": "v = Cosh (q)",
    "Asinh": "v = Asinh (q)",
    "Tan": "v = Tan (q)",
    "Gelu": "v = Gelu (q)",
    "Gelu by tanh": 'v = Gelu <approximate = "tanh"> (q)',
    "Mish": "v = Mish (q)",
    "HardSwish": "v = HardSwish (q)",
    "HardSigmoid": "v = HardSigmoid <alpha = 0.3, beta = 0.4> (q)",
    "HardSigmoid, default": "v = HardSigmoid (q)",
    "ThresholdedRelu": "v = ThresholdedRelu <alpha = 0.6> (q)",
    "ThresholdedRelu, default": "v = ThresholdedRelu (q)",
    "ThresholdedRelu, below zero": "v = ThresholdedRelu <alpha = -0.6> (q)",
    "Shrink": "v = Shrink <bias = 0.3, lambd = 0.8> (q)",
    "Shrink, default": "v = Shrink (q)",
    "Round": "v = Round (q)",
    "Floor": "v = Floor (q)",
    "Ceil": "v = Ceil (q)",
    "square": "v = Pow (q, two)",
    "cube": "v = Pow (q, three)",
    "power of a constant": "v = Pow (three, q)",
    "seventh power": "v = Pow (q, seven)",
    "root": "r = Relu (q) v = Sqrt (r)",
    "power of a half": "r = Relu (q) v = Pow (r, half)",
    "logarithm": "r = Relu (q) p = Add (r, half) v = Log (p)",
    "reciprocal": "r = Abs (q) p = Add (r, half) v = Reciprocal (p)",
    "one over": "r = Abs (q) p = Add (r, half) v = Div (three, p)",
    "arc sine": "c = Clip (q, minus, one) v = Asin (c)",
    "arc cosine": "c = Clip (q, minus, one) v = Acos (c)",
    "area cosine": "c = Clip (q, one, three) v = Acosh (c)",
    "area tangent": "h = Tanh (q) v = Atanh (h)",
    "several in a row": "e = Exp (q) a = Add (e, one) l = Log (a) t = Tanh (l) v = Mul (t, q)",
}
"""By what they are."""
WRITTEN_OUT = {
    "SiLU": "g = Sigmoid (q) v = Mul (q, g)",
    "Gelu of PyTorch": (
        "d = Div (q, root) e = Erf (d) a = Add (e, one) m = Mul (q, a) v = Mul (m, half)"
    ),
    "Gelu of Keras": (
        "d = Mul (q, inverse) e = Erf (d) a = Add (e, one) h = Mul (a, half) v = Mul (h, q)"
    ),
    "Gelu by tanh": (
        "c = Pow (q, three) k = Mul (c, small) i = Add (q, k) j = Mul (i, inverse) t = Tanh (j) "
        "a = Add (t, one) h = Mul (q, half) v = Mul (h, a)"
    ),
    "Mish": "p = Softplus (q) t = Tanh (p) v = Mul (q, t)",
    "Softplus": "e = Exp (q) a = Add (e, one) v = Log (a)",
    "Softsign": "a = Abs (q) d = Add (a, one) v = Div (q, d)",
    "HardSwish of PyTorch": "h = HardSigmoid <alpha = 0.16666667> (q) v = Mul (q, h)",
    "HardSwish by Clip": (
        "a = Add (q, three) c = Clip (a, zero, six) m = Mul (q, c) v = Div (m, six)"
    ),
    "Sigmoid": "n = Neg (q) e = Exp (n) a = Add (e, one) v = Div (one, a)",
    "Tanh": ("e = Exp (q) n = Neg (q) f = Exp (n) a = Sub (e, f) d = Add (e, f) v = Div (a, d)"),
    "the larger of two": "a = Sin (q) c = Cos (q) v = Max (a, c)",
    "the sum of three": "a = Sin (q) c = Cos (q) v = Sum (a, q, c)",
}
"""As exporters decompose them."""
NUMBERS = {
    **{n: f"float {n} = {{{x}}}" for n, x in (("one", 1), ("two", 2), ("three", 3), ("seven", 7))},
    **{n: f"float {n} = {{{x}}}" for n, x in (("half", 0.5), ("six", 6), ("minus", -1))},
    **{n: f"float {n} = {{{x}}}" for n, x in (("root", 1.4142135), ("inverse", 0.70710677))},
    **{n: f"float {n} = {{{x}}}" for n, x in (("small", 0.044715), ("zero", 0))},
    "b": "float b = {6}",
    "bo": "float bo = {7}",
}


def network(body: str, scale: float, step: float):
    """The body between two quantizers."""
    proto = text(
        Q,
        body,
        f"[out] y = {QUANT} (v, so, z, bo)",
        s=f"float s = {{{scale}}}",
        so=f"float so = {{{step}}}",
        **NUMBERS,
    )
    proto.opset_import[0].version = 22
    return proto


def every_code(scale: float) -> np.ndarray:
    return (np.arange(-32, 32) * np.float32(scale)).astype(np.float32).reshape(16, 4)


@pytest.mark.parametrize("scale", [0.125, 0.11])
@pytest.mark.parametrize("step", [0.0625, 0.05])
@pytest.mark.parametrize("body", CURVES.values(), ids=CURVES)
def test_curves(body, scale, step):
    proto = network(body, scale, step)
    assert compare(proto, every_code(scale), quantize(load(proto))) <= 2


@pytest.mark.parametrize("scale", [0.125, 0.11])
@pytest.mark.parametrize("step", [0.0625, 0.05])
@pytest.mark.parametrize("body", WRITTEN_OUT.values(), ids=WRITTEN_OUT)
def test_what_is_written_out_is_one_function(body, scale, step):
    proto = network(body, scale, step)
    codings = quantize(load(proto))
    assert compare(proto, every_code(scale), codings) <= 2
    if "HardSwish" not in body and "Clip" not in body and "HardSigmoid" not in body:
        assert [type(node.op) for node in codings.graph.nodes] in ([Table], [Threshold])


def test_swish_scales_its_input():
    proto = network("v = Swish <alpha = 1.7> (q)", 0.125, 0.05)
    proto.opset_import[0].version = 24
    assert compare(proto, every_code(0.125), quantize(load(proto))) == 0
    proto = network("v = Swish <alpha = 0.0> (q)", 0.125, 0.05)
    proto.opset_import[0].version = 24
    assert compare(proto, every_code(0.125), quantize(load(proto))) <= 16


def test_functions_of_one_value_may_differ_by_channel():
    """Branches with groups of their own: a scale per channel in one, an offset in the other."""
    body = "m = Mul (q, scales) g = Sigmoid (m) a = Add (q, offsets) v = Mul (g, a)"
    more = {
        "scales": "float[4] scales = {1, 2, 1, 0.5}",
        "offsets": "float[4] offsets = {0.25, 0.25, -1, 3}",
    }
    proto = text(Q, body, f"[out] y = {QUANT} (v, s, z, b)", **more)
    rng = np.random.default_rng(0)
    assert (
        compare(proto, rng.uniform(-2, 2, (64, 4)).astype(np.float32), quantize(load(proto))) == 0
    )


@pytest.mark.parametrize("step", [0.0625, 0.05])
@pytest.mark.parametrize(
    "body",
    [
        "m = Mul (q, half) v = Sub (m, q)",
        "m = Mul (q, half) v = Sub (q, m)",
        "m = Mul (q, half) a = Add (m, three) v = Sub (a, q)",
        "m = Mul (q, half) a = Add (m, three) v = Sub (q, a)",
        "m = Mul (q, half) a = Add (m, three) v = Add (a, q)",
        "m = Mul (q, six) a = Sub (two, q) v = Sum (m, a, q)",
    ],
)
def test_sums_of_multiples_are_multiples(body, step):
    proto = network(body, 0.125, step)
    codings = quantize(load(proto))
    graph = codings.graph
    assert all(len({*node.inputs} - graph.constants.keys()) == 1 for node in graph.nodes)
    assert compare(proto, every_code(0.125), codings) <= 2


def test_rounding_alone_needs_no_table():
    proto = text(Q, "[r] y = Round (q)")
    codings = quantize(load(proto))
    (node,) = codings.graph.nodes
    assert isinstance(node.op, Quantize)
    assert compare(proto, every_code(0.25)[6:10], codings) == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "[log] v = Log (q)",
            (
                "node 'log': its input can have values for which Log is no number, such as -4; "
                "limit them before it, by a Clip, a Relu or a format without a sign"
            ),
        ),
        (
            "[root] v = Sqrt (q)",
            (
                "node 'root': its input can have values for which Sqrt is no number, such as -4; "
                "limit them before it, by a Clip, a Relu or a format without a sign"
            ),
        ),
        (
            "[ratio] a = Sin (q) v = Div (a, q)",
            (
                "node 'Div_v': its input can have values for which Div is no number, a division "
                "by 0; limit them before it, by a Clip, a Relu or a format without a sign"
            ),
        ),
        (
            "[celu] v = Celu <alpha = -1.0> (q)",
            (
                "node 'celu': operator Celu is not supported with alpha=-1.0; supported is an "
                "alpha above 0"
            ),
        ),
        (
            "[power] v = Pow (minus, q)",
            (
                "node 'power': operator Pow is not supported with the base -1; supported is a base "
                "above 0"
            ),
        ),
        (
            "[power] v = Pow (q, q)",
            (
                "node 'power': operator Pow is not supported with a base and an exponent that "
                "the model computes; supported is a constant one"
            ),
        ),
        (
            "[power] v = Pow (q, exponents)",
            (
                "node 'power': operator Pow is not supported with 4 different numbers in "
                "'exponents'; supported is one for all"
            ),
        ),
    ],
)
def test_what_is_refused(body, message):
    proto = text(
        Q,
        body,
        f"[out] y = {QUANT} (v, s, z, bo)",
        s="float s = {0.125}",
        exponents="float[4] exponents = {1, 2, 3, 4}",
        **NUMBERS,
    )
    proto.opset_import[0].version = 22
    with pytest.raises(RtlgenError) as caught:
        quantize(load(proto))
    assert str(caught.value) == message


def test_a_curve_without_a_format_is_refused():
    with pytest.raises(NotQuantized, match="output 'y': it has no fixed-point format"):
        quantize(load(text(Q, "[a] g = Sigmoid (q) y = Mul (q, g)")))


# -- which values of a float model are rounded ----------------------------------------------------


@pytest.mark.parametrize("body", WRITTEN_OUT.values(), ids=WRITTEN_OUT)
def test_only_the_ends_of_a_function_are_rounded(body):
    proto = text(f"{body.replace('q', 'x')} y = MatMul (v, w)", **NUMBERS)
    assert wanted(load(proto)) == {"x", "v", "w"}


def test_what_leaves_a_function_in_the_middle_is_rounded():
    body = "e = Exp (x) a = Add (e, one) l = Log (a) y = Mul (l, x) m = MatMul (a, w)"
    proto = text(body, **NUMBERS)
    proto.graph.output.add().name = "m"
    assert wanted(load(proto)) == {"x", "a", "w", "y"}
