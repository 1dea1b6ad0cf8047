"""Quotients of computed numbers stay within the bounds that they state."""

import numpy as np
import pytest

from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import NotQuantized, UnsupportedAttribute
from tests.rtlgen.qonnx_text import QUANT, text
from tests.rtlgen.test_quantize import predict

CONSTANTS = {
    "b": "float b4 = {4}",
    "sb": "float sb = {0.3}",
    "bits": "float bits = {12}",
    "wide": "float wide = {24}",
    "sw": "float sw = {0.001}",
    "half": "float half = {0.5}",
    "third": "float third = {0.33333334}",
    "up": "float[2, 1] up = {3, 1}",
    "k": "float[4] k = {1, -2, 0.3, 5}",
}
A = f"[qa] a = {QUANT} (x, sb, z, bits)"
B = f"[qb] b = {QUANT} (v, sw, z, wide)"


def numbers(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    size = 10.0 ** random.uniform(-3, 3, (400, 4))
    a = np.rint(random.normal(0, 100, (400, 4)) / np.float32(0.3)).clip(-2048, 2047)
    b = np.rint(size / np.float32(0.001)).clip(-(2**23), 2**23 - 1)
    return {"x": a * np.float64(np.float32(0.3)), "v": b * np.float64(np.float32(0.001))}


def divided(*body: str, inputs: str = "float[1, 4] x, float[1, 4] v"):
    return quantize(load(text(A, B, *body, inputs=inputs, **CONSTANTS)))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seed", range(3))
def test_a_quotient_is_within_its_relative_bound(sign, seed):
    end = "c = Max (b, half)" if sign > 0 else "n = Neg (b) h = Neg (half) c = Min (n, h)"
    feeds = numbers(seed)
    got = predict(divided(end, "y = Div (a, c)"), feeds)["y"].reshape(-1, 4)
    exact = feeds["x"] / (sign * np.maximum(feeds["v"], 0.5))
    assert (np.abs(got - exact) <= np.abs(exact) * 2.0**-16).all()


@pytest.mark.parametrize(
    ("last", "dividend"),
    [
        ("Div (k, c)", [1, -2, np.float32(0.3), 5]),
        ("Reciprocal (c)", 1),
        ("Div (up, c)", [[3], [1]]),
    ],
)
def test_constants_over_wide_numbers(last, dividend):
    feeds = numbers()
    codings = divided("c = Max (b, third)", f"y = {last}")
    exact = dividend / np.maximum(feeds["v"], np.float32(0.33333334))[:, None]
    got = predict(codings, feeds)["y"]
    assert (np.abs(got - exact) <= np.abs(exact) * 2.0**-16).all()


@pytest.mark.parametrize("bits", [4, 8, 12, 16])
@pytest.mark.parametrize("scale", [0.125, 0.01, 3.0])
def test_a_rounded_quotient_is_within_a_step(bits, scale):
    """Half a step is from the rounding, a quarter from what is rounded."""
    feeds = numbers()
    given = {"q": f"float q = {{{scale}}}", "n": f"float n = {{{bits}}}"}
    body = ["c = Max (b, half)", "d = Div (a, c)", f"[last] y = {QUANT} (d, q, z, n)"]
    inputs = "float[1, 4] x, float[1, 4] v"
    codings = quantize(load(text(A, B, *body, inputs=inputs, **CONSTANTS, **given)))
    step, top = np.float64(np.float32(scale)), 2 ** (bits - 1)
    exact = np.clip(feeds["x"] / np.maximum(feeds["v"], 0.5), -top * step, (top - 1) * step)
    got = predict(codings, feeds)["y"].reshape(-1, 4)
    assert np.abs(got - exact).max() <= 0.75 * step * (1 + 1e-12)


@pytest.mark.parametrize("eps", ["0.001", "0.5", "3.1"])
def test_a_root_below_is_one_function(eps):
    feeds = numbers()
    codings = divided(
        "c = Relu (b)",
        f"e = Constant <value = float {{{eps}}}> ()",
        "d = Add (c, e)",
        "r = Sqrt (d)",
        "y = Div (a, r)",
    )
    exact = feeds["x"] / np.sqrt(np.maximum(feeds["v"], 0) + np.float64(np.float32(float(eps))))
    got = predict(codings, feeds)["y"].reshape(-1, 4)
    assert (np.abs(got - exact) <= np.abs(exact) * 2.0**-16).all()


REFUSED = {
    "between": (
        ("[ratio] y = Div (a, b)",),
        (
            "node 'ratio': operator Div is not supported with a divisor between -8388.61 and "
            "8388.61; supported is one that is never 0: put a Clip, a Max or an Add of an epsilon "
            "before it"
        ),
    ),
    "zero": (
        ("c = Relu (b)", "[ratio] y = Div (a, c)"),
        (
            "node 'ratio': operator Div is not supported with a divisor between 0 and 8388.61; "
            "supported is one that is never 0: put a Clip, a Max or an Add of an epsilon before it"
        ),
    ),
    "root": (
        ("r = Sqrt (b)", "[ratio] y = Div (a, r)"),
        (
            "node 'ratio': operator Div is not supported with a divisor between -8388.61 and "
            "8388.61; supported is one that is never 0: put a Clip, a Max or an Add of an epsilon "
            "before it"
        ),
    ),
    "bits": (
        ("c = Max (b, half)", "[d] d = Div (a, c)", f"[last] y = {QUANT} (d, sw, z, m)"),
        (
            "node 'd': operator Div is not supported with quotients of 40 bits; supported is "
            "formats of at most 24 bits"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    body, message = REFUSED[case]
    constants = {**CONSTANTS, "m": "float m = {40}"}
    with pytest.raises(UnsupportedAttribute) as caught:
        quantize(load(text(A, B, *body, inputs="float[1, 4] x, float[1, 4] v", **constants)))
    assert str(caught.value) == message


def test_a_divisor_without_a_format():
    body = ["t = Sigmoid (b)", "[ratio] y = Div (a, t)"]
    with pytest.raises(NotQuantized) as caught:
        quantize(load(text(A, B, *body, inputs="float[1, 4] x, float[1, 4] v", **CONSTANTS)))
    assert str(caught.value) == (
        "node 'ratio': its input 't' has no fixed-point format; put a Quant node before it, or "
        "give it a format: --config FILE or --calibrate DATA.npz"
    )
