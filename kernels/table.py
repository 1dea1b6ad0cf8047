"""Any function of one number, as a table of numbers or of rows."""

from __future__ import annotations

from dataclasses import dataclass

from kernels.base import Operator
from sim.array import Array, concat
from sim.errors import ShapeError
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


@dataclass(frozen=True, eq=False)
class Rows(Operator):
    """The row ``values[c - domain.lo]`` for the one number ``c * 2**domain.exp`` on the last axis.

    An embedding.
    """

    values: Fixed
    """(entries, n)."""
    domain: Interval

    def __post_init__(self) -> None:
        entries = self.domain.hi - self.domain.lo + 1
        assert self.values.shape[0] == entries, f"{self.domain} needs {entries} rows"

    def forward(self, x: Array) -> Array:
        if x.shape[-1:] != (1,):
            raise ShapeError(f"{list(x.shape)} has more than one number on its last axis")
        columns = range(self.values.shape[1])
        result: Array = concat([x.lookup(self.values[:, i], self.domain) for i in columns], -1)
        return result
