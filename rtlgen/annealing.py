"""A search for cheap sums: take a part of the sharing back, share anew, keep what is better.

Iterated greedy (Ruiz and Stuetzle, 2007) with the acceptance of simulated annealing. In every
other round, outputs are taken back whole, and digits of some of their weights change to another
form of as few: ``4 - 1`` is ``2 + 1``. A round takes as long as what it changes, however much
else there is.
"""

from __future__ import annotations

import random
from math import ceil, log2
from typing import NamedTuple

import numpy as np

from rtlgen.bill import Bill, bill, restore, update
from rtlgen.compiling import compiled, lean
from rtlgen.journal import Journal, journal, revert, settle
from rtlgen.patterns import Booleans, Floats, Integers, State, Words
from rtlgen.search import Search
from rtlgen.sharing import Tally, share, tally
from rtlgen.undoing import Touched, extend, prune, rewrite, take_back, touched
from rtlgen.words import ones

NOISE = 0.3
"""By how much, at most, a round exaggerates the score of a pattern."""
DROPPED = 4
"""How many variables a round takes back, at most, beside those that need them."""
OUTPUTS = 3
"""How many outputs a round takes back whole, at most: each as often as not, if the last one was."""
CHANGED = 4
"""How many weights of an output a round writes with other digits, at most."""
HEAT = 8.0
"""How many bits dearer than the last state a round may be at first."""


class Found(NamedTuple):
    """The best state so far, as far as it says what is shared."""

    alive: Booleans
    """(variables,)"""
    patterns: Integers
    """(variables, 4)"""
    depth: Integers
    """(variables,)"""
    where: Integers
    """(words, 2): variables and outputs."""
    words: Words
    """(words, 2): their digits, added and subtracted."""
    filled: Integers
    """(1,): how many words."""
    price: Floats
    """(1,): the bits of all adders."""


def anneal(state: State, search: Search, rounds: int, addend: bool) -> Found:
    """The cheapest state that was found; the same for the same arguments.

    ``state`` has no variables but the inputs, and is used up; with ``addend``, a constant is
    added to each output.
    """
    budget, span, digits = _budget(state, search.slack), _span(state), _digits(state)
    log, room, marks = journal(state, digits), tally(state, span), touched(state)
    owed, best = bill(state, digits), _nothing(state, digits)
    given = (budget, search.arity, search.ends, addend)
    _search(state, log, room, marks, owed, best, span, given, rounds, search.seed)
    return best


def _nothing(state: State, digits: int) -> Found:
    room = state.alive.size
    words = np.zeros((digits, 2), np.int64), np.zeros((digits, 2), np.uint64)
    variables = np.zeros(room, np.bool_), np.zeros((room, 4), np.int64), np.zeros(room, np.int64)
    return Found(*variables, *words, np.zeros(1, np.int64), np.zeros(1))


@compiled
def _search(
    state: State,
    log: Journal,
    room: Tally,
    marks: Touched,
    owed: Bill,
    best: Found,
    span: int,
    given: tuple[float, int, int, bool],
    rounds: int,
    seed: int,
) -> None:
    budget, arity, ends, addend = given
    random.seed(seed)
    marks.fresh[: state.sizes[0]] = True
    share(state, log, marks.fresh, room, budget, ends, 0.0)
    update(state, log, owed, arity, ends, addend)
    settle(state, log)
    totals, price = owed.totals, best.price
    _keep(state, best, totals[0])
    cost = totals[0] + totals[1]
    for k in range(rounds):
        for _ in range(OUTPUTS if span > 2 else 0):
            if random.random() < 0.5:
                break
            rewrite(state, log, marks, span - 2, 1 + random.randrange(CHANGED))
        _drop(state, log, marks, 1 + random.randrange(DROPPED))
        extend(state, log, marks, budget)
        while prune(state, log, marks):
            extend(state, log, marks, budget)
        share(state, log, marks.fresh, room, budget, ends, NOISE)
        update(state, log, owed, arity, ends, addend)
        heat = HEAT * (1 - k / rounds) * random.random()
        if totals[0] + totals[1] <= cost + heat * (arity - 1):
            settle(state, log)
            cost = totals[0] + totals[1]
            if totals[0] < price[0]:
                _keep(state, best, totals[0])
        else:
            revert(state, log)
            restore(state, owed)


@lean
def _drop(state: State, log: Journal, marks: Touched, count: int) -> None:
    """Take so many variables back."""
    inputs, size = state.sizes[:2]
    for _ in range(count if size > inputs else 0):
        variable = random.randrange(inputs, size)
        if state.alive[variable]:
            take_back(state, log, marks, variable)


@lean
def _keep(state: State, best: Found, price: float) -> None:
    (where, words), (plus, minus) = (best.where, best.words), (state.plus, state.minus)
    seated, seats, count = state.seated, state.seats, 0
    for k in range(state.sizes[1]):
        best.alive[k], best.depth[k] = state.alive[k], state.depth[k]
        for j in range(4):
            best.patterns[k, j] = state.patterns[k, j]
    for output in range(seats.size):
        for k in range(seats[output]):
            where[count, 0], where[count, 1] = seated[output, k], output
            words[count, 0], words[count, 1] = plus[output, k], minus[output, k]
            count += 1
    best.filled[0], best.price[0] = count, price


def _budget(state: State, slack: int) -> float:
    """What the weight of an output may become: of the deepest, rounded up."""
    return float(2.0 ** (ceil(log2(max(1.0, state.weight.max())) - 1e-12) + slack))


def _span(state: State) -> int:
    """One more than the number of places of the digits, for those that change."""
    return int(np.bitwise_or.reduce(state.plus | state.minus, axis=None)).bit_length() + 1


def _digits(state: State) -> int:
    return sum(ones(word) for word in (state.plus | state.minus).flat)
