"""Softmax of masked scores: what is hidden is left out, where a constant says so.

Minus infinity, by which masks are added, is no number. Rows that see the same have one Softmax of
that alone, and zeros where they see nothing.
"""

from __future__ import annotations

import numpy as np

from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.model import Array, Shape

BOTTOM = -(2.0**14)
"""A score of which nothing is left: far below any other."""


def masked_softmax(expansion: Expansion, scores: str, shape: Shape, seen: Array) -> str:
    """Along the last axis, of the ``seen`` alone, which broadcasts to the shape of the scores."""
    seen = seen.reshape((1,) * (len(shape) - seen.ndim) + seen.shape)
    for axis, size in enumerate(seen.shape[:-2]):
        if size > 1:
            return _in_parts(expansion, scores, shape, seen, axis)
    rows = np.broadcast_to(seen.reshape((1, *seen.shape)[-2:]), (1, *shape)[-2:])
    alike: dict[bytes, list[int]] = {}
    for i, row in enumerate(rows):
        alike.setdefault(row.tobytes(), []).append(i)
    parts = [_part(expansion, scores, shape, group, rows[group[0]]) for group in alike.values()]
    order = [i for group in alike.values() for i in group]
    joined = expansion.made("Concat", *parts, axis=-2) if len(parts) > 1 else parts[0]
    return _picked(expansion, joined, -2, np.argsort(order))


def chosen_softmax(expansion: Expansion, scores: str, seen: str) -> str:
    """The same of what a value that may be computed says; rows that see nothing are zeros."""
    made = expansion.made
    bottom, zero = expansion.constant(BOTTOM, "bottom"), expansion.constant(0, "zero")
    weights = made("Softmax", made("Where", seen, scores, bottom), axis=-1)
    return made("Where", seen, weights, zero)


def _in_parts(expansion: Expansion, scores: str, shape: Shape, seen: Array, axis: int) -> str:
    """Of scores that are masked differently along this axis."""
    parts = []
    for i in range(shape[axis]):
        part = _picked(expansion, scores, axis, np.array([i]), shape[axis])
        own = (*shape[:axis], 1, *shape[axis + 1 :])
        parts.append(masked_softmax(expansion, part, own, seen.take([i], axis)))
    return expansion.made("Concat", *parts, axis=axis)


def _part(expansion: Expansion, scores: str, shape: Shape, rows: list[int], seen: Array) -> str:
    """The rows that see these columns."""
    many = (*shape[:-2], len(rows))
    columns = np.flatnonzero(seen)
    if not columns.size:
        return expansion.constant(np.zeros((*many, shape[-1])), "zeros")
    part = _picked(expansion, scores, -2, np.array(rows), shape[-2])
    part = _picked(expansion, part, -1, columns, shape[-1])
    weights = expansion.made("Softmax", part, axis=-1)
    if columns.size == shape[-1]:
        return weights
    zeros = expansion.constant(np.zeros((*many, 1)), "zeros")
    places = np.where(seen, np.cumsum(seen) - 1, columns.size)
    return _picked(expansion, expansion.made("Concat", weights, zeros, axis=-1), -1, places)


def _picked(
    expansion: Expansion, name: str, axis: int, places: Array, size: int | None = None
) -> str:
    """Elements along an axis, which is of this size; all in their order need no node."""
    if np.array_equal(places, np.arange(len(places) if size is None else size)):
        return name
    where = expansion.constant(places, "places", np.int64)
    return expansion.made("Gather", name, where, axis=axis)
