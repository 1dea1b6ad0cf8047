"""Sums built anew give the same, in fewer adders."""

from __future__ import annotations

from functools import reduce
from itertools import combinations, product
from math import log2
from random import Random

import numpy as np
import pytest

from rtlgen.arrangement import fastest
from rtlgen.cost import cost
from rtlgen.dataflow import Add, Dataflow, Sub, Ternary, Wire, operands
from rtlgen.devices import find
from rtlgen.forms import Forms
from rtlgen.targets import Target
from rtlgen.trees import regroup
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import check, random_flow

TARGETS = [find("xcvu13p"), find("lfe5u-85f")]
BUILT_FOR = [*TARGETS, find("ice40hx8k"), find("agf014"), find("xc7a35t")]
BYTE = Interval(-128, 127, 0)


def sums(flow: Dataflow) -> list[type]:
    return [type(op) for op in flow.ops if isinstance(op, Add | Sub | Ternary)]


def chain(terms: int, seed: int = 0) -> Dataflow:
    """A sum of inputs, one after the other, with shifts and signs."""
    random, flow = Random(seed), Dataflow()
    total = flow.input(0, BYTE)
    for k in range(1, terms):
        x = flow.input(k, BYTE) << random.randrange(5)
        total = random.choice([flow.add, flow.sub])(total, x)
    flow.outputs = [total]
    return flow


@pytest.mark.parametrize("hurried", [False, True])
@pytest.mark.parametrize("target", BUILT_FOR, ids=lambda t: t.family)
@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed, target, hurried):
    flow = random_flow(seed)
    check(flow, regroup(flow, target, hurried=hurried), seed)


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("target", BUILT_FOR, ids=lambda t: t.family)
@pytest.mark.parametrize("hurried", [False, True])
def test_random_sums(seed, target, hurried):
    random, flow = Random(seed), Dataflow()
    wires = [
        flow.input(k, Interval(*random.choice([(-8, 7), (0, 15), (-3, 0)]), k % 3 - 1))
        for k in range(5)
    ]
    wires.append(flow.const(random.randint(-20, 20), random.randint(-2, 2)))
    for _ in range(25):
        a, b = (random.choice(wires) << random.randrange(-2, 3) for _ in range(2))
        wires.append(random.choice([flow.add, flow.sub])(a, b))
    flow.outputs = [wires[-1], wires[-2], flow.neg(wires[-3]), wires[10]]
    check(flow, regroup(flow, target, hurried=hurried), seed)


@pytest.mark.parametrize("terms", range(2, 20))
def test_a_sum_takes_as_few_adders_as_its_terms_need(terms):
    ternary, binary = (regroup(chain(terms), target) for target in TARGETS)
    assert len(sums(ternary)) == terms // 2
    assert sums(ternary).count(Ternary) == (terms - 1) // 2
    assert len(sums(binary)) == terms - 1
    assert Ternary not in sums(binary)


@pytest.mark.parametrize("terms", range(2, 20))
def test_a_hurried_sum_is_as_early_as_adders_make_it(terms):
    levels = {
        hurried: depth(regroup(chain(terms), TARGETS[0], hurried=hurried))
        for hurried in (False, True)
    }
    soonest = min(log2(fastest(np.ones(terms), arity)) for arity in (2, 3))
    assert levels[True] <= soonest + 1e-6  # mixed, they may be earlier than those of one kind
    assert levels[True] <= levels[False] + 1e-6
    assert len(sums(regroup(chain(terms), TARGETS[0], hurried=True))) <= terms - 1


def depth(flow: Dataflow) -> float:
    """In adders of two; one of three counts as log2(3)."""
    depths = []
    for op in flow.ops:
        own = log2(len(operands(op))) if operands(op) else 0.0
        depths.append(own + max((depths[w.op] for w in operands(op)), default=0.0))
    return depths[flow.outputs[0].op]


def test_a_bias_is_one_term_more():
    flow = chain(4)
    flow.outputs = [flow.add(flow.outputs[0], flow.const(37, -1))]
    assert sums(regroup(flow, TARGETS[0])) == [Ternary, Ternary]
    check(flow, regroup(flow, TARGETS[0]))


def test_constants_of_one_sum_become_one():
    flow = Dataflow()
    x, y, z = (flow.input(k, BYTE) for k in range(3))
    first = flow.add(flow.sub(x, y), flow.const(5, 0))
    flow.outputs = [flow.sub(flow.add(first, z), flow.const(9, 0))]
    found = regroup(flow, TARGETS[1])
    assert len(sums(found)) == 3
    check(flow, found)


def test_a_sum_that_two_read_stays():
    flow = Dataflow()
    x, y, z = (flow.input(k, BYTE) for k in range(3))
    both = flow.add(x, y)
    flow.outputs = [flow.add(both, z), flow.sub(both, z)]
    assert sums(regroup(flow, TARGETS[0])).count(Add) == 2


def test_a_sum_behind_a_quantizer_stays():
    flow = Dataflow()
    x, y, z = (flow.input(k, BYTE) for k in range(3))
    cut = flow.quantize(flow.add(x, y), Interval(0, 15, 2), Rounding.FLOOR, Overflow.SATURATE)
    flow.outputs = [flow.add(cut, z)]
    assert sums(regroup(flow, TARGETS[0])) == [Add, Add]


