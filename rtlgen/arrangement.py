"""In which order the terms of a sum meet: a tree of adders, compiled by numba.

In the first tree, small terms meet first. Then parts of it trade places, again and again, where
that takes no more bits and leaves the sum as early as it can be.
"""

from __future__ import annotations

import random
from math import ldexp
from typing import NamedTuple

import numpy as np

from rtlgen.compiling import compiled
from rtlgen.overlap import NO_BOTTOMS, below, meeting
from rtlgen.patterns import Floats, Integers
from rtlgen.words import top

NONE = -1
ROUNDED = 1 + 1e-9
"""Weights are powers of logarithms."""


class Terms(NamedTuple):
    """What is added up; each array has an entry for each term."""

    low: Floats
    """The least value."""
    high: Floats
    bottom: Integers
    """The position of the lowest bit."""
    sign: Integers
    weight: Floats
    """``2**levels`` of the logic in front."""


class Tree(NamedTuple):
    """Terms, then adders, the whole sum last. Those of negative terms alone are negative."""

    operands: Integers
    """(nodes, 3); ``NONE`` where there is none."""
    reader: Integers
    low: Floats
    high: Floats
    bottom: Integers
    top: Integers
    """The position above the highest bit."""
    sign: Integers
    weight: Floats
    bits: Integers
    """Of the adder: from where two operands meet to the top of their sum."""


@compiled
def arranged(terms: Terms, arity: int, hurried: bool, trades: int) -> Integers:
    """The operands of each adder: terms count from 0, adders on from there; ``NONE`` is none.

    An adder comes after those that it reads. There are as few adders of ``arity`` as there can be,
    or, ``hurried``, more of them where the sum is earlier so. So many ``trades`` are tried.
    """
    count = terms.sign.size
    tree = _terms_alone(terms, 2 * count)
    size = _grown(tree, count, arity, hurried)
    if size > count + 1:
        _trade(tree, size, trades)
    return _in_order(tree, count, size)


@compiled
def fastest(weights: Floats, arity: int) -> float:
    """The weight of a whole sum, with the fewest adders and as early as these can give it.

    A term has the weight ``2**levels``. An adder of two doubles that of the later one, one of
    three trebles it. Those that are there first meet first (Golumbic, 1976).
    """
    row = np.sort(weights)
    first, end = 0, row.size
    while end - first > 1:
        group = arity - (end - first + 1) % (arity - 1)
        added = group * row[first + group - 1]
        first += group - 1
        i = first
        while i + 1 < end and row[i + 1] < added:
            row[i] = row[i + 1]
            i += 1
        row[i] = added
    return float(row[first])


@compiled
def _terms_alone(terms: Terms, room: int) -> Tree:
    count = terms.sign.size
    tree = Tree(
        np.full((room, 3), NONE),
        np.full(room, NONE),
        np.zeros(room),
        np.zeros(room),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.zeros(room, np.int64),
        np.zeros(room),
        np.zeros(room, np.int64),
    )
    for k in range(count):
        tree.low[k], tree.high[k], tree.bottom[k] = terms.low[k], terms.high[k], terms.bottom[k]
        tree.top[k] = top(terms.low[k], terms.high[k], ldexp(1.0, terms.bottom[k]))
        tree.sign[k], tree.weight[k] = terms.sign[k], terms.weight[k]
    return tree


@compiled
def _add_up(tree: Tree, node: int) -> None:
    """What an adder gives and takes, from its operands."""
    count, sign, weight = 0, -1, 0.0
    for k in tree.operands[node]:
        if k != NONE:
            count, sign, weight = count + 1, max(sign, tree.sign[k]), max(weight, tree.weight[k])
    low = high = 0.0
    bottoms = NO_BOTTOMS
    for k in tree.operands[node]:
        if k != NONE:
            plus = tree.sign[k] == sign
            low += tree.low[k] if plus else -tree.high[k]
            high += tree.high[k] if plus else -tree.low[k]
            bottoms = below(bottoms, tree.bottom[k], plus)
    tree.low[node], tree.high[node], tree.bottom[node] = low, high, bottoms.lowest
    tree.sign[node], tree.weight[node] = sign, count * weight
    tree.top[node] = top(low, high, ldexp(1.0, bottoms.lowest))
    tree.bits[node] = max(0, tree.top[node] - meeting(bottoms))


