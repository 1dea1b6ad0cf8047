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

from rtlgen.compiling import compiled, lean
from rtlgen.journal import Journal, make, substitute
from rtlgen.patterns import (
    Booleans,
    Indices,
    Integers,
    Pattern,
    State,
    Words,
    affordable,
    loss,
    occurrences,
)
from rtlgen.words import NONE, lowest, ones, place

Entry = tuple[float, int, int, int, int, int, float]
"""The score of a pattern, negative for the heap, its distance, itself, and the bits it saves."""


class Tally(NamedTuple):
    """Where the patterns of one variable are counted, and the occurrences of one."""

    counts: Indices
    """(variables, shifts, signs): zero between two variables."""
    touched: Integers
    """(patterns, 3): which counts are not zero."""
    found: Words
    """(outputs, 2): the digits of ``a``, by sign, where a pattern occurs."""


def tally(state: State, span: int) -> Tally:
    """Room to count in, where two digits of an output can be ``span`` apart."""
    size, outputs = state.seat.shape
    return Tally(
        np.zeros((size, 2 * span + 1, 2), np.int32),
        np.zeros((size * (4 * span + 2), 3), np.int64),
        np.zeros((outputs, 2), np.uint64),
    )


@compiled
def share(
    state: State,
    log: Journal,
    fresh: Booleans,
    room: Tally,
    budget: float,
    ends: int,
    noise: float,
) -> None:
    """Add variables until no pattern of a ``fresh`` or of a new variable occurs twice.

    Or until there is no place for another one. ``budget`` bounds the weight of an output; an
    adder costs its bits and ``ends``; scores are multiplied by up to ``1 + noise``. Afterwards
    nothing is ``fresh``.
    """
    heap = [(0.0, 0, 0, 0, 0, 0, 0.0)]
    heap.pop()
    for new in range(state.sizes[1]):
        if fresh[new]:
            fresh[new] = False  # its patterns with those that are fresh still are counted by these
            _offer(state, room, new, _count(state, room, fresh, new), ends, noise, heap)
    while heap and state.sizes[2]:
        score, order, a, b, shift, sign, bits = heappop(heap)
        pattern = Pattern(a, b, shift, sign)
        count = _find(state, room, pattern, budget)
        if count > 1 and -count * bits <= score:
            new = make(state, log, pattern)
            for output in range(room.found.shape[0]):
                plus, minus = room.found[output]
                if plus | minus != NONE:
                    substitute(state, log, pattern, new, output, plus, minus)
            _offer(state, room, new, _count(state, room, fresh, new), ends, noise, heap)
        elif count > 1:
            heappush(heap, (-count * bits, order, a, b, shift, sign, bits))


@lean
def _find(state: State, room: Tally, p: Pattern, budget: float) -> int:
    """Put the occurrences down, and count them."""
    plus, minus, seat, weight, found = state.plus, state.minus, state.seat, state.weight, room.found
    more, total = loss(state, p), 0
    for output in range(found.shape[0]):
        a, b = seat[p.a, output], seat[p.b, output]
        found[output, :] = NONE
        if a >= 0 and b >= 0:
            most = affordable(more, budget - weight[output])
            left = plus[output, a], minus[output, a]
            right = plus[output, b], minus[output, b]
            here = occurrences(left, right, p.shift, p.sign, a == b, most)
            found[output, 0], found[output, 1] = here
            total += ones(here[0]) + ones(here[1])
    return total


@lean
def _count(state: State, room: Tally, fresh: Booleans, new: int) -> int:
    """Count all patterns that a variable forms with others that are not fresh; how many differ."""
    plus, minus, seats, seated = state.plus, state.minus, state.seats, state.seated
    seat_of, counts, touched = state.seat[new], room.counts, room.touched
    span, found = counts.shape[1] // 2, 0
    for output in range(seats.size):
        seat = seat_of[output]
        if seat >= 0:
            own = plus[output, seat], minus[output, seat]
            for k in range(seats[output]):
                other = seated[output, k]
                if not fresh[other]:
                    words = plus[output, k], minus[output, k]
                    least = 0 if other != new else span + 1
                    found = _pairs(counts, touched, own, words, other, span, least, found)
    return found


@lean
def _pairs(
    counts: Indices,
    touched: Integers,
    own: tuple[np.uint64, np.uint64],
    words: tuple[np.uint64, np.uint64],
    other: int,
    span: int,
    least: int,
    found: int,
) -> int:
    """The patterns of two variables in one output, with shifts from ``least - span`` on."""
    mine = own[0] | own[1]
    while mine != NONE:
        bit = lowest(mine)
        mine ^= bit
        start, minus = span - place(bit), int(own[0] & bit == NONE)
        theirs = words[0] | words[1]
        while theirs != NONE:
            bit = lowest(theirs)
            theirs ^= bit
            at, opposite = start + place(bit), minus ^ int(words[0] & bit == NONE)
            if at >= least:
                if counts[other, at, opposite] == 0:
                    touched[found, 0], touched[found, 1] = other, at
                    touched[found, 2] = opposite
                    found += 1
                counts[other, at, opposite] += 1
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
    counts, touched, tops, bottoms = room.counts, room.touched, state.top, state.bottom
    span = counts.shape[1] // 2
    for i in range(found):
        other, at, opposite = touched[i]
        count = counts[other, at, opposite]
        counts[other, at, opposite] = 0
        if count > 1:
            shift = at - span
            high = min(tops[new], tops[other] + shift)
            low = max(bottoms[new], bottoms[other] + shift)
            bits = (ends + max(1.0, float(high - low))) * (1.0 + noise * random.random())
            sign = 1 - 2 * opposite
            heappush(heap, (-count * bits, abs(shift), new, other, shift, sign, bits))
