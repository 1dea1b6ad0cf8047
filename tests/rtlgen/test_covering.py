"""Tables instead of arithmetic: the same integers, from leaves that may hold anything."""

from itertools import product
from random import Random

import pytest

from rtlgen.cones import joined, leaves, looked_up, table
from rtlgen.cost import luts
from rtlgen.covering import tabulate
from rtlgen.dataflow import Dataflow, Lookup, Sub, Wire, evaluate
from rtlgen.devices import find
from rtlgen.optimize import optimize
from sim.rounding import Interval, Overflow, Rounding
from tests.rtlgen.flows import check, random_flow, samples, values

LUT6, LUT4 = find("xcvu13p"), find("lfe5u-25f")


def neurons(seed: int, inputs: int = 6, fan_in: int = 3) -> Dataflow:
    """A layer as logic networks have: sums of a few inputs of two bits, rectified to two bits."""
    random, flow = Random(seed), Dataflow()
    wires = [flow.input(i, Interval(0, 3, 0)) for i in range(inputs)]
    for _ in range(8):
        total = flow.const(random.randint(-9, 9), 0)
        for wire in random.sample(wires, fan_in):
            total = flow.add(total, flow.mul(wire, flow.const(random.randint(-7, 7), 0)))
        flow.outputs.append(
            flow.quantize(total, Interval(0, 3, 2), Rounding.FLOOR, Overflow.SATURATE)
        )
    return flow


@pytest.mark.parametrize("target", [LUT6, LUT4], ids=["LUT6", "LUT4"])
@pytest.mark.parametrize("seed", range(20))
def test_random_graphs_keep_their_meaning(seed, target):
    flow = random_flow(seed, operations=60)
    after = optimize(flow, target)
    check(flow, after, seed)
    assert luts(after, target) <= luts(optimize(flow), target)


@pytest.mark.parametrize("target", [LUT6, LUT4], ids=["LUT6", "LUT4"])
@pytest.mark.parametrize("seed", range(5))
def test_a_neuron_of_six_bits_is_a_table(seed, target):
    flow = optimize(neurons(seed))
    after = tabulate(flow, target)
    check(flow, after, seed, samples=200)
    assert luts(after, target) < luts(flow, target)
    assert luts(tabulate(flow, LUT6), LUT6) <= 2 * len(flow.outputs)
    assert any(isinstance(op, Lookup) for op in after.ops)


@pytest.mark.parametrize("seed", range(5))
def test_a_neuron_of_eight_bits_is_a_table_where_luts_have_six_inputs(seed):
    flow = optimize(neurons(seed, fan_in=4))
    after = tabulate(flow, LUT6)
    check(flow, after, seed, samples=200)
    assert luts(after, LUT6) < 0.8 * luts(flow, LUT6)
    tables = [op for op in after.ops if isinstance(op, Lookup)]
    assert max(len(op.table) for op in tables) == 256


def test_a_table_of_more_bits_than_a_lut_has_is_none_if_it_takes_hardly_less():
    """As the larger of two numbers of four bits, by a comparison or not."""
    flow = Dataflow()
    a, b = (flow.input(k, Interval(0, 15, 0)) for k in range(2))
    flow.outputs = [flow.max(a, b)]
    given = (a.op, b.op)
    whole = looked_up(
        after := Dataflow(),
        table(flow, flow.outputs[0].op, given),
        [after.input(k, Interval(0, 15, 0)) for k in range(2)],
        [Interval(0, 15, 0)] * 2,
        0,
    )
    after.outputs = [whole]
    assert luts(after, LUT6) < luts(flow, LUT6)
    assert tabulate(flow, LUT6) is flow


@pytest.mark.parametrize(("target", "bits"), [(LUT6, 9), (LUT4, 7)], ids=["LUT6", "LUT4"])
def test_a_table_of_three_bits_more_than_a_lut_has_is_none(target, bits):
    flow = Dataflow()
    a, b = (flow.input(k, Interval(0, (1 << n) - 1, 0)) for k, n in enumerate((3, bits - 3)))
    flow.outputs = [flow.mul(a, b)]
    assert tabulate(flow, target) is flow


