"""Softmax, quotients and normalizations as hardware, replayed in Verilator."""

import pytest

from rtlgen.design import Design
from rtlgen.generation import generate
from rtlgen.options import Options
from tests.rtlgen.qonnx_text import QUANT, text

NETWORKS = {
    "softmax": ("float[1, 4] x", "y = Softmax (q)"),
    "wide softmax": ("float[1, 3] x", "h = Mul (q, gain) y = Softmax (h)"),
    "log softmax": ("float[1, 3] x", "y = LogSoftmax (q)"),
    "quotient": (
        "float[1, 2] x, float[1, 2] v",
        f"r = {QUANT} (v, s, z, b) a = Abs (r) m = Add (a, one) y = Div (q, m)",
    ),
    "layer": ("float[1, 4] x", "y = LayerNormalization <epsilon = 0.1> (q, half)"),
}


def made(name: str) -> Design:
    inputs, body = NETWORKS[name]
    more = {
        "one": "float one = {1.5}",
        "half": "float half = {0.5}",
        "gain": "float[3] gain = {1.37, 0.77, 1.01}",
    }
    given = {"s": "float s = {0.03}", "b": "float b = {8}", **more}
    proto = text(f"q = {QUANT} (x, s, z, b)", body, inputs=inputs, **given)
    return generate(proto, Options(samples=200))


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_hardware(name):
    design = made(name)
    assert design.verify().samples == 200
    assert (design.proof().unproved == ()) is (name != "wide softmax")
