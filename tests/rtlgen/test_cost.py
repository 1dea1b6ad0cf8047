"""The cost model, where it can be counted by hand."""

import pytest

from rtlgen.cost import cost, costs, luts
from rtlgen.dataflow import Dataflow, operands
from rtlgen.devices import find
from rtlgen.resources import FREE
from rtlgen.timing import Timing
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import random_flow

LUT6, LUT4 = find("xcvu13p"), find("lfe5u-25f")
ICE40 = find("ice40hx8k")
U3, U4, S8, BIT = Interval(0, 7, 0), Interval(0, 15, 0), Interval(-128, 127, 0), Interval(0, 1, 0)


def last(build, *intervals, target=LUT6):
    """The cost of the last operation that ``build`` makes of some inputs."""
    flow = Dataflow()
    wire = build(flow, *(flow.input(i, r) for i, r in enumerate(intervals)))
    op = flow.ops[wire.op]
    given = [flow.interval(w) for w in operands(op)]
    return cost(op, flow.intervals[wire.op], given, target)


@pytest.mark.parametrize(
    ("name", "build", "intervals", "luts"),
    [
        ("two numbers", lambda f, a, b: f.add(a, b), (S8, S8), (8, 14)),
        ("they meet in one bit", lambda f, a, b: f.add(a, b << 3), (U4, U4), (1, 10)),
        ("they do not meet", lambda f, a, b: f.add(a, b << 4), (U4, U4), (0, 0)),
        ("a sign meets every bit", lambda f, a, b: f.add(a, b << 9), (S8, U4), (4, 10)),
        ("the minuend is finer", lambda f, a, b: f.sub(a, b << 3), (S8, S8), (8, 14)),
        ("a borrow from below", lambda f, a, b: f.sub(a << 3, b), (S8, S8), (11, 16)),
        ("a negation", lambda f, a: f.neg(a), (U4,), (4, 10)),
        ("a constant of two ones", lambda f, a: f.add(a, f.const(5, 0)), (U4,), (2, 10)),
        ("a product", lambda f, a, b: f.mul(a, b), (U4, S8), (64, 64)),
        ("rectified", lambda f, a: f.max(a, f.const(0, 0)), (S8,), (7, 7)),
        ("the larger one", lambda f, a, b: f.max(a, b), (S8, S8), (14, 20)),
        ("the larger one of few bits", lambda f, a, b: f.max(a, b), (U3, U3), (3, 11)),
        ("few bits", lambda f, a, b: f.compare(a, b), (U3, U3), (1, 8)),
        ("the sign", lambda f, a: f.compare(a, f.const(0, 0)), (S8,), (0, 0)),
        ("the upper bits", lambda f, a: f.compare(a, f.const(8, 0)), (S8,), (1, 2)),
        ("a choice", lambda f, c, a, b: f.mux(c, a, b), (BIT, S8, U4), (8, 8)),
        ("few inputs", lambda f, a: f.lookup(a, 0, range(0, 80, 5), 0), (U4,), (5, 5)),
    ],
)
def test_luts(name, build, intervals, luts):
    got = tuple(last(build, *intervals, target=target).luts for target in (LUT6, LUT4))
    assert got == luts, name


@pytest.mark.parametrize(
    ("name", "build", "intervals", "luts"),
    [
        ("added", lambda f, a, b: f.add(a, b), (S8, S8), 9),
        ("subtracted", lambda f, a, b: f.sub(a, b), (S8, S8), 9 + 8),
        ("from zero", lambda f, a: f.neg(a), (S8,), 9 + 8),
        ("a constant", lambda f, a: f.sub(a, f.const(5, 0)), (S8,), 9),
        ("compared", lambda f, a, b: f.compare(a, b), (S8, S8), 8 + 8),
    ],
)
def test_where_chains_take_bits_as_they_are_a_lut_inverts_each_that_is_subtracted(
    name, build, intervals, luts
):
    taken = last(build, *intervals, target=ICE40)
    assert taken.luts == luts, name
    chain = last(lambda f, a, b: f.add(a, b), S8, S8, target=ICE40)
    assert (taken.delay_ns > chain.delay_ns) == (luts > 9)


@pytest.mark.parametrize(
    ("rounding", "luts"), [(Rounding.FLOOR, 0), (Rounding.HALF_UP, 0), (Rounding.HALF_EVEN, 1)]
)
def test_rounding(rounding, luts):
    taken = last(lambda f, a: f.round(a, 3, rounding), S8)
    assert taken.luts == luts
    assert (taken == FREE) == (rounding is Rounding.FLOOR)


