"""Numbers: integer codes, and one power-of-two step for the whole array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sim import integers
from sim.array import Array, IndexArray
from sim.errors import NotRepresentable, OutOfInterval
from sim.integers import IntArray
from sim.rounding import Interval, Overflow, Rounding

if TYPE_CHECKING:
    from sim.intervals import Intervals


@dataclass(frozen=True, eq=False)
class Fixed(Array):
    """The values ``codes * 2**exp`` of a batch of samples, exact at any width.

    ``codes`` has one axis more than the array: axis 0 counts the samples, and operators do not
    see it. A constant has one sample, which stands for all.
    """

    codes: IntArray
    exp: int = 0
    rank = 0

    @classmethod
    def constant(cls, codes: npt.ArrayLike, exp: int = 0) -> Fixed:
        return cls(integers.integers(codes)[None], exp)

    @classmethod
    def of_floats(cls, values: npt.ArrayLike) -> Fixed:
        """The constant that is exactly these floats, in the coarsest step that holds them."""
        floats = np.asarray(values, np.float64)
        if not np.isfinite(floats).all():
            raise NotRepresentable(f"{floats[~np.isfinite(floats)][0]} is not a number")
        fractions, exps = np.frexp(floats)
        mantissas = (fractions * 2**53).astype(np.int64)
        trailing = np.log2(np.maximum(mantissas & -mantissas, 1)).astype(np.int64)
        steps = np.where(mantissas, exps - 53 + trailing, 1 << 20)
        exp = int(steps.min(initial=1 << 20)) if mantissas.any() else 0
        by = np.where(mantissas, steps - exp, 0)
        return cls.constant(integers.shift_left(mantissas >> trailing, by), exp)

    @classmethod
    def in_own_steps(cls, codes: IntArray, exp: IntArray) -> Fixed:
        """Samples whose elements have steps of their own: the opposite of ``in_steps``."""
        finest = int(exp.min()) if exp.size else 0
        return cls(integers.shift_left(codes, exp - finest), finest)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.codes.shape[1:]

    @property
    def samples(self) -> int:
        return int(self.codes.shape[0])

    @cached_property
    def magnitude(self) -> int:
        """The largest absolute value of a code."""
        return integers.magnitude(self.codes)

    def to_float(self) -> npt.NDArray[np.float64]:
        """The values, axis 0 counting samples; exact below 2**53 steps."""
        return np.ldexp(self.codes.astype(np.float64), self.exp)

    def at(self, exp: int) -> IntArray:
        """The codes of the same values in the finer step ``2**exp``."""
        return integers.shift_left(self.codes, self.exp - exp) if exp != self.exp else self.codes

    def in_steps(self, exp: IntArray) -> IntArray:
        """The codes of the same values, each element in a step of its own."""
        finest = min(self.exp, int(exp.min(initial=self.exp)))
        codes, drop = self.at(finest), exp - finest
        if not np.all(integers.divisible(codes, drop)):
            raise NotRepresentable(f"a value is not a multiple of its step 2**{int(exp.max())}")
        return integers.narrow(integers.shift_right(codes, drop))

    # -- structure -----------------------------------------------------------------------------

    def lift(self, x: Fixed) -> Fixed:
        return x

    def take(self, index: IndexArray) -> Fixed:
        flat = self.codes.reshape(self.samples, -1)
        return Fixed(flat[:, index], self.exp)

    def map(self, move: Any) -> Fixed:
        index = move(np.arange(self.size).reshape(self.shape))
        if index.size == self.size and (index.ravel() == np.arange(self.size)).all():
            return Fixed(self.codes.reshape(self.samples, *index.shape), self.exp)  # nothing moves
        return self.take(index)

    def join(self, others: Sequence[Fixed]) -> Fixed:
        arrays = [self, *others]
        exp = min(a.exp for a in arrays)
        samples = max(a.samples for a in arrays)
        rows = [a.at(exp).reshape(a.samples, -1) for a in arrays]
        wide = [np.broadcast_to(row, (samples, row.shape[1])) for row in rows]
        return Fixed(np.concatenate(wide, 1), exp)

    # -- arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Fixed) -> Fixed:
        return self._binary(other, integers.add)

    def __sub__(self, other: Fixed) -> Fixed:
        return self + -other if isinstance(other, Fixed) else NotImplemented

    def __mul__(self, other: Fixed) -> Fixed:
        if not isinstance(other, Fixed):
            return NotImplemented
        a, b = _broadcast(self.codes, other.codes)
        return Fixed(integers.multiply(a, b), self.exp + other.exp)

    def __matmul__(self, other: Fixed) -> Fixed:
        if not isinstance(other, Fixed):
            return NotImplemented
        exp = self.exp + other.exp
        if other.codes.ndim == 3 and other.samples == 1:
            return Fixed(integers.matmul(self.codes, other.codes[0]), exp)
        a, b = _broadcast(self.codes, other.codes)
        return Fixed(integers.matmul(a, b), exp)

    def __neg__(self) -> Fixed:
        return Fixed(integers.negate(self.codes), self.exp)

    def maximum(self, other: Fixed) -> Fixed:
        return self._binary(other, np.maximum) if isinstance(other, Fixed) else other.maximum(self)

    def minimum(self, other: Fixed) -> Fixed:
        return self._binary(other, np.minimum) if isinstance(other, Fixed) else other.minimum(self)

    def max(self) -> Fixed:
        return Fixed(self.codes.max(-1), self.exp)

    def min(self) -> Fixed:
        return Fixed(self.codes.min(-1), self.exp)

    def sum(self) -> Fixed:
        return Fixed(integers.total(self.codes), self.exp)

    def at_least(self, other: Fixed) -> Fixed:
        if not isinstance(other, Fixed):
            return (-other).at_least(-self)
        return Fixed((self._binary(-other, integers.add).codes >= 0).astype(np.int64))

    def reached(self, levels: Fixed) -> Fixed:
        exp = min(self.exp, levels.exp)
        codes, rows = self.at(exp), levels.at(exp)[0]
        if rows.ndim == 1:
            return Fixed(np.searchsorted(rows, codes, "right"))
        rows = np.broadcast_to(rows, (*self.shape, rows.shape[-1])).reshape(-1, rows.shape[-1])
        columns = codes.reshape(self.samples, -1).T
        counts = [np.searchsorted(r, c, "right") for r, c in zip(rows, columns, strict=True)]
        return Fixed(np.array(counts, np.int64).T.reshape(codes.shape))

    def where(self, yes: Fixed, no: Fixed) -> Fixed:
        exp = min(yes.exp, no.exp)
        shape = np.broadcast_shapes(self.shape, yes.shape, no.shape)
        chosen, a, b = (_leading(x, len(shape)) for x in (self.codes, yes.at(exp), no.at(exp)))
        return Fixed(np.where(chosen != 0, a, b), exp)

    def lookup(self, values: Fixed, domain: Interval) -> Fixed:
        index = self.in_steps(np.asarray(domain.exp)) - domain.lo
        if integers.magnitude(index) >= values.size or (index < 0).any():
            raise OutOfInterval(f"a value is outside of the table's domain {domain}")
        return Fixed(values.codes[0][index.astype(np.intp)], values.exp)

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Fixed:
        exp = min(self.exp, int(to.exp.min(initial=self.exp)))
        drop = _one_if_all_alike(to.exp - exp)
        bound = (self.magnitude << self.exp - exp) + (1 << int(drop.max(initial=0)))
        bound = max(bound, 4 * integers.magnitude(to.lo), 4 * integers.magnitude(to.hi))
        codes, drop = integers.fitting(bound, self.at(exp), drop)
        lo, hi = integers.fitting(bound, *map(_one_if_all_alike, (to.lo, to.hi)))
        codes = overflow.limit(rounding.shift(codes, drop), lo, hi)
        finest = int(to.exp.min()) if to.size else 0
        return Fixed(integers.shift_left(integers.narrow(codes), to.exp - finest), finest)

    def within(self, to: Intervals) -> Fixed:
        codes = self.in_steps(to.exp)
        if not ((to.lo <= codes) & (codes <= to.hi)).all():
            raise OutOfInterval("a value is outside of the interval that was promised")
        return self

    def _binary(self, other: Fixed, f: Any) -> Fixed:
        if not isinstance(other, Fixed):
            return NotImplemented
        exp = min(self.exp, other.exp)
        return Fixed(f(*_broadcast(self.at(exp), other.at(exp))), exp)


def _leading(codes: IntArray, rank: int) -> IntArray:
    """Codes with axes of one between the samples and the elements, up to ``rank`` axes."""
    return codes.reshape(codes.shape[0], *(1,) * (rank - codes.ndim + 1), *codes.shape[1:])


def _broadcast(a: IntArray, b: IntArray) -> tuple[IntArray, IntArray]:
    """Line up the elements' axes from the last one, as numpy does, beside the samples' axis."""
    rank = max(a.ndim, b.ndim) - 1
    return _leading(a, rank), _leading(b, rank)


def _one_if_all_alike(a: IntArray) -> IntArray:
    """One element for a whole array of it, which is much faster to compute with."""
    first = a.reshape(-1)[:1]
    return first if (a == first).all() else a
