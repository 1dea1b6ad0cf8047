"""Programs of a few calls, written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from hlsgen.calls import Call, Constant, Operand, Program, Variable
from hlsgen.constants import texts
from hlsgen.firing import Firing, steady
from hlsgen.layout import Layout
from sim.rounding import Interval

BYTE = Interval(-128, 127, 0)


def variable(name: str, positions: int = 1, lanes: int = 1, format_: Interval = BYTE) -> Variable:
    """A value of the model that has the same name in C++."""
    return Variable(name, Layout((positions, lanes), 1), format_, name)


def constant(role: str, *rows: Sequence[int], format_: Interval = BYTE) -> Constant:
    return Constant(role, "constant<8, 8, true>", texts(rows, str), format_)


def call(
    kernel: str,
    writes: Sequence[Variable],
    operands: Sequence[Operand],
    firing: Firing | None = None,
    node: str = "node",
    template: Sequence[str] = (),
) -> Call:
    """Without a firing, one position of each variable goes with one of each other."""
    reads = [operand for operand in operands if isinstance(operand, Variable)]
    positions = (*writes, *reads)[0].layout.positions
    every = steady(positions, len(reads), len(writes))
    return Call(
        node, "Op", kernel, tuple(template), tuple(writes), tuple(operands), firing or every
    )


def program(inputs: Sequence[Variable], outputs: Sequence[Variable], *calls: Call) -> Program:
    return Program(tuple(inputs), tuple(outputs), calls)
