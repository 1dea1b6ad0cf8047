"""The vocabulary that every operator is written in.

An operator's ``forward`` is one piece of code with three meanings, given by the class of
array that it is called on:

=================  =========  ========================================================
``sim.Fixed``      numbers    the bit-exact reference
``sim.Intervals``  intervals  the exact type of every element of every tensor
``rtlgen.Wires``   wires      the scalar dataflow graph, that is, the hardware
=================  =========  ========================================================

*Structure* only moves elements and is written once, here, on top of ``take``. *Arithmetic* is
exact and written once per meaning; only ``quantize`` loses information.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from sim.rounding import Interval, Overflow, Rounding

if TYPE_CHECKING:
    from sim.fixed import Fixed
    from sim.intervals import Intervals

IndexArray = npt.NDArray[np.intp]
Move = Callable[[IndexArray], IndexArray]


class Array(ABC):
    """A tensor of fixed-point things; every element may have its own range and step."""

    rank: ClassVar[int]
    """Of two arrays that meet, the one of lower rank is lifted to the class of the other."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]: ...

    @property
    def size(self) -> int:
        return prod(self.shape)

    # -- structure: only moves elements, so it is the same for every meaning -----------------

    @abstractmethod
    def lift(self, x: Self | Fixed) -> Self:
        """``x`` in the class of this array."""

    @abstractmethod
    def take(self, index: IndexArray) -> Self:
        """An array of the shape of ``index``, made of the elements with these flat positions."""

    @abstractmethod
    def join(self, others: Sequence[Self | Fixed]) -> Self:
        """All elements of this array and of the others on one axis."""

    def map(self, move: Move) -> Self:
        """Apply a function that only moves the elements of a numpy array."""
        return self.take(move(np.arange(self.size).reshape(self.shape)))

    def reshape(self, *shape: int) -> Self:
        return self.map(lambda a: a.reshape(shape))

    def transpose(self, *axes: int) -> Self:
        return self.map(lambda a: a.transpose(axes))

    def swapaxes(self, a: int, b: int) -> Self:
        return self.map(lambda x: x.swapaxes(a, b))

    def __getitem__(self, key: Any) -> Self:
        """Basic numpy indexing: integers, slices, ``...`` and ``None``."""
        return self.map(lambda a: np.asarray(a[key]))

    def products(self, rows: IndexArray, weight: Self | Fixed) -> Self:
        """``take(rows) @ weight``; an array that knows many of these rows to be alike is faster.

        The rows are (groups, M, K), and the weights (groups, K, N).
        """
        return self.take(rows) @ weight

    def pad(self, widths: Sequence[tuple[int, int]], fill: Fixed) -> Self:
        """Put ``fill``, one element, around: ``(before, after)`` for each axis."""
        index = np.arange(self.size).reshape(self.shape)
        return self.join([fill]).take(np.pad(index, widths, constant_values=self.size))

    # -- arithmetic: exact, one implementation per meaning -----------------------------------

    @abstractmethod
    def __add__(self, other: Self | Fixed) -> Self: ...

    @abstractmethod
    def __sub__(self, other: Self | Fixed) -> Self: ...

    @abstractmethod
    def __mul__(self, other: Self | Fixed) -> Self: ...

    @abstractmethod
    def __matmul__(self, other: Self | Fixed) -> Self:
        """(..., M, K) @ (..., K, N) -> (..., M, N); both have at least two axes."""

    @abstractmethod
    def __neg__(self) -> Self: ...

    def __radd__(self, other: Fixed) -> Self:
        return self + other

    def __rsub__(self, other: Fixed) -> Self:
        return -self + other

    def __rmul__(self, other: Fixed) -> Self:
        return self * other

    def __rmatmul__(self, other: Fixed) -> Self:
        return (self.swapaxes(-1, -2) @ other.swapaxes(-1, -2)).swapaxes(-1, -2)

    @abstractmethod
    def maximum(self, other: Self | Fixed) -> Self: ...

    @abstractmethod
    def minimum(self, other: Self | Fixed) -> Self: ...

    @abstractmethod
    def max(self) -> Self:
        """The largest element of the last axis."""

    @abstractmethod
    def min(self) -> Self:
        """The smallest element of the last axis."""

    @abstractmethod
    def sum(self) -> Self:
        """The sum of the last axis."""

    @abstractmethod
    def at_least(self, other: Self | Fixed) -> Self:
        """One where ``self >= other``, else zero."""

    def reached(self, levels: Fixed) -> Self:
        """How many of the ascending ``levels``, of shape (..., n), each element is at or above."""
        return self[..., None].at_least(levels).sum()

    @abstractmethod
    def where(self, yes: Self | Fixed, no: Self | Fixed) -> Self:
        """Of ``yes`` where this array is one and of ``no`` where it is zero."""

    @abstractmethod
    def lookup(self, values: Fixed, domain: Interval) -> Self:
        """``values[c - domain.lo]`` for every element, whose value is ``c * 2**domain.exp``."""

    @abstractmethod
    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Self:
        """Round to the step of ``to``, then bring into its range: the one loss of information."""

    @abstractmethod
    def within(self, to: Intervals) -> Self:
        """The same values, promised to lie in ``to``; :class:`OutOfInterval` if they do not."""


def concat(arrays: Sequence[Any], axis: int) -> Any:
    """Join arrays, of one meaning or constants, along an axis."""
    starts = accumulate((a.size for a in arrays), initial=0)
    parts = [np.arange(a.size).reshape(a.shape) for a in arrays]
    index = np.concatenate([p + start for p, start in zip(parts, starts, strict=False)], axis)
    leader = max(arrays, key=lambda a: a.rank)
    first = leader.lift(arrays[0])
    return first.join(arrays[1:]).take(index)
