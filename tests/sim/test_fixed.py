"""Numbers against Python's own, at every width."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.array import concat
from sim.errors import NotRepresentable, OutOfInterval
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.definitions import ROUND

codes = st.integers(-(1 << 70), 1 << 70) | st.integers(-9, 9)
exps = st.integers(-40, 40)


@st.composite
def pairs(draw):
    """Two arrays of three elements, and their values."""
    arrays = [
        Fixed.constant(
            np.array(draw(st.lists(codes, min_size=3, max_size=3)), np.object_), draw(exps)
        )
        for _ in range(2)
    ]
    return (*arrays, *map(exactly, arrays))


def exactly(x):
    return [Fraction(int(code)) * Fraction(2) ** x.exp for code in x.codes.flat]


@given(pairs())
def test_arithmetic_is_exact(pair):
    x, y, a, b = pair
    assert exactly(x + y) == [p + q for p, q in zip(a, b, strict=True)]
    assert exactly(x - y) == [p - q for p, q in zip(a, b, strict=True)]
    assert exactly(x * y) == [p * q for p, q in zip(a, b, strict=True)]
    assert exactly(-x) == [-p for p in a]
    assert exactly(x.maximum(y)) == list(map(max, a, b))
    assert exactly(x.minimum(y)) == list(map(min, a, b))
    assert exactly(x.at_least(y)) == [p >= q for p, q in zip(a, b, strict=True)]
    assert exactly(x.at_least(x)) == [1, 1, 1]
    assert exactly(x.at_least(y).where(x, y)) == list(map(max, a, b))
    assert exactly(x[None, :] @ y[:, None]) == [sum(p * q for p, q in zip(a, b, strict=True))]
    assert (exactly(x.sum()), exactly(x.max()), exactly(x.min())) == ([sum(a)], [max(a)], [min(a)])
    assert exactly(concat([x, y], 0)) == [*a, *b]


@given(pairs(), st.lists(codes, min_size=6, max_size=6), exps)
def test_levels_are_counted(pair, levels, exp):
    x, _, values, _ = pair
    for shape in ((6,), (1, 6), (3, 2)):
        table = np.sort(np.array(levels, np.object_).reshape(shape))
        own = np.broadcast_to(table, (3, shape[-1])) * Fraction(2) ** exp
        expected = [sum(v >= t for t in row) for v, row in zip(values, own, strict=True)]
        assert exactly(x.reached(Fixed.constant(table, exp))) == expected


@given(pairs(), st.sampled_from(Rounding), st.integers(-40, 90))
def test_quantize_rounds_each_value_once(pair, rounding, exp):
    x, _, values, _ = pair
    to = Intervals.full((3,), Interval(-(1 << 200), 1 << 200, exp))
    expected = [ROUND[rounding](v / Fraction(2) ** exp) * Fraction(2) ** exp for v in values]
    assert exactly(x.quantize(to, rounding, Overflow.WRAP)) == expected


@given(pairs(), st.sampled_from(Rounding), st.sampled_from(Overflow), st.integers(1, 80), exps)
def test_quantize_is_rounding_then_overflow(pair, rounding, overflow, width, exp):
    x, _, values, _ = pair
    r = Interval.format(True, width, exp)
    rounded = [ROUND[rounding](v / Fraction(2) ** exp) for v in values]
    expected = [overflow.limit(code, r.lo, r.hi) * Fraction(2) ** exp for code in rounded]
    assert exactly(x.quantize(Intervals.full((3,), r), rounding, overflow)) == expected


def test_quantize_takes_a_format_of_each_element():
    x = Fixed(np.arange(-60, 60).reshape(40, 3), -3)
    formats = [Interval(-2, 1, 0), Interval(0, 9, -2), Interval(-9, 9, -70)]
    to = Intervals(*(np.array(column, np.object_) for column in zip(*formats, strict=True)))
    got = x.quantize(to, Rounding.HALF_EVEN, Overflow.SATURATE)
    for i, r in enumerate(formats):
        alone = x[i : i + 1].quantize(
            Intervals.full((1,), r), Rounding.HALF_EVEN, Overflow.SATURATE
        )
        assert exactly(got[i]) == exactly(alone)


floats = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)


@given(st.lists(floats, max_size=4))
def test_floats_are_taken_exactly(values):
    x = Fixed.of_floats(values)
    assert x.shape == (len(values),)
    assert exactly(x) == list(map(Fraction, values))


@pytest.mark.parametrize(
    ("values", "exp"),
    [
        ([0.0, -0.0], 0),
        ([5e-324], -1074),
        ([5e-324, 1.7976931348623157e308], -1074),
        ([2.0**1000], 1000),
        ([0.1], -55),
        ([1.5, 0.0, 3.0], -1),
        ([2.0**-1022, 0.0], -1022),
        ([-6.0, 12.0], 1),
        (0.75, -2),
        ([], 0),
    ],
)
def test_floats_get_the_coarsest_step_that_holds_them(values, exp):
    x = Fixed.of_floats(values)
    assert x.exp == exp
    assert exactly(x) == [Fraction(v) for v in np.ravel(values)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(NotRepresentable) as error:
        Fixed.of_floats([1.0, value])
    assert str(error.value) == f"{value} is not a number"


@given(st.lists(st.integers(-(1 << 53), 1 << 53), min_size=1, max_size=3), st.integers(-60, 60))
def test_to_float_is_exact_up_to_53_bits(values, exp):
    assert list(map(Fraction, Fixed.constant(values, exp).to_float()[0])) == exactly(
        Fixed.constant(values, exp)
    )


def test_samples_are_an_axis_that_operators_do_not_see():
    x = Fixed(np.arange(24).reshape(4, 2, 3), -1)
    assert (x.samples, x.shape, x.size) == (4, (2, 3), 6)
    assert (x + Fixed.constant([1, 2, 3])).codes.shape == (4, 2, 3)
    assert (Fixed.constant([[[1]], [[2]]]) + x).codes.shape == (4, 2, 2, 3)
    assert x.transpose(1, 0).codes.shape == (4, 3, 2)
    assert x.reshape(6)[2:4].codes.tolist() == [[2, 3], [8, 9], [14, 15], [20, 21]]
    assert concat([Fixed.constant([9]), x.reshape(6)], 0).codes[:, 0].tolist() == [18] * 4


def test_structure_moves_elements_as_numpy_does():
    a = np.arange(24).reshape(2, 3, 4)
    x = Fixed.constant(a)
    for moved, expected in (
        (x[1, ..., None, ::2], a[1, ..., None, ::2]),
        (x.swapaxes(0, 2), a.swapaxes(0, 2)),
        (x.reshape(4, -1), a.reshape(4, -1)),
        (
            x.pad([(1, 0), (0, 0), (2, 1)], Fixed.constant(7)),
            np.pad(a, [(1, 0), (0, 0), (2, 1)], constant_values=7),
        ),
        (x[:0], a[:0]),
        (x[:0].reshape(0, 12), a[:0].reshape(0, 12)),
    ):
        assert moved.codes[0].tolist() == expected.tolist()
        assert moved.shape == expected.shape


def test_lookup_reads_by_value():
    values, domain = Fixed.constant([5, 6, 7, 8], -1), Interval(-2, 1, 0)
    assert exactly(Fixed.constant([-4, 0, 2], -1).lookup(values, domain)) == [
        Fraction(5, 2),
        Fraction(7, 2),
        4,
    ]
    for x, error, text in (
        (Fixed.constant([2]), OutOfInterval, "a value is outside of the table's domain s2 e0"),
        (Fixed.constant([-3]), OutOfInterval, "a value is outside of the table's domain s2 e0"),
        (Fixed.constant([1], -1), NotRepresentable, "a value is not a multiple of its step 2**0"),
    ):
        with pytest.raises(error) as raised:
            x.lookup(values, domain)
        assert str(raised.value) == text


def test_within_checks_and_keeps():
    x = Fixed.constant([-4, 0, 6], -1)
    assert x.within(Intervals.full((3,), Interval(-2, 3, 0))) is x
    with pytest.raises(OutOfInterval) as error:
        x.within(Intervals.full((3,), Interval(-2, 2, 0)))
    assert str(error.value) == "a value is outside of the interval that was promised"
    with pytest.raises(NotRepresentable) as error:
        x.within(Intervals.full((3,), Interval(-2, 3, 2)))
    assert str(error.value) == "a value is not a multiple of its step 2**2"


@given(codes, st.integers(-80, 80), st.integers(-80, 80))
def test_in_steps_is_exact_or_refuses(code, exp, own):
    x = Fixed.constant(np.array([code], np.object_), exp)
    value = code * Fraction(2) ** (exp - own)
    if value.denominator == 1:
        assert x.in_steps(np.array([own])).tolist() == [[value]]
    else:
        with pytest.raises(NotRepresentable):
            x.in_steps(np.array([own]))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (5, 2, 3)])
@pytest.mark.parametrize("operand", [(3, 4), (5, 3, 4), (1, 3, 4)])
def test_products_with_constants_broadcast_beside_the_samples(shape, operand):
    rng = np.random.default_rng(0)
    shape = (2, 3) if len(shape) == 1 else shape
    x, w = rng.integers(-9, 10, (7, *shape)), rng.integers(-9, 10, operand)
    got = Fixed(x) @ Fixed.constant(w)
    assert got.codes.tolist() == [(sample @ w).tolist() for sample in x]
    left = Fixed.constant(w.swapaxes(-1, -2)) @ Fixed(x.swapaxes(-1, -2))
    assert left.codes.tolist() == [(w.swapaxes(-1, -2) @ s.swapaxes(-1, -2)).tolist() for s in x]
