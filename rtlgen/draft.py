"""A graph while it is being built: grows node by node, and knows every type on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kernels.base import Operator
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed
from sim.intervals import Intervals


@dataclass
class Draft:
    """Names in it are never defined twice; ``arrays`` holds the type, or number, of each."""

    inputs: dict[str, Intervals] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Fixed] = field(default_factory=dict)
    arrays: dict[str, Any] = field(default_factory=dict)

    def input(self, name: str, type_: Intervals) -> None:
        assert name not in self.arrays, f"{name} is taken"
        self.inputs[name] = self.arrays[name] = type_

    def constant(self, name: str, value: Fixed) -> str:
        """Add a constant; the name that it got."""
        name = self.unused(name)
        self.constants[name] = self.arrays[name] = value
        return name

    def unused(self, name: str) -> str:
        """The name itself, or with a number behind it if it is taken."""
        candidate, count = name, 1
        while candidate in self.arrays:
            count += 1
            candidate = f"{name}.{count}"
        return candidate

    def emit(
        self, op: Operator, inputs: tuple[str, ...], outputs: tuple[str, ...], name: str
    ) -> tuple[Any, ...]:
        """Append a node; the types of its outputs, whose names must be new."""
        graph = Graph({}, (Node(op, inputs, outputs, name),), outputs)
        values = graph.evaluate({i: self.arrays[i] for i in inputs})
        assert all(o not in self.arrays for o in outputs), f"{outputs} defined twice"
        self.nodes += graph.nodes
        self.arrays.update({o: values[o] for o in outputs})
        return tuple(values[o] for o in outputs)

    def snapshot(self) -> Draft:
        return Draft(dict(self.inputs), list(self.nodes), dict(self.constants), dict(self.arrays))

    def restore(self, before: Draft) -> None:
        """Forget everything since a snapshot."""
        self.inputs, self.nodes = before.inputs, before.nodes
        self.constants, self.arrays = before.constants, before.arrays

    def graph(self, outputs: tuple[str, ...]) -> Graph:
        return Graph(self.inputs, tuple(self.nodes), outputs, self.constants).check()
