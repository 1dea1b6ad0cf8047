"""A network and its hardware over the same atoms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rtlgen.dataflow import Dataflow
from rtlgen.graph import Graph
from rtlgen.proof.curves import LIMIT, Curves
from rtlgen.proof.forms import Form
from rtlgen.proof.kinds import Value
from rtlgen.proof.names import element
from rtlgen.proof.reading import read
from rtlgen.proof.symbols import Symbols
from rtlgen.proof.twins import Twins


@dataclass(frozen=True)
class Sides:
    """The values of all tensors and of all operations, and the forms of the outputs."""

    graph: Graph
    flow: Dataflow
    algebra: Twins
    tensors: Mapping[str, Any]
    operations: Sequence[Value]
    wanted: Sequence[Form]
    found: Sequence[Form]

    @classmethod
    def of(cls, graph: Graph, flow: Dataflow, limit: int = LIMIT) -> Sides:
        """The network first: what its atoms are is the language that both are written in.

        Functions are tried on so many codes at most.
        """
        algebra, inputs, first = Twins(curves=Curves(limit)), {}, 0
        for name, type_ in graph.inputs.items():
            inputs[name] = Symbols.inputs(algebra, type_, first)
            first += type_.size
        tensors = graph.evaluate(inputs)
        outputs = [Symbols.of(algebra, tensors[name]) for name in graph.outputs]
        wanted = [algebra.form(value) for array in outputs for value in array.values.flat]
        algebra.close()
        ports = [value for array in inputs.values() for value in array.values.flat]
        values = read(flow, algebra, ports)
        found = [algebra.form(values[w.op] << w.shift) for w in flow.outputs]
        return cls(graph, flow, algebra, tensors, values, wanted, [*map(algebra.refined, found)])

    @property
    def alike(self) -> list[bool]:
        """Whether each element of the outputs is the network's."""
        return [w.key == f.key for w, f in zip(self.wanted, self.found, strict=True)]

    def elements(self) -> Iterator[str]:
        """The name of each element of the outputs."""
        for name in self.graph.outputs:
            for i in range(self.tensors[name].size):
                yield element(name, self.tensors[name].shape, i)

    def shared(self) -> list[Form]:
        """The values of operations that are values of tensors, too."""
        tensors = [Symbols.of(self.algebra, x) for x in self.tensors.values()]
        values = (self.algebra.form(value) for x in tensors for value in x.values.flat)
        bases = {form.base[1] for form in values if form.terms}
        found = map(self.algebra.form, self.operations)
        return [form for form in found if form.terms and form.base[1] in bases]

    def operation(self, i: int) -> str:
        return operation(self.flow, i)

    def reachable(self, forms: Sequence[Form]) -> tuple[set[int], set[int]]:
        """The atoms that forms are made of, on all levels, and the bases of these."""
        atoms: set[int] = set()
        bases: set[int] = {self.algebra.view(form).base for form in forms if form.terms}
        waiting = [atom for form in forms for atom in form.terms]
        while waiting:
            if (atom := waiting.pop()) not in atoms:
                atoms.add(atom)
                inside = [form for form in self.algebra.made_of(atom) if form.terms]
                bases |= {self.algebra.view(form).base for form in inside}
                waiting += [inner for form in inside for inner in form.terms]
        return atoms, bases


def operation(flow: Dataflow, i: int) -> str:
    """As ``operation w7 (Add) of node 'fc1'``."""
    origin = f" of node {flow.origins[i]!r}" if flow.origins[i] else ""
    return f"operation w{i} ({type(flow.ops[i]).__name__}){origin}"
