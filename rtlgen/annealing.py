"""A search for cheap sums: take a part of the sharing back, share anew, keep what is better.

Iterated greedy (Ruiz and Stuetzle, 2007) with the acceptance of simulated annealing. In every
other round, digits of some weights change to another form of as few: ``4 - 1`` is ``2 + 1``.
"""

from __future__ import annotations

import random
from math import ceil, log2

import numpy as np

from rtlgen.patterns import State
from rtlgen.pricing import price
from rtlgen.replaying import change, replay
from rtlgen.search import Search
from rtlgen.sharing import share

NOISE = 0.1
"""By how much, at most, a round exaggerates the score of a pattern."""
DROPPED = 10
"""How many variables a round takes back, at most, beside those that need them."""
CHANGED = 8
"""How many weights a round writes with other digits, at most."""
HEAT = 8.0
"""How many bits dearer than the last state a round may be at first."""


def anneal(start: State, search: Search, rounds: int, addend: bool) -> State:
    """The cheapest state that was found; the same for the same arguments.

    ``start`` has no variables but the inputs; with ``addend``, a constant is added to each output.
    """
    chance, arity, ends = random.Random(search.seed), search.arity, search.ends
    budget, span = _budget(start, search.slack), _span(start)
    now = start.copy()
    share(now, span, budget, ends, 0.0, 0)
    best, least = now, price(now, arity, ends, addend)
    digits, cost = start, least
    for k in range(rounds):
        trial = digits.copy()
        if span > 2 and chance.random() < 0.5:
            change(trial, span - 2, 1 + chance.randrange(CHANGED), chance.getrandbits(31))
        changed = trial.copy()
        dropped = chance.random() * DROPPED / now.sizes[1]
        replay(trial, now, budget, dropped, chance.getrandbits(31))
        share(trial, span, budget, ends, NOISE, chance.getrandbits(31))
        found = price(trial, arity, ends, addend)
        if found <= cost + HEAT * (1 - k / rounds) * chance.random():
            now, digits, cost = trial, changed, found
        if found < least:
            best, least = trial, found
    return best


def _budget(state: State, slack: int) -> float:
    """What the weight of an output may become: of the deepest, rounded up."""
    return float(2.0 ** (ceil(log2(max(1.0, state.weight.max())) - 1e-12) + slack))


def _span(state: State) -> int:
    """One more than the number of places of the digits, for those that change."""
    return int(np.bitwise_or.reduce(state.plus | state.minus, axis=None)).bit_length() + 1
