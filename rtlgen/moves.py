"""Operators that move elements: each takes its real scale along."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.shape import Expand, Pad, PadMode
from rtlgen.combine import joined
from rtlgen.draft import Draft
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.integers import IntArray


def moved(draft: Draft, op: Operator, node: OnnxNode, values: list[Scaled]) -> tuple[Scaled, ...]:
    """Elements in other places, each with the steps that it has to go."""
    if len(values) == 1 and values[0].port:
        return (_port_moved(op, node, values[0]),)
    if len(values) > 1:
        values, steps = joined(draft, values, node)
    elif isinstance(op, Pad) and op.mode is PadMode.CONSTANT:
        values = [_paddable(draft, values[0], op, node)]
        steps = values[0].steps
    else:
        steps = values[0].steps
    arrays = _emitted(draft, op, node, values)
    unfilled = replace(op, value=0.0) if isinstance(op, Pad) else op
    groups = _indices(unfilled, *(v.group for v in values))
    return tuple(
        Scaled(name, array, group, steps)
        for (name, array), group in zip(arrays, groups, strict=True)
    )


def grown(draft: Draft, value: Scaled, shape: tuple[int, ...], node: OnnxNode) -> Scaled:
    """The value, repeated where another shape makes the result larger."""
    full = np.broadcast_shapes(value.shape, shape)
    if full == value.shape:
        return value
    move = replace(node, outputs=(f"{value.name}.expanded",))
    return moved(draft, Expand(full), move, [value])[0]


def _port_moved(op: Operator, node: OnnxNode, value: Scaled) -> Scaled:
    """An input in other places, which its format will have to follow."""
    port = value.port
    assert port is not None
    element, group = _indices(op, port.element), _indices(op, value.group)
    if len(element) > 1 or (isinstance(op, Pad) and op.mode is PadMode.CONSTANT):
        raise NotQuantized(
            f"node {node.name!r}: {node.op_type} of the input {port.input!r}, which has no format "
            f"yet; give it one: --config FILE or --calibrate DATA.npz"
        )
    moves = (*port.moves, (op, node))
    return replace(value, group=group[0], port=replace(port, element=element[0], moves=moves))


def _emitted(
    draft: Draft, op: Operator, node: OnnxNode, values: list[Scaled]
) -> list[tuple[str, Any]]:
    """Names and arrays of the results; of constants, computed at once."""
    if all(v.constant for v in values):
        results = _results(op.forward(*(v.array for v in values)))
        pairs = zip(node.outputs, results, strict=False)
        return [(draft.constant(name, result), result) for name, result in pairs]
    names = tuple(draft.unused(name) for name in node.outputs)
    arrays = draft.emit(op, tuple(v.name for v in values), names, node.name)
    return list(zip(names, arrays, strict=True))


def _indices(op: Operator, *arrays: IntArray) -> list[IntArray]:
    """Where an operator moves what is no number, but the name of one."""
    results = _results(op.forward(*map(Fixed.constant, arrays)))
    return [result.codes[0].astype(np.int64) for result in results]


def _results(result: Any) -> tuple[Any, ...]:
    return result if isinstance(result, tuple) else (result,)


def _paddable(draft: Draft, value: Scaled, op: Pad, node: OnnxNode) -> Scaled:
    """A value whose padding has a code: zero needs no offset, another number needs no scale."""
    value, (_, offset) = lined(draft, value, node)
    if not offset.any() and not op.value:
        return value
    gridded = on_grid(draft, value, node, effort=ANY)
    if gridded is None:
        raise NotQuantized(
            f"node {node.name!r}: its padding {op.value:g} has no code on the grid of "
            f"{value.name!r}; quantize with a power-of-two scale before it"
        )
    return gridded
