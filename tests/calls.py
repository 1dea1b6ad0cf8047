"""How each operator calls its kernel: with which shapes, template arguments and constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from kernels import conv, dense, elementwise, pool, quant, shape, table
from kernels.base import Operator
from kernels.elementwise import Abs, Add, Max, Min, Mul, Neg, PRelu, Relu, Sign, Sub, Sum
from sim.fixed import Fixed
from tests.cpp import Call, Tensor, dims, flag, hull, intervals_of, number

if TYPE_CHECKING:
    from tests.harness import Case

SPATIAL = 3
"""The kernels have this many spatial axes."""


def call(case: Case) -> Call:
    """The kernel of a case; none where there is nothing to compute."""
    xs = [Tensor.of(f"x{i}", x) for i, x in enumerate(case.inputs)]
    ys = [Tensor.of(f"y{i}", y) for i, y in enumerate(case.forward(case.types))]
    return _call(case.op, xs, ys) if any(y.type.size for y in ys) else Call()


def _call(op: Operator, xs: list[Tensor], ys: list[Tensor]) -> Call:
    x, y = xs[0], ys[0]
    match op:
        case Add() | Sub() | Mul() | Sum() | Max() | Min() | PRelu():
            return _each(type(op).__name__.lower(), xs, y)
        case Neg() | Abs() | Sign() | Relu():
            return _each(type(op).__name__.lower(), xs, y)
        case elementwise.LeakyRelu():
            return _each("leaky_relu", xs, y, {"alpha": Fixed.of_floats(op.alpha)})
        case elementwise.Clip():
            return _clip(op, x, y)
        case quant.Quantize():
            return _quantize(op, x, y)
        case quant.Threshold():
            return _threshold(op, x, y)
        case table.Table():
            name = f"table<{number(op.domain)}, {op.domain.lo}>"
            return _each(name, xs, y, {"values": op.values})
        case dense.MatMul():
            return _matmul(xs, y)
        case dense.Gemm():
            return _gemm(op, xs, y)
        case conv.Conv():
            return _conv(op, xs, y)
        case pool.MaxPool():
            return _pool("max_pool", op, x, y)
        case pool.SumPool():
            return _pool("sum_pool", op, x, y)
        case pool.GlobalMaxPool():
            return Call([_spatial(x)], [_spatial(y)], ["global_max_pool(y0, x0);"])
        case pool.GlobalSumPool():
            return Call([_spatial(x)], [_spatial(y)], ["global_sum_pool(y0, x0);"])
        case shape.Concat() | shape.Split():
            return _blocks(op, xs, ys)
        case shape.Identity() | shape.Dropout() | shape.Reshape() | shape.Flatten():
            return Call(xs, ys, ["reshape(y0, x0);"])
        case shape.Squeeze() | shape.Unsqueeze():
            return Call(xs, ys, ["reshape(y0, x0);"])
        case shape.Pad():
            return _pad(op, x, y)
        case shape.Transpose() | shape.Slice() | shape.Expand() | shape.Tile() | shape.Gather():
            return Call(xs, ys, ["gather(y0, x0, positions);"], [_positions(op, x)])
        case _:
            raise AssertionError(f"{op} calls no kernel; say here how it does")


def _each(
    name: str, xs: Sequence[Tensor], y: Tensor, same: Mapping[str, Fixed] | None = None
) -> Call:
    """A kernel that broadcasts, with further arguments that are the same for all elements."""
    rank = max(1, len(y.shape))
    numbers = [Tensor.of(n, value) for n, value in (same or {}).items()]
    arguments = ", ".join(["y0", *(t.name for t in (*xs, *numbers))])
    constants = [t.declaration() for t in numbers]
    return Call(
        [x.ranked(rank) for x in xs], [y.ranked(rank)], [f"{name}({arguments});"], constants
    )


def _clip(op: elementwise.Clip, x: Tensor, y: Tensor) -> Call:
    """An absent limit is the end of what x can be."""
    lo, hi = (
        Fixed.of_floats(end) if end is not None and isfinite(end) else Fixed.constant(own, exp)
        for end, own, exp in (
            (op.min, x.format.lo, x.format.exp),
            (op.max, x.format.hi, x.format.exp),
        )
    )
    return _each("clip", [x], y, {"lo": lo, "hi": hi})


def _quantize(op: quant.Quantize, x: Tensor, y: Tensor) -> Call:
    modes = f"Rounding::{op.rounding.name}, Overflow::{op.overflow.name}"
    to = Tensor.of("to", op.to).ranked(max(1, len(x.shape)))
    width, values = intervals_of(to.type)
    made = _each(f"quantize<{number(hull(op.to))}, {modes}>", [x, to], y)
    declared = f"static const Interval<{width}> to{dims(to.shape)} = {values};"
    return replace(made, x=made.x[:1], constants=[declared])


def _threshold(op: quant.Threshold, x: Tensor, y: Tensor) -> Call:
    rank = max(1, len(x.shape))
    thresholds = Tensor.of("thresholds", op.thresholds).ranked(rank + 1)
    start, step = Tensor.of("start", op.start), Tensor.of("step", op.step)
    constants = [t.declaration() for t in (thresholds, start.ranked(rank), step.ranked(rank))]
    body = ["threshold(y0, x0, thresholds, start, step);"]
    return replace(_each("threshold", [x], y), body=body, constants=constants)


def _matmul(xs: list[Tensor], y: Tensor) -> Call:
    """A call for each matrix of a stack; a vector is a matrix."""
    a, b = xs
    a = a if len(a.shape) > 1 else a.seen(1, *a.shape)
    b = b if len(b.shape) > 1 else b.seen(*b.shape, 1)
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    left, right = (
        np.broadcast_to(np.arange(prod(t.shape[:-2])).reshape(t.shape[:-2]), stack).flat
        for t in (a, b)
    )
    body = [
        f"matmul(y0[{k}], x0[{i}], x1[{j}]);"
        for k, (i, j) in enumerate(zip(left, right, strict=True))
    ]
    x = [t.seen(-1, *t.shape[-2:]) for t in (a, b)]
    return Call(x, [y.seen(-1, a.shape[-2], b.shape[-1])], body)


def _gemm(op: dense.Gemm, xs: list[Tensor], y: Tensor) -> Call:
    a, b, c = xs if len(xs) > 2 else (*xs, Tensor.of("x2", Fixed.constant(0)))
    factors = {"alpha": op.alpha, "beta": op.beta}
    constants = [Tensor.of(n, Fixed.of_floats(v)).declaration() for n, v in factors.items()]
    body = [f"gemm<{flag(op.transA)}, {flag(op.transB)}>(y0, x0, x1, x2, alpha, beta);"]
    return Call([a, b, c.ranked(2)], [y], body, constants)


def _conv(op: conv.Conv, xs: list[Tensor], y: Tensor) -> Call:
    none = Tensor.of("x2", Fixed.constant(np.zeros(xs[1].shape[0], np.int64)))
    x, w, bias = xs if len(xs) > 2 else (*xs, none)
    axes = _axes(op, x.shape, w.shape[2:])
    body = [f"conv<{op.group}, {axes}>(y0, x0, x1, x2);"]
    return Call([_spatial(x), _spatial(w), bias], [_spatial(y)], body)


def _pool(name: str, op: pool.Pool, x: Tensor, y: Tensor) -> Call:
    axes = _axes(op, x.shape, op.kernel_shape, ceil_mode=bool(op.ceil_mode))
    return Call([_spatial(x)], [_spatial(y)], [f"{name}<{axes}>(y0, x0);"])


def _axes(op: Any, of: tuple[int, ...], kernel: tuple[int, ...], **settings: bool) -> str:
    """As ``Axis<1>, Axis<3, 1, 1, 1>, Axis<3, 2, 1, 1>``."""
    axes = op.axes(of, kernel, **settings)
    ones = (1,) * len(axes)
    rows = zip(kernel, op.strides or ones, op.dilations or ones, axes, strict=True)
    known = [f"Axis<{k}, {s}, {d}, {axis.before}>" for k, s, d, axis in rows]
    return ", ".join(["Axis<1>"] * (SPATIAL - len(known)) + known)


def _spatial(t: Tensor) -> Tensor:
    """With all spatial axes: those that are not there have one element."""
    return t.seen(*t.shape[:2], *(1,) * (SPATIAL + 2 - len(t.shape)), *t.shape[2:])


def _pad(op: shape.Pad, x: Tensor, y: Tensor) -> Call:
    constants = [
        _positions(replace(op, value=-1.0), x),
        Tensor.of("value", Fixed.of_floats(op.value)).declaration(),
    ]
    return Call([x], [y], ["pad(y0, x0, value, positions);"], constants)


def _positions(op: Operator, x: Tensor) -> str:
    """The operator itself says where each element comes from."""
    flat = Fixed.constant(np.arange(x.type.size).reshape(x.shape))
    positions = op.forward(flat).at(0).reshape(-1)
    return f"static const int positions[] = {{{', '.join(map(str, positions))}}};"


def _blocks(op: shape.Concat | shape.Split, xs: list[Tensor], ys: list[Tensor]) -> Call:
    """The parts on one side, the whole on the other."""
    joins = isinstance(op, shape.Concat)
    parts, whole = (xs, ys[0]) if joins else (ys, xs[0])
    outer = prod(whole.shape[: op.axis % len(whole.shape)])
    starts = accumulate((part.type.size // outer for part in parts), initial=0)
    body = [
        f"concat<{outer}, {start}>({whole.name}, {part.name});"
        if joins
        else f"split<{outer}, {start}>({part.name}, {whole.name});"
        for part, start in zip(parts, starts, strict=False)
    ]
    return Call(xs, ys, body)
