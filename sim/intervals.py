"""Intervals: what is known of every element before there is an input. The type of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim import integers
from sim.array import Array, IndexArray, Move
from sim.errors import OutOfInterval
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.rounding import Interval, Overflow, Rounding

_COARSE = 1 << 20  # coarser than any step: that of zero, which is on every grid


@dataclass(frozen=True, eq=False)
class Intervals(Array):
    """Element ``i`` is some ``k * 2**exp[i]`` with ``lo[i] <= k <= hi[i]``."""

    lo: IntArray
    hi: IntArray
    exp: IntArray
    rank = 1

    @classmethod
    def full(cls, shape: tuple[int, ...], interval: Interval) -> Intervals:
        """Every element in the same interval."""
        lo, hi, exp = (integers.integers(np.full(shape, v, np.object_)) for v in interval)
        return cls(lo, hi, exp)

    @classmethod
    def of(cls, x: Intervals | Fixed) -> Intervals:
        """A number is an interval of one, in the coarsest step that holds it."""
        if isinstance(x, Intervals):
            return x
        assert x.samples == 1
        codes = x.codes[0]
        zeros = np.vectorize(lambda c: (c & -c).bit_length() - 1 if c else 0, otypes=[np.int64])
        trailing = zeros(codes.astype(np.object_)) if codes.size else np.zeros(codes.shape, int)
        own = integers.narrow(np.asarray(codes >> trailing))
        return cls(own, own, trailing + np.where(codes == 0, 0, x.exp))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.lo.shape

    @property
    def zero(self) -> npt.NDArray[np.bool_]:
        """Which elements can only be zero, and so are on every grid."""
        return np.asarray((self.lo == 0) & (self.hi == 0))

    def interval(self, position: int) -> Interval:
        """That of the element at a flat position."""
        return Interval(*(int(a.reshape(-1)[position]) for a in (self.lo, self.hi, self.exp)))

    def elements(self) -> list[Interval]:
        """That of every element, in C order."""
        columns = (a.reshape(-1).tolist() for a in (self.lo, self.hi, self.exp))
        return [Interval(*ends) for ends in zip(*columns, strict=True)]

    def at(self, exp: IntArray) -> tuple[IntArray, IntArray]:
        """The ends, counted in finer steps; for zero, in any."""
        by = np.where(self.zero, 0, self.exp - exp)
        return integers.shift_left(self.lo, by), integers.shift_left(self.hi, by)

    def contains(self, other: Intervals) -> bool:
        """Whether every value of the other is one of these."""
        (lo, hi), (olo, ohi), exp = _aligned(self, other)
        single = (olo == ohi) & integers.divisible(olo, np.maximum(self.exp - exp, 0))
        on_grid = single | (self.exp <= other.exp)
        return bool(np.all((lo <= olo) & (ohi <= hi) & on_grid))

    # -- structure -----------------------------------------------------------------------------

    def lift(self, x: Intervals | Fixed) -> Intervals:
        return Intervals.of(x)

    def take(self, index: IndexArray) -> Intervals:
        return Intervals(*(a.reshape(-1)[index] for a in (self.lo, self.hi, self.exp)))

    def map(self, move: Move) -> Intervals:
        return Intervals(*(move(a) for a in (self.lo, self.hi, self.exp)))

    def products(self, rows: IndexArray, weight: Intervals | Fixed) -> Intervals:
        """Of windows side by side that see the same intervals, one is computed."""
        seen = self._runs()[rows]
        new = (seen[:, 1:] != seen[:, :-1]).any((0, 2))
        first = np.flatnonzero(np.concatenate([[True], new]))
        run = np.append(0, np.cumsum(new))
        return (self.take(rows[:, first]) @ weight).map(lambda a: a[:, run])

    def _runs(self) -> IntArray:
        """A number for each element, the same for those in a row that have equal intervals."""
        columns = np.stack([a.reshape(-1) for a in (self.lo, self.hi, self.exp)])
        new = (columns[:, 1:] != columns[:, :-1]).any(0)
        return np.append(0, np.cumsum(new)).astype(np.int32)

    def join(self, others: Sequence[Intervals | Fixed]) -> Intervals:
        arrays = [self, *map(Intervals.of, others)]
        columns = ([getattr(a, name).reshape(-1) for a in arrays] for name in ("lo", "hi", "exp"))
        return Intervals(*(np.concatenate(column) for column in columns))

    # -- arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Intervals | Fixed) -> Intervals:
        (alo, ahi), (blo, bhi), exp = _aligned(self, other)
        return Intervals(integers.add(alo, blo), integers.add(ahi, bhi), exp)

    def __sub__(self, other: Intervals | Fixed) -> Intervals:
        return self + -other

    def __neg__(self) -> Intervals:
        return Intervals(integers.negate(self.hi), integers.negate(self.lo), self.exp)

    def __mul__(self, other: Intervals | Fixed) -> Intervals:
        b = Intervals.of(other)
        ends = [integers.multiply(x, y) for x in (self.lo, self.hi) for y in (b.lo, b.hi)]
        lo, hi = _extreme(np.minimum, ends), _extreme(np.maximum, ends)
        return Intervals(lo, hi, np.broadcast_to(self.exp + b.exp, lo.shape))

    def __matmul__(self, other: Intervals | Fixed) -> Intervals:
        if isinstance(other, Intervals):
            a, b = self[..., None], other[..., None, :, :]
            return (a * b).swapaxes(-1, -2).sum()
        finest, lo, hi = self._in_one_step()
        weight = other.codes[0]
        pos, neg = weight.clip(0, None), weight.clip(None, 0)
        low = integers.add(integers.matmul(lo, pos), integers.matmul(hi, neg))
        high = integers.add(integers.matmul(hi, pos), integers.matmul(lo, neg))
        return Intervals(low, high, np.broadcast_to(finest + other.exp, low.shape))

    def maximum(self, other: Intervals | Fixed) -> Intervals:
        (alo, ahi), (blo, bhi), exp = _aligned(self, other)
        lo, hi = np.maximum(alo, blo), np.maximum(ahi, bhi)
        return Intervals(integers.narrow(lo), integers.narrow(hi), exp)

    def minimum(self, other: Intervals | Fixed) -> Intervals:
        return -(-self).maximum(-other)

    def max(self) -> Intervals:
        finest, lo, hi = self._in_one_step()
        return Intervals(lo.max(-1), hi.max(-1), finest[..., 0])

    def min(self) -> Intervals:
        return -(-self).max()

    def sum(self) -> Intervals:
        finest, lo, hi = self._in_one_step()
        return Intervals(integers.total(lo), integers.total(hi), finest[..., 0])

    def at_least(self, other: Intervals | Fixed) -> Intervals:
        difference = self - Intervals.of(other)
        lo, hi = ((end >= 0).astype(np.int64) for end in (difference.lo, difference.hi))
        return Intervals(lo, hi, np.zeros_like(lo))

    def where(self, yes: Intervals | Fixed, no: Intervals | Fixed) -> Intervals:
        (alo, ahi), (blo, bhi), exp = _aligned(Intervals.of(yes), no)
        never, always = self.hi == 0, self.lo == 1
        lo = np.where(never, blo, np.where(always, alo, np.minimum(alo, blo)))
        hi = np.where(never, bhi, np.where(always, ahi, np.maximum(ahi, bhi)))
        return Intervals(lo, hi, np.broadcast_to(exp, lo.shape))

    def lookup(self, values: Fixed, domain: Interval) -> Intervals:
        if not Intervals.full(self.shape, domain).contains(self):
            raise OutOfInterval(f"a value is outside of the table's domain {domain}")
        table, finest = values.codes[0], np.minimum(self.exp, domain.exp)
        firsts, lasts = (integers.shift_right(v, domain.exp - finest) for v in self.at(finest))
        steps = np.asarray(1 << self.exp - finest)
        reached = [
            table[first - domain.lo : last - domain.lo + 1 : step]
            for first, last, step in zip(firsts.flat, lasts.flat, steps.flat, strict=True)
        ]
        lo, hi = (
            integers.integers([f(r) for r in reached]).reshape(self.shape) for f in (np.min, np.max)
        )
        return Intervals(lo, hi, np.full(self.shape, values.exp))

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Intervals:
        if not self.shape:  # numpy turns what is of no axis into numbers of a fixed width
            return self[None].quantize(to, rounding, overflow)[0]
        exp = np.maximum(self.exp, to.exp)
        drop = exp - self.exp
        bound = max(integers.magnitude(self.lo), integers.magnitude(self.hi))
        lo, hi, drop = integers.fitting(
            bound + (1 << int(drop.max(initial=0))), self.lo, self.hi, drop
        )
        rounded = Intervals(rounding.shift(lo, drop), rounding.shift(hi, drop), exp)
        lo, hi = rounded.at(np.broadcast_to(to.exp, exp.shape))
        fits = (to.lo <= lo) & (hi <= to.hi)  # then a coarse value keeps its coarse step
        bound = 4 * max(map(integers.magnitude, (lo, hi, to.lo, to.hi)))
        lo, hi = overflow.bounds(*integers.fitting(bound, lo, hi, to.lo, to.hi))
        return Intervals(
            integers.narrow(np.where(fits, rounded.lo, lo)),
            integers.narrow(np.where(fits, rounded.hi, hi)),
            np.where(fits, exp, to.exp),
        )

    def within(self, to: Intervals) -> Intervals:
        (lo, hi), (tlo, thi), exp = _aligned(self, to)
        by = np.maximum(self.exp - exp, 0)
        lo = integers.negate(integers.shift_right(integers.negate(np.maximum(lo, tlo)), by))
        hi = integers.shift_right(np.minimum(hi, thi), by)
        if (lo > hi).any():
            raise OutOfInterval("no value is inside of the interval that was promised")
        return Intervals(lo, integers.narrow(hi), self.exp)

    def _in_one_step(self) -> tuple[IntArray, IntArray, IntArray]:
        """The finest step along the last axis, kept as an axis of one, and the ends in it."""
        exps = np.where(self.zero, _COARSE, self.exp).min(-1, keepdims=True, initial=_COARSE)
        finest = np.where(exps == _COARSE, 0, exps)
        return finest, *self.at(np.broadcast_to(finest, self.shape))


def _aligned(a: Intervals, other: Intervals | Fixed) -> tuple[Any, Any, IntArray]:
    """The ends of both, for each pair of elements in the finer step, and these steps."""
    b = Intervals.of(other)
    exp = np.minimum(np.where(a.zero, b.exp, a.exp), np.where(b.zero, a.exp, b.exp))
    shape = np.broadcast_shapes(a.shape, b.shape)
    x, y = (Intervals(*(np.broadcast_to(v, shape) for v in (i.lo, i.hi, i.exp))) for i in (a, b))
    return x.at(exp), y.at(exp), exp


def _extreme(f: Any, ends: list[IntArray]) -> IntArray:
    out = ends[0]
    for end in ends[1:]:
        out = np.asarray(f(out, end), np.result_type(out, end))
    return out
