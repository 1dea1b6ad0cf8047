"""Integer arrays against Python's integers, around every width where a dtype could give way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim import integers

EDGES = sorted(
    {
        sign * ((1 << bits) + near)
        for bits in (0, 31, 32, 52, 53, 61, 62, 63, 64, 70)
        for near in (-1, 0, 1)
        for sign in (1, -1)
    }
)
edges = st.sampled_from(EDGES) | st.integers(-(1 << 66), 1 << 66) | st.integers(-9, 9)


def array(*values):
    return integers.integers(np.array(values, np.object_))


@pytest.mark.parametrize("value", EDGES)
def test_int64_is_chosen_only_where_the_sum_of_two_fits(value):
    made = array(value)
    assert made.tolist() == [value]
    assert (made.dtype == np.int64) == (abs(value) < 1 << 62)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64, np.bool_])
def test_every_dtype_of_numpy_is_taken_at_its_extremes(dtype):
    info = np.iinfo(dtype) if dtype is not np.bool_ else None
    extremes = [info.min, info.max] if info else [False, True]
    assert integers.integers(np.array(extremes, dtype)).tolist() == [int(v) for v in extremes]


@pytest.mark.parametrize("values", [(1, 1 << 63), (-1, (1 << 64) - 1), [[3], [-(1 << 63) - 1]]])
def test_plain_integers_are_taken_however_large(values):
    assert integers.integers(values).tolist() == [
        list(v) if isinstance(v, list) else v for v in values
    ]


def test_floats_are_no_integers():
    with pytest.raises(AssertionError, match="float64 are not integers"):
        integers.integers([1.0])
    assert integers.integers([]).dtype == np.int64


@given(edges, edges)
def test_sums_and_products_of_two(a, b):
    assert integers.add(array(a), array(b)).tolist() == [a + b]
    assert integers.multiply(array(a), array(b)).tolist() == [a * b]
    assert integers.negate(array(a)).tolist() == [-a]
    assert integers.magnitude(array(a, b)) == max(abs(a), abs(b))


@pytest.mark.parametrize("value", [-(1 << 63), (1 << 63) - 1])
def test_the_ends_of_int64_are_safe_however_they_came(value):
    raw = np.array([value], np.int64)
    assert integers.negate(raw).tolist() == [-value]
    assert integers.add(raw, raw).tolist() == [2 * value]
    assert integers.multiply(raw, raw).tolist() == [value * value]
    assert integers.matmul(raw[None], raw[:, None]).tolist() == [[value * value]]
    assert integers.total(np.concatenate([raw, raw])).tolist() == 2 * value


@given(edges, edges)
def test_single_numbers_stay_arrays_of_their_type(a, b):
    """Python's integers, which numpy gives for them, would be taken for unsigned ones."""
    x, y = (integers.integers(np.array(value, np.object_)) for value in (a, b))
    results = [integers.add(x, y), integers.multiply(x, y), integers.negate(x)]
    results += [integers.shift_left(x, 3), integers.shift_right(x, 1), integers.total(array(a, b))]
    assert [r.tolist() for r in results] == [a + b, a * b, -a, a << 3, a >> 1, a + b]
    assert {r.dtype for r in results} <= {np.dtype(np.int64), np.dtype(np.object_)}


@given(st.lists(edges, min_size=1, max_size=5))
def test_the_sum_of_an_axis(values):
    assert integers.total(array(*values)).tolist() == sum(values)
    assert integers.total(np.array([values, values], np.object_)).tolist() == [sum(values)] * 2


@given(edges, st.integers(0, 100))
def test_shifts(value, by):
    assert integers.shift_left(array(value), by).tolist() == [value << by]
    assert integers.shift_right(array(value), by).tolist() == [value >> by]
    assert integers.divisible(array(value), by).tolist() == [value % (1 << by) == 0]
    assert integers.shift_left(array(value, 0), np.array([by, 0])).tolist() == [value << by, 0]


@given(
    hnp.arrays(np.object_, (2, 3), elements=edges), hnp.arrays(np.object_, (3, 2), elements=edges)
)
def test_products_of_matrices(a, b):
    expected = [[sum(a[i, k] * b[k, j] for k in range(3)) for j in range(2)] for i in range(2)]
    assert integers.matmul(integers.integers(a), integers.integers(b)).tolist() == expected


@pytest.mark.parametrize("bits", [20, 26, 27, 31, 52, 53, 60, 61, 62])
def test_products_are_exact_on_either_side_of_what_a_float_holds(bits):
    a = np.full((1, 2), (1 << bits) - 1)
    b = np.array([[1], [1]])
    assert integers.matmul(a, b).tolist() == [[2 * ((1 << bits) - 1)]]
    assert integers.matmul(a, a.T).tolist() == [[2 * ((1 << bits) - 1) ** 2]]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3, 4)),
        ((5, 2, 3), (1, 3, 4)),
        ((5, 2, 3), (5, 3, 4)),
        ((1, 2, 3), (5, 3, 4)),
        ((6, 1, 2, 3), (1, 5, 3, 4)),
        ((6, 5, 2, 3), (1, 1, 3, 4)),
        ((2, 3), (5, 3, 4)),
        ((2, 3), (1, 1, 3, 4)),
        ((0, 3), (3, 4)),
        ((2, 0), (0, 4)),
        ((4, 0, 3), (3, 2)),
        ((4, 2, 3), (3, 0)),
    ],
)
def test_stacks_multiply_as_numpy_has_it(left, right):
    rng = np.random.default_rng(0)
    a, b = rng.integers(-9, 10, left), rng.integers(-9, 10, right)
    assert np.array_equal(integers.matmul(a, b), a @ b)
    assert integers.matmul(a, b).shape == (a @ b).shape


def test_empty_arrays_are_of_no_magnitude():
    assert integers.magnitude(np.zeros((0, 3), np.int64)) == 0
    assert integers.total(np.zeros((2, 0), np.int64)).tolist() == [0, 0]