def test_narrow_terms_meet_first():
    flow = Dataflow()
    wide = flow.input(0, Interval(0, 255, 0))
    narrow = [flow.input(k, Interval(0, 1, 0)) for k in (1, 2)]
    flow.outputs = [flow.add(flow.add(narrow[0], wide), narrow[1])]
    found = regroup(flow, TARGETS[1])
    first = next(op for op in found.ops if isinstance(op, Add))
    assert {first.a, first.b} == {Wire(1), Wire(2)}


@pytest.mark.parametrize("seed", range(10))
def test_intervals_are_exact_where_terms_are_independent(seed):
    flow = chain(6, seed)
    (wire,) = regroup(flow, TARGETS[0]).outputs
    found = regroup(flow, TARGETS[0]).interval(wire)
    forms = Forms(flow)
    assert found == forms.interval(forms.of(flow.outputs[0])).at(found.exp)


@pytest.mark.parametrize("hurried", [False, True])
def test_thousands_of_levels(hurried):
    flow = Dataflow()
    x, y = (flow.input(k, Interval(0, 15, 0)) for k in range(2))
    for k in range(1500):
        total = flow.add(flow.add(x, y), flow.const(k % 5, 0))
        x = flow.quantize(total, Interval(0, 15, 0), Rounding.FLOOR, Overflow.WRAP)
        y = flow.max(x, flow.const(3, 0))
    flow.outputs = [x, y]
    check(flow, regroup(flow, TARGETS[0], hurried=hurried), samples=3)


# -- forms --------------------------------------------------------------------------------------


def test_terms_that_cancel_do_not_count():
    flow = Dataflow()
    x, y = (flow.input(k, Interval(-4, 3, -1)) for k in range(2))
    forms = Forms(flow)
    form = forms.of(flow.add(x, y << 1)).plus(forms.of(x).times(-1, 0))
    assert forms.interval(form).at(-1) == Interval(-8, 6, -1)


@pytest.mark.parametrize("signs", [*product((1, -1), repeat=2)])
def test_the_form_of_three_terms(signs):
    flow = Dataflow()
    x, y, z = (flow.input(k, Interval(0, 1 + k, k)) for k in range(3))
    wire = flow.ternary(x, y, z, *signs)
    values = [
        a + signs[0] * 2 * b + signs[1] * 4 * c for a, b, c in product(range(2), range(3), range(4))
    ]
    forms = Forms(flow)
    assert forms.interval(forms.of(wire)) == Interval(min(values), max(values), 0)


# -- depths -------------------------------------------------------------------------------------


def least(weights: tuple[float, ...], arity: int) -> float:
    """The least weight of a sum in the fewest adders, by trying all trees."""
    if len(weights) == 1:
        return weights[0]
    sizes = {2} if arity == 2 else {3} if len(weights) % 2 else {2, 3}
    found = []
    for size in sizes:
        for group in combinations(range(len(weights)), size):
            rest = [w for k, w in enumerate(weights) if k not in group]
            added = size * max(weights[k] for k in group)
            found.append(least((*rest, added), arity))
    return min(found)


@pytest.mark.parametrize("arity", [2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_the_fastest_tree_is_found(seed, arity):
    random = Random(seed)
    weights = tuple(random.choice([1.0, 2.0, 3.0, 4.0, 9.0]) for _ in range(3 + 2 * (seed % 2)))
    assert fastest(np.array(weights), arity) == least(weights, arity)


# -- side by side -------------------------------------------------------------------------------


@pytest.mark.parametrize("target", BUILT_FOR, ids=lambda t: t.family)
@pytest.mark.parametrize("minus", [False, True])
def test_terms_side_by_side_are_one_number_to_add(target, minus):
    flow = Dataflow()
    nibbles = [flow.input(k, Interval(0, 15, 0)) for k in range(4)]
    wide = flow.input(4, Interval(-2048, 2047, 0))
    add = flow.sub if minus else flow.add
    flow.outputs = [reduce(add, [x << 4 * (k % 2) for k, x in enumerate(nibbles)], wide)]
    found = regroup(flow, target)
    check(flow, found)
    free = [op for op in found.ops if isinstance(op, Add) and cost_of(found, op, target) == 0]
    assert len(free) == 2
    assert len(sums(found)) - len(free) == (1 if target.arity == 3 else 2)


def cost_of(flow: Dataflow, op: Add, target: Target) -> int:
    i = flow.ops.index(op)
    return cost(op, flow.intervals[i], [flow.interval(w) for w in operands(op)], target).luts


@pytest.mark.parametrize(
    ("low", "minus"),
    [(Interval(-8, 7, 0), False), (Interval(0, 16, 0), False), (Interval(0, 15, 0), True)],
)
def test_what_is_negative_or_too_wide_or_subtracted_is_not_side_by_side(low, minus):
    flow = Dataflow()
    x, y, z = flow.input(0, low), flow.input(1, Interval(0, 15, 4)), flow.input(2, BYTE)
    flow.outputs = [flow.add((flow.sub if minus else flow.add)(y, x), z)]
    found = regroup(flow, TARGETS[0])
    assert sums(found) == [Ternary]
    check(flow, found)


def test_what_is_known_of_numbers_side_by_side_stays_known():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 15, 0)), flow.input(1, Interval(0, 15, 4))
    flow.outputs = [flow.add(x, y, Interval(0, 100, 0))]
    found = regroup(flow, TARGETS[0])
    assert found.interval(found.outputs[0]) == Interval(0, 100, 0)
