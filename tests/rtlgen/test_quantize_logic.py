"""Comparisons, logic and choices behind real scales and offsets, against ONNX's reference."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import ModelError, NotQuantized
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import both, predict

X = np.random.default_rng(0).normal(0, 1.5, (16, 2, 4))
SCALES = {
    "one": "float s = {0.25}",
    "odd": "float s = {0.3}",
    "channels": "float[2, 1] s = {0.3, 0.7}",
    "elements": "float[4] s = {0.25, 0.5, 0.3, 0.75}",
}
COMPARISONS = ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")


def network(scale, *body, zero="0", **constants):
    """A quantizer, a rough one behind it, and what follows."""
    return text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[less] o = Sub (q, j)",
        f"[rough] p = {QUANT} (o, r, z, b)",
        *body,
        inputs="float[1, 2, 4] x",
        s=SCALES[scale],
        z=f"float z = {{{zero}}}",
        r="float r = {0.5}",
        j="float j = {0.37}",
        **constants,
    )


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("op", COMPARISONS)
@pytest.mark.parametrize(
    ("pair", "constant"),
    [
        ("(q, k)", "float k = {0.75}"),
        ("(k, q)", "float k = {0.3}"),
        ("(q, k)", "float[2, 1] k = {-0.5, 0.6}"),
        ("(k, q)", "float[3, 1, 1] k = {0, 100, -100}"),
    ],
)
def test_comparisons_with_constants(op, pair, constant, scale, zero):
    both(network(scale, f"[c] y = {op} {pair}", zero=zero, k=constant), X)


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("op", COMPARISONS)
@pytest.mark.parametrize(
    "body",
    [
        "[c] y = {} (q, p)",
        "[n] n = Neg (q) [c] y = {} (n, p)",
        "[t] t = Transpose <perm = [1, 0, 2]> (q) [c] y = {} (q, t)",
        "[a] a = Relu (q) [c] y = {} (a, q)",
        "[a] a = Add (q, half) [c] y = {} (a, q)",
    ],
)
def test_comparisons_of_two_values(op, body, zero):
    both(network("one", body.format(op), zero=zero, half="float half = {0.75}"), X)


@pytest.mark.parametrize("op", COMPARISONS)
def test_comparisons_of_two_values_with_one_scale(op):
    both(network("odd", "[t] t = Transpose <perm = [1, 0, 2]> (q)", f"[c] y = {op} (q, t)"), X)


@pytest.mark.parametrize("op", COMPARISONS)
@pytest.mark.parametrize("curve", ["Sigmoid", "Tanh", "Relu", "Abs", "LeakyRelu"])
def test_comparisons_behind_curves(op, curve):
    k = "float k = {0.45}"
    both(network("odd", f"[f] f = {curve} (q)", f"[c] y = {op} (f, k)", k=k), X)


LOGIC = (
    "[n] y = Not (u)",
    "[a] y = And (u, v)",
    "[a] y = Or (u, v)",
    "[a] y = Xor (u, v)",
    "[a] y = Equal (u, v)",
    "[n] n = Not (u) [a] y = And (n, v)",
    "[n] n = Not (u) [o] o2 = Not (v) [a] y = Or (n, o2)",
    "[n] n = Not (u) [a] y = Xor (v, n)",
    "[a] y = And (u, m)",
    "[a] y = Or (m, u)",
    "[a] y = Xor (u, m)",
    "[a] a = And (u, m) [o] y = Or (a, v)",
    "[w] y = Where (u, q, p)",
    "[n] n = Not (u) [w] y = Where (n, p, q)",
    "[w] y = Where (u, q, none)",
    "[w] y = Where (u, k, q)",
    "[w] y = Where (u, k, h)",
    "[w] y = Where (m, q, k)",
    "[w] y = Where (m, h, q)",
    "[w] y = Where (m, q, p)",
    "[w] y = Where (u, wide, p)",
    "[n] n = Where (u, k, h) [w] y = Mul (n, p)",
    "[c] c = Cast <to = 11> (u) [w] y = Mul (c, q)",
)


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("scale", ["one", "odd"])
@pytest.mark.parametrize("body", LOGIC)
def test_logic_and_choices(body, scale, zero):
    body = body.replace("p)", "q)") if scale == "odd" else body
    proto = network(
        scale,
        "[u] u = Greater (q, k)",
        "[v] v = LessOrEqual (q, h)",
        body,
        zero=zero,
        k="float[2, 1] k = {-0.5, 0.75}" if scale == "one" else "float k = {0}",
        h="float h = {0.5}" if scale == "one" else "float h = {0}",
        none="float none = {0}",
        wide="float[2, 2, 1] wide = {0, 0, 0, 0}",
        m="bool[4] m = {1, 0, 0, 1}",
    )
    both(proto, X)


def test_masked_with_a_number_of_many_bits():
    proto = network(
        "odd",
        "[w] c = Where (m, q, k)",
        f"[last] y = {QUANT} (c, s, z, b)",
        m="bool[4] m = {1, 0, 0, 1}",
        k="float k = {-1000000001.3}",
    )
    both(proto, X)


@pytest.mark.parametrize("op", ["IsNaN", "IsInf"])
def test_no_number_is_none(op):
    both(network("odd", f"[i] i = {op} (q)", "[w] y = Where (i, k, q)", k="float k = {7}"), X)


def test_an_input_of_booleans_has_them_at_its_port():
    proto = network("one", "[w] y = Where (u, q, p)")
    proto.graph.input.append(proto.graph.input[0])
    proto.graph.input[1].name = "u"
    proto.graph.input[1].type.tensor_type.elem_type = 9
    u = np.array([[0, 1, 1, 0], [1, 0, 0, 1]])
    codings = quantize(load(proto))
    assert codings.graph.inputs["u"].interval(0) == (0, 1, 0)
    (y,) = predict(codings, {"x": np.ones((1, 2, 4)) * 10, "u": u[None].astype(float)}).values()
    assert y.tolist() == [[np.where(u, 1.75, 1.5).tolist()]]


@pytest.mark.parametrize("sign", ["Neg", "Identity"])
@pytest.mark.parametrize("op", COMPARISONS)
def test_unlike_scales_are_compared_by_the_simplest_ratio(op, sign):
    proto = network(
        "odd",
        f"[n] n = {sign} (q)",
        f"[other] o2 = {QUANT} (n, t, z, b)",
        "[m] m = Mul (q, q)",
        f"[c] c = {op} (q, o2)",
        f"[d] d = {op} (o2, m)",
        "[e] y = And (c, d)",
        t="float t = {0.47}",
    )
    both(proto, X)
    graph = quantize(load(proto)).graph
    factors = [c.magnitude for name, c in graph.constants.items() if "scale" in name]
    assert 1 < max(factors) < 256


@pytest.mark.parametrize(
    "body",
    [
        "[g] g = Greater (c, h) [w] y = Where (g, q, h)",
        "[g] g = LessOrEqual (q, c) [w] y = Where (g, c, q)",
        "[g] g = Less (c, h) [u] u = Less (q, h) [a] y = And (u, g)",
        "[g] g = Equal (h, c) [n] n = Not (g) [a] y = Where (n, q, p)",
    ],
)
def test_constants_that_a_quantizer_rounds(body):
    k = "float[4] k = {0.3, -0.2, 1, 0}"
    both(network("one", f"[kq] c = {QUANT} (k, s, z, b)", body, k=k, h="float h = {0.25}"), X)


def test_truth_values_may_be_called_numbers():
    body = "[g] g = Greater (q, p) [c] y = Cast <to = 11> (g) [w] v = Where (g, q, p)"
    proto = network("one", body)
    proto.graph.output.append(onnx.ValueInfoProto(name="v"))
    both(proto, X)


@pytest.mark.parametrize(
    ("body", "what"), [("And (q, q)", "And"), ("Not (q)", "Not"), ("Where (q, p, q)", "Where")]
)
def test_numbers_are_no_truth_values(body, what):
    with pytest.raises(ModelError) as error:
        quantize(load(network("one", f"[a] y = {body}")))
    assert str(error.value) == (
        f"node 'a': {what} takes truth values, but 'q' is float32; cast it to bool before it"
    )


def test_what_no_unit_aligns_is_refused():
    proto = network("channels", "[m] m = Mul (q, q)", "[c] y = Greater (m, p)")
    with pytest.raises(NotQuantized) as error:
        quantize(load(proto))
    assert str(error.value) == (
        "node 'c': its inputs have the scales 1 and 0.09, which no common unit of less than "
        "32 bits aligns; quantize them with scales of a simple ratio"
    )


@pytest.mark.parametrize(
    "body",
    ["[c] y = Equal (q, k)", "[c] y = Less (q, t)", "[c] c = Less (q, t) [w] y = Where (c, q, t)"],
)
def test_designs_are_proved(body):
    turned = "[t] t = Transpose <perm = [1, 0, 2]> (q)"
    design = generate(network("odd", turned, body, k="float k = {0.6}"))
    assert not design.proof().unproved


def test_truth_values_and_places_are_calibrated_with_the_rest():
    proto = text(
        "[fc] h = MatMul (x, w)",
        "[mean] m = ReduceMean <keepdims = 1> (h)",
        "[above] g = Greater (h, m)",
        "[real] c = Cast <to = 1> (g)",
        "[fc2] p = MatMul (c, w2)",
        "[mix] q = Where (g, h, p)",
        "[best] y = ArgMax <axis = 1> (q)",
        w="float[4, 3] w = {0.3, 0.5, -0.2, 0.7, 0.11, 0.9, -0.6, 0.4, 0.3, -0.8, 0.2, 0.1}",
        w2="float[3, 3] w2 = {0.3, 0.5, -0.2, 0.7, 0.11, 0.9, -0.6, 0.4, 0.3}",
        output="int64[1, 1] y",
    )
    x = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    design = generate(proto, Options(calibrate={"x": x}))
    assert set(design.network.codings.formats) == {"x", "w", "w2"}  # the rest is exact
    reference = ReferenceEvaluator(proto)
    wanted = [reference.run(None, {"x": row[None]})[0].item() for row in x]
    assert design.predict(x).reshape(-1).tolist() == wanted
