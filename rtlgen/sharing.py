"""Greedy elimination of common subexpressions of two terms, compiled by numba.

Of all patterns, the one whose sharing saves most adder bits over all outputs becomes a variable,
until none occurs twice (Hosangadi, Fallah and Kastner, 2005). The patterns wait in a heap under
the score that they had when they were put there; a score can only fall, so only the top one is
ever counted again.
"""

from __future__ import annotations

import random
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import compiled
from rtlgen.patterns import NONE, ONE, Integers, Pattern, State, mark, replace, unmark

Entry = tuple[float, int, int, int, int, int, float]
"""The score of a pattern, negative for the heap, its distance, itself, and the bits it saves."""


@compiled
def share(state: State, span: int, budget: float, ends: int, noise: float, seed: int) -> None:
    """Add variables until no pattern occurs twice.

    ``span`` is how far apart two digits of an output can be; ``budget`` bounds the weight of an
    output; an adder costs its bits and ``ends``; scores are multiplied by up to ``1 + noise``.
    """
    random.seed(seed)
    size, outputs = state.plus.shape
    tally = Tally(
        np.empty((outputs, size), np.int64),
        np.zeros(outputs, np.int64),
        np.zeros((size, 2 * span + 1, 2), np.int64),
        np.empty((size * (4 * span + 2), 3), np.int64),
    )
    heap = [(0.0, 0, 0, 0, 0, 0, 0.0)]
    heap.pop()
    introduced = 0
    while True:
        while introduced < state.sizes[1]:
            found = _count(state, tally, introduced, span)
            _offer(state, tally, introduced, span, found, ends, noise, heap)
            introduced += 1
        if len(heap) == 0:
            return
        score, order, a, b, shift, sign, bits = heappop(heap)
        pattern = Pattern(a, b, shift, sign)
        count = mark(state, pattern, budget)
        if count > 1 and -count * bits <= score:
            replace(state, pattern)
        elif count:
            unmark(state)
            if count > 1:
                heappush(heap, (-count * bits, order, a, b, shift, sign, bits))


class Tally(NamedTuple):
    """Where the patterns of one variable are counted."""

    sight: Integers
    """(outputs, variables): those that have had digits in an output."""
    seen: Integers
    """(outputs,): how many these are."""
    counts: Integers
    """(variables, shifts, signs): zero between two variables."""
    touched: Integers
    """(patterns, 3): which counts are not zero."""


@compiled
def _count(state: State, tally: Tally, new: int, span: int) -> int:
    """Count all patterns that a variable forms with those in sight; how many differ."""
    plus, minus, seen, found = state.plus, state.minus, tally.seen, 0
    for output in range(seen.size):
        own = plus[new, output], minus[new, output]
        if own[0] | own[1] == NONE:
            continue
        sight = tally.sight[output]
        sight[seen[output]] = new
        kept = 0
        for j in range(seen[output] + 1):
            other = sight[j]
            words = plus[other, output], minus[other, output]
            if words[0] | words[1] != NONE:
                sight[kept] = other
                kept += 1
                apart = span if other != new else -1
                found = _pairs(tally.counts, tally.touched, own, words, other, span, apart, found)
        seen[output] = kept
    return found


@compiled
def _pairs(
    counts: Integers,
    touched: Integers,
    own: tuple[np.uint64, np.uint64],
    words: tuple[np.uint64, np.uint64],
    other: int,
    span: int,
    below: int,
    found: int,
) -> int:
    """The patterns of two variables in one output, with shifts from ``-below`` on.

    Two digits of one variable count from the lower one. (No state is handed on here: that would
    take longer than the counting.)
    """
    for sign in range(2):
        mine, at = own[sign], 0
        while mine != NONE:
            if mine & ONE != NONE:
                for opposite in range(2):
                    word, place = words[sign ^ opposite], span - at
                    while word != NONE:
                        if word & ONE != NONE and place >= span - below:
                            if counts[other, place, opposite] == 0:
                                touched[found, 0], touched[found, 1] = other, place
                                touched[found, 2] = opposite
                                found += 1
                            counts[other, place, opposite] += 1
                        word >>= ONE
                        place += 1
            mine >>= ONE
            at += 1
    return found


@compiled
def _offer(
    state: State,
    tally: Tally,
    new: int,
    span: int,
    found: int,
    ends: int,
    noise: float,
    heap: list[Entry],
) -> None:
    """Put the patterns that occur twice into the heap, and leave all counts zero."""
    for i in range(found):
        other, place, opposite = tally.touched[i]
        count = tally.counts[other, place, opposite]
        tally.counts[other, place, opposite] = 0
        if count > 1:
            shift = place - span
            high = min(state.top[new], state.top[other] + shift)
            low = max(state.bottom[new], state.bottom[other] + shift)
            bits = (ends + max(1.0, float(high - low))) * (1.0 + noise * random.random())
            sign = 1 - 2 * opposite
            heappush(heap, (-count * bits, abs(shift), new, other, shift, sign, bits))
