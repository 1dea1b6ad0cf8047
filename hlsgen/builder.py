"""Calls in the making: what is there already, and what the next ones are built of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from hlsgen.calls import Call, Operand, Variable
from hlsgen.firing import Firing, steady
from hlsgen.formats import hull
from hlsgen.layout import Layout, usual_axis
from hlsgen.style import Directive, Io, Strategy
from kernels.shape import Identity
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed
from sim.intervals import Intervals


class Builder:
    """Appends calls, node by node."""

    def __init__(
        self,
        graph: Graph,
        types: Mapping[str, Intervals],
        layouts: Mapping[str, Layout],
        io: Io,
    ) -> None:
        self.graph, self.types, self.layouts, self.io = graph, types, layouts, io
        self.variables: dict[str, Variable] = {}
        self.calls: list[Call] = []
        self.node = Node(Identity(), (), (), "")
        self.directive = Directive()
        self._count = count()

    def begin(self, node: Node, directive: Directive) -> None:
        """The next calls are on behalf of this node."""
        self.node, self.directive = node, directive

    # -- what a kernel is called with ------------------------------------------------------------

    def result(self, name: str) -> Variable:
        """A new variable for a value of the graph."""
        self.variables[name] = self.variable(name, self.layouts[name], self.types[name])
        return self.variables[name]

    def variable(self, value: str, layout: Layout, type_: Intervals) -> Variable:
        return Variable(value, layout, hull(type_), self.provisional())

    def provisional(self) -> str:
        """A name for a variable until it gets its own."""
        return f"v{next(self._count)}"

    def constant(self, name: str) -> Fixed | None:
        return self.graph.constants.get(name)

    def layout(self, name: str, axis: int) -> Layout:
        """That of a value; of a constant, with its lanes along this axis if it has that."""
        if name in self.layouts:
            return self.layouts[name]
        shape = self.graph.constants[name].shape
        return Layout(shape, axis if axis < len(shape) else usual_axis(shape))

    # -- calls -----------------------------------------------------------------------------------

    @property
    def positionwise(self) -> bool:
        """Whether the node's kernel takes one position after the other."""
        return self.io is Io.STREAM or self.directive.strategy is Strategy.RESOURCE

    def steps(self, positions: int) -> int:
        return positions if self.positionwise else 1

    def call(
        self,
        kernel: str,
        template: Sequence[object],
        writes: Sequence[Variable],
        operands: Sequence[Operand],
        firing: Firing | None = None,
        **more: Any,
    ) -> None:
        """A call on behalf of the node; without a firing, each step takes one position."""
        reads = sum(isinstance(operand, Variable) for operand in operands)
        self.calls.append(
            Call(
                self.node.name,
                type(self.node.op).__name__,
                kernel,
                tuple(map(str, template)),
                tuple(writes),
                tuple(operands),
                firing or steady(self.steps(writes[0].layout.positions), reads),
                **more,
            )
        )

    def elementwise(
        self, functor: str, name: str, operands: Sequence[Operand], **more: Any
    ) -> None:
        """``name = functor(operands...)``, element by element."""
        y = self.result(name)
        positions = y.layout.positions
        template = (functor, positions, self.steps(positions))
        self.call("elementwise", template, [y], operands, **more)
