"""Products with constants: the real scales of data and weights leave the sum, and multiply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from kernels.base import OnnxNode
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from rtlgen.draft import Draft
from rtlgen.pending import Affine
from rtlgen.rationals import Values, along, common, exact, fixed, fractions, objects
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, Effort, lined, on_grid, per_element
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.integers import IntArray

ALIGN_BITS = 32
_WHOLE = Effort(factor_bits=1, finer=0)

Product = MatMul | Gemm | Conv


def product(
    draft: Draft, op: Product, node: OnnxNode, data: Scaled, weight: Scaled, at: int
) -> Scaled:
    """``op`` of data and a constant weight, which is input ``at`` of the two."""
    data, units = aligned(draft, data, node, _together(op, data.shape))
    if isinstance(op, Conv) and _pads(op, data.shape, weight.shape):
        data = _from_zero(draft, data, node)
    weight, factors = _weight_codes(draft, op, node, weight, at)
    names = (data.name, weight.name) if at else (weight.name, data.name)
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(op, names, (output,), node.name)
    if isinstance(op, Conv):
        units = np.repeat(units, array.shape[1] // len(units))
    factors, units = (along(_output_axis(op, data, at), v) for v in (factors, units))
    offset = _offset(op, data, weight, at) * factors
    return Scaled.plain(output, array).affine(factors * units, offset, node)


def aligned(
    draft: Draft, data: Scaled, node: OnnxNode, together: IntArray | None = None
) -> tuple[Scaled, Values]:
    """Codes of one real unit for all elements that are added up: ``unit * code + offset``.

    ``together`` broadcasts to the data and numbers those that are, from zero; the units, one for
    each number, are above zero.
    """
    data, (scale, offset) = lined(draft, data, node)
    if together is not None:
        data, (number,) = data.split(fractions(together))
        assert data.line is not None
        (scale, offset), number = data.line, number.astype(np.int64)
    else:
        number = np.zeros(len(scale), np.int64)
    units = objects(common(scale[number == n]) for n in range(int(number.max(initial=0)) + 1))
    ratio = scale / units[number]
    if (ratio == 1).all():
        return data, units
    if max(map(abs, ratio)) >= 1 << ALIGN_BITS:
        raise NotQuantized(
            f"node {node.name!r}: the elements of {data.name!r} have scales such as "
            f"{float(scale[0]):g} and {float(scale[-1]):g}, which no common unit of less than "
            f"{ALIGN_BITS} bits aligns; quantize it with one scale"
        )
    gridded = on_grid(draft, replace(data, steps=()), node, (ratio, 0 * ratio), ANY)
    assert gridded is not None, "ratios to a common unit are integers"
    return gridded.then(Affine(units[number], offset, node)), units


def _together(op: Product, shape: tuple[int, ...]) -> IntArray | None:
    """Which elements an operator adds up: those of all channels, or of a group of them."""
    if not isinstance(op, Conv) or op.group == 1:
        return None
    channels = np.arange(shape[1]) // (shape[1] // op.group)
    return channels.reshape(-1, *(1,) * (len(shape) - 2))


def _pads(op: Conv, shape: tuple[int, ...], weight: tuple[int, ...]) -> bool:
    """Whether a window reaches beyond the data."""
    axes = op.axes(shape, weight[2:])
    return any(axis.positions.min() < 0 or axis.positions.max() >= axis.size for axis in axes)


def _from_zero(draft: Draft, data: Scaled, node: OnnxNode) -> Scaled:
    """The data on codes that are zero where they stand for zero, if that moves them by integers.

    Padding is zero: on other codes, the results at the edge would have offsets of their own.
    """
    assert data.line is not None
    scale, offset = data.line
    moved = on_grid(draft, data, node, (0 * scale + 1, offset / scale), _WHOLE)
    return moved.then(Affine(scale, 0 * offset, node)) if moved else data


def _weight_codes(
    draft: Draft, op: Product, node: OnnxNode, weight: Scaled, at: int
) -> tuple[Scaled, Values]:
    """The constant's codes without an offset, and one real factor per output channel, or one."""
    if weight.identical:
        return weight, fractions(1)
    rank = len(weight.shape)
    axis = _weight_axis(op, at)
    channels = np.arange(weight.shape[axis]) if rank > 1 else np.zeros(1, np.int64)
    shape = [1] * rank
    shape[axis] = len(channels)
    weight, (channel,) = weight.split(fractions(channels.reshape(shape)))
    assert weight.line is not None, "a constant's other steps are carried out"
    assert isinstance(weight.array, Fixed)
    of_group = channel.astype(np.int64)
    lines = [np.concatenate([v[of_group == c] for v in weight.line]) for c in range(len(channels))]
    factors = objects(map(common, lines))
    scale, offset = (part / factors[of_group] for part in weight.line)
    if max(map(abs, (*scale, *offset))) >= 1 << ALIGN_BITS:
        raise NotQuantized(
            f"node {node.name!r}: the weights {weight.name!r} have scales that differ within one "
            f"output channel and share no common unit; quantize them per output channel"
        )
    factors = factors[:1] if (factors == factors[0]).all() else factors
    if (scale == 1).all() and not offset.any():
        return replace(weight, steps=()), factors
    by, plus = (_constant(weight, part) for part in (scale, offset))
    codes = weight.array * by + plus
    return Scaled.plain(draft.constant(weight.name, codes), codes), factors


def _constant(value: Scaled, per_group: Values) -> Fixed:
    constant = fixed(per_group)
    assert constant is not None, "ratios to a common unit are integers"
    return per_element(value, constant)


def _weight_axis(op: Product, at: int) -> int:
    """The weight's axis that counts output channels."""
    match op:
        case Conv():
            return 0
        case Gemm(transA=transposed) if at == 0:
            return 1 if transposed else 0
        case Gemm(transB=transposed):
            return 0 if transposed else 1
        case _:
            return -1 if at else -2


def _output_axis(op: Product, data: Scaled, at: int) -> int:
    """The output's axis that counts output channels, from the end."""
    if isinstance(op, Conv):
        return -(len(data.shape) - 1)
    return -1 if at or len(data.shape) == 1 else -2


def _offset(op: Any, data: Scaled, weight: Scaled, at: int) -> Values:
    """What the real offsets of the data come to in each output, in units of the weight's codes.

    Zero padding counts as a real zero, so it has no offset: the operator itself says so.
    """
    assert data.line is not None
    offset = data.line[1]
    if not offset.any():
        return fractions(0)
    unit = common(offset)
    counts = Fixed.constant(objects(int(o / unit) for o in offset)[data.group])
    assert isinstance(weight.array, Fixed)
    total = op.forward(*((counts, weight.array) if at else (weight.array, counts)))
    return np.atleast_1d(exact(total) * unit)
