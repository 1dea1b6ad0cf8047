"""Reductions that are sums and products of something, or a function of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from kernels.reduce import CumSum, ReduceSum
from rtlgen.frontend.expansion import Expand, Expansion


def mean(expansion: Expansion) -> None:
    """A sum, divided by how many there are."""
    _check_real(expansion)
    shape, axes = expansion.shape(), _axes(expansion)
    count = expansion.constant(prod(shape[axis] for axis in axes), "count", _dtype(expansion))
    total = _reduced(expansion, "ReduceSum", expansion.node.inputs[0])
    expansion.made("Div", total, count, output=expansion.node.outputs[0])


def l1(expansion: Expansion) -> None:
    """A sum of magnitudes."""
    size = expansion.made("Abs", expansion.node.inputs[0])
    _reduced(expansion, "ReduceSum", size, output=expansion.node.outputs[0])


def sum_square(expansion: Expansion) -> None:
    """A sum of squares: of magnitudes, so that all that is known of them is not negative."""
    _reduced(expansion, "ReduceSum", squared(expansion), output=expansion.node.outputs[0])


def l2(expansion: Expansion) -> None:
    """The root of a sum of squares."""
    _check_real(expansion)
    total = _reduced(expansion, "ReduceSum", squared(expansion))
    expansion.made("Sqrt", total, output=expansion.node.outputs[0])


def log_sum(expansion: Expansion) -> None:
    """The logarithm of a sum."""
    _check_real(expansion)
    total = _reduced(expansion, "ReduceSum", expansion.node.inputs[0])
    expansion.made("Log", total, output=expansion.node.outputs[0])


def log_sum_exp(expansion: Expansion) -> None:
    """The logarithm of a sum of exponentials, none above one: the largest is taken out of it."""
    _check_real(expansion)
    x = expansion.node.inputs[0]
    largest = _reduced(expansion, "ReduceMax", x, keepdims=1)
    power = expansion.made("Exp", expansion.made("Sub", x, largest))
    logarithm = expansion.made("Log", _reduced(expansion, "ReduceSum", power))
    if not expansion.node.attributes["keepdims"] and (axes := _axes(expansion)):
        largest = expansion.made("Squeeze", largest, expansion.constant(axes, "axes", np.int64))
    expansion.made("Add", logarithm, largest, output=expansion.node.outputs[0])


def product(expansion: Expansion) -> None:
    """Products of two, in as few levels as there can be, along one axis after the other."""
    name, shape = expansion.node.inputs[0], expansion.shape()
    axes = _axes(expansion)
    for axis in axes:
        name = _multiplied(expansion, name, shape[axis], axis)
    kept = [1 if i in axes else n for i, n in enumerate(shape)]
    if not expansion.node.attributes["keepdims"]:
        kept = [n for i, n in enumerate(shape) if i not in axes]
    wanted = expansion.constant(kept, "shape", np.int64)
    expansion.made("Reshape", name, wanted, output=expansion.node.outputs[0])


def cumulative_product(expansion: Expansion) -> None:
    """The product of each element and those before it, one after the other."""
    node, shape = expansion.node, expansion.shape()
    op = CumSum.from_onnx(replace(node, constants=expansion.model.constants))
    (axis,) = np.atleast_1d(op.axis)
    count, axis = shape[axis], int(axis)
    order = range(count - 1, -1, -1) if op.reverse else range(count)
    elements = [_slice(expansion, node.inputs[0], axis, i, i + 1, 1) for i in order]
    if op.exclusive:
        ones = np.ones([1 if i == axis % len(shape) else n for i, n in enumerate(shape)])
        elements = [expansion.constant(ones, "one", _dtype(expansion)), *elements[:-1]]
    products = elements[:1]
    for element in elements[1:]:
        products.append(expansion.made("Mul", products[-1], element))
    if op.reverse:
        products.reverse()
    expansion.made("Concat", *products, output=node.outputs[0], axis=axis)


def squared(expansion: Expansion) -> str:
    """The square of the input."""
    size = expansion.made("Abs", expansion.node.inputs[0])
    return expansion.made("Mul", size, size)


def _multiplied(expansion: Expansion, name: str, count: int, axis: int) -> str:
    """The product of ``count`` elements along an axis, which is left with one."""
    while count > 1:
        half = count // 2
        even = _slice(expansion, name, axis, 0, 2 * half, 2)
        odd = _slice(expansion, name, axis, 1, 2 * half, 2)
        pairs = expansion.made("Mul", even, odd)
        if count % 2:
            rest = _slice(expansion, name, axis, count - 1, count, 1)
            pairs = expansion.made("Concat", pairs, rest, axis=axis)
        name, count = pairs, half + count % 2
    return name


def _slice(expansion: Expansion, name: str, axis: int, start: int, end: int, step: int) -> str:
    numbers = {"starts": start, "ends": end, "axes": axis, "steps": step}
    constants = [expansion.constant([n], what, np.int64) for what, n in numbers.items()]
    return expansion.made("Slice", name, *constants)


def _reduced(
    expansion: Expansion, op_type: str, name: str, output: str = "", **attributes: Any
) -> str:
    """A value, reduced as the node says."""
    node = expansion.node
    names = (name, *node.inputs[1:])
    return expansion.made(op_type, *names, output=output, **{**node.attributes, **attributes})


def _axes(expansion: Expansion) -> tuple[int, ...]:
    """Those that are reduced."""
    node = replace(expansion.node, constants=expansion.model.constants)
    return ReduceSum.from_onnx(node).reduced(len(expansion.shape()))


def _dtype(expansion: Expansion) -> Any:
    return expansion.model.dtypes.get(expansion.node.inputs[0], np.dtype(np.float32))


def _check_real(expansion: Expansion) -> None:
    """Refuse integers, to which the result would be truncated."""
    dtype = _dtype(expansion)
    if dtype.kind in "iu":
        what = f"data of type {dtype.name}, to which it truncates"
        raise expansion.node.unsupported(what, "floats; cast them to float before it")


EXPANSIONS: Mapping[str, Expand] = {
    "CumProd": cumulative_product,
    "ReduceL1": l1,
    "ReduceL2": l2,
    "ReduceLogSum": log_sum,
    "ReduceLogSumExp": log_sum_exp,
    "ReduceMean": mean,
    "ReduceProd": product,
    "ReduceSumSquare": sum_square,
}
