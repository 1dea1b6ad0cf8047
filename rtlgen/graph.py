"""IR 1, the tensor graph: operators in topological order, exact types on every value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kernels.base import Operator
from sim.array import Array
from sim.errors import RtlgenError, ShapeError
from sim.fixed import Fixed
from sim.intervals import Intervals


@dataclass(frozen=True)
class Node:
    """``outputs = op(*inputs)``; nodes and values keep the names that the model gives them."""

    op: Operator
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    name: str


@dataclass(frozen=True)
class Graph:
    """A network on fixed-point numbers. Immutable: a pass returns a new one."""

    inputs: Mapping[str, Intervals]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Fixed] = field(default_factory=dict)

    def evaluate(
        self, inputs: Mapping[str, Any], begin: Callable[[Node], None] = lambda _: None
    ) -> dict[str, Any]:
        """Every value: numbers, intervals or wires, whatever went in; ``begin`` before a node."""
        values: dict[str, Any] = {**self.constants, **inputs}
        for node in self.nodes:
            begin(node)
            values.update(zip(node.outputs, self._results(node, values), strict=False))
        return values

    def types(self) -> dict[str, Intervals]:
        """The exact interval of every element of every value, constants included."""
        values = self.evaluate(self.inputs)
        return {name: Intervals.of(value) for name, value in values.items()}

    def predict(self, inputs: Mapping[str, Fixed]) -> dict[str, Fixed]:
        """The outputs only: the reference that everything else is held against."""
        values = self.evaluate(inputs)
        return {name: values[name] for name in self.outputs}

    def check(self) -> Graph:
        """Assert that names are defined once and before use; returns the graph itself."""
        known = set(self.inputs) | set(self.constants)
        for node in self.nodes:
            assert known.issuperset(node.inputs), f"{node.name}: {node.inputs} not all defined"
            assert known.isdisjoint(node.outputs), f"{node.name}: {node.outputs} defined twice"
            known.update(node.outputs)
        assert known.issuperset(self.outputs), f"outputs {self.outputs} not all defined"
        return self

    def with_nodes(self, nodes: tuple[Node, ...]) -> Graph:
        return replace(self, nodes=nodes)

    def __str__(self) -> str:
        """One line for each input and node, with the type of what it gives."""
        types = self.types()
        lines = [f"%{name} = input   : {describe(t)}" for name, t in self.inputs.items()]
        for node in self.nodes:
            results = ", ".join(f"%{name}" for name in node.outputs)
            operands = ", ".join(f"%{name}" for name in node.inputs)
            shown = ", ".join(describe(types[name]) for name in node.outputs)
            lines.append(f"{results} = {node.op} {operands}   : {shown}")
        return "\n".join([*lines, f"return {', '.join(f'%{name}' for name in self.outputs)}"])

    def _results(self, node: Node, values: Mapping[str, Any]) -> tuple[Array, ...]:
        try:
            result = node.op.forward(*(values[name] for name in node.inputs))
        except RtlgenError as error:
            raise type(error)(f"node {node.name!r}: {error}") from error
        except (ValueError, IndexError) as error:  # numpy's, about shapes
            shapes = ", ".join(f"{name!r} {list(values[name].shape)}" for name in node.inputs)
            operator = type(node.op).__name__
            raise ShapeError(
                f"node {node.name!r}: {operator} does not fit its inputs {shapes}: {error}; "
                f"check the shapes in the model"
            ) from error
        return result if isinstance(result, tuple) else (result,)


def describe(type_: Intervals) -> str:
    """Shape and formats in short: ``1x3x4x4, s8..s11 e-6``."""
    intervals = [type_.interval(i) for i in range(type_.size)]
    if not intervals:
        return "empty"
    shape = "x".join(map(str, type_.shape)) or "scalar"
    lo, hi = (f(intervals, key=lambda r: (r.width, r.signed)) for f in (min, max))
    width = f"{_sign(lo)}{lo.width}"
    if (hi.width, hi.signed) != (lo.width, lo.signed):
        width += f"..{_sign(hi)}{hi.width}"
    exps = sorted({r.exp for r in intervals})
    steps = f"e{exps[0]}" if len(exps) == 1 else f"e{exps[0]}..e{exps[-1]}"
    return f"{shape}, {width} {steps}"


def _sign(interval: Any) -> str:
    return "s" if interval.signed else "u"
