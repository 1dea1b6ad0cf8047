"""What a quantizer becomes: rounding, thresholds, a line or a table; all the same integers."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from kernels.base import OnnxNode
from kernels.elementwise import Abs, Clip, Relu
from kernels.quant import Quantize, Threshold
from kernels.table import Table
from rtlgen.bounds import codes
from rtlgen.curves import Function
from rtlgen.draft import Draft
from rtlgen.lines import _offsets
from rtlgen.pending import Affine, Apply, Transcend
from rtlgen.quantizers import fixed_format, read
from rtlgen.rationals import fractions, objects
from rtlgen.requantize import _trimmed, requantize
from rtlgen.scaled import Scaled, before
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

NODE = OnnxNode("node", "Relu", ("x",), ("y",))
QUANT = OnnxNode("quant", "Quant", ("y",), ("z",))


def value(steps, lo=-40, hi=40, exp=-3, shape=(1, 4), group=None) -> tuple[Draft, Scaled]:
    draft = Draft()
    type_ = Intervals.full(shape, Interval(lo, hi, exp))
    draft.input("x", type_)
    return draft, Scaled("x", type_, np.zeros(shape, int) if group is None else group, steps)


def affine(*lines):
    return Affine(fractions([a for a, _ in lines]), fractions([b for _, b in lines]), NODE)


def agrees(draft: Draft, given: Scaled, quantizer) -> Draft:
    """The nodes give what the steps mean, on every code."""
    fine = before(quantizer, given)
    lo, hi = int(given.type.lo.min()), int(given.type.hi.max())
    every = np.arange(lo, hi + 1).repeat(4).reshape(-1, *given.shape)
    exp = int(given.type.exp.min())
    want = codes(fine.steps, np.ldexp(every.astype(float), exp), fine.group)
    result = requantize(draft, given, quantizer)
    graph = draft.graph((result.name,))
    got = graph.predict({"x": Fixed(every, exp)})[result.name]
    steps = np.broadcast_to(quantizer.exponents, given.shape)
    np.testing.assert_array_equal(got.in_steps(steps), want)
    return draft


def kinds(draft: Draft) -> list[type]:
    return [type(node.op) for node in draft.nodes]


def to(width=4, exp=0, rounding=Rounding.HALF_EVEN, overflow=Overflow.SATURATE, signed=True):
    interval = Interval.format(signed, width, 0)
    return fixed_format(QUANT, interval, np.atleast_1d(exp), rounding, overflow)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("bend", [(), (Apply(Relu(), NODE),), (Apply(Clip(-1.0, 1.5), NODE),)])
def test_trimmed_offsets_change_nothing(rounding, bend):
    offsets = [Fraction(k, 96) for k in range(-40, 41, 3)] + [Fraction(k, 8) for k in range(-4, 5)]
    for offset, scale, exp in product(offsets, (1, -1, 0.5), (-2, 0)):
        _, given = value((affine((scale, offset)), *bend), -20, 20)
        quantizer = to(4, exp, rounding)
        trimmed = _trimmed(given, quantizer)
        grid = Fraction(abs(scale)) / 8
        assert (trimmed.steps[0].offset[0] / grid * 2).denominator == 1
        every = np.arange(-20, 21) / 8
        zeros = np.zeros(41, int)
        found, want = (codes(before(quantizer, v).steps, every, zeros) for v in (trimmed, given))
        np.testing.assert_array_equal(found, want)


def test_offsets_that_may_not_be_trimmed():
    coarse = to(4, -3)  # half its step is finer than the codes
    odd = Apply(Clip(-1.0, 0.3), NODE)
    for quantizer, steps in (
        (coarse, (affine((1, 0.01)),)),
        (to(), (affine((1, 0.01)), odd)),
        (to(), (affine((0, 0.01)),)),
        (to(), (affine((1, 0.01)), Apply(Abs(), NODE))),
    ):
        _, given = value(steps)
        assert _trimmed(given, quantizer).steps[0].offset[0] == Fraction(0.01)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_powers_of_two(rounding, overflow):
    for scale, offset in product((1, -1, 0.25), (0, 0.5, 0.3, -1.0625)):
        steps = (affine((scale, offset)), Apply(Relu(), NODE))
        draft = agrees(*value(steps), to(3, -1, rounding, overflow))
        assert Table not in kinds(draft)
        assert kinds(draft)[-1] is Quantize


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("width", [2, 5, 8])
def test_any_scale(rounding, width):
    group = np.array([[0, 1, 2, 3]])
    steps = (affine((0.3, 0.1), (-0.7, 0.2), (0.01, 5.3), (2.3, -0.5)), Apply(Relu(), NODE))
    draft = agrees(*value(steps, group=group), to(width, -2, rounding))
    assert (Threshold in kinds(draft)) or (kinds(draft)[-1] is Quantize)


@pytest.mark.parametrize("overflow", Overflow)
def test_what_wraps_is_no_staircase(overflow):
    draft = agrees(*value((affine((0.3, 0.1)),)), to(3, 0, Rounding.FLOOR, overflow))
    assert (Table in kinds(draft)) == (overflow is not Overflow.SATURATE) or kinds(draft)


@pytest.mark.parametrize("groups", [1, 3])
def test_tables(groups):
    group = np.array([[0, 1, 2, 0]]) % groups
    lines = [(0.3, 0.1), (-0.2, 0.7), (1.1, 0)][:groups]
    for middle in (Apply(Abs(), NODE), Transcend(Function.TANH, NODE)):
        draft = agrees(
            *value((affine(*lines), middle, affine(*[(0.7, 0)] * groups)), group=group), to(6, -3)
        )
        assert kinds(draft)[-1] is Table
        assert len(draft.nodes) == (1 if groups == 1 else 2)


def test_steps_of_their_own():
    exps = np.array([[-3, -1, 0, 2]])
    for steps in ((affine((1, 0.5)),), (affine((0.3, 0.1)),)):
        for width in (2, 6):
            agrees(*value(steps), to(width, exps))


def test_bipolar_and_zero_points():
    arrays = {"s": np.array([0.3, 0.5, 0.1, 1.7]), "z": np.array(0.0), "b": np.array(1.0)}
    node = OnnxNode("quant", "Quant", ("y", "s", "z", "b"), ("z",), {"signed": 1}, arrays)
    draft = agrees(*value((affine((-0.7, 0.35)),)), read(node))
    assert kinds(draft) == [Threshold]
    shifted = {**arrays, "z": np.array(3.0), "b": np.array(4.0)}
    agrees(
        *value((affine((-0.7, 0.35)),)),
        read(OnnxNode("quant", "Quant", ("y", "s", "z", "b"), ("z",), {}, shifted)),
    )


def test_codes_in_steps_of_their_own():
    draft = Draft()
    exps = np.array([[-3, 0, -1, -3]])
    type_ = Intervals(np.full((1, 4), -5), np.full((1, 4), 5), exps)
    draft.input("x", type_)
    given = Scaled("x", type_, np.zeros((1, 4), int), (affine((0.3, 0.1)),))
    quantizer = to(4, 0, Rounding.HALF_UP)
    result = requantize(draft, given, quantizer)
    every = np.arange(-5, 6).repeat(4).reshape(-1, 1, 4)
    x = Fixed.in_own_steps(every, exps)
    fine = before(quantizer, given)
    want = codes(fine.steps, x.to_float(), fine.group)
    got = draft.graph((result.name,)).predict({"x": x})[result.name]
    np.testing.assert_array_equal(got.in_steps(np.zeros((1, 4), int)), want)


def test_a_constant_result():
    draft = agrees(*value((affine((0, 0.3)),)), to(8))
    assert len(draft.nodes) <= 3
    agrees(*value((affine((0.001, 7000)),)), to(8))
    agrees(*value((affine((0.3, 0)),), lo=3, hi=3), to(8))
    assert objects([1]).tolist() == [1]


def test_offsets_of_no_slope_where_levels_are_far_apart():
    reach, target = np.array([[1 << 80]], object), np.array([[1]])
    low, high = _offsets(reach, target, objects([0]), 3)
    assert (int(low[0]), int(high[0])) == (8, 7)
