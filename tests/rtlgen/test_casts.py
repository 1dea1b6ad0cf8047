"""Casts on the way of the data, against qonnx and ONNX's reference."""

import numpy as np
import pytest

from rtlgen.frontend import load
from rtlgen.quantize import quantize
from sim.errors import NotQuantized, UnsupportedAttribute
from tests.rtlgen.qonnx_text import QUANT, Q, text
from tests.rtlgen.test_quantize import both, predict

X = np.random.default_rng(0).normal(0, 1.5, (40, 4))


@pytest.mark.parametrize("to", [3, 5, 6, 7], ids=["int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("scale", ["0.25", "0.3", "1"])
@pytest.mark.parametrize("before", ["", "Relu", "Neg", "Sigmoid"])
def test_to_integers(before, scale, to):
    body = [f"[op] a = {before} (q)"] if before else ["[op] a = Identity (q)"]
    proto = text(
        Q,
        *body,
        f"[cut] i = Cast <to = {to}> (a)",
        "[back] f = Cast <to = 1> (i)",
        f"[again] y = {QUANT} (f, t, z, b)",
        s=f"float s = {{{scale}}}",
        t="float t = {0.5}",
    )
    both(proto, X)


def test_cut_toward_zero():
    proto = text(Q, "[cut] y = Cast <to = 6> (q)", inputs="float[1, 16] x")
    y = predict(quantize(load(proto)), np.arange(-8, 8)[None] / 4)["y"]
    wanted = [-2, *4 * [-1], *7 * [0], *4 * [1]]
    assert y.reshape(-1).tolist() == wanted


@pytest.mark.parametrize("scale", ["0.25", "0.3"])
def test_to_truth_values(scale):
    proto = text(
        Q,
        "[cut] t = Cast <to = 9> (q)",
        "[back] y = Cast <to = 1> (t)",
        s=f"float s = {{{scale}}}",
    )
    both(proto, X)


def test_to_fewer_integers_that_suffice():
    proto = text(
        Q,
        "[cut] i = Cast <to = 7> (q)",
        "[less] j = Cast <to = 3> (i)",
        "[back] y = Cast <to = 1> (j)",
        s="float s = {1}",
    )
    both(proto, X)


def test_to_the_type_of_another_value():
    proto = text(
        Q,
        "[cut] i = CastLike (q, like)",
        "[back] y = Cast <to = 1> (i)",
        like="int32 like = {0}",
    )
    assert [node.op_type for node in load(proto).nodes] == ["Quant", "Cast"]
    both(proto, X)


@pytest.mark.parametrize(
    ("to", "scale", "text_"),
    [
        (2, "1", "numbers from -8 to 7; supported is what the type holds, 0 to 255"),
        (3, "30", "numbers from -240 to 210; supported is what the type holds, -128 to 127"),
    ],
)
def test_numbers_that_the_type_does_not_hold(to, scale, text_):
    proto = text(Q, f"[cut] y = Cast <to = {to}> (q)", s=f"float s = {{{scale}}}")
    with pytest.raises(UnsupportedAttribute) as error:
        quantize(load(proto))
    assert str(error.value) == f"node 'cut': operator Cast is not supported with {text_}"


def test_an_input_needs_a_format():
    with pytest.raises(NotQuantized) as error:
        quantize(load(text("[cut] y = Cast <to = 6> (x)")))
    assert str(error.value) == (
        "node 'cut': its input 'x' has no fixed-point format; put a Quant node before it, or give "
        "it a format: --config FILE or --calibrate DATA.npz"
    )
