"""Staircases against every code, tried one by one with exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from kernels.base import OnnxNode
from kernels.elementwise import Clip, LeakyRelu, Relu
from kernels.quant import Quantize
from rtlgen.bounds import approximated, codes
from rtlgen.curves import Function
from rtlgen.lines import fit
from rtlgen.pending import Affine, Apply, Steps, Transcend, directions, evaluate
from rtlgen.rationals import fractions, objects
from rtlgen.staircase import Staircase, find
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

BENDING = (Rounding.TO_ZERO, Rounding.AWAY_FROM_ZERO)
"""Their zero is twice as wide as every other level, or of no width at all."""
NODE = OnnxNode("node", "Quant", ("x",), ("y",))


def quantize(lo, hi, rounding=Rounding.HALF_EVEN):
    to = Intervals.full((), Interval(lo, hi, 0))
    return Apply(Quantize(to, rounding, Overflow.SATURATE), NODE)


def affine(scale, offset):
    return Affine(objects(scale), objects(offset), NODE)


def number(random: Random) -> Fraction:
    """A dyadic number that makes ties, a float32, or a ratio."""
    match random.randrange(3):
        case 0:
            return Fraction(random.randint(-16, 16), 8)
        case 1:
            return Fraction(float(np.float32(random.uniform(-2, 2))))
        case _:
            return Fraction(random.randint(-50, 50), random.randint(1, 50))


def steps(random: Random, groups: int) -> Steps:
    middle = random.choice(
        [
            (),
            (Apply(Relu(), NODE),),
            (Apply(LeakyRelu(0.125), NODE),),
            (Apply(Clip(-1.5, 2.25), NODE),),
            (Transcend(Function.TANH, NODE),),
        ]
    )
    return (
        affine([number(random) for _ in range(groups)], [number(random) for _ in range(groups)]),
        *middle,
        affine([number(random) * 3 for _ in range(groups)], [number(random)] * groups),
        quantize(random.randint(-9, 0), random.randint(1, 9), random.choice(list(Rounding))),
    )


def every(stairs: Staircase, group: int) -> list[int]:
    """The values that a staircase says, from ``lo`` to ``hi``."""
    row, sign = stairs.thresholds[group], int(stairs.sign[group])
    span = range(int(stairs.lo[group]), int(stairs.hi[group]) + 1)
    return [int(stairs.first[group]) + sign * int((row <= code).sum()) for code in span]


def meant(steps: Steps, stairs: Staircase, group: int, exp: int) -> list[int]:
    span = np.arange(int(stairs.lo[group]), int(stairs.hi[group]) + 1)
    x = fractions(span) * Fraction(2) ** exp
    return [int(v) for v in evaluate(steps, x, np.full(len(span), group))]


@pytest.mark.parametrize("seed", range(60))
def test_every_code(seed):
    random = Random(seed)
    groups, exp = random.randint(1, 4), random.randint(-4, 1)
    chain = steps(random, groups)
    lo = np.array([random.randint(-60, 5) for _ in range(groups)])
    hi = lo + [random.choice([0, 1, 7, 90]) for _ in range(groups)]
    stairs = find(chain, directions(chain, groups), lo, hi, exp)
    for group in range(groups):
        assert every(stairs, group) == meant(chain, stairs, group, exp)
    assert [v[-1] for v in (every(stairs, g) for g in range(groups))] == stairs.last.tolist()


@pytest.mark.parametrize("seed", range(60))
def test_a_line_is_the_staircase(seed):
    random = Random(seed)
    slope = Fraction(float(np.float32(random.uniform(0.01, 0.4)))) * random.choice([-1, 1])
    offset = number(random)
    rounding = random.choice([r for r in Rounding if r not in BENDING])
    chain = (affine([slope], [offset]), quantize(-20, 23, rounding))
    stairs = find(chain, directions(chain, 1), np.array([-300]), np.array([211]), 0)
    line = fit(stairs, objects([slope]))
    assert line is not None
    lo, hi = sorted((int(stairs.first[0]), int(stairs.last[0])))
    factor, offset, shift = (int(v[0]) for v in (line.factor, line.offset, line.shift))
    found = [min(max(factor * c + offset >> shift, lo), hi) for c in range(-300, 212)]
    assert found == every(stairs, 0)


def test_lines_of_several_groups():
    slopes = [Fraction(1, 3), Fraction(-2, 7), Fraction(0), Fraction(5, 4)]
    chain = (affine(slopes, [Fraction(1, 5)] * 4), quantize(-40, 40))
    lo, hi = np.array([-50, -20, 3, 0]), np.array([60, 90, 9, 0])
    stairs = find(chain, directions(chain, 4), lo, hi, 0)
    line = fit(stairs, objects(slopes))
    for g in range(4):
        low, high = sorted((int(stairs.first[g]), int(stairs.last[g])))
        values = (int(line.factor[g]) * np.arange(lo[g], hi[g] + 1) + int(line.offset[g])) >> int(
            line.shift[g]
        )
        assert values.clip(low, high).tolist() == every(stairs, g)


def test_a_line_that_rises_once_in_a_sextillion_codes():
    """Its slope is zero in the first shifts, and its codes have more than 64 bits."""
    exp = 1 << 70
    chain = (affine([Fraction(1, exp)], [Fraction(0)]), quantize(-8, 7, Rounding.FLOOR))
    ends = (np.array([end], np.object_) for end in (-8 * exp, 8 * exp - 1))
    stairs = find(chain, directions(chain, 1), *ends, 0)
    line = fit(stairs, objects([Fraction(1, exp)]))
    assert line is not None
    for rise in range(-7, 8):
        below, at = (
            int(line.factor[0]) * code + int(line.offset[0]) >> int(line.shift[0])
            for code in (rise * exp - 1, rise * exp)
        )
        assert (below, at) == (rise - 1, rise)


@pytest.mark.parametrize(
    "bend",
    [(Apply(LeakyRelu(0.125), NODE), quantize(-9, 9)), *((quantize(-9, 9, r),) for r in BENDING)],
)
def test_no_line_for_a_bend(bend):
    chain = (affine([Fraction(1, 3)], [Fraction(0)]), *bend)
    stairs = find(chain, directions(chain, 1), np.array([-70]), np.array([27]), 0)
    assert fit(stairs, objects([Fraction(1, 3)])) is None


def test_codes_beyond_floats():
    exp = 1 << 60
    chain = (affine([Fraction(1, exp)], [Fraction(1, 2)]), quantize(-8, 7, Rounding.FLOOR))
    stairs = find(chain, directions(chain, 1), np.array([-exp]), np.array([exp]), 0)
    assert stairs.thresholds[0].tolist() == [-exp // 2, exp // 2]
    assert every_end(stairs) == (-1, 1)


def every_end(stairs):
    return int(stairs.first[0]), int(stairs.last[0])


def test_directions():
    rise, fall = (
        affine([Fraction(1), Fraction(0)], [Fraction(0)] * 2),
        affine([Fraction(-1)], [Fraction(0)]),
    )
    assert directions((rise,), 2).tolist() == [1, 1]
    assert directions((fall, Apply(Relu(), NODE), fall), 1).tolist() == [1]
    assert directions((fall, Apply(LeakyRelu(-0.5), NODE)), 1) is None
    wraps = Apply(Quantize(Intervals.full((), Interval(0, 3, 0)), overflow=Overflow.WRAP), NODE)
    assert directions((wraps,), 1) is None


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("seed", range(4))
def test_codes_of_floats_are_exact(rounding, seed):
    random = Random(seed)
    scale = [number(random) or Fraction(1) for _ in range(3)]
    chain = (affine(scale, [number(random) for _ in range(3)]), quantize(-30, 30, rounding))
    edges = np.array(
        [
            float((Fraction(k, 4) - o) / s)
            for k in range(-9, 10)
            for s, o in zip(chain[0].scale, chain[0].offset, strict=True)
        ]
    )
    x = np.concatenate(
        [
            edges,
            np.nextafter(edges, 9),
            np.nextafter(edges, -9),
            edges + 0.1,
            [1e300, -1e300, 0.0, 5e-324],
        ]
    )
    group = np.arange(len(x)) % 3
    exact = [int(v) for v in evaluate(chain, fractions(x), group)]
    assert codes(chain, x, group).tolist() == exact


def test_codes_of_exact_ties():
    chain = (affine([Fraction(1, 3)], [Fraction(0)]), quantize(-30, 30))
    x = np.array([1.5, 4.5, 7.5, -1.5, -4.5])  # a half, one and a half, ...
    assert codes(chain, x, np.zeros(5, int)).tolist() == [0, 2, 2, 0, -2]
    assert codes(chain, fractions(x), np.zeros(5, int)).tolist() == [0, 2, 2, 0, -2]
    assert codes(chain, np.array([3, 4, 5]), np.zeros(3, int)).tolist() == [1, 1, 2]


def test_curves_never_reach_their_asymptotes():
    chain = (Transcend(Function.TANH, NODE), quantize(-3, 3, Rounding.FLOOR))
    x = np.array([1.0, 30.0, 1e6, 0.0, -30.0, -1e-300, 1e-300])
    assert codes(chain, x, np.zeros(7, int)).tolist() == [0, 0, 0, 0, -1, -1, 0]
    up = (Transcend(Function.TANH, NODE), quantize(-3, 3, Rounding.CEIL))
    assert codes(up, x, np.zeros(7, int)).tolist() == [1, 1, 1, 0, 0, 0, 1]
    half = (Transcend(Function.SIGMOID, NODE), quantize(0, 3))
    assert codes(half, x, np.zeros(7, int)).tolist() == [1, 1, 1, 0, 0, 0, 1]


def test_what_floats_cannot_stand_for():
    assert approximated((affine([Fraction(1, 10**250)], [Fraction(0)]),)) is None
    assert approximated((affine([Fraction(10**400)], [Fraction(0)]),)) is None
    assert approximated((quantize(-(1 << 60), 1 << 60),)) is None
    tiny = (affine([Fraction(1, 10**250)], [Fraction(0)]), quantize(0, 3, Rounding.CEIL))
    assert codes(tiny, np.array([0.0, 1.0]), np.zeros(2, int)).tolist() == [0, 1]
