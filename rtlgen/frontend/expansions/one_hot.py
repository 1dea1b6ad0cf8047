"""OneHot as rows of a constant square."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion


def one_hot(expansion: Expansion) -> None:
    """``on`` at the place that an integer names, along a new axis, and ``off`` elsewhere.

    The rows of the square stand at both ends of the table, for integers that count from either;
    the two between them are for those that name no place.
    """
    node, rank = expansion.node, len(expansion.shape())
    size = int(expansion.required(1).reshape(-1)[0])
    values = expansion.required(2)
    off, on = values
    square = np.eye(size, dtype=bool)
    rows = np.concatenate([square, np.zeros((2, size), bool), square])
    table = expansion.constant(np.where(rows, on, off), "rows", values.dtype)
    integers = expansion.made("Cast", node.inputs[0], to=7)
    ends = [expansion.constant(end, "end", np.int64) for end in (-size - 1, size)]
    indices = expansion.made("Clip", integers, *ends)
    axis = node.attributes["axis"] % (rank + 1)
    if axis == rank:
        expansion.made("Gather", table, indices, output=node.outputs[0], axis=0)
        return
    made = expansion.made("Gather", table, indices, axis=0)
    perm = [*range(rank)]
    perm.insert(axis, rank)
    expansion.made("Transpose", made, output=node.outputs[0], perm=tuple(perm))


EXPANSIONS: Mapping[str, Expand] = {"OneHot": one_hot}
