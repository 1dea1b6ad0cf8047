"""Functions of one number, to be tried on every code that the number can have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from sim import integers
from sim.rounding import Overflow, Rounding


class Function(ABC):
    """Takes codes in steps of ``2**exp``, a number or an array of them, and gives the same."""

    homogeneous: ClassVar[bool] = True
    """Whether ``f(2**n * x)`` in other steps is ``2**n * f(x)``."""
    exp: int
    """The step that it works in."""

    @property
    def monotone(self) -> bool:
        """Whether a larger number never gives a smaller one, or never a larger one."""
        return True

    def idle(self, lo: int, hi: int, exp: int) -> bool:
        """Whether it is known to change no code from ``lo`` to ``hi``."""
        return False

    @abstractmethod
    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]: ...


@dataclass(frozen=True)
class Rounded(Function):
    """To the step ``2**exp``, if that is the coarser one."""

    rounding: Rounding
    exp: int

    def idle(self, lo: int, hi: int, exp: int) -> bool:
        return self.exp <= exp

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        if self.exp <= exp:
            return codes, exp
        return self.rounding.shift(codes, self.exp - exp), self.exp


@dataclass(frozen=True)
class Line(Function):
    """``factor * x + constant``, the constant in steps of ``2**exp``."""

    factor: int
    constant: int
    exp: int

    def idle(self, lo: int, hi: int, exp: int) -> bool:
        return (self.factor, self.constant) == (1, 0)

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        finer = min(exp, self.exp)
        constant = self.constant << self.exp - finer
        return _in_step(codes, exp, finer) * self.factor + constant, finer


@dataclass(frozen=True)
class Bounded(Function):
    """No smaller than ``lo`` and no larger than ``hi``, codes in the step ``2**exp``."""

    lo: int | None
    hi: int | None
    exp: int

    def coarse(self, exp: int) -> Bounded:
        """The same in the coarsest step up to ``2**exp`` that the bounds are multiples of."""
        bits = (self.lo or 0) | (self.hi or 0)
        zeros = (bits & -bits).bit_length() - 1 if bits else exp - self.exp
        by = max(0, min(zeros, exp - self.exp))
        lo, hi = (None if end is None else end >> by for end in (self.lo, self.hi))
        return Bounded(lo, hi, self.exp + by)

    def idle(self, lo: int, hi: int, exp: int) -> bool:
        low, high = (self((lo, hi)[i], exp)[0] for i in (0, 1))
        finer = min(exp, self.exp)
        return (low, high) == (lo << exp - finer, hi << exp - finer)

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        finer = min(exp, self.exp)
        codes = _in_step(codes, exp, finer)
        if self.lo is not None:
            codes = _larger(codes, self.lo << self.exp - finer)
        if self.hi is not None:
            codes = -_larger(-codes, -(self.hi << self.exp - finer))
        return codes, finer


@dataclass(frozen=True)
class Limited(Function):
    """Brought into ``lo..hi``, codes in the step ``2**exp``, by other means than saturation."""

    overflow: Overflow
    lo: int
    hi: int
    exp: int

    @property
    def monotone(self) -> bool:
        return False

    def idle(self, lo: int, hi: int, exp: int) -> bool:
        by = exp - self.exp
        return by >= 0 and self.lo <= lo << by and hi << by <= self.hi

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        return self.overflow.limit(_in_step(codes, exp, self.exp), self.lo, self.hi), self.exp


@dataclass(frozen=True)
class Reached(Function):
    """How many of these ascending codes, in the step ``2**exp``, a number is at or above."""

    homogeneous = False
    levels: tuple[int, ...]
    exp: int

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        codes = _in_step(codes, exp, self.exp)  # what is cut off is above no level
        if isinstance(codes, np.ndarray):
            return np.searchsorted(integers.integers(self.levels), codes, "right"), 0
        return bisect_right(self.levels, codes), 0


@dataclass(frozen=True)
class LookedUp(Function):
    """``table[c - lo]`` in the step ``2**result``, where ``c`` counts in steps of ``2**exp``.

    Beyond its ends, which no number reaches whose interval is proved, a table goes on as it ends.
    """

    homogeneous = False
    lo: int
    table: tuple[int, ...]
    exp: int
    result: int

    @cached_property
    def monotone(self) -> bool:
        return all(a <= b for a, b in zip(self.table, self.table[1:], strict=False))

    @cached_property
    def entries(self) -> Any:
        return integers.integers(self.table)

    def __call__(self, codes: Any, exp: int) -> tuple[Any, int]:
        places, last = _in_step(codes, exp, self.exp) - self.lo, len(self.table) - 1
        if isinstance(places, np.ndarray):
            return self.entries[np.clip(places, 0, last).astype(np.intp)], self.result
        return self.table[min(max(places, 0), last)], self.result


def limited(overflow: Overflow, lo: int, hi: int, exp: int) -> Function:
    """What brings a number into ``lo..hi``."""
    if overflow is Overflow.SATURATE:
        return Bounded(lo, hi, exp)
    return Limited(overflow, lo, hi, exp)


def in_steps_of(exp: int, functions: Sequence[Function]) -> tuple[Function, ...]:
    """The same functions of codes, whatever step these have: all steps by what goes in."""
    relative: list[Function] = []
    for f in functions:
        one: Function = replace(f, exp=f.exp - exp)  # type: ignore[type-var]
        relative.append(replace(one, result=0) if isinstance(one, LookedUp) else one)
        exp = f(0, exp)[1]
    return tuple(relative)


def _in_step(codes: Any, exp: int, to: int) -> Any:
    """Codes of a finer step; of a coarser one, for those that are on its grid."""
    return codes << exp - to if exp >= to else codes >> to - exp


def _larger(codes: Any, least: int) -> Any:
    return np.maximum(codes, least) if isinstance(codes, np.ndarray) else max(codes, least)
