"""Comparison, logic and choice; a boolean is a number, zero or one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kernels.base import Operator, Scales
from sim.array import Array, concat
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding

ZERO, ONE = Fixed.constant(0), Fixed.constant(1)
BIT = Intervals.full((), Interval(0, 1, 0))


@dataclass(frozen=True)
class GreaterOrEqual(Operator):
    """Whether ``a >= b``. All other comparisons are written out in this one."""

    onnx = ("GreaterOrEqual",)
    scales = Scales.ABSORB

    def forward(self, a: Array, b: Array) -> Array:
        return a.at_least(b)


@dataclass(frozen=True)
class Not(Operator):
    """Zero for one, and one for zero."""

    onnx = ("Not",)
    scales = Scales.ABSORB

    def forward(self, x: Array) -> Array:
        return -x + ONE


@dataclass(frozen=True)
class And(Operator):
    """Whether both are one."""

    onnx = ("And",)
    scales = Scales.ABSORB

    def forward(self, a: Array, b: Array) -> Array:
        return a.where(b, ZERO)


@dataclass(frozen=True)
class Or(Operator):
    """Whether one at least is one."""

    onnx = ("Or",)
    scales = Scales.ABSORB

    def forward(self, a: Array, b: Array) -> Array:
        return (a + b).quantize(BIT, Rounding.FLOOR, Overflow.SATURATE)


@dataclass(frozen=True)
class Xor(Operator):
    """Whether exactly one is one."""

    onnx = ("Xor",)
    scales = Scales.ABSORB

    def forward(self, a: Array, b: Array) -> Array:
        return (a + b).quantize(BIT, Rounding.FLOOR, Overflow.WRAP)


@dataclass(frozen=True)
class Where(Operator):
    """``yes`` where the condition is one, ``no`` where it is zero."""

    onnx = ("Where",)
    scales = Scales.KEEP

    def forward(self, condition: Array, yes: Array, no: Array) -> Array:
        return condition.where(yes, no)


@dataclass(frozen=True, eq=False)
class Pick(Operator):
    """``Where`` for a condition that is known: no hardware at all."""

    scales = Scales.MOVE
    condition: Fixed
    """Zeros and ones."""

    def forward(self, yes: Array, no: Array) -> Array:
        places = (np.arange(x.size).reshape(x.shape) for x in (yes, no))
        taken, other = np.broadcast_arrays(*places)
        both: Array = concat([yes.reshape(yes.size), no.reshape(no.size)], 0)
        return both.take(np.where(self.condition.codes[0] != 0, taken, other + yes.size))
