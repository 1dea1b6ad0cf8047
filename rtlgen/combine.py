"""Operators of several tensors that the model computes: real scales are brought together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Add, Max, Min, Mul, Sub, Sum
from rtlgen.draft import Draft
from rtlgen.linear import ALIGN_BITS
from rtlgen.pending import Affine, Steps
from rtlgen.rationals import Values, common, fractions
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from sim.errors import NotQuantized


def joined(draft: Draft, values: list[Scaled], node: OnnxNode) -> tuple[list[Scaled], Steps]:
    """Values with one common list of groups, and the steps for all of them."""
    settled = [lined(draft, value, node) for value in values]
    out, start = [], 0
    for value, _ in settled:
        out.append(replace(value, group=value.group + start, steps=()))
        start += value.groups
    scale, offset = (np.concatenate([line[i] for _, line in settled]) for i in (0, 1))
    if (scale == 1).all() and not offset.any():
        return [replace(v, group=0 * v.group) for v in out], ()
    return out, (Affine(scale, offset, node),)


def met(draft: Draft, op: Operator, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """Values that an elementwise operator brings together."""
    match op:
        case Add() | Sum() | Sub():
            return summed(draft, op, node, values)
        case Max() | Min():
            return extreme(draft, op, node, values)
        case _:
            assert isinstance(op, Mul)
            return multiplied(draft, op, node, values)


def summed(draft: Draft, op: Add | Sub | Sum, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """A sum or difference of values on one common unit; their offsets add up."""
    values, unit = _on_common_unit(draft, values, node)
    result = _emitted(draft, op, node, values)
    offset = fractions(0)
    for i, value in enumerate(values):
        sign = -1 if i and isinstance(op, Sub) else 1
        offset = np.asarray(offset + sign * _offsets(value))
    return result.affine(fractions(unit), offset, node)


def extreme(draft: Draft, op: Max | Min, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """The largest or smallest, on codes of one unit and one offset."""
    values, unit = _on_common_unit(draft, values, node)
    offsets = {o for value in values for o in _offsets(value).flat}
    if len(offsets) > 1:
        values = [_without_offset(draft, value, unit, node) for value in values]
        offsets = {Fraction(0)}
    result = _emitted(draft, op, node, values)
    return result.affine(fractions(unit), fractions(offsets.pop()), node)


def multiplied(draft: Draft, op: Mul, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """The product of two values, element by element: their scales multiply."""
    a, b = (_scaled_only(draft, v, node) for v in values)
    result = _emitted(draft, op, node, [a, b])
    return result.affine(_scales(a) * _scales(b), fractions(0), node)


def contracted(draft: Draft, op: MatMul | Gemm, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """The matrix product of two values that the model computes, each on one unit."""
    units = Fraction(1)
    ready = []
    for value in values:
        (aligned,), unit = _on_common_unit(draft, [value], node)
        ready.append(_without_offset(draft, aligned, unit, node))
        units *= unit
    return _emitted(draft, op, node, ready).affine(fractions(units), fractions(0), node)


def _emitted(draft: Draft, op: Operator, node: OnnxNode, values: list[Scaled]) -> Scaled:
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(op, tuple(v.name for v in values), (output,), node.name)
    return Scaled.plain(output, array)


def _on_common_unit(
    draft: Draft, values: list[Scaled], node: OnnxNode
) -> tuple[list[Scaled], Fraction]:
    """Values that are each ``unit * code + offset``."""
    settled = [lined(draft, value, node) for value in values]
    scales = [scale for _, (scale, _) in settled]
    unit = common(np.concatenate(scales))
    if max(abs(s / unit) for scale in scales for s in scale) >= 1 << ALIGN_BITS:
        shown = " and ".join(f"{float(scale[0]):g}" for scale in scales)
        raise NotQuantized(
            f"node {node.name!r}: its inputs have the scales {shown}, which no common unit of less "
            f"than {ALIGN_BITS} bits aligns; quantize them with scales of a simple ratio"
        )
    return [_on_unit(draft, value, unit, node) for value, _ in settled], unit


def _on_unit(draft: Draft, value: Scaled, unit: Fraction, node: OnnxNode) -> Scaled:
    assert value.line is not None
    scale, offset = value.line
    if (scale == unit).all():
        return value
    gridded = on_grid(draft, replace(value, steps=()), node, (scale / unit, 0 * scale), ANY)
    assert gridded is not None, "ratios to a common unit are integers"
    return gridded.then(Affine(0 * scale + unit, offset, node))


def _without_offset(draft: Draft, value: Scaled, unit: Fraction, node: OnnxNode) -> Scaled:
    """The offset moved into the codes."""
    assert value.line is not None
    offset = value.line[1]
    if not offset.any():
        return value
    gridded = on_grid(draft, value, node, (0 * offset + 1, offset / unit), ANY)
    if gridded is None:
        raise NotQuantized(
            f"node {node.name!r}: the offset {float(max(offset, key=abs)):g} of {value.name!r} is "
            f"not on its grid of {float(unit):g}; quantize it without a zero point"
        )
    return gridded.then(Affine(0 * offset + unit, 0 * offset, node))


def _scaled_only(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """The value without an offset; elements keep scales of their own if there was none."""
    value, (_, offset) = lined(draft, value, node)
    if not offset.any():
        return value
    (aligned,), unit = _on_common_unit(draft, [value], node)
    return _without_offset(draft, aligned, unit, node)


def _offsets(value: Scaled) -> Values:
    """The real offset of every element, or of all in one."""
    assert value.line is not None
    offset = value.line[1]
    return np.asarray(offset[value.group]) if value.groups > 1 else offset[:1]


def _scales(value: Scaled) -> Values:
    assert value.line is not None
    scale = value.line[0]
    return np.asarray(scale[value.group]) if value.groups > 1 else scale[:1]
