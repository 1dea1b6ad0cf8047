"""Weighted sums of elements by constants: a product with a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm, prod

import numpy as np

from rtlgen.frontend.expansion import Expansion
from rtlgen.frontend.model import Shape
from rtlgen.frontend.points import Weights

_EXACT = 1 << 16
"""Weights are counted in integers below this, where they are fractions of small numbers."""
_LARGEST = 1 << 22
"""Entries of a matrix."""


def mixed(
    expansion: Expansion, name: str, shape: Shape, points: Sequence[Sequence[Weights]]
) -> str:
    """For each channel of each sample, sums of its elements: of axes sample, channel and point.

    ``points`` are those of every sample, with weights by flat positions behind the channels. These
    are integers, divided in the end, if that is exact; else floats.
    """
    batch, channels, size, count = *shape[:2], prod(shape[2:]), len(points[0])
    if batch * size * count > _LARGEST:
        raise expansion.node.unsupported(
            f"{count} points in {size} elements",
            f"a product of the two of at most {_LARGEST // batch}",
        )
    numbers = [weight for row in points for point in row for weight in point.values()]
    common = lcm(*(weight.denominator for weight in numbers))
    most = max(map(abs, numbers), default=0)
    divisor = common if common * max(1, most) < _EXACT else 1
    matrix = np.zeros((batch, size, count))
    for n, row in enumerate(points):
        for k, point in enumerate(row):
            for at, weight in point.items():
                matrix[n, at, k] = float(weight * divisor)
    sizes = expansion.constant((batch, channels, size), "shape", np.int64)
    x = expansion.made("Reshape", name, sizes)
    weights = expansion.constant(matrix if batch > 1 else matrix[0], "weights", expansion.dtype())
    y = expansion.made("MatMul", x, weights)
    if divisor == 1:
        return y
    return expansion.made("Div", y, expansion.constant(divisor, "divisor", expansion.dtype()))
