"""Pools and reductions: they pick one element of a window or axis, or add up all of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.elementwise import Mul
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, SumPool
from kernels.reduce import CumSum, ReduceMax, ReduceMin, ReduceSum
from rtlgen.draft import Draft
from rtlgen.linear import aligned
from rtlgen.pending import Affine, directions
from rtlgen.rationals import Values, common, fractions, objects
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid, per_element
from sim.errors import NotQuantized, ShapeError
from sim.fixed import Fixed
from sim.integers import IntArray

Picking = MaxPool | GlobalMaxPool | ReduceMax | ReduceMin
Adding = SumPool | GlobalSumPool | ReduceSum | CumSum


def pooled(draft: Draft, op: Picking, node: OnnxNode, value: Scaled) -> Scaled:
    """An extreme real number, found on the codes: nothing that is pending may reorder them."""
    value, group = ranked(draft, op, node, value)
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(op, (value.name,), (output,), node.name)
    return Scaled(output, array, group, value.steps)


def ranked(draft: Draft, op: Picking, node: OnnxNode, value: Scaled) -> tuple[Scaled, IntArray]:
    """Codes that rise where the numbers do in whatever ``op`` picks from, and the group of each."""
    signs = directions(value.steps, value.groups)
    group = _only_group(op, value)
    if signs is None or group is None:
        value = alike(draft, value, node)
        signs, group = np.ones(1, np.int64), _only_group(op, value)
    assert group is not None
    if (signs < 0).any():
        value = _turned(draft, value, node, signs)
    return value, group


def window_sums(draft: Draft, op: SumPool | GlobalSumPool, node: OnnxNode, value: Scaled) -> Scaled:
    """An average: the sum of the codes, whose real scale is divided by how many there are."""
    divisor = fractions(op.divisors(value.shape))
    if not divisor.all():
        raise ShapeError(
            f"node {node.name!r}: a window lies in the padding alone, an average of nothing; "
            f"choose smaller pads, or count_include_pad=1"
        )
    return added_up(draft, op, node, value).affine(1 / divisor, fractions(0), node)


def added_up(draft: Draft, op: Adding, node: OnnxNode, value: Scaled) -> Scaled:
    """The sums of the codes, with what their real scales and offsets add up to."""
    value, (scale, offset) = lined(draft, value, node)
    unit = _unit_of_windows(op, value, scale)
    if unit is None:
        value, unit = aligned(draft, value, node)
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(op, (value.name,), (output,), node.name)
    total = _summed(op, offset[value.group] if offset.any() else None)
    return Scaled.plain(output, array).affine(unit, total, node)


def _only_group(op: Picking, value: Scaled) -> IntArray | None:
    """The group of each window; None if there is one that mixes groups."""
    largest, smallest = _counted(op, value.group), -_counted(op, -value.group)
    return largest if (largest == smallest).all() else None


def _unit_of_windows(op: Adding, value: Scaled, scale: Values) -> Values | None:
    """The scale that all elements of a window share; None if there is one that mixes scales.

    Numbers are alike if and only if the square of their sum is the sum of their squares times
    their count; padding counts for nothing in any of the three.
    """
    distinct = list(dict.fromkeys(scale.flat))
    index = np.array([distinct.index(s) for s in scale])[value.group]
    count, total, squares = (_counted(op, index**power) for power in (0, 1, 2))
    if (count * squares != total * total).any():
        return None
    return np.asarray(objects(distinct)[total // np.maximum(count, 1)])


def _summed(op: Adding, offsets: Values | None) -> Values:
    """What real offsets add up to in each window."""
    if offsets is None:
        return fractions(0)
    unit = common(offsets)
    counts = objects(int(o / unit) for o in offsets.flat).reshape(offsets.shape)
    return np.asarray(_counted(op, counts).astype(object) * unit)


def _counted(op: Operator, codes: IntArray) -> IntArray:
    """An operator on plain integers."""
    result: Fixed = op.forward(Fixed.constant(codes))
    return np.asarray(result.at(0)[0])


def alike(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """The value on one scale above zero and one offset, so that codes compare as values do."""
    value, (unit,) = aligned(draft, value, node)
    assert value.line is not None
    scale, offset = value.line
    one_group = np.zeros(value.shape, np.int64)
    if (offset == offset[0]).all():
        return replace(value, group=one_group, steps=(Affine(scale[:1], offset[:1], node),))
    gridded = on_grid(draft, value, node, (scale / scale, offset / unit), ANY)
    if gridded is None:
        raise NotQuantized(
            f"node {node.name!r}: the elements of {value.name!r} have offsets that no common grid "
            f"holds; put a Quant node before it"
        )
    return replace(gridded, group=one_group, steps=(Affine(scale[:1], 0 * scale[:1], node),))


def _turned(draft: Draft, value: Scaled, node: OnnxNode, signs: IntArray) -> Scaled:
    """Codes negated in the groups that fall, so that all rise."""
    factor = draft.constant(f"{node.name}.sign", per_element(value, Fixed.constant(signs)))
    output = draft.unused(f"{value.name}.turned")
    (array,) = draft.emit(Mul(), (value.name, factor), (output,), node.name)
    turn = Affine(fractions(signs), fractions(0 * signs), node)
    return replace(value, name=output, array=array, steps=()).then(turn, *value.steps)
