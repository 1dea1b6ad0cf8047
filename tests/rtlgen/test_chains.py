"""Sums that share a carry chain compute what they did, and make no path longer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from rtlgen.adders import chained
from rtlgen.chains import MOST
from rtlgen.cost import carries_from
from rtlgen.dataflow import Add, Dataflow, Sub, operands
from rtlgen.devices import find
from rtlgen.optimize import optimize
from rtlgen.schedule import schedule
from rtlgen.timing import Timing
from rtlgen.trees import regroup
from rtlgen.verilog import emit
from sim.rounding import Interval
from tests.rtlgen.flows import layers, random_flow, ranges, samples
from tests.rtlgen.test_hardware import check

ECP5, ULTRASCALE = find("lfe5u-85f"), find("xcvu13p")


def parallel(sums: int, *, minus: bool = False) -> Dataflow:
    """Sums of different inputs, all as wide."""
    flow = Dataflow()
    inputs = [flow.input(k, Interval(-8, 7, 0)) for k in range(2 * sums)]
    pairs = zip(inputs[::2], inputs[1::2], strict=True)
    flow.outputs = [flow.sub(a, b) if minus else flow.add(a, b) for a, b in pairs]
    return flow


def network(seed: int) -> Dataflow:
    return regroup(layers(8, 6, 16, seed=seed), ECP5)


def test_no_chains_where_entering_one_is_free():
    assert schedule(parallel(8), ULTRASCALE, stages=1).chains == ()


def test_the_longest_path_stays_alone():
    assert schedule(parallel(1), ECP5, stages=1).chains == ()
    assert schedule(parallel(8), ECP5, stages=1).chains == ()


@pytest.mark.parametrize("clock", [150e6, 100e6, 50e6, 10e6])
def test_sums_share_as_far_as_the_clock_has_time(clock):
    flow = parallel(2 * MOST + 1)
    plan = schedule(flow, ECP5, clock_hz=clock, stages=1)
    assert longest(flow, plan) <= 1e12 / clock
    assert all(len(chain) <= MOST for chain in plan.chains)
    if clock < 60e6:
        assert sorted(map(len, plan.chains)) == [MOST, MOST]


@pytest.mark.parametrize("minus", [False, True])
def test_four_sums_in_one_chain(minus):
    flow = parallel(MOST, minus=minus)
    plan = schedule(flow, ECP5, clock_hz=1e6, stages=1)
    check(flow, plan, samples(flow, 40))


@pytest.mark.parametrize("stages", [0, 1, 3])
@pytest.mark.parametrize("seed", range(6))
def test_chains_of_networks_are_legal(seed, stages):
    flow = network(seed)
    plan = schedule(flow, ECP5, stages=stages)
    members = [i for chain in plan.chains for i in chain]
    assert len(members) == len(set(members))
    for chain in plan.chains:
        assert 2 <= len(chain) <= MOST
        assert len({(plan.stages[i], type(flow.ops[i])) for i in chain}) == 1
        assert isinstance(flow.ops[chain[0]], Add | Sub)
    assert longest(flow, plan) <= Timing(flow, ECP5).longest(plan.stages)


def longest(flow, plan) -> int:
    """The longest path, with carries from one sum of a chain to the next, until none is later."""
    timing, carry = Timing(flow, ECP5), round(1000 * ECP5.carry_ns)
    times = timing.times(plan.stages)
    below = {b: a for chain in plan.chains for a, b in pairwise(chain)}
    for _ in range(len(flow.ops)):
        before = list(times)
        for i, op in enumerate(flow.ops):
            low, high = timing.time(i, plan.stages, times)
            if i in below:
                given = [flow.interval(wire) for wire in operands(op)]
                bits = flow.intervals[i].top - carries_from(op, given)
                start = times[below[i]][1] + carry
                low, high = max(low, start), max(high, start + bits * carry)
            times[i] = low, high
        if times == before:
            return max(map(max, times)) + timing.register
    raise AssertionError("a path comes back to where it began")


@pytest.mark.parametrize("seed", range(4))
def test_networks_with_chains_compute_the_same(seed):
    flow = network(seed)
    plan = schedule(flow, ECP5, stages=2)
    assert plan.chains
    check(flow, plan, samples(flow, 30, seed))


@pytest.mark.parametrize("seed", range(6))
def test_random_graphs_with_chains_compute_the_same(seed):
    flow = optimize(random_flow(seed), ECP5)
    check(flow, schedule(flow, ECP5, clock_hz=1e6, stages=1), samples(flow, 20, seed))


def test_a_chain_is_put_down_in_the_order_of_the_schedule(monkeypatch):
    flow, made = network(0), []
    plan = schedule(flow, ECP5, stages=2)

    def recording(sums):
        made.append(tuple(int(one.result.name.rpartition("w")[2]) for one in sums))
        return chained(sums)

    monkeypatch.setattr("rtlgen.hardware.chained", recording)
    names = [f"p{k}" for k in range(len(flow.ops))]
    emit(flow, plan, names[: len(ranges(flow))], names[-len(flow.outputs) :])
    assert sorted(chain for chain in made if len(chain) > 1) == sorted(plan.chains)
    assert any(list(chain) != sorted(chain) for chain in plan.chains)
