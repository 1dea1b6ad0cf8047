"""Logic on the bits of integers, against ONNX's reference."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from sim.errors import RtlgenError
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import both

X = np.random.default_rng(0).normal(0, 20, (40, 4))
KINDS = ["And", "Or", "Xor"]


def integers(body, dtype="uint8", zero=0, **constants):
    """Two QuantizeLinears to integers of this type, and what follows; the end is a float again."""
    proto = text(
        f"[first] q = {QUANT} (x, s, z, b)",
        "[qu] u = QuantizeLinear (q, s, o)",
        "[half] h = Mul (q, minus)",
        "[qv] v = QuantizeLinear (h, s, o)",
        body,
        "[last] y = Cast <to = 11> (r)",
        s="float s = {0.75}",
        b="float b = {9}",
        o=f"{dtype} o = {{{zero}}}",
        minus="float minus = {-0.625}",
        **constants,
    )
    proto.opset_import[0].version = 18
    return proto


@pytest.mark.parametrize(("dtype", "zero"), [("uint8", 0), ("uint8", 100), ("int8", 0)])
@pytest.mark.parametrize("kind", KINDS)
def test_two_values(kind, dtype, zero):
    both(integers(f"[b] r = Bitwise{kind} (u, v)", dtype, zero), X)


@pytest.mark.parametrize("constant", ["{0}", "{15}", "{-1}", "{-86}", "{1, -128, 64, 127}"])
@pytest.mark.parametrize("order", ["u, k", "k, u"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_constant(kind, order, constant):
    shape = "[4]" if "," in constant else ""
    k = f"int8{shape} k = {constant}"
    both(integers(f"[b] r = Bitwise{kind} ({order})", "int8", k=k), X)


@pytest.mark.parametrize("kind", KINDS)
def test_shapes_that_grow(kind):
    body = f"c = Transpose <perm = [1, 0]> (v) [b] r = Bitwise{kind} (u, c)"
    both(integers(body, "int8"), X)
    both(integers(f"[b] r = Bitwise{kind} (k, u)", k="uint8[3, 1] k = {1, 200, 77}"), X)


@pytest.mark.parametrize("kind", KINDS)
def test_few_integers_of_a_wide_type(kind):
    proto = text(
        f"f = {QUANT} (x, s, z, n)",
        f"q = {QUANT} (f, s, z, b)",
        f"p = {QUANT} (f, t, z, c)",
        "u = Cast <to = 7> (q) v = Cast <to = 7> (p)",
        f"[b] r = Bitwise{kind} (u, v)",
        "y = Cast <to = 11> (r)",
        s="float s = {1}",
        t="float t = {4}",
        n="float n = {9}",
        b="float b = {5}",
        c="float c = {3}",
    )
    proto.opset_import[0].version = 18
    both(proto, X)


@pytest.mark.parametrize(
    ("kind", "operand", "luts"),
    [("And", "v", 32), ("Xor", "v", 32), ("And", "k", 0), ("Or", "k", 0)],
)
def test_a_gate_for_each_bit(kind, operand, luts):
    """Four elements of eight bits; a constant needs none, for ``0 * x`` and ``0 + x`` do not."""
    proto = text(
        "[b] r = Bitwise" + f"{kind} (x, {operand})",
        "[last] y = Cast <to = 1> (r)",
        inputs="uint8[1, 4] x, uint8[1, 4] v",
        k="uint8 k = {170}",
    )
    proto.opset_import[0].version = 18
    if operand == "k":
        del proto.graph.input[1]
    made = generate(proto, Options(stages=0))
    assert made.proof().unproved == ()
    assert made.report().luts == luts


def test_what_is_between_integers_is_refused():
    proto = text(
        "[b] r = BitwiseAnd (x, k)",
        "y = Cast <to = 1> (r)",
        inputs="int32[1, 4] x",
        k="int32 k = {170}",
    )
    proto.opset_import[0].version = 18
    with pytest.raises(RtlgenError) as error:
        generate(proto, Options(config={"formats": {"x": "s8 e-1"}}))
    assert str(error.value) == (
        "node 'b': operator BitwiseAnd is not supported with 'x', which may be between integers; "
        "supported is integers"
    )


def test_calibrated_with_the_rest():
    """The float network has them, too."""
    proto = text(
        "u = QuantizeLinear (x, s, o)",
        "n = BitwiseNot (u) m = BitwiseAnd (u, k) c = BitwiseOr (m, k2) r = BitwiseXor (n, c)",
        "y = Cast <to = 1> (r)",
        s="float s = {0.25}",
        o="uint8 o = {128}",
        k="uint8 k = {60}",
        k2="uint8 k2 = {1}",
    )
    proto.opset_import[0].version = 18
    x = np.rint(X * 8) / 8
    formats = {"formats": {"x": "s12 e-3"}}
    made = generate(proto, Options(calibrate={"x": x}, config=formats))
    want = [ReferenceEvaluator(proto).run(None, {"x": row[None].astype(np.float32)}) for row in x]
    np.testing.assert_array_equal(made.predict(x), np.concatenate([y for (y,) in want]))
