"""Schedules are legal, as short as they can be, and register as few bits as they can."""

from functools import cache

import pytest

from rtlgen.dataflow import Dataflow, Input, operands
from rtlgen.devices import find
from rtlgen.registers import Placement, register_bits
from rtlgen.schedule import LONGER, Schedule, schedule
from rtlgen.timing import Timing
from sim.errors import TooSlow
from sim.rounding import Interval
from tests.rtlgen.flows import layers, random_flow

TARGET = find("xcvu13p")


def check(flow, plan, budget):
    timing = Timing(flow, TARGET)
    assert len(plan.stages) == len(flow.ops)
    for i, op in enumerate(flow.ops):
        assert all(plan.stages[wire.op] <= plan.stages[i] for wire in operands(op))
        assert 0 <= plan.stages[i] < max(1, plan.latency)
        assert plan.stages[i] == 0 or not isinstance(op, Input)
    assert longest_paths(flow, timing, plan.stages) <= budget


def longest_paths(flow, timing, stages):
    """The longest path that crosses no register, found from its end."""

    @cache
    def back(i, end):
        before = [(j, by) for j, by in timing.waits[i] if stages[j] == stages[i]]
        through = [back(j, low) + by[2 * low + end] for j, by in before for low in (0, 1)]
        return max([timing.starts[i][end], *through])

    return max(back(i, end) for i in range(len(flow.ops)) for end in (0, 1))


def bits(flow, timing, plan):
    return sum(register_bits(flow, timing, plan.stages, plan.latency))


def asap(timing, plan, budget):
    return Schedule(tuple(timing.earliest(budget)), plan.latency)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("stages", [1, 2, 3, 7, 30])
def test_as_many_stages_as_asked_for(seed, stages):
    flow = random_flow(seed)
    timing, plan = Timing(flow, TARGET), schedule(flow, TARGET, stages=stages)
    shortest = timing.budget(stages)
    assert plan.latency == stages
    check(flow, plan, shortest * max(LONGER) // 100)
    assert bits(flow, timing, plan) <= bits(flow, timing, asap(timing, plan, shortest))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("clock_hz", [50e6, 120e6])
def test_a_clock_is_met_with_as_few_stages_as_possible(seed, clock_hz):
    flow, target = random_flow(seed), TARGET
    timing = Timing(flow, target)
    budget = max(timing.within(clock_hz), *timing.delays)
    clock_hz = 1e12 / (budget + timing.register)
    plan = schedule(flow, target, clock_hz=clock_hz)
    check(flow, plan, budget)
    assert bits(flow, timing, plan) <= bits(flow, timing, asap(timing, plan, budget))
    assert plan.latency == 1 or timing.budget(plan.latency - 1) > budget
    looser = schedule(flow, target, clock_hz=clock_hz, stages=plan.latency + 2)
    assert looser.latency == plan.latency + 2
    check(flow, looser, budget)


def test_stages_are_balanced():
    flow, x = Dataflow(), []
    x = flow.input(0, Interval(0, 3, 0))
    for _ in range(6):
        x = flow.mul(flow.add(x, x << 1), flow.const(1, -1))
    flow.outputs = [x]
    timing = Timing(flow, TARGET)
    for stages, longest in [(1, 6), (2, 3), (3, 2), (6, 1)]:
        plan = schedule(flow, TARGET, stages=stages)
        logic = [s for s, delay in zip(plan.stages, timing.delays, strict=True) if delay]
        assert max(logic.count(stage) for stage in range(stages)) == longest


def test_without_stages_there_are_no_registers():
    flow = random_flow(3)
    plan = schedule(flow, TARGET, stages=0)
    assert plan == Schedule((0,) * len(flow.ops), 0)
    assert bits(flow, Timing(flow, TARGET), plan) == 0


def test_a_wire_is_registered_as_often_as_asked_for():
    flow = Dataflow()
    flow.outputs = [flow.input(0, Interval(0, 7, 0)), flow.const(3, 0)]
    assert schedule(flow, TARGET, stages=4) == Schedule((0, 0), 4)
    assert schedule(flow, TARGET, clock_hz=200e6).latency == 1
    assert register_bits(flow, Timing(flow, TARGET), (0, 0), 4) == [12, 0]


def test_a_value_is_registered_once_for_all_of_its_users():
    flow = Dataflow()
    x, y = flow.input(0, Interval(0, 7, 0)), flow.input(1, Interval(0, 1, 0))
    flow.outputs = [flow.add(x, y), flow.sub(x, y), flow.mul(x, x)]
    assert register_bits(flow, Timing(flow, TARGET), (0, 0, 1, 2, 1), 3)[:2] == [6, 2]


def test_registers_are_saved():
    flow = layers(8, 16, 200, depth=3)
    timing = Timing(flow, TARGET)
    plan = schedule(flow, TARGET, stages=6)
    shortest = timing.budget(6)
    assert bits(flow, timing, plan) < 0.75 * bits(flow, timing, asap(timing, plan, shortest))
    check(flow, plan, shortest * max(LONGER) // 100)
    assert plan == schedule(flow, TARGET, stages=6)


@pytest.mark.parametrize("stages", [1, 2, 4, 6])
def test_a_longer_stage_is_for_the_sake_of_registers(stages):
    flow = layers(6, 8, 60)
    timing, plan = Timing(flow, TARGET), schedule(flow, TARGET, stages=stages)
    shortest = Placement(flow, timing, stages).best(timing.budget(stages))
    longer = timing.longest(plan.stages) / timing.longest(shortest)
    fewest = bits(flow, timing, Schedule(tuple(shortest), stages))
    assert 1 <= longer**2 * bits(flow, timing, plan) <= fewest


def slow_flow():
    flow = Dataflow()
    flow.origin = "/fc1/MatMul"
    x, y = flow.input(0, Interval(-128, 127, 0)), flow.input(1, Interval(-128, 127, 0))
    total = flow.add(x, y)
    flow.outputs = [flow.add(flow.add(total, x << 1), y << 1)]
    return flow


def test_an_operation_alone_is_too_slow():
    with pytest.raises(TooSlow) as error:
        schedule(slow_flow(), TARGET, clock_hz=2e9)
    assert str(error.value) == (
        "node '/fc1/MatMul': operation Add w4, 11 bits wide, takes 0.880 ns with its register on "
        "xcvu13p, longer than the 0.500 ns of a 2000 MHz clock; the fastest clock is 1136.3 MHz"
    )
    assert schedule(slow_flow(), TARGET, clock_hz=1136.3e6).latency == 3


@pytest.mark.parametrize(("stages", "run"), [(1, "1 stage runs"), (0, "0 stages run")])
def test_too_few_stages_for_the_clock(stages, run):
    with pytest.raises(TooSlow) as error:
        schedule(slow_flow(), TARGET, clock_hz=1e9, stages=stages)
    assert str(error.value) == (
        f"{run} at up to 440.9 MHz on xcvu13p, not at 1000 MHz; 3 stages do, or a slower clock"
    )
