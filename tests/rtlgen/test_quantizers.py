"""Quantizers against qonnx's own functions, and the settings that are refused."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.intquant import int_quant
from qonnx.custom_op.general.trunc import trunc_v1, trunc_v2

from kernels.base import OnnxNode
from rtlgen.bounds import codes
from rtlgen.quantizers import Quantizer, read
from rtlgen.rationals import exact
from rtlgen.scaled import Scaled, before
from sim.errors import ShapeError, UnsupportedAttribute, UnsupportedOperator
from sim.fixed import Fixed

DOMAIN = "qonnx.custom_op.general"
MODES = ("ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN")
X = np.concatenate([np.arange(-80, 81) / 16, [1e6, -1e6]])


def node(op_type="Quant", *parameters, **attributes) -> OnnxNode:
    names = [f"p{i}" for i in range(len(parameters))]
    arrays = {n: np.asarray(p, float) for n, p in zip(names, parameters, strict=True)}
    return OnnxNode("quant", op_type, ("x", *names), ("y",), attributes, arrays, DOMAIN)


def results(quantizer: Quantizer, x) -> np.ndarray:
    """The real numbers that a quantizer gives, in float64."""
    fine = before(quantizer, Scaled("", None, np.zeros(x.shape, int)))
    found = codes(fine.steps, x, fine.group)
    assert quantizer.codes.lo <= found.min()
    assert found.max() <= quantizer.codes.hi
    return (found * quantizer.factor + quantizer.offset).astype(float)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("width", [1, 2, 5])
def test_quant(mode, width):
    for signed, narrow, zero, scale in product((0, 1), (0, 1), (0, 3, -2), (0.25, 0.5, 2.0)):
        quant = node("Quant", scale, zero, width, signed=signed, narrow=narrow, rounding_mode=mode)
        want = int_quant(X, np.float64(scale), float(zero), np.float64(width), signed, narrow, mode)
        np.testing.assert_array_equal(results(read(quant), X), want)


@pytest.mark.parametrize("mode", ["round", "Half_Even", "floor"])
def test_modes_in_any_case(mode):
    quant = node("IntQuant", 0.5, 0, 4, signed=1, narrow=0, rounding_mode=mode)
    want = int_quant(X, np.float64(0.5), 0.0, np.float64(4), 1, 0, mode)
    np.testing.assert_array_equal(results(read(quant), X), want)


def test_bipolar():
    np.testing.assert_array_equal(
        results(read(node("BipolarQuant", 0.75)), X), binary_quant(X, 0.75)
    )


@pytest.mark.parametrize("mode", ["FLOOR", "ROUND", "CEIL", "UP", "DOWN", "HALF_UP", "HALF_DOWN"])
def test_trunc(mode):
    first = node("Trunc", 0.25, 0, 8, 5, rounding_mode=mode)
    np.testing.assert_array_equal(results(read(first), X), trunc_v1(X, 0.25, 0.0, 8.0, 5.0, mode))
    for signed, narrow, drop in product((0, 1), (0, 1), range(4)):
        modes = {"rounding_mode": mode, "signed": signed, "narrow": narrow}
        second = node("Trunc", 0.25, 0, 8, 0.25 * 2**drop, 5, **modes)
        scale = np.float64(0.25 * 2**drop)
        want = trunc_v2(X, 0.25, 0.0, 8.0, narrow, signed, scale, np.float64(5), mode)
        np.testing.assert_array_equal(results(read(second), X), want)


@pytest.mark.parametrize(
    ("scale", "simple", "exponents"),
    [
        (0.25, True, [-2]),
        ([0.5, 0.125], True, [-1, -3]),
        ([0.5, 0.3], False, [0]),
        (0.3, False, [0]),
    ],
)
def test_powers_of_two_need_no_factor(scale, simple, exponents):
    quantizer = read(node("Quant", scale, 0, 4))
    assert quantizer.simple is simple
    assert quantizer.exponents.tolist() == exponents
    assert not read(node("Quant", scale, 1, 4)).simple
    assert not read(node("BipolarQuant", scale)).simple


QUANT = "node 'quant': operator Quant is not supported with "


@pytest.mark.parametrize(
    ("quant", "message"),
    [
        (node("Quant", 0.0, 0, 4), "a scale of 0.0; supported is scales above zero"),
        (node("Quant", [1, -0.5], 0, 4), "a scale of -0.5; supported is scales above zero"),
        (node("Quant", np.nan, 0, 4), "a scale that is not finite; supported is a finite scale"),
        (
            node("Quant", [1, np.inf], 0, 4),
            "a scale that is not finite; supported is a finite scale",
        ),
        (node("Quant", [], 0, 4), "no scale; supported is a constant scale at input 1"),
        (node("Quant", 1), "no zero point; supported is a constant zero point at input 2"),
        (
            node("Quant", 1, 0.5, 4),
            "a zero point of 0.5; supported is zero points that are integers",
        ),
        (
            node("Quant", 1, np.nan, 4),
            "a zero point that is not finite; supported is a finite zero point",
        ),
        (node("Quant", 1, 0, 0), "a bit width of 0; supported is one integer from 1 to 62"),
        (node("Quant", 1, 0, -3), "a bit width of -3; supported is one integer from 1 to 62"),
        (node("Quant", 1, 0, 63), "a bit width of 63; supported is one integer from 1 to 62"),
        (node("Quant", 1, 0, 2.5), "a bit width of 2.5; supported is one integer from 1 to 62"),
        (node("Quant", 1, 0, [4, 5]), "a bit width of 4, 5; supported is one integer from 1 to 62"),
        (
            node("Quant", 1, 0, np.inf),
            "a bit width that is not finite; supported is a finite bit width",
        ),
        (
            node("Quant", 1, 0, 4, rounding_mode="NEAREST"),
            (
                "rounding_mode='NEAREST'; supported is CEIL, DOWN, FLOOR, HALF_DOWN, HALF_EVEN, "
                "HALF_UP, "
                "ROUND, UP"
            ),
        ),
        (node("Quant", 1, 0, 4, signed=2), "signed=2; supported is 0 or 1"),
        (node("Quant", 1, 0, 4, narrow=-1), "narrow=-1; supported is 0 or 1"),
        (
            node("Quant", 1, 0, 4, extra=1),
            "attribute extra=1; supported are signed, narrow, rounding_mode",
        ),
    ],
)
def test_refused(quant, message):
    with pytest.raises(UnsupportedAttribute) as caught:
        read(quant)
    assert str(caught.value) == QUANT + message


@pytest.mark.parametrize(
    ("quant", "message"),
    [
        (
            node("BipolarQuant", 1, signed=1),
            (
                "node 'quant': operator BipolarQuant is not supported with attribute signed=1; "
                "supported "
                "are none"
            ),
        ),
        (
            node("Trunc", 1, 1, 8, 4),
            (
                "node 'quant': operator Trunc is not supported with a zero point of 1; "
                "supported is a "
                "zero point of 0"
            ),
        ),
        (
            node("Trunc", 1, 0, 8, 3, 4),
            (
                "node 'quant': operator Trunc is not supported with a scale of 1, an output "
                "scale of 3 "
                "and None bits to drop; supported is one output scale that is a power of two, "
                "at least "
                "one, times one scale"
            ),
        ),
        (
            node("Trunc", 1, 0, 4, 8),
            (
                "node 'quant': operator Trunc is not supported with a scale of 1, an output "
                "scale of 1 "
                "and -4 bits to drop; supported is one output scale that is a power of two, at "
                "least one, "
                "times one scale"
            ),
        ),
        (
            node("Trunc", [1, 2], 0, 8, 4),
            (
                "node 'quant': operator Trunc is not supported with a scale of 2 numbers, an "
                "output scale "
                "of 2 numbers and 4 bits to drop; supported is one output scale that is a power "
                "of two, "
                "at least one, times one scale"
            ),
        ),
    ],
)
def test_refused_operators(quant, message):
    with pytest.raises(UnsupportedAttribute) as caught:
        read(quant)
    assert str(caught.value) == message


def test_unknown():
    with pytest.raises(UnsupportedOperator) as caught:
        read(node("FloatQuant", 1))
    assert str(caught.value) == (
        "node 'quant': quantizer FloatQuant is not supported; supported are BipolarQuant, "
        "IntQuant, MultiThreshold, Quant, Trunc"
    )


@pytest.mark.parametrize(
    ("scale", "zero", "data", "message"),
    [
        ([1, 2, 3], 0, (1, 4), "a scale of shape [3] does not fit data of shape [1, 4]"),
        ([[1], [2]], 0, (1, 4), "a scale of shape [2, 1] does not fit data of shape [1, 4]"),
        ([[[1]]], 0, (1, 4), "a scale of shape [1, 1, 1] does not fit data of shape [1, 4]"),
        (1, [1, 2], (1, 4), "a zero point of shape [2] does not fit data of shape [1, 4]"),
    ],
)
def test_shapes(scale, zero, data, message):
    with pytest.raises(ShapeError) as caught:
        read(node("Quant", scale, zero, 4)).check(data)
    assert str(caught.value) == (
        f"node 'quant': {message}; give one number, or one for each channel"
    )


def test_shapes_that_fit():
    for scale, data in (([1, 2], (1, 2)), ([[1], [2]], (3, 2, 4)), ([1], ()), (1, (5,))):
        read(node("Quant", scale, 0, 4)).check(data)


def test_constants_are_exact():
    x = Fixed.of_floats([0.1, -2.5])
    assert exact(x).astype(float).tolist() == [0.1, -2.5]
