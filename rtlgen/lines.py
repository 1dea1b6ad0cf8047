"""A staircase as one multiplication: equal to it on every code, not close to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtlgen.rationals import Values, objects
from rtlgen.staircase import Staircase
from sim.integers import IntArray, fitting, integers, magnitude

MAX_SHIFT = 80


@dataclass(frozen=True, eq=False)
class Line:
    """``floor((factor * code + offset) / 2**shift)``, one per group."""

    factor: IntArray
    offset: IntArray
    shift: IntArray


def fit(stairs: Staircase, slopes: Values) -> Line | None:
    """The narrowest line that, saturated, *is* the staircase on every code; None if none is.

    ``slopes`` are the real slopes, one per group: rises per code. A line is the staircase if it
    reaches each level at the threshold and not one code before, which is an interval of
    offsets; the one of them with most trailing zeros is taken.
    """
    reach, target = _rising(stairs)
    open_ = stairs.rises > 0  # a group without steps needs only its first value
    factor, offset, shift = (0 * stairs.first for _ in range(3))
    factor, offset = factor.astype(object), np.where(open_, 0, stairs.first).astype(object)
    for by in range(MAX_SHIFT):
        exact = objects(abs(s) * (1 << by) for s in slopes)
        for more in (0, 1):
            f = objects(int(e) + more for e in exact)
            low, high = _offsets(reach, target, f, by)
            found = open_ & (low <= high) & (f > 0)
            for g in np.flatnonzero(found):
                factor[g], shift[g] = int(stairs.sign[g]) * f[g], by
                offset[g] = _roundest(int(low[g]), int(high[g]))
            open_ &= ~found
        if not open_.any():
            return Line(integers(factor), integers(offset), shift)
    return None


def _rising(stairs: Staircase) -> tuple[IntArray, IntArray]:
    """Where each level is reached, and the level, if falling groups are counted in ``-code``.

    Beyond a group's last step, that step is repeated.
    """
    rises = stairs.rises[:, None]
    column = np.minimum(np.arange(stairs.levels), np.maximum(rises - 1, 0))
    rising = stairs.sign[:, None] > 0
    own = np.where(rising, column, np.maximum(rises - 1, 0) - column)
    threshold = np.take_along_axis(stairs.thresholds, own, 1)
    # a falling group steps at code t - 1 coming from above, which is -code = 1 - t
    reach = np.where(rising, threshold, 1 - threshold)
    bottom = np.minimum(stairs.first, stairs.last)[:, None]
    return reach, bottom + 1 + column


def _offsets(reach: IntArray, target: IntArray, f: Values, by: int) -> tuple[IntArray, IntArray]:
    """The least and the largest offset with which a line of slope ``f / 2**by`` steps right."""
    bound = (magnitude(target) << by) + (magnitude(f) + 1) * (magnitude(reach) + 1)
    reach, target, f = fitting(bound, reach, target, f)
    level = target << by
    product = f[:, None] * reach
    return (level - product).max(1), (level - product + f[:, None]).min(1) - 1


def _roundest(low: int, high: int) -> int:
    """The number in an interval that ends in the most zeros."""
    if low <= 0 <= high:
        return 0
    zeros = (high - low).bit_length() + 1
    while (candidate := -(-low >> zeros) << zeros) > high:
        zeros -= 1
    return candidate
