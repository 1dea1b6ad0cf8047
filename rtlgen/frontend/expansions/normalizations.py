"""Numbers that are divided by how large they are together.

Squares are those of magnitudes, so that all that is known of them is not negative. Averages are
GlobalAveragePool's, of rows of three axes, whose sums are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Shape
from sim.errors import ShapeError

_TINY = 2.0**-44
"""Beside squares, what keeps a root from zero, where all that it divides is zero."""
_TINY_SUM = 2.0**-32
"""Beside magnitudes."""


def layer(expansion: Expansion) -> None:
    """From ``axis`` on: centered, of variance one, scaled and shifted.

    Beside it, the average that was taken off and what the rest was multiplied with.
    """
    node, shape, before = expansion.node, expansion.shape(), _before(expansion)
    count, x = prod(shape) // before, _rows(expansion, 1, before)
    centered = _centered(expansion, x, count)
    deviation = _deviation(expansion, centered, node.attributes["epsilon"] * count**2)
    y = expansion.made("Div", centered, deviation)
    _affine(expansion, _placed(expansion, y), node.inputs[1:])
    mean, inverse = (*node.outputs[1:], "", "")[:2]
    axis = _axis(expansion, node.attributes["axis"], shape)
    row = expansion.constant((*shape[:axis], *(1,) * (len(shape) - axis)), "shape", np.int64)
    if mean:
        expansion.made("Reshape", expansion.made("GlobalAveragePool", x), row, output=mean)
    if inverse:
        number = expansion.constant(count, "count")
        factor = expansion.made("Div", number, deviation)
        expansion.made("Reshape", factor, row, output=inverse)


def root_mean_square(expansion: Expansion) -> None:
    """From ``axis`` on: of mean square one, and scaled."""
    rows = _rows(expansion, 1, _before(expansion))
    y = _to_unit_variance(expansion, rows, expansion.node.attributes["epsilon"])
    _affine(expansion, _placed(expansion, y), expansion.node.inputs[1:])


def instance(expansion: Expansion) -> None:
    """In each channel."""
    shape = expansion.shape()
    _of_channels(expansion, shape[1])


def group(expansion: Expansion) -> None:
    """In each group of channels; scales are those of channels, or, up to opset 20, of groups."""
    groups = expansion.node.attributes.get("num_groups", 0)
    if not (expansion.node.has(1) and expansion.node.has(2)):
        raise expansion.node.unsupported("no scale or bias", "both")
    channels = expansion.shape()[1]
    if groups < 1 or channels % groups:
        raise expansion.node.unsupported(
            f"num_groups={groups} of {channels} channels", "a number that divides the channels"
        )
    _of_channels(expansion, groups)


def mean_variance(expansion: Expansion) -> None:
    """Along ``axes``: centered and of variance one, without a scale."""
    shape = expansion.shape()
    axes = sorted({_axis(expansion, axis, shape) for axis in expansion.node.attributes["axes"]})
    order = [*(a for a in range(len(shape)) if a not in axes), *axes]
    turned = expansion.made("Transpose", expansion.node.inputs[0], perm=order)
    count = prod(shape[a] for a in axes)
    rows = _reshaped(expansion, turned, (1, -1, count))
    y = _standardized(expansion, rows, count, _TINY)
    y = _reshaped(expansion, y, tuple(shape[a] for a in order))
    back = [order.index(a) for a in range(len(shape))]
    expansion.made("Transpose", y, output=expansion.node.outputs[0], perm=back)


def norm(expansion: Expansion) -> None:
    """Along ``axis``: of a sum of magnitudes, or of squares, of one; zeros stay zeros."""
    node, shape = expansion.node, expansion.shape()
    p, axis = node.attributes["p"], _axis(expansion, node.attributes["axis"], shape)
    if p not in (1, 2):
        raise node.unsupported(f"p={p}", "1 or 2")
    order = list(range(len(shape)))
    order[axis], order[-1] = order[-1], order[axis]
    x = expansion.made("Transpose", node.inputs[0], perm=order)
    rows = _reshaped(expansion, x, (1, -1, shape[axis]))
    size = expansion.made("Abs", rows)
    if p == 2:
        size = expansion.made("Mul", size, size)
    mean = expansion.made("GlobalAveragePool", size)
    total = expansion.made("Mul", mean, expansion.constant(shape[axis], "count"))
    tiny = expansion.constant(_TINY if p == 2 else _TINY_SUM, "tiny")
    total = expansion.made("Add", total, tiny)
    if p == 2:
        total = expansion.made("Sqrt", total)
    y = expansion.made("Div", rows, total)
    y = _reshaped(expansion, y, tuple(shape[a] for a in order))
    expansion.made("Transpose", y, output=node.outputs[0], perm=order)


def local_response(expansion: Expansion) -> None:
    """``x / (bias + alpha / size * sum(x**2))**beta`` of neighbouring channels."""
    node, shape = expansion.node, expansion.shape()
    size = node.attributes["size"]
    x = node.inputs[0]
    magnitude = expansion.made("Abs", x)
    square = expansion.made("Mul", magnitude, magnitude)
    before = [0, (size - 1) // 2, *(0,) * (len(shape) - 2)]
    after = [0, size // 2, *(0,) * (len(shape) - 2)]
    pads = expansion.constant([*before, *after], "pads", np.int64)
    padded = expansion.made("Pad", square, pads)
    channels, number = expansion.constant([1], "axis", np.int64), shape[1]
    ends = [expansion.constant([i], "end", np.int64) for i in range(size + number)]
    planes = [
        expansion.made("Slice", padded, ends[i], ends[i + number], channels) for i in range(size)
    ]
    factor = expansion.constant(node.attributes["alpha"] / size, "alpha")
    scaled = expansion.made("Mul", expansion.made("Sum", *planes), factor)
    shifted = expansion.made("Add", scaled, expansion.constant(node.attributes["bias"], "bias"))
    power = expansion.made("Pow", shifted, expansion.constant(-node.attributes["beta"], "power"))
    expansion.made("Mul", x, power, output=node.outputs[0])


def _of_channels(expansion: Expansion, groups: int) -> None:
    """Centered and of variance one in each group of channels, scaled and shifted in channels."""
    shape = expansion.shape()
    rows = _rows(expansion, shape[0], groups)
    y = _standardized(expansion, rows, prod(shape[1:]) // groups)
    y = _placed(expansion, y)
    _affine(expansion, y, [_channelwise(expansion, i, shape) for i in (1, 2)])


def _channelwise(expansion: Expansion, position: int, shape: Shape) -> str:
    """One number for each channel, or for each group of them, in the shape of the data."""
    name, (count,) = expansion.node.inputs[position], expansion.shape(position)
    ones = (1,) * (len(shape) - 2)
    if count != shape[1]:
        name = _reshaped(expansion, name, (count, 1))
        wide = expansion.constant((count, shape[1] // count), "shape", np.int64)
        name = expansion.made("Expand", name, wide)
    return _reshaped(expansion, name, (shape[1], *ones))


def _before(expansion: Expansion) -> int:
    """How many rows there are before ``axis``."""
    shape = expansion.shape()
    return prod(shape[: _axis(expansion, expansion.node.attributes["axis"], shape)])


def _rows(expansion: Expansion, batch: int, rows: int) -> str:
    return _reshaped(expansion, expansion.node.inputs[0], (batch, rows, -1))


def _placed(expansion: Expansion, rows: str) -> str:
    return _reshaped(expansion, rows, expansion.shape())


def _centered(expansion: Expansion, rows: str, count: int) -> str:
    """``count`` times what is above the average, which is on the grid that the numbers are on."""
    number = expansion.constant(count, "count")
    total = expansion.made("Mul", expansion.made("GlobalAveragePool", rows), number)
    return expansion.made("Sub", expansion.made("Mul", rows, number), total)


def _to_unit_variance(expansion: Expansion, rows: str, epsilon: float) -> str:
    """Divided by the root of the mean square, which is one function of it."""
    return expansion.made("Div", rows, _deviation(expansion, rows, epsilon))


def _deviation(expansion: Expansion, rows: str, epsilon: float) -> str:
    """The root of the mean square and an epsilon."""
    size = expansion.made("Abs", rows)
    variance = expansion.made("GlobalAveragePool", expansion.made("Mul", size, size))
    above = expansion.made("Add", variance, expansion.constant(epsilon, "epsilon"))
    return expansion.made("Sqrt", above)


def _standardized(expansion: Expansion, rows: str, count: int, epsilon: float | None = None) -> str:
    """Centered and of variance one. Rows of ``count`` numbers are that many times as large."""
    if epsilon is None:
        epsilon = expansion.node.attributes["epsilon"]
    return _to_unit_variance(expansion, _centered(expansion, rows, count), epsilon * count**2)


def _affine(expansion: Expansion, x: str, parameters: Any) -> None:
    """Times the first parameter, plus the second one, if it is there."""
    scale, *bias = filter(None, parameters)
    output = expansion.node.outputs[0]
    y = expansion.made("Mul", x, scale, output="" if bias else output)
    if bias:
        expansion.made("Add", y, *bias, output=output)


def _reshaped(expansion: Expansion, x: str, shape: Shape) -> str:
    return expansion.made("Reshape", x, expansion.constant(shape, "shape", np.int64))


def _axis(expansion: Expansion, axis: int, shape: Shape) -> int:
    if not -len(shape) <= axis < len(shape):
        raise ShapeError(
            f"node {expansion.node.name!r}: axis {axis} of data of shape {list(shape)}; give one "
            f"that it has"
        )
    return axis % len(shape)


EXPANSIONS: Mapping[str, Expand] = {
    "GroupNormalization": group,
    "InstanceNormalization": instance,
    "LRN": local_response,
    "LayerNormalization": layer,
    "LpNormalization": norm,
    "MeanVarianceNormalization": mean_variance,
    "RMSNormalization": root_mean_square,
}
