"""Adders of three take the place of adders of two where there is time, and only there."""

from itertools import product
from random import Random

import pytest

from rtlgen import Options, generate
from rtlgen.cost import luts
from rtlgen.dataflow import Add, Dataflow, Sub, Ternary
from rtlgen.devices import find
from rtlgen.recovery import recover
from rtlgen.registers import register_bits
from rtlgen.schedule import schedule
from rtlgen.timing import Timing
from rtlgen.trees import regroup
from sim.rounding import Interval
from tests.rtlgen.flows import check, layers, random_flow

TARGET = find("xcvu13p")
BYTE = Interval(-128, 127, 0)
SLOW_HZ = 1e6


def recovered(flow, clock_hz=SLOW_HZ, stages=None):
    return recover(flow, TARGET, stages or (0,) * len(flow.ops), clock_hz)


def fastest(flow, stages):
    """The clock that so many stages reach."""
    timing = Timing(flow, TARGET)
    return 1e12 / (timing.budget(stages) + timing.register)


def sums(flow):
    return [op for op in flow.ops if isinstance(op, Add | Sub | Ternary)]


def bytes_of(flow, count):
    return [flow.input(k, BYTE) for k in range(count)]


def tree(terms, random):
    """A sum of inputs, two at a time in any order."""
    flow = Dataflow()
    wires = bytes_of(flow, terms)
    while len(wires) > 1:
        a, b = (wires.pop(random.randrange(len(wires))) << random.randrange(3) for _ in range(2))
        wires.append(random.choice([flow.add, flow.sub])(a, b))
    flow.outputs = wires
    return flow


def most_pairs(flow):
    """How many sums of a tree can be a pair with one that they read: by trying all."""
    ops = flow.ops
    edges = [
        (i, wire.op)
        for i, op in enumerate(ops)
        if isinstance(op, Add | Sub)
        for wire in (op.a, op.b)
        if isinstance(ops[wire.op], Add | Sub)
    ]

    def best(k, used):
        if k == len(edges):
            return 0
        without = best(k + 1, used)
        return without if used & {*edges[k]} else max(without, 1 + best(k + 1, used | {*edges[k]}))

    return best(0, frozenset())


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("stages", "percent"), [(1, 100), (2, 100), (2, 115), (4, 130)])
@pytest.mark.parametrize("arity", ["two", "hurried"])
@pytest.mark.parametrize("make", [random_flow, lambda seed: layers(6, 4, 12, seed=seed)])
def test_the_same_results_in_no_more_stages_from_fewer_luts(make, arity, stages, percent, seed):
    target = TARGET.binary() if arity == "two" else TARGET
    flow = regroup(make(seed), target, hurried=arity == "hurried")
    clock_hz = fastest(flow, stages) * 100 / percent
    plan = schedule(flow, TARGET, clock_hz=clock_hz)
    found = recovered(flow, clock_hz, plan.stages)
    check(flow, found, seed)
    assert schedule(found, TARGET, clock_hz=clock_hz).latency <= plan.latency
    assert found is flow or luts(found, TARGET) < luts(flow, TARGET)


def test_the_faster_the_clock_the_less_is_recovered():
    flow, counts = regroup(layers(6, 4, 20), TARGET.binary()), []
    clock_hz = fastest(flow, 3)
    plan = schedule(flow, TARGET, stages=3, clock_hz=clock_hz)
    for percent in (100, 150):
        found = recovered(flow, clock_hz * 100 / percent, plan.stages)
        counts.append(sum(isinstance(op, Ternary) for op in found.ops))
    assert 0 < counts[0] < counts[1]


@pytest.mark.parametrize("seed", range(40))
def test_with_time_enough_as_many_pairs_become_one_as_there_can_be(seed):
    random = Random(seed)
    flow = tree(random.randrange(2, 14), random)
    found = recovered(flow)
    check(flow, found, seed)
    assert len(sums(found)) == len(sums(flow)) - most_pairs(flow)


@pytest.mark.parametrize(("outer", "inner", "place"), [*product("+-", "+-", (0, 1))])
def test_signs_and_shifts(outer, inner, place):
    flow = Dataflow()
    a, b, c = bytes_of(flow, 3)
    make = {"+": flow.add, "-": flow.sub}
    pair = [make[inner](a << 1, b) << 2, c << 1]
    flow.outputs = [make[outer](*(pair if place == 0 else reversed(pair))) << 3]
    found = recovered(flow)
    check(flow, found)
    assert [type(op) for op in sums(found)] == [Ternary]


