"""Monotone functions from integers to integers, found exactly.

What lies between two integer tensors of a quantized network (batch norm, activation and
quantizer, with real scales) is a staircase in every channel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rtlgen.bounds import approximated, coder
from rtlgen.pending import Steps, evaluate
from rtlgen.rationals import Values, fractions
from sim.integers import IntArray, magnitude

_EXACT_FLOATS = 1 << 53


@dataclass(frozen=True, eq=False)
class Staircase:
    """``first`` at ``lo``, and one more (or less) from each threshold on, per group.

    Thresholds have the shape (groups, levels), ascending; beyond a group's last step they are
    ``hi + 1``, which is never reached.
    """

    first: IntArray
    sign: IntArray
    thresholds: IntArray
    lo: IntArray
    hi: IntArray

    @property
    def levels(self) -> int:
        return int(self.thresholds.shape[1])

    @property
    def rises(self) -> IntArray:
        """How many steps each group has."""
        return np.asarray((self.thresholds <= self.hi[:, None]).sum(1))

    @property
    def last(self) -> IntArray:
        """The value at ``hi``."""
        return np.asarray(self.first + self.sign * self.rises)


def find(steps: Steps, sign: IntArray, lo: IntArray, hi: IntArray, exp: int) -> Staircase:
    """The staircase of ``steps`` on the values ``code * 2**exp``, ``lo <= code <= hi``.

    ``sign`` says of each group whether it rises or falls; a falling one is searched from its
    other end.
    """
    start = np.where(sign > 0, lo, hi)
    span = hi - lo  # where a step is counted from the first end: 0 .. span
    wide = max(magnitude(lo), magnitude(hi)) >= _EXACT_FLOATS
    exact, rough = coder(steps), approximated(steps)

    def value(at: IntArray, group: IntArray) -> IntArray:
        code = start[group] + sign[group] * at
        x = fractions(code) * Fraction(2) ** exp if wide else np.ldexp(code.astype(float), exp)
        return exact(x, group)

    def guess(at: IntArray, group: IntArray) -> Values:
        assert rough is not None
        code = start[group] + sign[group] * at
        return evaluate(rough, np.ldexp(code.astype(float), exp), group)

    groups = np.arange(len(lo))
    bottom = value(0 * span, groups)
    rises = value(span, groups) - bottom
    group, rank = ranks(rises)
    target, last = bottom[group] + rank, span[group]
    at = last.copy() if rough is None else first_position(lambda p: guess(p, group) >= target, last)
    wrong = (value(at, group) < target) | (value(at - 1, group) >= target)
    if wrong.any():
        g, t = group[wrong], target[wrong]
        at[wrong] = first_position(lambda p: value(p, g) >= t, last[wrong])
    # falling from hi: at position p the value is one less at code hi - p, so it is one more
    # (seen from lo) up to there, and has dropped from code hi - p + 1 on
    rising = sign[group] > 0
    thresholds = np.repeat(hi[:, None] + 1, max(1, int(rises.max(initial=0))), 1)
    column = np.where(rising, rank - 1, rises[group] - rank)
    thresholds[group, column] = np.where(rising, lo[group] + at, hi[group] - at + 1)
    return Staircase(np.where(sign > 0, bottom, bottom + rises), sign, thresholds, lo, hi)


def ranks(rises: IntArray) -> tuple[IntArray, IntArray]:
    """Group and rank (1, 2, ...) of every step of every group."""
    assert (rises >= 0).all(), "a rising staircase fell"
    group = np.repeat(np.arange(len(rises)), rises)
    starts = np.repeat(np.cumsum(rises) - rises, rises)
    return group, np.arange(len(group)) - starts + 1


def first_position(holds: Callable[[IntArray], npt.NDArray[np.bool_]], span: IntArray) -> IntArray:
    """The first position at which each condition holds: not at zero, but at ``span``."""
    below, at = 0 * span, span.copy()
    while (at - below > 1).any():
        middle = below + (at - below) // 2
        reached = holds(middle)
        at, below = np.where(reached, middle, at), np.where(reached, below, middle)
    return at
