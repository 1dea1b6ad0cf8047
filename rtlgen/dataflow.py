"""IR 2, the scalar dataflow graph: one operation per wire, and the exact interval of each.

It means what ``evaluate`` computes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from rtlgen.builder import Builder
from rtlgen.operations import (
    Add,
    Compare,
    Const,
    Input,
    Limit,
    Lookup,
    Max,
    Min,
    Mul,
    Mux,
    Op,
    Round,
    Sub,
    Ternary,
    Wire,
    operands,
    with_operands,
)

__all__ = [
    "Add",
    "Compare",
    "Const",
    "Dataflow",
    "Input",
    "Limit",
    "Lookup",
    "Max",
    "Min",
    "Mul",
    "Mux",
    "Op",
    "Round",
    "Sub",
    "Ternary",
    "Wire",
    "evaluate",
    "operands",
    "reachable",
    "text",
    "with_operands",
]


@dataclass
class Dataflow(Builder):
    """A graph of scalar operations, each of which reads only earlier ones."""

    outputs: list[Wire] = field(default_factory=list)


def evaluate(flow: Dataflow, inputs: Sequence[int]) -> list[int]:
    """The codes of the outputs for the codes of the inputs: what the graph means."""
    codes: list[int] = []

    def read(wire: Wire, exp: int) -> int:
        return codes[wire.op] << flow.interval(wire).exp - exp

    def both(a: Wire, b: Wire) -> tuple[int, int]:
        exp = min(flow.interval(a).exp, flow.interval(b).exp)
        return read(a, exp), read(b, exp)

    for op, r in zip(flow.ops, flow.intervals, strict=True):
        match op:
            case Input(port):
                code = inputs[port]
            case Const(code):
                pass
            case Add(a, b):
                code = sum(both(a, b))
            case Sub(a, b):
                code = read(a, r.exp) - read(b, r.exp)
            case Ternary(a, b, c, sign_b, sign_c):
                code = read(a, r.exp) + sign_b * read(b, r.exp) + sign_c * read(c, r.exp)
            case Mul(a, b):
                code = codes[a.op] * codes[b.op]
            case Max(a, b):
                code = max(both(a, b))
            case Min(a, b):
                code = min(both(a, b))
            case Compare(a, b):
                x, y = both(a, b)
                code = int(x >= y)
            case Mux(condition, a, b):
                code = read(a if codes[condition.op] else b, r.exp)
            case Round(a, rounding):
                code = int(rounding.shift(codes[a.op], r.exp - flow.interval(a).exp))
            case Limit(a, overflow, lo, hi):
                code = int(overflow.limit(read(a, r.exp), lo, hi))
            case Lookup(a, lo, table):
                code = table[codes[a.op] - lo]
            case _:
                assert_never(op)
        assert r.lo <= code <= r.hi, f"{op} gave {code}, which is outside of {r}"
        codes.append(code)
    return [codes[wire.op] for wire in flow.outputs]


def reachable(flow: Dataflow) -> list[bool]:
    """Which operations an output depends on."""
    alive = [False] * len(flow.ops)
    for wire in flow.outputs:
        alive[wire.op] = True
    for i in range(len(flow.ops) - 1, -1, -1):
        if alive[i]:
            for wire in operands(flow.ops[i]):
                alive[wire.op] = True
    return alive


def text(flow: Dataflow, stages: Iterable[int] | None = None) -> str:
    """One line per operation: ``w12 = add w3, w7 << 2        : [-7322, 5609] e-6  s14  @1``."""
    lines = []
    at = list(stages) if stages is not None else None
    for i, (op, r) in enumerate(zip(flow.ops, flow.intervals, strict=True)):
        extra = [
            str(getattr(op, name).name if hasattr(getattr(op, name), "name") else getattr(op, name))
            for name in op.__slots__
            if not isinstance(getattr(op, name), Wire)
        ]
        arguments = ", ".join([*map(_shown, operands(op)), *extra])
        body = f"w{i} = {type(op).__name__.lower()} {arguments}"
        stage = f"  @{at[i]}" if at is not None else ""
        lines.append(f"{body:<40}: [{r.lo}, {r.hi}] e{r.exp}  {'us'[r.signed]}{r.width}{stage}")
    return "\n".join([*lines, f"return {', '.join(map(_shown, flow.outputs))}"])


def _shown(wire: Wire) -> str:
    return f"w{wire.op}" + (f" << {wire.shift}" if wire.shift else "")
