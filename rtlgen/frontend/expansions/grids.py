"""GridSample by a constant grid: picked elements, or a product with a constant matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.expansions.mixing import mixed
from rtlgen.frontend.model import Shape
from rtlgen.frontend.points import Axis, Weights
from rtlgen.frontend.sampling import scale_of

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
    if settings[0] == "nearest":
        result = _picked(expansion, shape, points)
    else:
        result = mixed(expansion, node.inputs[0], shape, points)
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


def _reshaped(expansion: Expansion, x: str, shape: Shape) -> str:
    return expansion.made("Reshape", x, expansion.constant(shape, "shape", np.int64))


EXPANSIONS: Mapping[str, Expand] = {"GridSample": grid_sample}
