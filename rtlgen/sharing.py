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
from rtlgen.patterns import NONE, ONE, Booleans, Integers, Pattern, State, mark, replace, unmark

Entry = tuple[float, int, int, int, int, int, float]
"""The score of a pattern, negative for the heap, its distance, itself, and the bits it saves."""


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
def tally(state: State, span: int) -> Tally:
    """Room to count in, where two digits of an output can be ``span`` apart."""
    size, outputs = state.plus.shape
    return Tally(
        np.empty((outputs, size), np.int64),
        np.zeros(outputs, np.int64),
        np.zeros((size, 2 * span + 1, 2), np.int64),
        np.empty((size * (4 * span + 2), 3), np.int64),
    )


@compiled
def share(
    state: State, fresh: Booleans, room: Tally, budget: float, ends: int, noise: float, seed: int
) -> None:
    """Add variables until no pattern of a ``fresh`` or of a new variable occurs twice.

    ``budget`` bounds the weight of an output; an adder costs its bits and ``ends``; scores are
    multiplied by up to ``1 + noise``.
    """
    random.seed(seed)
    heap = [(0.0, 0, 0, 0, 0, 0, 0.0)]
    heap.pop()
    room.seen[:] = 0
    for old in range(fresh.size):
        if not fresh[old]:
            _show(state, room, old)
    for new in range(fresh.size):
        if fresh[new]:
            _offer(state, room, new, _count(state, room, new), ends, noise, heap)
    while heap:
        score, order, a, b, shift, sign, bits = heappop(heap)
        pattern = Pattern(a, b, shift, sign)
        count = mark(state, pattern, budget)
        if count > 1 and -count * bits <= score:
            new = int(state.sizes[1])
            replace(state, pattern)
            _offer(state, room, new, _count(state, room, new), ends, noise, heap)
        elif count:
            unmark(state)
            if count > 1:
                heappush(heap, (-count * bits, order, a, b, shift, sign, bits))


@compiled
def _show(state: State, room: Tally, old: int) -> None:
    """Let a variable be in sight of those that are counted later."""
    for output in range(room.seen.size):
        if state.plus[old, output] | state.minus[old, output] != NONE:
            room.sight[output, room.seen[output]] = old
            room.seen[output] += 1


@compiled
def _count(state: State, room: Tally, new: int) -> int:
    """Count all patterns that a variable forms with those in sight; how many differ."""
    plus, minus, seen, found = state.plus, state.minus, room.seen, 0
    span = room.counts.shape[1] // 2
    for output in range(seen.size):
        own = plus[new, output], minus[new, output]
        if own[0] | own[1] == NONE:
            continue
        sight = room.sight[output]
        sight[seen[output]] = new
        kept = 0
        for j in range(seen[output] + 1):
            other = sight[j]
            words = plus[other, output], minus[other, output]
            if words[0] | words[1] != NONE:
                sight[kept] = other
                kept += 1
                apart = span if other != new else -1
                found = _pairs(room.counts, room.touched, own, words, other, span, apart, found)
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
    room: Tally,
    new: int,
    found: int,
    ends: int,
    noise: float,
    heap: list[Entry],
) -> None:
    """Put the patterns that occur twice into the heap, and leave all counts zero."""
    span = room.counts.shape[1] // 2
    for i in range(found):
        other, place, opposite = room.touched[i]
        count = room.counts[other, place, opposite]
        room.counts[other, place, opposite] = 0
        if count > 1:
            shift = place - span
            high = min(state.top[new], state.top[other] + shift)
            low = max(state.bottom[new], state.bottom[other] + shift)
            bits = (ends + max(1.0, float(high - low))) * (1.0 + noise * random.random())
            sign = 1 - 2 * opposite
            heappush(heap, (-count * bits, abs(shift), new, other, shift, sign, bits))
