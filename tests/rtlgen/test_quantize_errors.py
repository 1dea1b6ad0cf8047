"""What quantization refuses, word for word."""

from __future__ import annotations

import pytest

from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import ModelError, NotQuantized, RtlgenError, UnsupportedAttribute
from tests.rtlgen.qonnx_text import QUANT, Q, text

WIDE = "float[4, 2] w = {0.1, 0.5, -1, 2, 0.25, 1, 1, -0.5}"


@pytest.mark.parametrize(
    ("proto", "error", "message"),
    [
        (
            text("[fc] y = MatMul (x, w)"),
            NotQuantized,
            (
                "node 'fc': its input 'x' has no fixed-point format; put a Quant node before "
                "it, or "
                "give it a format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(Q, "[fc] y = MatMul (q, w)", w=WIDE),
            NotQuantized,
            (
                "node 'fc': its constant 'w' holds floats of 29 bits and has no fixed-point "
                "format; "
                "quantize the model, or give it formats: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(Q, "[curve] y = Sigmoid (q)"),
            NotQuantized,
            (
                "output 'y': it has no fixed-point format; put a Quant node before it, or give "
                "it a "
                "format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(Q, "[curve] c = Sigmoid (q)", "[fc] y = MatMul (c, w)"),
            NotQuantized,
            (
                "node 'fc': its input 'c' has no fixed-point format; put a Quant node before "
                "it, or "
                "give it a format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(
                Q,
                f"[again] r = {QUANT} (x, w4, z, b)",
                "[add] y = Add (q, r)",
                w4="float w4 = {0.5}",
            ),
            NotQuantized,
            (
                "node 'again': the input 'x' is quantized in two places; give the input a format: "
                "--config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text("[twice] d = Concat <axis = 1> (x, x)", f"[quant] y = {QUANT} (d, s, z, b)"),
            NotQuantized,
            (
                "node 'twice': its input 'x' has no fixed-point format; put a Quant node before "
                "it, or "
                "give it a format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(
                "[tile] d = Tile (x, r)",
                f"[quant] y = {QUANT} (d, s8, z, b)",
                r="int64[2] r = {1, 2}",
                s8="float[8] s8 = {1, 1, 1, 1, 2, 1, 1, 1}",
            ),
            NotQuantized,
            (
                "node 'quant': an element of the input 'x' is quantized in two ways; give the "
                "input a "
                "format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text("[part] d, e = Split <axis = 1> (x)", f"[quant] y = {QUANT} (d, s, z, b)"),
            NotQuantized,
            (
                "node 'part': Split of the input 'x', which has no format yet; give it one: "
                "--config "
                "FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(
                "[around] d = Pad (x, p)",
                f"[quant] y = {QUANT} (d, s, z, b)",
                p="int64[4] p = {0, 1, 0, 1}",
            ),
            NotQuantized,
            (
                "node 'around': Pad of the input 'x', which has no format yet; give it one: "
                "--config "
                "FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text("[cut] y = qonnx.custom_op.general.Trunc (x, s, z, b, c)", c="float c = {2}"),
            NotQuantized,
            (
                "node 'cut': Trunc needs codes, but the input 'x' has none; put a Quant node "
                "before "
                "it, or give the input a format: --config FILE or --calibrate DATA.npz"
            ),
        ),
        (
            text(
                f"[wide] q = {QUANT} (x, s, z, b)",
                "[size] a = Abs (q)",
                "[by] m = Mul (a, f)",
                f"[quant] y = {QUANT} (m, s7, z, c)",
                s7="float s7 = {0.7}",
                b="float b = {20}",
                c="float c = {8}",
                f="float[4] f = {0.7, 0.3, 0.1, 0.9}",
                s="float s = {0.3}",
            ),
            NotQuantized,
            (
                "node 'quant': between 'x' and 'y' lies a function that is not monotone; it "
                "needs a "
                "table of 4,194,304 entries, and one of at most 65,536 is built; quantize 'x' "
                "to fewer "
                "bits"
            ),
        ),
        (
            text(
                f"[quant] q = {QUANT} (x, s4, z, b)",
                "[fc] y = MatMul (q, w)",
                s4="float[4] s4 = {0.1, 1e6, 0.3, 0.7}",
            ),
            NotQuantized,
            (
                "node 'fc': the elements of 'x' have scales such as 0.1 and 0.7, which no "
                "common unit "
                "of less than 32 bits aligns; quantize it with one scale"
            ),
        ),
        (
            text(
                Q,
                "[by] a = Mul (q, f)",
                f"[other] r = {QUANT} (a, s, z, b)",
                "[more] c = Mul (r, f)",
                "[add] y = Add (c, q)",
                f="float f = {1e-7}",
            ),
            NotQuantized,
            (
                "node 'add': its inputs have the scales 1e-07 and 1, which no common unit of less "
                "than 32 bits aligns; quantize them with scales of a simple ratio"
            ),
        ),
        (
            text(
                Q,
                "[up] a = Add (q, f)",
                f"[other] r = {QUANT} (v, s, z, b)",
                "[both] y = Mul (a, r)",
                inputs="float[1, 4] x, float[1, 4] v",
                f="float f = {1e-30}",
                s="float s = {0.1}",
            ),
            NotQuantized,
            (
                "node 'both': the offset 1e-30 of 'x' is not on its grid of 0.1; quantize it "
                "without a "
                "zero point"
            ),
        ),
        (
            text(
                f"[wq] v = {QUANT} (w, s8, z, b)",
                Q,
                "[fc] y = MatMul (q, v)",
                s8="float[4, 1] s8 = {0.1, 1e6, 0.3, 0.7}",
            ),
            NotQuantized,
            (
                "node 'fc': the weights 'v' have scales that differ within one output channel and "
                "share no common unit; quantize them per output channel"
            ),
        ),
        (
            text(
                Q,
                "[third] t = Div (q, d)",
                "[around] y = Pad (t, p, v)",
                d="float d = {3}",
                p="int64[4] p = {0, 1, 0, 1}",
                v="float v = {0.1}",
            ),
            NotQuantized,
            (
                "node 'around': its padding 0.1 has no code on the grid of 'x'; quantize with a "
                "power-of-two scale before it"
            ),
        ),
        (
            text(f"[wq] y = {QUANT} (w, s, z, b)", inputs="float[1, 4] x"),
            ModelError,
            None,
        ),
        (
            text(
                Q,
                f"[other] r = {QUANT} (v, s, z, b)",
                "[div] y = Div (q, r)",
                inputs="float[1, 4] x, float[1, 4] v",
            ),
            UnsupportedAttribute,
            (
                "node 'div': operator Div is not supported with a divisor between -2 and 1.75; "
                "supported is one that is never 0: put a Clip, a Max or an Add of an epsilon "
                "before it"
            ),
        ),
        (
            text(Q, "[div] y = Div (q, d)", d="float[4] d = {1, 2, 0, 1}"),
            UnsupportedAttribute,
            (
                "node 'div': operator Div is not supported with a divisor of 0; supported is "
                "divisors "
                "other than 0"
            ),
        ),
        (
            text(Q, "[slope] y = PRelu (q, q)"),
            UnsupportedAttribute,
            (
                "node 'slope': operator PRelu is not supported with 'q', which the model computes; "
                "supported is a constant there"
            ),
        ),
        (
            text(
                Q,
                "[norm] y = BatchNormalization (q, g, g, g, v)",
                g="float[4] g = {1, 1, 1, 1}",
                v="float[4] v = {1, -1, 1, 1}",
            ),
            UnsupportedAttribute,
            (
                "node 'norm': operator BatchNormalization is not supported with a variance of "
                "-1 and "
                "epsilon=1e-05; supported is a sum of the two above zero"
            ),
        ),
    ],
)
def test_refused(proto, error, message):
    with pytest.raises(error) as caught:
        quantize(load(proto))
    assert message is None or str(caught.value) == message


def test_elements_of_a_window_that_cannot_be_compared():
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[up] a = Add (q, j)",
        "[pool] y = MaxPool <kernel_shape = [2]> (a)",
        inputs="float[1, 2, 3] x",
        s="float s = {0.3}",
        j="float[3] j = {0.1, 0.2, 0.3}",
    )
    with pytest.raises(NotQuantized) as caught:
        quantize(load(proto))
    assert str(caught.value) == (
        "node 'pool': the elements of 'x' have offsets that no common grid holds; put a Quant node "
        "before it"
    )


def test_a_window_in_the_padding():
    proto = text(
        f"[quant] q = {QUANT} (x, s, z, b)",
        "[pool] y = AveragePool <kernel_shape = [1], pads = [1, 1], strides = [1]> (q)",
        inputs="float[1, 2, 3] x",
    )
    with pytest.raises(RtlgenError) as caught:
        quantize(load(proto))
    assert str(caught.value) == (
        "node 'pool': a window lies in the padding alone, an average of nothing; choose smaller "
        "pads, or count_include_pad=1"
    )