@compiled
def _in_order(tree: Tree, count: int, size: int) -> Integers:
    """The operands of the adders, numbered anew from the whole sum down."""
    adders = np.full(size - count, size - 1)
    end = 1
    for node in adders:  # which grow while they are read
        for k in tree.operands[node]:
            if k >= count:
                adders[end] = k
                end += 1
    number = np.arange(size)
    number[adders] = np.arange(size - 1, count - 1, -1)
    numbered = np.full((size - count, 3), NONE)
    for node in adders:
        for i, k in enumerate(tree.operands[node]):
            if k != NONE:
                numbered[number[node] - count, i] = number[k]
    return numbered


# -- the first tree ---------------------------------------------------------------------------


@compiled
def _grown(tree: Tree, count: int, arity: int, hurried: bool) -> int:
    """Add up the smallest terms that may meet, or else those that are there first.

    How many nodes there are then.
    """
    size = np.maximum(tree.high, -tree.low)
    row = np.argsort(size[:count], kind="mergesort")
    budget = _soonest(tree.weight[:count], arity, hurried)
    node = count
    while row.size > 1:
        group = _next(tree.weight[row], arity, hurried, budget)
        for i, k in enumerate(group):
            tree.operands[node, i] = row[k]
            tree.reader[row[k]] = node
        _add_up(tree, node)
        size[node] = max(tree.high[node], -tree.low[node])
        rest = np.delete(row, group)
        i = np.searchsorted(size[rest], size[node], side="right")
        row = np.concatenate((rest[:i], np.array([node]), rest[i:]))
        node += 1
    return node


@compiled
def _soonest(weights: Floats, arity: int, hurried: bool) -> float:
    """The least weight that a sum of terms with these can have."""
    return min(fastest(weights, arity), fastest(weights, 2 if hurried else arity))


@compiled
def _next(weights: Floats, arity: int, hurried: bool, budget: float) -> Integers:
    """Which of the terms, sorted by their size, meet next."""
    count = weights.size
    most = arity - (count + 1) % (arity - 1)
    early = np.argsort(weights, kind="mergesort")
    size, least = (min(arity, count), 2) if hurried else (most, most)
    while True:
        for k in range(count - size + 1):
            group = np.arange(k, k + size)
            if _fits(weights, group, arity, hurried, budget):
                return group
        if size == least or _fits(weights, early[:size], arity, hurried, budget):
            return early[:size]
        size -= 1


@compiled
def _fits(weights: Floats, group: Integers, arity: int, hurried: bool, budget: float) -> bool:
    """Whether the sum can still be so early if these terms meet."""
    rest = np.append(np.delete(weights, group), group.size * weights[group].max())
    return _soonest(rest, arity, hurried) <= budget * ROUNDED


# -- better ones ------------------------------------------------------------------------------


@compiled
def _trade(tree: Tree, size: int, trades: int) -> None:
    """Let parts trade places at random, and back if that takes more bits or is later."""
    random.seed(1)
    root = size - 1
    budget = tree.weight[root] * ROUNDED
    for _ in range(trades):
        a, b = random.randrange(root), random.randrange(root)
        if tree.reader[a] == tree.reader[b] or _above(tree, a, b) or _above(tree, b, a):
            continue
        if _swapped(tree, a, b) > 0 or tree.weight[root] > budget:
            _swapped(tree, a, b)


@compiled
def _above(tree: Tree, a: int, b: int) -> bool:
    """Whether ``b`` is ``a``, or a part of it."""
    while b not in (NONE, a):
        b = tree.reader[b]
    return b == a


@compiled
def _swapped(tree: Tree, a: int, b: int) -> int:
    """Let two parts trade places; how many bits more the tree takes then."""
    for part, reader, other in ((a, tree.reader[a], b), (b, tree.reader[b], a)):
        for i in range(3):
            if tree.operands[reader, i] == part:
                tree.operands[reader, i] = other
                break
    tree.reader[a], tree.reader[b] = tree.reader[b], tree.reader[a]
    more = 0
    for first in (tree.reader[a], tree.reader[b]):
        node = first
        while node != NONE:
            more -= tree.bits[node]
            _add_up(tree, node)
            more += tree.bits[node]
            node = tree.reader[node]
    return more
