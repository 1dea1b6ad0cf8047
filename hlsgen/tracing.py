"""Operators written out in others: their ``forward``, on arrays that note what is done to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import prod
from typing import Protocol

import numpy as np

from kernels.base import Operator, Scales
from kernels.dense import MatMul
from kernels.elementwise import Add, Max, Min, Mul, Neg, Sub
from kernels.logic import GreaterOrEqual, Pick, Where
from kernels.pool import GlobalMaxPool, GlobalSumPool
from kernels.quant import Quantize
from kernels.shape import Identity
from kernels.table import Table
from sim.array import Array, IndexArray, concat
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


@dataclass(frozen=True, eq=False)
class Taken(Operator):
    """The elements at these places of all inputs, which are one behind the other."""

    scales = Scales.MOVE
    index: IndexArray

    def forward(self, *xs: Array) -> Array:
        joined: Array = concat([x.reshape(x.size) for x in xs], 0)
        return joined.take(self.index)


class Nodes(Protocol):
    """A graph that grows by nodes and constants."""

    shapes: dict[str, tuple[int, ...]]

    def add(self, op: Operator, *inputs: str, output: str | None = None) -> str:
        """Append a node of one output, and return its name."""

    def constant(self, value: Fixed) -> str:
        """Add a constant, and return its name."""

    def given(self, name: str) -> Fixed | None:
        """The number behind a name, if it is a constant."""


def trace(nodes: Nodes, op: Operator, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Add the nodes that compute an operator."""
    results = op.forward(*(Traced.of(nodes, name) for name in inputs))
    for name, result in zip(
        outputs, results if isinstance(results, tuple) else (results,), strict=False
    ):
        result.write(name)


@dataclass(frozen=True, eq=False)
class Traced(Array):
    """The elements at places of values of a graph; they move only once something is computed."""

    nodes: Nodes
    parts: tuple[str, ...]
    """Names of values, which are one behind the other."""
    index: IndexArray
    rank = 2

    @classmethod
    def of(cls, nodes: Nodes, name: str) -> Traced:
        """A value of the graph."""
        shape = nodes.shapes[name]
        return cls(nodes, (name,), np.arange(prod(shape)).reshape(shape))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.index.shape

    @property
    def starts(self) -> list[int]:
        """The place of the first element of each part, and how many there are in all."""
        return [0, *accumulate(prod(self.nodes.shapes[part]) for part in self.parts)]

    def write(self, output: str) -> None:
        """Add the node that gives the value this name; a constant is laid out before it moves."""
        if all(self.nodes.given(part) is not None for part in self.parts):
            self.nodes.add(Identity(), self.named(), output=output)
        else:
            self.nodes.add(Taken(self.index), *self.parts, output=output)

    def named(self) -> str:
        """The name of the value, which is computed if it has none."""
        whole = Traced.of(self.nodes, self.parts[0])
        if self.shape == whole.shape and (self.index == whole.index).all():
            return self.parts[0]
        return self._made(Taken(self.index), *self.parts).parts[0]

    # -- structure -----------------------------------------------------------------------------

    def lift(self, x: Traced | Fixed) -> Traced:
        return x if isinstance(x, Traced) else Traced.of(self.nodes, self.nodes.constant(x))

    def take(self, index: IndexArray) -> Traced:
        return Traced(self.nodes, self.parts, self.index.reshape(-1)[np.asarray(index)])

    def join(self, others: Sequence[Traced | Fixed]) -> Traced:
        arrays = [self, *map(self.lift, others)]
        parts = tuple(dict.fromkeys(part for a in arrays for part in a.parts))
        joined = Traced(self.nodes, parts, self.index)
        first = dict(zip(parts, joined.starts, strict=False))
        places = []
        for a in arrays:
            which = np.searchsorted(a.starts, a.index.reshape(-1), "right") - 1
            moved = np.array([first[p] - s for p, s in zip(a.parts, a.starts, strict=False)])
            places.append(a.index.reshape(-1) + moved[which])
        return replace(joined, index=np.concatenate(places))

    # -- arithmetic ----------------------------------------------------------------------------

    def __add__(self, other: Traced | Fixed) -> Traced:
        return self._computed(Add(), self, other)

    def __sub__(self, other: Traced | Fixed) -> Traced:
        return self._computed(Sub(), self, other)

    def __mul__(self, other: Traced | Fixed) -> Traced:
        return self._computed(Mul(), self, other)

    def __matmul__(self, other: Traced | Fixed) -> Traced:
        return self._made(MatMul(), self.named(), self.lift(other).named())

    def __neg__(self) -> Traced:
        if len(self.parts) > 1 or self.size != self.starts[-1]:
            return self._computed(Neg(), self)
        return replace(self, parts=self._made(Neg(), *self.parts).parts)  # before it moves

    def maximum(self, other: Traced | Fixed) -> Traced:
        return self._computed(Max(), self, other)

    def minimum(self, other: Traced | Fixed) -> Traced:
        return self._computed(Min(), self, other)

    def max(self) -> Traced:
        return self._pooled(GlobalMaxPool())

    def min(self) -> Traced:
        return -(-self).max()

    def sum(self) -> Traced:
        return self._pooled(GlobalSumPool())

    def at_least(self, other: Traced | Fixed) -> Traced:
        return self._computed(GreaterOrEqual(), self, other)

    def where(self, yes: Traced | Fixed, no: Traced | Fixed) -> Traced:
        condition = self.named()
        if known := self.nodes.given(condition):
            picked = Pick(known).forward(self.lift(yes), self.lift(no))
            assert isinstance(picked, Traced)
            return picked
        return self._computed(Where(), Traced.of(self.nodes, condition), yes, no)

    def lookup(self, values: Fixed, domain: Interval) -> Traced:
        return self._computed(Table(values, domain), self)

    def quantize(self, to: Intervals, rounding: Rounding, overflow: Overflow) -> Traced:
        return self._computed(Quantize(to, rounding, overflow), self)

    def within(self, to: Intervals) -> Traced:
        """The same values: what is promised makes no kernel."""
        return self

    def _computed(self, op: Operator, *operands: Traced | Fixed) -> Traced:
        """Element by element; data are repeated to the whole shape, and constants need not be."""
        shape = np.broadcast_shapes(*(x.shape for x in operands))
        names = [
            self.nodes.constant(x)
            if isinstance(x, Fixed)
            else x.map(lambda a: np.broadcast_to(a, shape)).named()
            for x in operands
        ]
        return self._made(op, *names)

    def _pooled(self, op: Operator) -> Traced:
        *outer, count = self.shape
        rows = self.reshape(1, prod(outer), count)
        return self._made(op, rows.named()).reshape(*outer)

    def _made(self, op: Operator, *names: str) -> Traced:
        """What an operator makes of these values; of constants, a constant."""
        known = [constant for name in names if (constant := self.nodes.given(name)) is not None]
        if len(known) == len(names):
            return Traced.of(self.nodes, self.nodes.constant(op.forward(*known)))
        return Traced.of(self.nodes, self.nodes.add(op, *names))
