"""Passes on the tensor graph: the same function from operators that each have one kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from math import prod

import numpy as np

from hlsgen.tracing import trace
from kernels.base import Operator
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Max, Min, Mul, PRelu, Sub, Sum
from kernels.logic import And, GreaterOrEqual, Or, Where, Xor
from kernels.order import Place, TopK
from kernels.reduce import CumSum, Reduction
from kernels.shape import Expand, Reshape, Transpose
from rtlgen.graph import Graph, Node
from sim.fixed import Fixed

Shape = tuple[int, ...]
_LOGIC = (And, GreaterOrEqual, Or, Where, Xor)
_BROADCAST = (Add, Max, Min, Mul, PRelu, Sub, Sum, *_LOGIC)
TRACED = (CumSum, Place, Reduction, TopK)
"""Operators whose ``forward`` says which others they are."""


class _Expansion:
    """The nodes that take the place of one, with names of their own for what lies between."""

    def __init__(self, node: Node, graph: Graph, shapes: Mapping[str, Shape]) -> None:
        self.node = node
        self.constants: dict[str, Fixed] = {}
        self.nodes: list[Node] = []
        self.shapes = dict(shapes)
        self._fixed = graph.constants

    def add(self, op: Operator, *inputs: str, output: str | None = None) -> str:
        """Compute ``op`` of these values; the last one of all gives the node's own output."""
        name = output or self._name()
        self.nodes.append(Node(op, inputs, (name,), self.node.name))
        self.shapes[name] = _shape_of(op, [self.shapes[i] for i in inputs])
        return name

    def constant(self, value: Fixed) -> str:
        name = self._name()
        self.constants[name], self.shapes[name] = value, value.shape
        return name

    def given(self, name: str) -> Fixed | None:
        """The number behind a name, if it is a constant."""
        return self._fixed.get(name, self.constants.get(name))

    def _name(self) -> str:
        numbers = count(len(self.nodes) + len(self.constants) + 1)
        names = (f"{self.node.outputs[0]}#{number}" for number in numbers)
        return next(name for name in names if name not in self.shapes)


def expand(graph: Graph) -> Graph:
    """No product of vectors, none with a constant on the left, and no broadcasting of data."""
    shapes = {name: type_.shape for name, type_ in graph.types().items()}
    constants, nodes = dict(graph.constants), []
    for node in graph.nodes:
        made = _Expansion(node, graph, shapes)
        _expand(made)
        constants |= made.constants
        nodes += made.nodes
    return replace(graph, nodes=tuple(nodes), constants=constants).check()


def on_the_left(a: Fixed | None, b: Fixed | None) -> bool:
    """Whether a product of these has a constant matrix only there, and so is transposed."""
    return a is not None and b is None and len(a.shape) <= 2


def _expand(made: _Expansion) -> None:
    node = made.node
    match node.op:
        case Gemm():
            _gemm(made, node.op)
        case MatMul():
            a, b = node.inputs
            _matmul(made, a, b, node.outputs[0])
        case op if isinstance(op, TRACED):
            trace(made, op, node.inputs, node.outputs)
        case op if isinstance(op, _BROADCAST):
            shape = made.shapes[node.outputs[0]]
            inputs = [_spread(made, name, shape) for name in node.inputs]
            made.nodes.append(replace(node, inputs=tuple(inputs)))
        case _:
            made.nodes.append(node)


def _spread(made: _Expansion, name: str, shape: Shape) -> str:
    """Data in the whole shape; a constant stays as it is."""
    if made.given(name) is not None or made.shapes[name] == shape:
        return name
    return made.add(Expand(shape), name)


def _gemm(made: _Expansion, op: Gemm) -> None:
    a, b, *c = made.node.inputs
    output = made.node.outputs[0]
    left = _transposed(made, a) if op.transA else a
    right = _scaled(made, _transposed(made, b) if op.transB else b, op.alpha)
    if not c:
        _matmul(made, left, right, output=output)
        return
    product = _matmul(made, left, right)
    bias = _spread(made, _scaled(made, c[0], op.beta), made.shapes[output])
    made.add(Add(), product, bias, output=output)


def _matmul(made: _Expansion, a: str, b: str, output: str | None = None) -> str:
    """Matrices in a stack, the constant one on the right."""
    left, right = made.shapes[a], made.shapes[b]
    if min(len(left), len(right)) > 1:
        return _matrices(made, a, b, output)
    rows = _reshaped(made, a, (1, *left)) if len(left) == 1 else a
    columns = _reshaped(made, b, (*right, 1)) if len(right) == 1 else b
    product = _matrices(made, rows, columns)
    stack = np.broadcast_shapes(left[:-2], right[:-2])
    rest = (*left[-2:-1], *(right[-1:] if len(right) > 1 else ()))
    return made.add(Reshape((*stack, *rest)), product, output=output)


def _matrices(made: _Expansion, a: str, b: str, output: str | None = None) -> str:
    if on_the_left(made.given(a), made.given(b)):
        product = _matrices(made, _transposed(made, b), _transposed(made, a))
        return made.add(_swap(len(made.shapes[product])), product, output=output)
    left, right = made.shapes[a], made.shapes[b]
    stack = np.broadcast_shapes(left[:-2], right[:-2])
    if made.given(b) is None or len(right) > 2:
        a = _stacked(made, a, (*stack, *left[-2:]))
        b = _stacked(made, b, (*stack, *right[-2:]))
    return made.add(MatMul(), a, b, output=output)


def _stacked(made: _Expansion, name: str, shape: Shape) -> str:
    """Matrices of the whole stack; a single constant one stands for all."""
    known = made.given(name)
    if known is None:
        return _spread(made, name, shape)
    if prod(known.shape[:-2]) == 1:
        return name
    return made.constant(known.map(lambda a: np.broadcast_to(a, shape)))


def _transposed(made: _Expansion, name: str) -> str:
    known = made.given(name)
    if known is not None:
        return made.constant(known.swapaxes(-1, -2))
    return made.add(_swap(len(made.shapes[name])), name)


def _reshaped(made: _Expansion, name: str, shape: Shape) -> str:
    known = made.given(name)
    return made.add(Reshape(shape), name) if known is None else made.constant(known.reshape(*shape))


def _scaled(made: _Expansion, name: str, factor: float) -> str:
    if factor == 1:
        return name
    known, by = made.given(name), Fixed.of_floats(factor)
    if known is not None:
        return made.constant(known * by)
    return made.add(Mul(), name, made.constant(by))


def _swap(rank: int) -> Transpose:
    return Transpose((*range(rank - 2), rank - 1, rank - 2))


def _shape_of(op: Operator, shapes: list[Shape]) -> Shape:
    zeros = [Fixed.constant(np.zeros(shape, np.int64)) for shape in shapes]
    result: Fixed = op.forward(*zeros)
    return result.shape
