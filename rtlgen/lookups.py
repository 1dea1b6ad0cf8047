"""Constants that are read by indices which the model computes: embeddings."""

from __future__ import annotations

from math import ceil, floor, prod

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.gather import Gather
from kernels.shape import Reshape, Transpose
from kernels.table import Rows
from rtlgen.constants import real
from rtlgen.draft import Draft
from rtlgen.operands import Operands
from rtlgen.pending import directions, evaluate
from rtlgen.quantizers import ANY as ANY_INTEGER
from rtlgen.rationals import common, fixed, fractions
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from sim.errors import NotQuantized, ShapeError
from sim.rounding import Interval


def looked_up(operands: Operands, op: Gather, node: OnnxNode) -> Scaled:
    """Rows of a constant along ``axis``; negative indices count from its end."""
    draft, (table, indices) = operands.draft, node.inputs
    if not operands.is_constant(table):
        node.constant(1)  # which refuses it
    numbers = real(operands.weight(table, node, "weights")).reshape(operands.values[table].shape)
    unit = common(numbers) if numbers.any() else fractions(1)[0]
    codes = fixed(np.asarray(numbers / unit, object))
    assert codes is not None, "ratios to a common unit are integers"
    axis = op.axis % len(codes.shape)
    count, outer, inner = codes.shape[axis], codes.shape[:axis], codes.shape[axis + 1 :]
    if not codes.size:
        raise ShapeError(f"node {node.name!r}: {table!r} has no elements; check the model")
    index = _index(operands, indices, count, node)
    lo, hi = _hull(index)
    rows = codes.map(
        lambda a: np.moveaxis(a, axis, 0).reshape(count, -1)[np.arange(lo, hi + 1) % count]
    )
    name = _emitted(draft, Reshape((*index.shape, 1)), index.name, node, "places")
    shape = (*index.shape, *outer, *inner)
    ops: list[Operator] = [Rows(rows, Interval(lo, hi, 0))]
    if shape != (*index.shape, prod(outer + inner)):
        ops.append(Reshape(shape))
    if outer:
        before, rank = len(index.shape), len(shape)
        first = range(before, before + len(outer))
        ops.append(Transpose((*first, *range(before), *range(before + len(outer), rank))))
    for i, each in enumerate(ops):
        name = _emitted(draft, each, name, node, "" if i == len(ops) - 1 else "rows")
    return Scaled.plain(name, draft.arrays[name]).affine(fractions(unit), fractions(0), node)


def _index(operands: Operands, name: str, count: int, node: OnnxNode) -> Scaled:
    """Codes that are the indices, which must be among those of so many rows."""
    value = operands.integers(name, _wanted(operands.data(name, node), count), node)
    value, _ = lined(operands.draft, value, node)
    whole = on_grid(operands.draft, value, node, effort=ANY)
    if whole is None or whole.type.exp.min(initial=0) < 0:
        raise NotQuantized(
            f"node {node.name!r}: its indices {name!r} are not integers; give them a format "
            f"whose step is 1, such as 's8 e0'"
        )
    lo, hi = _hull(whole)
    if lo < -count or hi > count - 1:
        raise node.unsupported(f"indices from {lo} to {hi}", f"those of {count} elements")
    return whole


def _wanted(value: Scaled, count: int) -> Interval:
    """The integers that an input without a format is given: indices, and what leads to them."""
    lo, hi = -count, count - 1
    if value.port and value.groups == 1 and directions(value.steps, 1) is not None:
        ends = evaluate(value.steps, fractions([ANY_INTEGER.lo, ANY_INTEGER.hi]), np.zeros(2, int))
        lo, hi = max(lo, floor(min(ends))), min(hi, ceil(max(ends)))
    return Interval(lo, hi, 0)


def _hull(value: Scaled) -> tuple[int, int]:
    """The lowest and the highest of integers."""
    lo, hi = value.type.at(np.zeros(value.shape, np.int64))
    return int(lo.min()), int(hi.max())


def _emitted(draft: Draft, op: Operator, name: str, node: OnnxNode, what: str) -> str:
    output = draft.unused(f"{node.outputs[0]}.{what}" if what else node.outputs[0])
    draft.emit(op, (name,), (output,), node.name)
    return output
