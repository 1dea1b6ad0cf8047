"""Registers are as few as they can be, held against all schedules and against a linear program."""

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_array

from rtlgen.dataflow import Const, Dataflow, Input
from rtlgen.devices import find
from rtlgen.registers import Placement, register_bits
from rtlgen.timing import Timing
from sim.rounding import Interval
from tests.rtlgen.flows import layers, random_flow

TARGET = find("xcvu13p")
FLOWS = [
    *(pytest.param(lambda s=seed: random_flow(s), id=f"random-{seed}") for seed in range(8)),
    *(
        pytest.param(lambda s=seed: layers(6, 8, 40, seed=s), id=f"layers-{seed}")
        for seed in (0, 1)
    ),
]


def bits(flow, stages, latency):
    return sum(register_bits(flow, Timing(flow, TARGET), stages, latency))


def legal(flow, timing, stages, budget):
    inputs = all(not stages[i] for i, op in enumerate(flow.ops) if isinstance(op, Input))
    order = all(stages[j] <= stages[i] for i, reads in enumerate(timing.reads) for j in reads)
    return inputs and order and timing.longest(stages) - timing.register <= budget


def schedules(flow, timing, latency, first=()):
    """All that obey the order of the operations."""
    if len(first) == len(flow.ops):
        yield list(first)
        return
    i = len(first)
    earliest = max([first[j] for j in timing.reads[i]], default=0)
    only_once = isinstance(flow.ops[i], Input | Const)
    for stage in range(earliest, 1 if only_once else latency):
        yield from schedules(flow, timing, latency, (*first, stage))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("operations", "latency"), [(7, 2), (4, 3), (3, 4)])
def test_no_schedule_has_fewer_registers(seed, operations, latency):
    flow = random_flow(seed, operations=operations, inputs=2)
    timing = Timing(flow, TARGET)
    budget = timing.budget(latency)
    stages = Placement(flow, timing, latency).best(budget)
    assert legal(flow, timing, stages, budget)
    others = [s for s in schedules(flow, timing, latency) if legal(flow, timing, s, budget)]
    fewest = min(sum(register_bits(flow, timing, s, latency)) for s in others)
    assert bits(flow, stages, latency) == fewest


def beyond(timing, first, budget):
    """The operations to which a path from ``first`` is longer than the budget."""
    times = {first: timing.starts[first]}
    for i in range(first + 1, len(timing.waits)):
        through = [(times[j], by) for j, by in timing.waits[i] if j in times]
        if through:
            times[i] = tuple(
                max(time[low] + by[2 * low + end] for time, by in through for low in (0, 1))
                for end in (0, 1)
            )
    return [i for i, time in times.items() if max(time) > budget]


def optimum(flow, budget, latency):
    """The fewest bits, by a linear program over the stages and over those of the last users.

    Each of its rows is a difference, so its matrix is totally unimodular: stages are integers.
    """
    timing, size = Timing(flow, TARGET), len(flow.ops)
    read = [(j, i) for i, reads in enumerate(timing.reads) for j in reads]
    rows = [(i, size + i, 0) for i in range(size)]
    rows += [row for j, i in read for row in ((j, i, 0), (i, size + j, 0))]
    rows += [(j, i, 1) for j in range(size) for i in beyond(timing, j, budget)]
    ends = {wire.op for wire in flow.outputs}
    bounds = [(0, 0 if isinstance(op, Input) else latency - 1) for op in flow.ops]
    bounds += [(latency if i in ends else 0, latency) for i in range(size)]
    pairs = zip(flow.ops, flow.intervals, strict=True)
    widths = np.array([0 if isinstance(op, Const) else max(1, r.width) for op, r in pairs])
    places = np.repeat(np.arange(len(rows)), 2), np.array(rows)[:, :2].ravel()
    matrix = coo_array((np.tile([1, -1], len(rows)), places), (len(rows), 2 * size))
    ahead = -np.array(rows)[:, 2]
    found = linprog(np.r_[-widths, widths], matrix.tocsr(), ahead, bounds=bounds, method="highs")
    return round(found.fun)


@pytest.mark.parametrize("build", FLOWS)
@pytest.mark.parametrize("latency", [2, 4, 9])
@pytest.mark.parametrize("percent", [100, 130])
def test_a_linear_program_finds_no_fewer(build, latency, percent):
    flow = build()
    timing = Timing(flow, TARGET)
    budget = timing.budget(latency) * percent // 100
    stages = Placement(flow, timing, latency).best(budget)
    assert legal(flow, timing, stages, budget)
    assert bits(flow, stages, latency) == optimum(flow, budget, latency)


def test_a_value_is_registered_where_it_is_narrow():
    flow = Dataflow()
    x = flow.input(0, Interval(-128, 127, 0))
    narrow = flow.compare(x, flow.const(17, 0))
    wide = flow.mul(narrow, flow.add(narrow, narrow << 3))
    flow.outputs = [wide]
    timing = Timing(flow, TARGET)
    for latency in (2, 3, 4):
        stages = Placement(flow, timing, latency).best(timing.budget(1))
        assert bits(flow, stages, latency) == latency - 1 + flow.intervals[wide.op].width


def placed(flow, latency=4):
    timing = Timing(flow, TARGET)
    budget = timing.budget(latency)
    stages = Placement(flow, timing, latency).best(budget)
    return legal(flow, timing, stages, budget), bits(flow, stages, latency) - optimum(
        flow, budget, latency
    )


def test_planted_bugs_are_found(monkeypatch):
    flow = layers(6, 8, 40)
    assert placed(flow) == (True, 0)
    with monkeypatch.context() as patch:
        patch.setattr(Timing, "apart", lambda *_: iter(()))
        assert not placed(flow)[0]
    with monkeypatch.context() as patch:
        patch.setattr(Placement, "widths", property(lambda self: [1] * len(self.flow.ops)))
        assert placed(flow)[1] > 0
    with monkeypatch.context() as patch:
        patch.setattr(Placement, "_later", lambda _, stages, *__: stages)
        assert placed(flow)[1] > 0
