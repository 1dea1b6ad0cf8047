"""How each operator calls its kernel: with which template arguments and constants."""

from __future__ import annotations

from math import isfinite

import numpy as np

from hlsgen import constants, formats, products
from hlsgen.builder import Builder
from hlsgen.calls import Constant, Variable
from hlsgen.firing import reduced, steady
from hlsgen.formats import joint, number
from hlsgen.moving import move, read, rows
from hlsgen.windowing import ARRAYS, lines, windows_of
from kernels import elementwise, logic, quant
from kernels.base import Scales
from kernels.conv import Conv
from kernels.dense import MatMul
from kernels.pool import GlobalMaxPool, GlobalSumPool, MaxPool, Pool, SumPool
from kernels.shape import Pad
from kernels.shift import Shift
from kernels.table import Rows, Table
from rtlgen.graph import Node
from sim.errors import UnsupportedOperator
from sim.fixed import Fixed
from sim.intervals import Intervals
from sim.rounding import Interval, Overflow, Rounding


def call(build: Builder, node: Node) -> None:
    """Append the calls of a node, all of whose inputs are there."""
    match node.op:
        case elementwise.Add() | elementwise.Sum():
            _each(build, "Add", node)
        case elementwise.Sub() | elementwise.Neg() | elementwise.Abs():
            _each(build, type(node.op).__name__, node)
        case elementwise.Mul():
            _mul(build, node)
        case elementwise.Sign() | elementwise.Relu() | elementwise.PRelu():
            _each(build, type(node.op).__name__, node)
        case elementwise.Max() | elementwise.Min():
            _each(build, f"{type(node.op).__name__}<{_compared(build, node)}>", node)
        case logic.Not() | logic.And() | logic.Or() | logic.Xor() | logic.Where():
            _each(build, type(node.op).__name__, node)
        case logic.GreaterOrEqual():
            _each(build, f"GreaterOrEqual<{_compared(build, node)}>", node)
        case elementwise.LeakyRelu(alpha=alpha):
            _each(build, "PRelu", node, alpha=Fixed.of_floats(alpha))
        case Shift(step=step, bits=bits):
            _each(build, f"Shift<{step}, {bits}>", node)
        case elementwise.Clip():
            _clip(build, node, node.op)
        case elementwise.ThresholdedRelu(alpha=alpha):
            _edged(build, node, alpha=alpha)
        case elementwise.Shrink(bias=bias, lambd=edge):
            _edged(build, node, bias=bias, edge=edge)
        case quant.Quantize():
            _quantize(build, node, node.op)
        case quant.Integral():
            to = Intervals.of(build.types[node.outputs[0]])
            _quantize(build, node, quant.Quantize(to, node.op.rounding, Overflow.SATURATE))
        case quant.Threshold():
            _threshold(build, node, node.op)
        case Table():
            _table(build, node, node.op)
        case Rows():
            _rows(build, node, node.op)
        case MatMul():
            products.matmul(build, node)
        case Conv():
            products.conv(build, node, node.op)
        case MaxPool() | SumPool():
            _pool(build, node, node.op)
        case GlobalMaxPool() | GlobalSumPool():
            _global_pool(build, node)
        case op if op.scales is Scales.MOVE or isinstance(op, Pad):
            move(build, op, node.inputs, node.outputs)
        case op:
            raise UnsupportedOperator(
                f"node {node.name!r}: operator {type(op).__name__} has no C++ kernel; "
                f"kernels/README.md shows how to write one"
            )


# -- element by element ----------------------------------------------------------------------------


def _each(build: Builder, functor: str, node: Node, **more: Fixed) -> None:
    """All inputs, and constants that are the same for all elements."""
    layout = build.layouts[node.outputs[0]]
    operands = [rows(build, name, layout) for name in node.inputs]
    operands += [constants.rows(name, x, layout) for name, x in more.items()]
    build.elementwise(functor, node.outputs[0], operands)


def _mul(build: Builder, node: Node) -> None:
    layout = build.layouts[node.outputs[0]]
    operands = [rows(build, name, layout) for name in node.inputs]
    factors = [c for name in node.inputs if (c := build.constant(name)) is not None]
    weights = sum(int(np.count_nonzero(factor.codes)) for factor in factors)
    build.elementwise("Mul", node.outputs[0], operands, multiplies=layout.size, weights=weights)


def _with(build: Builder, functor: str, node: Node, *more: Constant) -> None:
    layout = build.layouts[node.outputs[0]]
    operands = [*(rows(build, name, layout) for name in node.inputs), *more]
    build.elementwise(functor, node.outputs[0], operands)


def _compared(build: Builder, node: Node) -> str:
    """A type that holds the numbers of all inputs."""
    return number(joint(formats.hull(build.types[name]) for name in node.inputs))


def _clip(build: Builder, node: Node, op: elementwise.Clip) -> None:
    """An absent limit is the end of what the input can be."""
    x = formats.hull(build.types[node.inputs[0]])
    lo = _limit(op.min, Fixed.constant(x.lo, x.exp))
    hi = _limit(op.max, Fixed.constant(x.hi, x.exp))
    kind = number(joint([x, *(formats.hull(Intervals.of(end)) for end in (lo, hi))]))
    _each(build, f"Clip<{kind}>", node, min=lo, max=hi)


