"""Operators that put elements in constant places: as elements that are picked."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Array, Shape
from sim.errors import ShapeError

_REDUCTIONS = {"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}
_NEUTRAL = {"add": 0, "mul": 1}
"""What changes nothing; the largest and the smallest are found beside the element itself."""


def scatter_elements(expansion: Expansion) -> None:
    """Each update has its own place, but that ``indices`` say where it is along ``axis``."""
    indices, shape = expansion.required(1), expansion.shape()
    places = [*np.indices(indices.shape)]
    places[expansion.node.attributes["axis"]] = indices
    _scattered(expansion, _flat(expansion, places, shape), indices.shape)


def scatter_nd(expansion: Expansion) -> None:
    """The last axis of ``indices`` says where an element or a block is put."""
    indices, shape = expansion.required(1), expansion.shape()
    depth = indices.shape[-1]
    blocks = np.indices(shape[depth:]).reshape(len(shape) - depth, *shape[depth:])
    rest = (1,) * (len(shape) - depth)
    outer = np.moveaxis(indices, -1, 0).reshape(depth, *indices.shape[:-1], *rest)
    full = np.broadcast_shapes(outer.shape[1:], blocks.shape[1:])
    places = [np.broadcast_to(p, full) for p in (*outer, *blocks)]
    _scattered(expansion, _flat(expansion, places, shape), full)


def trilu(expansion: Expansion) -> None:
    """Zeros above or below a diagonal."""
    node, shape = expansion.node, expansion.shape()
    k = int(expansion.required(1).item()) if node.has(1) else 0
    places = 1 + np.arange(prod(shape)).reshape(shape)
    kept = np.triu(places, k) if node.attributes["upper"] else np.tril(places, k)
    zero = _number(expansion, 0)
    both = expansion.made("Concat", zero, _flattened(expansion, node.inputs[0]), axis=0)
    indices = expansion.constant(kept, "indices", np.int64)
    expansion.made("Gather", both, indices, axis=0, output=node.outputs[0])


def center_crop_pad(expansion: Expansion) -> None:
    """Cut off, or put zeros around, alike on both sides; an odd one goes to the end."""
    node, shape = expansion.node, expansion.shape()
    axes = [a % len(shape) for a in node.attributes.get("axes") or range(len(shape))]
    before, after = np.zeros((2, len(shape)), np.int64)
    for axis, size in zip(axes, expansion.required(1).tolist(), strict=True):
        missing = size - shape[axis]
        before[axis] = missing // 2 if missing > 0 else -(-missing // 2)
        after[axis] = missing - before[axis]
    pads = expansion.constant(np.concatenate([before, after]), "pads", np.int64)
    expansion.made("Pad", node.inputs[0], pads, output=node.outputs[0])


def col2im(expansion: Expansion) -> None:
    """Columns of blocks, each block added to the image in its place."""
    node = expansion.node
    image, block = (tuple(expansion.required(i).tolist()) for i in (1, 2))
    n, rows, count = expansion.shape()
    channels, rank = rows // prod(block), len(image)
    ones = [1] * rank
    pads = node.attributes.get("pads", [0] * 2 * rank)
    axes = [
        _positions(*sizes)
        for sizes in zip(
            image,
            block,
            node.attributes.get("dilations", ones),
            node.attributes.get("strides", ones),
            pads[:rank],
            pads[rank:],
            strict=True,
        )
    ]
    blocks = [a.shape[1] for a in axes]
    if count != prod(blocks):
        raise ShapeError(
            f"node {node.name!r}: {count} blocks of {_shown(block)} elements are not the "
            f"{prod(blocks)} that an image of {_shown(image)} has; check the shapes in the model"
        )
    outer = np.indices((n, channels)).reshape(2, n, channels, *(1,) * 2 * rank)
    inner = [
        a.reshape(*(s if i in (axis, rank + axis) else 1 for i, s in enumerate((*block, *blocks))))
        for axis, a in enumerate(axes)
    ]
    full = (n, channels, *block, *blocks)
    places = [np.broadcast_to(p, full).reshape(-1) for p in (*outer, *inner)]
    inside = np.all([(p >= 0) & (p < s) for p, s in zip(places[2:], image, strict=True)], 0)
    shape = (n, channels, *image)
    flat = np.ravel_multi_index([p[inside] for p in places], shape)
    values, zero = _flattened(expansion, node.inputs[0]), _number(expansion, 0)
    both = expansion.made("Concat", zero, values, axis=0)
    sources = 1 + np.flatnonzero(inside)
    rounds = _rounds(flat)
    parts = [_placed(expansion, both, np.zeros(shape), flat[r], sources[r]) for r in rounds]
    expansion.made("Sum", *parts, output=node.outputs[0])


def _scattered(expansion: Expansion, places: Array, updated: Shape) -> None:
    """Updates in flat places of the data, in as many rounds as one place has updates."""
    node, shape = expansion.node, expansion.shape()
    if expansion.shape(2) != updated:
        raise ShapeError(
            f"node {node.name!r}: updates of shape {list(expansion.shape(2))} do not fit indices "
            f"for {list(updated)}; check the shapes in the model"
        )
    reduction = node.attributes["reduction"]
    if reduction not in ("none", *_REDUCTIONS):
        known = " or ".join(map(repr, ("none", *_REDUCTIONS)))
        raise node.unsupported(f"reduction={reduction!r}", known)
    rounds = _rounds(places)
    if reduction == "none" and len(rounds) > 1:
        raise node.unsupported(
            "indices that name a place twice, and reduction='none'",
            "indices that are distinct, or another reduction",
        )
    result, base = node.inputs[0], np.arange(prod(shape)).reshape(shape)
    if reduction in _NEUTRAL:
        around, base = _number(expansion, _NEUTRAL[reduction]), 0 * base
    else:
        around = _flattened(expansion, result)
    both = expansion.made("Concat", around, _flattened(expansion, node.inputs[2]), axis=0)
    first = 1 if reduction in _NEUTRAL else base.size
    for updates in rounds:
        part = _placed(expansion, both, base, places[updates], first + updates)
        combine = _REDUCTIONS.get(reduction)
        result = expansion.made(combine, result, part) if combine else part
    expansion.made("Identity", result, output=node.outputs[0])


def _placed(expansion: Expansion, both: str, base: Array, places: Array, sources: Array) -> str:
    """The elements of a vector that ``base`` numbers, but other ones in some flat places."""
    indices = base.astype(np.int64)
    indices.reshape(-1)[places] = sources
    return expansion.made("Gather", both, expansion.constant(indices, "indices", np.int64), axis=0)


def _rounds(places: Array) -> list[Array]:
    """The updates, by how many before them go to the same place."""
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.searchsorted(ordered, ordered)
    count = np.arange(len(places)) - first
    return [order[count == n] for n in range(count.max(initial=-1) + 1)]


def _positions(size: int, block: int, dilation: int, stride: int, before: int, after: int) -> Array:
    """(block, blocks): where in an axis of the image the elements of each block are."""
    blocks = (size + before + after - dilation * (block - 1) - 1) // stride + 1
    return np.arange(block)[:, None] * dilation + np.arange(blocks) * stride - before


def _flat(expansion: Expansion, places: list[Array], shape: Shape) -> Array:
    """Places on all axes as places in the flattened tensor."""
    positive = []
    for axis, (place, size) in enumerate(zip(places, shape, strict=True)):
        wrong = (place < -size) | (place >= size)
        if wrong.any():
            raise ShapeError(
                f"node {expansion.node.name!r}: its index {int(place[wrong][0])} is outside of the "
                f"{size} elements of axis {axis}; check the indices in the model"
            )
        positive.append(np.where(place < 0, place + size, place).reshape(-1))
    return np.asarray(np.ravel_multi_index(positive, shape))


def _flattened(expansion: Expansion, name: str) -> str:
    return expansion.made("Reshape", name, expansion.constant([-1], "flat", np.int64), allowzero=0)


def _number(expansion: Expansion, number: int) -> str:
    return expansion.constant([number], "around", expansion.dtype())


def _shown(sizes: Shape) -> str:
    return " x ".join(map(str, sizes))


EXPANSIONS: Mapping[str, Expand] = {
    "CenterCropPad": center_crop_pad,
    "Col2Im": col2im,
    "ScatterElements": scatter_elements,
    "ScatterND": scatter_nd,
    "Trilu": trilu,
}
