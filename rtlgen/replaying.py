"""A state of the search, made anew but for a part; compiled by numba."""

from __future__ import annotations

import random

import numpy as np

from rtlgen.compiling import compiled
from rtlgen.patterns import (
    NONE,
    ONE,
    Booleans,
    Digits,
    Integers,
    Pattern,
    State,
    Words,
    mark,
    replace,
    unmark,
)


@compiled
def replay(state: State, old: State, budget: float, dropped: float, seed: int) -> Booleans:
    """Make the old state's variables again, but for some and for what needs them.

    Says which variables are left with digits that they did not have in the old state.
    """
    random.seed(seed)
    inputs, size = old.sizes
    kept = np.full(size, -1)
    for variable in range(inputs):
        kept[variable] = variable
    for variable in range(inputs, size):
        a, b, shift, sign = old.patterns[variable]
        if kept[a] < 0 or kept[b] < 0 or random.random() < dropped:
            continue
        pattern = Pattern(kept[a], kept[b], shift, sign)
        count = mark(state, pattern, budget)
        if count > 1:
            kept[variable] = state.sizes[1]
            replace(state, pattern)
        elif count:
            unmark(state)
    return _freed(state, old, kept)


@compiled
def _freed(state: State, old: State, kept: Integers) -> Booleans:
    freed = np.zeros(state.sizes[1], np.bool_)
    for variable in range(kept.size):
        now = kept[variable]
        if now >= 0:
            for output in range(state.weight.size):
                plus = state.plus[now, output] & ~old.plus[variable, output]
                minus = state.minus[now, output] & ~old.minus[variable, output]
                if plus | minus != NONE:
                    freed[now] = True
                    break
    return freed


@compiled
def change(digits: Digits, places: int, weights: int, seed: int) -> None:
    """Write up to so many weights, of so many places, with other digits."""
    random.seed(seed)
    inputs, outputs = digits.plus.shape
    for _ in range(weights):
        for _ in range(20):  # most places have no such digits
            plus, minus = digits.plus, digits.minus
            if random.random() < 0.5:
                plus, minus = minus, plus
            variable, output = random.randrange(inputs), random.randrange(outputs)
            if _rewritten(plus, minus, variable, output, random.randrange(places)):
                break


@compiled
def _rewritten(plus: Words, minus: Words, variable: int, output: int, place: int) -> bool:
    """Turn ``4 - 1`` at a place into ``2 + 1``, or back; whether there was one of them."""
    one = ONE << np.uint64(place)
    two, four = one << ONE, one << np.uint64(2)
    p, m = plus[variable, output], minus[variable, output]
    if p & four != NONE and m & one != NONE and (p | m) & two == NONE:
        plus[variable, output], minus[variable, output] = (p ^ four) | one | two, m ^ one
        return True
    if p & one != NONE and p & two != NONE and (p | m) & four == NONE:
        plus[variable, output], minus[variable, output] = (p ^ one ^ two) | four, m | one
        return True
    return False
