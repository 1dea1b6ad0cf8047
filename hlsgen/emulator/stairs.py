"""Monotone functions from doubles to integers, found exactly: a table that decides like a formula.

What happens to a real number before it is a code may have real scales, or a tanh. As codes are few
and doubles are countable, the doubles at which the code changes say it all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rtlgen.bounds import coder
from rtlgen.encoding import Floats
from rtlgen.pending import Steps, directions
from rtlgen.staircase import first_position, ranks
from sim.integers import IntArray

MOST = 1 << 14
"""Levels of all groups together: a table of half a megabyte as text."""

_LARGEST = np.finfo(np.float64).max
_SPAN = int(np.float64(_LARGEST).view(np.int64))
"""How many doubles there are above zero."""


@dataclass(frozen=True, eq=False)
class Stairs:
    """``first``, and ``step`` more (which is 1 or -1) at each level that a number has reached.

    That is per group; ``levels`` has the shape (groups, levels) and ends in infinities where a
    group has fewer. ``group`` says which one an element belongs to.
    """

    first: IntArray
    step: IntArray
    levels: Floats
    group: IntArray


def stairs(steps: Steps, group: IntArray) -> Stairs | str:
    """The levels of the steps for each group; a text that says why if there are none."""
    count = int(group.max(initial=0)) + 1
    sign = directions(steps, count)
    if sign is None:
        return "what the model does to it before it is rounded rises and falls"
    code, groups = coder(steps), np.arange(count)
    first = code(np.full(count, -_LARGEST), groups)
    rises = sign * (code(np.full(count, _LARGEST), groups) - first)
    if rises.sum() > MOST:
        return f"its codes change at {rises.sum():,} real numbers, for which a table is too large"
    owner, rank = ranks(rises)
    levels = np.full((count, max(1, int(rises.max()))), np.inf)
    levels[owner, rank - 1] = _levels(lambda x: sign[owner] * (code(x, owner) - first[owner]), rank)
    return Stairs(first, sign, levels, group)


def _levels(height: Callable[[Floats], IntArray], target: IntArray) -> Floats:
    """The least doubles at which a rising height is the target at least."""
    above = height(np.zeros(len(target))) < target

    def at(place: IntArray) -> Floats:
        """All doubles above zero or below it, in order."""
        return np.where(above, place.view(np.float64), -(_SPAN - place).view(np.float64))

    places = first_position(lambda p: height(at(p)) >= target, np.full(len(target), _SPAN))
    return at(places)
