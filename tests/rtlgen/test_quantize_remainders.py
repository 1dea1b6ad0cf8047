"""Remainders, shifts and bits of integers, against ONNX's reference."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from rtlgen import Options, generate
from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import RtlgenError
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import both

X = np.random.default_rng(0).normal(0, 4, (40, 4))


def integers(body, dtype="uint8", scale="0.3", **constants):
    """A QuantizeLinear to integers of this type, and what follows; the end is a float again."""
    return text(
        "[quant] u = QuantizeLinear (x, s, o)",
        body,
        "[last] y = Cast <to = 11> (r)",
        s=f"float s = {{{scale}}}",
        o=f"{dtype} o = {{{3 if dtype == 'uint8' else 0}}}",
        **constants,
    )


@pytest.mark.parametrize("divisor", ["{3}", "{8}", "{1}", "{100}", "{1, 2, 5, 16}"])
@pytest.mark.parametrize("dtype", ["uint8", "int8"])
@pytest.mark.parametrize("fmod", [0, 1])
def test_remainders_of_integers(dtype, divisor, fmod):
    shape = "[4]" if "," in divisor else ""
    k = f"{dtype}{shape} k = {divisor}"
    both(integers(f"[m] r = Mod <fmod = {fmod}> (u, k)", dtype, k=k), X)


@pytest.mark.parametrize("divisor", ["{-3}", "{-8}", "{-3, 5, 2, -1}"])
@pytest.mark.parametrize("fmod", [0, 1])
def test_negative_divisors(divisor, fmod):
    shape = "[4]" if "," in divisor else ""
    k = f"int8{shape} k = {divisor}"
    both(integers(f"[m] r = Mod <fmod = {fmod}> (u, k)", "int8", k=k), X)


@pytest.mark.parametrize("scale", ["0.25", "0.375"])
@pytest.mark.parametrize("divisor", ["0.5", "0.75", "1.125", "-2", "100"])
@pytest.mark.parametrize("fmod", [0, 1])
def test_remainders_of_numbers(fmod, scale, divisor):
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        f"[m] y = Mod <fmod = {fmod}> (q, k)",
        s=f"float s = {{{scale}}}",
        b="float b = {6}",
        k=f"float k = {{{divisor}}}",
    )
    both(proto, X)


@pytest.mark.parametrize("offset", ["0.25", "-1.625", "0.3", "9"])
@pytest.mark.parametrize("divisor", ["0.75", "-2", "0.7"])
@pytest.mark.parametrize("fmod", [0, 1])
def test_remainders_of_numbers_with_an_offset(fmod, divisor, offset):
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[add] a = Add (q, o)",
        f"[m] y = Mod <fmod = {fmod}> (a, k)",
        s="float s = {0.375}",
        b="float b = {6}",
        k=f"float k = {{{divisor}}}",
        o=f"float o = {{{offset}}}",
    )
    both(proto, X)


@pytest.mark.parametrize("amount", ["{0}", "{1}", "{3}", "{0, 1, 2, 7}", "{9}"])
def test_shifts_to_the_right(amount):
    shape = "[4]" if "," in amount else ""
    k = f"uint8{shape} k = {amount}"
    both(integers('[b] r = BitShift <direction = "RIGHT"> (u, k)', k=k), X)


def test_shifts_to_the_left():
    body = (
        '[b] c = BitShift <direction = "RIGHT"> (u, k) [c] r = BitShift <direction = "LEFT"> (c, k)'
    )
    both(integers(body, k="uint8[4] k = {1, 2, 3, 4}"), X)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_bits_turned_round(dtype):
    proto = integers("[b] r = BitwiseNot (u)", dtype)
    proto.opset_import[0].version = 18
    both(proto, X)


@pytest.mark.parametrize(
    ("body", "constant", "what", "supported"),
    [
        (
            '[b] r = BitShift <direction = "LEFT"> (u, k)',
            "uint8 k = {1}",
            "BitShift is not supported with results from 0 to 510, which lose bits of their type",
            "results from 0 to 255",
        ),
        (
            '[b] r = BitShift <direction = "RIGHT"> (u, k)',
            "int8[4] k = {1, -2, 0, 3}",
            "BitShift is not supported with a shift by -2",
            "shifts by 0 bits or more",
        ),
        (
            "[b] r = Mod (u, k)",
            "uint8 k = {0}",
            "Mod is not supported with a divisor of 0",
            "divisors other than 0",
        ),
        (
            "[b] r = Mod (u, u)",
            "uint8 k = {0}",
            "Mod is not supported with 'u', which the model computes",
            "a constant there",
        ),
        (
            '[b] r = BitShift <direction = "RIGHT"> (k, u)',
            "uint8 k = {9}",
            "BitShift is not supported with 'u', which the model computes",
            "a constant there",
        ),
    ],
)
def test_refusals(body, constant, what, supported):
    with pytest.raises(RtlgenError) as error:
        quantize(load(integers(body, k=constant)))
    assert str(error.value) == f"node 'b': operator {what}; supported is {supported}"


def test_calibrated_with_the_rest():
    body = '[b] a = BitShift <direction = "RIGHT"> (u, k) [m] m = Mod (a, t) [n] r = BitwiseNot (m)'
    proto = integers(body, k="uint8 k = {1}", t="uint8 t = {5}")
    proto.opset_import[0].version = 18
    design = generate(proto, Options(calibrate={"x": X.astype(np.float32)}))
    reference = ReferenceEvaluator(proto)
    wanted = [reference.run(None, {"x": x[None].astype(np.float32)})[0][0].tolist() for x in X]
    assert design.predict(X).reshape(-1, 4).tolist() == wanted


@pytest.mark.parametrize("divisor", [3, 8])
def test_designs_are_proved(divisor):
    design = generate(integers("[m] r = Mod (u, k)", k=f"uint8 k = {{{divisor}}}"))
    assert not design.proof().unproved
