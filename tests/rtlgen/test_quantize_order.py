"""The largest elements behind real scales and offsets, against ONNX's reference."""

from itertools import product

import numpy as np
import onnx
import pytest

from rtlgen import Options, generate
from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import NotQuantized, ShapeError
from tests.rtlgen.models import tiny
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_expanding import check, written_out
from tests.rtlgen.test_quantize import both

W = np.array([[0.25, 0.5], [-0.25, 0], [1, -1]])
X = np.random.default_rng(0).normal(0, 1.5, (16, 2, 4))
SCALES = {
    "one": "float s = {0.25}",
    "odd": "float s = {0.3}",
    "channels": "float[2, 1] s = {0.3, 0.7}",
    "elements": "float[4] s = {0.25, 0.5, 0.3, 0.75}",
}


def network(scale, *body, zero="0", **constants):
    return text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        *body,
        inputs="float[1, 2, 4] x",
        s=SCALES[scale],
        z=f"float z = {{{zero}}}",
        two="int64[1] two = {2}",
        **constants,
    )


@pytest.mark.parametrize("zero", ["0", "3"])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(
    "body",
    [
        "[m] y = ArgMax <axis = 1> (q)",
        "[m] y = ArgMax <axis = -1, keepdims = 0> (q)",
        "[m] y = ArgMax <axis = 2, select_last_index = 1> (q)",
        "[m] y = ArgMin <axis = 2> (q)",
        "[n] n = Neg (q) [m] y = ArgMin <axis = 2, select_last_index = 1> (n)",
        "[n] n = Neg (q) [m] y = ArgMax <axis = 1> (n)",
        "[m] y, i = TopK (q, two)",
        "[m] v, y = TopK (q, two)",
        "[m] y, i = TopK <axis = 1, largest = 0> (q, two)",
        "[n] n = Neg (q) [m] v, y = TopK <largest = 0> (n, two)",
        "[m] v, i = TopK (q, two) [c] c = Cast <to = 11> (i) [a] y = Add (c, c)",
        "[m] m = ArgMax <axis = 2> (q) [c] c = Cast <to = 11> (m) [a] y = Mul (c, q)",
        "[m] y = Hardmax <axis = 1> (q)",
        "[m] y = Hardmax (q)",
    ],
)
def test_orders(body, scale, zero):
    both(network(scale, body, zero=zero), X)


@pytest.mark.parametrize("op", ["y = ArgMax <axis = 2>", "y = ArgMin <axis = 2>", "v, y = TopK"])
@pytest.mark.parametrize(
    "before",
    [
        "[r] r = Relu (q)",
        "[r] r = Clip (q, low, high)",
        "[r] r = Mul (q, k)",
        "[r] r = Abs (q)",
        "[r] r = Where (mask, q, low)",
    ],
)
def test_equal_numbers_of_different_codes_tie(op, before):
    given = "(r, two)" if "TopK" in op else "(r)"
    constants = {
        "low": "float low = {-0.5}",
        "high": "float high = {0.5}",
        "k": "float[2, 1] k = {0, 0.5}",
        "mask": "bool[2, 4] mask = {0, 0, 0, 0, 1, 0, 1, 1}",
    }
    both(network("one", before, f"[m] {op} {given}", **constants), X)


OFFSETS = {"k": "float[4] k = {0.1, 2.0, -0.7, 0.1}", "three": "float three = {3}"}
SHIFTED = "[d] d = Div (k, three) [r] r = Sub (q, d)"


@pytest.mark.parametrize("scale", ["one", "odd"])
@pytest.mark.parametrize("op", ["y = ArgMax <axis = 2>", "y = ArgMin <axis = 2>", "v, y = TopK"])
def test_offsets_that_no_grid_holds_decide_between_equal_codes(op, scale):
    given = "(r, two)" if "TopK" in op else "(r)"
    both(network(scale, SHIFTED, f"[m] {op} {given}", **OFFSETS), X)


def test_numbers_with_offsets_that_no_grid_holds_are_refused():
    with pytest.raises(NotQuantized, match="offsets that no common grid holds"):
        quantize(load(network("odd", SHIFTED, "[m] y, i = TopK (r, two)", **OFFSETS)))


@pytest.mark.parametrize("curve", ["Sigmoid", "Tanh", "Elu", "LeakyRelu", "Exp", "Softplus"])
@pytest.mark.parametrize("body", ["[m] y = ArgMax <axis = 2> (f)", "[m] v, y = TopK (f, two)"])
def test_curves_keep_the_order(curve, body):
    proto = network("odd", f"[f] f = {curve} (q)", body)
    assert "Table" not in {type(node.op).__name__ for node in quantize(load(proto)).graph.nodes}
    both(proto, X)


def test_the_largest_numbers_of_a_curve():
    body = "[f] f = Sigmoid (q) [m] v, i = TopK (f, two)"
    both(network("odd", body, f"[last] y = {QUANT} (v, t, z, b)", t="float t = {0.07}"), X)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_hardmax_is_written_out(axis):
    check(written_out(f"y = Hardmax <axis = {axis}> (x)", "float[3, 4] x", "float[3, 4] y"))


def test_an_argmax_at_the_end_needs_no_option():
    proto = tiny(
        "[fc] f = MatMul (q, w)", "[top] y = ArgMax <axis = 1> (f)", outputs="int64[1, 1] y"
    )
    design = generate(proto)
    x = np.random.default_rng(0).normal(size=(50, 1, 3))
    wanted = (np.clip(np.rint(x * 4), -8, 7) @ W).argmax(-1)
    assert design.predict(x.reshape(50, 3)).reshape(-1).tolist() == wanted.reshape(-1).tolist()
    with_logits = generate(proto, Options(logits=True))
    assert [node.name for node in with_logits.network.graph.nodes] == ["fc"]


@pytest.mark.parametrize(
    "body",
    ["[m] y = ArgMax <axis = 2> (q)", "[m] v, y = TopK (q, two)", "[m] y = Hardmax <axis = 1> (q)"],
)
def test_designs_are_proved(body):
    assert not generate(network("odd", body)).proof().unproved


@pytest.mark.parametrize("largest", [0, 1])
@pytest.mark.parametrize("last", [0, 1])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_places_in_every_row_that_there_is(count, last, largest):
    op = "ArgMax" if largest else "ArgMin"
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        f"[m] a = {op} <axis = 1, select_last_index = {last}> (q)",
        f"[t] v, y = TopK <largest = {largest}> (q, k)",
        inputs=f"float[1, {count}] x",
        s="float s = {0.3}",
        b="float b = {2}",
        k=f"int64[1] k = {{{count}}}",
    )
    proto.graph.output.extend([onnx.ValueInfoProto(name="a"), onnx.ValueInfoProto(name="v")])
    both(proto, np.array(list(product((-0.6, -0.3, 0, 0.3), repeat=count))))


def test_too_many_are_refused():
    with pytest.raises(ShapeError) as error:
        quantize(load(network("one", "[m] y, i = TopK (q, many)", many="int64[1] many = {9}")))
    assert str(error.value).startswith("node 'm': ")
