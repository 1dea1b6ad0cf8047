"""What a quantizer does to a number, against definitions in words and against QONNX."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qonnx.custom_op.general.quant import quant

from sim.rounding import Interval, Overflow, Rounding
from tests.definitions import ROUND, limit

BYTE = range(-128, 128)
RANGES = ((-4, 3), (-3, 3), (0, 7), (0, 0), (-1, 0), (-5, 2), (0, 4))
HALVES = {
    "FLOOR": Rounding.FLOOR,
    "CEIL": Rounding.CEIL,
    "DOWN": Rounding.TO_ZERO,
    "UP": Rounding.AWAY_FROM_ZERO,
    "HALF_DOWN": Rounding.HALF_TO_ZERO,
    "HALF_UP": Rounding.HALF_AWAY_FROM_ZERO,
    "ROUND": Rounding.HALF_EVEN,
    "HALF_EVEN": Rounding.HALF_EVEN,
}


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("drop", range(6))
def test_every_code_is_rounded_as_defined(rounding, drop):
    expected = [ROUND[rounding](Fraction(code, 1 << drop)) for code in BYTE]
    assert [rounding.shift(code, drop) for code in BYTE] == expected
    for dtype in (np.int64, np.object_):
        codes = np.array(BYTE, dtype)
        assert rounding.shift(codes, drop).tolist() == expected
        assert rounding.shift(codes, np.full(len(BYTE), drop, dtype)).tolist() == expected


@given(st.sampled_from(Rounding), st.integers(-(1 << 200), 1 << 200), st.integers(0, 150))
def test_wide_codes_are_rounded_as_defined(rounding, code, drop):
    assert rounding.shift(code, drop) == ROUND[rounding](Fraction(code, 1 << drop))


@given(st.sampled_from(Rounding), st.integers(-(1 << 80), 1 << 80), st.integers(1, 90))
def test_wide_ties_are_rounded_as_defined(rounding, below, drop):
    code = (2 * below + 1) << drop - 1
    assert rounding.shift(code, drop) == ROUND[rounding](Fraction(2 * below + 1, 2))


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize(("lo", "hi"), RANGES)
def test_every_code_is_limited_as_defined(overflow, lo, hi):
    expected = [limit(overflow, code, lo, hi) for code in BYTE]
    assert [overflow.limit(code, lo, hi) for code in BYTE] == expected
    for dtype in (np.int64, np.object_):
        assert overflow.limit(np.array(BYTE, dtype), lo, hi).tolist() == expected


@given(
    st.sampled_from(Overflow),
    st.integers(-(1 << 67), 1 << 67),
    st.integers(60, 66),
    st.booleans(),
)
def test_wide_codes_are_limited_as_defined(overflow, code, width, signed):
    lo, hi, _ = Interval.format(signed, width, 0)
    got = overflow.limit(code, lo, hi)
    size = hi - lo + 1
    expected = {
        Overflow.SATURATE: min(max(code, lo), hi),
        Overflow.SATURATE_TO_ZERO: code if lo <= code <= hi else 0,
        Overflow.WRAP: lo + (code - lo) % size,
        Overflow.REFLECT: lo + min((code - lo) % (2 * size), -(code - lo + 1) % (2 * size)),
    }
    assert got == expected[overflow]
    assert overflow.limit(np.array([code], np.object_), lo, hi).tolist() == [got]


@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize(("to_lo", "to_hi"), RANGES)
def test_bounds_are_the_least_and_the_largest_value(overflow, to_lo, to_hi):
    codes = range(-18, 19)
    limited = {code: limit(overflow, code, to_lo, to_hi) for code in codes}
    pairs = [(lo, hi) for lo in codes for hi in range(lo, 19)]
    expected = [
        (min(reached), max(reached))
        for reached in ([limited[c] for c in range(lo, hi + 1)] for lo, hi in pairs)
    ]
    assert [overflow.bounds(lo, hi, to_lo, to_hi) for lo, hi in pairs] == expected
    los, his = np.array(pairs).T
    assert np.transpose(overflow.bounds(los, his, to_lo, to_hi)).tolist() == list(
        map(list, expected)
    )


@pytest.mark.parametrize("exp", [-70, 0, 70])
@pytest.mark.parametrize("overflow", Overflow)
def test_bounds_of_wide_codes_are_exact(overflow, exp):
    big = 1 << 70 + exp
    assert overflow.bounds(-big, big, -2 * big, 2 * big) == (-big, big)
    low, high = overflow.bounds(5 * big, 5 * big, -2 * big, 2 * big - 1)
    assert low == high == overflow.limit(5 * big, -2 * big, 2 * big - 1)


@pytest.mark.parametrize("code", [2**63, 2**63 + 1, 2**64 - 1, 2**64])
def test_codes_that_numpy_would_turn_into_floats_stay_integers(code):
    for overflow in Overflow:
        assert overflow.limit(code, -1, code) == code
        assert overflow.bounds(-1, code, -1, code) == (-1, code)
    assert Overflow.SATURATE.limit(code + 5, -1, code) == code


@pytest.mark.parametrize(("mode", "rounding"), HALVES.items())
@pytest.mark.parametrize(("signed", "narrow"), [(True, False), (True, True), (False, False)])
def test_qonnx_rounds_and_saturates_alike(mode, rounding, signed, narrow):
    scale, exp = 0.25, -2
    values = np.arange(-400, 400) / 32
    expected = quant(values, np.float64(scale), np.float64(0), np.float64(5), signed, narrow, mode)
    to = Interval.format(signed, 5, exp, narrow=narrow)
    codes = np.arange(-400, 400)
    got = Overflow.SATURATE.limit(rounding.shift(codes, 5 + exp), to.lo, to.hi)
    assert (got * scale == expected).all()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((True, 8, -6), Interval(-128, 127, -6)),
        ((False, 8, 0), Interval(0, 255, 0)),
        ((True, 1, 0), Interval(-1, 0, 0)),
        ((False, 1, 3), Interval(0, 1, 3)),
        ((True, 80, 0), Interval(-(1 << 79), (1 << 79) - 1, 0)),
    ],
)
def test_formats_are_twos_complement(arguments, expected):
    assert Interval.format(*arguments) == expected
    assert (expected.signed, expected.width) == arguments[:2]


def test_a_narrow_format_leaves_out_the_lowest_code():
    assert Interval.format(True, 8, 0, narrow=True) == (-127, 127, 0)
    assert Interval.format(False, 8, 0, narrow=True) == (0, 255, 0)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(-128, 127, -6), "s8 e-6"),
        (Interval(0, 1, 0), "u1 e0"),
        (Interval(0, 0, 0), "u0 e0"),
        (Interval(-1, 0, 2), "s1 e2"),
    ],
)
def test_an_interval_is_shown_as_sign_width_and_step(interval, text):
    assert str(interval) == text


@given(*[st.integers(-20, 20)] * 4, st.integers(-3, 3), st.integers(-3, 3))
def test_narrowed_keeps_exactly_the_values_that_are_in_both(a, b, c, d, exp, other):
    mine, theirs = Interval(*sorted((a, b)), exp), Interval(*sorted((c, d)), other)
    one = Fraction(2)
    ends = theirs.lo * one**other, theirs.hi * one**other
    both = [k for k in range(mine.lo, mine.hi + 1) if ends[0] <= k * one**exp <= ends[1]]
    got = mine.narrowed(theirs)
    assert list(range(got.lo, got.hi + 1)) == both
    assert got.exp == exp
    assert mine.narrowed(None) == mine
