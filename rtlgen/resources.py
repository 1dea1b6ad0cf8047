"""The two resources that everything is made of: carry chains, and trees of LUTs."""

from __future__ import annotations

from math import ceil, log
from typing import NamedTuple

from rtlgen.targets import Target
from sim.rounding import Interval


class Cost(NamedTuple):
    luts: int
    delay_ns: float

    def __add__(self, other: Cost) -> Cost:  # type: ignore[override]  # one after the other
        return Cost(self.luts + other.luts, self.delay_ns + other.delay_ns)


FREE = Cost(0, 0.0)


def chain(bits: int, logic: int, target: Target) -> Cost:
    """A carry chain over so many bits, in some of which a LUT has more to do than to pass one."""
    cells = -(-bits // target.chain_cell) * target.chain_cell if target.chain_cell else logic
    return Cost(
        cells + target.chain_ends, target.level_ns + target.chain_ns + bits * target.carry_ns
    )


def tree(inputs: int, target: Target) -> Cost:
    """One bit out of many."""
    if inputs < 2:
        return FREE
    levels = ceil(log(inputs, target.lut_inputs) - 1e-9)
    return Cost(ceil((inputs - 1) / (target.lut_inputs - 1)), levels * target.level_ns)


def per_bit(r: Interval, target: Target) -> Cost:
    """A LUT for each bit of the result."""
    return Cost(r.width, target.level_ns)
