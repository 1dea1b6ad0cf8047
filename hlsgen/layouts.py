"""Which axis of every value has the lanes: what its kernels want, so that little has to move."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from hlsgen.layout import Layout, usual_axis
from hlsgen.tracing import Taken
from kernels.base import Operator
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.pool import GlobalMaxPool, GlobalSumPool, Pool
from kernels.shape import Flatten, Reshape, Squeeze, Transpose, Unsqueeze
from kernels.table import Rows
from rtlgen.graph import Graph, Node
from sim.array import IndexArray
from sim.intervals import Intervals

_RESHAPES = (Flatten, Reshape, Squeeze, Unsqueeze)
"""What leaves the order of all elements as it is."""


def layouts(graph: Graph, types: Mapping[str, Intervals]) -> dict[str, Layout]:
    """The layout of every value that is not a constant."""
    shapes = {name: type_.shape for name, type_ in types.items()}
    wanted = _wanted(graph, shapes)
    axes = {name: wanted.get(name, usual_axis(shapes[name])) for name in graph.inputs}
    for node in graph.nodes:
        axis = _result_axis(node, axes, shapes)
        for name in node.outputs:
            usual = wanted.get(name, usual_axis(shapes[name]))
            axes[name] = usual if axis is None else axis
    return {name: Layout(shapes[name], axis) for name, axis in axes.items()}


def wanted_axis(op: Operator, rank: int) -> int | None:
    """The axis of the lanes that a kernel works on, of its input and of its output."""
    match op:
        case Conv() | Pool() | GlobalMaxPool() | GlobalSumPool():
            return 1
        case MatMul() | Gemm() | Rows():
            return rank - 1
        case _:
            return None


def _wanted(graph: Graph, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """For every value the axis that the first of its readers wants, if any wants one."""
    wanted: dict[str, int] = {}
    for node in reversed(graph.nodes):
        for name in node.inputs[:1] if isinstance(node.op, Conv) else node.inputs:
            axis = wanted_axis(node.op, len(shapes[name]))
            if axis is None and node.outputs[0] in wanted:
                axis = _before(node, wanted[node.outputs[0]], shapes[name], shapes)
            if axis is not None:
                wanted[name] = axis
    return wanted


def _before(node: Node, axis: int, shape: tuple[int, ...], shapes: Mapping[str, Any]) -> int | None:
    """The axis of an input that becomes this axis of the result."""
    if isinstance(node.op, Transpose):
        return _permutation(node.op, len(shape))[axis]
    if isinstance(node.op, _RESHAPES):
        return _reshaped(shapes[node.outputs[0]], axis, shape)
    if isinstance(node.op, Taken) and len(node.inputs) == 1:
        order = node.op.index.reshape(-1)[Layout(shapes[node.outputs[0]], axis).index]
        return _axis_of(order, shape)
    return axis if shape == shapes[node.outputs[0]] else None


def _result_axis(
    node: Node, axes: Mapping[str, int], shapes: Mapping[str, tuple[int, ...]]
) -> int | None:
    """The axis of a node's results that follows from its inputs, if one does."""
    result = shapes[node.outputs[0]]
    axis = wanted_axis(node.op, len(result))
    data = [name for name in node.inputs if name in axes]
    if axis is not None or not data:
        return axis
    if isinstance(node.op, Transpose):
        return _permutation(node.op, len(result)).index(axes[data[0]])
    if isinstance(node.op, _RESHAPES):
        return _reshaped(shapes[data[0]], axes[data[0]], result)
    if isinstance(node.op, Taken) and len(node.inputs) == 1:
        given = Layout(shapes[data[0]], axes[data[0]])
        if node.op.index.size == given.size:
            return _axis_of(np.argsort(node.op.index, axis=None)[given.index], result)
    same = [axes[name] for name in data if shapes[name] == result]
    return same[0] if same else None


def _reshaped(shape: tuple[int, ...], axis: int, other: tuple[int, ...]) -> int | None:
    """The axis that runs through the same elements in another shape, if one does."""
    if not shape:
        return None
    same = (shape[axis], prod(shape[axis + 1 :]))
    return next((i for i, n in enumerate(other) if (n, prod(other[i + 1 :])) == same), None)


def _axis_of(order: IndexArray, shape: tuple[int, ...]) -> int | None:
    """The axis of the lanes with which elements come in this order of flat places."""
    axes = range(max(1, len(shape)))
    layouts = ((axis, Layout(shape, axis).index) for axis in axes)
    return next((axis for axis, index in layouts if np.array_equal(index, order)), None)


def _permutation(op: Transpose, rank: int) -> tuple[int, ...]:
    return tuple(p % rank for p in op.perm) if op.perm else tuple(reversed(range(rank)))
