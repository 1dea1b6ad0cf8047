"""Every pass keeps what the graph means, on graphs that nobody built well."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from rtlgen.cost import luts
from rtlgen.dataflow import (
    Add,
    Compare,
    Const,
    Dataflow,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Op,
    Round,
    Sub,
    Wire,
    operands,
)
from rtlgen.demand import ALL, crop, needed_steps, needed_tops, trim
from rtlgen.devices import find
from rtlgen.fusion import fuse
from rtlgen.optimize import CUTTING, PASSES, optimize, prune, simplify
from rtlgen.rewrite import build, rewrite
from rtlgen.roundings import BIASED
from rtlgen.wires import Wires
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import check, values

# -- graphs without any of the builder's care ----------------------------------------------------


def emit(flow: Dataflow, op: Op, interval: Interval) -> Wire:
    """A new operation, although there may be an equal one."""
    flow.ops.append(op)
    flow.intervals.append(interval)
    flow.origins.append(flow.origin)
    return Wire(len(flow.ops) - 1)


def raw(flow: Dataflow, random: Random, a: Wire, b: Wire, c: Wire) -> Wire:
    """Some operation, as it stands, with the interval that its operands alone give."""
    x, y = flow.interval(a), flow.interval(b)
    exp = min(x.exp, y.exp)
    p, q = x.at(exp), y.at(exp)
    wide = Interval(min(p.lo, q.lo), max(p.hi, q.hi), exp)
    match random.choice(
        [Add, Add, Sub, Sub, Mul, Max, Min, Compare, Mux, Round, Limit, Lookup, Const]
    ):
        case kind if kind is Add:
            return emit(flow, Add(a, b), Interval(p.lo + q.lo, p.hi + q.hi, exp))
        case kind if kind is Sub:
            return emit(flow, Sub(a, b), Interval(p.lo - q.hi, p.hi - q.lo, exp))
        case kind if kind is Mul:
            ends = [i * j for i in x[:2] for j in y[:2]]
            return emit(flow, Mul(a, b), Interval(min(ends), max(ends), x.exp + y.exp))
        case kind if kind in (Max, Min):
            return emit(flow, kind(a, b), wide)
        case kind if kind is Compare:
            return emit(flow, Compare(a, b), Interval(0, 1, 0))
        case kind if kind is Mux:
            return emit(flow, Mux(c, a, b), wide)
        case kind if kind is Round:
            rounding, drop = random.choice([Rounding.FLOOR, *Rounding]), random.choice([1, 1, 2, 4])
            lo, hi = (int(rounding.shift(end, drop)) for end in x[:2])
            return emit(flow, Round(a, rounding), Interval(lo, hi, x.exp + drop))
        case kind if kind is Limit:
            overflow = random.choice([Overflow.SATURATE, *Overflow])
            lo = random.choice([0, 0, -8, -3])
            hi = lo + random.choice([7, 15, 10])
            fine = x.at(x.exp - random.choice([0, 0, 1]))
            low, high = (int(e) for e in overflow.bounds(fine.lo, fine.hi, lo, hi))
            result = Interval(min(low, high), max(low, high), fine.exp)
            return emit(flow, Limit(a, overflow, lo, hi), result)
        case kind if kind is Lookup:
            if x.hi - x.lo > 40:
                return a
            slope, offset = random.choice([(1, 0), (4, 4), (0, 3), (7, 1)]), random.randint(0, 2)
            line = [slope[0] * i + slope[1] for i in range(x.lo, x.hi + 1)]
            table = tuple(line) if offset else tuple(random.randint(-9, 9) for _ in line)
            return emit(flow, Lookup(a, x.lo, table), Interval(min(table), max(table), -2))
        case _:
            code = random.choice([0, 0, 1, -1, 3, 8, -12])
            return emit(flow, Const(code), Interval(code, code, random.choice([0, 0, -3])))


def random_flow(seed: int, size: int = 40) -> Dataflow:
    random = Random(seed)
    flow = Dataflow()
    condition = flow.input(0, Interval(0, 1, 0))
    wires = [condition]
    for port in range(1, 5):
        lo = random.choice([0, 0, -8, 3])
        r = Interval(lo, lo + random.choice([1, 7, 15]), random.choice([0, -2, -5]))
        wires.append(flow.input(port, r))
    for k in range(size):
        flow.origin = f"node{k}"
        a, b = (random.choice(wires[-8:]) << random.choice([0, 0, 0, 1, -2]) for _ in "ab")
        bits = [w for w in wires if flow.interval(w) == (0, 1, 0)]
        wire = raw(flow, random, a, b, random.choice(bits))
        if flow.interval(wire).width < 60:
            wires.append(wire)
    flow.outputs = [random.choice(wires) << random.choice([0, 3]) for _ in range(6)]
    return flow


@pytest.mark.parametrize(
    "run", [*dict.fromkeys(PASSES + CUTTING), optimize], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("seed", range(60))
def test_a_pass_keeps_the_meaning(run, seed):
    flow = random_flow(seed)
    check(flow, run(flow), seed)


@pytest.mark.parametrize("seed", range(20))
def test_optimizing_again_finds_nothing_more_to_remove(seed):
    once = optimize(random_flow(seed))
    assert len(kinds(optimize(once))) <= len(kinds(once))


def test_a_wrong_pass_is_found():
    flow = random_flow(3)

    def wrong(new: Dataflow, i: int, op: Op, interval: Interval) -> Wire:
        return build(new, op, interval) << (i == flow.outputs[0].op)

    with pytest.raises(AssertionError):
        check(flow, rewrite(flow, wrong))


# -- what each pass is for ------------------------------------------------------------------------


def start(*intervals: tuple[int, int, int]) -> tuple[Dataflow, list[Wire]]:
    flow = Dataflow()
    return flow, [flow.input(i, Interval(*r)) for i, r in enumerate(intervals)]


def kinds(flow: Dataflow) -> list[str]:
    return [type(op).__name__ for op in flow.ops if not isinstance(op, Input | Const)]


def test_prune_keeps_ports_and_names():
    flow, (a, b, _) = start((0, 3, 0), (0, 3, 0), (0, 3, 0))
    flow.origin = "dead"
    flow.mul(a, b)
    flow.origin = "alive"
    flow.outputs = [flow.add(a, b)]
    after = prune(flow)
    assert after.ops == [Input(0), Input(1), Input(2), Add(a, b)]
    assert after.origins == ["", "", "", "alive"]


def test_a_graph_without_outputs_is_only_its_ports():
    flow, _ = start((0, 3, 0), (0, 3, 0))
    assert optimize(flow).ops == [Input(0), Input(1)]
    assert optimize(Dataflow()).ops == []


def test_simplify_joins_equal_sums_whatever_their_shift_and_what_is_known_of_them():
    flow, (a, b) = start((0, 7, 0), (0, 7, 0))
    one = emit(flow, Add(a << 2, b << 2), Interval(0, 12, 2))
    other = emit(flow, Add(b, a), Interval(2, 14, 0))
    again = emit(flow, Add(a, b), Interval(0, 9, 0))
    flow.outputs = [one, other, again]
    after = optimize(flow)
    assert values(after, [1, 3]) == values(flow, [1, 3]) == [16, 4, 4]
    assert kinds(after) == ["Add"]
    assert after.outputs[0] == after.outputs[1] << 2
    assert after.intervals[-1] == Interval(2, 9, 0)


def test_simplify_multiplies_by_what_became_a_constant_with_additions():
    flow, (a,) = start((0, 7, 0))
    three = emit(flow, Const(3), Interval(3, 3, -1))
    flow.outputs = [emit(flow, Mul(a, three), Interval(0, 21, -1))]
    after = simplify(flow)
    check(flow, after)
    assert kinds(prune(after)) == ["Sub"]


@pytest.mark.parametrize("rounding", list(Rounding))
def test_a_saturation_does_the_work_of_the_relu_before_it(rounding):
    flow, (a,) = start((-100, 100, -4))
    relu = flow.max(a, flow.const(0, 0))
    flow.outputs = [flow.quantize(relu, Interval(0, 3, 0), rounding, Overflow.SATURATE)]
    after = optimize(flow)
    check(flow, after, samples=200)
    assert kinds(after) == ["Round", "Limit"]


@pytest.mark.parametrize("choose", [Dataflow.max, Dataflow.min])
@pytest.mark.parametrize("rounding", [Rounding.FLOOR, Rounding.HALF_UP])
def test_a_pool_chooses_among_quantized_numbers(rounding, choose):
    flow, (a, b, c) = start((-5000, 5000, 0), (-5000, 5000, 0), (-900, 6000, -1))
    pooled = flow.max(choose(flow, choose(flow, a, b), c), flow.const(0, 0))
    flow.outputs = [flow.quantize(pooled, Interval(0, 15, 5), rounding, Overflow.SATURATE)]
    after = optimize(flow)
    check(flow, after, samples=200)
    chosen = [
        after.intervals[i].width for i, op in enumerate(after.ops) if isinstance(op, Max | Min)
    ]
    assert chosen == ([4, 4] if rounding is Rounding.FLOOR else [10, 10])


def test_a_pool_of_numbers_that_are_hardly_cut_stays_where_it_is():
    flow, (a, b) = start((-15, 15, 0), (-15, 15, 0))
    flow.outputs = [flow.limit(flow.max(a, b), Interval(-8, 7, 0), Overflow.SATURATE)]
    assert kinds(optimize(flow)) == ["Max", "Limit"]


def test_a_relu_that_others_read_stays_where_it_is():
    flow, (a,) = start((-100, 100, -4))
    relu = flow.max(a, flow.const(0, 0))
    flow.outputs = [flow.quantize(relu, Interval(0, 3, 0), Rounding.FLOOR, Overflow.SATURATE), relu]
    assert sorted(kinds(fuse(flow))) == ["Limit", "Max", "Round"]


def test_wrapping_needs_the_relu():
    flow, (a,) = start((-100, 100, 0))
    relu = flow.max(a, flow.const(0, 0))
    flow.outputs = [flow.limit(relu, Interval(0, 15, 0), Overflow.WRAP)]
    after = optimize(flow)
    check(flow, after, samples=200)
    assert kinds(after) == ["Limit", "Compare", "Mux"]
    assert after.intervals[-1] == Interval(0, 15, 0)


def test_clip_is_one_saturation():
    flow, (a,) = start((-100, 100, -4))
    clipped = flow.min(flow.max(a, flow.const(-1, 0)), flow.const(2, 0))
    flow.outputs = [
        flow.quantize(clipped, Interval(-4, 3, -1), Rounding.HALF_UP, Overflow.SATURATE)
    ]
    after = optimize(flow)
    check(flow, after, samples=200)
    assert kinds(after) == ["Round", "Limit"]


def test_trim_cuts_a_term_that_reaches_below_what_is_kept():
    flow, (a, b) = start((-100, 100, -6), (-8, 7, 0))
    flow.outputs = [flow.round(flow.add(a, b), 0, Rounding.FLOOR)]
    after = prune(trim(flow))
    check(flow, after, samples=200)
    assert kinds(after) == ["Round", "Add"]
    assert after.intervals[-1] == Interval(-10, 8, 0)


def test_trim_keeps_what_carries():
    for f in (Dataflow.add, Dataflow.sub):
        flow, (a, b) = start((-100, 100, -6), (-100, 100, -6))
        flow.outputs = [flow.round(f(flow, a, b), 0, Rounding.FLOOR)]
        assert kinds(trim(flow)) == [f.__name__.capitalize(), "Round"]
    flow, (a, b) = start((-100, 100, -6), (-8, 7, 0))
    flow.outputs = [flow.round(flow.sub(b, a), 0, Rounding.FLOOR)]
    after = trim(flow)
    check(flow, after, samples=200)
    assert kinds(after) == ["Sub", "Round"]


def test_trim_cuts_constants_and_comparisons():
    flow, (a, b) = start((-100, 100, -2), (-100, 100, 0))
    flow.outputs = [
        flow.round(flow.add(b, flow.const(-37, -4)), 1, Rounding.FLOOR),
        flow.compare(a, b),
    ]
    after = prune(trim(flow))
    check(flow, after, samples=200)
    assert Const(-3) in after.ops
    (compared,) = (op for op in after.ops if isinstance(op, Compare))
    assert after.interval(compared.a).exp == 0


def test_outputs_need_all_of_their_bits():
    flow, (a, b) = start((-100, 100, -6), (-8, 7, 0))
    total = flow.add(a, b)
    flow.outputs = [flow.round(total, 0, Rounding.FLOOR), total]
    assert needed_steps(flow) == [-6, 0, -6, 0]


def test_crop_wraps_the_terms_of_a_sum_that_is_wrapped():
    flow, (a, b) = start((-100, 100, -1), (-100, 100, 1))
    total = flow.add(flow.sub(a, b << 1), flow.const(77, -1))
    flow.outputs = [flow.limit(total, Interval(-4, 3, -1), Overflow.WRAP)]
    assert needed_tops(flow) == [2, 1, 2, 3, 2, ALL]
    after = prune(crop(flow))
    check(flow, after, samples=200)
    assert (
        max(r.width for op, r in zip(after.ops, after.intervals, strict=True) if operands(op)) == 4
    )


def test_a_bit_too_few_is_found(monkeypatch):
    monkeypatch.setattr("rtlgen.demand.needed_tops", lambda f: [t - 1 for t in needed_tops(f)])
    flow, (a, b) = start((-100, 100, 0), (-100, 100, 0))
    flow.outputs = [flow.limit(flow.add(a, b), Interval(0, 15, 0), Overflow.WRAP)]
    with pytest.raises(AssertionError):
        check(flow, crop(flow), samples=200)


@pytest.mark.parametrize("rounding", list(Rounding))
def test_crop_goes_through_a_rounding_that_adds_the_same_to_every_number(rounding):
    flow, (a, b) = start((-500, 500, 0), (0, 3, 0))
    rounded = flow.round(flow.add(a, b), 2, rounding)
    flow.outputs = [flow.limit(rounded, Interval(0, 7, 2), Overflow.WRAP)]
    after = prune(crop(flow))
    check(flow, after, samples=200)
    assert (needed_tops(flow)[2] == ALL) == (rounding not in (Rounding.FLOOR, *BIASED))


def test_crop_reflects_with_one_bit_more_and_compares_with_all():
    flow, (a, b) = start((-100, 100, 0), (-100, 100, 0))
    larger = flow.max(a, b)
    flow.outputs = [flow.limit(larger, Interval(0, 7, 0), Overflow.REFLECT)]
    assert needed_tops(flow) == [ALL, ALL, 4, ALL]
    after = prune(crop(flow))
    check(flow, after, samples=200)
    assert kinds(after) == ["Limit", "Limit", "Compare", "Mux", "Limit"]


def test_what_is_limited_in_another_way_is_needed_whole():
    flow, (a,) = start((-100, 100, 0))
    flow.outputs = [
        flow.limit(a, Interval(0, 6, 0), Overflow.WRAP),
        flow.limit(a, Interval(0, 7, 0), Overflow.WRAP),
    ]
    assert needed_tops(flow) == [ALL, ALL, ALL]


# -- a network -------------------------------------------------------------------------------------


@pytest.mark.parametrize("overflow", [Overflow.SATURATE, Overflow.WRAP])
@pytest.mark.parametrize("rounding", [Rounding.FLOOR, Rounding.HALF_UP, Rounding.HALF_EVEN])
def test_two_layers_equal_their_numbers(rounding, overflow):
    rng = np.random.default_rng(0)
    first, second = (Fixed.constant(rng.integers(-8, 8, s), -3) for s in ((16, 12), (12, 5)))
    bias = Fixed.constant(rng.integers(-99, 99, 12), -8)
    middle = Intervals.full((), Interval(0, 15, -1))

    def network(x):
        x = (x @ first + bias).maximum(Fixed.constant(0))
        return x.quantize(middle, rounding, overflow) @ second

    t = Intervals.full((1, 16), Interval(-128, 127, -4))
    flow = Dataflow()
    flow.outputs = list(network(Wires.inputs(flow, t)).wires.flat)
    after = optimize(flow)
    target = find("xcvu13p")
    assert luts(after, target) < luts(flow, target)
    codes = rng.integers(-128, 128, (100, 1, 16))
    expected = network(Fixed(codes, -4))
    for row, y in zip(codes.reshape(100, 16).tolist(), expected.codes, strict=True):
        got = values(after, row)
        assert got == [int(c) * Fraction(2) ** expected.exp for c in y.reshape(-1)]
