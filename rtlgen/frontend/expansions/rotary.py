"""RotaryEmbedding: pairs of elements are turned by angles that depend on the position."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rtlgen.frontend.expansion import Expand, Expansion
from rtlgen.frontend.model import Array


def rotary_embedding(expansion: Expansion) -> None:
    """``(cos a - sin b, sin a + cos b)``, where a and b are halves of a head, or neighbours."""
    node, made, shape = expansion.node, expansion.made, expansion.shape()
    flat = len(shape) == 3
    x, size = _by_head(expansion) if flat else (node.inputs[0], shape[3])
    turned = node.attributes["rotary_embedding_dim"] or size
    if turned % 2 or turned > size:
        raise node.unsupported(f"rotary_embedding_dim={turned} of {size}", "an even part of these")
    x, *rest = expansion.split(x, (turned, size - turned)[: 1 + (turned < size)], -1)
    cos, sin = (_cache(expansion, position, 2 if flat else 1) for position in (1, 2))
    pairs = np.arange(turned).reshape((-1, 2) if node.attributes["interleaved"] else (2, -1))
    pairs = pairs.T if node.attributes["interleaved"] else pairs
    a, b = (_picked(expansion, x, places) for places in pairs)
    real = made("Sub", made("Mul", cos, a), made("Mul", sin, b))
    imaginary = made("Add", made("Mul", sin, a), made("Mul", cos, b))
    y = _picked(expansion, made("Concat", real, imaginary, axis=-1), np.argsort(pairs.ravel()))
    y = made("Concat", y, *rest, axis=-1) if rest else y
    if flat:
        y = made("Reshape", y, expansion.constant(shape, "shape", np.int64))
    made("Identity", y, output=node.outputs[0])


def _by_head(expansion: Expansion) -> tuple[str, int]:
    """The input with an axis for the heads, and how many numbers each has."""
    node, shape = expansion.node, expansion.shape()
    heads = node.attributes.get("num_heads", 0)
    if heads < 1 or shape[2] % heads:
        raise node.unsupported(f"num_heads={heads} and {shape[2]} numbers", "a divisor of these")
    size = shape[2] // heads
    parts = expansion.constant((*shape[:2], heads, size), "shape", np.int64)
    return expansion.made("Reshape", node.inputs[0], parts), size


def _cache(expansion: Expansion, position: int, axis: int) -> str:
    """The cosines or sines of each position, with an axis for the heads."""
    node, name = expansion.node, expansion.node.inputs[position]
    if node.has(3):
        name = expansion.made("Gather", name, node.inputs[3], axis=0)
    return expansion.made("Unsqueeze", name, expansion.constant([axis], "axes", np.int64))


def _picked(expansion: Expansion, x: str, places: Array) -> str:
    where = expansion.constant(places, "places", np.int64)
    return expansion.made("Gather", x, where, axis=-1)


EXPANSIONS: Mapping[str, Expand] = {"RotaryEmbedding": rotary_embedding}
