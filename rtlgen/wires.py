"""Arrays of wires: an operator that is called on them writes its dataflow graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from rtlgen.dataflow import Dataflow, Input, Wire
from rtlgen.products import products
from sim import integers
from sim.array import Array, IndexArray
from sim.errors import OutOfInterval
from sim.fixed import Fixed
from sim.integers import IntArray
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

WireArray = npt.NDArray[Any]
"""Of wires."""

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Wires(Array):
    """Element ``i`` is the wire ``wires[i]`` of the graph that all of them belong to."""

    flow: Dataflow
    wires: WireArray
    rank = 2

    @classmethod
    def inputs(cls, flow: Dataflow, types: Intervals) -> Wires:
        """One port for each element, numbered after those that the graph has already."""
        first = sum(isinstance(op, Input) for op in flow.ops)
        ports = (flow.input(first + i, types.interval(i)) for i in range(types.size))
        return cls(flow, _array(ports, types.shape))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.wires.shape

    # -- structure -----------------------------------------------------------------------------

    def lift(self, x: Wires | Fixed) -> Wires:
        if isinstance(x, Wires):
            return x
        assert x.samples == 1, "only a constant can become a part of the hardware"
        codes = x.codes[0]
        return self._of((self.flow.const(int(code), x.exp) for code in codes.flat), codes.shape)

    def take(self, index: IndexArray) -> Wires:
        index = np.asarray(index)
        return Wires(self.flow, self.wires.reshape(-1)[index.reshape(-1)].reshape(index.shape))

    def join(self, others: Sequence[Wires | Fixed]) -> Wires:
        arrays = [self, *map(self.lift, others)]
        return Wires(self.flow, np.concatenate([a.wires.reshape(-1) for a in arrays]))

    # -- arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Wires | Fixed) -> Wires:
        return self._zip(self.flow.add, other)

    def __sub__(self, other: Wires | Fixed) -> Wires:
        return self._zip(self.flow.sub, other)

    def __rsub__(self, other: Fixed) -> Wires:
        return self.lift(other) - self

    def __mul__(self, other: Wires | Fixed) -> Wires:
        if isinstance(other, Wires):
            return self._zip(self.flow.mul, other)
        return self._scaled(other.codes[0]) << other.exp

    def __matmul__(self, other: Wires | Fixed) -> Wires:
        if isinstance(other, Wires):
            a, b = self[..., None], other[..., None, :, :]
            return (a * b).swapaxes(-1, -2).sum()
        return self._product(other.codes[0]) << other.exp

    def __neg__(self) -> Wires:
        return self._of(map(self.flow.neg, self.wires.flat), self.shape)

    def __lshift__(self, shift: int) -> Wires:
        """The same wires, read as ``2**shift`` times as much."""
        return self._of((wire << shift for wire in self.wires.flat), self.shape)

    def maximum(self, other: Wires | Fixed) -> Wires:
        return self._zip(self.flow.max, other)

    def minimum(self, other: Wires | Fixed) -> Wires:
        return self._zip(self.flow.min, other)

    def max(self) -> Wires:
        return self._reduce(self.flow.max)

    def min(self) -> Wires:
        return self._reduce(self.flow.min)

    def sum(self) -> Wires:
        return self._reduce(self.flow.add, self.flow.const(0, 0))

    def at_least(self, other: Wires | Fixed) -> Wires:
        return self._zip(self.flow.compare, other)

    def where(self, yes: Wires | Fixed, no: Wires | Fixed) -> Wires:
        c, a, b = np.broadcast_arrays(self.wires, self.lift(yes).wires, self.lift(no).wires)
        return self._of(map(self.flow.mux, c.flat, a.flat, b.flat), c.shape)

    def lookup(self, values: Fixed, domain: Interval) -> Wires:
        table = [int(code) for code in values.codes[0]]
        return self._of(
            (self._looked_up(wire, table, values.exp, domain) for wire in self.wires.flat),
            self.shape,
        )

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Wires:
        wires, targets = self._with(to)
        quantize = self.flow.quantize
        return self._of(
            (quantize(w, t, rounding, overflow) for w, t in zip(wires.flat, targets, strict=True)),
            wires.shape,
        )

    def within(self, to: Intervals) -> Wires:
        wires, targets = self._with(to)
        return self._of(map(self._narrowed, wires.flat, targets), wires.shape)

    # -- for all elements ------------------------------------------------------------------------

    def _of(self, wires: Iterable[Wire], shape: tuple[int, ...]) -> Wires:
        return Wires(self.flow, _array(wires, shape))

    def _zip(self, f: Callable[[Wire, Wire], Wire], other: Wires | Fixed) -> Wires:
        a, b = np.broadcast_arrays(self.wires, self.lift(other).wires)
        return self._of(map(f, a.flat, b.flat), a.shape)

    def _reduce(self, f: Callable[[Wire, Wire], Wire], empty: Wire | None = None) -> Wires:
        """Combine the elements of the last axis."""
        *outer, last = self.shape
        rows = self.wires.reshape(prod(outer), last)
        none = [] if empty is None else [empty]
        return self._of((tree(f, list(row) or none) for row in rows), tuple(outer))

    def _with(self, to: Intervals) -> tuple[WireArray, list[Interval]]:
        """The wires, each with the interval that belongs to it."""
        shape = np.broadcast_shapes(self.shape, to.shape)
        ends = (np.broadcast_to(a, shape).reshape(-1).tolist() for a in (to.lo, to.hi, to.exp))
        return np.broadcast_to(self.wires, shape), [*map(Interval, *ends)]

    def _looked_up(self, wire: Wire, table: list[int], exp: int, domain: Interval) -> Wire:
        if not Intervals.full((), domain).contains(Intervals.full((), self.flow.interval(wire))):
            raise OutOfInterval(f"a value is outside of the table's domain {domain}")
        return self.flow.lookup(wire, domain.lo, table, exp, step=domain.exp)

    def _narrowed(self, wire: Wire, to: Interval) -> Wire:
        tight = self.flow.interval(wire).narrowed(to)
        if tight.lo > tight.hi:
            raise OutOfInterval("no value is inside of the interval that was promised")
        return self.flow.narrow(wire, to)

    # -- constants -------------------------------------------------------------------------------

    def _scaled(self, weights: IntArray) -> Wires:
        """Each element times its constant; all multiples of one wire share their additions."""
        wires, codes = np.broadcast_arrays(self.wires, weights)
        wanted: dict[Wire, dict[int, Wire]] = {}
        pairs = list(zip(wires.flat, map(int, codes.flat), strict=True))
        for wire, code in pairs:
            wanted.setdefault(wire, {})[code] = wire
        for wire, multiples in wanted.items():
            (row,) = products(self.flow, [[wire]], integers.integers([list(multiples)]))
            multiples.update(zip(multiples, row, strict=True))
        return self._of((wanted[wire][code] for wire, code in pairs), wires.shape)

    def _product(self, weights: IntArray) -> Wires:
        """(..., M, K) times (..., K, N); each different matrix is planned once."""
        (m, k), n = self.shape[-2:], weights.shape[-1]
        batch = np.broadcast_shapes(self.shape[:-2], weights.shape[:-2])
        which = np.broadcast_to(_numbered(weights), batch)
        rows = np.broadcast_to(self.wires, (*batch, m, k))
        out = np.empty((*batch, m, n), np.object_)
        matrices = weights.reshape(prod(weights.shape[:-2]), k, n)
        for i in dict.fromkeys(which.flat):
            chosen = rows[which == i]
            found = products(self.flow, chosen.reshape(len(chosen) * m, k).tolist(), matrices[i])
            out[which == i] = _array((w for row in found for w in row), (len(chosen), m, n))
        return Wires(self.flow, out)


def tree(f: Callable[[T, T], T], items: Iterable[T]) -> T:
    """Reduce in as few levels as there can be."""
    row = list(items)
    while len(row) > 1:
        row = [f(a, b) for a, b in zip(row[::2], row[1::2], strict=False)] + row[len(row) & ~1 :]
    return row[0]


def _array(wires: Iterable[Wire], shape: tuple[int, ...]) -> WireArray:
    """An array of wires, which numpy by itself would take for rows of numbers."""
    return np.fromiter(wires, np.object_, prod(shape)).reshape(shape)


def _numbered(matrices: IntArray) -> IndexArray:
    """For each matrix of a stack, the position of the first that is equal."""
    *batch, k, n = matrices.shape
    flat = matrices.reshape(prod(batch), k * n).tolist()
    first: dict[tuple[int, ...], int] = {}
    numbers = [first.setdefault(tuple(m), i) for i, m in enumerate(flat)]
    return np.array(numbers, np.intp).reshape(batch)
