"""How products call their kernels: with which weights, in how many steps, into which sums."""

from __future__ import annotations

from math import gcd, prod
from typing import Any

import numpy as np

from hlsgen import constants, formats
from hlsgen.builder import Builder
from hlsgen.calls import Operand, Reuse, Variable
from hlsgen.firing import steady
from hlsgen.layout import Layout
from hlsgen.moving import moved, read
from hlsgen.style import Io
from hlsgen.windowing import ARRAYS, lines, windows_of
from kernels.conv import Conv
from kernels.shape import Reshape
from rtlgen.graph import Node
from sim.errors import NotStreamable
from sim.fixed import Fixed
from sim.rounding import Interval


def reuse(factor: int, inputs: int) -> Reuse:
    """The blocks of a matrix of so many inputs that take this many steps in all.

    Any divisor of the whole matrix splits into one of its inputs and one of its outputs: what
    is left of it without their common factor divides the number of outputs.
    """
    shared = gcd(factor, inputs)
    return Reuse(factor // shared, shared)


def accumulator(y: Interval, exp: int) -> Interval:
    """What holds every result ``y`` in the step of what is added up, if that is finer."""
    return y.at(min(y.exp, exp))


def matmul(build: Builder, node: Node) -> None:
    a, b = node.inputs
    weights = build.constant(b)
    rank = len(build.types[a].shape)
    if weights is not None and len(weights.shape) == 2:
        x = read(build, a, rank - 1)
        _dense(build, node, x, weights)
        return
    if build.io is Io.STREAM:
        raise NotStreamable(
            f"node {node.name!r}: MatMul of what comes in a stream needs a single constant matrix "
            f"beside it; use --io parallel"
        )
    _product_of_data(build, node)


def _dense(build: Builder, node: Node, x: Variable, weights: Fixed) -> None:
    y = build.result(node.outputs[0])
    w = constants.matrix("weights", weights.swapaxes(0, 1))
    again = reuse(build.directive.reuse, weights.shape[0])
    positions = y.layout.positions
    zero = constants.matrix("bias", Fixed.constant([[0]]))
    build.call(
        "dense" if again.factor == 1 else "dense_reused",
        (positions, *((build.steps(positions),) if again.factor == 1 else again)),
        [y],
        [x, w, zero],
        steady(build.steps(positions), clocks=again.factor),
        accumulator=accumulator(y.format, x.format.exp + w.format.exp),
        multiplies=positions * weights.size,
        weights=int(np.count_nonzero(weights.codes)),
        reuse=again,
    )


def _product_of_data(build: Builder, node: Node) -> None:
    """A stack of matrices, one below the other."""
    shapes = [build.types[name].shape for name in node.inputs]
    operands: list[Any] = []
    for name, shape in zip(node.inputs, shapes, strict=True):
        known = build.constant(name)
        layout = Layout(shape, len(shape) - 1)
        operands.append(
            read(build, name, layout.axis)
            if known is None
            else constants.whole("operand", known, layout)
        )
    y = build.result(node.outputs[0])
    again = reuse(build.directive.reuse, shapes[0][-1])
    rows_ = y.layout.positions
    stack = rows_ // shapes[0][-2]
    a, b = (formats.hull(build.types[name]) for name in node.inputs)
    build.call(
        "matmul",
        (stack, build.steps(rows_), again.outputs, again.inputs),
        [y],
        operands,
        accumulator=accumulator(y.format, a.exp + b.exp),
        multiplies=y.layout.index.size * shapes[0][-1],
        reuse=again,
    )


def conv(build: Builder, node: Node, op: Conv) -> None:
    x = read(build, node.inputs[0], 1)
    shape = build.types[node.inputs[1]].shape
    w = _filters(build, node.inputs[1], (shape[0], prod(shape[1:])))
    b = _bias(build, node, shape[0])
    y = build.result(node.outputs[0])
    again = reuse(build.directive.reuse, prod(shape[1:]))
    space = windows_of(op, x.layout.shape, shape[2:])
    kernel, template, firing = "conv", space.arguments(ARRAYS), None
    if build.positionwise:
        kernel, template = "conv_lines", lines(build.node, space)
        firing = space.firing(again.factor)
    if again.factor > 1:
        kernel, template = "conv_reused", (*map(str, again), *template)
    known = build.constant(node.inputs[1])
    build.call(
        kernel,
        (space.images, op.group, *template),
        [y],
        [x, w, b],
        firing,
        accumulator=accumulator(y.format, min(x.format.exp + w.format.exp, b.format.exp)),
        multiplies=y.layout.positions * prod(shape),
        weights=0 if known is None else int(np.count_nonzero(known.codes)),
        reuse=again,
    )


def _filters(build: Builder, name: str, shape: tuple[int, int]) -> Operand:
    """The weights as a matrix, a row for each filter."""
    known = build.constant(name)
    if known is not None:
        return constants.matrix("weights", known.reshape(*shape))
    if build.io is Io.STREAM:
        raise NotStreamable(
            f"node {build.node.name!r}: Conv needs all weights {name!r}, which are computed, "
            f"for every window; use --io parallel"
        )
    return moved(build, Reshape(shape), build.variables[name], Layout(shape, 1))


def _bias(build: Builder, node: Node, filters: int) -> Operand:
    """A row with a number for each filter."""
    row = Layout((filters,), 0)
    if len(node.inputs) < 3:
        return constants.rows("bias", Fixed.constant(np.zeros(filters, np.int64)), row)
    known = build.constant(node.inputs[2])
    return (
        constants.rows("bias", known, row) if known is not None else build.variables[node.inputs[2]]
    )
