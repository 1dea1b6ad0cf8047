"""Which elements along an axis are the largest, and where they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kernels.base import Operator, Scales
from sim.array import Array, concat
from sim.errors import ShapeError
from sim.fixed import Fixed

ONE = Fixed.constant(1)


@dataclass(frozen=True)
class Place(Operator):
    """Where along ``axis`` the best element is; of equal ones, the first or the last."""

    scales = Scales.ABSORB
    axis: int = 0
    keepdims: int = 1
    select_last_index: int = 0

    def forward(self, x: Array) -> Array:
        rows = x.map(lambda a: np.moveaxis(a, self.axis, -1))
        if not rows.shape[-1]:
            raise ShapeError(f"there are no elements along axis {self.axis} of {list(x.shape)}")
        places = _numbered(rows)
        while (count := rows.shape[-1]) > 1:  # the winners of all pairs, and who has none
            even, odd = slice(0, count & ~1, 2), slice(1, None, 2)
            rest = rows[..., count & ~1 :], places[..., count & ~1 :]
            a, b = rows[..., even], rows[..., odd]
            first, second = places[..., even], places[..., odd]
            if self.select_last_index:
                won = self.no_worse(b, a).where(second, first)
            else:
                won = self.no_worse(a, b).where(first, second)
            rows, places = concat([self.better(a, b), rest[0]], -1), concat([won, rest[1]], -1)
        if not self.keepdims:
            return places[..., 0]
        return places.map(lambda a: np.moveaxis(a, -1, self.axis))

    @abstractmethod
    def better(self, a: Array, b: Array) -> Array:
        """The better of two values."""

    @abstractmethod
    def no_worse(self, a: Array, b: Array) -> Array:
        """One where ``a`` is the better of two values, or equal."""


@dataclass(frozen=True)
class ArgMax(Place):
    """Where along ``axis`` the largest element is; of equal ones, the first or the last."""

    onnx = ("ArgMax",)

    def better(self, a: Array, b: Array) -> Array:
        return a.maximum(b)

    def no_worse(self, a: Array, b: Array) -> Array:
        return a.at_least(b)


@dataclass(frozen=True)
class ArgMin(Place):
    """Where along ``axis`` the smallest element is; of equal ones, the first or the last."""

    onnx = ("ArgMin",)

    def better(self, a: Array, b: Array) -> Array:
        return a.minimum(b)

    def no_worse(self, a: Array, b: Array) -> Array:
        return b.at_least(a)


@dataclass(frozen=True)
class TopK(Operator):
    """The ``k`` largest elements along ``axis``, or smallest, in order, and where they were.

    Of equal elements, the first comes first.
    """

    onnx = ("TopK",)
    scales = Scales.KEEP
    parameters = {"k": 1}
    without_effect = {"sorted": ()}  # any order is allowed then, and sorted is one
    results = 2
    limits = "how many is a constant"
    k: tuple[int, ...]
    """Of one element."""
    axis: int = -1
    largest: int = 1

    def forward(self, x: Array) -> tuple[Array, Array]:
        rows = x.map(lambda a: np.moveaxis(a, self.axis, -1))
        (k,), count = self.k, rows.shape[-1]
        if not 1 <= k <= count:
            raise ShapeError(f"there are no {k} largest of {count} elements along axis {self.axis}")
        values, places = (
            [a[..., i : i + 1] for i in range(count)] for a in (rows, _numbered(rows))
        )
        pairs, ends = selection(count, k)
        for i, j in pairs:
            a, b, first, second = values[i], values[j], places[i], places[j]
            values[i], values[j] = self._in_order(a, b)
            a_is_no_worse, b_is_no_worse = self._no_worse(a, b), self._no_worse(b, a)
            stays = second.at_least(first).where(a_is_no_worse, -b_is_no_worse + ONE)
            places[i], places[j] = stays.where(first, second), stays.where(second, first)
        return self._joined(values, ends), self._joined(places, ends)

    def _in_order(self, a: Array, b: Array) -> tuple[Array, Array]:
        high, low = a.maximum(b), a.minimum(b)
        return (high, low) if self.largest else (low, high)

    def _no_worse(self, a: Array, b: Array) -> Array:
        return a.at_least(b) if self.largest else b.at_least(a)

    def _joined(self, columns: list[Array], order: list[int]) -> Array:
        rows: Array = concat([columns[i] for i in order], -1)
        return rows.map(lambda a: np.moveaxis(a, -1, self.axis))


def selection(count: int, k: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Which pairs to bring into order, one after the other, and where the first ``k`` then are.

    Batcher's odd-even merge sort ("Sorting networks and their applications", 1968), in which
    nothing is kept that has ``k`` before it, or that none of the first ``k`` depends on.
    """
    whole = 1 << (count - 1).bit_length()
    slots: list[int | None] = [*range(count), *[None] * (whole - count)]
    pairs: list[tuple[int, int]] = []
    size = 1
    while size < whole:
        size *= 2
        for start in range(0, whole, size):
            for i, j in _merged(start, size, 1):
                first, second = slots[i], slots[j]
                if first is None:
                    slots[i], slots[j] = second, None
                elif second is not None:
                    pairs.append((first, second))
            slots[start + k : start + size] = [None] * max(0, size - k)
    ends = [slot for slot in slots[:k] if slot is not None]
    return _needed(pairs, ends), ends


def _needed(pairs: list[tuple[int, int]], ends: list[int]) -> list[tuple[int, int]]:
    """Without the pairs that nothing depends on."""
    needed, kept = set(ends), []
    for pair in reversed(pairs):
        if needed.intersection(pair):
            needed.update(pair)
            kept.append(pair)
    return kept[::-1]


def _merged(start: int, count: int, step: int) -> Iterator[tuple[int, int]]:
    """Two sorted halves of what lies ``step`` apart."""
    if 2 * step < count:
        yield from _merged(start, count, 2 * step)
        yield from _merged(start + step, count, 2 * step)
        inner = range(start + step, start + count - step, 2 * step)
        yield from ((i, i + step) for i in inner)
    else:
        yield start, start + step


def _numbered(rows: Array) -> Array:
    """The place of every element in its row."""
    count = rows.shape[-1]
    return rows.lift(Fixed.constant(np.broadcast_to(np.arange(count), rows.shape)))
