"""Moves of the search: a part of what is shared is taken back; compiled by numba.

What is fresh afterwards are the variables that have got digits back.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import lean
from rtlgen.journal import Journal, put, remove, resolve, substitute
from rtlgen.patterns import (
    Booleans,
    Integers,
    Pattern,
    State,
    affordable,
    digits,
    loss,
    next_reader,
    occurrences,
)
from rtlgen.words import NONE, ONE


class Touched(NamedTuple):
    """What the moves of a round have given digits back to."""

    fresh: Booleans
    """(variables,)"""
    outputs: Booleans
    """(outputs,)"""
    present: Booleans
    """(variables,): room to say which stand in one output; none between two of them."""


def touched(state: State) -> Touched:
    """Nothing yet."""
    room, outputs = state.seat.shape
    return Touched(np.zeros(room, np.bool_), np.zeros(outputs, np.bool_), np.zeros(room, np.bool_))


@lean
def take_back(state: State, log: Journal, marks: Touched, variable: int) -> None:
    """Take a variable back, and all that are made of it."""
    patterns, seat, depth = state.patterns, state.seat, state.depth
    gone, sizes, fresh, outputs = log.gone, log.sizes, marks.fresh, marks.outputs
    first = k = sizes[2]
    remove(state, log, variable)
    while k < sizes[2]:
        reader = next_reader(state, gone[k], -1)
        while reader >= 0:
            remove(state, log, reader)
            reader = next_reader(state, gone[k], reader)
        k += 1
    _sort(gone, depth, first, k)
    for i in range(first, k):
        one = gone[i]
        a, b, shift, sign = patterns[one]
        for output in range(outputs.size):
            if seat[one, output] >= 0:
                resolve(state, log, Pattern(a, b, shift, sign), one, output)
                fresh[a] = fresh[b] = outputs[output] = True
        fresh[one] = False


@lean
def _sort(gone: Integers, depth: Integers, first: int, end: int) -> None:
    """The deepest first, so that what reads another goes before it."""
    for i in range(first + 1, end):
        one, at = gone[i], i
        while at > first and depth[gone[at - 1]] < depth[one]:
            gone[at] = gone[at - 1]
            at -= 1
        gone[at] = one


@lean
def extend(state: State, log: Journal, marks: Touched, budget: float) -> None:
    """Let the variables that there are stand for their patterns wherever digits came back."""
    outputs = marks.outputs
    for output in range(outputs.size):
        if outputs[output]:
            outputs[output] = False
            while _extended(state, log, marks, budget, output):
                pass


@lean
def _extended(state: State, log: Journal, marks: Touched, budget: float, output: int) -> bool:
    """Try each variable once in an output; whether one of them occurred."""
    alive, patterns, seat, weight = state.alive, state.patterns, state.seat, state.weight
    seated, seats, (inputs, size, _) = state.seated[output], state.seats, state.sizes
    present, fresh, found = marks.present, marks.fresh, False
    for k in range(seats[output]):
        present[seated[k]] = True
    for variable in range(inputs, size):
        a, b = patterns[variable, 0], patterns[variable, 1]
        if present[a] and present[b] and alive[variable]:
            shift, sign = patterns[variable, 2], patterns[variable, 3]
            pattern = Pattern(a, b, shift, sign)
            most = affordable(loss(state, pattern), budget - weight[output])
            left, right = digits(state, a, output), digits(state, b, output)
            plus, minus = occurrences(left, right, shift, sign, a == b, most)
            if plus | minus != NONE:
                substitute(state, log, pattern, variable, output, plus, minus)
                present[a], present[b] = seat[a, output] >= 0, seat[b, output] >= 0
                present[variable] = fresh[variable] = found = True
    for k in range(seats[output]):
        present[seated[k]] = False
    return found


@lean
def prune(state: State, log: Journal, marks: Touched) -> bool:
    """Take back what has come to stand in one place alone; whether there was something."""
    alive, uses, inner, (inputs, size, _) = state.alive, state.uses, state.inner, state.sizes
    found = False
    for variable in range(inputs, size):
        if alive[variable] and uses[variable] < 2 and not inner[variable]:
            take_back(state, log, marks, variable)
            found = True
    return found


@lean
def rewrite(state: State, log: Journal, marks: Touched, places: int, weights: int) -> None:
    """Write up to so many weights of an output with other digits, as many as before.

    Nothing in that output is shared any more; the weights have so many ``places``.
    """
    fresh, outputs, (inputs, _, _) = marks.fresh, marks.outputs, state.sizes
    output = random.randrange(outputs.size)
    _resolve_all(state, log, output)
    for _ in range(weights):
        for _ in range(20):  # most places have no such digits
            positive, variable = random.random() < 0.5, random.randrange(inputs)
            if _rewritten(state, log, variable, output, random.randrange(places), positive):
                break
    seated, outputs[output] = state.seated, True
    for k in range(state.seats[output]):
        fresh[seated[output, k]] = True


@lean
def _resolve_all(state: State, log: Journal, output: int) -> None:
    patterns, seated, seats, inputs = state.patterns, state.seated, state.seats, state.sizes[0]
    k = 0
    while k < seats[output]:
        variable = seated[output, k]
        if variable < inputs:
            k += 1
        else:  # another one takes its seat
            a, b, shift, sign = patterns[variable]
            resolve(state, log, Pattern(a, b, shift, sign), variable, output)


@lean
def _rewritten(
    state: State, log: Journal, variable: int, output: int, at: int, positive: bool
) -> bool:
    """Turn ``4 - 1`` at a place into ``2 + 1``, or back; whether there was one of them.

    Nothing in the output is shared.
    """
    one = ONE << np.uint64(at)
    two, four = one << ONE, one << np.uint64(2)
    p, m = digits(state, variable, output)
    if not positive:
        p, m = m, p
    if p & four != NONE and m & one != NONE and (p | m) & two == NONE:
        p, m = (p ^ four) | one | two, m ^ one
    elif p & one != NONE and p & two != NONE and (p | m) & four == NONE:
        p, m = (p ^ one ^ two) | four, m | one
    else:
        return False
    if not positive:
        p, m = m, p
    put(state, log, variable, output, p, m)
    return True