def test_what_must_stay_two_sums():
    flow = Dataflow()
    a, b, c, d = bytes_of(flow, 4)
    twice, split, seen = flow.add(a, b), flow.add(a, c), flow.add(b, c)
    again = flow.add(flow.sub(a, d), a)
    flow.outputs = [
        flow.add(twice, c),
        flow.add(twice, d),
        flow.add(split, d),
        seen,
        flow.add(seen, d << 1),
        again,
        flow.neg(flow.add(c, d)),
    ]
    stages = [0] * len(flow.ops)
    stages[flow.outputs[2].op] = 1
    assert recovered(flow, stages=stages) is flow


def test_of_two_operands_the_one_that_saves_more():
    flow = Dataflow()
    few = [flow.input(k, Interval(-16, 15, 0)) for k in range(2)]
    many = [flow.input(k, BYTE) for k in range(2, 4)]
    small, large = flow.add(*few), flow.add(*many)
    flow.outputs = [flow.add(small, large)]
    found = luts(recovered(flow), TARGET)
    forced = [luts(recovered(with_output(flow, kept)), TARGET) for kept in (small, large)]
    assert found == min(forced) < max(forced)


def with_output(flow, wire):
    """The same graph, in which an output reads that wire, too."""
    again = Dataflow(list(flow.ops), list(flow.intervals), list(flow.origins))
    again.outputs = [*flow.outputs, wire]
    return again


def test_nothing_on_the_critical_path():
    flow = Dataflow()
    wires = bytes_of(flow, 4)
    flow.outputs = [flow.add(flow.add(*wires[:2]), flow.add(*wires[2:]))]
    timing = Timing(flow, TARGET)
    longest = timing.longest([0] * len(flow.ops))
    assert recovered(flow, 1e12 / longest) is flow
    found = recovered(flow, 1e12 / (longest + round(1000 * TARGET.level_ns)))
    assert [type(op) for op in sums(found)] == [Add, Ternary]


def test_what_stands_in_a_register_is_not_late():
    flow = Dataflow()
    wires = bytes_of(flow, 6)
    late = flow.sub(flow.sub(flow.sub(wires[0], wires[1]), wires[2] << 4), wires[3])
    inner = flow.add(late, wires[4])
    flow.outputs = [flow.add(inner, wires[5])]
    stages = [int(i >= inner.op) for i in range(len(flow.ops))]
    found = recovered(flow, 1e12 / Timing(flow, TARGET).longest(stages), stages)
    check(flow, found)
    assert isinstance(found.ops[found.outputs[0].op], Ternary)


def test_a_chain_becomes_earlier():
    flow = Dataflow()
    a, b, c = bytes_of(flow, 3)
    flow.outputs = [flow.add(flow.add(a, b), c)]
    clock_hz = 1e12 / Timing(flow, TARGET).longest([0] * len(flow.ops))
    found = recovered(flow, clock_hz)
    assert [type(op) for op in sums(found)] == [Ternary]
    assert Timing(found, TARGET).longest([0] * len(found.ops)) <= 1e12 / clock_hz


def test_a_design_has_fewer_luts_at_its_clock(monkeypatch):
    options = Options(clock_hz=320e6, target="xcvu13p")
    found = generate("examples/digits_mlp.onnx", options)
    monkeypatch.setattr("rtlgen.generation.recover", lambda flow, *_: flow)
    without = generate("examples/digits_mlp.onnx", options)
    assert found.latency == without.latency
    assert luts(found.flow, TARGET) < 0.97 * luts(without.flow, TARGET)
    assert not found.proof().unproved
    for design in (found, without):
        timing = Timing(design.flow, TARGET)
        assert timing.longest(design.schedule.stages) <= 1e12 / 320e6
        assert sum(register_bits(design.flow, timing, design.schedule.stages, design.latency))


@pytest.mark.parametrize(
    "options", [Options(stages=3), Options(clock_hz=100e6, target="lfe5u-85f")]
)
def test_without_a_clock_or_adders_of_three_there_is_nothing_to_recover(monkeypatch, options):
    monkeypatch.setattr("rtlgen.generation.recover", None)
    assert generate("examples/digits_mlp.onnx", options).latency > 0
