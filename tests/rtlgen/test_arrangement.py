"""Trees of adders: every term is in them once, as few bits are added as any tree adds, no later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

import numpy as np
import pytest

from rtlgen.arrangement import NONE, Terms, arranged, fastest
from sim.rounding import Interval

MANY = 3_000
"""Trades after which there is little to gain in small trees."""

Leaf = tuple[Interval, int, float]
"""Of a term: its values, its sign, and the weight of the logic in front."""
Node = tuple[Interval, int, float, int]
"""The same of a sum that may be negative, and the bits of all of its adders."""


def leaves(random: Random, count: int) -> list[Leaf]:
    def interval() -> Interval:
        lo, hi = random.choice([(-128, 127), (0, 255), (0, 15), (-8, 7), (-3, 0), (0, 1), (5, 5)])
        return Interval(lo, hi, random.randrange(-2, 9))

    return [
        (interval(), random.choice((1, -1)), random.choice((1.0, 1.0, 2.0, 3.0)))
        for _ in range(count)
    ]


def terms(given: Sequence[Leaf]) -> Terms:
    return Terms(
        np.array([r.lo * 2.0**r.exp for r, _, _ in given]),
        np.array([r.hi * 2.0**r.exp for r, _, _ in given]),
        np.array([r.exp for r, _, _ in given]),
        np.array([sign for _, sign, _ in given]),
        np.array([weight for _, _, weight in given]),
    )


def added(parts: Sequence[Node]) -> Node:
    """An adder, counted bit by bit with integers."""
    sign = max(s for _, s, _, _ in parts)
    exp = min(r.exp for r, _, _, _ in parts)
    ends = [(r.at(exp), s * sign) for r, s, _, _ in parts]
    lo = sum(r.lo if s > 0 else -r.hi for r, s in ends)
    hi = sum(r.hi if s > 0 else -r.lo for r, s in ends)
    whole = Interval(lo, hi, exp)
    taken = 0
    for place in range(exp, whole.top):
        below = [r.exp <= place for r, _, _, _ in parts]
        minus = any(b and s != sign for b, (_, s, _, _) in zip(below, parts, strict=True))
        taken += sum(below) > 1 or minus
    weight = len(parts) * max(w for _, _, w, _ in parts)
    return whole, sign, weight, taken + sum(bits for *_, bits in parts)


def built(given: Sequence[Leaf], adders: Sequence[Sequence[int]]) -> tuple[Node, list[int]]:
    """What a tree gives and takes, and the terms in it."""
    seen: list[int] = []

    def node(k: int) -> Node:
        if k < len(given):
            seen.append(k)
            return (*given[k], 0)
        return added([node(j) for j in adders[k - len(given)] if j != NONE])

    return node(len(given) + len(adders) - 1), seen


def trees(row: list[Node], arity: int) -> Iterator[Node]:
    """All with the fewest adders."""
    if len(row) == 1:
        yield row[0]
        return
    sizes = {2} if arity == 2 else {3} if len(row) % 2 else {2, 3}
    for size in sizes:
        for group in combinations(range(len(row)), size):
            rest = [node for k, node in enumerate(row) if k not in group]
            yield from trees([*rest, added([row[k] for k in group])], arity)


def found(given: Sequence[Leaf], arity: int, trades: int, *, hurried: bool = False) -> Node:
    adders = arranged(terms(given), arity, hurried, trades).tolist()
    node, seen = built(given, adders)
    assert sorted(seen) == list(range(len(given)))
    assert all(max(adder) < number for number, adder in enumerate(adders, len(given)))
    if not hurried:
        assert len(adders) == -(-(len(given) - 1) // (arity - 1))
    return node


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("hurried", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_trades_save_bits_and_no_sum_is_later(seed, hurried, arity):
    random = Random(seed)
    given = leaves(random, random.randrange(2, 40))
    *_, weight, bits = found(given, arity, 0, hurried=hurried)
    for trades in (10, 100, MANY):
        *_, now, fewer = found(given, arity, trades, hurried=hurried)
        assert now <= weight * (1 + 1e-9)
        assert fewer <= bits
        bits = fewer


@pytest.mark.parametrize(("arity", "count", "close"), [(2, 5, 1.02), (3, 6, 1.06), (3, 7, 1.02)])
def test_small_trees_are_near_the_cheapest_of_all_that_are_as_early(arity, count, close):
    cheapest, ours = [], []
    for seed in range(40):
        given = leaves(Random(seed), count)
        soonest = fastest(np.array([weight for *_, weight in given]), arity) + 1e-9
        early = [t for t in trees([(*leaf, 0) for leaf in given], arity) if t[2] <= soonest]
        cheapest.append(min(t[3] for t in early))
        *_, weight, bits = found(given, arity, MANY)
        assert weight <= soonest
        assert bits >= cheapest[-1]
        ours.append(bits)
    assert sum(ours) <= close * sum(cheapest)


def test_the_same_tree_for_the_same_terms():
    given = terms(leaves(Random(3), 25))
    assert (arranged(given, 3, False, MANY) == arranged(given, 3, False, MANY)).all()


@pytest.mark.parametrize(("count", "expected"), [(1, 0), (2, 1), (3, 1), (4, 2), (9, 4)])
def test_few_terms(count, expected):
    assert len(arranged(terms(leaves(Random(0), count)), 3, False, MANY)) == expected
