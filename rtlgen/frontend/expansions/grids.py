"""GridSample by a constant grid: picked elements, or a product with a constant matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import lcm, prod

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Shape
from rtlgen.frontend.points import Axis, Weights
from rtlgen.frontend.sampling import scale_of

_EXACT = 1 << 16
"""Weights are counted in integers below this, where they are fractions of small numbers."""
_LARGEST = 1 << 22
"""Entries of a matrix."""
_CHOICES = {
    "mode": ("linear", "nearest", "cubic"),
    "padding_mode": ("zeros", "border", "reflection"),
}


def grid_sample(expansion: Expansion) -> None:
    """Coordinates are the fractions of small numbers that they are in single precision."""
    node, shape = expansion.node, expansion.shape()
    for name, known in _CHOICES.items():
        if (chosen := node.attributes[name]) not in known:
            raise node.unsupported(f"{name}={chosen!r}", " or ".join(map(repr, known)))
    grid = expansion.required(1)
    settings = (node.attributes["mode"], node.attributes["padding_mode"])
    axes = [Axis(size, *settings, bool(node.attributes["align_corners"])) for size in shape[2:]]
    rows = grid.reshape(shape[0], -1, len(axes))[..., ::-1].tolist()
    points = [[_weighed(axes, point) for point in row] for row in rows]
    result = (_picked if settings[0] == "nearest" else _combined)(expansion, shape, points)
    sizes = expansion.constant((*shape[:2], *grid.shape[1:-1]), "shape", np.int64)
    expansion.made("Reshape", result, sizes, output=node.outputs[0])


def _weighed(axes: Sequence[Axis], point: Sequence[float]) -> Weights:
    """What an element of the result is a sum of, by flat positions."""
    along = [axis.weights(scale_of(x)) for axis, x in zip(axes, point, strict=True)]
    found: Weights = {}
    for parts in product(*(weights.items() for weights in along)):
        at = 0
        for axis, (i, _) in zip(axes, parts, strict=True):
            at = at * axis.size + i
        found[at] = found.get(at, Fraction(0)) + prod(weight for _, weight in parts)
    return found


def _picked(expansion: Expansion, shape: Shape, points: list[list[Weights]]) -> str:
    """One element of each channel for every point; a zero stands behind the last."""
    batch, channels, size = shape[0], shape[1], prod(shape[2:])
    x = expansion.node.inputs[0]
    if batch > 1:
        x = expansion.made("Transpose", x, perm=(1, 0, *range(2, len(shape))))
    x = _reshaped(expansion, x, (channels, batch * size))
    places = [
        [next((n * size + at for at in point), batch * size) for point in row]
        for n, row in enumerate(points)
    ]
    if any(not point for row in points for point in row):
        x = expansion.made("Pad", x, expansion.constant([0, 0, 0, 1], "pads", np.int64))
    picked = expansion.made("Gather", x, expansion.constant(places, "places", np.int64), axis=1)
    return expansion.made("Transpose", picked, perm=(1, 0, 2)) if batch > 1 else picked


def _combined(expansion: Expansion, shape: Shape, points: list[list[Weights]]) -> str:
    """Products with integers, divided in the end, if that is exact; else with the weights."""
    batch, channels, size = shape[0], shape[1], prod(shape[2:])
    if batch * size * len(points[0]) > _LARGEST:
        raise expansion.node.unsupported(
            f"{len(points[0])} points in {size} elements",
            f"a product of the two of at most {_LARGEST // batch}",
        )
    numbers = [weight for row in points for point in row for weight in point.values()]
    common = lcm(*(weight.denominator for weight in numbers))
    most = max((abs(weight) for weight in numbers), default=0)
    divisor = common if common * max(1, most) < _EXACT else 1
    matrix = np.zeros((batch, size, len(points[0])))
    for n, row in enumerate(points):
        for k, point in enumerate(row):
            for at, weight in point.items():
                matrix[n, at, k] = float(weight * divisor)
    x = _reshaped(expansion, expansion.node.inputs[0], (batch, channels, size))
    weights = expansion.constant(matrix if batch > 1 else matrix[0], "weights", expansion.dtype())
    y = expansion.made("MatMul", x, weights)
    if divisor == 1:
        return y
    return expansion.made("Div", y, expansion.constant(divisor, "divisor", expansion.dtype()))


def _reshaped(expansion: Expansion, x: str, shape: Shape) -> str:
    return expansion.made("Reshape", x, expansion.constant(shape, "shape", np.int64))


EXPANSIONS: Mapping[str, Expand] = {"GridSample": grid_sample}
