"""Where the elements of a resized axis come from: coordinates and weights as exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

HALF = Fraction(1, 2)

NEAREST = {
    "round_prefer_floor": lambda x: ceil(x - HALF),
    "round_prefer_ceil": lambda x: floor(x + HALF),
    "floor": floor,
    "ceil": ceil,
}
"""Which of its two neighbours a coordinate means, by ONNX's ``nearest_mode``."""

COORDINATES = (
    *("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel"),
    *("align_corners", "asymmetric", "tf_crop_and_resize"),
)
"""ONNX's ``coordinate_transformation_mode``."""

_SMALL = 1 << 10
"""The denominator of a scale that is meant as a fraction."""


def scale_of(number: float) -> Fraction:
    """The number; or the fraction of small numbers that it is in single precision."""
    small = Fraction(number).limit_denominator(_SMALL)
    return small if np.float32(small) == np.float32(number) else Fraction(number)


@dataclass(frozen=True)
class Filter:
    """How much neighbours count: an interpolation between two of them, or cubic between four."""

    neighbours: int
    """On either side."""
    a: Fraction = Fraction(0)
    """The slope of the cubic filter at one."""
    stretch: Fraction = Fraction(1)

    @property
    def reach(self) -> Fraction:
        """The distance from which on no neighbour counts."""
        return self.neighbours * self.stretch

    def __call__(self, distance: Fraction) -> Fraction:
        d = abs(distance) / self.stretch
        if self.neighbours == 1:
            return max(1 - d, Fraction(0))
        if d < 1:
            return ((self.a + 2) * d - (self.a + 3)) * d**2 + 1
        return self.a * (((d - 5) * d + 8) * d - 4) if d < 2 else Fraction(0)


@dataclass(frozen=True)
class Sampling:
    """An axis of ``size`` elements, resized to ``result``.

    ``scale`` is the one that was asked for, of which ``result`` is the whole part; ``start`` and
    ``end`` are those of the region of interest, in units of the axis.
    """

    size: int
    result: int
    scale: Fraction
    mode: str
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(1)

    @property
    def coordinates(self) -> list[Fraction]:
        """Where each element of the result lies among those of the input."""
        return [self._coordinate(i) for i in range(self.result)]

    @property
    def agreed(self) -> bool:
        """Whether ONNX and ONNX Runtime mean the same by the length of the result.

        It has a fraction in the one's reference, and none in the other.
        """
        used = self.mode in ("align_corners", "tf_crop_and_resize")
        used = used or (self.mode == "pytorch_half_pixel" and self.result == 1)
        return not used or self.scale * self.size == self.result

    @property
    def outside(self) -> list[bool]:
        """Which elements have the extrapolation value."""
        crop = self.mode == "tf_crop_and_resize"
        return [crop and not 0 <= x <= self.size - 1 for x in self.coordinates]

    def nearest(self, nearest_mode: str) -> list[int]:
        """The one element for each of the result."""
        pick = NEAREST[nearest_mode]
        return [min(max(pick(x), 0), self.size - 1) for x in self.coordinates]

    def weights(self, weigh: Filter, *, exclude_outside: bool) -> list[dict[int, Fraction]]:
        """For each element of the result, those that it is a weighted sum of."""
        return [self._weights(x, weigh, exclude_outside) for x in self.coordinates]

    def _weights(self, x: Fraction, weigh: Filter, exclude_outside: bool) -> dict[int, Fraction]:
        found: dict[int, Fraction] = {}
        for i in range(ceil(x - weigh.reach), floor(x + weigh.reach) + 1):
            if exclude_outside and not 0 <= i < self.size:
                continue
            at = min(max(i, 0), self.size - 1)
            found[at] = found.get(at, Fraction(0)) + weigh(x - i)
        total = sum(found.values())
        return {i: weight / total for i, weight in found.items() if weight}

    def _coordinate(self, i: int) -> Fraction:
        match self.mode:
            case "asymmetric":
                return i / self.scale
            case "align_corners":
                return Fraction(i * (self.size - 1), max(1, self.result - 1))
            case "tf_crop_and_resize":
                last = self.size - 1
                if self.result == 1:
                    return (self.start + self.end) / 2 * last
                return (self.start + i * (self.end - self.start) / (self.result - 1)) * last
            case "pytorch_half_pixel" if self.result == 1:
                return Fraction(0)
            case "half_pixel_symmetric":
                lost = 1 - self.result / (self.scale * self.size)
                return lost * self.size / 2 + (i + HALF) / self.scale - HALF
            case _:
                return (i + HALF) / self.scale - HALF
