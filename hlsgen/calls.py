"""A network as C++ calls it: variables, constants, and kernels in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy.typing as npt

from hlsgen.firing import Firing
from hlsgen.layout import Layout
from sim.rounding import Interval


@dataclass(frozen=True)
class Variable:
    """A tensor: an array of this layout, or a channel that carries its positions."""

    value: str
    """Its name in the model."""
    layout: Layout
    format: Interval
    name: str
    """In C++, and unique."""


_NO_NUMBERS = Interval(0, 0, 0)


@dataclass(frozen=True, eq=False)
class Constant:
    """An array of C++, whose elements are written as they stand in ``texts``."""

    role: str
    """What it is to its node: ``weights``, ``thresholds``."""
    type: str
    texts: npt.NDArray[Any]
    format: Interval = _NO_NUMBERS
    """That of its numbers, if it is made of numbers."""
    name: str = ""
    """In C++."""

    @property
    def dims(self) -> str:
        return "".join(f"[{n}]" for n in self.texts.shape)

    @property
    def numbers(self) -> bool:
        """Whether it is made of numbers, and not of places or structures."""
        return self.format is not _NO_NUMBERS


Operand: TypeAlias = Variable | Constant

FORK = "fork"
"""The one kernel that is called with what it reads before what it writes."""


class Reuse(NamedTuple):
    """A matrix is multiplied in so many blocks of its outputs, times so many of its inputs."""

    outputs: int = 1
    inputs: int = 1

    @property
    def factor(self) -> int:
        """How often each multiplier works for one product."""
        return self.outputs * self.inputs


ONCE = Reuse()


@dataclass(frozen=True, eq=False)
class Call:
    """``kernel<template...>(writes..., operands...);`` on behalf of a node of the model."""

    node: str
    operator: str
    kernel: str
    template: tuple[str, ...]
    """All arguments but that of the accumulator, which comes first."""
    writes: tuple[Variable, ...]
    operands: tuple[Operand, ...]
    firing: Firing
    accumulator: Interval | None = None
    """What the sums of a product are kept in, modulo its range."""
    multiplies: int = 0
    """Products that a sample needs."""
    weights: int = 0
    """Constants that are not zero among those that it multiplies with."""
    reuse: Reuse = ONCE

    @property
    def name(self) -> str:
        """Of the first variable that it writes; that it reads, if nobody needs what it writes."""
        return (*self.writes, *self.reads)[0].name

    @property
    def reads(self) -> tuple[Variable, ...]:
        return tuple(a for a in self.operands if isinstance(a, Variable))

    @property
    def constants(self) -> tuple[Constant, ...]:
        return tuple(a for a in self.operands if isinstance(a, Constant))

    @property
    def arguments(self) -> tuple[Operand, ...]:
        """In the order of C++."""
        if self.kernel == FORK:
            return (*self.operands, *self.writes)
        return (*self.writes, *self.operands)


@dataclass(frozen=True)
class Program:
    """The calls of a network, in order: each variable is written once, before it is read."""

    inputs: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    calls: tuple[Call, ...]

    @property
    def locals(self) -> tuple[Variable, ...]:
        """All variables but those of the ports."""
        ports = {v.name for v in (*self.inputs, *self.outputs)}
        return tuple(v for call in self.calls for v in call.writes if v.name not in ports)

    @property
    def constants(self) -> Iterator[Constant]:
        for call in self.calls:
            yield from call.constants
