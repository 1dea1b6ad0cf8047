"""MaxUnpool: elements put back where a MaxPool found them, or where constants say; zeros around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from kernels.base import OnnxNode
from kernels.pool import MaxPool
from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Array, Shape


def max_unpool(expansion: Expansion) -> None:
    """By constant indices, or by those of a MaxPool whose windows do not overlap."""
    node, x, shape = expansion.node, expansion.node.inputs[0], _unpooled(expansion)
    pool = expansion.model.producers().get(node.inputs[1])
    if pool is not None and (pool.domain, pool.op_type) == ("", "MaxPool"):
        index = _windows(expansion, pool, shape)
        x = _spread(expansion, x, pool, index)
    else:
        index = expansion.required(1)
        lo, hi = index.min(initial=0), index.max(initial=0)
        if lo < 0 or hi >= prod(shape):
            raise node.unsupported(f"indices from {lo} to {hi}", f"those of {prod(shape)} elements")
    source = np.full(prod(shape), index.size)
    flat = index.reshape(-1)
    places = np.flatnonzero(flat >= 0)
    source[flat[places]] = places
    made, row = expansion.made, expansion.constant([-1], "row", np.int64)
    pads = expansion.constant([0, 1], "pads", np.int64)
    padded = made("Pad", made("Reshape", x, row), pads)
    source_of = expansion.constant(source.reshape(shape), "source", np.int64)
    if not node.has(2):
        made("Gather", padded, source_of, output=node.outputs[0], axis=0)
        return
    wanted = expansion.required(2).tolist()
    before, after = [0] * len(shape), [b - a for a, b in zip(shape, wanted, strict=True)]
    if min(after) < 0:
        raise node.unsupported(f"output_shape={wanted}", f"at least {list(shape)}")
    ends = expansion.constant([*before, *after], "ends", np.int64)
    made("Pad", made("Gather", padded, source_of, axis=0), ends, output=node.outputs[0])


def _unpooled(expansion: Expansion) -> Shape:
    """The shape that the indices count in."""
    shape, given = expansion.shape(), expansion.node.attributes
    kernel, n = given["kernel_shape"], len(expansion.shape()) - 2
    strides, pads = given.get("strides") or [1] * n, given.get("pads") or [0] * 2 * n
    sizes = [
        (size - 1) * stride - before - after + k
        for size, stride, before, after, k in zip(
            shape[2:], strides, pads[:n], pads[n:], kernel, strict=True
        )
    ]
    return (*shape[:2], *sizes)


def _windows(expansion: Expansion, pool: OnnxNode, shape: Shape) -> Array:
    """The flat positions of each window's elements on the last axis, -1 in the padding, last."""
    node, model = expansion.node, expansion.model
    before = model.shapes[pool.inputs[0]]
    if pool.attributes["storage_order"]:
        raise pool.unsupported("storage_order=1 and indices", "storage_order=0")
    if before != shape:
        raise node.unsupported(
            f"the indices of a MaxPool of {list(before)}, and {list(shape)} as its own shape",
            "the same shape",
        )
    index = MaxPool.from_onnx(replace(pool, outputs=pool.outputs[:1])).elements(before)
    inside = index[index >= 0]
    if len(np.unique(inside)) < inside.size:
        raise node.unsupported(
            "indices of a MaxPool whose windows overlap", "strides of at least the kernel's size"
        )
    order = np.argsort(index < 0, -1, kind="stable")
    return np.take_along_axis(index, order, -1)


def _spread(expansion: Expansion, x: str, pool: OnnxNode, index: Array) -> str:
    """Each element in its window, where the first of the largest was, and zeros beside it.

    The last elements of a window that lies in the padding, too, are others of it again.
    """
    made = expansion.made
    row = made("Reshape", pool.inputs[0], expansion.constant([-1], "row", np.int64))
    others = np.where(index < 0, index[..., :1], index)
    windows = made("Gather", row, expansion.constant(others, "windows", np.int64), axis=0)
    first = made("ArgMax", windows, axis=-1)
    here = made("Equal", first, expansion.constant(np.arange(index.shape[-1]), "place", np.int64))
    column = made("Unsqueeze", x, expansion.constant([-1], "axes", np.int64))
    return made("Where", here, column, expansion.constant(0, "zero", expansion.dtype()))


EXPANSIONS: Mapping[str, Expand] = {"MaxUnpool": max_unpool}
