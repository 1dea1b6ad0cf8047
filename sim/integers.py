"""Integer arrays, exact at any width.

``int64`` while a bound on the numbers themselves proves that it suffices, Python integers
beyond; products of matrices in float32 or float64, which BLAS makes fast, while every partial
sum is below ``2**24`` or ``2**53`` and so exact.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[Any]
"""Of dtype int64, or object for Python integers."""

_INT64 = 1 << 62  # leaves a bit for the sum of two
_FLOAT32, _FLOAT64 = 1 << 24, 1 << 53


def integers(values: npt.ArrayLike) -> IntArray:
    """An array of integers, in int64 if they fit."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and all(isinstance(v, int) for v in np.asarray(values, object).flat):
        array = np.asarray(values, object)  # of integers on both sides of 2**63, numpy makes floats
    assert array.dtype.kind in "biuO" or not array.size, f"{array.dtype} are not integers"
    return narrow(array)


def magnitude(a: IntArray) -> int:
    """The largest absolute value."""
    a = np.asarray(a)
    return max(int(a.max()), -int(a.min())) if a.size else 0


def fitting(bound: int, *arrays: IntArray) -> tuple[IntArray, ...]:
    """The same numbers in a dtype that holds every number up to ``bound``."""
    dtype = np.int64 if bound < _INT64 else np.object_
    return tuple(np.asarray(a).astype(dtype, copy=False) for a in arrays)


def narrow(a: IntArray) -> IntArray:
    return fitting(magnitude(a), a)[0]


def shift_left(a: IntArray, by: Any) -> IntArray:
    """``a * 2**by`` for ``by >= 0``."""
    by = np.asarray(by)
    a, by = fitting(magnitude(a) << int(by.max(initial=0)), a, by)
    return np.asarray(a << by, a.dtype)


def shift_right(a: IntArray, by: Any) -> IntArray:
    """``a / 2**by``, rounded down, for ``by >= 0``."""
    a = np.asarray(a)
    return np.asarray(a >> by, a.dtype)


def divisible(a: IntArray, by: Any) -> Any:
    """Where ``a`` is a multiple of ``2**by``, for ``by >= 0``."""
    return np.asarray(shift_right(a, by) << by) == a


def negate(a: IntArray) -> IntArray:
    (a,) = fitting(magnitude(a), a)
    return np.asarray(-a, a.dtype)


def add(a: IntArray, b: IntArray) -> IntArray:
    a, b = fitting(magnitude(a) + magnitude(b), a, b)
    return np.asarray(a + b, a.dtype)


def multiply(a: IntArray, b: IntArray) -> IntArray:
    m, n = magnitude(a), magnitude(b)
    a, b = fitting(max(m, n, m * n), a, b)
    return np.asarray(a * b, a.dtype)


def total(a: IntArray) -> IntArray:
    """The sum of the last axis."""
    (a,) = fitting(magnitude(a) * a.shape[-1], a)
    return np.asarray(a.sum(-1), a.dtype)


def matmul(a: IntArray, b: IntArray) -> IntArray:
    """``a @ b``; one matrix ``b`` for a whole stack of ``a`` is one product."""
    if a.ndim > 2 and b.ndim <= a.ndim and b.size == b.shape[-2] * b.shape[-1]:
        rows = a.reshape(prod(a.shape[:-1]), a.shape[-1])
        return matmul(rows, b.reshape(b.shape[-2:])).reshape(*a.shape[:-1], b.shape[-1])
    m, n = magnitude(a), magnitude(total(np.abs(b).swapaxes(-1, -2)))
    bound = max(m, n, m * n)
    if bound < _FLOAT64 and np.object_ not in (a.dtype, b.dtype):
        dtype = np.float32 if bound < _FLOAT32 else np.float64
        return np.asarray((a.astype(dtype) @ b.astype(dtype)).astype(np.int64))
    a, b = fitting(bound, a, b)
    return np.asarray(a @ b, a.dtype)
