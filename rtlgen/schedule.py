"""Which pipeline stage each operation is in. A schedule annotates a graph, it rewrites nothing.

The stage of an operation is the number of register layers between the inputs and its logic.
Inputs arrive unregistered, in stage 0. Outputs are registered, by the last layer: the N stages of
logic, 0 to N - 1, have a layer behind each, and the latency is N clock cycles. A latency of 0 is
a design without registers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rtlgen.chains import chains
from rtlgen.dataflow import Dataflow
from rtlgen.registers import Placement
from rtlgen.targets import Target
from rtlgen.timing import Timing
from sim.errors import TooSlow

LONGER = (100, 105, 110, 120)
"""Percent of the shortest possible stage that stages may take where no clock is given.

The shortest stages are so short because their registers stand in the middle of wide sums.
"""


@dataclass(frozen=True)
class Schedule:
    """The stage of every operation, and the clock cycles from the inputs to the outputs."""

    stages: tuple[int, ...]
    latency: int
    percents: tuple[int, ...] = ()
    """Of its estimate, what each operation was found to take; empty if nothing was measured."""
    chains: tuple[tuple[int, ...], ...] = ()
    """Sums that share a carry chain, from its lowest bits on."""


def schedule(
    flow: Dataflow,
    target: Target,
    *,
    clock_hz: float | None = None,
    stages: int | None = None,
    percents: tuple[int, ...] = (),
) -> Schedule:
    """As few stages as the clock allows, or this many, about as short as they can be.

    With both, this many stages, of any length that the clock allows. Registers stand where few
    bits cross. Raises ``TooSlow``, saying what would work, if the clock cannot be met.
    """
    timing = Timing(flow, target, percents)
    if clock_hz is None:
        assert stages is not None, "a clock or a number of stages"
        shortest = timing.budget(stages)
        budgets = [shortest * percent // 100 for percent in LONGER]
    else:
        budgets = [timing.within(clock_hz)]
        _check_operations(flow, timing, target, clock_hz)
        needed = 1 + max(timing.earliest(budgets[0]), default=0)
        stages = needed if stages is None else stages
        _check_stages(timing, target, clock_hz, stages, needed)
    placement = Placement(flow, timing, stages)
    found = map(placement.best, budgets) if stages else [[0] * len(flow.ops)]
    best = min(found, key=partial(_price, placement))
    longest = timing.longest(best) - timing.register if clock_hz is None else budgets[0]
    shared = chains(flow, timing, target, best, longest)
    return Schedule(tuple(best), stages, percents, shared)


def _price(placement: Placement, stages: Sequence[int]) -> int:
    """A stage may be a percent longer if that saves more than two percent of the registers."""
    return placement.bits(stages) * placement.timing.longest(stages) ** 2


def _check_operations(flow: Dataflow, timing: Timing, target: Target, clock_hz: float) -> None:
    if max(timing.delays, default=0) <= timing.within(clock_hz):
        return
    i = timing.delays.index(max(timing.delays))
    period = timing.delays[i] + timing.register
    raise TooSlow(
        f"node {flow.origins[i]!r}: operation {type(flow.ops[i]).__name__} w{i}, "
        f"{flow.intervals[i].width} bits wide, takes {period / 1000:.3f} ns with its register on "
        f"{target.name}, longer than the {1e9 / clock_hz:.3f} ns of a {_mhz(clock_hz)} clock; "
        f"the fastest clock is {_mhz(1e12 / period)}",
        1e12 / period,
    )


def _check_stages(
    timing: Timing, target: Target, clock_hz: float, stages: int, needed: int
) -> None:
    longest = timing.budget(stages)
    if longest > timing.within(clock_hz):
        reached = 1e12 / (longest + timing.register)
        raise TooSlow(
            f"{stages} {'stage runs' if stages == 1 else 'stages run'} at up to {_mhz(reached)} on "
            f"{target.name}, not at {_mhz(clock_hz)}; {needed} stages do, or a slower clock",
            reached,
        )


def _mhz(hz: float) -> str:
    """Rounded down, so that a clock that is proposed works."""
    return f"{int(hz / 1e5) / 10:g} MHz"
