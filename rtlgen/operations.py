"""The operations of IR 2: a small closed set of scalar functions of wires.

Whoever adds one is led by the type checker to every function that has to learn of it: each ends
in ``assert_never``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from sim.rounding import Overflow, Rounding


class Wire(NamedTuple):
    """The result of operation ``op``, times ``2**shift``: a shift costs no hardware."""

    op: int
    shift: int = 0

    def __lshift__(self, shift: int) -> Wire:
        return Wire(self.op, self.shift + shift) if shift else self


@dataclass(frozen=True, slots=True)
class Input:
    """Element ``port`` of the sample, counted over all inputs of the network."""

    port: int


@dataclass(frozen=True, slots=True)
class Const:
    code: int


@dataclass(frozen=True, slots=True)
class Add:
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Sub:
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Ternary:
    """``a + sign_b * b + sign_c * c`` in one adder; signs are 1 or -1."""

    a: Wire
    b: Wire
    c: Wire
    sign_b: int
    sign_c: int


@dataclass(frozen=True, slots=True)
class Mul:
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Max:
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Min:
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Compare:
    """One where ``a >= b``, else zero."""

    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Mux:
    """``a`` where ``condition`` is one, ``b`` where it is zero."""

    condition: Wire
    a: Wire
    b: Wire


@dataclass(frozen=True, slots=True)
class Round:
    """``a``, rounded to the (coarser) step of the result."""

    a: Wire
    rounding: Rounding


@dataclass(frozen=True, slots=True)
class Limit:
    """``a``, brought into ``lo..hi`` (codes in the step of the result)."""

    a: Wire
    overflow: Overflow
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Lookup:
    """``table[c]``, where ``a`` has the code ``c + lo`` in its own step; entries are codes."""

    a: Wire
    lo: int
    table: tuple[int, ...]


Op = Input | Const | Add | Sub | Ternary | Mul | Max | Min | Compare | Mux | Round | Limit | Lookup


class Term(NamedTuple):
    """A part of a sum: a wire that is added or subtracted."""

    wire: Wire
    sign: int


def summands(op: Op) -> list[Term]:
    """The operands of a sum, with their signs; none if it is no sum."""
    match op:
        case Add(a, b):
            return [Term(a, 1), Term(b, 1)]
        case Sub(a, b):
            return [Term(a, 1), Term(b, -1)]
        case Ternary(a, b, c, sign_b, sign_c):
            return [Term(a, 1), Term(b, sign_b), Term(c, sign_c)]
        case _:
            return []


def operands(op: Op) -> tuple[Wire, ...]:
    match op:
        case Add() | Sub() | Max() | Min() | Mul() | Compare():
            return (op.a, op.b)
        case Ternary():
            return (op.a, op.b, op.c)
        case Round() | Limit() | Lookup():
            return (op.a,)
        case Mux():
            return (op.condition, op.a, op.b)
        case Input() | Const():
            return ()
        case _:
            assert_never(op)


def with_operands(op: Op, wires: Sequence[Wire]) -> Op:
    """The same operation on other wires."""
    match op:
        case Input() | Const():
            return op
        case Round(_, rounding):
            return Round(wires[0], rounding)
        case Limit(_, overflow, lo, hi):
            return Limit(wires[0], overflow, lo, hi)
        case Lookup(_, lo, table):
            return Lookup(wires[0], lo, table)
        case Add() | Sub() | Mul() | Max() | Min() | Compare():
            return type(op)(wires[0], wires[1])
        case Ternary(_, _, _, sign_b, sign_c):
            return Ternary(wires[0], wires[1], wires[2], sign_b, sign_c)
        case Mux():
            return Mux(wires[0], wires[1], wires[2])
        case _:
            assert_never(op)
