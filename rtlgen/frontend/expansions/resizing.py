"""Resize as picked elements, or as products with constant matrices, axis by axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import floor, lcm

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Array
from rtlgen.frontend.sampling import COORDINATES, HALF, NEAREST, Filter, Sampling, scale_of

_EXACT = 1 << 16
"""Weights are counted in integers below this."""


def resize(expansion: Expansion) -> None:
    """Exact on the model's numbers: coordinates and weights are fractions, not floats.

    A scale is the fraction of small numbers that it is in single precision, if it is one.
    """
    node, given = expansion.node, expansion.node.attributes
    _check(expansion)
    samplings = _samplings(expansion)
    value = float(given["extrapolation_value"])
    if given["mode"] == "nearest":
        result = _picked(expansion, samplings, value)
    else:
        result = _weighted(expansion, samplings, value)
    expansion.made("Identity", result, output=node.outputs[0])


def _check(expansion: Expansion) -> None:
    node = expansion.node
    choices = {
        "mode": ("nearest", "linear", "cubic"),
        "coordinate_transformation_mode": COORDINATES,
        "nearest_mode": tuple(NEAREST),
        "keep_aspect_ratio_policy": ("stretch", "not_larger", "not_smaller"),
    }
    for name, known in choices.items():
        if (chosen := node.attributes[name]) not in known:
            raise node.unsupported(f"{name}={chosen!r}", " or ".join(map(repr, known)))


def _samplings(expansion: Expansion) -> dict[int, Sampling]:
    """Of every axis that changes."""
    node, shape = expansion.node, expansion.shape()
    given = node.attributes
    axes = [axis % len(shape) for axis in given.get("axes") or range(len(shape))]
    scales, sizes = _scales(expansion, [shape[axis] for axis in axes])
    mode = given["coordinate_transformation_mode"]
    roi = np.array([[0] * len(axes), [1] * len(axes)])
    if mode == "tf_crop_and_resize":
        roi = _constant(expansion, 1, "roi").reshape(2, -1)
    found = {}
    for axis, scale, size, start, end in zip(axes, scales, sizes, *roi.tolist(), strict=True):
        region = scale_of(start), scale_of(end)
        result = floor(shape[axis] * (region[1] - region[0]) * scale) if size is None else size
        if scale <= 0 or result < 1:
            raise node.unsupported(
                f"a scale of {float(scale):g} of {shape[axis]} elements",
                "scales above zero that leave at least one element",
            )
        sampling = Sampling(shape[axis], result, scale, mode, *region)
        if not sampling.agreed:
            raise node.unsupported(
                f"coordinate_transformation_mode={mode!r} and a scale of {float(scale):g}, which "
                f"makes no whole number of {shape[axis]} elements: where they lie is disputed",
                "sizes, or scales that make one",
            )
        if sampling.coordinates != list(range(shape[axis])):
            found[axis] = sampling
    return found


def _scales(expansion: Expansion, sizes: list[int]) -> tuple[list[Fraction], list[int | None]]:
    """By what each axis is scaled, and to how many elements, as far as that is given."""
    node = expansion.node
    if not node.has(3):
        numbers = _constant(expansion, 2, "scales").tolist()
        return [scale_of(number) for number in numbers], [None] * len(numbers)
    wanted = _constant(expansion, 3, "sizes").tolist()
    scales = [Fraction(new, old) for new, old in zip(wanted, sizes, strict=True)]
    policy = node.attributes["keep_aspect_ratio_policy"]
    if policy != "stretch":
        common = min(scales) if policy == "not_larger" else max(scales)
        scales = [common] * len(scales)
        wanted = [floor(common * size + HALF) for size in sizes]
    return scales, wanted


def _constant(expansion: Expansion, position: int, what: str) -> Array:
    value = expansion.given(position)
    if value is None or not value.size:
        raise expansion.node.unsupported(f"no {what}", f"constant {what}")
    return value


# -- nearest -------------------------------------------------------------------------------------


def _picked(expansion: Expansion, samplings: Mapping[int, Sampling], value: float) -> str:
    """Elements along one axis after the other; one that has the value is put behind the last."""
    result = expansion.node.inputs[0]
    for axis, sampling in samplings.items():
        places = np.array(sampling.nearest(expansion.node.attributes["nearest_mode"]), np.int64)
        if any(sampling.outside):
            places[sampling.outside] = sampling.size
            pads = expansion.constant([0, 1], "pads", np.int64)
            fill = expansion.constant(value, "fill", expansion.dtype())
            axes = expansion.constant([axis], "axes", np.int64)
            result = expansion.made("Pad", result, pads, fill, axes)
        indices = expansion.constant(places, "indices", np.int64)
        result = expansion.made("Gather", result, indices, axis=axis)
    return result


# -- linear and cubic ----------------------------------------------------------------------------


def _weighted(expansion: Expansion, samplings: Mapping[int, Sampling], value: float) -> str:
    """Products with integers, divided in the end; outside of the input, only the value."""
    result, divisors = expansion.node.inputs[0], list[Array]()
    rank = len(expansion.shape())
    outside = np.zeros((1,) * rank, bool)
    for axis, sampling in samplings.items():
        matrix, divisor = _matrix(expansion, sampling)
        result = _multiplied(expansion, result, axis, rank, matrix)
        divisors.append(_along(axis, rank, divisor))
        outside = outside | _along(axis, rank, np.array(sampling.outside))
    for divisor in divisors:
        by = expansion.constant(divisor, "divisor", expansion.dtype())
        result = expansion.made("Div", result, by)
    if outside.any() and value:
        fill = expansion.constant(np.where(outside, value, 0), "fill", expansion.dtype())
        result = expansion.made("Add", result, fill)
    return result


def _matrix(expansion: Expansion, sampling: Sampling) -> tuple[Array, Array]:
    """Weights of (size, result) as integers, and what each column is to be divided by.

    That is the same for all columns, unless it would have too many digits.
    """
    node, given = expansion.node, expansion.node.attributes
    weigh = Filter(1) if given["mode"] == "linear" else Filter(2, scale_of(given["cubic_coeff_a"]))
    if given["antialias"]:
        weigh = replace(weigh, stretch=max(1 / sampling.scale, Fraction(1)))
    columns = sampling.weights(weigh, exclude_outside=bool(given["exclude_outside"]))
    columns = [{} if out else c for c, out in zip(columns, sampling.outside, strict=True)]
    divisors = [lcm(*(weight.denominator for weight in c.values())) for c in columns]
    if lcm(*divisors) < _EXACT:
        divisors = [lcm(*divisors)] * len(divisors)
    matrix = np.zeros((sampling.size, sampling.result))
    for column, (weights, divisor) in enumerate(zip(columns, divisors, strict=True)):
        for i, weight in weights.items():
            matrix[i, column] = int(weight * divisor)
    if np.abs(matrix).max(initial=0) >= _EXACT:
        raise node.unsupported(
            f"mode={given['mode']!r} from {sampling.size} to {sampling.result} elements "
            f"by {float(sampling.scale):g}, whose weights are multiples of 1/{max(divisors)}",
            "a scale of small numbers, such as 2 or 3/2",
        )
    return matrix, np.array(divisors)


def _multiplied(expansion: Expansion, x: str, axis: int, rank: int, matrix: Array) -> str:
    """The product along one axis."""
    weights = expansion.constant(matrix, "weights", expansion.dtype())
    swapped = list(range(rank))
    swapped[axis], swapped[-1] = swapped[-1], swapped[axis]
    if axis == rank - 1:
        return expansion.made("MatMul", x, weights)
    x = expansion.made("Transpose", x, perm=tuple(swapped))
    product = expansion.made("MatMul", x, weights)
    return expansion.made("Transpose", product, perm=tuple(swapped))


def _along(axis: int, rank: int, row: Array) -> Array:
    """One number for each index of an axis, or one for all, as it broadcasts to the whole."""
    row = row[:1] if (row == row[:1]).all() else row
    return row.reshape(tuple(-1 if i == axis else 1 for i in range(rank)))


EXPANSIONS: Mapping[str, Expand] = {"Resize": resize}
