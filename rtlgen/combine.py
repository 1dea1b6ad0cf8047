"""Operators of several tensors that the model computes: real scales are brought together."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from kernels.base import OnnxNode, Operator
from kernels.conv import Conv
from kernels.dense import Gemm, MatMul
from kernels.elementwise import Abs, Add, Max, Min, Mul, Sub, Sum
from kernels.logic import And, GreaterOrEqual, Or, Where, Xor
from rtlgen.draft import Draft
from rtlgen.linear import ALIGN_BITS
from rtlgen.pending import Affine, Steps
from rtlgen.rationals import Values, common, fixed, fractions, simplest
from rtlgen.scaled import Scaled
from rtlgen.settle import ANY, lined, on_grid
from sim.errors import NotQuantized
from sim.fixed import Fixed
from sim.integers import magnitude
from sim.intervals import Intervals

ORDERED_BITS = 14
"""Of codes whose units are brought into the simplest ratio."""


def joined(draft: Draft, values: list[Scaled], node: OnnxNode) -> tuple[list[Scaled], Steps]:
    """Values with one common list of groups, and the steps for all of them.

    Zeros have no group of their own, if there is one without an offset.
    """
    settled = [lined(draft, value, node) for value in values]
    own = [not _nothing(value) for value, _ in settled]
    lines = [line for (_, line), counts in zip(settled, own, strict=True) if counts]
    if not any((line[1] == 0).any() for line in lines):
        own, lines = [True] * len(settled), [line for _, line in settled]
    scale, offset = (np.concatenate([line[i] for line in lines]) for i in (0, 1))
    home, start = int((offset == 0).argmax()), 0
    out = []
    for (value, _), counts in zip(settled, own, strict=True):
        group = value.group + start if counts else 0 * value.group + home
        out.append(replace(value, group=group, steps=()))
        start += value.groups if counts else 0
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


def _nothing(value: Scaled) -> bool:
    """Whether it is zeros, which are zeros in any scale."""
    zero = isinstance(value.array, Fixed) and not value.array.codes.any()
    return zero and value.line is not None and not value.line[1].any()


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
    values, unit, offset = _on_common_line(draft, values, node)
    result = _emitted(draft, op, node, values)
    return result.affine(fractions(unit), offset, node)


def multiplied(draft: Draft, op: Mul, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """The product of two values, element by element: their scales multiply."""
    a, b = (_scaled_only(draft, v, node) for v in values)
    if a.name == b.name:
        a = b = _magnitude(draft, a, node)
    result = _emitted(draft, op, node, [a, b])
    return result.affine(_scales(a) * _scales(b), fractions(0), node)


def contracted(
    draft: Draft, op: MatMul | Gemm | Conv, node: OnnxNode, values: list[Scaled]
) -> Scaled:
    """The product of two values that the model computes, each on one unit without an offset."""
    units = Fraction(1)
    ready = []
    for value in values:
        (aligned,), unit = _on_common_unit(draft, [value], node)
        ready.append(_without_offset(draft, aligned, unit, node))
        units *= unit
    return _emitted(draft, op, node, ready).affine(fractions(units), fractions(0), node)


def compared(draft: Draft, op: GreaterOrEqual, node: OnnxNode, values: list[Scaled]) -> Scaled:
    """A bit, found on codes that compare as their numbers do."""
    values = [lined(draft, value, node)[0] for value in values]
    ready = _in_proportion(draft, values, node) or _on_common_line(draft, values, node)[0]
    return _emitted(draft, op, node, ready)


def _in_proportion(draft: Draft, values: list[Scaled], node: OnnxNode) -> list[Scaled] | None:
    """Two values on units of the simplest ratio that orders all of their codes as theirs does.

    None if they have several scales or offsets, or so many codes that the ratio takes long to find.
    """
    scales, exps, most = [], [], []
    for value in values:
        assert value.line is not None
        scale, offset = value.line
        if (scale != scale[0]).any() or offset.any() or not scale[0]:
            return None
        exps.append(int(value.type.exp.min(initial=0)))
        scales.append(scale[0])
        most.append(max(map(magnitude, value.type.at(np.asarray(exps[-1])))))
    if max(most) >> ORDERED_BITS:
        return None
    step = Fraction(2) ** (exps[0] - exps[1])
    ratio = simplest(abs(scales[0] * step / scales[1]), *most) / step
    counts = ratio.numerator, ratio.denominator
    signed = [c if s > 0 else -c for c, s in zip(counts, scales, strict=True)]
    return [_times(draft, v, c, node) for v, c in zip(values, signed, strict=True)]


def _times(draft: Draft, value: Scaled, factor: int, node: OnnxNode) -> Scaled:
    """Codes times an integer."""
    codes = replace(value, group=0 * value.group, steps=())
    whole = on_grid(draft, codes, node, (fractions(factor), fractions(0)), ANY)
    assert whole is not None, "integers are dyadic"
    return whole


def decided(draft: Draft, op: And | Or | Xor, node: OnnxNode, bits: list[Scaled]) -> Scaled:
    """A bit of bits."""
    return _emitted(draft, op, node, [_as_bits(draft, bit, node) for bit in bits])


def chosen(
    draft: Draft, op: Where, node: OnnxNode, bit: Scaled, values: list[Scaled | Values]
) -> Scaled:
    """One of two values wherever a bit says so, on codes of one unit; one may be numbers.

    Numbers broadcast to the other value.
    """
    computed = [value for value in values if isinstance(value, Scaled)]
    if len(computed) == 2:
        branches, unit, offset = _on_common_line(draft, computed, node)
    else:
        value, _ = lined(draft, computed[0], node)
        (numbers,) = (v for v in values if not isinstance(v, Scaled))
        offset = _offsets(value)
        (value,), unit = _on_common_unit(draft, [value], node, numbers - offset)
        codes = fixed((numbers - offset) / unit)
        assert codes is not None, "ratios to a common unit are integers"
        codes = codes if value.shape else codes.reshape()
        constant = Scaled.plain(draft.constant(f"{node.name}.branch", codes), codes)
        branches = [value if isinstance(v, Scaled) else constant for v in values]
    result = _emitted(draft, op, node, [_as_bits(draft, bit, node), *branches])
    return result.affine(fractions(unit), offset, node)


def _emitted(draft: Draft, op: Operator, node: OnnxNode, values: list[Scaled]) -> Scaled:
    output = draft.unused(node.outputs[0])
    (array,) = draft.emit(op, tuple(v.name for v in values), (output,), node.name)
    return Scaled.plain(output, array)


def _on_common_line(
    draft: Draft, values: list[Scaled], node: OnnxNode
) -> tuple[list[Scaled], Fraction, Values]:
    """Values that are each ``unit * code + offset``, all with the same offset."""
    values, unit = _on_common_unit(draft, values, node)
    offsets = {o for value in values for o in _offsets(value).flat}
    if len(offsets) > 1:
        values = [_without_offset(draft, value, unit, node) for value in values]
        offsets = {Fraction(0)}
    return values, unit, fractions(offsets.pop())


def _on_common_unit(
    draft: Draft, values: list[Scaled], node: OnnxNode, *numbers: Values
) -> tuple[list[Scaled], Fraction]:
    """Values that are each ``unit * code + offset``; ``numbers`` are multiples of the unit too."""
    settled = [lined(draft, value, node) for value in values]
    scales = [*(scale for _, (scale, _) in settled), *(n.reshape(-1) for n in numbers)]
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


def _as_bits(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """A boolean whose codes are zero and one."""
    value, _ = lined(draft, value, node)
    gridded = on_grid(draft, value, node, effort=ANY)
    assert gridded is not None, "a bit, or what is left of one, is an integer"
    return gridded


def _magnitude(draft: Draft, value: Scaled, node: OnnxNode) -> Scaled:
    """The value without its sign: all that is known of its square is that it is not negative."""
    if not isinstance(value.array, Intervals) or value.array.lo.min(initial=0) >= 0:
        return value
    name = draft.unused(f"{value.name}.magnitude")
    (array,) = draft.emit(Abs(), (value.name,), (name,), node.name)
    return replace(value, name=name, array=array)


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
