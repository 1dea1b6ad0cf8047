"""Operators that ask where the largest element is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion


def hardmax(expansion: Expansion) -> None:
    """One at the first of the largest elements, zero elsewhere."""
    node, shape = expansion.node, expansion.shape()
    axis = node.attributes["axis"]
    place = expansion.made("ArgMax", node.inputs[0], axis=axis)
    along = [-1 if i == axis % len(shape) else 1 for i in range(len(shape))]
    places = np.arange(shape[axis]).reshape(along)
    there = expansion.made("Equal", place, expansion.constant(places, "places", np.int64))
    dtype = expansion.model.dtypes.get(node.inputs[0], np.dtype(np.float32))
    one, zero = (expansion.constant(n, what, dtype) for n, what in ((1, "one"), (0, "zero")))
    expansion.made("Where", there, one, zero, output=node.outputs[0])


EXPANSIONS: Mapping[str, Expand] = {"Hardmax": hardmax}
