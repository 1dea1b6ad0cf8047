"""Any function of one number, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from kernels.base import Operator
from sim.array import Array
from sim.fixed import Fixed
from sim.rounding import Interval


@dataclass(frozen=True, eq=False)
class Table(Operator):
    """``values[c - domain.lo]`` for every element, whose value is ``c * 2**domain.exp``."""

    values: Fixed
    domain: Interval

    def __post_init__(self) -> None:
        entries = self.domain.hi - self.domain.lo + 1
        assert self.values.shape == (entries,), f"{self.domain} needs {entries} values"

    def forward(self, x: Array) -> Array:
        return x.lookup(self.values, self.domain)