def test_a_wrong_entry_is_found(monkeypatch):
    def wrong(flow, root, given):
        entries = table(flow, root, given)
        return Lookup(entries.a, entries.lo, (entries.table[0] ^ 1, *entries.table[1:]))

    monkeypatch.setattr("rtlgen.covering.table", wrong)
    flow = optimize(neurons(0))
    with pytest.raises(AssertionError):
        check(flow, tabulate(flow, LUT6), samples=200)


# -- cones --------------------------------------------------------------------------------------


def test_leaves_are_of_few_bits_and_leave_constants_out():
    flow = Dataflow()
    a, b = flow.input(0, Interval(0, 3, 0)), flow.input(1, Interval(-4, 3, 0))
    product_ = flow.mul(a, b)
    total = flow.add(product_, flow.const(99, 0))
    assert leaves(flow, 5)[product_.op] == [(0, 1)]
    assert leaves(flow, 5)[total.op] == [(0, 1), (product_.op,)]
    assert leaves(flow, 4)[total.op] == []


@pytest.mark.parametrize(
    "intervals",
    [
        [(0, 3, 0)],
        [(-5, 6, 1)],
        [(0, 3, -1), (0, 5, 2)],
        [(0, 0, 0), (0, 3, 1)],
        [(-3, 2, 0), (1, 2, -4), (-1, 0, 3)],
    ],
)
def test_joined_fields_stand_side_by_side(intervals):
    flow = Dataflow()
    given = [Interval(*r) for r in intervals]
    wire = joined(flow, [flow.input(k, r) for k, r in enumerate(given)], given)
    flow.outputs = [wire]
    codes = [range(r.lo, r.hi + 1) for r in given]
    seen = {tuple(evaluate(flow, sample)) for sample in product(*codes)}
    assert len(seen) == len(list(product(*codes)))
    assert luts(flow, LUT6) == 0


@pytest.mark.parametrize("seed", range(30))
def test_a_table_holds_what_the_cone_computes(seed):
    flow = random_flow(seed, operations=30)
    found = [(i, given) for i, some in enumerate(leaves(flow, 6)) for given in some]
    root, given = Random(seed).choice(found)
    entries = table(flow, root, given)
    whole = Dataflow(list(flow.ops), list(flow.intervals), list(flow.origins))
    wires, types = [Wire(j) for j in given], [flow.intervals[j] for j in given]
    found = looked_up(whole, entries, wires, types, flow.intervals[root].exp)
    whole.outputs = [Wire(root), found]
    for sample in samples(flow, 60, seed):
        computed, found_there = values(whole, sample)
        assert computed == found_there


@pytest.mark.parametrize("count", [1, 2])
def test_a_leaf_may_be_coarser_than_its_type(count):
    """As one that became a table, of which every entry is even."""
    flow = Dataflow()
    wires = [flow.input(k, Interval(0, 1, 1)) for k in range(count)]
    types = [Interval(0, 2, 0)] * count
    sums = [a + b for b, a in product(range(4), repeat=2)] if count > 1 else [0, 1, 2]
    flow.outputs = [looked_up(flow, Lookup(Wire(0), 0, tuple(sums)), wires, types, 0)]
    for sample in product(range(2), repeat=count):
        assert values(flow, list(sample)) == [2 * sum(sample)]


def test_a_leaf_may_have_no_bits():
    flow = Dataflow()
    a, b = flow.input(0, Interval(0, 0, 0)), flow.input(1, Interval(-2, 1, 0))
    flow.outputs = [flow.emit(Sub(b, a), Interval(-2, 1, 0))]
    assert table(flow, flow.outputs[0].op, (a.op, b.op)).table == (0, 1, -2, -1)
    check(flow, tabulate(flow, LUT6))


def test_leaves_that_depend_on_each_other_may_hold_anything():
    flow = Dataflow()
    a, b = flow.input(0, Interval(0, 3, 0)), flow.input(1, Interval(0, 3, 0))
    up, down = flow.add(a, b), flow.sub(a, b)
    twice = flow.add(up, down, Interval(0, 6, 0))  # of which a sum alone would not know
    flow.outputs = [flow.lookup(twice, 0, [3, 1, 4, 1, 5, 9, 2], 0)]
    entries = table(flow, flow.outputs[0].op, (up.op, down.op))
    after = Dataflow(list(flow.ops), list(flow.intervals), list(flow.origins))
    types = [flow.interval(wire) for wire in (up, down)]
    after.outputs = [looked_up(after, entries, [up, down], types, 0)]
    check(flow, after, samples=100)
