"""RoiAlign by constant regions: averages of points between elements, as one product."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from math import ceil, floor, prod

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.expansions.mixing import mixed
from rtlgen.frontend.points import Weights
from rtlgen.frontend.sampling import HALF, scale_of

_CHOICES = {
    "coordinate_transformation_mode": ("half_pixel", "output_half_pixel"),
    "mode": ("avg",),
}


def roi_align(expansion: Expansion) -> None:
    """Averages, no maxima; coordinates are the fractions that they are in single precision."""
    node, made = expansion.node, expansion.made
    batch, channels, *sizes = shape = expansion.shape()
    for name, known in _CHOICES.items():
        if (chosen := node.attributes[name]) not in known:
            raise node.unsupported(f"{name}={chosen!r}", " or ".join(map(repr, known)))
    regions, samples = expansion.required(1), expansion.required(2).tolist()
    for sample in samples:
        if not 0 <= sample < batch:
            raise node.unsupported(f"batch_indices={sample} of {batch} samples", "those there are")
    height, width = (node.attributes[f"output_{side}"] for side in ("height", "width"))
    points: list[Weights] = []
    for (x0, y0, x1, y1), sample in zip(regions.tolist(), samples, strict=True):
        rows = _bins(expansion, sizes[0], (y0, y1), height)
        columns = _bins(expansion, sizes[1], (x0, x1), width)
        points += [
            {
                (sample * sizes[0] + i) * sizes[1] + k: a * b
                for (i, a), (k, b) in product(row.items(), column.items())
            }
            for row, column in product(rows, columns)
        ]
    x = node.inputs[0]
    if batch > 1:
        x = made("Transpose", x, perm=(1, 0, 2, 3))
    y = mixed(expansion, x, (1, channels, batch * prod(shape[2:])), [points])
    parts = expansion.constant((channels, len(samples), height, width), "shape", np.int64)
    y = made("Reshape", y, parts)
    made("Transpose", y, output=node.outputs[0], perm=(1, 0, 2, 3))


def _bins(expansion: Expansion, size: int, ends: tuple[float, float], count: int) -> list[Weights]:
    """The parts of equal length between two ends along an axis, each the average of some points."""
    given = expansion.node.attributes
    aligned = given["coordinate_transformation_mode"] == "half_pixel"
    scale, offset = scale_of(given["spatial_scale"]), HALF if aligned else Fraction(0)
    start, end = (scale_of(x) * scale - offset for x in ends)
    length = end - start if aligned else max(end - start, Fraction(1))
    step = length / count
    grid = given["sampling_ratio"] if given["sampling_ratio"] > 0 else ceil(step)
    return [
        _averaged([start + k * step + (i + HALF) * step / grid for i in range(grid)], size)
        for k in range(count)
    ]


def _averaged(points: list[Fraction], size: int) -> Weights:
    found = Weights()
    for x in points:
        for i, weight in _between(x, size).items():
            found[i] = found.get(i, Fraction(0)) + weight / len(points)
    return found


def _between(x: Fraction, size: int) -> Weights:
    """The two elements around a point; up to one beyond an end that element, then nothing."""
    if x < -1 or x > size:
        return {}
    x = min(max(x, Fraction(0)), Fraction(size - 1))
    low = floor(x)
    return {low: 1 - (x - low)} | ({low + 1: x - low} if x > low else {})


EXPANSIONS: Mapping[str, Expand] = {"RoiAlign": roi_align}