def _edged(build: Builder, node: Node, **parameters: float) -> None:
    """An operator that compares its input with parameters, or with these negated."""
    x = formats.hull(build.types[node.inputs[0]])
    constants_of = {name: Fixed.of_floats(value) for name, value in parameters.items()}
    both = [Intervals.of(sign) for c in constants_of.values() for sign in (c, -c)]
    kind = number(joint([x, *(formats.hull(each) for each in both)]))
    _each(build, f"{type(node.op).__name__}<{kind}>", node, **constants_of)


def _limit(end: float | None, own: Fixed) -> Fixed:
    return own if end is None or not isfinite(end) else Fixed.of_floats(end)


_TYPED = {
    Rounding.FLOOR,
    Rounding.TO_ZERO,
    Rounding.HALF_UP,
    Rounding.HALF_DOWN,
    Rounding.HALF_TO_ZERO,
    Rounding.HALF_AWAY_FROM_ZERO,
    Rounding.HALF_EVEN,
}
"""Roundings that the types of all vendors have."""


def _quantize(build: Builder, node: Node, op: quant.Quantize) -> None:
    to = op.to
    first = to.interval(0)
    alike = all(r == first for r in to.elements())
    if alike and op.rounding in _TYPED and (mode := _overflow(first, op.overflow)):
        modes = (f"Rounding::{op.rounding.name}", f"Overflow::{mode}")
        _with(build, f"Cast<{number(first, *modes)}>", node)
        return
    width = 1 + max(Interval(r.lo, r.hi, 0).width for r in to.elements())
    index = constants.broadcast(to.shape, build.layouts[node.outputs[0]])
    ends = [constants.literal(code, width) for r in to.elements() for code in r[:2]]
    texts = np.array(
        [
            f"{{{lo}, {hi}, {r.exp}}}"
            for lo, hi, r in zip(ends[::2], ends[1::2], to.elements(), strict=True)
        ],
        object,
    )
    limits = Constant("limits", f"Limits<{width}>", texts[index])
    grid = number(formats.hull(to))
    functor = f"Quantize<{grid}, Rounding::{op.rounding.name}, Overflow::{op.overflow.name}>"
    _with(build, functor, node, limits)


def _overflow(r: Interval, overflow: Overflow) -> str | None:
    """The mode of a format with this range, if a format has it; one of all vendors.

    No format of one bit has: Intel's numbers have two at least.
    """
    if overflow is Overflow.REFLECT or r.width == 1:
        return None
    if r == Interval.format(r.signed, formats.width(r), r.exp):
        return overflow.name
    symmetric = r.signed and r == Interval.format(True, r.width, r.exp, narrow=True)
    return "SATURATE_SYMMETRIC" if symmetric and overflow is Overflow.SATURATE else None


def _threshold(build: Builder, node: Node, op: quant.Threshold) -> None:
    layout = build.layouts[node.outputs[0]]
    format_, texts = constants.codes(op.thresholds)
    kind = number(joint([formats.hull(build.types[node.inputs[0]]), format_]))
    levels = op.thresholds.shape[-1]
    rows_of = np.array([", ".join(row) for row in texts.reshape(-1, levels)], object)
    index = constants.broadcast(op.thresholds.shape[:-1], layout)
    values = constants.texts(rows_of, lambda row: f"{{{{{row}}}}}")[index]
    name = f"Levels<{formats.constant(format_)}, {levels}>"
    more = [Constant("thresholds", name, values)]
    more += [constants.rows("start", op.start, layout)]
    more += [constants.rows("step", op.step, layout)]
    _with(build, f"Threshold<{kind}>", node, *more)


def _table(build: Builder, node: Node, op: Table) -> None:
    format_, texts = constants.codes(op.values)
    entries = np.array([[f"{{{{{', '.join(texts)}}}}}"]], object)
    kind = f"Entries<{formats.constant(format_)}, {len(texts)}>"
    values = Constant("values", kind, entries)
    _with(build, f"Table<{number(op.domain)}, {op.domain.lo}>", node, values)


def _rows(build: Builder, node: Node, op: Rows) -> None:
    x = read(build, node.inputs[0], len(build.types[node.inputs[0]].shape) - 1)
    y = build.result(node.outputs[0])
    positions = y.layout.positions
    template = (number(op.domain), op.domain.lo, positions, build.steps(positions))
    build.call("rows", template, [y], [x, constants.matrix("rows", op.values)])


# -- pools -----------------------------------------------------------------------------------------


def _pool(build: Builder, node: Node, op: Pool) -> None:
    x = read(build, node.inputs[0], 1)
    y = build.result(node.outputs[0])
    space = windows_of(op, x.layout.shape, op.kernel_shape, ceil_mode=bool(op.ceil_mode))
    functor = "Largest" if isinstance(op, MaxPool) else f"Total<{number(_summed(x, y))}>"
    if build.positionwise:
        template = (functor, space.images, *lines(build.node, space))
        build.call("pool_lines", template, [y], [x], space.firing(1))
    else:
        build.call("pool", (functor, space.images, *space.arguments(ARRAYS)), [y], [x])


def _global_pool(build: Builder, node: Node) -> None:
    x = read(build, node.inputs[0], 1)
    y = build.result(node.outputs[0])
    images = x.layout.shape[0]
    pixels = x.layout.positions // images
    functor = "Largest"
    if isinstance(node.op, GlobalSumPool):
        functor = f"Total<{number(_summed(x, y))}>"
    template = (functor, images, pixels, build.steps(pixels))
    firing = reduced(images, pixels) if build.positionwise else steady(1)
    build.call("global_pool", template, [y], [x], firing)


def _summed(x: Variable, y: Variable) -> Interval:
    """What holds every sum of a pool."""
    return joint([x.format, y.format])