@pytest.mark.parametrize(
    ("to", "overflow", "luts"),
    [
        (Interval(0, 15, 0), Overflow.WRAP, 0),
        (Interval(-8, 7, 0), Overflow.WRAP, 0),
        (Interval(-8, 7, 0), Overflow.REFLECT, 4),
        (Interval(0, 63, 0), Overflow.SATURATE, 6),
        (Interval(-64, 63, 0), Overflow.SATURATE, 7),
        (Interval(0, 3, 0), Overflow.SATURATE, 3),
    ],
)
def test_overflow(to, overflow, luts):
    taken = last(lambda f, a: f.limit(a, to, overflow), S8)
    assert taken.luts == luts
    assert (taken == FREE) == (luts == 0)


def test_limits_that_are_not_powers_of_two_take_comparisons_and_subtractions():
    def limited(overflow):
        return last(lambda f, a: f.limit(a, Interval(-5, 5, 0), overflow), S8)

    saturated, wrapped = limited(Overflow.SATURATE), limited(Overflow.WRAP)
    assert 4 < saturated.luts < wrapped.luts
    assert LUT6.level_ns < saturated.delay_ns < wrapped.delay_ns


def test_a_large_table_is_as_large_as_what_differs_in_it():
    wide = Interval(0, 255, 0)
    scrambled = [k * 7919 % 251 for k in range(256)]
    parity = [k.bit_count() & 1 for k in range(256)]
    half, step = [0] * 128 + [1] * 128, [0] * 100 + [1] * 156
    assert last(lambda f, a: f.lookup(a, 0, half, 0), wide) == FREE
    assert last(lambda f, a: f.lookup(a, 0, step, 0), wide).luts == 1
    assert 8 * 4 < last(lambda f, a: f.lookup(a, 0, scrambled, 0), wide).luts <= 8 * (4 + 1)
    assert last(lambda f, a: f.lookup(a, 0, parity, 0), wide).luts == 2 + 1


@pytest.mark.parametrize("part", ["xcvu13p", "lfe5u-25f", "ice40hx8k", "agf014"])
def test_a_table_of_a_bit_more_takes_no_less_and_is_no_earlier(part):
    taken = []
    for bits in range(2, 12):
        table = [k * k * 7919 >> 4 & 3 for k in range(1 << bits)]
        given = Interval(0, (1 << bits) - 1, 0)
        taken.append(last(lambda f, a, t=table: f.lookup(a, 0, t, 0), given, target=find(part)))
    assert [t.luts for t in taken] == sorted(t.luts for t in taken)
    assert [t.delay_ns for t in taken] == sorted(t.delay_ns for t in taken)


def test_a_table_takes_nothing_for_what_is_an_input_and_once_for_what_is_equal():
    twice = [(k ^ 5) & 7 | (k >> 3) << 3 for k in range(16)]
    assert last(lambda f, a: f.lookup(a, 0, twice, 0), U4).luts == 2
    same = [9 * (k in (2, 3, 5, 7)) for k in range(16)]
    assert last(lambda f, a: f.lookup(a, 0, same, 0), U4).luts == 1


def test_a_longer_chain_is_slower_and_a_mux_faster_than_an_adder():
    short, long = (last(lambda f, a, b: f.add(a, b), r, r).delay_ns for r in (U4, S8))
    choice = last(lambda f, c, a, b: f.mux(c, a, b), BIT, S8, S8).delay_ns
    assert choice == LUT6.level_ns < short < long


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("target", [LUT6, LUT4, ICE40, find("xc7k325t"), find("agf014")])
def test_every_operation_has_a_cost(seed, target):
    flow = random_flow(seed, operations=80)
    for op, r in zip(flow.ops, flow.intervals, strict=True):
        taken = cost(op, r, [flow.interval(w) for w in operands(op)], target)
        assert taken.luts >= 0
        assert (taken.delay_ns > 0) or taken == FREE
    assert len(Timing(flow, target).delays) == len(flow.ops)


def test_bits_that_are_wrapped_away_cost_nothing():
    flow = Dataflow()
    a, b = flow.input(0, S8), flow.input(1, S8)
    flow.outputs = [flow.limit(flow.add(a, b), Interval(0, 15, 0), Overflow.WRAP)]
    assert [taken.luts for taken in costs(flow, LUT6)] == [0, 0, 4, 0]
    assert luts(flow, LUT6) == 4
