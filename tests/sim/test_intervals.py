"""Intervals: sound, and as tight as an interval can be for each single operation."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.array import concat
from sim.errors import OutOfInterval
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.definitions import ROUND, limit

RANGES = [
    Interval(lo, hi, exp)
    for exp in (-1, 0, 1)
    for lo, hi in ((-3, 2), (0, 3), (1, 2), (-2, -1), (2, 2), (-1, 0))
]
BINARY = {
    "+": (lambda x, y: x + y, lambda a, b: a + b),
    "-": (lambda x, y: x - y, lambda a, b: a - b),
    "*": (lambda x, y: x * y, lambda a, b: a * b),
    "maximum": (lambda x, y: x.maximum(y), max),
    "minimum": (lambda x, y: x.minimum(y), min),
    "at_least": (lambda x, y: x.at_least(y), lambda a, b: Fraction(a >= b)),
}


def values(r):
    return [code * Fraction(2) ** r.exp for code in range(r.lo, r.hi + 1)]


def check(got, reached):
    """Every reached value is in, both ends are reached."""
    lo, hi, exp = got.interval(0)
    step = Fraction(2) ** exp
    assert got.size == 1
    assert (lo * step, hi * step) == (min(reached), max(reached))
    assert all(value % step == 0 for value in reached)


def one(r):
    return Intervals.full((1,), r)


@pytest.mark.parametrize("name", BINARY)
def test_binary_operations_are_tight(name):
    abstract, concrete = BINARY[name]
    for r, s in product(RANGES, RANGES):
        check(abstract(one(r), one(s)), [concrete(a, b) for a in values(r) for b in values(s)])
        for code in (-3, 0, 1, 4):
            constant = Fixed.constant([code], -1)
            b = Fraction(code, 2)
            check(abstract(one(r), constant), [concrete(a, b) for a in values(r)])
            check(abstract(constant, one(r)), [concrete(b, a) for a in values(r)])


@pytest.mark.parametrize("r", RANGES, ids=str)
def test_zero_is_on_every_grid(r):
    zero = Fixed.constant([0], -9)
    coarse = one(Interval(r.lo, r.hi, 5))
    for got in (coarse + zero, zero - coarse, coarse.maximum(zero), coarse.minimum(zero)):
        assert got.exp.tolist() == [5]
    row = concat([coarse, zero, one(Interval(0, 0, -3))], 0)[None]
    for got in (row.sum(), row.max(), row.min(), row @ Fixed.constant([[1], [1], [1]])):
        assert got.exp.reshape(-1).tolist() == [5]
    assert row[:, 1:].sum().interval(0) == (0, 0, 0)
    assert row[:, :0].sum().interval(0) == (0, 0, 0)
    assert coarse.contains(Intervals.of(zero)) == (r.lo <= 0 <= r.hi)
    assert Intervals.of(zero).within(one(Interval(-1, 1, 9))).interval(0) == (0, 0, 0)


@pytest.mark.parametrize("r", RANGES, ids=str)
def test_unary_operations_are_tight(r):
    check(-one(r), [-a for a in values(r)])
    check(one(r)[:, None].max(), values(r))
    pair = concat([one(r), one(RANGES[1])], 0)[None]
    both = list(product(values(r), values(RANGES[1])))
    check(pair.max(), list(map(max, both)))
    check(pair.min(), list(map(min, both)))
    check(pair.sum(), list(map(sum, both)))


def test_a_choice_is_tight():
    for c, r, s in product(
        (Interval(0, 0, 0), Interval(0, 1, 0), Interval(1, 1, 0)), RANGES, RANGES
    ):
        reached = [a if yes else b for yes in values(c) for a in values(r) for b in values(s)]
        check(one(c).where(one(r), one(s)), reached)


def test_products_of_matrices_are_tight():
    for r, s in product(RANGES, RANGES):
        for weights in ([2, -3], [0, 1], [0, 0], [-1, -1]):
            x = concat([one(r), one(s)], 0)[None]
            reached = [
                Fraction(weights[0], 4) * a + Fraction(weights[1], 4) * b
                for a in values(r)
                for b in values(s)
            ]
            check(x @ Fixed.constant([[weights[0]], [weights[1]]], -2), reached)
            left = Fixed.constant([weights], -2) @ x.swapaxes(0, 1)
            check(left, reached)


def test_products_of_two_variable_matrices_are_tight():
    for r, s in product(RANGES, RANGES):
        check(one(r)[None] @ one(s)[None], [a * b for a in values(r) for b in values(s)])


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("overflow", Overflow)
def test_quantize_is_tight(rounding, overflow):
    sources = [
        Interval(lo, hi, exp)
        for exp in (-2, 0, 1)
        for lo, hi in ((-9, 9), (0, 7), (3, 3), (-8, -1), (5, 12))
    ]
    for r, to in product(sources, (Interval(-4, 3, 0), Interval(0, 3, -1), Interval(-1, 1, 2))):
        step = Fraction(2) ** to.exp
        reached = [
            limit(overflow, ROUND[rounding](a / step), to.lo, to.hi) * step for a in values(r)
        ]
        lo, hi, exp = one(r).quantize(one(to), rounding, overflow).interval(0)
        own = Fraction(2) ** exp
        assert lo * own <= min(reached)
        assert max(reached) <= hi * own
        assert all(value % own == 0 for value in reached)
        if r.exp <= to.exp or overflow is Overflow.SATURATE:  # else a coarse step jumps over ends
            assert (lo * own, hi * own) == (min(reached), max(reached))


def test_a_value_that_fits_keeps_its_coarse_step():
    coarse = one(Interval(-2, 1, 0))
    got = coarse.quantize(one(Interval(-128, 127, -3)), Rounding.FLOOR, Overflow.WRAP)
    assert got.interval(0) == (-2, 1, 0)


def test_lookup_is_tight():
    table = Fixed.constant([3, -1, 4, 1, -5, 9, 2, 6], -1)
    domain = Interval(-4, 3, -1)
    for r in (
        Interval(-4, 3, -1),
        Interval(-1, 1, -1),
        Interval(-2, 1, 0),
        Interval(-1, 0, 1),
        Interval(2, 2, -2),
    ):
        reached = [Fraction(int(table.codes[0][int(a * 2) + 4]), 2) for a in values(r)]
        check(one(r).lookup(table, domain), reached)
    for r in (Interval(-5, 0, -1), Interval(0, 4, -1), Interval(0, 1, -2), Interval(1, 1, -2)):
        with pytest.raises(OutOfInterval) as error:
            one(r).lookup(table, domain)
        assert str(error.value) == "a value is outside of the table's domain s3 e-1"


@given(*[st.integers(-9, 9)] * 4, st.integers(-2, 2), st.integers(-2, 2))
def test_within_keeps_exactly_what_is_in_both(a, b, c, d, exp, other):
    mine, theirs = Interval(*sorted((a, b)), exp), Interval(*sorted((c, d)), other)
    ends = values(theirs)[0], values(theirs)[-1]
    both = [v for v in values(mine) if ends[0] <= v <= ends[1]]
    if both:
        check(one(mine).within(one(theirs)), both)
    else:
        with pytest.raises(OutOfInterval) as error:
            one(mine).within(one(theirs))
        assert str(error.value) == "no value is inside of the interval that was promised"


def test_contains_is_that_of_sets():
    for r, s in product(RANGES, RANGES):
        assert one(r).contains(one(s)) == set(values(r)).issuperset(values(s))


def test_a_number_is_an_interval_of_one_in_its_coarsest_step():
    got = Intervals.of(Fixed.constant([12, -1, 0, 5 << 70], -3))
    assert [got.interval(i) for i in range(4)] == [(3, 3, -1), (-1, -1, -3), (0, 0, 0), (5, 5, 67)]
    assert Intervals.of(got) is got
    assert Intervals.of(Fixed.constant(np.zeros((0, 2), np.int64))).shape == (0, 2)


WIDE = Interval(-(1 << 90), (1 << 90) + 1, -100)


def test_a_wide_interval_alone_is_exact():
    x = Intervals.full((), WIDE)
    assert (x * x).interval(0) == (WIDE.lo * WIDE.hi, WIDE.hi**2, -200)
    one_sided = Intervals.full((), Interval(-(1 << 90), 1, 0))
    assert (one_sided * Fixed.constant(np.array(3))).interval(0) == (-3 << 90, 3, 0)


def test_wide_intervals_are_exact():
    x, y = one(WIDE), Fixed.constant(np.array([3 << 80], np.object_), 5)
    lo, hi = (end * Fraction(2) ** -100 for end in WIDE[:2])
    b = Fraction(3 << 85)
    check(x + y, [lo + b, hi + b])
    check(x - x, [lo - hi, hi - lo])
    check(x * y, [lo * b, hi * b])
    check(x.maximum(Fixed.constant([0])), [Fraction(0), hi])
    check(x[None] @ y[:, None], [lo * b, hi * b])
    check(
        x.quantize(one(Interval(-2, 1, -11)), Rounding.HALF_UP, Overflow.SATURATE),
        [Fraction(-1, 2**10), Fraction(1, 2**11)],
    )


edges = st.sampled_from(
    [s * ((1 << b) + n) for b in (60, 61, 62, 63) for n in (-1, 0, 1) for s in (1, -1)]
)


@given(
    edges,
    edges,
    edges,
    edges,
    st.integers(0, 3),
    st.sampled_from(Rounding),
    st.sampled_from(Overflow),
)
def test_quantize_is_exact_where_int64_ends(a, b, c, d, drop, rounding, overflow):
    (lo, hi), (to_lo, to_hi) = sorted((a, b)), sorted((c, d))
    ends = (rounding.shift(end, drop) for end in (lo, hi))
    expected = overflow.bounds(*ends, to_lo, to_hi)
    got = one(Interval(lo, hi, 0)).quantize(one(Interval(to_lo, to_hi, drop)), rounding, overflow)
    assert got.interval(0) == (*expected, drop)
    numbers = Fixed.constant(np.array([lo, hi], np.object_))
    limited = numbers.quantize(one(Interval(to_lo, to_hi, drop)), rounding, overflow)
    assert limited.codes[0].tolist() == [
        overflow.limit(rounding.shift(end, drop), to_lo, to_hi) for end in (lo, hi)
    ]


def test_structure_takes_all_three_along():
    x = Intervals(
        np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3) + 9, -np.arange(6).reshape(2, 3)
    )
    got = x.transpose(1, 0)[1:].reshape(-1)
    assert [got.interval(i) for i in range(4)] == [
        (1, 10, -1),
        (4, 13, -4),
        (2, 11, -2),
        (5, 14, -5),
    ]
    padded = x.pad([(0, 0), (1, 0)], Fixed.constant(6, -2))
    assert (padded.shape, padded.interval(0)) == ((2, 4), (3, 3, -1))
    assert concat([Fixed.constant([1]), x.reshape(-1)], 0).interval(6) == (5, 14, -5)


@pytest.mark.parametrize("kinds", [1, 3, 100])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_products_of_windows_that_are_alike(kinds, groups, seed):
    draw = np.random.default_rng(seed)
    lo, more, exp = (draw.integers(-9, 9, kinds) for _ in range(3))
    kind = np.sort(draw.integers(kinds, size=40))
    x = Intervals(lo[kind], (lo + abs(more))[kind], exp[kind])
    rows = np.arange(groups)[:, None, None] + np.arange(12)[:, None] + [0, 3, 8, 25]
    weight = Fixed.constant(draw.integers(-5, 6, (groups, 4, 3)), -2)
    found, wanted = x.products(rows, weight), x.take(rows) @ weight
    for name in ("lo", "hi", "exp"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
