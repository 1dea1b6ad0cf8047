"""Arrays of values: an operator that is called on them says what the network means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from rtlgen.proof.algebra import Algebra
from rtlgen.proof.forms import Form
from rtlgen.proof.functions import LookedUp, Reached, Rounded, limited
from rtlgen.proof.kinds import Value
from sim.array import Array, IndexArray
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


@dataclass(frozen=True, eq=False)
class Symbols(Array):
    """Element ``i`` is ``values[i]``, made of the atoms that all of them have in common."""

    atoms: Algebra
    values: npt.NDArray[Any]
    """Of values."""
    rank = 2

    @classmethod
    def inputs(cls, atoms: Algebra, types: Intervals, first: int) -> Symbols:
        """An atom for each element, numbered from ``first`` on."""
        ports = (atoms.port(first + i, *r) for i, r in enumerate(types.elements()))
        return cls(atoms, _array(ports, types.shape))

    @classmethod
    def of(cls, atoms: Algebra, x: Symbols | Fixed) -> Symbols:
        """An array of values; the elements of a constant are constants."""
        return cls(atoms, np.empty(0, np.object_)).lift(x)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    # -- structure -----------------------------------------------------------------------------

    def lift(self, x: Symbols | Fixed) -> Symbols:
        if isinstance(x, Symbols):
            return x
        codes = x.codes[0]
        return self._of((Form({}, int(code), x.exp) for code in codes.flat), codes.shape)

    def take(self, index: IndexArray) -> Symbols:
        index = np.asarray(index)
        return Symbols(self.atoms, self.values.reshape(-1)[index.reshape(-1)].reshape(index.shape))

    def join(self, others: Sequence[Symbols | Fixed]) -> Symbols:
        arrays = [self, *map(self.lift, others)]
        return Symbols(self.atoms, np.concatenate([a.values.reshape(-1) for a in arrays]))

    # -- arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(lambda a, b: self.atoms.sum([(1, a), (1, b)]), other)

    def __sub__(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(lambda a, b: self.atoms.sum([(1, a), (-1, b)]), other)

    def __rsub__(self, other: Fixed) -> Symbols:
        return self.lift(other) - self

    def __mul__(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(self.atoms.product, other)

    def __matmul__(self, other: Symbols | Fixed) -> Symbols:
        if isinstance(other, Symbols):
            a, b = self[..., None], other[..., None, :, :]
            return (a * b).swapaxes(-1, -2).sum()
        (m, k), n = self.shape[-2:], other.shape[-1]
        batch = np.broadcast_shapes(self.shape[:-2], other.shape[:-2])
        rows = np.broadcast_to(self.values, (*batch, m, k)).reshape(-1, m, k).tolist()
        columns = np.broadcast_to(other.codes[0], (*batch, k, n)).reshape(-1, k, n)
        forms = [
            self._dot(row, column) << other.exp
            for some, matrix in zip(rows, columns.swapaxes(1, 2).tolist(), strict=True)
            for row in some
            for column in matrix
        ]
        self.atoms.products.append((k, forms))
        return self._of(forms, (*batch, m, n))

    def __neg__(self) -> Symbols:
        return self._each(self.atoms.negative)

    def maximum(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(lambda a, b: self.atoms.maximum([a, b]), other)

    def minimum(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(lambda a, b: self.atoms.minimum([a, b]), other)

    def max(self) -> Symbols:
        return self._rows(self.atoms.maximum)

    def min(self) -> Symbols:
        return self._rows(self.atoms.minimum)

    def sum(self) -> Symbols:
        return self._rows(lambda row: self.atoms.sum([(1, value) for value in row]))

    def at_least(self, other: Symbols | Fixed) -> Symbols:
        return self._zip(self.atoms.at_least, other)

    def reached(self, levels: Fixed) -> Symbols:
        rows = np.broadcast_to(levels.codes[0], (*self.shape, levels.shape[-1]))
        rows = rows.reshape(self.size, levels.shape[-1])
        steps = (Reached(tuple(row), levels.exp) for row in rows.tolist())
        return self._of(map(self.atoms.apply, self.values.flat, steps), self.shape)

    def where(self, yes: Symbols | Fixed, no: Symbols | Fixed) -> Symbols:
        c, a, b = np.broadcast_arrays(self.values, self.lift(yes).values, self.lift(no).values)
        return self._of(map(self.atoms.choice, c.flat, a.flat, b.flat), c.shape)

    def lookup(self, values: Fixed, domain: Interval) -> Symbols:
        entries = tuple(map(int, values.codes[0].tolist()))
        f = LookedUp(domain.lo, entries, domain.exp, values.exp)
        return self._each(lambda value: self.atoms.apply(value, f))

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Symbols:
        shape = np.broadcast_shapes(self.shape, to.shape)
        targets = to.map(lambda a: np.broadcast_to(a, shape)).elements()
        values = np.broadcast_to(self.values, shape)

        def one(value: Value, r: Interval) -> Value:
            rounded = self.atoms.apply(value, Rounded(rounding, r.exp))
            return self.atoms.apply(rounded, limited(overflow, *r))

        return self._of(map(one, values.flat, targets), shape)

    def within(self, to: Intervals) -> Symbols:
        """The same values: what is promised is no proof."""
        return self

    # -- for all elements ------------------------------------------------------------------------

    def _of(self, values: Iterable[Value], shape: tuple[int, ...]) -> Symbols:
        return Symbols(self.atoms, _array(values, shape))

    def _each(self, f: Callable[[Value], Value]) -> Symbols:
        return self._of(map(f, self.values.flat), self.shape)

    def _zip(self, f: Callable[[Value, Value], Value], other: Symbols | Fixed) -> Symbols:
        a, b = np.broadcast_arrays(self.values, self.lift(other).values)
        return self._of(map(f, a.flat, b.flat), a.shape)

    def _rows(self, f: Callable[[list[Value]], Value]) -> Symbols:
        """Of the elements of the last axis."""
        *outer, last = self.shape
        rows = self.values.reshape(prod(outer), last)
        return self._of((f(list(row)) for row in rows), tuple(outer))

    def _dot(self, row: list[Value], column: list[int]) -> Form:
        return self.atoms.sum([(w, x) for w, x in zip(column, row, strict=True) if w])


def _array(values: Iterable[Value], shape: tuple[int, ...]) -> npt.NDArray[Any]:
    return np.fromiter(values, np.object_, prod(shape)).reshape(shape)
